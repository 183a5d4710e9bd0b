//! `GET /api/v2/logs`, `GET /api/v2/logs/{id}` and `GET /api/v2/users/{id}/logs`: the audit log (contract §6, SEC-40).

mod query;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use postern::app::App;
use postern::audit::record::named;
use postern::audit::{LogId, Record};
use postern::http::fields::Fields;
use postern::http::management::{authorize, query, user_id};
use postern::http::paging::{Page, Stretch};
use postern::http::{method_not_allowed, private_json};
use postern::store::listing::Listed;
use postern::store::logs::{Search, Window};
use postern::time::Timestamp;
use postern::token::keys::KeyNeeds;
use postern::wire::log::LogEntry;
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value};

use query::{order_of, part_of, position_of, search_of};

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// Records take a while from a function to the table, and not each as long as the next. Who reads on from the last one
/// it got is not shown what is younger than this, in seconds: later records with lower ids would be passed over.
const SETTLED_SECONDS: u64 = 60;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/logs", get(list))
        .route("/api/v2/logs/{id}", get(read))
        .route("/api/v2/users/{id}/logs", get(of_user))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn list(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:logs").await?;
    let query = query(&uri)?;
    // What else is said is ignored then, as at Auth0: its SDKs always say which page.
    if let Some(stretch) = Stretch::of(&query)? {
        return following(&app, &stretch).await;
    }
    let (page, fields, order) = (Page::of(&query)?, Fields::of(&query)?, order_of(&query)?);
    let (part, search) = (part_of(&page, order)?, search_of(&query)?);
    let now = app.now();
    let listed = app.store.log_records(&kept(&app, now), search.as_ref(), part, now).await?;
    answer(&page, &fields, listed)
}

/// What came after a record, the oldest first: how a log is taken elsewhere, piece by piece.
async fn following(app: &App, stretch: &Stretch) -> Result<Response, ManagementRefusal> {
    let now = app.now();
    let settled = Timestamp(now.0.saturating_sub(SETTLED_SECONDS));
    let window = kept(app, now).before(settled);
    let window = match stretch.from() {
        Some(from) => window.after(&position_of(from)?),
        None => window,
    };
    let records = app.store.log_records_in(&window, stretch.size(), now).await?;
    Ok(private_json(&records.iter().map(LogEntry::from).collect::<Vec<_>>()))
}

async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:logs").await?;
    let id = id.ok().and_then(|Path(id)| LogId::parse(&id)).ok_or_else(ManagementRefusal::no_such_log)?;
    let record = app.store.log_record(&id, app.now()).await?.ok_or_else(ManagementRefusal::no_such_log)?;
    Ok(private_json(&LogEntry::from(&record)))
}

/// Also of users who are no more: what happened did. Of nobody, nothing did.
async fn of_user(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:logs,read:logs_users").await?;
    let user = user_id(id)?;
    let query = query(&uri)?;
    let (page, fields, order) = (Page::of(&query)?, Fields::of(&query)?, order_of(&query)?);
    let part = part_of(&page, order)?;
    let (search, now) = (Search::User(named(&user)), app.now());
    let listed = app.store.log_records(&kept(&app, now), Some(&search), part, now).await?;
    answer(&page, &fields, listed)
}

fn kept(app: &App, now: Timestamp) -> Window {
    Window::kept(app.config.audit_days, now)
}

fn answer(page: &Page, fields: &Fields, listed: Listed<Record>) -> Result<Response, ManagementRefusal> {
    let items = listed.items.iter().map(|record| Ok(fields.of_object(shown(record)?)));
    let items = items.collect::<Result<Vec<_>, ManagementRefusal>>()?;
    Ok(page.answer_measured("logs", &Listed { items, total: listed.total }))
}

fn shown(record: &Record) -> Result<Map<String, Value>, ManagementRefusal> {
    match serde_json::to_value(LogEntry::from(record)) {
        Ok(Value::Object(entry)) => Ok(entry),
        _ => Err(ManagementRefusal::Internal),
    }
}
