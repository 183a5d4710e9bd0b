//! `postern import auth0`: users move in with all that is theirs, and sign in as they did (contract §7 "MFA factors
//! import").

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;
use postern::rules::totp::TotpSecret;
use postern::token::password::{Password, hash};
use serde_json::{Value, json};

use crate::support::{
    Body, Moving, NUMBER, SECRET, World, bcrypt_of, gzip, new_user, number_of, row, text_of, user_path,
};

const ADA: &str = "ada@example.com";

async fn shown(world: &World, id: &str) -> String {
    world.manage("GET", &user_path(id), None).await.snapshot()
}

/// The three forms that Auth0 writes and reads.
#[tokio::test]
async fn users_of_every_form_move_in_and_sign_in() {
    let world = World::new().await;
    let argon2 = hash(&Password::new("pwd"), &world.twin.app.random).unwrap();
    let moving = Moving::of_rows(&[
        json!({
            "user_id": "auth0|ada", "email": "Ada@Example.com", "email_verified": true, "name": "Ada Lovelace",
            "nickname": "ada", "given_name": "Ada", "family_name": "Lovelace", "blocked": false,
            "picture": "https://example.com/a.png", "user_metadata": { "lang": "de" },
            "app_metadata": { "plan": "gold" }, "username": "ada", "last_ip": "192.0.2.1", "logins_count": 7,
            "created_at": "2019-01-10T21:58:59.123Z", "updated_at": "2020-01-10T21:58:59.123Z",
            "password_hash": bcrypt_of("pwd"),
            "identities": [{ "connection": "db", "provider": "auth0", "user_id": "ada", "isSocial": false }],
        }),
        json!({
            "_id": { "$oid": "60425dc43519d90068f82973" }, "email": "bob@example.com", "email_verified": false,
            "passwordHash": bcrypt_of("pwd"), "password_set_date": { "$date": "2021-03-05T16:34:44.502Z" },
            "tenant": "dev", "connection": "Username-Password-Authentication", "_tmp_is_unique": true,
        }),
        json!({
            "email": "cyd@example.com", "given_name": "", "app_metadata": {}, "name": null,
            "custom_password_hash": { "algorithm": "argon2", "hash": { "value": argon2, "encoding": "utf8" } },
        }),
        json!({
            "user_id": "dee", "email": "dee@example.com", "blocked": true,
            "custom_password_hash": { "algorithm": "bcrypt", "hash": { "value": bcrypt_of("pwd") } },
        }),
        json!({ "user_id": "auth0|eve", "email": "eve@example.com" }),
    ]);
    let summary = moving.done_into(&world).await;
    assert_snapshot!(summary, @"
    5 rows: 5 users moved in, 0 were there already, 0 refused.
    3 passwords are bcrypt's, until their users sign in.
    1 users have no password: they cannot sign in by one until it is set.
      left out of 1: username
    ");
    assert_eq!(moving.report(), "");
    assert_snapshot!(shown(&world, "auth0|ada").await, @r#"200 {"app_metadata":{"plan":"gold"},"created_at":"2019-01-10T21:58:59.000Z","email":"ada@example.com","email_verified":true,"family_name":"Lovelace","given_name":"Ada","identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"ada"}],"name":"Ada Lovelace","nickname":"ada","picture":"https://example.com/a.png","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|ada","user_metadata":{"lang":"de"}}"#);
    assert_snapshot!(shown(&world, "auth0|60425dc43519d90068f82973").await, @r#"200 {"created_at":"2030-03-17T17:47:00.000Z","email":"bob@example.com","email_verified":false,"identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"60425dc43519d90068f82973"}],"name":"bob@example.com","nickname":"bob","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|60425dc43519d90068f82973"}"#);
    for name in ["ada", "bob", "cyd"] {
        let address = format!("{name}@example.com");
        assert_eq!(world.password(&address, "pwd").await.text("error"), "mfa_required", "{name}");
        assert_eq!(world.password(&address, "wrong").await.outcome(), "403 Wrong email or password.");
    }
    assert_eq!(world.password("dee@example.com", "pwd").await.outcome(), "403 user is blocked");
    for password in ["", "pwd"] {
        let reply = world.password("eve@example.com", password).await;
        assert!(!reply.has_tokens() && reply.text("error") != "mfa_required", "{}", reply.body);
    }
}

/// Contract §7: each factor is there, counts, and is what the next sign-in asks for.
#[tokio::test]
async fn second_factors_come_along() {
    let world = World::with_phones(true).await;
    let mut ada = row("ada");
    // As other systems write it.
    let secret = format!("{} {}==", &SECRET[..8].to_lowercase(), &SECRET[8..]);
    ada["mfa_factors"] = json!([
        { "totp": { "secret": secret } }, { "phone": { "value": NUMBER } },
        { "email": { "value": "second@example.com" } },
    ]);
    let moving = Moving::of_rows(&[ada, row("bob")]);
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.imported, summary.factors), (2, 3));

    let login = world.log_in(ADA).await.mfa_token;
    let refused = world.associate_email(&login, None).await;
    assert_eq!(refused.outcome(), "403 User is already enrolled.");
    let table = world.stored().await;
    let user = |sk: &str| table.keys().filter(|(pk, key)| pk == "USER#auth0|ada" && key.contains(sk)).count();
    assert_eq!((user("totp|"), user("sms|"), user("voice|"), user("email|")), (1, 1, 1, 1));
    assert_eq!((user("RECOVERY"), user("")), (0, 5));
    let profile = &table[&("USER#auth0|ada".to_owned(), "PROFILE".to_owned())];
    assert_eq!(number_of(profile, "active_authenticators"), Some(4));
    assert!(text_of(profile, "listed_in").starts_with("USERS#"), "listed as any user is");
    for ((_, sk), item) in table.iter().filter(|((pk, sk), _)| pk == "USER#auth0|ada" && sk.contains('|')) {
        let device = sk.split_once('|').unwrap().1;
        assert_eq!(text_of(item, "listed_in"), format!("DEVICE#{device}"), "{sk}");
        assert!(!format!("{item:?}").contains(&SECRET[8..]), "SEC-4");
    }

    let code = world.app_code(&TotpSecret::from_base32(SECRET).unwrap(), 0);
    assert_eq!(world.otp(&login, &code).await.status, 200);
    for kind in ["sms", "voice"] {
        let login = world.log_in(ADA).await.mfa_token;
        let id = world.id_of_channel(ADA, kind).await;
        let challenge = world.challenge(&login, "oob", &id).await;
        let tokens = world.oob(&login, &challenge.text("oob_code"), &world.code(NUMBER)).await;
        assert_eq!(tokens.status, 200, "{kind}: {}", tokens.body);
    }
    let login = world.log_in(ADA).await.mfa_token;
    let id = world.id_of_channel(ADA, "email").await;
    let challenge = world.challenge(&login, "oob", &id).await;
    let code = world.code("second@example.com");
    assert_eq!(world.oob(&login, &challenge.text("oob_code"), &code).await.status, 200);
    assert!(world.notices(ADA).await.is_empty(), "nobody is told of a factor that is not new");
    world.log_in("bob@example.com").await;
}

/// Users of the connections without password, and those who have one linked.
#[tokio::test]
async fn users_without_password_move_in() {
    let world = World::new().await;
    world.passwordless_on().await;
    let by_sms = |number: &str| {
        let profile = json!({ "phone_number": number });
        json!({ "connection": "sms", "provider": "sms", "user_id": "x", "profileData": profile })
    };
    let moving = Moving::of_rows(&[
        json!({ "user_id": "email|5f", "email": ADA, "email_verified": true }),
        json!({ "user_id": "sms|5f", "phone_number": "+12065550176", "phone_verified": true }),
        json!({
            "user_id": "auth0|bob", "email": "bob@example.com", "phone_number": "+12065550177",
            "identities": [by_sms("+12065550177"), { "provider": "google-oauth2", "user_id": "1" }],
        }),
        json!({ "user_id": "auth0|cyd", "email": "cyd@example.com", "phone_number": "+12065550178" }),
        // Another's number must not open the account of the row.
        json!({
            "user_id": "auth0|dee", "email": "dee@example.com", "phone_number": "+12065550179",
            "identities": [by_sms("+12065550170")],
        }),
    ]);
    let summary = moving.done_into(&world).await;
    assert_snapshot!(summary, @"
    5 rows: 5 users moved in, 0 were there already, 0 refused.
    3 users have no password: they cannot sign in by one until it is set.
      left out of 2: identities
      left out of 2: phone_number
    ");
    assert_eq!(world.start_email(ADA).await.status, 200);
    let reply = world.passwordless("email", ADA, &world.code(ADA)).await;
    assert_eq!(reply.text("error"), "mfa_required", "{}", reply.body);
    for number in ["+12065550176", "+12065550177"] {
        assert_eq!(world.start_sms(number).await.status, 200);
        let reply = world.passwordless("sms", number, &world.code(number)).await;
        assert_eq!(reply.text("error"), "mfa_required", "{}", reply.body);
    }
}

/// A user whose second factors the export does not have is taken only when that is asked for: the password alone would
/// let in, and enrol.
#[tokio::test]
async fn lost_factors_are_not_lost_unnoticed() {
    let world = World::new().await;
    let mut row = row("ada");
    row["multifactor"] = json!(["guardian"]);
    let mut moving = Moving::of_rows(&[row]);
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.imported, summary.refused), (0, 1));
    moving.auth0.without_factors = true;
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.imported, summary.refused), (1, 0));
    assert!(summary.to_string().contains("left out of 1: multifactor"), "{summary}");
}

