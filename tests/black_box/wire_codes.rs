//! The three MFA grants of `POST /oauth/token`: every refusal of a code or a token, and every success (contract A3,
//! §1.2, §1.4).

use insta::assert_snapshot;

use crate::support::{MFA_SCOPES, OOB, OTP, RECOVERY, World, as_client, claims};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

/// A1 steps 3 and 6, §1.2: the success bodies of the three grants; the recovery grant shows the new code.
#[tokio::test]
async fn right_codes_are_answered_with_tokens() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_otp(&login.mfa_token).await;
    let secret = associated.text("secret");
    let secret = postern::rules::totp::TotpSecret::from_base32(&secret).unwrap();
    let reply = world.otp(&login.mfa_token, &world.app_code(&secret, 0)).await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_snapshot!(reply.told_caches(), @"application/json | no-store | no-cache");
    let shown = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let again = world.log_in(USER).await;
    let reply = world.recovery(&again.mfa_token, &shown).await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","recovery_code":"[recovery_code]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let next = reply.text("recovery_code");
    assert_eq!(next.len(), 24);
    assert!(next.bytes().all(|b| b"123456789ABCDEFGHJKLMNPQRSTUVWXYZ".contains(&b)));
    assert_ne!(next, shown);
    let old = world.recovery(&world.log_in(USER).await.mfa_token, &shown).await;
    assert_snapshot!(old.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"MFA Authorization rejected."}"#);
    let typed_by_hand = format!("{} {}", &next[..12].to_lowercase(), &next[12..]);
    let reply = world.recovery(&world.log_in(USER).await.mfa_token, &typed_by_hand).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// A3 "wrong code", "wrong recovery code", "a code of the wrong shape".
#[tokio::test]
async fn wrong_codes() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
    let oob_code = challenge.text("oob_code");
    let code = world.code(USER);
    let wrong = World::wrong(&code);
    for typed in
        [wrong.as_str(), "12345", "1234567", "12345a", " 123456", "+12345", "１２３４５６", "123\u{0}56"]
    {
        let reply = world.oob(&login.mfa_token, &oob_code, typed).await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Invalid binding_code."}"#
        );
        assert_eq!(reply.told_caches(), "application/json | no-store | no-cache");
    }
    for typed in ["N3BGPZZWJ85JLCNPZBDW6QXC", "x", "000000000000000000000000", &"A".repeat(3000)] {
        let reply = world.recovery(&login.mfa_token, typed).await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"MFA Authorization rejected."}"#
        );
    }
    assert_eq!(
        world.oob(&login.mfa_token, &oob_code, &code).await.status,
        200,
        "wrong codes did not consume it"
    );
}

/// A3 "wrong code" of an app.
#[tokio::test]
async fn wrong_codes_of_an_app() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    let login = world.log_in(USER).await;
    let code = world.app_code(&secret, 0);
    for typed in [World::wrong(&code).as_str(), "12345", "１２３４５６"] {
        let reply = world.otp(&login.mfa_token, typed).await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Invalid otp_code."}"#
        );
    }
    assert_eq!(world.otp(&login.mfa_token, &code).await.status, 200);
}

/// A3 "an `oob_code` that opens but has no challenge", "replaced by a newer challenge": as a wrong code.
#[tokio::test]
async fn codes_without_their_challenge_are_wrong_codes() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let first = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let first_code = world.code(USER);
    let second = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let reply = world.oob(&login.mfa_token, &first, &first_code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Invalid binding_code."}"#);
    let second_code = world.code(USER);
    assert!(world.delete_items("CHALLENGE#").await > 0);
    let reply = world.oob(&login.mfa_token, &second, &second_code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Invalid binding_code."}"#);
}

/// A3 "code already used": an `/mfa/` JWT is not used up, its challenge is.
#[tokio::test]
async fn a_code_already_used_is_a_wrong_code() {
    let world = World::new().await;
    let token = world.first_access_token(USER, MFA_SCOPES).await;
    let oob_code = world.associate_email(&token, None).await.text("oob_code");
    let code = world.code(USER);
    assert_eq!(world.oob(&token, &oob_code, &code).await.status, 200);
    let reply = world.oob(&token, &oob_code, &code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Invalid binding_code."}"#);
}

/// A3 "undecodable `oob_code` / `mfa_token`", `mfa_token` before `oob_code`; a token of one kind is none of the
/// other.
#[tokio::test]
async fn tokens_that_are_not_tokens() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
    let flipped = |token: &str| {
        let (head, last) = token.split_at(token.len() - 6);
        format!("{head}{}", last.chars().rev().map(|c| if c == 'A' { 'B' } else { 'A' }).collect::<String>())
    };
    let (kid, _) = oob_code.split_once('.').unwrap();
    let strangers = [
        "x".to_owned(),
        "Fe26.2*SERVER*a*b".to_owned(),
        format!("{kid}."),
        format!("{kid}.AAAA"),
        format!("{kid}.not base64!"),
        "unknown-kid.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        flipped(&login.mfa_token),
        format!("{}x", login.mfa_token),
        "t".repeat(9000),
        "é".to_owned(),
    ];
    for stranger in strangers.iter().map(String::as_str).chain([oob_code.as_str()]) {
        for reply in [
            world.oob(stranger, &oob_code, "123456").await,
            world.oob(stranger, "x", "123456").await,
            world.otp(stranger, "123456").await,
            world.recovery(stranger, "N3BGPZZWJ85JLCNPZBDW6QXC").await,
        ] {
            assert_eq!(
                reply.snapshot(),
                r#"403 {"error":"invalid_grant","error_description":"Malformed mfa_token"}"#
            );
        }
    }
    for stranger in strangers.iter().map(String::as_str).chain([login.mfa_token.as_str()]) {
        let reply = world.oob(&login.mfa_token, stranger, "123456").await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Malformed oob_code"}"#
        );
    }
}

