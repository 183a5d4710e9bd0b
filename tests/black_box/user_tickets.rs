//! Tickets that an operator hands on (contract §6 `/tickets/*`).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, PASSWORD, World, heading, new_user, ticket_in, user_path};

const ADA: &str = "ada@example.com";
const NEW: &str = "another password";
const VERIFY: &str = "/api/v2/tickets/email-verification";
const RESET: &str = "/api/v2/tickets/password-change";
const OVER: &str = "400 This link no longer works";

async fn ticket(world: &World, path: &str, body: &Value) -> String {
    let reply = world.manage("POST", path, Some(body)).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply.text("ticket")
}

/// A link that verifies an address leads on where the operator says; it is good for so long as the operator says.
#[tokio::test]
async fn an_address_is_verified_by_a_ticket() {
    let world = World::new().await;
    let id = world.make_user(&new_user(ADA)).await;
    let body = json!({ "user_id": id, "result_url": "https://app.example.com/done", "ttl_sec": 60 });
    let link = ticket(&world, VERIFY, &body).await;
    assert!(link.starts_with(&format!("{}lo/verify-email?ticket=", world.issuer())), "{link}");
    assert!(world.links(ADA).await.is_empty(), "nobody is mailed");
    world.clock.advance(59);
    let done = world.confirm(&ticket_in(&link)).await;
    assert_eq!(heading(&done), "200 Your address is confirmed");
    assert!(done.body.contains(r#"<a href="https://app.example.com/done""#), "{}", done.body);
    assert!(world.is_verified(ADA).await);
    world.clock.advance(1);
    assert_eq!(heading(&world.confirm(&ticket_in(&link)).await), OVER);
}

/// A link to a new password proves no address, for nobody knows how it went; it does where the operator vouches for it,
/// and while that is still the user's address.
#[tokio::test]
async fn a_password_is_chosen_by_a_ticket() {
    let world = World::new().await;
    let id = world.make_user(&new_user(ADA)).await;
    let link = ticket(&world, RESET, &json!({ "user_id": id })).await;
    world.clock.advance(431_999);
    assert_eq!(heading(&world.reset(&ticket_in(&link), NEW).await), "200 Your password is changed");
    assert!(!world.is_verified(ADA).await);
    assert_eq!(world.password(ADA, NEW).await.text("error"), "mfa_required");
    assert_eq!(world.password(ADA, PASSWORD).await.status, 403);
    assert_eq!(world.notices(ADA).await.len(), 1, "the user is told");

    let body =
        json!({ "user_id": id, "mark_email_as_verified": true, "ttl_sec": 0, "client_id": "demo-app" });
    let link = ticket(&world, RESET, &body).await;
    assert_eq!(world.reset(&ticket_in(&link), PASSWORD).await.status, 200);
    assert!(world.is_verified(ADA).await);

    let body = json!({ "user_id": id, "mark_email_as_verified": true });
    let link = ticket(&world, RESET, &body).await;
    let change = json!({ "email": "new@example.com" });
    assert_eq!(world.manage("PATCH", &user_path(&id), Some(&change)).await.status, 200);
    assert_eq!(heading(&world.reset(&ticket_in(&link), NEW).await), OVER);
}

/// Bad input, to the letter; nothing is stored by any of it.
#[tokio::test]
async fn tickets_that_are_none() {
    let world = World::new().await;
    let id = world.make_user(&new_user(ADA)).await;
    let before = world.stored().await;
    let post = async |path: &str, body: Value| world.manage("POST", path, Some(&body)).await.snapshot();
    for path in [VERIFY, RESET] {
        for (name, value, problem) in [
            ("user_id", json!(1), "Expected type string' on property user_id."),
            ("ttl_sec", json!(-1), "Expected type integer' on property ttl_sec."),
            (
                "ttl_sec",
                json!(2_592_001),
                "Value 2592001 is greater than maximum 2592000' on property ttl_sec.",
            ),
            (
                "result_url",
                json!("javascript:x"),
                "Object didn't pass validation for format uri' on property result_url.",
            ),
            (
                "client_id",
                json!(""),
                "Object didn't pass validation for format client-id' on property client_id.",
            ),
            ("connection_id", json!("con_1"), "Additional properties not allowed: connection_id'."),
        ] {
            let mut body = json!({ "user_id": id });
            body[name] = value;
            let told = post(path, body).await;
            assert!(told.starts_with("400 ") && told.contains(problem), "{path}: {told}");
        }
        let nobody = post(path, json!({ "user_id": "auth0|x" })).await;
        assert_eq!(
            nobody,
            r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#
        );
        let without = world.token_with_scope("update:users").await;
        let refused = world.bearer("POST", path, &without, Body::json(&json!({ "user_id": id }))).await;
        assert_eq!((refused.status, refused.text("errorCode").as_str()), (403, "insufficient_scope"));
    }
    assert_snapshot!(post(VERIFY, json!({})).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: user_id'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(VERIFY, json!({ "mark_email_as_verified": true })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: mark_email_as_verified'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(RESET, json!({ "mark_email_as_verified": 1 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type boolean' on property mark_email_as_verified.","errorCode":"invalid_body"}"#);
    assert!(world.stored().await == before);
}
