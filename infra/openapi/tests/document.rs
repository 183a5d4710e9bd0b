//! The document as it is committed, and what must be true of it by itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;

use openapi::{Checker, document, operations};
use postern::wire::management::SCOPES;
use serde_json::Value;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
const UPDATE: &str = "UPDATE_OPENAPI";

/// What is committed is what the code says.
#[test]
fn the_committed_document_is_the_codes() {
    let document = format!("{:#}\n", document(None));
    if std::env::var_os(UPDATE).is_some() {
        fs::write(SNAPSHOT, &document).unwrap();
    }
    let committed = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let how = format!("{UPDATE}=1 cargo test --workspace --test document");
    assert!(committed == document, "docs/openapi.json is not what the code says; `{how}` writes it anew");
}

/// Every object of the document that has a schema and an example of it, or several.
fn each_example(value: &Value, found: &mut impl FnMut(&Value, &Value)) {
    match value {
        Value::Object(members) => {
            if let Some(schema) = members.get("schema") {
                let named = members.get("examples").and_then(Value::as_object);
                let named = named.into_iter().flatten().map(|(_, example)| &example["value"]);
                members.get("example").into_iter().chain(named).for_each(|example| found(schema, example));
            }
            members.values().for_each(|member| each_example(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| each_example(item, found)),
        _ => {}
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = document(None);
    let mut count = 0;
    each_example(&document, &mut |schema, example| {
        count += 1;
        if let Err(misfit) = Checker::new(&document).check(schema, example) {
            panic!("{misfit}: {example} by {schema}");
        }
    });
    assert!(count > 500, "{count}");
}

/// A checker that lets all through would prove nothing.
#[test]
fn a_wrong_example_would_be_noticed() {
    let document = document(None);
    let schema = &document["components"]["schemas"]["Tokens"];
    let right = serde_json::json!({ "access_token": "x", "expires_in": 1, "token_type": "Bearer" });
    assert_eq!(Checker::new(&document).check(schema, &right), Ok(()));
    for (name, value) in
        [("expires_in", Value::from("1")), ("token_type", "bearer".into()), ("more", 1.into())]
    {
        let mut wrong = right.clone();
        wrong[name] = value;
        assert!(Checker::new(&document).check(schema, &wrong).is_err(), "{wrong}");
    }
    let mut less = right;
    less.as_object_mut().unwrap().remove("access_token");
    assert!(Checker::new(&document).check(schema, &less).is_err());
}

#[test]
fn operations_are_told_apart_and_say_what_they_do() {
    let operations = operations();
    let ids: BTreeSet<_> = operations.iter().map(openapi::Operation::id).collect();
    let routes: BTreeSet<_> = operations.iter().map(openapi::Operation::route).collect();
    assert_eq!((ids.len(), routes.len()), (operations.len(), operations.len()));
    for operation in &operations {
        assert!(!operation.summary_text().is_empty(), "{}", operation.id());
    }
}

#[test]
fn scopes_are_the_management_apis() {
    for operation in operations() {
        for scope in operation.management_scope().into_iter().flat_map(|scopes| scopes.split(',')) {
            assert!(SCOPES.contains(&scope), "{}: {scope}", operation.id());
        }
    }
}

/// Parameters in the template of a path are those that the operation has.
#[test]
fn paths_have_their_parameters() {
    let document = document(None);
    for (path, item) in document["paths"].as_object().unwrap() {
        let wanted: BTreeSet<_> =
            path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}')).collect();
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let of_path = parameters.filter(|it| it["in"] == "path");
            let named: BTreeSet<_> = of_path.map(|it| it["name"].as_str().unwrap()).collect();
            assert_eq!(named, wanted, "{method} {path}");
        }
    }
}
