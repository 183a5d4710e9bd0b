//! Bodies that no operator should send: every endpoint of the Management API answers a 4xx in its format, never a 5xx,
//! stores nothing, and keeps working (contract §6, A3, SEC-16, SEC-37).

use serde_json::json;

use crate::bad_input::{refused, still_works};
use crate::support::{Body, World};

const JSON: Option<&str> = Some("application/json");
/// What takes an object.
const OBJECTS: [(&str, &str); 19] = [
    ("PUT", "/api/v2/guardian/factors/email"),
    ("PATCH", "/api/v2/guardian/settings"),
    ("PUT", "/api/v2/guardian/factors/sms/selected-provider"),
    ("PUT", "/api/v2/guardian/factors/phone/selected-provider"),
    ("PUT", "/api/v2/guardian/factors/sms/providers/twilio"),
    ("PUT", "/api/v2/guardian/factors/phone/providers/twilio"),
    ("POST", "/api/v2/email-templates"),
    ("PUT", "/api/v2/email-templates/mfa_oob_code"),
    ("PATCH", "/api/v2/email-templates/mfa_oob_code"),
    ("POST", "/api/v2/users"),
    ("PATCH", "/api/v2/users/auth0%7Cx"),
    ("POST", "/api/v2/users/auth0%7Cx/authentication-methods"),
    ("PATCH", "/api/v2/users/auth0%7Cx/authentication-methods/email%7Cdev_a"),
    ("POST", "/api/v2/clients"),
    ("PATCH", "/api/v2/clients/x"),
    ("POST", "/api/v2/client-grants"),
    ("PATCH", GRANT),
    ("POST", "/api/v2/resource-servers"),
    ("PATCH", "/api/v2/resource-servers/https%3A%2F%2Fx.example"),
];
/// A grant that nobody has.
const GRANT: &str = "/api/v2/client-grants/cgr_eCBodHRwczovL3guZXhhbXBsZQ";
/// What takes an array.
const ARRAYS: [(&str, &str); 2] =
    [("PUT", "/api/v2/guardian/policies"), ("PUT", "/api/v2/users/auth0%7Cx/authentication-methods")];

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    OBJECTS.into_iter().chain(ARRAYS)
}

fn message(text: &str) -> String {
    format!(
        r#"400 {{"statusCode":400,"error":"Bad Request","message":"Payload validation error: {text}","errorCode":"invalid_body"}}"#
    )
}

/// Neither JSON nor UTF-8, or nothing at all; a form is none either: the Management API takes JSON.
#[tokio::test]
async fn malformed_bodies() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    let bodies: [&[u8]; 17] = [
        b"",
        b" ",
        b"{",
        b"[",
        b"{\"enabled\"",
        b"{\"enabled\":}",
        b"{\"enabled\":true,}",
        b"{'enabled':true}",
        b"{\"enabled\":true}{}",
        b"[\"all-applications\"]]",
        b"{\"code_seconds\":1e999}",
        b"{\"provider\":\"\\ud800\"}",
        b"{\"provider\":\"\x01\"}",
        b"\xff\xfe",
        b"{\"from\":\"\xc3\x28\"}",
        b"enabled=true",
        b"\xef\xbb\xbf{\"enabled\":true}",
    ];
    for (method, path) in all() {
        for body in bodies {
            for content_type in [JSON, Some("application/x-www-form-urlencoded"), None] {
                let reply = world.bearer(method, path, &token, Body::raw(content_type, body)).await;
                let shown = String::from_utf8_lossy(body);
                assert_eq!(
                    reply.snapshot(),
                    message("The body is not valid JSON"),
                    "{method} {path} {shown}"
                );
                refused(&reply, path);
            }
        }
    }
    assert!(world.stored().await == before, "nothing is stored");
    still_works(&world).await;
}

/// JSON of another shape than the endpoint takes, and properties twice, of which a parser would keep one.
#[tokio::test]
async fn bodies_of_another_shape() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    for (method, path) in OBJECTS {
        for body in [json!([]), json!([{}]), json!("text"), json!(1), json!(true), json!(null)] {
            let reply = world.bearer(method, path, &token, Body::json(&body)).await;
            assert_eq!(reply.snapshot(), message("Expected type object but found another type"), "{path}");
        }
        for twice in [
            r#"{"enabled":true,"enabled":true}"#,
            r#"{"code_seconds":60,"code_seconds":600}"#,
            r#"{"provider":"aws","pro\u0076ider":"twilio"}"#,
            r#"{"sid":null,"sid":null}"#,
            r#"{"body":"{{ code }}","body":"x"}"#,
        ] {
            let reply = world.bearer(method, path, &token, Body::raw(JSON, twice)).await;
            assert_eq!(reply.snapshot(), message("A property must not be repeated"), "{path}");
        }
    }
    for body in [json!({}), json!("all-applications"), json!(1), json!(true), json!(null)] {
        for (method, path) in ARRAYS {
            let reply = world.bearer(method, path, &token, Body::json(&body)).await;
            assert_eq!(reply.snapshot(), message("Expected type array but found another type"), "{path}");
        }
    }
    assert!(world.stored().await == before, "nothing is stored");
}

