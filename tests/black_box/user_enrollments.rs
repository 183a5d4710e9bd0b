//! `GET` and `DELETE /api/v2/guardian/enrollments/{id}`: a phone or an app by its bare id, whoever has it
//! (contract §6).

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Body, NUMBER, Reply, World, path_of, without_devices};

const USER: &str = "user@example.com";
const NOT_FOUND: &str = r#"404 {"statusCode":404,"error":"Not Found","message":"Enrollment not found","errorCode":"enrollment_not_found"}"#;

fn path(device: &str) -> String {
    format!("/api/v2/guardian/enrollments/{device}")
}

async fn enrollment(world: &World, method: &str, device: &str) -> Reply {
    world.manage(method, &path(device), None).await
}

/// The bare id of one of the user's authenticators.
async fn device(world: &World, kind: &str) -> String {
    let id = world.id_of_type(USER, kind).await;
    id.split_once('|').unwrap().1.to_owned()
}

/// §6: a phone is one enrolment, by whichever channel it was begun.
#[tokio::test]
async fn a_phone_is_shown_and_removed_by_its_bare_id() {
    let world = World::with_phones(true).await;
    world.enrol_phone(USER, "voice", NUMBER).await;
    let listed = world.manage("GET", &path_of(USER, "/enrollments"), None).await.json();
    let device = listed[0]["id"].as_str().unwrap().to_owned();
    let token = world.management_token().await;
    world.forget_calls();
    let shown = world.bearer("GET", &path(&device), &token, Body::none()).await;
    assert_eq!(world.round_trips(), 2, "{:?}", world.operations());
    assert_snapshot!(without_devices(&shown), @r#"200 {"id":"dev_1","status":"confirmed","phone_number":"XXXXXXXXX5678","enrolled_at":"2030-03-17T17:49:00.000Z","last_auth":"2030-03-17T17:49:00.000Z"}"#);
    assert_eq!(shown.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    world.forget_calls();
    let removed = world.bearer("DELETE", &path(&device), &token, Body::none()).await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    assert_eq!(world.round_trips(), 3, "{:?}", world.operations());
    assert_eq!(world.authenticators(USER).await, (0, 0), "both channels");
    assert_eq!(world.methods(USER).await.json(), Value::Array(vec![]), "and the recovery code");
    for method in ["GET", "DELETE"] {
        assert_eq!(enrollment(&world, method, &device).await.snapshot(), NOT_FOUND);
    }
}

/// SEC-42: what was issued by a phone that is taken away ends, and its owner is told (SEC-31).
#[tokio::test]
async fn what_was_issued_by_it_ends() {
    let world = World::with_phones(true).await;
    world.enrol_phone(USER, "sms", NUMBER).await;
    let id = world.id_of_channel(USER, "sms").await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(enrollment(&world, "DELETE", id.split_once('|').unwrap().1).await.status, 204);
    let refused = world.challenge(&login, "oob", &id).await;
    assert_eq!(
        (refused.status, refused.text("error")),
        (403, "invalid_grant".to_owned()),
        "{}",
        refused.body
    );
    let told: Vec<_> = world.notices(USER).await.into_iter().map(|notice| notice.subject.unwrap()).collect();
    assert!(told.iter().any(|subject| subject.contains("was removed")), "{told:?}");
}

/// §6: one that waits for its first code is pending; taking it away takes what was begun.
#[tokio::test]
async fn what_was_begun_is_pending() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_otp(&login).await.status, 200);
    let device = device(&world, "otp").await;
    let shown = enrollment(&world, "GET", &device).await;
    assert_snapshot!(without_devices(&shown), @r#"200 {"id":"dev_1","status":"pending"}"#);
    assert_eq!(enrollment(&world, "DELETE", &device).await.status, 204);
    assert_eq!(enrollment(&world, "GET", &device).await.snapshot(), NOT_FOUND);
    assert_eq!(world.authenticators(USER).await, (0, 0));
}

/// §6: an address is no enrolment there, nor is a recovery code; what cannot be an id is nobody's.
#[tokio::test]
async fn what_is_no_enrolment() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let address = id.split_once('|').unwrap().1.to_owned();
    let methods = world.methods(USER).await.json();
    let recovery = methods[1]["id"].as_str().unwrap().split_once('|').unwrap().1.to_owned();
    for device in
        [address.as_str(), &recovery, "dev_AAAAAAAAAAAAAAAA", "dev_", "x", "sms%7Cdev_a", "%00", "%FF"]
    {
        for method in ["GET", "DELETE"] {
            assert_eq!(enrollment(&world, method, device).await.snapshot(), NOT_FOUND, "{device}");
        }
    }
    assert_eq!(world.authenticators(USER).await, (1, 0));
}

/// §6: each has its scope.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    for (method, scope, other) in [
        ("GET", "read:guardian_enrollments", "delete:guardian_enrollments"),
        ("DELETE", "delete:guardian_enrollments", "read:guardian_enrollments"),
    ] {
        let narrow = world.token_with_scope(other).await;
        let reply = world.bearer(method, &path("dev_a"), &narrow, Body::none()).await;
        let expected = format!("Insufficient scope, expected any of: {scope}");
        assert_eq!((reply.status, reply.text("message")), (403, expected));
        assert_eq!(world.send(method, &path("dev_a"), &[], Body::none()).await.status, 401);
    }
}
