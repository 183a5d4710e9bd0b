//! Dutch; informal address, as most services use it.

use super::{CodeWords, LinkWords, Minutes, NoticeWords, Notices, Plural, Remark, Texts};
use crate::rules::language::Language;

pub(super) static TEXTS: Texts = Texts {
    language: Language::Nl,
    account: "je account",
    minutes: Minutes {
        less_than_one: "minder dan een minuut",
        forms: Plural::One { one: "{{n}} minuut", other: "{{n}} minuten" },
    },
    code_label: "Code",
    never_share: Remark {
        lead: "Deel deze code met niemand.",
        text: "Niemand van {{tenant}} zal er ooit om vragen.",
    },
    mfa_code: CodeWords {
        subject: "{{code}} is je code voor {{tenant}}",
        heading: "Je code",
        instruction: "Vul hem in bij {{application}} om door te gaan. Hij is {{validity}} geldig en werkt één keer.",
        unasked: Remark {
            lead: "Heb je niet om deze code gevraagd?",
            text: "Dan kent iemand misschien je wachtwoord. Wijzig het meteen en vertel niemand de code.",
        },
    },
    verify_email: CodeWords {
        subject: "{{code}} is je code om je e-mailadres te bevestigen",
        heading: "Bevestig je e-mailadres",
        instruction: "Vul deze code in bij {{application}} om te bevestigen dat het adres van jou is. Hij is {{validity}} geldig en werkt één keer.",
        unasked: Remark {
            lead: "Heb je hier niet om gevraagd?",
            text: "Dan heeft iemand misschien per ongeluk jouw adres ingevuld. Je kunt deze e-mail negeren.",
        },
    },
    sign_in_code: CodeWords {
        subject: "{{code}} is je inlogcode voor {{tenant}}",
        heading: "Je inlogcode",
        instruction: "Vul hem in bij {{application}} om in te loggen. Hij is {{validity}} geldig en werkt één keer.",
        unasked: Remark {
            lead: "Ben je niet aan het inloggen?",
            text: "Dan kun je deze e-mail negeren. Zonder de code komt niemand binnen.",
        },
    },
    enrolment_link: LinkWords {
        subject: "Stel verificatie in twee stappen in voor {{tenant}}",
        heading: "Stel verificatie in twee stappen in",
        instruction: "{{tenant}} vraagt je om je account te beveiligen met een tweede stap bij het inloggen. Open de link om die in te stellen. De link werkt één keer.",
        button: "Instellen",
        unasked: Remark {
            lead: "Verwachtte je deze e-mail niet?",
            text: "Open de link dan niet en vraag het na bij {{tenant}}.",
        },
    },
    verify_link: LinkWords {
        subject: "Bevestig je e-mailadres voor {{tenant}}",
        heading: "Bevestig je e-mailadres",
        instruction: "Open de link om te bevestigen dat dit adres van jou is. Dan weet {{application}} waar je te bereiken bent. De link werkt één keer.",
        button: "Adres bevestigen",
        unasked: Remark {
            lead: "Heb je hier niet om gevraagd?",
            text: "Dan heeft iemand misschien per ongeluk jouw adres ingevuld. Je kunt deze e-mail negeren.",
        },
    },
    reset_link: LinkWords {
        subject: "Kies een nieuw wachtwoord voor {{tenant}}",
        heading: "Kies een nieuw wachtwoord",
        instruction: "Open de link om een nieuw wachtwoord voor {{application}} te kiezen. De link is {{validity}} geldig en werkt één keer.",
        button: "Wachtwoord kiezen",
        unasked: Remark {
            lead: "Heb je hier niet om gevraagd?",
            text: "Dan kun je deze e-mail negeren. Je wachtwoord blijft zoals het is.",
        },
    },
    sign_in_link: LinkWords {
        subject: "Je inloglink voor {{application}}",
        heading: "Inloggen",
        instruction: "Open de link om in te loggen bij {{application}}. De link is {{validity}} geldig en werkt één keer.",
        button: "Inloggen",
        unasked: Remark {
            lead: "Ben je niet aan het inloggen?",
            text: "Dan kun je deze e-mail negeren. Zonder de link komt niemand binnen.",
        },
    },
    open_by_hand: "Werkt de knop niet? Open dan dit adres in je browser:",
    sms_code: "{{code}} is je code voor {{application}}. Deel hem met niemand.",
    sms_sign_in: "{{code}} is je inlogcode voor {{application}}. Deel hem met niemand.",
    voice_code: "Hallo. Je code voor {{application}} is: {{code}}. Nog een keer, je code is: {{again}}. Tot ziens.",
    notices: Notices {
        factor_added: NoticeWords {
            subject: "Er is een verificatiemethode toegevoegd aan je account bij {{tenant}}",
            heading: "Er is een verificatiemethode toegevoegd",
            body: "Ze kan vanaf nu als tweede stap worden gebruikt wanneer je inlogt.",
            advice: "Dan heeft iemand anders misschien toegang tot je account. Wijzig meteen je wachtwoord, verwijder de methode en neem contact op met {{tenant}}.",
        },
        factor_removed: NoticeWords {
            subject: "Er is een verificatiemethode verwijderd uit je account bij {{tenant}}",
            heading: "Er is een verificatiemethode verwijderd",
            body: "Ze kan niet meer als tweede stap worden gebruikt wanneer je inlogt.",
            advice: "Dan heeft iemand anders misschien toegang tot je account. Wijzig meteen je wachtwoord, stel de tweede stap opnieuw in en neem contact op met {{tenant}}.",
        },
        recovery_code_used: NoticeWords {
            subject: "Je herstelcode voor {{tenant}} is gebruikt",
            heading: "Je herstelcode is gebruikt",
            body: "Iemand heeft met de herstelcode ingelogd op je account. Die code is nu verbruikt; de nieuwe is na het inloggen getoond.",
            advice: "Dan kent iemand anders je wachtwoord en had diegene je herstelcode. Wijzig meteen je wachtwoord en neem contact op met {{tenant}}.",
        },
        password_blocked: NoticeWords {
            subject: "Inloggen op je account bij {{tenant}} is geblokkeerd",
            heading: "Inloggen is geblokkeerd",
            body: "Er is te vaak een verkeerd wachtwoord ingevuld. Inloggen vanaf die plek is daarom voorlopig geblokkeerd. Was je alleen je wachtwoord vergeten, dan kun je de blokkering met de link opheffen.",
            advice: "Dan probeert iemand je wachtwoord te raden. Je account is nog steeds veilig. Open de link niet en zorg dat je wachtwoord lang is en nergens anders wordt gebruikt.",
        },
        authenticator_locked: NoticeWords {
            subject: "Een verificatiemethode van je account bij {{tenant}} is geblokkeerd",
            heading: "Een verificatiemethode is geblokkeerd",
            body: "Er zijn zo vaak verkeerde codes ingevuld dat deze methode geen codes meer accepteert. Gebruik een andere methode of je herstelcode, of vraag {{tenant}} om ze opnieuw in te stellen.",
            advice: "Dan kent iemand je wachtwoord. Wijzig het meteen en neem contact op met {{tenant}}.",
        },
        codes_failing: NoticeWords {
            subject: "Verkeerde codes voor je account bij {{tenant}}",
            heading: "Iemand vult verkeerde codes in",
            body: "Iemand heeft je juiste wachtwoord gebruikt en daarna meerdere keren verkeerde codes ingevuld. Zo is er niemand binnengekomen.",
            advice: "Dan kent iemand je wachtwoord. Wijzig het meteen en vertel niemand een code.",
        },
        password_changed: NoticeWords {
            subject: "Het wachtwoord van je account bij {{tenant}} is gewijzigd",
            heading: "Je wachtwoord is gewijzigd",
            body: "Vanaf nu log je in met het nieuwe wachtwoord. Je bent overal uitgelogd.",
            advice: "Dan heeft iemand anders misschien toegang tot je account. Kies meteen een nieuw wachtwoord en neem contact op met {{tenant}}.",
        },
        not_you: "Was jij dit niet?",
        unblock: "Blokkering opheffen",
        account_label: "Account",
        source_label: "IP-adres",
        method_label: "Methode",
        time_label: "Tijd",
        application_label: "Applicatie",
        phone: "Telefoon (sms of oproep)",
        app: "Authenticator-app",
        email: "E-mail",
        recovery_code: "Herstelcode",
    },
};
