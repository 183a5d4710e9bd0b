//! The pages. None names the account until its user sets up an app: that one has to tell it from others, by its address.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use postern::delivery::template::{escape_html, fill};
use postern::http::error::ErrorLabel;
use postern::http::page::Page as Document;
use postern::http::presented::Presented;
use postern::id::AuthenticatorId;
use postern::rules::destination::Destination;
use postern::rules::policy::{Factor, TenantSettings};
use postern::rules::recovery::RecoveryCode;
use postern::rules::totp::TotpSecret;
use postern::store::users::AuthenticatorKind;
use postern::wire::refusal::Refusal;

use crate::Visitor;
use crate::asked::Typed;
use crate::qr;
use crate::words::{Closed, Remark, sent_by};

/// Each form posts to the page's own address without its query; the ticket travels in the body.
const FORM: &str =
    r#"<form method="post" action="enrollment"><input type="hidden" name="ticket" value="{{ticket}}">"#;
const BY_APP: &str = r#"<h2>Authenticator app</h2>
<p>An app on your phone or computer shows a new code every 30 seconds.</p>
{{form}}<input type="hidden" name="factor" value="otp"><button>Set up an app</button></form>
"#;
const BY_PHONE: &str = r#"<h2>Phone</h2>
{{form}}<input type="hidden" name="factor" value="phone"><label>Phone number, with country code<input type="tel" name="phone_number" autocomplete="tel" placeholder="+1 415 555 2671" value="{{typed}}" required></label>{{buttons}}</form>
"#;
const TEXT: &str = r#"<button name="channel" value="sms">Send a text message</button>"#;
const CALL: &str = r#"<button name="channel" value="voice">Call me</button>"#;
const BY_EMAIL: &str = r#"<h2>Email</h2>
{{form}}<input type="hidden" name="factor" value="email"><label>Email address, if not that of your account<input type="email" name="email" autocomplete="email" value="{{typed}}"></label><button>Send an email</button></form>
"#;
const APP: &str = r#"{{qr}}<p><a href="{{uri}}" rel="noreferrer">Open it in an app on this device</a>, or type this key into the app:</p>
<p><code>{{secret}}</code></p>
"#;
const SENT: &str = "<p>{{sent_by}} {{masked}}.</p>
";
const CODE: &str = r#"{{form}}<input type="hidden" name="enrolment" value="{{id}}"><label>Code<input type="text" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="20" required autofocus></label><button>Confirm</button></form>
"#;
const AGAIN: &str = r#"{{form}}{{to}}<button class="quiet">Send another code</button></form>
"#;
const HIDDEN: &str = r#"<input type="hidden" name="{{name}}" value="{{value}}">"#;
const BACK: &str = r#"{{form}}<button class="quiet">Choose another way</button></form>
"#;
const RETRY: &str = r"{{form}}{{hidden}}<button>Try again</button></form>
";
const RECOVERY: &str = "<p>Your recovery code lets you in if you lose what you just set up. It is shown only now, and works once: write it down and keep it safe.</p>
<p><code>{{code}}</code></p>
";

/// What a user may choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    app: bool,
    text: bool,
    call: bool,
    email: bool,
}

impl Offered {
    /// What is on, of what the ticket is for.
    pub(crate) fn of(settings: &TenantSettings, only: Option<AuthenticatorKind>) -> Self {
        let is_on = |kind, factor| only.is_none_or(|only| only == kind) && settings.factors.has(factor);
        let text = is_on(AuthenticatorKind::Phone, Factor::Sms);
        Self {
            app: is_on(AuthenticatorKind::Otp, Factor::Otp),
            text,
            call: text && settings.voice,
            email: is_on(AuthenticatorKind::Email, Factor::Email),
        }
    }

    pub(crate) fn is_nothing(self) -> bool {
        !(self.app || self.text || self.email)
    }
}

/// An app's secret, as it is typed and as it is scanned.
pub(crate) struct AppSecret {
    pub(crate) secret: TotpSecret,
    pub(crate) barcode_uri: String,
}

/// Where another code would go.
pub(crate) enum Again {
    /// To the account's own address.
    OwnAddress,
    /// To what was typed.
    Named(Destination),
}

/// What is shown.
pub(crate) enum Page {
    /// The factors to choose from.
    Start { ticket: Presented, offered: Offered, typed: Typed },
    /// None of those the ticket is for is on.
    NothingOffered,
    /// The secret for an app, and the field for its first code.
    App { ticket: Presented, id: AuthenticatorId, secret: AppSecret },
    /// The field for a code that was sent.
    Code { ticket: Presented, id: AuthenticatorId, to: Destination, again: Again },
    /// It is enrolled; and the recovery code that came with it.
    Done(Option<RecoveryCode>),
    /// There is nothing to do here; or only to try again what is behind the ticket and the id.
    Closed(Closed, Option<(Presented, Option<AuthenticatorId>)>),
}

/// A page, and the refusal it is shown for.
pub(crate) struct Shown {
    page: Page,
    status: StatusCode,
    text: Option<&'static str>,
    retry_after: Option<u64>,
    label: Option<ErrorLabel>,
}

impl From<Page> for Shown {
    fn from(page: Page) -> Self {
        let status = match &page {
            Page::NothingOffered => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        Self { page, status, text: None, retry_after: None, label: None }
    }
}

impl Shown {
    /// The page that says why there is none.
    pub(crate) fn closed(refusal: &Refusal) -> Self {
        Self::from(Page::Closed(Closed::of(refusal), None)).remarking(refusal)
    }

