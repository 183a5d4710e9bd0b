//! The audit log of exchanges: who did what, by which client and factor, and how it ended (SEC-40); the same whether or
//! not somebody has a login, but for who it is (SEC-35).

use std::collections::BTreeSet;

use insta::assert_snapshot;
use postern::audit::Event;
use serde_json::json;

use crate::support::{Body, Codes, OFFLINE, Recorded, World};
use crate::{audit_accounts, audit_factors, audit_messages, mail_events};

const USER: &str = "user@example.com";
const NOBODY: &str = "nobody@example.com";

/// Right and wrong passwords, of somebody and of nobody; clients that are not who they say; a block.
#[tokio::test]
async fn passwords() {
    PASSWORDS.codes().await;
}

static PASSWORDS: Recorded = Recorded::new(|| Box::pin(by_password()));

async fn by_password() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    world.log_in(USER).await;
    assert_snapshot!(audit.lines(), @"mfar user demo-app - mfa_required");
    for name in [USER, NOBODY] {
        assert_eq!(world.password(name, "wrong").await.status, 403);
    }
    assert_snapshot!(audit.lines(), @"
    fp user demo-app - wrong_password
    fp - demo-app - wrong_password
    ");
    let form = |client, secret, grant| {
        Body::form(&[
            ("grant_type", grant),
            ("username", USER),
            ("password", "pwd"),
            ("client_id", client),
            ("client_secret", secret),
        ])
    };
    for (client, secret, grant) in [
        ("demo-app", "wrong", "password"),
        ("unknown", "secret", "password"),
        ("demo-app", "demo-secret", "made_up"),
        ("unknown", "secret", "made_up"),
    ] {
        world.post("/oauth/token", form(client, secret, grant)).await;
    }
    assert_snapshot!(audit.lines(), @"
    fepft - demo-app - client_unauthorized
    fepft - - - client_unauthorized
    f - demo-app - unsupported_grant
    f - - - client_unauthorized
    ");
    for _ in 0..8 {
        world.password(USER, "wrong").await;
    }
    audit.taken();
    world.password(USER, "wrong").await;
    assert_eq!(world.password(USER, "pwd").await.status, 429);
    assert_snapshot!(audit.lines(), @"
    fp user demo-app - wrong_password
    limit_wc user demo-app - wrong_password
    limit_wc user demo-app - too_many_passwords
    ");
    for _ in 0..10 {
        world.password(NOBODY, "wrong").await;
    }
    let last: Vec<_> = audit.taken().into_iter().rev().take(2).map(|it| (it.code, it.user_id)).collect();
    let blocked = || ("limit_wc".to_owned(), None);
    assert_eq!(last, [blocked(), blocked()], "nobody's login is blocked alike");
    world.without_mfa().await;
    world.clock.advance(3_600);
    assert_eq!(world.password(USER, "pwd").await.status, 200);
    assert_snapshot!(audit.lines(), @"sepft user demo-app - -");
    audit.codes()
}

/// A client in its own name, and who manages with what it got; a read that was answered is no event.
#[tokio::test]
async fn clients() {
    CLIENTS.codes().await;
}

static CLIENTS: Recorded = Recorded::new(|| Box::pin(by_client()));

async fn by_client() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    let token = world.management_token().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "demo-management"),
        ("client_secret", "demo-management-secret"),
        ("audience", "https://unknown"),
    ];
    assert_eq!(world.post("/oauth/token", Body::form(&form)).await.status, 403);
    let path = "/api/v2/guardian/factors/sms";
    for body in [json!({ "enabled": true }), json!({ "enabled": "maybe" })] {
        world.bearer("PUT", path, &token, Body::json(&body)).await;
    }
    world.bearer("GET", "/api/v2/guardian/factors", &token, Body::none()).await;
    world.bearer("GET", "/api/v2/users/auth0%7Cunknown", &token, Body::none()).await;
    world.bearer("GET", "/api/v2/users", "made up", Body::none()).await;
    assert_snapshot!(audit.lines(), @"
    seccft - demo-management - -
    feccft - demo-management - unknown_audience
    sapi - demo-management - -
    fapi - demo-management - invalid_body
    fapi user demo-management - inexistent_user
    ");
    audit.codes()
}

/// Refresh tokens: renewed, used again, made up, given up.
#[tokio::test]
async fn refresh_tokens() {
    REFRESH.codes().await;
}

