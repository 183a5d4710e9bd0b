//! Removing authenticators, and the one a verified address is by itself (design §5, contract A3).

use aws_sdk_dynamodb::types::AttributeValue;
use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{MFA_SCOPES, World, user_pk};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

async fn listed(world: &World, username: &str) -> Vec<(String, String, bool)> {
    let list = world.list(&world.log_in(username).await.mfa_token).await.json();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let items = list.as_array().unwrap().iter();
    items.map(|item| (text(item, "type"), text(item, "id"), item["active"] == true)).collect()
}

async fn implicit_id(world: &World) -> String {
    listed(world, VERIFIED).await[0].1.clone()
}

/// Design §5: MFA within 600 s is the last moment in which a token removes.
#[tokio::test]
async fn removal_needs_mfa_within_ten_minutes() {
    for (age, expected) in [(599, "204"), (600, "401 mfa_token is expired")] {
        let world = World::new().await;
        let (id, _) = world.enrol_email(USER).await;
        let token = world.mfa_access_token(USER, &id).await;
        world.clock.advance(age);
        assert_eq!(world.delete(&token, &id).await.outcome(), expected, "{age} s");
    }
}

/// Design §5: with the last authenticator goes the recovery code; then the user may enrol again with an `mfa_token`.
#[tokio::test]
async fn the_last_removal_takes_the_recovery_code_along() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let app = world.associate_otp(&token).await;
    assert!(app.json().get("recovery_codes").is_none(), "only who is not enrolled is shown one");
    let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    assert_eq!(world.otp(&token, &world.app_code(&secret, 0)).await.status, 200);
    assert_eq!(world.authenticators(USER).await, (2, 0));
    assert_eq!(world.delete(&token, &id).await.snapshot(), "204 ");
    assert_eq!(world.delete(&token, &id).await.outcome(), "404 Authenticator not found");
    let kinds =
        |list: Vec<(String, String, bool)>| list.into_iter().map(|(kind, ..)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(listed(&world, USER).await), ["otp", "recovery-code"], "one is left, so the code stays");
    let login = world.log_in(USER).await;
    let next = world.recovery(&login.mfa_token, &recovery_code).await.text("recovery_code");

    let otp_id = world.id_of_type(USER, "otp").await;
    assert_eq!(world.delete(&token, &otp_id).await.status, 204);
    assert_eq!(world.authenticators(USER).await, (0, 0));
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
    let login = world.log_in(USER).await;
    assert_eq!(
        world.recovery(&login.mfa_token, &next).await.outcome(),
        "403 User does not have a recovery-code."
    );
    assert_eq!(world.associate_email(&login.mfa_token, None).await.status, 200);
}

/// SEC-27: a token of the first factor alone removes its own pending authenticator, not another login's.
#[tokio::test]
async fn a_password_alone_removes_only_what_its_own_login_began() {
    let world = World::new().await;
    let owner = world.log_in(USER).await;
    let associated = world.associate_email(&owner.mfa_token, None).await;
    let code = world.code(USER);
    let owners = listed(&world, USER).await[0].1.clone();
    let thief = world.first_access_token(USER, MFA_SCOPES).await;
    assert_eq!(world.delete(&thief, &owners).await.status, 403);
    world.associate_otp(&thief).await;
    let own = listed(&world, USER).await.into_iter().find(|(kind, ..)| kind == "otp").unwrap().1;
    assert_eq!(world.delete(&thief, &own).await.status, 204);
    assert_eq!(world.oob(&owner.mfa_token, &associated.text("oob_code"), &code).await.status, 200);
}

/// Contract A3: the recovery code is listed but cannot be removed or challenged.
#[tokio::test]
async fn the_recovery_code_is_neither_removed_nor_challenged() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let recovery = world.id_of_type(USER, "recovery-code").await;
    assert_eq!(world.delete(&token, &recovery).await.status, 400);
    let login = world.log_in(USER).await;
    assert_eq!(world.challenge(&login.mfa_token, "oob", &recovery).await.status, 401);
}

/// A challenge of an authenticator that is removed meanwhile is void with it.
#[tokio::test]
async fn a_removed_authenticators_code_is_void() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
    let code = world.code(USER);
    let token = world.mfa_access_token(USER, &id).await;
    assert_eq!(world.delete(&token, &id).await.status, 204);
    let reply = world.oob(&login.mfa_token, &challenge.text("oob_code"), &code).await;
    assert_eq!(reply.outcome(), "403 Invalid binding_code.");
}

/// Contract A3: the verified address is listed, can be challenged, counts as enrolled, and cannot be deleted.
#[tokio::test]
async fn a_verified_address_is_an_authenticator_by_itself() {
    let world = World::new().await;
    let login = world.log_in(VERIFIED).await;
    let list = world.list(&login.mfa_token).await.json();
    let id = list[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&list[0]["active"], &list[0]["type"], &list[1]),
        (&Value::Bool(true), &"email".into(), &Value::Null)
    );
    assert_eq!(implicit_id(&world).await, id, "the id is stable");
    for reply in [
        world.associate_email(&login.mfa_token, Some("thief@evil.example")).await,
        world.associate_otp(&login.mfa_token).await,
    ] {
        assert_eq!(reply.outcome(), "403 User is already enrolled.");
    }
    let audience = format!("{}mfa/", world.issuer());
    assert_eq!(
        world.password_for(VERIFIED, "pwd", &audience, MFA_SCOPES).await.text("error"),
        "mfa_required"
    );
    let token = world.mfa_access_token(VERIFIED, &id).await;
    assert_snapshot!(world.delete(&token, &id).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"This authenticator is the user's verified email address and cannot be deleted while the email factor is enabled"}"#);
    assert_eq!(world.mails("thief@evil.example"), 0);
}

