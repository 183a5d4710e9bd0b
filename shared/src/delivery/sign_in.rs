//! The message of a sign-in without password, to somebody or to nobody.
//!
//! Whether anybody has an address must not show in what an answer costs (SEC-35). So where nobody has it, the same message
//! is handed to the same service in a way that reaches nobody: a mail to SES's mailbox simulator, an SMS as a dry run.
//! It takes as long, and fails when the other would fail.

use super::built_in::{CodeMail, LinkMail};
use super::code::{provider, texter};
use super::liquid::Given;
use super::occasion::Occasion;
use super::{DeliveryFailure, MailKind, MailTags, Mailer};
use crate::app::App;
use crate::rules::destination::Destination;
use crate::rules::otp::OneTimeCode;
use crate::rules::passwordless::Connection;

/// Takes mail and delivers it to nobody (SES developer guide, "Using the mailbox simulator").
const MAILBOX_SIMULATOR: &str = "success@simulator.amazonses.com";

/// Whether the message is to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At the address.
    Somebody,
    /// Nowhere: nobody may sign in by it.
    Nobody,
}

/// A message and what it is about. Its `Debug` does not show the secret.
#[derive(Clone, Copy)]
pub struct SignInMessage<'a> {
    /// The code.
    pub code: &'a OneTimeCode,
    /// The link that carries the code, when one was asked for.
    pub link: Option<&'a str>,
    /// How long either is good, in seconds.
    pub seconds_valid: u64,
    /// Whom it is for, and where it comes from.
    pub occasion: Occasion<'a>,
    /// Whether it is to arrive.
    pub reach: Reach,
}

impl std::fmt::Debug for SignInMessage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInMessage").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl SignInMessage<'_> {
    /// What templates know of the connection.
    pub(super) fn connection(connection: Connection) -> (&'static str, Given) {
        ("connection", Given::members([("name", Given::text(Some(connection.as_str())))]))
    }
}

impl Mailer {
    async fn send_sign_in(&self, to: &str, message: &SignInMessage<'_>) -> Result<(), DeliveryFailure> {
        let minutes = message.seconds_valid / 60;
        let composed = match message.link {
            Some(link) => self.link_email(LinkMail::SignIn, link, minutes, &message.occasion),
            None => self.code_email(CodeMail::SignIn, message.code.as_str(), minutes, &message.occasion),
        };
        let to = match message.reach {
            Reach::Somebody => to,
            Reach::Nobody => MAILBOX_SIMULATOR,
        };
        let tags = MailTags { kind: MailKind::SignIn, user: &message.occasion.profile.user_id };
        self.post(to, composed, tags).await
    }
}

/// Sends it.
///
/// # Errors
/// See [`DeliveryFailure`].
pub async fn send_sign_in(
    app: &App,
    to: &Destination,
    message: &SignInMessage<'_>,
) -> Result<(), DeliveryFailure> {
    match to {
        Destination::Email(address) => app.mailer.send_sign_in(address.as_str(), message).await,
        Destination::Sms(number) | Destination::Voice(number) => {
            let provider = provider(app, message.occasion.settings).await?;
            texter(app)?.send_sign_in(&provider, number, message, &app.config.issuer).await
        }
    }
}
