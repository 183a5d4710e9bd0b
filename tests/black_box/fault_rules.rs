//! What particular failures of AWS leave behind: charges, mails, cached keys (design §3, §7, SEC-9, SEC-21, SEC-38,
//! SEC-43).

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Body, Reply, START, World, number_of, user_pk};

const USER: &str = "user@example.com";
const LASTING: u32 = 1_000;

/// A user who was challenged: id, `mfa_token`, `oob_code`, code.
async fn challenged(world: &World) -> (String, String, String, String) {
    let (id, _) = world.enrol_email(USER).await;
    let mfa_token = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge(&mfa_token, "oob", &id).await.text("oob_code");
    (id, mfa_token, oob_code, world.code(USER))
}

fn late(world: &World, service: &str, operation: &str) {
    let fault = json!({ "service": service, "operation": operation, "mode": "latency", "latency_ms": 60_000, "count": LASTING });
    world.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
}

/// SEC-9: the attempt is counted before the code is looked at, and no later failure undoes it, wrong code or right.
#[tokio::test]
async fn a_later_failure_does_not_undo_the_count() {
    for mode in ["throttle", "error"] {
        let world = World::new().await;
        let (id, mfa_token, oob_code, code) = challenged(&world).await;
        world.fault("dynamodb", "TransactWriteItems", mode, 0, LASTING);
        let reply = world.oob(&mfa_token, &oob_code, &code).await;
        let text = r#"503 {"error":"temporarily_unavailable","error_description":"The service is temporarily unavailable. Please retry in a moment."}"#;
        assert_eq!(reply.snapshot(), text);
        assert_eq!(world.tat(USER, "CODES").await, Some(START.0 + 360));
        assert_eq!(world.failures(USER, &id).await, Some(1));
        world.twin.aws.faults.clear();
        assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 200);
        assert_eq!(world.failures(USER, &id).await, None);
    }
}

/// SEC-9: while the table refuses what follows the check, guessing is bounded all the same.
#[tokio::test]
async fn failures_do_not_make_guessing_free() {
    let world = World::new().await;
    let (_, mfa_token, oob_code, code) = challenged(&world).await;
    world.fault("dynamodb", "TransactWriteItems", "error", 0, LASTING);
    for _ in 0..10 {
        assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 503);
    }
    world.twin.aws.faults.clear();
    assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 429);
}

/// SEC-9, SEC-21: what cannot be read is not compared with anything, and is not owed; when even taking the attempt
/// back fails, it stays counted.
#[tokio::test]
async fn an_attempt_without_a_comparison_is_taken_back() {
    let world = World::new().await;
    let (id, mfa_token, oob_code, code) = challenged(&world).await;
    world.fault("dynamodb", "Query", "error", 0, LASTING);
    for _ in 0..12 {
        assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 503);
    }
    assert_eq!((world.tat(USER, "CODES").await, world.failures(USER, &id).await), (Some(START.0), Some(0)));
    world.fault("dynamodb", "UpdateItem", "error", 1, 1);
    assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 503);
    assert_eq!(
        (world.tat(USER, "CODES").await, world.failures(USER, &id).await),
        (Some(START.0 + 360), Some(1))
    );
    world.twin.aws.faults.clear();
    assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 200);
}

/// SEC-21: nothing is charged when AWS fails before the count.
#[tokio::test]
async fn a_failure_before_the_count_charges_nothing() {
    for mode in ["throttle", "error"] {
        let world = World::new().await;
        let (id, mfa_token, oob_code, code) = challenged(&world).await;
        world.fault("dynamodb", "UpdateItem", mode, 0, LASTING);
        for _ in 0..12 {
            assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 503);
        }
        world.twin.aws.faults.clear();
        assert_eq!((world.tat(USER, "CODES").await, world.failures(USER, &id).await), (None, None));
        assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 200);
    }
}

/// SEC-43: a charge that may have happened is not repeated; one that was throttled is.
#[tokio::test]
async fn only_a_throttled_charge_is_repeated() {
    let world = World::new().await;
    let (_, mfa_token, oob_code, code) = challenged(&world).await;
    world.fault("dynamodb", "UpdateItem", "error", 0, 1);
    assert_eq!(world.oob(&mfa_token, &oob_code, &World::wrong(&code)).await.status, 503);
    assert_eq!(world.tat(USER, "CODES").await, None, "the one attempt failed, and there was no second");
    world.fault("dynamodb", "UpdateItem", "throttle", 0, 1);
    assert_eq!(world.oob(&mfa_token, &oob_code, &World::wrong(&code)).await.status, 403);
    assert_eq!(world.tat(USER, "CODES").await, Some(START.0 + 360), "charged by the second try");
    world.fault("dynamodb", "Query", "error", 0, 1);
    assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.status, 200, "reads are repeated");
}