/// A3 "expired `mfa_token`", "expired code", and among tokens: form, expiry, match.
#[tokio::test]
async fn expired_tokens_and_codes() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
    let code = world.code(USER);
    world.clock.advance(300);
    let reply = world.oob(&login.mfa_token, &oob_code, &code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"expired_token","error_description":"oob_code is expired"}"#);
    let other_login = world.log_in(USER).await;
    let reply = world.oob(&other_login.mfa_token, &oob_code, &code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"expired_token","error_description":"oob_code is expired"}"#);
    world.clock.advance(300);
    for reply in [
        world.oob(&login.mfa_token, &oob_code, &code).await,
        world.oob(&login.mfa_token, &oob_code, "no code").await,
        world.otp(&login.mfa_token, "123456").await,
        world.recovery(&login.mfa_token, "N3BGPZZWJ85JLCNPZBDW6QXC").await,
    ] {
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"expired_token","error_description":"mfa_token is expired"}"#
        );
    }
    let reply = world.oob(&login.mfa_token, "x", &code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Malformed oob_code"}"#);
    let spa = as_client(
        &[("client_id", "demo-spa")],
        &[("grant_type", OTP), ("mfa_token", &login.mfa_token), ("otp", "123456")],
    );
    let reply = world.post("/oauth/token", spa).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"expired_token","error_description":"mfa_token is expired"}"#);
}

/// A3 "`mfa_token` of another client; `oob_code` of another `mfa_token`".
#[tokio::test]
async fn tokens_that_do_not_belong_together() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
    let code = world.code(USER);
    let token = ("mfa_token", login.mfa_token.as_str());
    for request in [
        vec![("grant_type", OOB), token, ("oob_code", &oob_code), ("binding_code", &code)],
        vec![("grant_type", OTP), token, ("otp", "123456")],
        vec![("grant_type", RECOVERY), token, ("recovery_code", "N3BGPZZWJ85JLCNPZBDW6QXC")],
    ] {
        let reply = world.post("/oauth/token", as_client(&[("client_id", "demo-spa")], &request)).await;
        assert_eq!(
            reply.snapshot(),
            r#"400 {"error":"invalid_request","error_description":"mfa_token not issued to this client"}"#
        );
    }
    let other = world.log_in(USER).await;
    let reply = world.oob(&other.mfa_token, &oob_code, &code).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The oob_code doesn't match the mfa_token"}"#);
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.status, 200, "the right pair still works");
}

/// A3 "`mfa_token` already used to get tokens", at each grant, at `/mfa/challenge` and as the bearer.
#[tokio::test]
async fn an_mfa_token_is_good_for_tokens_once() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_email(&login.mfa_token, None).await;
    let (oob_code, code) = (associated.text("oob_code"), world.code(USER));
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.status, 200);
    let recovery_code = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    for reply in [
        world.oob(&login.mfa_token, &oob_code, &code).await,
        world.otp(&login.mfa_token, "123456").await,
        world.recovery(&login.mfa_token, &recovery_code).await,
        world.challenge(&login.mfa_token, "oob", "").await,
    ] {
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Malformed mfa_token"}"#
        );
    }
    for reply in [world.list(&login.mfa_token).await, world.associate_email(&login.mfa_token, None).await] {
        assert_eq!(
            reply.snapshot(),
            r#"401 {"error":"invalid_grant","error_description":"The mfa_token provided is invalid. Try getting a new token."}"#
        );
    }
}

