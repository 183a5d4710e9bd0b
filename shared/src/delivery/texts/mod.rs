//! The built-in wordings: one file per language. [`Texts`] has a field for everything that is ever said, so a
//! translation that is missing does not compile.
//!
//! Names stand where no case ending or article depends on them, for nobody knows how an operator's name declines. In
//! braces: `{{code}}` (`{{again}}` when it is said once more), `{{tenant}}`, `{{application}}`, `{{validity}}` ("5 minutes").

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod hi;
mod it;
mod ja;
mod ko;
mod nl;
mod pl;
mod pt_br;
mod tr;
mod zh_hans;
mod zh_hant;

use crate::rules::language::Language;
use crate::rules::notice::NoticeKind;
use crate::rules::policy::Factor;

/// Everything that is said in one language.
#[derive(Debug)]
pub struct Texts {
    /// The language.
    pub language: Language,
    /// What a tenant without a name is called.
    pub account: &'static str,
    /// How long something is valid.
    pub minutes: Minutes,
    /// What a screen reader says before the digits.
    pub code_label: &'static str,
    /// Below every code.
    pub never_share: Remark,
    /// The second factor's code.
    pub mfa_code: CodeWords,
    /// The code that proves an address.
    pub verify_email: CodeWords,
    /// The code of a sign-in without password.
    pub sign_in_code: CodeWords,
    /// The link to enrolment.
    pub enrolment_link: LinkWords,
    /// The link that verifies an address.
    pub verify_link: LinkWords,
    /// The link to a new password.
    pub reset_link: LinkWords,
    /// The link of a sign-in without password.
    pub sign_in_link: LinkWords,
    /// Before an address that is to be opened by hand.
    pub open_by_hand: &'static str,
    /// The second factor's code as a text message, in one segment.
    pub sms_code: &'static str,
    /// The code of a sign-in without password as a text message, in one segment.
    pub sms_sign_in: &'static str,
    /// The second factor's code as it is spoken, twice.
    pub voice_code: &'static str,
    /// Security notices.
    pub notices: Notices,
}

/// A short sentence that stands out, and what follows from it.
#[derive(Debug)]
pub struct Remark {
    /// The sentence.
    pub lead: &'static str,
    /// What follows.
    pub text: &'static str,
}

/// A mail that carries a code.
#[derive(Debug)]
pub struct CodeWords {
    /// Begins with the code.
    pub subject: &'static str,
    /// Above the code.
    pub heading: &'static str,
    /// What to do with it.
    pub instruction: &'static str,
    /// For who did not ask for it.
    pub unasked: Remark,
}

/// A mail that carries a link.
#[derive(Debug)]
pub struct LinkWords {
    /// Of the mail.
    pub subject: &'static str,
    /// Above the text.
    pub heading: &'static str,
    /// What the link is for.
    pub instruction: &'static str,
    /// On the link.
    pub button: &'static str,
    /// For who did not ask for it.
    pub unasked: Remark,
}

/// A security notice.
#[derive(Debug)]
pub struct NoticeWords {
    /// Of the mail.
    pub subject: &'static str,
    /// Above the text.
    pub heading: &'static str,
    /// What happened.
    pub body: &'static str,
    /// What to do when it was somebody else.
    pub advice: &'static str,
}

/// The security notices, and the words around them.
#[derive(Debug)]
pub struct Notices {
    /// [`NoticeKind::FactorAdded`].
    pub factor_added: NoticeWords,
    /// [`NoticeKind::FactorRemoved`].
    pub factor_removed: NoticeWords,
    /// [`NoticeKind::RecoveryCodeUsed`].
    pub recovery_code_used: NoticeWords,
    /// [`NoticeKind::PasswordBlocked`].
    pub password_blocked: NoticeWords,
    /// [`NoticeKind::AuthenticatorLocked`].
    pub authenticator_locked: NoticeWords,
    /// [`NoticeKind::CodesFailing`].
    pub codes_failing: NoticeWords,
    /// [`NoticeKind::PasswordChanged`].
    pub password_changed: NoticeWords,
    /// Before the advice.
    pub not_you: &'static str,
    /// On the link that ends a block.
    pub unblock: &'static str,
    /// Before the account.
    pub account_label: &'static str,
    /// Before the network address something came from.
    pub source_label: &'static str,
    /// Before the factor.
    pub method_label: &'static str,
    /// Before the time.
    pub time_label: &'static str,
    /// Before the application.
    pub application_label: &'static str,
    /// Codes by SMS or call.
    pub phone: &'static str,
    /// Codes of an app.
    pub app: &'static str,
    /// Codes by email.
    pub email: &'static str,
    /// The recovery code.
    pub recovery_code: &'static str,
}

impl Notices {
    /// The words of a kind.
    #[must_use]
    pub fn of(&self, kind: NoticeKind) -> &NoticeWords {
        match kind {
            NoticeKind::FactorAdded => &self.factor_added,
            NoticeKind::FactorRemoved => &self.factor_removed,
            NoticeKind::RecoveryCodeUsed => &self.recovery_code_used,
            NoticeKind::PasswordBlocked => &self.password_blocked,
            NoticeKind::AuthenticatorLocked => &self.authenticator_locked,
            NoticeKind::CodesFailing => &self.codes_failing,
            NoticeKind::PasswordChanged => &self.password_changed,
        }
    }