/// SEC-43: a charge that was done and answered too late counts once.
#[tokio::test]
async fn a_charge_that_timed_out_counts_once() {
    let world = World::new().await;
    let (id, mfa_token, oob_code, code) = challenged(&world).await;
    late(&world, "dynamodb", "UpdateItem");
    let reply = world.oob(&mfa_token, &oob_code, &code).await;
    assert_eq!((reply.status, reply.header("retry-after").is_some()), (503, true));
    world.twin.aws.faults.clear();
    assert_eq!(world.tat(USER, "CODES").await, Some(START.0 + 360));
    assert_eq!(world.failures(USER, &id).await, Some(1));
    let late_password = World::new().await;
    late(&late_password, "dynamodb", "UpdateItem");
    assert_eq!(late_password.password(USER, "pwd").await.status, 503);
    let table = late_password.stored().await;
    let limits: Vec<_> = table.iter().filter(|((_, sk), _)| sk.starts_with("LIMIT#PASSWORD")).collect();
    assert_eq!(limits.len(), 1);
    assert_eq!(number_of(limits[0].1, "tat"), Some(START.0 + 360));
}

/// SEC-38, SEC-43: a transaction that was done and answered too late is not done twice, and no second token follows.
#[tokio::test]
async fn a_verification_that_timed_out_is_final_all_the_same() {
    let world = World::new().await;
    let (id, mfa_token, oob_code, code) = challenged(&world).await;
    late(&world, "dynamodb", "TransactWriteItems");
    let reply = world.oob(&mfa_token, &oob_code, &code).await;
    assert_eq!(reply.status, 503);
    assert!(!reply.has_tokens());
    world.twin.aws.faults.clear();
    assert_eq!(world.oob(&mfa_token, &oob_code, &code).await.outcome(), "403 Malformed mfa_token");
    assert_eq!(world.challenge(&mfa_token, "oob", &id).await.outcome(), "403 Malformed mfa_token");
    assert_eq!(world.list(&mfa_token).await.status, 401);
    let tokens = world.sign_in_by_email(USER, &id, "https://someapi.com/api", "read:sample").await;
    assert_eq!(tokens.status, 200, "another login completes");
}

/// Contract A3 "delivery refused": the budget is given back and an earlier challenge is still good.
#[tokio::test]
async fn a_refused_mail_costs_nothing() {
    for mode in ["throttle", "error"] {
        let world = World::new().await;
        let (id, mfa_token, oob_code, code) = challenged(&world).await;
        let (before, sends) = (world.stored_without_limits().await, world.tat(USER, "SEND-EMAIL").await);
        world.fault("ses", "SendEmail", mode, 0, LASTING);
        for _ in 0..25 {
            let reply = world.challenge(&mfa_token, "oob", &id).await;
            assert_snapshot_of_refused_delivery(&reply);
        }
        assert!(world.stored_without_limits().await == before, "{mode}");
        assert_eq!(world.tat(USER, "SEND-EMAIL").await, sends, "{mode}");
        world.twin.aws.faults.clear();
        assert_eq!(
            world.oob(&mfa_token, &oob_code, &code).await.status,
            200,
            "the earlier code is still good"
        );
        for _ in 0..18 {
            let login = world.log_in(USER).await;
            assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 200);
        }
        assert_eq!(world.mails(USER), 20);
        let login = world.log_in(USER).await;
        assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 429);
    }
}

fn assert_snapshot_of_refused_delivery(reply: &Reply) {
    let text = r#"503 {"error":"temporarily_unavailable","error_description":"The code could not be delivered. Please retry in a moment."}"#;
    assert_eq!(reply.snapshot(), text);
    assert!(reply.header("retry-after").is_some());
}

/// The same at association: what the new association replaced is good again, with its code and its recovery code.
#[tokio::test]
async fn a_refused_mail_leaves_an_earlier_association_good() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let first = world.associate_email(&login.mfa_token, None).await;
    let code = world.code(USER);
    let (before, sends) = (world.stored_without_limits().await, world.tat(USER, "SEND-EMAIL").await);
    world.fault("ses", "SendEmail", "error", 0, LASTING);
    for _ in 0..25 {
        assert_snapshot_of_refused_delivery(&world.associate_email(&login.mfa_token, None).await);
        assert_snapshot_of_refused_delivery(
            &world.associate_email(&login.mfa_token, Some("b@example.com")).await,
        );
    }
    assert!(world.stored_without_limits().await == before);
    assert_eq!(world.tat(USER, "SEND-EMAIL").await, sends);
    world.twin.aws.faults.clear();
    assert_eq!(world.oob(&login.mfa_token, &first.text("oob_code"), &code).await.status, 200);
    let shown = first.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    assert_eq!(world.recovery(&world.log_in(USER).await.mfa_token, &shown).await.status, 200);
}

