//! Who may enrol, confirm and remove what (design §5, SEC-27, SEC-28, SEC-30).

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Body, MFA_SCOPES, Reply, World, claims, user_pk};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const THIEF: &str = "thief@evil.example";
const NOBODYS_ID: &str = "email|dev_AAAAAAAAAAAAAAAA";
const ENROLLED: &str = "403 User is already enrolled.";
const BEARER: &str = "401 The mfa_token provided is invalid. Try getting a new token.";
const MALFORMED: &str = "403 Malformed mfa_token";

/// What every endpoint of `/mfa/*` answers to a token: list, associate an address, associate an app, challenge,
/// delete.
async fn on_every_endpoint(world: &World, token: &str, id: &str) -> [String; 5] {
    let list = world.list(token).await;
    let email = world.associate_email(token, None).await;
    let otp = world.associate_otp(token).await;
    let challenge = world.challenge(token, "oob", id).await;
    let delete = world.delete(token, id).await;
    [list, email, otp, challenge, delete].map(|reply| reply.outcome())
}

fn fresh_mfa_needed(world: &World) -> String {
    format!(
        "403 This needs an access token issued after MFA within the last 10 minutes. Sign in with MFA for the audience {}mfa/, by a password or a refresh_token grant, to get one.",
        world.issuer()
    )
}

/// SEC-27, the matrix's first half: nobody is enrolled yet.
#[tokio::test]
async fn every_token_kind_on_every_endpoint_before_enrolment() {
    let world = World::new().await;
    let mfa_token = world.log_in(USER).await.mfa_token;
    let not_enrolled =
        "401 User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.";
    let answers = on_every_endpoint(&world, &mfa_token, NOBODYS_ID).await;
    assert_eq!(answers, ["200", "200", "200", not_enrolled, BEARER], "mfa_token");
    let jwt = world.first_access_token(USER, MFA_SCOPES).await;
    let answers = on_every_endpoint(&world, &jwt, NOBODYS_ID).await;
    assert_eq!(
        answers,
        ["200", "200", "200", MALFORMED, "404 Authenticator not found"],
        "JWT of the first factor"
    );
}

/// SEC-27, the matrix's second half: the user is enrolled.
#[tokio::test]
async fn every_token_kind_on_every_endpoint_after_enrolment() {
    let world = World::new().await;
    let first_factor = world.first_access_token(USER, MFA_SCOPES).await;
    let (id, _) = world.enrol_email(USER).await;
    let mfa_token = world.log_in(USER).await.mfa_token;
    let answers = on_every_endpoint(&world, &mfa_token, &id).await;
    assert_eq!(answers, ["200", ENROLLED, ENROLLED, "200", BEARER], "mfa_token");
    let needed = fresh_mfa_needed(&world);
    let answers = on_every_endpoint(&world, &first_factor, &id).await;
    assert_eq!(answers, ["200", &needed, &needed, MALFORMED, &needed], "JWT of the first factor");
    assert_eq!(world.authenticators(USER).await, (1, 0), "nothing was begun");
    let fresh = world.mfa_access_token(USER, &id).await;
    let answers = on_every_endpoint(&world, &fresh, &id).await;
    assert_eq!(answers, ["200", "200", "200", MALFORMED, "204"], "JWT of MFA");
}

/// SEC-27, SEC-26: tokens that are for something else open nothing here.
#[tokio::test]
async fn tokens_for_something_else_open_nothing() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let tokens = world.sign_in_by_email(USER, &id, "https://someapi.com/api", "openid read:sample").await;
    let management = world.management_token().await;
    let login = world.log_in(USER).await;
    let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    for token in [tokens.text("access_token"), tokens.text("id_token"), management, oob_code, "x.y.z".into()]
    {
        let answers = on_every_endpoint(&world, &token, &id).await;
        assert_eq!(answers, [BEARER, BEARER, BEARER, MALFORMED, BEARER]);
        assert_eq!(world.otp(&token, "123456").await.outcome(), MALFORMED);
        assert_eq!(world.recovery(&token, "N3BGPZZWJ85JLCNPZBDW6QXC").await.outcome(), MALFORMED);
    }
}

