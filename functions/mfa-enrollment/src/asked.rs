//! What a form of the page asks for.

use postern::factors::AssociateRequest;
use postern::http::Params;
use postern::id::AuthenticatorId;
use postern::wire::refusal::Refusal;

/// One step.
pub(crate) enum Asked {
    /// The factors to choose from.
    Look,
    /// To begin with one.
    Begin(AssociateRequest),
    /// What was begun, once more.
    Wait(AuthenticatorId),
    /// To confirm it with a code.
    Confirm(AuthenticatorId, String),
}

/// What was typed into the forms to begin with, to show it again.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) phone_number: String,
    pub(crate) email: String,
}

impl Typed {
    pub(crate) fn of(params: &Params) -> Self {
        let text = |name| params.optional(name).ok().flatten().unwrap_or_default().to_owned();
        Self { phone_number: text("phone_number"), email: text("email") }
    }
}

impl Asked {
    /// Reads a form. One that names nothing, or what the page never sends, is a look.
    pub(crate) fn of(params: &Params) -> Result<Self, Refusal> {
        if let Some(id) = params.optional("enrolment")? {
            let Some(id) = AuthenticatorId::parse(id) else { return Ok(Self::Look) };
            return Ok(match params.optional("code")? {
                Some(code) => Self::Confirm(id, code.to_owned()),
                None => Self::Wait(id),
            });
        }
        match (params.optional("factor")?, params.optional("channel")?) {
            (Some("otp"), _) => Ok(Self::Begin(AssociateRequest::Otp)),
            (Some("email"), _) => AssociateRequest::of_channel("email", params).map(Self::Begin),
            (Some("phone"), Some("voice")) => AssociateRequest::of_channel("voice", params).map(Self::Begin),
            (Some("phone"), _) => AssociateRequest::of_channel("sms", params).map(Self::Begin),
            _ => Ok(Self::Look),
        }
    }
}
