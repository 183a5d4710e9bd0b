//! SEC-41: every read asks for strong consistency but that of an index, which has none to give and holds keys only.
//! Emulators always are consistent, so the captured requests are what shows it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Body, NUMBER, ORDERS, World, link_of_block, ticket_in, ticket_of_block};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const API: &str = "https://someapi.com/api";

/// Fails when a read since [`World::forget_calls`] could have been stale, or when there were fewer than `least`; gives
/// the entities that were read: what stands before the `#` of their partitions.
fn assert_consistent(world: &World, least: usize) -> BTreeSet<String> {
    let calls = world.trips();
    let actions = calls.as_array().unwrap().iter().flat_map(|call| call["actions"].as_array().unwrap());
    let reads: Vec<&Value> = actions.filter(|action| !action["consistent_read"].is_null()).collect();
    assert!(reads.len() >= least, "{}", reads.len());
    for read in &reads {
        assert_eq!(read["consistent_read"], read["index"].is_null(), "{read}");
        assert_ne!(read["action"], "dynamodb:Scan", "{read}");
    }
    let entity = |read: &&Value| read["leading_key"].as_str().unwrap().split('#').next().unwrap().to_owned();
    reads.iter().map(entity).collect()
}

fn entities(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Passwords, factors of every kind, recovery codes, refresh tokens and `/userinfo`.
#[tokio::test]
async fn signing_in_reads_what_is() {
    let world = World::with_phones(true).await;
    world.forget_calls();
    world.clock.advance(400);
    let (id, recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    world.associate_otp(&token).await;
    let texted = world.associate_phone(&token, "sms", NUMBER).await;
    world.oob(&token, &texted.text("oob_code"), &world.code(NUMBER)).await;
    let login = world.log_in(USER).await.mfa_token;
    let voice = world.id_of_channel(USER, "voice").await;
    assert_eq!(world.challenge(&login, "oob", &voice).await.status, 200);
    let regenerated = world.bearer("POST", "/mfa/recovery-code", &token, Body::none()).await;
    assert_eq!(regenerated.status, 200, "{}", regenerated.body);
    assert_eq!(world.recovery(&login, &recovery_code).await.status, 403, "replaced");
    assert_eq!(world.recovery(&login, &regenerated.text("recovery_code")).await.status, 200);
    for id in [id, voice] {
        assert_eq!(world.delete(&token, &id).await.status, 204);
    }
    let id = world.id_of_type(VERIFIED, "email").await;
    let userinfo = world.sign_in_by_email(VERIFIED, &id, API, "openid").await;
    world.bearer("GET", "/userinfo", &userinfo.text("access_token"), Body::none()).await;
    let offline = world.enrol_offline(USER).await.text("refresh_token");
    assert_eq!(world.refresh(&offline).await.status, 200);
    assert_eq!(world.revoke(&offline).await.status, 200);
    let read = assert_consistent(&world, 80);
    assert_eq!(read, entities(&["API", "CLIENT", "KEYS", "LOGIN", "MFA", "TENANT", "USER"]));
}

/// Codes and links of sign-ins without password, by AWS and by Twilio, and to nobody.
#[tokio::test]
async fn signing_in_without_password_reads_what_is() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    world.forget_calls();
    world.clock.advance(400);
    assert_eq!(world.start_email("nobody@example.com").await.status, 200);
    assert_eq!(world.start_email(USER).await.status, 200);
    assert_eq!(world.passwordless("email", USER, &world.code(USER)).await.status, 200);
    world.send_by_twilio().await;
    assert_eq!(world.start_sms(NUMBER).await.status, 200);
    assert_eq!(world.passwordless("sms", NUMBER, &world.code(NUMBER)).await.status, 200);
    let read = assert_consistent(&world, 20);
    assert_eq!(
        read,
        entities(&["API", "CLIENT", "KEYS", "LOGIN", "PASSWORDLESS", "PROVIDER", "TENANT", "USER"])
    );
}

/// Notices, and the page that ends a block.
#[tokio::test]
async fn telling_of_a_block_and_ending_it_reads_what_is() {
    let world = World::new().await;
    world.forget_calls();
    world.clock.advance(400);
    for _ in 0..10 {
        world.password(USER, "wrong").await;
    }
    let page = world.send("GET", &link_of_block(&world, USER).await, &[], Body::none()).await;
    let ticket = ticket_of_block(&page);
    assert_eq!(world.post("/u/unblock", Body::form(&[("ticket", &ticket)])).await.status, 200);
    let read = assert_consistent(&world, 15);
    assert_eq!(read, entities(&["API", "CLIENT", "KEYS", "LOGIN", "NOTICE", "TENANT", "USER"]));
}

/// Mails that lead to a page, and what the pages do.
#[tokio::test]
async fn a_new_password_and_a_verified_address_read_what_is() {
    let world = World::new().await;
    world.forget_calls();
    world.clock.advance(400);
    assert_eq!(world.sign_up("ada@example.com").await.status, 200);
    let verify = ticket_in(&world.link("ada@example.com").await);
    assert_eq!(world.confirm(&verify).await.status, 200);
    let reset = world.reset_ticket(USER).await;
    assert_eq!(world.open(&format!("/lo/reset?ticket={reset}")).await.status, 200);
    assert_eq!(world.reset(&reset, "a whole new password").await.status, 200);
    let read = assert_consistent(&world, 15);
    assert_eq!(read, entities(&["CLIENT", "KEYS", "LOGIN", "MAIL", "TENANT", "USER"]));
}

/// The page that enrols.
#[tokio::test]
async fn enrolling_by_a_ticket_reads_what_is() {
    let world = World::new().await;
    let ticket = world.enrolment_ticket(USER, &serde_json::json!({})).await;
    world.forget_calls();
    world.clock.advance(400);
    assert_eq!(world.look(&ticket).await.status, 200);
    assert_eq!(world.enrol_app_by(&ticket).await.0.status, 200);
    let read = assert_consistent(&world, 6);
    assert_eq!(read, entities(&["KEYS", "MFA", "TENANT", "USER"]));
}

/// The Management API.
#[tokio::test]
async fn managing_reads_what_is() {
    let world = World::new().await;
    let token = world.management_token().await;
    world.forget_calls();
    for path in [
        "guardian/factors",
        "guardian/policies",
        "guardian/settings",
        "guardian/factors/sms/selected-provider",
        "guardian/factors/sms/providers/twilio",
        "email-templates/mfa_oob_code",
    ] {
        let reply = world.bearer("GET", &format!("/api/v2/{path}"), &token, Body::none()).await;
        assert!([200, 404].contains(&reply.status), "{path}: {}", reply.body);
    }
    world.bearer("PATCH", "/api/v2/guardian/settings", &token, Body::json(&json!({}))).await;
    assert_eq!(assert_consistent(&world, 7), entities(&["PROVIDER", "TENANT"]));
}

/// Lists are read by an index, of which nothing is shown: what is shown is read by its key.
#[tokio::test]
async fn lists_show_what_is() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.management_token().await;
    world.forget_calls();
    let device = id.split_once('|').unwrap().1;
    for (path, status) in [("users".to_owned(), 200), (format!("guardian/enrollments/{device}"), 404)] {
        let reply = world.bearer("GET", &format!("/api/v2/{path}"), &token, Body::none()).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
    }
    assert_eq!(assert_consistent(&world, 12), entities(&["DEVICE", "USER", "USERS"]));
}

