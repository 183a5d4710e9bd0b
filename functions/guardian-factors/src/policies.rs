//! `GET` and `PUT /api/v2/guardian/policies`: when the second factor is asked for (contract §6).

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{array, authorize};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::rules::policy::MfaPolicy;
use postern::wire::management::ManagementRefusal;
use serde_json::Value;

pub(crate) async fn get(State(app): State<App>, headers: HeaderMap) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:mfa_policies").await?;
    let settings = app.store.tenant_settings().await?;
    Ok(private_json(&words(settings.policy)))
}

pub(crate) async fn put(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:mfa_policies").await?;
    let policy = policy(&array(read_body(request).await)?)?;
    app.store.set_policy(policy).await?;
    Ok(private_json(&words(policy)))
}

/// The policy as Auth0 writes it: a list of none or one.
fn words(policy: MfaPolicy) -> &'static [&'static str] {
    match policy {
        MfaPolicy::Never => &[],
        MfaPolicy::AllApplications => &["all-applications"],
    }
}

fn policy(list: &[Value]) -> Result<MfaPolicy, ManagementRefusal> {
    let invalid = |text: &str| Err(ManagementRefusal::InvalidBody(text.to_owned()));
    let words: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
    match words.as_deref() {
        Some([]) => Ok(MfaPolicy::Never),
        Some(["all-applications"]) => Ok(MfaPolicy::AllApplications),
        Some(["confidence-score"]) => Err(ManagementRefusal::Unsupported(
            "The confidence-score policy is not available: Postern keeps no history to judge a sign-in by"
                .into(),
        )),
        Some([_]) => invalid("'No enum match' on item 0 (expected all-applications or confidence-score)."),
        Some(_) => invalid("'Array is too long, maximum 1' on the list of policies."),
        None => invalid("'Expected type string' on an item of the list of policies."),
    }
}
