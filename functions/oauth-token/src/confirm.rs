//! From a right code to tokens.

use postern::app::App;
use postern::audit::trail::{self, Fact};
use postern::factors::Verification;
use postern::factors::confirm::{confirmation, make_final};
use postern::id::{AuthenticatorId, Nonce};
use postern::rules::limit::Quota;
use postern::store::mfa::Proven;
use postern::token::claims::Method;
use postern::token::issue::{SignIn, sign_in};
use postern::wire::oauth::TokenReply;
use postern::wire::refusal::Refusal;

use crate::offline::Offline;
use crate::verification::{granted_by, target};

/// A code that was right.
pub(crate) struct RightCode {
    pub(crate) challenge: Option<(AuthenticatorId, Nonce)>,
    pub(crate) proven: Proven,
    /// The factor it proves; none where the first factor was a code to the same place.
    pub(crate) method: Option<Method>,
}

/// Makes the code final and answers tokens, and how the budget of wrong codes stands. The tokens are signed first, so that
/// nothing can fail once the code is consumed.
pub(crate) async fn confirm(
    app: &App,
    check: &Verification,
    right: RightCode,
) -> Result<(TokenReply, Quota), Refusal> {
    if matches!(right.proven, Proven::Enrolment { .. }) {
        trail::fact(Fact::Enrols);
    }
    let (target, nonce, not_after) = target(&check.principal, &app.config.issuer)?;
    let granted_by = granted_by(&check.principal);
    let (user, client) = (&check.user.profile, &check.principal.client);
    let sign = SignIn {
        user,
        client,
        target: &target,
        nonce,
        granted_by,
        auth_time: check.now,
        method: right.method,
        not_after,
    };
    let mut reply = sign_in(&check.ring, &app.config.issuer, &app.random, &sign, check.now)?;
    let offline = Offline::of(app, &check.settings.lifetimes, user, client, &target, granted_by, check.now)?;
    reply.refresh_token = offline.as_ref().map(|offline| offline.token.text());
    let refresh = offline.map(|offline| offline.family);
    let confirmation = confirmation(app, check, right.challenge, right.proven, refresh)?;
    make_final(app, check, confirmation).await?;
    Ok((reply, check.charge.quota_given_back()))
}
