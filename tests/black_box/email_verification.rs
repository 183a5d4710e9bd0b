//! The link that verifies an address (contract §6): mailed when a user is made, changed or asked for it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{
    Body, Log, PASSWORD, USERS, World, heading, new_user, ticket_in, ticket_of_block, user_path,
};

const ADA: &str = "ada@example.com";
const JOBS: &str = "/api/v2/jobs/verification-email";
const OVER: &str = "400 This link no longer works";
const DONE: &str = "200 Your address is confirmed";

fn mailed_user() -> Value {
    let mut body = new_user(ADA);
    body["verify_email"] = json!(true);
    body
}

/// Makes a user who is mailed; gives the id and the ticket.
async fn ticket(world: &World) -> (String, String) {
    let id = world.make_user(&mailed_user()).await;
    (id, ticket_in(&world.link(ADA).await))
}

/// Mail scanners follow links: only the button verifies, and twice is as good as once. Then the address is a second
/// factor by itself (contract A3).
#[tokio::test]
async fn the_button_verifies_and_the_link_does_not() {
    let world = World::new().await;
    world.make_user(&mailed_user()).await;
    let link = world.link(ADA).await;
    let mail = &world.twin.aws.inbox.messages(Some(ADA))[0];
    assert_eq!(mail.subject.as_deref(), Some("Confirm your email address for Postern Demo"));
    assert_snapshot!(mail.text.replace(&format!("{}{link}", world.twin.base_url()), "[link]"), @"
    Confirm your email address

    Open the link to confirm that this address is yours. Then Postern Demo knows where to reach you. It works once.

    Confirm the address:
    [link]

    You did not ask for this? Then somebody may have entered your address by mistake. You can ignore this email.
    ");
    let login = world.password(ADA, PASSWORD).await.text("mfa_token");
    assert_eq!(world.list(&login).await.snapshot(), "200 []");
    let before = world.stored_without_limits().await;
    let page = world.open(&link).await;
    assert_eq!(heading(&page), "200 Confirm your email address?");
    assert!(world.stored_without_limits().await == before, "a look changes nothing");

    let ticket = ticket_of_block(&page);
    world.forget_calls();
    let first = world.confirm(&ticket).await;
    // The address, and then the end of what is told of it, if anything is.
    let updates = vec!["dynamodb UpdateItem".to_owned(); 2];
    assert_eq!((world.round_trips(), world.operations()), (2, updates));
    let verified = world.stored_without_limits().await;
    let second = world.confirm(&ticket).await;
    assert_eq!(heading(&first), DONE);
    assert_eq!(first.body, second.body);
    assert!(world.stored_without_limits().await == verified, "the second changes nothing");
    let login = world.password(ADA, PASSWORD).await.text("mfa_token");
    let listed = world.list(&login).await.json();
    assert_eq!((&listed[0]["type"], &listed[0]["active"]), (&json!("email"), &json!(true)));
    let challenge = world.challenge_any(&login).await;
    let tokens = world.oob(&login, &challenge.text("oob_code"), &world.code(ADA)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}

/// SEC-42: what ends tokens ends a ticket of before, and nobody is told that it did something.
#[tokio::test]
async fn a_block_ends_tickets() {
    let world = World::new().await;
    let (id, old) = ticket(&world).await;
    for blocked in [true, false] {
        let changed = world.manage("PATCH", &user_path(&id), Some(&json!({ "blocked": blocked }))).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    assert_eq!(heading(&world.confirm(&old).await), OVER);
    assert!(!world.is_verified(ADA).await);
}

/// Another address, another user of the same id, and five days make a ticket void.
#[tokio::test]
async fn what_happens_in_between_makes_a_ticket_void() {
    let world = World::new().await;
    let (id, old) = ticket(&world).await;
    let change = json!({ "email": "new@example.com" });
    assert_eq!(world.manage("PATCH", &user_path(&id), Some(&change)).await.status, 200);
    assert_eq!(heading(&world.confirm(&old).await), OVER);
    assert!(!world.is_verified("new@example.com").await);

    let world = World::new().await;
    let mut body = mailed_user();
    body["user_id"] = json!("ada");
    let path = user_path(&world.make_user(&body).await);
    let old = ticket_in(&world.link(ADA).await);
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    assert_eq!(heading(&world.confirm(&old).await), OVER);
    world.clock.advance(1);
    world.make_user(&body).await;
    assert_eq!(heading(&world.confirm(&old).await), OVER, "the id is another user's");
    let new = ticket_in(&world.link(ADA).await);
    world.clock.advance(431_999);
    assert_eq!(world.open(&format!("/lo/verify-email?ticket={new}")).await.status, 200);
    world.clock.advance(1);
    assert_eq!(heading(&world.confirm(&new).await), OVER, "after five days");
    assert!(!world.is_verified(ADA).await);
}

/// Absent, of another kind, changed: one answer, and nothing happens.
#[tokio::test]
async fn what_is_no_ticket_is_one_answer() {
    let world = World::new().await;
    let (_, good) = ticket(&world).await;
    let reset = world.reset_ticket(ADA).await;
    let absent = world.open("/lo/verify-email").await;
    assert_eq!(heading(&absent), OVER);
    for text in ["x", "kid.AAAA", &reset, &good[1..], &"a".repeat(9_000)] {
        let opened = world.open(&format!("/lo/verify-email?ticket={text}")).await;
        assert_eq!((opened.status, &opened.body), (400, &absent.body), "{text}");
        let posted = world.confirm(text).await;
        assert_eq!((posted.status, &posted.body), (400, &absent.body), "{text}");
    }
    assert_eq!(world.send("PUT", "/lo/verify-email", &[], Body::none()).await.status, 405);
    assert!(!world.is_verified(ADA).await);
}

/// A mail that is asked for with a user fails without the user: it is tried again, and given up without harm.
#[tokio::test]
async fn a_mail_that_fails_loses_no_user() {
    let world = World::new().await;
    world.fault("ses", "SendEmail", "error", 0, 1_000);
    let id = world.make_user(&mailed_user()).await;
    assert!(world.links(ADA).await.is_empty());
    assert_eq!(world.twin.dead_letters().len(), 1);
    world.twin.aws.faults.clear();
    assert_eq!(world.manage("GET", &user_path(&id), None).await.status, 200);
    let job = world.manage("POST", JOBS, Some(&json!({ "user_id": id }))).await;
    assert_eq!(job.status, 201);
    assert_eq!(heading(&world.confirm(&ticket_in(&world.link(ADA).await)).await), DONE);
}

/// Auth0's job: asked for, pending, completed; nobody is mailed whose address is verified.
#[tokio::test]
async fn an_operator_asks_for_the_mail_again() {
    let world = World::new().await;
    let id = world.make_user(&new_user(ADA)).await;
    assert!(world.links(ADA).await.is_empty(), "nobody asked for it");
    let body = json!({ "user_id": id, "client_id": "demo-app" });
    world.forget_calls();
    let started = world.manage("POST", JOBS, Some(&body)).await;
    let job = started.text("id");
    assert_snapshot!(started.snapshot().replace(&job, "job_[id]"), @r#"201 {"type":"verification_email","status":"pending","created_at":"2030-03-17T17:47:00.000Z","id":"job_[id]"}"#);
    let path = format!("/api/v2/jobs/{job}");
    assert_eq!(world.manage("GET", &path, None).await.body, started.body);
    let mails = world.notices(ADA).await;
    assert!(mails[0].text.contains("Then Demo App knows where to reach you."));
    let completed = world.manage("GET", &path, None).await;
    assert_snapshot!(completed.snapshot().replace(&job, "job_[id]"), @r#"200 {"type":"verification_email","status":"completed","created_at":"2030-03-17T17:47:00.000Z","id":"job_[id]"}"#);

    assert_eq!(heading(&world.confirm(&ticket_in(&world.link(ADA).await)).await), DONE);
    assert_eq!(world.manage("POST", JOBS, Some(&body)).await.status, 201);
    assert_eq!(world.links(ADA).await.len(), 1, "it is verified");
    world.clock.advance(3 * 86_400);
    assert_eq!(world.manage("GET", "/api/v2/jobs/job_x", None).await.status, 404);
}

/// With a change of the address the mail goes to the new one; `verify_email` beside a verified address asks for nothing.
#[tokio::test]
async fn a_changed_address_is_verified_by_a_mail_of_its_own() {
    let world = World::new().await;
    let path = user_path(&world.make_user(&new_user(ADA)).await);
    let change = json!({ "email": "new@example.com", "verify_email": true, "client_id": "demo-spa" });
    assert_eq!(world.manage("PATCH", &path, Some(&change)).await.status, 200);
    let ticket = ticket_in(&world.link("new@example.com").await);
    assert!(world.links(ADA).await.is_empty());
    assert_eq!(heading(&world.confirm(&ticket).await), DONE);
    assert!(world.is_verified("new@example.com").await);
    let again = json!({ "name": "Ada", "verify_email": true });
    assert_eq!(world.manage("PATCH", &path, Some(&again)).await.status, 200);
    let mut verified = new_user("eve@example.com");
    (verified["verify_email"], verified["email_verified"]) = (json!(true), json!(true));
    world.make_user(&verified).await;
    assert_eq!(world.links("new@example.com").await.len(), 1);
    assert!(world.links("eve@example.com").await.is_empty());
}

/// Bad input of the job, to the letter.
#[tokio::test]
async fn jobs_that_are_none() {
    let world = World::new().await;
    let post = async |body: Value| world.manage("POST", JOBS, Some(&body)).await.snapshot();
    assert_snapshot!(post(json!({})).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: user_id'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(json!({ "user_id": 1 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type string' on property user_id.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(json!({ "user_id": "a b" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format user-id' on property user_id.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(json!({ "user_id": "auth0|x", "client_id": "" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format client-id' on property client_id.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(json!({ "user_id": "auth0|x", "identity": {} })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: identity'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post(json!({ "user_id": "auth0|x" })).await, @r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#);
    assert_snapshot!(world.manage("GET", "/api/v2/jobs/job_1", None).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The job does not exist.","errorCode":"inexistent_job"}"#);
    let without = world.token_with_scope("read:users").await;
    let refused = world.bearer("POST", JOBS, &without, Body::json(&json!({ "user_id": "auth0|x" }))).await;
    assert_snapshot!(refused.snapshot(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: update:users","errorCode":"insufficient_scope"}"#);
    let asked = world.stored().await.into_keys().filter(|(pk, _)| pk.starts_with("MAIL#")).count();
    assert_eq!(asked, 0);
}

/// SEC-36: AWS that fails is told, and the same button completes afterwards.
#[tokio::test]
async fn a_failure_is_told_and_a_retry_completes() {
    for mode in ["throttle", "error", "timeout"] {
        let world = World::new().await;
        let (_, ticket) = ticket(&world).await;
        world.fault("dynamodb", "UpdateItem", mode, 0, 1_000);
        assert_eq!(heading(&world.confirm(&ticket).await), "503 That did not work", "{mode}");
        world.twin.aws.faults.clear();
        assert!(!world.is_verified(ADA).await, "{mode}");
        assert_eq!(heading(&world.confirm(&ticket).await), DONE, "{mode}");
    }
}

/// SEC-34: neither address nor ticket.
#[tokio::test]
async fn nothing_of_it_is_logged() {
    let log = Log::start();
    let world = World::new().await;
    let (id, ticket) = ticket(&world).await;
    world.open(&format!("/lo/verify-email?ticket={ticket}")).await;
    world.confirm(&ticket).await;
    world.confirm("canary.ticket").await;
    world.manage("POST", JOBS, Some(&json!({ "user_id": id }))).await;
    world.manage("POST", USERS, Some(&mailed_user())).await;
    world.links(ADA).await;
    let written = log.text();
    assert!(!log.events("email_verified").is_empty() && !log.events("account_mail").is_empty());
    for secret in [ADA, &ticket, &ticket[30..60], "canary"] {
        assert!(!written.contains(secret), "{secret} is logged");
    }
}