/// Contract A3: a JWT has each right by its own scope.
#[tokio::test]
async fn each_right_needs_its_scope() {
    let world = World::new().await;
    let audience = format!("{}mfa/", world.issuer());
    let (id, _) = world.enrol_email(USER).await;
    let rows = [
        ("enroll", ["403 read:authenticators", "200", "403 remove:authenticators"]),
        ("read:authenticators", ["200", "403 enroll", "403 remove:authenticators"]),
        ("remove:authenticators", ["403 read:authenticators", "403 enroll", "404"]),
    ];
    for (scope, expected) in rows {
        let token = world.sign_in_by_email(USER, &id, &audience, scope).await.text("access_token");
        let replies = [
            world.list(&token).await,
            world.associate_otp(&token).await,
            world.delete(&token, NOBODYS_ID).await,
        ];
        let shown = |reply: &Reply| {
            let wanted =
                reply.body.split("expected any of: ").nth(1).map(|text| text.trim_end_matches("\"}"));
            wanted.map_or(reply.status.to_string(), |scope| format!("{} {scope}", reply.status))
        };
        assert_eq!(replies.each_ref().map(shown), expected, "{scope}");
    }
}

/// SEC-27, SEC-30, design §5: a thief of the password who associates first and confirms last gets nothing, with
/// either token and either kind of authenticator; neither do the recovery code he was shown.
#[tokio::test]
async fn the_thief_who_associates_first_and_confirms_last_gets_nothing() {
    for with_jwt in [false, true] {
        let world = World::new().await;
        let token = if with_jwt {
            world.first_access_token(USER, MFA_SCOPES).await
        } else {
            world.log_in(USER).await.mfa_token
        };
        let email = world.associate_email(&token, Some(THIEF)).await;
        let app = world.associate_otp(&token).await;
        let (_, owners_code) = world.enrol_email(USER).await;
        let before = world.stored_without_limits().await;

        let by_email = world.oob(&token, &email.text("oob_code"), &world.code(THIEF)).await;
        assert_eq!(by_email.outcome(), ENROLLED, "JWT: {with_jwt}");
        let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
        let by_app = world.otp(&token, &world.app_code(&secret, 0)).await;
        assert_eq!(by_app.outcome(), ENROLLED, "JWT: {with_jwt}");
        assert_eq!(world.stored_without_limits().await, before, "nothing changed");

        for reply in [&email, &app] {
            let shown = reply.json()["recovery_codes"][0].as_str().unwrap().to_owned();
            let login = world.log_in(USER).await;
            assert_eq!(
                world.recovery(&login.mfa_token, &shown).await.outcome(),
                "403 MFA Authorization rejected."
            );
        }
        let login = world.log_in(USER).await;
        assert_eq!(world.recovery(&login.mfa_token, &owners_code).await.status, 200, "the owner's is good");
        assert_eq!(world.authenticators(USER).await.0, 1);
        world.clock.advance(600);
        let list = world.list(&world.log_in(USER).await.mfa_token).await.json();
        let kinds: Vec<_> =
            list.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["email", "recovery-code"], "what the thief began has expired");
    }
}

/// SEC-30, design §5: a pending authenticator is confirmed only with the token that created it.
#[tokio::test]
async fn another_login_of_the_same_user_confirms_nothing() {
    let world = World::new().await;
    let (first, second) = (world.log_in(USER).await, world.log_in(USER).await);
    let associated = world.associate_email(&first.mfa_token, None).await;
    let code = world.code(USER);
    let reply = world.oob(&second.mfa_token, &associated.text("oob_code"), &code).await;
    assert_eq!(reply.outcome(), "400 The oob_code doesn't match the mfa_token");
    let jwt = world.first_access_token(USER, MFA_SCOPES).await;
    let reply = world.oob(&jwt, &associated.text("oob_code"), &code).await;
    assert_eq!(reply.outcome(), "400 The oob_code doesn't match the mfa_token");
    let app = world.associate_otp(&first.mfa_token).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    let reply = world.otp(&second.mfa_token, &world.app_code(&secret, 0)).await;
    assert!(reply.outcome().starts_with("401 User is not enrolled."), "{}", reply.body);
    assert_eq!(world.authenticators(USER).await, (0, 2));
    assert_eq!(world.otp(&first.mfa_token, &world.app_code(&secret, 0)).await.status, 200);
}

