//! Beginning with a factor, and what waits for its code.

use postern::app::App;
use postern::factors::{AssociateRequest, Enrolment, Wanted, oob, otp};
use postern::id::{AuthenticatorId, Jti};
use postern::rules::destination::Destination;
use postern::rules::policy::Factor;
use postern::store::users::{Authenticator, AuthenticatorKind, Source, State, UserState};
use postern::token::totp_secret;
use postern::wire::refusal::Refusal;

use crate::Visitor;
use crate::page::{Again, AppSecret, Page};

/// Makes an authenticator that waits for its code: an app with its secret, or an address or number that the code is on its
/// way to.
pub(crate) async fn begin(app: &App, visitor: &Visitor, request: AssociateRequest) -> Result<Page, Refusal> {
    admit(visitor, &request)?;
    let enrolment = visitor.enrolment(app, request.is_mailed()).await?;
    let ticket = visitor.presented.clone();
    match request {
        AssociateRequest::Otp => {
            let begun = otp::associate(app, enrolment).await?;
            let secret = AppSecret { secret: begun.secret, barcode_uri: begun.barcode_uri };
            Ok(Page::App { ticket, id: begun.id, secret })
        }
        AssociateRequest::Oob(wanted) => {
            let is_own = matches!(wanted, Wanted::AccountEmail);
            let begun = oob::associate(app, enrolment, wanted).await?;
            Ok(code_page(visitor, begun.id, begun.to, is_own))
        }
    }
}

/// Whether the ticket is for that factor.
fn admit(visitor: &Visitor, request: &AssociateRequest) -> Result<(), Refusal> {
    let (kind, factor) = match request {
        AssociateRequest::Otp => (AuthenticatorKind::Otp, Factor::Otp),
        AssociateRequest::Oob(Wanted::AccountEmail | Wanted::Named(Destination::Email(_))) => {
            (AuthenticatorKind::Email, Factor::Email)
        }
        AssociateRequest::Oob(Wanted::Named(_)) => (AuthenticatorKind::Phone, Factor::Sms),
    };
    match visitor.ticket.factor.is_none_or(|only| only == kind) {
        true => Ok(()),
        false => Err(Refusal::FactorOff(factor.as_str())),
    }
}

/// The account's own address is not written into this page: whoever has the link need not know it.
fn code_page(visitor: &Visitor, id: AuthenticatorId, to: Destination, is_own: bool) -> Page {
    let again = if is_own { Again::OwnAddress } else { Again::Named(to.clone()) };
    Page::Code { ticket: visitor.presented.clone(), id, to, again }
}

/// An authenticator that this ticket began and that waits for its code.
pub(crate) fn pending<'a>(user: &'a UserState, jti: &Jti, id: &AuthenticatorId) -> Option<&'a Authenticator> {
    let listed = user.profile.pending.iter().any(|pending| pending.id == *id && pending.jti == *jti);
    let waits = |it: &&Authenticator| {
        it.id == *id && matches!(&it.state, State::Pending { jti: of, .. } if of == jti)
    };
    user.authenticators.iter().find(waits).filter(|_| listed)
}

/// The page of what was begun; `None` when it waits no more.
pub(crate) fn waiting(
    app: &App,
    visitor: &Visitor,
    enrolment: &Enrolment,
    id: &AuthenticatorId,
) -> Result<Option<Page>, Refusal> {
    let (user, jti) = (&enrolment.user, &enrolment.principal.jti);
    let Some(pending) = pending(user, jti, id) else { return Ok(None) };
    let profile = &user.profile;
    let page = match (&pending.source, pending.source.destination()) {
        (Source::Otp { secret, .. }, _) => {
            let opened = totp_secret::open(&enrolment.ring, &profile.user_id, id, secret);
            let secret = opened.map_err(|_| Refusal::Internal)?;
            let barcode_uri = otp::barcode(app, profile, &secret);
            let secret = AppSecret { secret, barcode_uri };
            Page::App { ticket: visitor.presented.clone(), id: id.clone(), secret }
        }
        (_, Some(to)) => {
            let is_own =
                matches!(&to, Destination::Email(address) if Some(address) == profile.email.as_ref());
            code_page(visitor, id.clone(), to, is_own)
        }
        (_, None) => return Ok(None),
    };
    Ok(Some(page))
}