    /// Lets whoever met a failure of ours try again.
    pub(crate) fn with_way_back(mut self, visitor: &Visitor, id: Option<&AuthenticatorId>) -> Self {
        if let Page::Closed(Closed::Unavailable, back) = &mut self.page {
            *back = Some((visitor.presented.clone(), id.cloned()));
        }
        self
    }

    /// Says what is wrong, above the page.
    pub(crate) fn remarking(mut self, refusal: &Refusal) -> Self {
        let (status, error, _) = refusal.wire();
        // Browsers make nothing of the other refusals' statuses.
        self.status = match status {
            429 => StatusCode::TOO_MANY_REQUESTS,
            500.. => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        // Where nothing is offered there is no other way to choose.
        let remark = Remark::of(refusal).filter(|_| !matches!(self.page, Page::NothingOffered));
        self.text = remark.map(Remark::text);
        self.retry_after = refusal.retry_after();
        self.label = Some(ErrorLabel { error, reason: refusal.reason() });
        self
    }

    /// The page as a response.
    pub(crate) fn response(&self, tenant: &str) -> Response {
        let (heading, text) = self.page.words();
        let text = self.text.unwrap_or(text);
        let mut response =
            Document { status: self.status, heading, text, form: self.page.form() }.response(tenant);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(label) = self.label {
            response.extensions_mut().insert(label);
        }
        response
    }
}

impl Page {
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Start { .. } => (
                "Set up two-step verification",
                "It protects your account: when you sign in, you are asked for a code besides your password.",
            ),
            Self::NothingOffered => (
                "Nothing can be set up at present",
                "What this link is for is switched off. Ask whoever sent it, or try again later.",
            ),
            Self::App { .. } => (
                "Set up your app",
                "Scan this with your authenticator app, then enter the code that it shows.",
            ),
            Self::Code { .. } => {
                ("Enter the code", "Enter the code that you got. It is good for a few minutes.")
            }
            Self::Done(_) => (
                "Two-step verification is set up",
                "From now on you are asked for it when you sign in. You can close this page.",
            ),
            Self::Closed(closed, _) => closed.words(),
        }
    }

    fn form(&self) -> String {
        match self {
            Self::Start { ticket, offered, typed } => start(ticket, *offered, typed),
            Self::App { ticket, id, secret } => {
                let values = [
                    ("qr", qr::svg(&secret.barcode_uri).unwrap_or_default()),
                    ("uri", escape_html(&secret.barcode_uri)),
                    ("secret", in_groups(&secret.secret.to_base32())),
                ];
                fill(APP, &values, str::to_owned) + &code(ticket, id) + &within(BACK, ticket, &[])
            }
            Self::Code { ticket, id, to, again } => {
                let values = [("sent_by", sent_by(to.channel()).to_owned()), ("masked", to.masked())];
                let again = within(AGAIN, ticket, &[("to", hidden_of(again))]);
                fill(SENT, &values, escape_html) + &code(ticket, id) + &again + &within(BACK, ticket, &[])
            }
            Self::Done(Some(recovery)) => {
                fill(RECOVERY, &[("code", recovery.as_str().to_owned())], escape_html)
            }
            Self::Closed(_, Some((ticket, id))) => {
                let waiting = id.as_ref().map(|id| hidden("enrolment", id.as_str())).unwrap_or_default();
                within(RETRY, ticket, &[("hidden", waiting)])
            }
            Self::NothingOffered | Self::Done(None) | Self::Closed(_, None) => String::new(),
        }
    }
}

/// A form that posts the ticket; the other values are HTML already.
fn within(html: &str, Presented(ticket): &Presented, values: &[(&str, String)]) -> String {
    let form = fill(FORM, &[("ticket", ticket.clone())], escape_html);
    let mut values = values.to_vec();
    values.push(("form", form));
    fill(html, &values, str::to_owned)
}

fn hidden(name: &str, value: &str) -> String {
    fill(HIDDEN, &[("name", name.to_owned()), ("value", value.to_owned())], escape_html)
}

fn start(ticket: &Presented, offered: Offered, typed: &Typed) -> String {
    let mut forms = String::new();
    if offered.app {
        forms += &within(BY_APP, ticket, &[]);
    }
    if offered.text {
        let buttons = if offered.call { format!("{TEXT} {CALL}") } else { TEXT.to_owned() };
        let values = [("typed", escape_html(&typed.phone_number)), ("buttons", buttons)];
        forms += &within(BY_PHONE, ticket, &values);
    }
    if offered.email {
        forms += &within(BY_EMAIL, ticket, &[("typed", escape_html(&typed.email))]);
    }
    forms
}

fn code(ticket: &Presented, id: &AuthenticatorId) -> String {
    within(CODE, ticket, &[("id", escape_html(id.as_str()))])
}

/// What has the same code sent once more, as the form to begin with would.
fn hidden_of(again: &Again) -> String {
    match again {
        Again::OwnAddress => hidden("factor", "email"),
        Again::Named(Destination::Email(address)) => {
            hidden("factor", "email") + &hidden("email", address.as_str())
        }
        Again::Named(Destination::Sms(number)) => of_phone(number.as_str(), "sms"),
        Again::Named(Destination::Voice(number)) => of_phone(number.as_str(), "voice"),
    }
}

fn of_phone(number: &str, channel: &str) -> String {
    hidden("factor", "phone") + &hidden("phone_number", number) + &hidden("channel", channel)
}

/// As people type it.
fn in_groups(secret: &str) -> String {
    let mut grouped = String::new();
    for (place, character) in secret.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    grouped
}
