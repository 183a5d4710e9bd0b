//! The OpenAPI document of everything Postern serves.
//!
//! It is made from the code, and stands in `docs/openapi.json` as well: limits are the handlers' own constants, words the
//! rules' own, and an error's status, headers, code and text are taken from the response that its refusal becomes. The
//! schemas themselves are said here, for requests are read property by property by hand (`http/properties.rs`) and no
//! derive could know what is read. Tests hold them to the truth: the operations are the routes of the template, each
//! scope is the one that is asked for, and every answer of the black-box tests has to fit.
//!
//! # Adding an operation
//!
//! Put it into the list of its module, or make a module and name it in [`operations`]:
//!
//! ```ignore
//! Operation::managed(Get, "/api/v2/things/{id}", "getThing", THINGS, "read:things")
//!     .summary("Read a thing")
//!     .path("id", Schema::text("thing_1").about("Which."))
//!     .answers(200, "The thing.", thing())
//!     .refuses([ManagementRefusal::malformed_in_path("id", "thing-id"), no_such_thing()])
//! ```
//!
//! What every operation of the Management API refuses (no token, no scope, too much at once, a service that fails) is there
//! already. A body is `.json(schema)`; its schema is built like `Schema::object().must("name", Schema::text("example"))`,
//! and `.named("Thing")` puts it among the components. Then `UPDATE_OPENAPI=1 cargo test --workspace --test document` writes
//! `docs/openapi.json` anew, and the other tests say what is not true of it.

mod check;
mod common;
mod conforms;
mod dbconnections;
mod discovery;
mod headers;
mod management;
mod mfa;
mod oauth;
mod operation;
mod pages;
mod passwordless;
mod refused;
mod render;
mod schema;
mod userinfo;

use serde_json::{Map, Value, json};

pub use check::{Checker, Misfit};
pub use conforms::{Exchange, conforms};
pub use operation::{Access, Method, Operation, Tag};
pub use refused::Refused;
pub use schema::Schema;

use render::Components;

const ABOUT: &str = include_str!("about.md");

/// Every operation there is, in the order of the document.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let groups = [
        oauth::operations(),
        mfa::operations(),
        passwordless::operations(),
        dbconnections::operations(),
        userinfo::operations(),
        discovery::operations(),
        pages::operations(),
        management::operations(),
    ];
    groups.into_iter().flatten().collect()
}

/// The document, for a service at `server`: a URL, or the one that readers are shown where none is known.
#[must_use]
pub fn document(server: Option<&str>) -> Value {
    let operations = operations();
    let mut components = Components::default();
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    for operation in &operations {
        let tag = json!({ "name": operation.tag.name, "description": operation.tag.about });
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        let rendered = render::operation(operation, &mut components);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(operation.method.as_str().to_owned(), rendered);
        }
    }
    let server = match server {
        Some(url) => json!({ "url": url }),
        None => json!({
            "url": "https://{domain}",
            "description": "A deployment.",
            "variables": { "domain": { "default": "auth.postern.example", "description": "Its domain." } },
        }),
    };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Postern",
            "summary": "The Auth0 MFA API, and what belongs to it, on your own AWS account.",
            "description": ABOUT.trim_end(),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [server],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": headers::security_schemes(),
            "schemas": components.schemas,
            "responses": components.responses,
            "headers": headers::all(),
        },
    })
}