/// What operators list is found by its keys in an index, and then read as it is. The index of the table has keys only.
#[tokio::test]
async fn listing_reads_what_is() {
    let world = World::new().await;
    let token = world.management_token().await;
    world.make_api().await;
    world.granted("demo-app", ORDERS, &[]).await;
    world.forget_calls();
    for path in ["clients", "client-grants", "client-grants?client_id=demo-app", "resource-servers"] {
        let reply = world.bearer("GET", &format!("/api/v2/{path}"), &token, Body::none()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert!(reply.body.len() > 10, "{path}");
    }
    for (method, path) in [
        ("DELETE", "client-grants/cgr_ZGVtby1hcHAgaHR0cHM6Ly9vcmRlcnMuZXhhbXBsZS9hcGk"),
        ("DELETE", "resource-servers/https%3A%2F%2Forders.example%2Fapi"),
        ("DELETE", "clients/demo-app"),
    ] {
        let reply = world.bearer(method, &format!("/api/v2/{path}"), &token, Body::none()).await;
        assert_eq!(reply.status, 204, "{path}: {}", reply.body);
    }
    assert_eq!(assert_consistent(&world, 10), entities(&["API", "APIS", "CLIENT", "CLIENTS", "GRANTS"]));
    let store = &world.twin.app.store;
    let described = store.dynamodb().describe_table().table_name(store.table()).send().await.unwrap();
    let indexes = described.table.unwrap().global_secondary_indexes.unwrap();
    let projection = indexes[0].projection().and_then(|it| it.projection_type()).map(|it| it.as_str());
    assert_eq!((indexes.len(), projection), (1, Some("KEYS_ONLY")));
}