/// Design §5: a thief of the password who began an enrolment before the address was verified cannot confirm it.
#[tokio::test]
async fn verifying_the_address_closes_enrolment_by_password() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_email(&login.mfa_token, Some("thief@evil.example")).await;
    let mut profile = world.user_item(USER, "PROFILE").await.unwrap();
    profile.insert("email_verified".into(), AttributeValue::Bool(true));
    world.overwrite(profile).await;
    let code = world.code("thief@evil.example");
    let reply = world.oob(&login.mfa_token, &associated.text("oob_code"), &code).await;
    assert_eq!(reply.outcome(), "403 User is already enrolled.");
}

/// Design §5: an explicit authenticator of the same address takes the implicit one's place, and gives it back.
#[tokio::test]
async fn an_explicit_authenticator_replaces_the_implicit_one() {
    let world = World::new().await;
    let implicit = implicit_id(&world).await;
    let token = world.mfa_access_token(VERIFIED, &implicit).await;
    let associated = world.associate_email(&token, Some("Verified@Example.com")).await;
    assert!(associated.json().get("recovery_codes").is_none());
    assert_eq!(world.oob(&token, &associated.text("oob_code"), &world.code(VERIFIED)).await.status, 200);
    let list = listed(&world, VERIFIED).await;
    let [(kind, explicit, true)] = list.as_slice() else { panic!("{list:?}") };
    assert_eq!(kind, "email");
    assert_ne!(*explicit, implicit);
    let login = world.log_in(VERIFIED).await;
    assert_eq!(world.challenge(&login.mfa_token, "oob", &implicit).await.status, 404);
    assert_eq!(world.delete(&token, explicit).await.status, 204);
    assert_eq!(implicit_id(&world).await, implicit);
    assert_eq!(world.authenticators(VERIFIED).await, (0, 0));
}

/// Design §5: enrolled by the address only while the email factor is on.
#[tokio::test]
async fn the_implicit_authenticator_goes_with_the_email_factor() {
    let world = World::new().await;
    world.set_factor("email", false).await;
    let login = world.log_in(VERIFIED).await;
    assert_eq!(world.list(&login.mfa_token).await.body, "[]");
    let app = world.associate_otp(&login.mfa_token).await;
    assert_eq!(app.status, 200);
    world.set_factor("email", true).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    let reply = world.otp(&login.mfa_token, &world.app_code(&secret, 0)).await;
    assert_eq!(reply.outcome(), "403 User is already enrolled.", "the gate is asked again at confirmation");
}

/// Design §5: a change of address voids the implicit authenticator's challenges.
#[tokio::test]
async fn a_change_of_address_voids_implicit_challenges() {
    for (attribute, value) in [
        ("email", AttributeValue::S("new@example.com".into())),
        ("email_verified", AttributeValue::Bool(false)),
    ] {
        let world = World::new().await;
        let login = world.log_in(VERIFIED).await;
        let challenge = world.challenge(&login.mfa_token, "oob", &implicit_id(&world).await).await;
        let code = world.code(VERIFIED);
        let mut profile = world.user_item(VERIFIED, "PROFILE").await.unwrap();
        profile.insert(attribute.into(), value);
        world.overwrite(profile).await;
        let reply = world.oob(&login.mfa_token, &challenge.text("oob_code"), &code).await;
        assert_eq!(reply.outcome(), "403 Invalid binding_code.");
    }
}

/// SEC-42: tokens issued before the user's `tokens_valid_after`, and a blocked user's, are refused everywhere.
#[tokio::test]
async fn tokens_from_before_a_reset_are_refused() {
    let changes = [
        ("tokens_valid_after", AttributeValue::N((crate::support::START.0 + 1).to_string())),
        ("blocked", AttributeValue::Bool(true)),
    ];
    for (attribute, value) in changes {
        let world = World::new().await;
        let (id, recovery_code) = world.enrol_email(USER).await;
        let jwt = world.mfa_access_token(USER, &id).await;
        let login = world.log_in(USER).await;
        let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
        let code = world.code(USER);
        let mut profile = world.user_item(USER, "PROFILE").await.unwrap();
        profile.insert(attribute.into(), value);
        world.overwrite(profile).await;
        let (token, malformed) = (&login.mfa_token, "403 Malformed mfa_token");
        assert_eq!(world.oob(token, &challenge.text("oob_code"), &code).await.outcome(), malformed);
        assert_eq!(world.recovery(token, &recovery_code).await.outcome(), malformed);
        assert_eq!(world.challenge(token, "oob", &id).await.outcome(), malformed);
        for bearer in [token, &jwt] {
            assert_eq!(world.list(bearer).await.status, 401);
            assert_eq!(world.associate_otp(bearer).await.status, 401);
        }
        assert_eq!(world.delete(&jwt, &id).await.status, 401);
        assert!(world.stored().await.contains_key(&(user_pk(USER), format!("AUTHENTICATOR#{id}"))));
    }
}