/// A3 "a user already enrolled, … again at confirmation (somebody else confirmed first)".
#[tokio::test]
async fn whoever_confirms_second_is_told_that_the_user_is_enrolled() {
    let world = World::new().await;
    let (first, second) = (world.log_in(USER).await, world.log_in(USER).await);
    let theirs = world.associate_email(&first.mfa_token, Some("else@example.com")).await.text("oob_code");
    let mine = world.associate_email(&second.mfa_token, None).await.text("oob_code");
    assert_eq!(world.oob(&second.mfa_token, &mine, &world.code(USER)).await.status, 200);
    let reply = world.oob(&first.mfa_token, &theirs, &world.code("else@example.com")).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"access_denied","error_description":"User is already enrolled."}"#);
}

/// A3 "no active authenticator at all", "mfa-otp by an enrolled user without TOTP"; §1.4 no recovery code.
#[tokio::test]
async fn factors_a_user_does_not_have() {
    let world = World::new().await;
    let unenrolled = world.log_in(USER).await.mfa_token;
    let reply = world.otp(&unenrolled, "123456").await;
    assert_snapshot!(reply.snapshot(), @r#"401 {"error":"unsupported_challenge_type","error_description":"User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator."}"#);
    let enrolled = world.log_in(VERIFIED).await.mfa_token;
    let reply = world.otp(&enrolled, "123456").await;
    assert_snapshot!(reply.snapshot(), @r#"401 {"error":"unsupported_challenge_type","error_description":"User does not have any enrolled authenticator with the supported challenge type (otp)"}"#);
    for token in [unenrolled, enrolled] {
        let reply = world.recovery(&token, "N3BGPZZWJ85JLCNPZBDW6QXC").await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"unsupported_challenge_type","error_description":"User does not have a recovery-code."}"#
        );
    }
}

/// A3 "factor switched off", at the grants.
#[tokio::test]
async fn codes_of_a_factor_that_is_off() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
    world.set_factor("email", false).await;
    let reply = world.oob(&login.mfa_token, &oob_code, &world.code(USER)).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The email factor is not enabled"}"#);
    world.set_factor("email", true).await;
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &world.code(USER)).await.status, 200);
    world.set_factor("recovery-code", false).await;
    let login = world.log_in(USER).await;
    let reply = world.recovery(&login.mfa_token, "N3BGPZZWJ85JLCNPZBDW6QXC").await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The recovery-code factor is not enabled"}"#);
}

/// A3 "factor switched off", of an app.
#[tokio::test]
async fn codes_of_an_app_while_the_factor_is_off() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    world.set_factor("otp", false).await;
    let login = world.log_in(USER).await;
    let reply = world.otp(&login.mfa_token, &world.app_code(&secret, 0)).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The otp factor is not enabled"}"#);
}

/// A3 "an `/mfa/`-audience JWT in the `mfa_token` field": confirms an enrolment by mfa-oob and mfa-otp, with tokens
/// of its own audience and scope that do not outlive it (design §5); it is no login to be completed.
#[tokio::test]
async fn an_mfa_access_token_confirms_enrolments_only() {
    let world = World::new().await;
    let token = world.first_access_token(USER, "enroll").await;
    let oob_code = world.associate_email(&token, None).await.text("oob_code");
    world.clock.advance(100);
    let reply = world.oob(&token, &oob_code, &world.code(USER)).await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"enroll","expires_in":500,"token_type":"Bearer"}"#);
    let confirmed = reply.text("access_token");
    let content = claims(&world, &confirmed).await;
    assert_eq!(content["aud"], format!("{}mfa/", world.issuer()));
    assert_eq!(content["amr"], serde_json::json!(["mfa", "email"]));
    let associated = world.associate_otp(&confirmed).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&associated.text("secret")).unwrap();
    let reply = world.otp(&confirmed, &world.app_code(&secret, 0)).await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"enroll","expires_in":500,"token_type":"Bearer"}"#);
    world.clock.advance(30);
    let reply = world.recovery(&confirmed, "N3BGPZZWJ85JLCNPZBDW6QXC").await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Malformed mfa_token"}"#);
    let reply = world.otp(&confirmed, &world.app_code(&secret, 0)).await;
    assert_eq!(reply.status, 401, "an active app is no enrolment: {}", reply.body);
}
