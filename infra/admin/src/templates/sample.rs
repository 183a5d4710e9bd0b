//! Every mail there is, made out to somebody who does not exist.

use postern::delivery::Mailer;
use postern::delivery::built_in::{CodeMail, LinkMail, NoticeDetails};
use postern::delivery::custom::{Composed, CustomTemplate};
use postern::delivery::occasion::Occasion;
use postern::id::{ClientId, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::email_template::TemplateName;
use postern::rules::language::{Language, RequestedLanguages};
use postern::rules::notice::NoticeKind;
use postern::rules::policy::{Factor, TenantSettings};
use postern::store::users::Profile;
use postern::time::Timestamp;

/// A time that stays, so that a preview is the same whenever it is made: 2030-03-17 17:47.
const AT: Timestamp = Timestamp(1_900_000_020);
const CODE: &str = "042917";
const LINK: &str = "https://login.example.com/u/sample?ticket=Zm9yIHByZXZpZXcgb25seQ";
const ADDRESS: &str = "ada@example.com";
const MASKED: &str = "ad*@exam*******";
const SOURCE: &str = "192.0.2.7";
const APPLICATION: &str = "Sample Shop";

/// A mail.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    Code(CodeMail),
    Link(LinkMail),
    Notice(NoticeKind),
}

const CODES: [CodeMail; 3] = [CodeMail::SecondFactor, CodeMail::SignIn, CodeMail::VerifyEmail];
const LINKS: [LinkMail; 4] =
    [LinkMail::VerifyEmail, LinkMail::ResetPassword, LinkMail::SignIn, LinkMail::Enrolment];

impl Sample {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let codes = CODES.into_iter().map(Self::Code);
        let links = LINKS.into_iter().map(Self::Link);
        codes.chain(links).chain(NoticeKind::ALL.into_iter().map(Self::Notice))
    }

    /// The template that the tenant may write for it.
    pub(super) fn template(self) -> TemplateName {
        match self {
            Self::Code(mail) => mail.template(),
            Self::Link(mail) => mail.template(),
            Self::Notice(_) => TemplateName::SecurityNotice,
        }
    }

    /// Its name in files: the template's, and what of it where that is several mails.
    pub(super) fn name(self) -> String {
        let template = self.template().as_str();
        match self {
            Self::Link(LinkMail::SignIn) => format!("{template}-link"),
            Self::Notice(kind) => format!("{template}-{}", kind.as_str()),
            Self::Code(_) | Self::Link(_) => template.to_owned(),
        }
    }

    pub(super) fn compose(
        self,
        mailer: &Mailer,
        language: Language,
        own: Option<&CustomTemplate>,
    ) -> Composed {
        let profile = Profile {
            email: EmailAddress::parse(ADDRESS),
            email_verified: true,
            name: Some("Ada Lovelace".to_owned()),
            nickname: Some("ada".to_owned()),
            given_name: Some("Ada".to_owned()),
            family_name: Some("Lovelace".to_owned()),
            ..Profile::new(UserId::new("auth0|sample"), AT)
        };
        let client = ClientId::new("sample");
        let languages = RequestedLanguages::of(Some(language.tag().as_bytes()), None);
        let occasion = Occasion {
            profile: &profile,
            client: Some(&client),
            application: APPLICATION,
            client_metadata: None,
            languages: &languages,
            settings: &TenantSettings::default(),
            template: own,
            now: AT,
        };
        match self {
            Self::Code(mail) => mailer.code_email(mail, CODE, 5, &occasion),
            Self::Link(mail) => mailer.link_email(mail, LINK, 60, &occasion),
            Self::Notice(kind) => mailer.notice_email(kind, &details(kind, mailer), &occasion),
        }
    }
}

/// What a notice of the kind says: a block is of a source, and has a way out; the others are of a factor.
fn details(kind: NoticeKind, mailer: &Mailer) -> NoticeDetails<'_> {
    let is_block = kind == NoticeKind::PasswordBlocked;
    let has_factor =
        matches!(kind, NoticeKind::FactorAdded | NoticeKind::FactorRemoved | NoticeKind::AuthenticatorLocked);
    NoticeDetails {
        tenant: mailer.tenant_name(),
        account: MASKED,
        application: Some(APPLICATION),
        factor: has_factor.then_some(Factor::Otp),
        at: AT,
        source: is_block.then_some(SOURCE),
        unblock: is_block.then_some(LINK),
    }
}
