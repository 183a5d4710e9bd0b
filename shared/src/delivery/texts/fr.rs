//! French; formal address. Spaces before double punctuation do not break.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Fr,
    account: "votre compte",
    minutes: Minutes {
        less_than_one: "moins d’une minute",
        forms: Plural::One { one: "{{n}} minute", other: "{{n}} minutes" },
    },
    code_label: "Code",
    never_share: Remark {
        lead: "Ne communiquez jamais ce code.",
        text: "Personne chez {{tenant}} ne vous le demandera.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} est votre code pour {{tenant}}",
        heading: "Votre code",
        instruction: "Saisissez-le dans {{application}} pour continuer. Il est valable {{validity}} et ne sert qu’une fois.",
        unasked: Remark {
            lead: "Vous n’avez pas demandé ce code\u{a0}?",
            text: "Quelqu’un connaît peut-être votre mot de passe. Changez-le immédiatement et ne communiquez le code à personne.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} est votre code pour confirmer votre adresse e-mail",
        heading: "Confirmez votre adresse e-mail",
        instruction: "Saisissez ce code dans {{application}} pour confirmer que cette adresse est la vôtre. Il est valable {{validity}} et ne sert qu’une fois.",
        unasked: Remark {
            lead: "Vous n’avez rien demandé\u{a0}?",
            text: "Quelqu’un a sans doute saisi votre adresse par erreur. Vous pouvez ignorer cet e-mail.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} est votre code de connexion pour {{tenant}}",
        heading: "Votre code de connexion",
        instruction: "Saisissez-le dans {{application}} pour vous connecter. Il est valable {{validity}} et ne sert qu’une fois.",
        unasked: Remark {
            lead: "Vous n’êtes pas en train de vous connecter\u{a0}?",
            text: "Vous pouvez ignorer cet e-mail. Personne ne peut se connecter sans le code.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Configurez la validation en deux étapes pour {{tenant}}",
        heading: "Configurez la validation en deux étapes",
        instruction: "{{tenant}} vous demande de protéger votre compte par une deuxième étape à la connexion. Ouvrez le lien pour la configurer. Il ne sert qu’une fois.",
        button: "Configurer",
        unasked: Remark {
            lead: "Vous n’attendiez pas cet e-mail\u{a0}?",
            text: "N’ouvrez pas le lien et renseignez-vous auprès de {{tenant}}.",
        },
    },
    verify_link: LinkWords {
        subject: "Confirmez votre adresse e-mail pour {{tenant}}",
        heading: "Confirmez votre adresse e-mail",
        instruction: "Ouvrez le lien pour confirmer que cette adresse est la vôtre. {{application}} saura ainsi où vous joindre. Il ne sert qu’une fois.",
        button: "Confirmer l’adresse",
        unasked: Remark {
            lead: "Vous n’avez rien demandé\u{a0}?",
            text: "Quelqu’un a sans doute saisi votre adresse par erreur. Vous pouvez ignorer cet e-mail.",
        },
    },
    reset_link: LinkWords {
        subject: "Choisissez un nouveau mot de passe pour {{tenant}}",
        heading: "Choisissez un nouveau mot de passe",
        instruction: "Ouvrez le lien pour choisir un nouveau mot de passe pour {{application}}. Il est valable {{validity}} et ne sert qu’une fois.",
        button: "Choisir un mot de passe",
        unasked: Remark {
            lead: "Vous n’avez rien demandé\u{a0}?",
            text: "Vous pouvez ignorer cet e-mail. Votre mot de passe reste inchangé.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Votre lien de connexion pour {{application}}",
        heading: "Connectez-vous",
        instruction: "Ouvrez le lien pour vous connecter à {{application}}. Il est valable {{validity}} et ne sert qu’une fois.",
        button: "Se connecter",
        unasked: Remark {
            lead: "Vous n’êtes pas en train de vous connecter\u{a0}?",
            text: "Vous pouvez ignorer cet e-mail. Personne ne peut se connecter sans le lien.",
        },
    },
    open_by_hand: "Si le bouton ne fonctionne pas, ouvrez cette adresse dans votre navigateur\u{a0}:",
    sms_code: "{{code}} est votre code pour {{application}}. Ne le communiquez jamais.",
    sms_sign_in: "{{code}} est votre code de connexion pour {{application}}. Ne le communiquez jamais.",
    voice_code: "Bonjour. Votre code pour {{application}} est\u{a0}: {{code}}. Je répète, votre code est\u{a0}: {{again}}. Au revoir.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "Une méthode de validation a été ajoutée à votre compte {{tenant}}",
            heading: "Une méthode de validation a été ajoutée",
            body: "Elle peut désormais servir de deuxième étape lors de votre connexion.",
            advice: "Une autre personne a peut-être accès à votre compte. Changez immédiatement votre mot de passe, supprimez la méthode et contactez {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "Une méthode de validation a été supprimée de votre compte {{tenant}}",
            heading: "Une méthode de validation a été supprimée",
            body: "Elle ne peut plus servir de deuxième étape lors de votre connexion.",
            advice: "Une autre personne a peut-être accès à votre compte. Changez immédiatement votre mot de passe, configurez à nouveau la deuxième étape et contactez {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Votre code de récupération {{tenant}} a été utilisé",
            heading: "Votre code de récupération a été utilisé",
            body: "Quelqu’un s’est connecté à votre compte avec le code de récupération. Ce code ne peut plus servir\u{a0}; le nouveau a été affiché après la connexion.",
            advice: "Une autre personne connaît votre mot de passe et avait votre code de récupération. Changez immédiatement votre mot de passe et contactez {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "La connexion à votre compte {{tenant}} a été bloquée",
            heading: "La connexion a été bloquée",
            body: "Un mot de passe erroné a été saisi trop souvent\u{a0}: la connexion depuis cet endroit est bloquée pour le moment. Si vous aviez seulement oublié votre mot de passe, le lien permet de lever le blocage.",
            advice: "Quelqu’un essaie de deviner votre mot de passe. Votre compte reste protégé. N’ouvrez pas le lien et veillez à ce que votre mot de passe soit long et ne serve nulle part ailleurs.",
        },
        authenticator_locked: NoticeWords {
            subject: "Une méthode de validation de votre compte {{tenant}} a été bloquée",
            heading: "Une méthode de validation a été bloquée",
            body: "Des codes erronés ont été saisis si souvent que cette méthode n’accepte plus aucun code. Utilisez une autre méthode ou votre code de récupération, ou demandez à {{tenant}} de la réinitialiser.",
            advice: "Quelqu’un connaît votre mot de passe. Changez-le immédiatement et contactez {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Codes erronés pour votre compte {{tenant}}",
            heading: "Quelqu’un saisit des codes erronés",
            body: "Quelqu’un s’est connecté avec votre mot de passe, puis a saisi plusieurs fois des codes erronés. Personne n’est entré de cette façon.",
            advice: "Quelqu’un connaît votre mot de passe. Changez-le immédiatement et ne communiquez aucun code à personne.",
        },
        password_changed: NoticeWords {
            subject: "Le mot de passe de votre compte {{tenant}} a été modifié",
            heading: "Votre mot de passe a été modifié",
            body: "Connectez-vous désormais avec le nouveau mot de passe. Vous avez été déconnecté partout.",
            advice: "Une autre personne a peut-être accès à votre compte. Choisissez immédiatement un nouveau mot de passe et contactez {{tenant}}.",
        },
        not_you: "Ce n’était pas vous\u{a0}?",
        unblock: "Lever le blocage",
        account_label: "Compte",
        source_label: "Adresse IP",
        method_label: "Méthode",
        time_label: "Date et heure",
        application_label: "Application",
        phone: "Téléphone (SMS ou appel)",
        app: "Application d’authentification",
        email: "E-mail",
        recovery_code: "Code de récupération",
    },
};