/// SEC-30: an unconfirmed authenticator is listed as inactive, never challenged, and gone with its token.
#[tokio::test]
async fn a_pending_authenticator_is_not_one_yet() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    world.associate_email(&login.mfa_token, None).await;
    let list = world.list(&login.mfa_token).await.json();
    assert_eq!((list[0]["active"].clone(), list[1].clone()), (Value::Bool(false), Value::Null));
    let id = list[0]["id"].as_str().unwrap().to_owned();
    let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
    assert!(challenge.outcome().starts_with("401 User is not enrolled."), "{}", challenge.body);
    assert_eq!(
        world.password_for(USER, "pwd", &format!("{}mfa/", world.issuer()), "enroll").await.status,
        200
    );
    world.clock.advance(600);
    assert_eq!(world.list(&world.log_in(USER).await.mfa_token).await.body, "[]");
}

/// Design §5: at most five unexpired ones per user, over all logins, of one login or of many; the refusal says when
/// there is room again.
#[tokio::test]
async fn five_authenticators_may_wait() {
    let world = World::new().await;
    let mut logins = Vec::new();
    for number in 0..5 {
        let login = world.log_in(USER).await;
        assert_eq!(world.associate_email(&login.mfa_token, None).await.status, 200, "{number}");
        logins.push(login);
        world.clock.advance(10);
    }
    let sixth = world.log_in(USER).await;
    let reply = world.associate_email(&sixth.mfa_token, None).await;
    assert_snapshot!(reply.snapshot(), @r#"429 {"error":"too_many_attempts","error_description":"Too many unconfirmed authenticators. Wait for some minutes before retrying."}"#);
    assert_eq!(reply.header("retry-after"), Some("550"));
    assert_eq!(world.associate_otp(&sixth.mfa_token).await.status, 429, "of whatever kind");
    assert_eq!(
        world.associate_email(&world.first_access_token(USER, MFA_SCOPES).await, None).await.status,
        429
    );
    assert_eq!(world.mails(USER), 5, "nothing was sent");
    assert_eq!(
        world.associate_email(&logins[4].mfa_token, None).await.status,
        200,
        "a replacement takes no room"
    );
    assert_eq!(world.authenticators(USER).await, (0, 5));
    world.clock.advance(550);
    assert_eq!(world.associate_email(&sixth.mfa_token, None).await.status, 200, "the first has expired");
}

/// Design §5: one login that names many addresses meets the same cap.
#[tokio::test]
async fn one_login_cannot_pile_up_addresses() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    for number in 0..7 {
        let status =
            world.associate_email(&login.mfa_token, Some(&format!("a{number}@example.com"))).await.status;
        assert_eq!(status, if number < 5 { 200 } else { 429 });
    }
    assert_eq!(world.authenticators(USER).await, (0, 5));
}