static REFRESH: Recorded = Recorded::new(|| Box::pin(by_refresh_token()));

async fn by_refresh_token() -> Codes {
    let world = World::new().await;
    world.without_mfa().await;
    let first = world.log_in_without_mfa(USER, OFFLINE).await.text("refresh_token");
    let other = world.log_in_without_mfa(USER, OFFLINE).await.text("refresh_token");
    let audit = world.audit();
    assert_eq!(world.refresh(&first).await.status, 200);
    world.clock.advance(100);
    for token in [first.as_str(), first.as_str(), "made up"] {
        assert_eq!(world.refresh(token).await.status, 403);
    }
    assert_snapshot!(audit.lines(), @"
    sertft user demo-app - -
    ferrt user demo-app - unknown_refresh_token
    fertft - demo-app - unknown_refresh_token
    fertft - demo-app - unknown_refresh_token
    ");
    for token in [other.as_str(), "made up"] {
        assert_eq!(world.revoke(token).await.status, 200, "the same answer");
    }
    world.post("/oauth/revoke", Body::form(&[("token", &other), ("client_id", "unknown")])).await;
    assert_snapshot!(audit.lines(), @"
    srrt user demo-app - -
    frrt - demo-app - unknown_refresh_token
    frrt - - - client_unauthorized
    ");
    audit.codes()
}

/// SEC-40: all that a record is to hold, of one request of several events; the time is the twin's, the route a template.
#[tokio::test]
async fn a_record_says_who_from_where_and_when() {
    let world = World::new().await;
    let audit = world.audit();
    let mfa_token = world.log_in(USER).await.mfa_token;
    let headers = [
        ("authorization", format!("Bearer {mfa_token}")),
        ("user-agent", "app/1.0 (somebody@example.com) more".to_owned()),
        ("x-forwarded-for", "203.0.113.9".to_owned()),
    ];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let body = Body::json(&json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] }));
    assert_eq!(world.send("POST", "/mfa/associate", &headers, body).await.status, 200);
    let records = audit.taken();
    let codes: Vec<_> = records.iter().map(|record| record.code.as_str()).collect();
    assert_eq!(codes, ["mfar", "gd_start_enroll", "gd_send_email"]);
    let ids: BTreeSet<_> = records.iter().map(|record| &record.log_id).collect();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), records.iter().map(|it| &it.log_id).collect::<Vec<_>>());
    let mut record = serde_json::to_value(&records[2]).unwrap();
    let id = record["user_id"].as_str().unwrap().to_owned();
    assert!(world.user_item(USER, "PROFILE").await.unwrap()["pk"].as_s().unwrap().ends_with(&id), "{id}");
    record["user_id"] = json!("[id]");
    record["log_id"] = json!("[id]");
    record["hostname"] = json!("[host]");
    assert_snapshot!(record, @r#"{"log_id":"[id]","date":1900000020,"type":"gd_send_email","description":"MFA email sent","user_id":"[id]","client_id":"demo-app","factor":"email","ip":"127.0.0.1","user_agent":"app/1.0 more","request_id":"","method":"POST","route":"/mfa/associate","status":200,"hostname":"[host]"}"#);
}

/// The audit log costs no call: a sign-in makes as many as ARCHITECTURE says, followed or not.
#[tokio::test]
async fn a_record_costs_no_call() {
    let calls = async |followed: bool| {
        let world = World::new().await;
        let audit = followed.then(|| world.audit());
        world.forget_calls();
        world.log_in(USER).await;
        assert_eq!(audit.map(|audit| audit.taken().len()), followed.then_some(1));
        world.operations()
    };
    assert_eq!(calls(true).await, calls(false).await);
}

/// No event is dead: these flows have them all, but for those of the function that makes keys, which the Lambda tier has.
#[tokio::test]
async fn every_event_happens() {
    let flows = [&PASSWORDS, &CLIENTS, &REFRESH]
        .into_iter()
        .chain(audit_factors::FLOWS)
        .chain(audit_messages::FLOWS)
        .chain(audit_accounts::FLOWS)
        .chain(mail_events::FLOWS);
    let mut codes = Codes::new();
    for flow in flows {
        codes.extend(flow.codes().await.iter().cloned());
    }
    let missing: Vec<_> = Event::ALL.into_iter().filter(|event| !codes.contains(event.code())).collect();
    assert_eq!(missing, [Event::KeysChanged, Event::KeysNotChanged]);
}
