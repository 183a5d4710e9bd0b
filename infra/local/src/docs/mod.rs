//! `/openapi.json`, the document of everything that is served, and `/docs`, the same for people: one page without any
//! script, made of the document alone.

mod html;
mod operation;
mod schema;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use postern::rules::random::Random;
use serde_json::Value;

use crate::page::shut;

const PAGE: &str = include_str!("../../web/docs.html");

#[derive(Clone)]
struct Docs {
    random: Random,
    base_url: Arc<str>,
}

/// Both routes. What they answer is made when it is asked for: most twins are a test's.
pub(crate) fn routes(random: Random, base_url: &str) -> Router {
    let docs = Docs { random, base_url: base_url.into() };
    Router::new().route("/openapi.json", get(document)).route("/docs", get(page)).with_state(docs)
}

async fn document(State(docs): State<Docs>) -> Json<Value> {
    Json(openapi::document(Some(&docs.base_url)))
}

async fn page(State(docs): State<Docs>) -> Response {
    let document = openapi::document(Some(&docs.base_url));
    let content = html::content(&document, &docs.base_url);
    let html = PAGE.replace("__CONTENTS__", &content.contents).replace("__MAIN__", &content.main);
    shut(&docs.random, "", &html)
}
