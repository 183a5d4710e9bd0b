//! Who the client is, and whether it proves it (RFC 6749 §2.3): by post, basic, or not at all when it is public.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use data_encoding::BASE64;

use super::Params;
use crate::audit::trail;
use crate::id::ClientId;
use crate::rules::client::{ClientKind, ClientSecret, SecretHash};
use crate::store::clients::Client;
use crate::store::{Store, StoreError};
use crate::wire::refusal::Refusal;

/// What a request says of its client.
#[derive(Debug)]
pub struct PresentedClient {
    id: Option<ClientId>,
    secret: Option<ClientSecret>,
}

impl PresentedClient {
    /// Reads the client from the header or the body.
    ///
    /// # Errors
    /// 400 when no client is named, or in two ways at once; 401 when the header is malformed.
    pub fn of(headers: &HeaderMap, params: &Params) -> Result<Self, Refusal> {
        Self::if_named(headers, params)?.ok_or(Refusal::MissingParameter("client_id"))
    }

    /// The same where a client need not be named.
    ///
    /// # Errors
    /// As [`PresentedClient::of`], but for the absent client.
    pub fn if_named(headers: &HeaderMap, params: &Params) -> Result<Option<Self>, Refusal> {
        let body_id = params.optional("client_id")?;
        let body_secret = params.optional("client_secret")?;
        let Some((id, secret)) = basic(headers)? else {
            let present = |id| Self { id: ClientId::parse(id), secret: body_secret.map(ClientSecret::new) };
            return Ok(body_id.map(present));
        };
        if body_secret.is_some() || body_id.is_some_and(|body| body != id) {
            return Err(Refusal::InvalidRequest("The client must authenticate in one way only".into()));
        }
        Ok(Some(Self { id: ClientId::parse(&id), secret: Some(ClientSecret::new(secret)) }))
    }

    /// The id it names, if that can be one.
    #[must_use]
    pub fn id(&self) -> Option<&ClientId> {
        self.id.as_ref()
    }

    /// Looks the client up.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn look_up(&self, store: &Store) -> Result<Option<Client>, StoreError> {
        match &self.id {
            Some(id) => store.client(id).await,
            None => Ok(None),
        }
    }

    /// Lets the client pass, or not: an unknown one and a wrong secret are the same answer after the same work
    /// (SEC-35).
    ///
    /// # Errors
    /// 401.
    pub fn authenticate(&self, client: Option<Client>) -> Result<Client, Refusal> {
        note(client.as_ref());
        let nobody = SecretHash::of_nobody();
        let expected = client.as_ref().and_then(|client| client.secret_hash.as_ref()).unwrap_or(&nobody);
        let right = self.secret.as_ref().is_some_and(|secret| expected.matches(secret));
        client.filter(|client| client.kind == ClientKind::Public || right).ok_or(Refusal::ClientUnauthorized)
    }

    /// The same where the secret is optional: a wrong one is refused, none is not (contract §0 "Client auth").
    ///
    /// # Errors
    /// 401.
    pub fn authenticate_if_proven(&self, client: Option<Client>) -> Result<Client, Refusal> {
        match &self.secret {
            Some(_) => self.authenticate(client),
            None => {
                note(client.as_ref());
                client.ok_or(Refusal::ClientUnauthorized)
            }
        }
    }
}

/// For the audit log: one that there is, also where its secret was wrong.
fn note(client: Option<&Client>) {
    if let Some(client) = client {
        trail::client(&client.client_id);
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Refusal::ClientUnauthorized)?;
    let (scheme, credentials) = text.split_once(' ').unwrap_or((text, ""));
    // A bearer token beside the client's own proof is sent by some samples, and means nothing here.
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let decoded =
        BASE64.decode(credentials.trim().as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (id, secret) = pair.ok_or(Refusal::ClientUnauthorized)?;
    let form = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8().map(|text| text.into_owned()).ok()
    };
    let both = form(id).zip(form(secret)).ok_or(Refusal::ClientUnauthorized)?;
    Ok(Some(both))
}