/// Contract A3 "delivery timed out": it may have gone, so the charge stays and the challenge is void.
#[tokio::test]
async fn a_mail_that_timed_out_is_charged_and_void() {
    let world = World::new().await;
    let (id, mfa_token, oob_code, code) = challenged(&world).await;
    late(&world, "ses", "SendEmail");
    assert_snapshot_of_refused_delivery(&world.challenge(&mfa_token, "oob", &id).await);
    world.twin.aws.faults.clear();
    assert_eq!(world.mails(USER), 3, "it did go");
    assert_eq!(world.tat(USER, "SEND-EMAIL").await, Some(START.0 + 180), "the charge stays");
    assert!(!world.stored().await.keys().any(|(_, sk)| sk.starts_with("CHALLENGE#")), "no challenge stands");
    let reply = world.oob(&mfa_token, &oob_code, &code).await;
    assert_eq!(reply.outcome(), "403 Invalid binding_code.", "the earlier one was replaced before");
    assert_eq!(world.challenge(&mfa_token, "oob", &id).await.status, 200, "a retry completes");
}

/// The same at association: nothing can be confirmed with a code that may or may not have come.
#[tokio::test]
async fn an_association_whose_mail_timed_out_is_void() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    late(&world, "ses", "SendEmail");
    assert_snapshot_of_refused_delivery(&world.associate_email(&login.mfa_token, None).await);
    world.twin.aws.faults.clear();
    assert_eq!(world.tat(USER, "SEND-EMAIL").await, Some(START.0 + 60));
    assert!(!world.stored().await.keys().any(|(_, sk)| sk.starts_with("CHALLENGE#")));
    let retried = world.associate_email(&login.mfa_token, None).await;
    assert_eq!(world.authenticators(USER).await, (0, 1), "the retry replaces what was begun");
    assert_eq!(world.oob(&login.mfa_token, &retried.text("oob_code"), &world.code(USER)).await.status, 200);
}

/// Design §7: when even the way back fails, the answer is the same and the items expire by themselves.
#[tokio::test]
async fn a_refused_mail_that_cannot_be_undone_expires() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    world.fault("ses", "SendEmail", "error", 0, LASTING);
    world.fault("dynamodb", "TransactWriteItems", "error", 1, LASTING);
    assert_snapshot_of_refused_delivery(&world.associate_email(&login.mfa_token, None).await);
    world.twin.aws.faults.clear();
    assert_eq!(world.authenticators(USER).await, (0, 1));
    let again = world.associate_email(&login.mfa_token, None).await;
    assert_eq!(world.authenticators(USER).await, (0, 1), "replaced");
    assert_eq!(world.oob(&login.mfa_token, &again.text("oob_code"), &world.code(USER)).await.status, 200);
    assert_eq!(world.mails(USER), 1);
}

/// SEC-38: a second send is never made for one request, whatever SES does.
#[tokio::test]
async fn a_send_is_never_repeated() {
    let world = World::new().await;
    let (id, mfa_token, ..) = challenged(&world).await;
    for mode in ["throttle", "error"] {
        world.fault("ses", "SendEmail", mode, 0, 1);
        assert_eq!(world.challenge(&mfa_token, "oob", &id).await.status, 503, "{mode} was not tried again");
        assert_eq!(world.mails(USER), 2);
    }
}

/// While keys cannot be read again, the cached ones serve four minutes longer; then nothing is issued. Design §3 has five,
/// but then a key could be used a minute before every cache is sure to have heard of it.
#[tokio::test]
async fn cached_keys_bridge_a_failure_for_four_minutes() {
    let world = World::new().await;
    world.rotate_keys().await;
    world.fault("kms", "Decrypt", "error", 0, LASTING);
    let jwks = || world.send("GET", "/.well-known/jwks.json", &[], Body::none());
    world.clock.advance(300);
    assert_eq!(jwks().await.status, 200);
    let (id, _) = world.enrol_email(USER).await;
    world.clock.advance(239);
    assert_eq!(world.sign_in_by_email(USER, &id, "https://someapi.com/api", "read:sample").await.status, 200);
    world.clock.advance(1);
    let reply = world.password(USER, "pwd").await;
    assert_eq!((reply.status, reply.header("retry-after").is_some()), (503, true));
    assert_eq!(jwks().await.status, 503);
    world.twin.aws.faults.clear();
    world.log_in(USER).await;
    assert_eq!(jwks().await.json()["keys"].as_array().unwrap().len(), 2);
}

/// SEC-36: a stored item that cannot be read is no token and no detail, and does not end the process.
#[tokio::test]
async fn a_broken_item_is_told_without_detail() {
    let world = World::new().await;
    let profile = world.stored().await.remove(&(user_pk(USER), "PROFILE".to_owned())).unwrap();
    let mut broken = profile.clone();
    broken.remove("created_at");
    world.overwrite(broken).await;
    assert_snapshot!(world.password(USER, "pwd").await.snapshot(), @r#"500 {"error":"server_error","error_description":"The request could not be completed."}"#);
    world.overwrite(profile).await;
    world.log_in(USER).await;
}