/// Design §5: a newer association of the same login, channel and destination replaces the older one.
#[tokio::test]
async fn a_login_replaces_its_own_pending_authenticator() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let first = world.associate_email(&login.mfa_token, None).await;
    let first_code = world.code(USER);
    let elsewhere = world.associate_email(&login.mfa_token, Some("other@example.com")).await;
    let app = world.associate_otp(&login.mfa_token).await;
    assert_eq!(world.authenticators(USER).await, (0, 3), "other destinations and channels stand beside it");
    let second = world.associate_email(&login.mfa_token, None).await;
    assert_eq!(world.authenticators(USER).await, (0, 3));
    let old = world.oob(&login.mfa_token, &first.text("oob_code"), &first_code).await;
    assert_eq!(old.outcome(), "403 Invalid binding_code.");
    assert_eq!(world.associate_otp(&login.mfa_token).await.status, 200);
    assert_eq!(world.authenticators(USER).await, (0, 3), "an app is replaced as well");
    let old_secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    let old = world.otp(&login.mfa_token, &world.app_code(&old_secret, 0)).await;
    assert_eq!(old.outcome(), "403 Invalid otp_code.");
    let recovery_code = |reply: &Reply| reply.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let (shown_first, shown_second) = (recovery_code(&first), recovery_code(&second));
    assert_ne!(shown_first, shown_second, "each association shows a new one");
    assert_eq!(world.oob(&login.mfa_token, &second.text("oob_code"), &world.code(USER)).await.status, 200);
    for (shown, status) in [(shown_first, 403), (recovery_code(&elsewhere), 403), (shown_second, 200)] {
        let login = world.log_in(USER).await;
        assert_eq!(world.recovery(&login.mfa_token, &shown).await.status, status);
    }
}

/// Design §5, SEC-12: a thief who associates the same destination does not void the victim's association.
#[tokio::test]
async fn another_logins_pending_authenticator_stays() {
    let world = World::new().await;
    let victim = world.log_in(USER).await;
    let associated = world.associate_email(&victim.mfa_token, None).await;
    let code = world.code(USER);
    for _ in 0..3 {
        let thief = world.log_in(USER).await;
        assert_eq!(world.associate_email(&thief.mfa_token, None).await.status, 200);
    }
    assert_eq!(world.oob(&victim.mfa_token, &associated.text("oob_code"), &code).await.status, 200);
}

/// SEC-30: the recovery code shown at association is good only once that association is confirmed.
#[tokio::test]
async fn a_recovery_code_is_good_only_after_confirmation() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_email(&login.mfa_token, None).await;
    let shown = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    assert_eq!(shown.len(), 24);
    let early = world.recovery(&login.mfa_token, &shown).await;
    assert_snapshot!(early.snapshot(), @r#"403 {"error":"unsupported_challenge_type","error_description":"User does not have a recovery-code."}"#);
    assert_eq!(
        world.oob(&login.mfa_token, &associated.text("oob_code"), &world.code(USER)).await.status,
        200
    );
    let login = world.log_in(USER).await;
    let used = world.recovery(&login.mfa_token, &shown).await;
    assert_eq!(used.status, 200);
    let (login, new) = (world.log_in(USER).await, used.text("recovery_code"));
    assert_eq!(world.recovery(&login.mfa_token, &shown).await.outcome(), "403 MFA Authorization rejected.");
    assert_eq!(world.recovery(&login.mfa_token, &new).await.status, 200, "SEC-5: replaced on use");
}

/// Design §5: an authenticator counts as enrolled even while its factor is switched off.
#[tokio::test]
async fn switching_a_factor_off_does_not_open_enrolment() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.set_factor("email", false).await;
    let login = world.log_in(USER).await;
    assert_eq!(world.associate_otp(&login.mfa_token).await.outcome(), ENROLLED);
    let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
    assert_eq!(challenge.outcome(), "400 The email factor is not enabled");
    let audience = format!("{}mfa/", world.issuer());
    assert_eq!(world.password_for(USER, "pwd", &audience, "enroll").await.text("error"), "mfa_required");
}

