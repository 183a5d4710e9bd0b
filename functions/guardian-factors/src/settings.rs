//! `GET` and `PATCH /api/v2/guardian/settings`: lifetimes, limits and switches of the tenant. An extension of
//! Postern's: Auth0 has no such endpoint, for its figures cannot be changed.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, object};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::rules::phone::Country;
use postern::rules::policy::TenantSettings;
use postern::rules::settings::{SETTINGS, Setting, SettingValue};
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value};

pub(crate) async fn get(State(app): State<App>, headers: HeaderMap) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:tenant_settings").await?;
    Ok(answer(&app.store.tenant_settings().await?))
}

pub(crate) async fn patch(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:tenant_settings").await?;
    let changes = changes(&object(read_body(request).await)?)?;
    Ok(answer(&app.store.change_settings(&changes).await?))
}

/// Every setting with its value, in the order of the table.
fn answer(settings: &TenantSettings) -> Response {
    let value = |setting: &Setting| serde_json::to_value(setting.value(settings)).unwrap_or(Value::Null);
    let all: Map<_, _> = SETTINGS.iter().map(|setting| (setting.name.to_owned(), value(setting))).collect();
    private_json(&all)
}

/// What a body changes; nothing at all when any part of it does not fit.
fn changes(body: &Map<String, Value>) -> Result<Vec<(&'static Setting, SettingValue)>, ManagementRefusal> {
    body.iter().map(|(name, value)| change(name, value)).collect()
}

/// The setting whose words have to exist as well: the numbering plans would weigh on every function that reads settings,
/// so only this one, which writes them, asks.
const COUNTRIES: &str = "countries";

fn change(name: &str, value: &Value) -> Result<(&'static Setting, SettingValue), ManagementRefusal> {
    let setting = Setting::named(name).ok_or_else(|| ManagementRefusal::additional(name))?;
    let unfit = || ManagementRefusal::property(name, &setting.wanted());
    let value = setting_value(value).ok_or_else(unfit)?;
    if let (COUNTRIES, SettingValue::Words(codes)) = (setting.name, &value) {
        let unknown = |code: &&String| Country::parse(code).is_none();
        if let Some(code) = codes.iter().filter(|code| code.len() == 2).find(unknown) {
            let problem = format!("no country has the code {code}");
            return Err(ManagementRefusal::property(name, &problem));
        }
    }
    // What is unset has its default again, whatever its kind.
    if value != SettingValue::Unset {
        setting.set(&mut TenantSettings::default(), value.clone()).map_err(|_| unfit())?;
    }
    Ok((setting, value))
}

fn setting_value(value: &Value) -> Option<SettingValue> {
    Some(match value {
        Value::Null => SettingValue::Unset,
        Value::Bool(on) => SettingValue::Switch(*on),
        Value::Number(number) => SettingValue::Number(number.as_u64()?),
        Value::String(text) => SettingValue::Text(text.clone()),
        Value::Array(words) => {
            let words: Option<Vec<_>> =
                words.iter().map(|word| word.as_str().map(ToOwned::to_owned)).collect();
            SettingValue::Words(words?)
        }
        Value::Object(_) => return None,
    })
}
