//! Polish; the direct address that services use, without gendered forms.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Pl,
    account: "Twoje konto",
    minutes: Minutes {
        less_than_one: "niecałą minutę",
        forms: Plural::Polish { one: "{{n}} minutę", few: "{{n}} minuty", many: "{{n}} minut" },
    },
    code_label: "Kod",
    never_share: Remark {
        lead: "Nikomu nie podawaj tego kodu.",
        text: "Nikt z {{tenant}} nigdy o niego nie poprosi.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} – Twój kod do {{tenant}}",
        heading: "Twój kod",
        instruction: "Wpisz go w {{application}}, aby kontynuować. Jest ważny przez {{validity}} i działa tylko raz.",
        unasked: Remark {
            lead: "Ten kod nie był zamawiany?",
            text: "Ktoś może znać Twoje hasło. Zmień je od razu i nikomu nie podawaj kodu.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} – kod do potwierdzenia adresu e-mail",
        heading: "Potwierdź adres e-mail",
        instruction: "Wpisz ten kod w {{application}}, aby potwierdzić, że adres należy do Ciebie. Jest ważny przez {{validity}} i działa tylko raz.",
        unasked: Remark {
            lead: "Ta prośba nie pochodzi od Ciebie?",
            text: "Ktoś mógł pomyłkowo wpisać Twój adres. Możesz zignorować tę wiadomość.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} – Twój kod logowania do {{tenant}}",
        heading: "Twój kod logowania",
        instruction: "Wpisz go w {{application}}, aby się zalogować. Jest ważny przez {{validity}} i działa tylko raz.",
        unasked: Remark {
            lead: "To nie Ty się logujesz?",
            text: "Możesz zignorować tę wiadomość. Bez kodu nikt się nie zaloguje.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Skonfiguruj weryfikację dwuetapową w {{tenant}}",
        heading: "Skonfiguruj weryfikację dwuetapową",
        instruction: "{{tenant}} prosi o zabezpieczenie konta drugim etapem logowania. Otwórz link, aby go skonfigurować. Link działa tylko raz.",
        button: "Skonfiguruj",
        unasked: Remark {
            lead: "Nie spodziewasz się tej wiadomości?",
            text: "Nie otwieraj linku i zapytaj o niego w {{tenant}}.",
        },
    },
    verify_link: LinkWords {
        subject: "Potwierdź adres e-mail w {{tenant}}",
        heading: "Potwierdź adres e-mail",
        instruction: "Otwórz link, aby potwierdzić, że ten adres należy do Ciebie. Dzięki temu {{application}} będzie wiedzieć, jak się z Tobą skontaktować. Link działa tylko raz.",
        button: "Potwierdź adres",
        unasked: Remark {
            lead: "Ta prośba nie pochodzi od Ciebie?",
            text: "Ktoś mógł pomyłkowo wpisać Twój adres. Możesz zignorować tę wiadomość.",
        },
    },
    reset_link: LinkWords {
        subject: "Ustaw nowe hasło w {{tenant}}",
        heading: "Ustaw nowe hasło",
        instruction: "Otwórz link, aby ustawić nowe hasło w {{application}}. Jest ważny przez {{validity}} i działa tylko raz.",
        button: "Ustaw hasło",
        unasked: Remark {
            lead: "Ta prośba nie pochodzi od Ciebie?",
            text: "Możesz zignorować tę wiadomość. Hasło pozostaje bez zmian.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Twój link do logowania w {{application}}",
        heading: "Zaloguj się",
        instruction: "Otwórz link, aby zalogować się w {{application}}. Jest ważny przez {{validity}} i działa tylko raz.",
        button: "Zaloguj się",
        unasked: Remark {
            lead: "To nie Ty się logujesz?",
            text: "Możesz zignorować tę wiadomość. Bez linku nikt się nie zaloguje.",
        },
    },
    open_by_hand: "Jeśli przycisk nie działa, otwórz ten adres w przeglądarce:",
    sms_code: "{{code}} – kod do {{application}}. Nikomu go nie podawaj.",
    sms_sign_in: "{{code}} – kod logowania do {{application}}. Nie podawaj nikomu.",
    voice_code: "Dzień dobry. Twój kod do {{application}} to: {{code}}. Powtarzam, Twój kod to: {{again}}. Do widzenia.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "Do Twojego konta w {{tenant}} dodano metodę weryfikacji",
            heading: "Dodano metodę weryfikacji",
            body: "Od teraz można jej używać jako drugiego etapu logowania.",
            advice: "Ktoś inny może mieć dostęp do Twojego konta. Zmień od razu hasło, usuń tę metodę i skontaktuj się z {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "Z Twojego konta w {{tenant}} usunięto metodę weryfikacji",
            heading: "Usunięto metodę weryfikacji",
            body: "Nie można jej już używać jako drugiego etapu logowania.",
            advice: "Ktoś inny może mieć dostęp do Twojego konta. Zmień od razu hasło, ponownie skonfiguruj drugi etap i skontaktuj się z {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Użyto Twojego kodu odzyskiwania w {{tenant}}",
            heading: "Użyto kodu odzyskiwania",
            body: "Zalogowano się na Twoje konto za pomocą kodu odzyskiwania. Ten kod jest już zużyty; nowy został pokazany po zalogowaniu.",
            advice: "Ktoś inny zna Twoje hasło i miał Twój kod odzyskiwania. Zmień od razu hasło i skontaktuj się z {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "Logowanie na Twoje konto w {{tenant}} zostało zablokowane",
            heading: "Logowanie zostało zablokowane",
            body: "Zbyt wiele razy wpisano błędne hasło, dlatego logowanie z tego miejsca jest na razie zablokowane. Jeśli po prostu nie pamiętasz hasła, możesz zdjąć blokadę za pomocą linku.",
            advice: "Ktoś próbuje odgadnąć Twoje hasło. Twoje konto jest nadal bezpieczne. Nie otwieraj linku i sprawdź, czy Twoje hasło jest długie i nieużywane nigdzie indziej.",
        },
        authenticator_locked: NoticeWords {
            subject: "Metoda weryfikacji Twojego konta w {{tenant}} została zablokowana",
            heading: "Metoda weryfikacji została zablokowana",
            body: "Błędne kody wpisano tak wiele razy, że ta metoda nie przyjmuje już żadnych kodów. Użyj innej metody albo kodu odzyskiwania lub poproś {{tenant}} o jej zresetowanie.",
            advice: "Ktoś zna Twoje hasło. Zmień je od razu i skontaktuj się z {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Błędne kody na Twoim koncie w {{tenant}}",
            heading: "Ktoś wpisuje błędne kody",
            body: "Ktoś podał Twoje prawidłowe hasło, a potem kilka razy wpisał błędny kod. Nikt się w ten sposób nie zalogował.",
            advice: "Ktoś zna Twoje hasło. Zmień je od razu i nikomu nie podawaj żadnego kodu.",
        },
        password_changed: NoticeWords {
            subject: "Hasło do Twojego konta w {{tenant}} zostało zmienione",
            heading: "Twoje hasło zostało zmienione",
            body: "Od teraz logujesz się nowym hasłem. Wszędzie nastąpiło wylogowanie.",
            advice: "Ktoś inny może mieć dostęp do Twojego konta. Ustaw od razu nowe hasło i skontaktuj się z {{tenant}}.",
        },
        not_you: "To nie Ty?",
        unblock: "Zdejmij blokadę",
        account_label: "Konto",
        source_label: "Adres IP",
        method_label: "Metoda",
        time_label: "Czas",
        application_label: "Aplikacja",
        phone: "Telefon (SMS lub połączenie)",
        app: "Aplikacja uwierzytelniająca",
        email: "E-mail",
        recovery_code: "Kod odzyskiwania",
    },
};