/// Design §5: a JWT's confirmation answers tokens of its audience and scope that do not outlive it, and the JWT is
/// not spent by it.
#[tokio::test]
async fn confirming_with_a_jwt_answers_no_more_than_the_jwt_had() {
    let world = World::new().await;
    let audience = format!("{}mfa/", world.issuer());
    let reply = world.password_for(USER, "pwd", &audience, "enroll read:authenticators").await;
    let jwt = reply.text("access_token");
    let original = claims(&world, &jwt).await;
    world.clock.advance(250);
    let associated = world.associate_email(&jwt, None).await;
    let (oob_code, code) = (associated.text("oob_code"), world.code(USER));
    let tokens = world.oob(&jwt, &oob_code, &code).await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"enroll read:authenticators","expires_in":350,"token_type":"Bearer"}"#);
    let issued = claims(&world, &tokens.text("access_token")).await;
    for claim in ["aud", "sub", "azp", "exp", "scope"] {
        assert_eq!(issued[claim], original[claim], "{claim}");
    }
    assert_eq!(issued["amr"], serde_json::json!(["mfa", "email"]));
    assert!(original["amr"].is_null());
    assert_eq!(world.oob(&jwt, &oob_code, &code).await.outcome(), "403 Invalid binding_code.", "once");
    assert_eq!(world.list(&jwt).await.status, 200, "a JWT is never spent");
    assert_eq!(
        world.associate_otp(&jwt).await.outcome(),
        fresh_mfa_needed(&world),
        "it proves no MFA itself"
    );
    assert_eq!(world.associate_otp(&tokens.text("access_token")).await.status, 200, "the new one does");
}

/// Design §5: an access token confirms enrolments; it does not complete logins.
#[tokio::test]
async fn a_jwt_is_not_a_login() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    let login = world.log_in(USER).await;
    let audience = format!("{}mfa/", world.issuer());
    let required = world.password_for(USER, "pwd", &audience, MFA_SCOPES).await;
    let jwt = world.otp(&required.text("mfa_token"), &world.app_code(&secret, 0)).await.text("access_token");
    world.clock.advance(30);
    let code = world.app_code(&secret, 0);
    assert!(!world.otp(&jwt, &code).await.has_tokens());
    assert_eq!(world.otp(&login.mfa_token, &code).await.status, 200);
}

/// SEC-28: another user's authenticator is answered exactly as an unknown one, on every endpoint.
#[tokio::test]
async fn foreign_authenticators_are_unknown_ones() {
    let world = World::new().await;
    let (mine, _) = world.enrol_email(USER).await;
    let login = world.log_in(VERIFIED).await;
    let theirs = world.list(&login.mfa_token).await.json()[0]["id"].as_str().unwrap().to_owned();
    let token = world.mfa_access_token(VERIFIED, &theirs).await;
    let login = world.log_in(VERIFIED).await;
    for id in [mine.as_str(), NOBODYS_ID, "garbage", "email|dev_"] {
        let unknown =
            r#"404 {"error":"invalid_authenticator","error_description":"Authenticator not found"}"#;
        assert_eq!(world.delete(&token, id).await.snapshot(), unknown, "{id}");
        assert_eq!(world.challenge(&login.mfa_token, "oob", id).await.snapshot(), unknown, "{id}");
    }
    let owner = world.log_in(USER).await;
    let challenge = world.challenge(&owner.mfa_token, "oob", &mine).await;
    let reply = world.oob(&login.mfa_token, &challenge.text("oob_code"), &world.code(USER)).await;
    assert_eq!(reply.outcome(), "400 The oob_code doesn't match the mfa_token");
    let listed = world.list(&token).await;
    assert!(!listed.body.contains(&mine), "{}", listed.body);
    assert_eq!(world.authenticators(USER).await, (1, 0));
}

/// The client may be named at associate; then it must be the token's.
#[tokio::test]
async fn a_client_named_at_associate_must_be_the_tokens() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let body = serde_json::json!({ "authenticator_types": ["otp"], "client_id": "demo-spa" });
    let reply = world.bearer("POST", "/mfa/associate", &login.mfa_token, Body::json(&body)).await;
    assert_eq!(reply.outcome(), "400 mfa_token not issued to this client");
    assert!(!world.stored().await.keys().any(|(pk, sk)| *pk == user_pk(USER) && sk.starts_with("AUTH")));
}