/// A JSON array, and gzip, whatever the names say.
#[tokio::test]
async fn arrays_and_gzip() {
    let world = World::new().await;
    let array = Value::from(vec![row("ada"), row("bob")]);
    let pretty = serde_json::to_string_pretty(&array).unwrap();
    for (name, bytes) in [("a.json", pretty.as_bytes().to_vec()), ("b.ndjson", gzip(&pretty))] {
        let moving = Moving::of_bytes(name, &bytes);
        assert_eq!(moving.import_to(&world).await.unwrap().rows, 2, "{name}");
    }
    world.clock.advance(1);
    let moving = Moving::of_bytes("c.gz", &gzip(&format!("{}\n{}\n", row("bob"), row("cyd"))));
    let summary = moving.import_to(&world).await.unwrap();
    assert_eq!((summary.imported, summary.known), (1, 1));
    world.log_in("cyd@example.com").await;
}

/// SEC-42: what the user who had the id before was issued stays ended, and the newcomer's tokens count.
#[tokio::test]
async fn an_id_that_was_another_users_begins_anew() {
    let world = World::new().await;
    world.without_mfa().await;
    let mut body = new_user("before@example.com");
    body["user_id"] = json!("ada");
    assert_eq!(world.make_user(&body).await, "auth0|ada");
    let before = world
        .password_for("before@example.com", crate::support::PASSWORD, "", "openid")
        .await
        .text("access_token");
    assert_eq!(world.manage("DELETE", &user_path("auth0|ada"), None).await.status, 204);
    let mut ada = row("ada");
    ada["mfa_factors"] = json!([{ "totp": { "secret": SECRET } }]);
    let summary = Moving::of_rows(&[row("bob"), ada, row("cyd")]).done_into(&world).await;
    assert_eq!((summary.imported, summary.refused), (3, 0));
    let table = world.stored().await;
    let sks: Vec<_> = table.keys().filter(|(pk, _)| pk == "USER#auth0|ada").map(|(_, sk)| sk).collect();
    assert_eq!(sks.len(), 2, "{sks:?}");
    assert_eq!(world.bearer("GET", "/userinfo", &before, Body::none()).await.status, 401);
    let now = world.password_for(ADA, "pwd", "", "openid").await.text("access_token");
    assert_eq!(world.bearer("GET", "/userinfo", &now, Body::none()).await.status, 200);
}

/// SEC-35: what sign-ins cost everybody is known as soon as the first such user is there, and never lowered.
#[tokio::test]
async fn the_cost_of_bcrypt_is_noted() {
    let world = World::new().await;
    let cost = async || {
        let path = "/api/v2/guardian/settings";
        world.manage("GET", path, None).await.json()["bcrypt_cost"].clone()
    };
    let mut ada = row("ada");
    ada.as_object_mut().unwrap().remove("password_hash");
    Moving::of_rows(&[ada]).done_into(&world).await;
    assert_eq!(cost().await, 0);
    Moving::of_rows(&[row("bob")]).done_into(&world).await;
    assert_eq!(cost().await, 4);
    world.configure(&[("bcrypt_cost", SettingValue::Number(6))]).await;
    Moving::of_rows(&[row("cyd")]).done_into(&world).await;
    assert_eq!(cost().await, 6);
    let unknown = world.password("nobody@example.com", "pwd").await;
    let wrong = world.password("bob@example.com", "wrong").await;
    assert_eq!((unknown.status, unknown.body), (wrong.status, wrong.body));
}
