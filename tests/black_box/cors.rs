//! Browsers' leave to call the API: the twin gives what the deployed gateway gives, by the template's
//! `CorsConfiguration` (design §8).

use std::collections::BTreeSet;

use serde_yaml_ng::Value;

use crate::support::{Body, DEMO_APP, Reply, World};

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
const PAGE: &str = "http://localhost:5173";
const PATHS: [&str; 6] = [
    "/oauth/token",
    "/mfa/associate",
    "/mfa/authenticators/email%7Cdev_1",
    "/api/v2/guardian/factors/otp",
    "/.well-known/openid-configuration",
    "/no/such/path",
];

/// What the gateway is told, where origins are given at all.
fn configuration() -> Value {
    let template: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(TEMPLATE).unwrap()).unwrap();
    match &template["Resources"]["Api"]["Properties"]["CorsConfiguration"] {
        Value::Tagged(tagged) if tagged.tag == "If" => tagged.value[1].clone(),
        other => panic!("not a condition: {other:?}"),
    }
}

fn listed(configuration: &Value, name: &str) -> BTreeSet<String> {
    let list = configuration[name].as_sequence().unwrap_or_else(|| panic!("no {name}"));
    list.iter().map(|item| item.as_str().unwrap().to_ascii_lowercase()).collect()
}

fn answered(reply: &Reply, header: &str) -> BTreeSet<String> {
    let list = reply.header(header).unwrap_or_default().split(',').map(str::trim);
    list.filter(|item| !item.is_empty()).map(str::to_ascii_lowercase).collect()
}

async fn preflight(world: &World, path: &str, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    world.send("OPTIONS", path, &headers, Body::none()).await
}

/// A preflight is answered with the template's methods, headers and age, on every path alike and without a handler.
#[tokio::test]
async fn a_preflight_is_answered_as_the_template_says() {
    let (world, configuration) = (World::new().await, configuration());
    for path in PATHS {
        let reply = preflight(&world, path, PAGE).await;
        assert_eq!((reply.status, &*reply.body), (200, ""), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE), "{path}");
        for (header, name) in [
            ("access-control-allow-methods", "AllowMethods"),
            ("access-control-allow-headers", "AllowHeaders"),
        ] {
            assert_eq!(answered(&reply, header), listed(&configuration, name), "{path}");
        }
        let age = configuration["MaxAge"].as_u64().unwrap().to_string();
        assert_eq!(reply.header("access-control-max-age"), Some(&*age), "{path}");
        assert_eq!(reply.header("access-control-allow-credentials"), None, "{path}");
    }
    assert_eq!(world.operations(), [""; 0]);
}

/// A page may read what the template exposes, of refusals too; cookies never count, so credentials are never allowed.
#[tokio::test]
async fn an_answer_exposes_what_the_template_says() {
    let (world, configuration) = (World::new().await, configuration());
    assert_eq!(configuration["AllowCredentials"].as_bool(), Some(false));
    let fields: Vec<_> = [("grant_type", "password")].into_iter().chain(DEMO_APP).collect();
    let found = world.send("GET", "/.well-known/jwks.json", &[("origin", PAGE)], Body::none()).await;
    let refused = world.send("POST", "/oauth/token", &[("origin", PAGE)], Body::form(&fields)).await;
    for (status, reply) in [(200, found), (400, refused)] {
        assert_eq!(reply.status, status, "{}", reply.body);
        assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(
            answered(&reply, "access-control-expose-headers"),
            listed(&configuration, "ExposeHeaders")
        );
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert!(answered(&reply, "vary").contains("origin"), "a cache keeps the answers apart");
    }
}

/// Pages of elsewhere get no leave: neither before a request nor for its answer.
#[tokio::test]
async fn a_foreign_page_gets_no_leave() {
    let world = World::new().await;
    for origin in ["https://evil.example", "http://localhost.evil.example", "null"] {
        for reply in [
            preflight(&world, "/oauth/token", origin).await,
            world.send("GET", "/.well-known/jwks.json", &[("origin", origin)], Body::none()).await,
        ] {
            assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
        }
    }
}
