//! German; formal address.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::De,
    account: "Ihr Konto",
    minutes: Minutes {
        less_than_one: "weniger als eine Minute",
        forms: Plural::One { one: "{{n}} Minute", other: "{{n}} Minuten" },
    },
    code_label: "Code",
    never_share: Remark {
        lead: "Geben Sie diesen Code niemals weiter.",
        text: "Niemand von {{tenant}} wird Sie je danach fragen.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} ist Ihr Code für {{tenant}}",
        heading: "Ihr Code",
        instruction: "Geben Sie ihn in {{application}} ein, um fortzufahren. Er ist {{validity}} gültig und funktioniert einmal.",
        unasked: Remark {
            lead: "Sie haben keinen Code angefordert?",
            text: "Dann kennt möglicherweise jemand Ihr Passwort. Ändern Sie es sofort und teilen Sie niemandem den Code mit.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} ist Ihr Code zur Bestätigung Ihrer E-Mail-Adresse",
        heading: "Bestätigen Sie Ihre E-Mail-Adresse",
        instruction: "Geben Sie diesen Code in {{application}} ein, um zu bestätigen, dass die Adresse Ihnen gehört. Er ist {{validity}} gültig und funktioniert einmal.",
        unasked: Remark {
            lead: "Sie haben das nicht angefordert?",
            text: "Dann hat vermutlich jemand versehentlich Ihre Adresse eingegeben. Sie können diese E-Mail ignorieren.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} ist Ihr Anmeldecode für {{tenant}}",
        heading: "Ihr Anmeldecode",
        instruction: "Geben Sie ihn in {{application}} ein, um sich anzumelden. Er ist {{validity}} gültig und funktioniert einmal.",
        unasked: Remark {
            lead: "Sie melden sich gerade nicht an?",
            text: "Dann können Sie diese E-Mail ignorieren. Ohne den Code kommt niemand in Ihr Konto.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Richten Sie die Bestätigung in zwei Schritten für {{tenant}} ein",
        heading: "Bestätigung in zwei Schritten einrichten",
        instruction: "{{tenant}} bittet Sie, Ihr Konto mit einem zweiten Schritt bei der Anmeldung zu schützen. Öffnen Sie den Link, um ihn einzurichten. Er funktioniert einmal.",
        button: "Jetzt einrichten",
        unasked: Remark {
            lead: "Sie haben diese E-Mail nicht erwartet?",
            text: "Dann öffnen Sie den Link nicht und fragen Sie bei {{tenant}} nach.",
        },
    },
    verify_link: LinkWords {
        subject: "Bestätigen Sie Ihre E-Mail-Adresse für {{tenant}}",
        heading: "Bestätigen Sie Ihre E-Mail-Adresse",
        instruction: "Öffnen Sie den Link, um zu bestätigen, dass diese Adresse Ihnen gehört. Dann weiß {{application}}, wo Sie zu erreichen sind. Er funktioniert einmal.",
        button: "Adresse bestätigen",
        unasked: Remark {
            lead: "Sie haben das nicht angefordert?",
            text: "Dann hat vermutlich jemand versehentlich Ihre Adresse eingegeben. Sie können diese E-Mail ignorieren.",
        },
    },
    reset_link: LinkWords {
        subject: "Neues Passwort für {{tenant}} wählen",
        heading: "Wählen Sie ein neues Passwort",
        instruction: "Öffnen Sie den Link, um ein neues Passwort für {{application}} zu wählen. Er ist {{validity}} gültig und funktioniert einmal.",
        button: "Passwort wählen",
        unasked: Remark {
            lead: "Sie haben das nicht angefordert?",
            text: "Dann können Sie diese E-Mail ignorieren. Ihr Passwort bleibt, wie es ist.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Ihr Anmeldelink für {{application}}",
        heading: "Anmelden",
        instruction: "Öffnen Sie den Link, um sich bei {{application}} anzumelden. Er ist {{validity}} gültig und funktioniert einmal.",
        button: "Anmelden",
        unasked: Remark {
            lead: "Sie melden sich gerade nicht an?",
            text: "Dann können Sie diese E-Mail ignorieren. Ohne den Link kommt niemand in Ihr Konto.",
        },
    },
    open_by_hand: "Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse im Browser:",
    sms_code: "{{code}} ist Ihr Code für {{application}}. Geben Sie ihn niemals weiter.",
    sms_sign_in: "{{code}} ist Ihr Anmeldecode für {{application}}. Geben Sie ihn niemals weiter.",
    voice_code: "Guten Tag. Ihr Code für {{application}} lautet: {{code}}. Noch einmal, Ihr Code lautet: {{again}}. Auf Wiederhören.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "Für Ihr Konto bei {{tenant}} wurde eine Bestätigungsmethode hinzugefügt",
            heading: "Eine Bestätigungsmethode wurde hinzugefügt",
            body: "Sie kann ab jetzt als zweiter Schritt bei Ihrer Anmeldung verwendet werden.",
            advice: "Dann hat möglicherweise jemand anders Zugang zu Ihrem Konto. Ändern Sie sofort Ihr Passwort, entfernen Sie die Methode und wenden Sie sich an {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "In Ihrem Konto bei {{tenant}} wurde eine Bestätigungsmethode entfernt",
            heading: "Eine Bestätigungsmethode wurde entfernt",
            body: "Sie kann nicht mehr als zweiter Schritt bei Ihrer Anmeldung verwendet werden.",
            advice: "Dann hat möglicherweise jemand anders Zugang zu Ihrem Konto. Ändern Sie sofort Ihr Passwort, richten Sie den zweiten Schritt neu ein und wenden Sie sich an {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Ihr Wiederherstellungscode für {{tenant}} wurde verwendet",
            heading: "Ihr Wiederherstellungscode wurde verwendet",
            body: "Jemand hat sich mit dem Wiederherstellungscode bei Ihrem Konto angemeldet. Dieser Code ist damit verbraucht; der neue wurde nach der Anmeldung angezeigt.",
            advice: "Dann kennt jemand anders Ihr Passwort und hatte Ihren Wiederherstellungscode. Ändern Sie sofort Ihr Passwort und wenden Sie sich an {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "Die Anmeldung bei Ihrem Konto bei {{tenant}} wurde gesperrt",
            heading: "Die Anmeldung wurde gesperrt",
            body: "Es wurde zu oft ein falsches Passwort eingegeben. Anmeldungen von dort sind deshalb vorerst gesperrt. Falls Sie nur Ihr Passwort vergessen hatten, können Sie die Sperre mit dem Link aufheben.",
            advice: "Dann versucht jemand, Ihr Passwort zu erraten. Ihr Konto ist weiterhin sicher. Öffnen Sie den Link nicht und achten Sie darauf, dass Ihr Passwort lang ist und nirgendwo sonst verwendet wird.",
        },
        authenticator_locked: NoticeWords {
            subject: "Eine Bestätigungsmethode Ihres Kontos bei {{tenant}} wurde gesperrt",
            heading: "Eine Bestätigungsmethode wurde gesperrt",
            body: "Es wurden so oft falsche Codes eingegeben, dass diese Methode keine Codes mehr annimmt. Verwenden Sie eine andere Methode oder Ihren Wiederherstellungscode, oder bitten Sie {{tenant}}, sie zurückzusetzen.",
            advice: "Dann kennt jemand Ihr Passwort. Ändern Sie es sofort und wenden Sie sich an {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Falsche Codes für Ihr Konto bei {{tenant}}",
            heading: "Jemand gibt falsche Codes ein",
            body: "Jemand hat sich mit Ihrem richtigen Passwort angemeldet und danach mehrmals falsche Codes eingegeben. Auf diese Weise ist niemand in Ihr Konto gelangt.",
            advice: "Dann kennt jemand Ihr Passwort. Ändern Sie es sofort und teilen Sie niemandem einen Code mit.",
        },
        password_changed: NoticeWords {
            subject: "Das Passwort Ihres Kontos bei {{tenant}} wurde geändert",
            heading: "Ihr Passwort wurde geändert",
            body: "Ab jetzt melden Sie sich mit dem neuen Passwort an. Sie wurden überall abgemeldet.",
            advice: "Dann hat möglicherweise jemand anders Zugang zu Ihrem Konto. Wählen Sie sofort ein neues Passwort und wenden Sie sich an {{tenant}}.",
        },
        not_you: "Das waren nicht Sie?",
        unblock: "Sperre aufheben",
        account_label: "Konto",
        source_label: "IP-Adresse",
        method_label: "Methode",
        time_label: "Zeit",
        application_label: "Anwendung",
        phone: "Telefon (SMS oder Anruf)",
        app: "Authenticator-App",
        email: "E-Mail",
        recovery_code: "Wiederherstellungscode",
    },
};
