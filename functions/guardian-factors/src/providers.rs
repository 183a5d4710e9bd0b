//! `GET` and `PUT /api/v2/guardian/factors/{sms,phone}/selected-provider` and `…/providers/twilio`: who delivers text
//! messages and calls. Both names are Auth0's for one thing, here as there.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, object};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::rules::policy::SmsProvider;
use postern::rules::twilio::{AccountSid, AuthToken, MessagingServiceSid, Sender, TwilioProperties};
use postern::store::StoreError;
use postern::store::providers::SecretChange;
use postern::token::credentials::seal_auth_token;
use postern::wire::management::{ManagementRefusal, SelectedProvider};
use serde_json::{Map, Value};

/// Auth0's word for the provider that needs no account of the operator's: here AWS.
const OWN: &str = "auth0";
/// What an account has.
const PROPERTIES: [&str; 4] = ["from", "messaging_service_sid", "auth_token", "sid"];

pub(crate) async fn selected(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:guardian_factors").await?;
    Ok(answer(app.store.tenant_settings().await?.sms_provider))
}

pub(crate) async fn select(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:guardian_factors").await?;
    let provider = provider(&object(read_body(request).await)?)?;
    app.store.set_sms_provider(provider).await?;
    Ok(answer(provider))
}

fn answer(provider: SmsProvider) -> Response {
    let provider = match provider {
        SmsProvider::Aws => OWN,
        SmsProvider::Twilio => provider.as_str(),
    };
    private_json(&SelectedProvider { provider })
}

fn provider(body: &Map<String, Value>) -> Result<SmsProvider, ManagementRefusal> {
    only(body, &["provider"])?;
    let invalid = |problem: &str| Err(ManagementRefusal::property("provider", problem));
    match body.get("provider") {
        Some(Value::String(word)) if word == OWN => Ok(SmsProvider::Aws),
        Some(Value::String(word)) if word == "phone-message-hook" => Err(ManagementRefusal::Unsupported(
            "The phone-message-hook provider is not available: Postern runs no code of the operator's".into(),
        )),
        Some(Value::String(word)) => match SmsProvider::parse(word) {
            Some(provider) => Ok(provider),
            None => invalid("No enum match (expected one of: auth0, aws, twilio)"),
        },
        Some(_) => invalid("Expected type string"),
        None => invalid("Missing required property: provider"),
    }
}

pub(crate) async fn twilio(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:guardian_factors").await?;
    // The token stays where it is: who lost it asks Twilio.
    let properties = app.store.twilio().await?.map(|stored| stored.properties).unwrap_or_default();
    Ok(private_json(&properties))
}

pub(crate) async fn set_twilio(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:guardian_factors").await?;
    let body = object(read_body(request).await)?;
    only(&body, &PROPERTIES)?;
    let properties = TwilioProperties {
        from: property(&body, "from", "a number in E.164 format, a short code or a name", Sender::parse)?,
        messaging_service_sid: property(
            &body,
            "messaging_service_sid",
            "MG and 32 hexadecimal digits",
            MessagingServiceSid::parse,
        )?,
        sid: property(&body, "sid", "AC and 32 hexadecimal digits", AccountSid::parse)?,
    };
    let token = property(&body, "auth_token", "1 to 1000 visible ASCII characters", AuthToken::parse)?;
    let token = match token {
        Some(token) => {
            let (now, random) = (app.now(), &app.random);
            let ring = app.keys.ring(now).await?;
            let sealed = seal_auth_token(&ring, &token, random, now).map_err(|_| StoreError::Unavailable)?;
            SecretChange::Replace(sealed)
        }
        None if body.contains_key("auth_token") => SecretChange::Remove,
        // It is never answered, so whoever sends back what was answered does not mean to take it away.
        None => SecretChange::Keep,
    };
    app.store.set_twilio(&properties, &token).await?;
    Ok(private_json(&properties))
}

/// A property that has a form, or is `null` or absent.
fn property<T>(
    body: &Map<String, Value>,
    name: &str,
    form: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ManagementRefusal> {
    let invalid = |problem: &str| ManagementRefusal::property(name, problem);
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => parse(text).map(Some).ok_or_else(|| invalid(&format!("must be {form}"))),
        Some(_) => Err(invalid("Expected type string")),
    }
}

fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), ManagementRefusal> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(ManagementRefusal::additional(name)),
    }
}
