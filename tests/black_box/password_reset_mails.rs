//! Asking for a new password: what is refused, how often mails come, and what they say.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Body, CHANGE_PASSWORD, World, forgotten, heading, ticket_in};

const USER: &str = "user@example.com";
const NEW: &str = "correct horse battery";
const DONE: &str = "200 Your password is changed";

/// Form and content of a request, to the letter.
#[tokio::test]
async fn requests_that_are_none() {
    let world = World::new().await;
    let ask = async |name: &str, value: serde_json::Value| {
        let mut body = forgotten(USER);
        body[name] = value;
        world.post(CHANGE_PASSWORD, Body::json(&body)).await.snapshot()
    };
    assert_snapshot!(ask("client_id", json!(null)).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: client_id"}"#);
    assert_snapshot!(ask("client_id", json!("nobody")).await, @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    let wrong = json!({
        "client_id": "demo-app", "client_secret": "wrong",
        "connection": "Username-Password-Authentication", "email": USER,
    });
    let wrong = world.post(CHANGE_PASSWORD, Body::json(&wrong)).await;
    assert_snapshot!(wrong.snapshot(), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    assert_snapshot!(ask("connection", json!(null)).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: connection"}"#);
    assert_snapshot!(ask("connection", json!("email")).await, @r#"400 {"error":"invalid_request","error_description":"The connection does not exist"}"#);
    assert_snapshot!(ask("email", json!(null)).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: email"}"#);
    assert_snapshot!(ask("email", json!("a@b")).await, @r#"400 {"error":"invalid_request","error_description":"Parameter email must be an email address"}"#);
    assert_snapshot!(ask("email", json!(1)).await, @r#"400 {"error":"invalid_request","error_description":"Parameter email must be a string"}"#);
    assert!(world.links(USER).await.is_empty());
    assert!(
        world.stored().await.keys().all(|(pk, _)| !pk.starts_with("MAIL#") && !pk.starts_with("ADDRESS#"))
    );
}

/// SEC-22: five mails to an address, then one every ten minutes; twenty requests from a source. Who names no client is
/// charged nothing.
#[tokio::test]
async fn mails_are_few() {
    let world = World::new().await;
    for _ in 0..30 {
        let mut body = forgotten(USER);
        body["client_id"] = json!("nobody");
        assert_eq!(world.post(CHANGE_PASSWORD, Body::json(&body)).await.status, 401);
    }
    for left in (15..20).rev() {
        let reply = world.forget(USER).await;
        let told = reply.header("x-ratelimit-remaining").map(str::to_owned);
        assert_eq!((reply.status, told), (200, Some(left.to_string())));
    }
    let spent = world.forget(USER).await;
    assert_snapshot!(spent.snapshot(), @r#"429 {"error":"too_many_attempts","error_description":"Too many emails sent by the user. Wait for some minutes before retrying."}"#);
    assert_eq!((spent.header("retry-after"), spent.header("x-ratelimit-limit")), (Some("600"), Some("5")));
    assert_eq!(world.forget_from([127, 0, 0, 2], USER).await.status, 429, "wherever it is asked for");
    assert_eq!(world.links(USER).await.len(), 5);
    for number in 0..14 {
        assert_eq!(world.forget(&format!("{number}@example.com")).await.status, 200, "{number}");
    }
    let spent = world.forget("15@example.com").await;
    assert_eq!((spent.status, spent.header("x-ratelimit-limit")), (429, Some("20")));
    assert_eq!(world.forget_from([127, 0, 0, 2], "15@example.com").await.status, 200);
    world.clock.advance(600);
    assert_eq!(world.forget(USER).await.status, 200, "a debt decays");
}

/// SES that fails for a moment: the mail comes, once; the answer was given long before.
#[tokio::test]
async fn a_mail_that_fails_is_tried_again() {
    let world = World::new().await;
    world.fault("ses", "SendEmail", "error", 0, 2);
    assert_eq!(world.forget(USER).await.status, 200);
    assert_eq!(world.links(USER).await.len(), 1);
    assert!(world.twin.dead_letters().is_empty());
}

/// The mail is in the language that is asked for, and by the operator's template, whose link may live for longer and lead
/// on; where it leads is a link on the last page.
#[tokio::test]
async fn the_mail_is_the_operators_and_the_readers() {
    let world = World::new().await;
    let body = Body::json(&forgotten(USER));
    world.send("POST", CHANGE_PASSWORD, &[("x-request-language", "de")], body).await;
    let german = world.notices(USER).await;
    assert_eq!(german[0].subject.as_deref(), Some("Neues Passwort für Postern Demo wählen"));

    let template = json!({
        "template": "reset_email", "body": "<p>{{ application.name }}, {{ minutes_valid }}: {{ url }}</p>",
        "subject": "Hello {{ user.name }}", "syntax": "liquid", "enabled": true,
        "urlLifetimeInSeconds": 7_200, "resultUrl": "https://app.example.com/?a=<b>&c",
    });
    let bad = json!({
        "template": "reset_email", "body": "no link", "subject": "s", "syntax": "liquid", "enabled": true,
    });
    let path = "/api/v2/email-templates";
    assert_eq!(world.manage("POST", path, Some(&bad)).await.status, 400);
    assert_eq!(world.manage("POST", path, Some(&template)).await.status, 200);
    world.clock.advance(60);
    world.forget(USER).await;
    let mails = world.notices(USER).await;
    let mail = mails.last().unwrap();
    assert_eq!(mail.subject.as_deref(), Some("Hello Demo User"));
    assert!(mail.text.starts_with("Demo Single-Page App, 120: http"), "{}", mail.text);
    let ticket = ticket_in(mail.text.trim());
    world.clock.advance(7_199);
    let page = world.reset(&ticket, NEW).await;
    assert_eq!(heading(&page), DONE);
    assert!(page.body.contains(r#"<a href="https://app.example.com/?a=&lt;b&gt;&amp;c""#), "{}", page.body);
}
