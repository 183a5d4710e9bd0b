//! Grant `client_credentials`: a client in its own name (RFC 6749 §4.4).

use postern::app::App;
use postern::http::Params;
use postern::http::client_auth::PresentedClient;
use postern::id::ClientId;
use postern::rules::client::ClientKind;
use postern::rules::scope::Scope;
use postern::token::claims::Target;
use postern::token::issue::client_token;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::admit;
use crate::target::Wanted;

/// Issues a token for an API that the client has a grant for.
pub(crate) async fn issue(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<TokenReply, Refusal> {
    let issuer = &app.config.issuer;
    let wanted = Wanted::of(issuer, Some(params.required("audience")?));
    let requested = params.optional("scope")?.map(Scope::parse);
    let now = app.now();
    let granted = async {
        match presented.id() {
            Some(id) => app.store.client_grant(id, &wanted.grant_audience(issuer)).await,
            None => Ok(None),
        }
    };
    let (client, granted, api, ring) =
        tokio::join!(presented.look_up(&app.store), granted, wanted.look_up(&app.store), app.keys.ring(now),);
    let client = admit(presented, client?, Grant::ClientCredentials)?;
    // A public client has no name of its own to act in, whatever it was allowed.
    if client.kind == ClientKind::Public {
        return Err(Refusal::GrantNotAllowed(Grant::ClientCredentials.as_str()));
    }
    let (granted, api) = (granted?, api?);
    // What was granted of an earlier API of that identifier is not of this one.
    let granted = granted.filter(|grant| grant.is_to(api.as_ref()));
    let (audience, known, lifetime_seconds) = wanted.for_client(issuer, api)?;
    let granted = granted.ok_or_else(|| Refusal::ClientGrantMissing(audience.clone()))?;
    // Nor are scopes that the API does not know any more.
    let available = Scope::granted(Some(&granted.scopes), &known);
    let scope = Scope::granted(requested.as_ref(), &available);
    let target = Target { audience, scope, lifetime_seconds };
    let client_id: ClientId = client.client_id;
    Ok(client_token(&*ring?, issuer, &client_id, &target, now)?)
}
