//! Italian; informal address, as most services use it.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::It,
    account: "il tuo account",
    minutes: Minutes {
        less_than_one: "meno di un minuto",
        forms: Plural::One { one: "{{n}} minuto", other: "{{n}} minuti" },
    },
    code_label: "Codice",
    never_share: Remark {
        lead: "Non condividere mai questo codice.",
        text: "Nessuno di {{tenant}} te lo chiederà mai.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} è il tuo codice per {{tenant}}",
        heading: "Il tuo codice",
        instruction: "Inseriscilo in {{application}} per continuare. È valido per {{validity}} e si può usare una sola volta.",
        unasked: Remark {
            lead: "Non hai richiesto questo codice?",
            text: "Allora qualcuno potrebbe conoscere la tua password. Cambiala subito e non comunicare il codice a nessuno.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} è il codice per confermare il tuo indirizzo email",
        heading: "Conferma il tuo indirizzo email",
        instruction: "Inserisci questo codice in {{application}} per confermare che l’indirizzo è tuo. È valido per {{validity}} e si può usare una sola volta.",
        unasked: Remark {
            lead: "Non l’hai richiesto?",
            text: "Allora forse qualcuno ha inserito il tuo indirizzo per errore. Puoi ignorare questa email.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} è il tuo codice di accesso per {{tenant}}",
        heading: "Il tuo codice di accesso",
        instruction: "Inseriscilo in {{application}} per accedere. È valido per {{validity}} e si può usare una sola volta.",
        unasked: Remark {
            lead: "Non stai cercando di accedere?",
            text: "Allora puoi ignorare questa email. Senza il codice nessuno può accedere.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Configura la verifica in due passaggi per {{tenant}}",
        heading: "Configura la verifica in due passaggi",
        instruction: "{{tenant}} ti chiede di proteggere il tuo account con un secondo passaggio all’accesso. Apri il link per configurarlo. Si può usare una sola volta.",
        button: "Configura",
        unasked: Remark {
            lead: "Non aspettavi questa email?",
            text: "Allora non aprire il link e chiedi informazioni a {{tenant}}.",
        },
    },
    verify_link: LinkWords {
        subject: "Conferma il tuo indirizzo email per {{tenant}}",
        heading: "Conferma il tuo indirizzo email",
        instruction: "Apri il link per confermare che questo indirizzo è tuo. Così {{application}} saprà dove contattarti. Si può usare una sola volta.",
        button: "Conferma l’indirizzo",
        unasked: Remark {
            lead: "Non l’hai richiesto?",
            text: "Allora forse qualcuno ha inserito il tuo indirizzo per errore. Puoi ignorare questa email.",
        },
    },
    reset_link: LinkWords {
        subject: "Scegli una nuova password per {{tenant}}",
        heading: "Scegli una nuova password",
        instruction: "Apri il link per scegliere una nuova password per {{application}}. È valido per {{validity}} e si può usare una sola volta.",
        button: "Scegli la password",
        unasked: Remark {
            lead: "Non l’hai richiesto?",
            text: "Allora puoi ignorare questa email. La tua password resta quella di prima.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Il tuo link di accesso per {{application}}",
        heading: "Accedi",
        instruction: "Apri il link per accedere a {{application}}. È valido per {{validity}} e si può usare una sola volta.",
        button: "Accedi",
        unasked: Remark {
            lead: "Non stai cercando di accedere?",
            text: "Allora puoi ignorare questa email. Senza il link nessuno può accedere.",
        },
    },
    open_by_hand: "Se il pulsante non funziona, apri questo indirizzo nel browser:",
    sms_code: "{{code}} è il tuo codice per {{application}}. Non condividerlo con nessuno.",
    sms_sign_in: "{{code}} è il tuo codice di accesso per {{application}}. Non condividerlo con nessuno.",
    voice_code: "Buongiorno. Il tuo codice per {{application}} è: {{code}}. Ripeto, il tuo codice è: {{again}}. Arrivederci.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "È stato aggiunto un metodo di verifica al tuo account {{tenant}}",
            heading: "È stato aggiunto un metodo di verifica",
            body: "D’ora in poi può essere usato come secondo passaggio quando accedi.",
            advice: "Allora un’altra persona potrebbe avere accesso al tuo account. Cambia subito la password, rimuovi il metodo e contatta {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "È stato rimosso un metodo di verifica dal tuo account {{tenant}}",
            heading: "È stato rimosso un metodo di verifica",
            body: "Non può più essere usato come secondo passaggio quando accedi.",
            advice: "Allora un’altra persona potrebbe avere accesso al tuo account. Cambia subito la password, configura di nuovo il secondo passaggio e contatta {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "È stato usato il tuo codice di recupero di {{tenant}}",
            heading: "È stato usato il tuo codice di recupero",
            body: "Qualcuno ha effettuato l’accesso al tuo account con il codice di recupero. Quel codice non è più valido; il nuovo è stato mostrato dopo l’accesso.",
            advice: "Allora un’altra persona conosce la tua password e aveva il tuo codice di recupero. Cambia subito la password e contatta {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "L’accesso al tuo account {{tenant}} è stato bloccato",
            heading: "L’accesso è stato bloccato",
            body: "È stata inserita troppe volte una password errata: per ora l’accesso da quel luogo è bloccato. Se avevi solo dimenticato la password, puoi rimuovere il blocco con il link.",
            advice: "Allora qualcuno sta cercando di indovinare la tua password. Il tuo account è ancora al sicuro. Non aprire il link e assicurati che la tua password sia lunga e non usata altrove.",
        },
        authenticator_locked: NoticeWords {
            subject: "Un metodo di verifica del tuo account {{tenant}} è stato bloccato",
            heading: "Un metodo di verifica è stato bloccato",
            body: "Sono stati inseriti codici errati così tante volte che questo metodo non accetta più alcun codice. Usa un altro metodo o il tuo codice di recupero, oppure chiedi a {{tenant}} di ripristinarlo.",
            advice: "Allora qualcuno conosce la tua password. Cambiala subito e contatta {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Codici errati per il tuo account {{tenant}}",
            heading: "Qualcuno inserisce codici errati",
            body: "Qualcuno ha usato la tua password corretta e poi ha inserito più volte codici errati. In questo modo non è entrato nessuno.",
            advice: "Allora qualcuno conosce la tua password. Cambiala subito e non comunicare codici a nessuno.",
        },
        password_changed: NoticeWords {
            subject: "La password del tuo account {{tenant}} è stata cambiata",
            heading: "La tua password è stata cambiata",
            body: "D’ora in poi accedi con la nuova password. Tutte le sessioni sono state chiuse.",
            advice: "Allora un’altra persona potrebbe avere accesso al tuo account. Scegli subito una nuova password e contatta {{tenant}}.",
        },
        not_you: "Non sei stato tu?",
        unblock: "Rimuovi il blocco",
        account_label: "Account",
        source_label: "Indirizzo IP",
        method_label: "Metodo",
        time_label: "Data e ora",
        application_label: "Applicazione",
        phone: "Telefono (SMS o chiamata)",
        app: "App di autenticazione",
        email: "Email",
        recovery_code: "Codice di recupero",
    },
};