    /// What a factor is called; those that this version lacks have no name.
    #[must_use]
    pub fn factor(&self, factor: Factor) -> Option<&'static str> {
        match factor {
            Factor::Sms => Some(self.phone),
            Factor::Otp => Some(self.app),
            Factor::Email => Some(self.email),
            Factor::RecoveryCode => Some(self.recovery_code),
            Factor::PushNotification | Factor::Duo | Factor::WebauthnRoaming | Factor::WebauthnPlatform => {
                None
            }
        }
    }
}

/// A number of minutes, in the forms a language has for it (Unicode's plural categories, CLDR). `{{n}}` is the number.
#[derive(Debug)]
pub struct Minutes {
    /// For 0.
    pub less_than_one: &'static str,
    /// For what is more.
    pub forms: Plural,
}

/// The forms of a noun after a number.
#[derive(Debug)]
pub enum Plural {
    /// One form whatever the number: Chinese, Japanese, Korean, Turkish.
    Same(&'static str),
    /// One, and all else.
    One {
        /// 1.
        one: &'static str,
        /// 2 and more.
        other: &'static str,
    },
    /// Polish: 1; numbers that end in 2 to 4 but not in 12 to 14; the rest.
    Polish {
        /// 1.
        one: &'static str,
        /// 2 to 4, 22 to 24, …
        few: &'static str,
        /// 5 to 21, 25, …
        many: &'static str,
    },
    /// Arabic: 1; 2; numbers that end in 03 to 10; in 11 to 99; the rest.
    Arabic {
        /// 1.
        one: &'static str,
        /// 2.
        two: &'static str,
        /// 3 to 10, 103 to 110, …
        few: &'static str,
        /// 11 to 99, 111 to 199, …
        many: &'static str,
        /// 100 to 102, …
        other: &'static str,
    },
}

impl Minutes {
    /// "5 minutes", also at the edges; `number` is how the number is to be written.
    #[must_use]
    pub fn say(&self, minutes: u64, number: &str) -> String {
        if minutes == 0 {
            return self.less_than_one.to_owned();
        }
        self.forms.of(minutes).replace("{{n}}", number)
    }
}

impl Plural {
    fn of(&self, n: u64) -> &'static str {
        match *self {
            Self::Same(same) => same,
            Self::One { one, other } => {
                if n == 1 {
                    one
                } else {
                    other
                }
            }
            Self::Polish { one, few, many } => match (n, n % 10, n % 100) {
                (1, ..) => one,
                (_, _, 12..=14) => many,
                (_, 2..=4, _) => few,
                _ => many,
            },
            Self::Arabic { one, two, few, many, other } => match (n, n % 100) {
                (1, _) => one,
                (2, _) => two,
                (_, 3..=10) => few,
                (_, 11..=99) => many,
                _ => other,
            },
        }
    }
}

impl Language {
    /// Its wordings.
    #[must_use]
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::De => &de::TEXTS,
            Self::Es => &es::TEXTS,
            Self::Fr => &fr::TEXTS,
            Self::It => &it::TEXTS,
            Self::PtBr => &pt_br::TEXTS,
            Self::Nl => &nl::TEXTS,
            Self::Pl => &pl::TEXTS,
            Self::Tr => &tr::TEXTS,
            Self::Ja => &ja::TEXTS,
            Self::ZhHans => &zh_hans::TEXTS,
            Self::ZhHant => &zh_hant::TEXTS,
            Self::Ko => &ko::TEXTS,
            Self::Ar => &ar::TEXTS,
            Self::Hi => &hi::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_own_texts() {
        for language in Language::ALL {
            assert_eq!(language.texts().language, language);
        }
    }

    /// The forms of CLDR for the languages that have more than two.
    #[test]
    fn minutes_are_counted_as_the_language_counts() {
        let say = |language: Language, n: u64| language.texts().minutes.say(n, &n.to_string());
        for (language, n, expected) in [
            (Language::En, 1, "1 minute"),
            (Language::En, 5, "5 minutes"),
            (Language::De, 1, "1 Minute"),
            (Language::Fr, 5, "5 minutes"),
            (Language::Tr, 5, "5 dakika"),
            (Language::Ja, 5, "5分間"),
            (Language::Pl, 1, "1 minutę"),
            (Language::Pl, 2, "2 minuty"),
            (Language::Pl, 5, "5 minut"),
            (Language::Pl, 12, "12 minut"),
            (Language::Pl, 22, "22 minuty"),
            (Language::Pl, 112, "112 minut"),
            (Language::Ar, 1, "دقيقة واحدة"),
            (Language::Ar, 2, "دقيقتين"),
            (Language::Ar, 5, "5 دقائق"),
            (Language::Ar, 11, "11 دقيقة"),
            (Language::Ar, 100, "100 دقيقة"),
            (Language::Ar, 103, "103 دقائق"),
        ] {
            assert_eq!(say(language, n), expected);
        }
        for language in Language::ALL {
            assert_eq!(say(language, 0), language.texts().minutes.less_than_one);
        }
    }
}