/// 16 KiB are read, one byte more is not, whether the endpoint would read it or not.
#[tokio::test]
async fn oversized_bodies() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    let reads = [
        ("GET", "/api/v2/guardian/factors"),
        ("GET", "/api/v2/guardian/policies"),
        ("GET", "/api/v2/guardian/settings"),
        ("GET", "/api/v2/guardian/factors/sms/selected-provider"),
        ("GET", "/api/v2/guardian/factors/sms/providers/twilio"),
        ("GET", "/api/v2/email-templates/mfa_oob_code"),
        ("GET", "/api/v2/users"),
        ("GET", "/api/v2/keys/signing"),
        ("PUT", "/api/v2/keys/signing/x/revoke"),
        ("GET", "/api/v2/users/auth0%7Cx"),
        ("GET", "/api/v2/users-by-email"),
        ("DELETE", "/api/v2/users/auth0%7Cx"),
        ("GET", "/api/v2/users/auth0%7Cx/authentication-methods"),
        ("DELETE", "/api/v2/users/auth0%7Cx/authentication-methods"),
        ("GET", "/api/v2/users/auth0%7Cx/authentication-methods/email%7Cdev_a"),
        ("DELETE", "/api/v2/users/auth0%7Cx/authentication-methods/email%7Cdev_a"),
        ("GET", "/api/v2/users/auth0%7Cx/enrollments"),
        ("GET", "/api/v2/guardian/enrollments/dev_a"),
        ("DELETE", "/api/v2/guardian/enrollments/dev_a"),
        ("POST", "/api/v2/users/auth0%7Cx/recovery-code-regeneration"),
        ("DELETE", "/api/v2/users/auth0%7Cx/multifactor/duo"),
        ("POST", "/api/v2/users/auth0%7Cx/multifactor/actions/invalidate-remember-browser"),
        ("GET", "/api/v2/user-blocks/auth0%7Cx"),
        ("DELETE", "/api/v2/user-blocks/auth0%7Cx"),
        ("GET", "/api/v2/clients"),
        ("GET", "/api/v2/clients/x"),
        ("DELETE", "/api/v2/clients/x"),
        ("POST", "/api/v2/clients/x/rotate-secret"),
        ("GET", "/api/v2/client-grants"),
        ("DELETE", GRANT),
        ("GET", "/api/v2/resource-servers"),
        ("DELETE", "/api/v2/resource-servers/x"),
    ];
    for (method, path) in all().chain(reads) {
        for length in [16 * 1024 + 1, 20_000] {
            let body = format!("{{\"x\":\"{}\"}}", "x".repeat(length - 8));
            let reply = world.bearer(method, path, &token, Body::raw(JSON, body)).await;
            assert_eq!(
                reply.snapshot(),
                r#"413 {"statusCode":413,"error":"Payload Too Large","message":"The request body is larger than 16 KiB.","errorCode":"invalid_body"}"#
            );
            refused(&reply, path);
        }
        let body = format!("{{\"x\":\"{}\"}}", "x".repeat(16 * 1024 - 8));
        let fits = world.bearer(method, path, &token, Body::raw(JSON, body)).await;
        assert_ne!(fits.status, 413, "{path}");
    }
    assert!(world.stored().await == before, "nothing is stored");
    still_works(&world).await;
}

/// Bodies made to hurt a parser: depth, width, long names and numbers; what is repeated of them is bounded.
#[tokio::test]
async fn bodies_made_to_hurt() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    let names = (0..1200).map(|n| format!("\"p{n}\":1")).collect::<Vec<_>>().join(",");
    for body in [
        format!("{}1{}", "[".repeat(8000), "]".repeat(8000)),
        format!("{{\"enabled\":{}1{}}}", "[".repeat(8000), "]".repeat(8000)),
        format!("{}1{}", "{\"a\":".repeat(2500), "}".repeat(2500)),
        "[[".repeat(8000),
        format!("{{{names}}}"),
        format!("[{}]", vec!["\"all-applications\""; 850].join(",")),
        format!("{{\"code_seconds\":{}}}", "9".repeat(16_000)),
        format!("{{\"countries\":[{}]}}", vec!["\"DE\""; 3000].join(",")),
        format!("{{\"{}\":1}}", "é".repeat(8_000)),
        format!("{{\"{0}\":1,\"{0}\":2}}", "n".repeat(8_000)),
        format!("{{\"provider\":\"{}\"}}", "p".repeat(16_000)),
        format!("{{\"template\":\"{}\"}}", "t".repeat(16_000)),
    ] {
        assert!(body.len() <= 16 * 1024, "{}", body.len());
        for (method, path) in all() {
            let reply = world.bearer(method, path, &token, Body::raw(JSON, body.as_str())).await;
            refused(&reply, path);
            assert_eq!(reply.status, 400, "{}", reply.body);
            assert!(reply.body.len() < 600, "{path}: {}", reply.body);
        }
    }
    assert!(world.stored().await == before, "nothing is stored");
    still_works(&world).await;
}

/// Authorization goes before the body: who may not, learns nothing of what would fit.
#[tokio::test]
async fn the_token_goes_before_the_body() {
    let world = World::new().await;
    let other = world.first_access_token("user@example.com", "enroll").await;
    for (method, path) in all() {
        for token in ["x", "a.b.c", &other] {
            let reply = world.bearer(method, path, token, Body::raw(JSON, "{")).await;
            refused(&reply, path);
            assert_eq!((reply.status, reply.text("message")), (401, "Invalid token".into()), "{path}");
        }
        let reply = world.send(method, path, &[], Body::raw(JSON, "{")).await;
        assert_eq!((reply.status, reply.text("message")), (401, "Missing authentication".into()), "{path}");
    }
}
