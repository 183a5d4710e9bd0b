//! What must not be readable: in the table (SEC-2, SEC-4, SEC-5, I5), and before the first factor (SEC-35).

use aws_sdk_dynamodb::types::AttributeValue;
use postern::rules::totp::TotpSecret;

use crate::support::{Body, Item, Reply, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

/// Every scalar of an item, keys of maps included, as text.
fn texts(value: &AttributeValue, found: &mut Vec<String>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => found.push(text.clone()),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => found.extend(texts.iter().cloned()),
        AttributeValue::B(bytes) => found.push(String::from_utf8_lossy(bytes.as_ref()).into_owned()),
        AttributeValue::L(values) => values.iter().for_each(|value| texts(value, found)),
        AttributeValue::M(map) => map.iter().for_each(|(name, value)| {
            found.push(name.clone());
            texts(value, found);
        }),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => {}
        other => panic!("a type the test does not read: {other:?}"),
    }
}

async fn everything(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let whole = |item: &Item| AttributeValue::M(item.clone());
    world.stored().await.values().for_each(|item| texts(&whole(item), &mut found));
    found
}

/// A code stands by itself wherever it stands; six digits in the middle of a MAC or of a time are no code.
fn holds_code(text: &str, code: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code)
}

async fn assert_not_stored(world: &World, codes: &[String], secrets: &[String]) {
    let table = everything(world).await;
    assert!(table.len() > 50);
    for text in &table {
        for code in codes {
            assert!(!holds_code(text, code), "a code is stored");
        }
        for secret in secrets {
            assert!(secret.len() >= 3 && !text.contains(secret.as_str()), "a secret is stored");
        }
    }
}

/// The forms in which bytes are commonly written.
fn forms(secret: &TotpSecret) -> Vec<String> {
    use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    let encodings = [BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER];
    encodings.iter().map(|encoding| encoding.encode(secret.as_bytes())).collect()
}

/// SEC-2, SEC-4, SEC-5, I5: after every step of every flow the table holds no code, no secret, no token.
#[tokio::test]
async fn the_table_holds_no_secret() {
    let world = World::new().await;
    let mut codes = Vec::new();
    let mut secrets: Vec<String> = ["demo-secret", "demo-management-secret"].map(String::from).into();

    let login = world.log_in(USER).await;
    let associated = world.associate_email(&login.mfa_token, None).await;
    codes.push(world.code(USER));
    let shown = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    secrets.extend([login.mfa_token.clone(), associated.text("oob_code"), shown.clone()]);
    assert_not_stored(&world, &codes, &secrets).await;
    let tokens = world.oob(&login.mfa_token, &associated.text("oob_code"), &codes[0]).await;
    secrets.extend([tokens.text("access_token"), tokens.text("id_token")]);
    assert_not_stored(&world, &codes, &secrets).await;

    let id = world.id_of_type(USER, "email").await;
    let token = world.mfa_access_token(USER, &id).await;
    let app = world.associate_otp(&token).await;
    let secret = TotpSecret::from_base32(&app.text("secret")).unwrap();
    secrets.extend(forms(&secret));
    secrets.push(token.clone());
    codes.push(world.code(USER));
    assert_not_stored(&world, &codes, &secrets).await;
    codes.push(world.app_code(&secret, 0));
    assert_eq!(world.otp(&token, codes.last().unwrap()).await.status, 200);
    assert_not_stored(&world, &codes, &secrets).await;

    let login = world.log_in(USER).await;
    let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
    codes.push(world.code(USER));
    secrets.extend([login.mfa_token.clone(), challenge.text("oob_code")]);
    assert_not_stored(&world, &codes, &secrets).await;
    let wrong = World::wrong(codes.last().unwrap());
    world.oob(&login.mfa_token, &challenge.text("oob_code"), &wrong).await;
    codes.push(wrong);
    let recovered = world.recovery(&login.mfa_token, &shown).await;
    secrets.extend([
        recovered.text("recovery_code"),
        recovered.text("access_token"),
        world.management_token().await,
    ]);
    assert_not_stored(&world, &codes, &secrets).await;
}

/// No password is in the table but as an Argon2id hash, and no wrong one at all.
#[tokio::test]
async fn passwords_are_stored_as_hashes() {
    let world = World::new().await;
    let typed = "a wrong passphrase, as typed";
    world.password(USER, typed).await;
    world.password("nobody@example.com", typed).await;
    let table = everything(&world).await;
    assert!(!table.iter().any(|text| text == "pwd" || text.contains(typed)));
    let hashes: Vec<_> =
        table.iter().filter(|text| text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")).collect();
    assert_eq!(hashes.len(), 2);
}

/// A destination's budget is kept under its MAC, and the list of pending authenticators holds no address.
#[tokio::test]
async fn limits_and_pending_lists_hold_no_address() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    world.associate_email(&login.mfa_token, Some("destination@example.com")).await;
    let table = world.stored().await;
    for ((pk, sk), item) in &table {
        let mut found = vec![pk.clone(), sk.clone()];
        item.iter()
            .filter(|(name, _)| *name != "destination")
            .for_each(|(_, value)| texts(value, &mut found));
        assert!(!found.iter().any(|text| text.contains("destination@")), "{sk}");
        assert!(!item.contains_key("destination") || sk.starts_with("AUTHENTICATOR#"), "{sk}");
    }
    assert!(table.keys().any(|(pk, _)| pk.starts_with("DESTINATION#")));
}

/// A refusal with what could tell one from another: status, body, headers but the date.
fn all_that_shows(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (reply.status, reply.body.clone(), headers)
}

/// The reply and what was asked of AWS for it: the same work.
async fn with_work(
    world: &World,
    path: &str,
    body: Body,
) -> ((u16, String, Vec<(String, String)>), Vec<String>) {
    world.forget_calls();
    let reply = world.post(path, body).await;
    let mut operations = world.operations();
    operations.sort();
    (all_that_shows(&reply), operations)
}

/// SEC-35: an unknown user, one that cannot be, and a wrong password are the same answer after the same calls.
#[tokio::test]
async fn unknown_users_look_like_wrong_passwords() {
    let world = World::new().await;
    for grant in ["password", "http://auth0.com/oauth/grant-type/password-realm"] {
        let form = |username: &str, realm: &str| {
            Body::form(&[
                ("grant_type", grant),
                ("username", username),
                ("password", "wrong"),
                ("realm", realm),
                ("audience", "https://someapi.com/api"),
                ("client_id", "demo-app"),
                ("client_secret", "demo-secret"),
            ])
        };
        let realm = "Username-Password-Authentication";
        let known = with_work(&world, "/oauth/token", form(USER, realm)).await;
        assert_eq!((known.0.0, known.1.len()), (403, 4), "{known:?}");
        let others = [
            "nobody@example.com",
            "no address at all",
            &"a".repeat(5_000),
            "a\u{0}b@example.com",
            "ü@exämple.com",
        ];
        for username in others {
            assert_eq!(with_work(&world, "/oauth/token", form(username, realm)).await, known, "{username:?}");
        }
        let elsewhere = with_work(&world, "/oauth/token", form(VERIFIED, "no-such-connection")).await;
        assert_eq!(elsewhere, known, "an unknown connection is an unknown user");
    }
}

/// SEC-35: an unknown client, one that cannot be, a wrong secret and none at all are the same answer after the same
/// calls, on every endpoint that asks for one.
#[tokio::test]
async fn unknown_clients_look_like_wrong_secrets() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let fields = |grant: &'static str| {
        vec![
            ("grant_type", grant),
            ("username", USER),
            ("password", "pwd"),
            ("audience", "https://someapi.com/api"),
            ("mfa_token", login.mfa_token.as_str()),
            ("otp", "123456"),
            ("recovery_code", "N3BGPZZWJ85JLCNPZBDW6QXC"),
            ("challenge_type", "oob"),
            ("authenticator_id", id.as_str()),
        ]
    };
    let rows = [
        ("/oauth/token", "password"),
        ("/oauth/token", "client_credentials"),
        ("/oauth/token", "http://auth0.com/oauth/grant-type/mfa-otp"),
        ("/oauth/token", "http://auth0.com/oauth/grant-type/mfa-recovery-code"),
        ("/oauth/token", "no-such-grant"),
        ("/mfa/challenge", ""),
    ];
    let long = "x".repeat(65);
    for (path, grant) in rows {
        let with = |client: &[(&'static str, &str)]| {
            let all: Vec<_> = fields(grant).into_iter().chain(client.iter().copied()).collect();
            Body::form(&all)
        };
        let wrong =
            with_work(&world, path, with(&[("client_id", "demo-app"), ("client_secret", "wrong")])).await;
        assert_eq!(
            (wrong.0.0, wrong.0.1.as_str()),
            (401, r#"{"error":"access_denied","error_description":"Unauthorized"}"#)
        );
        let none = with_work(&world, path, with(&[("client_id", "demo-app")])).await;
        assert_eq!(none, wrong, "{path} {grant}: a confidential client without its secret");
        for secret in [vec![], vec![("client_secret", "wrong")]] {
            let client: Vec<_> = [("client_id", "nobody")].into_iter().chain(secret).collect();
            let reply = with_work(&world, path, with(&client)).await;
            assert_eq!(reply.0, wrong.0, "{path} {grant}");
        }
        let impossible = with_work(&world, path, with(&[("client_id", &long), ("client_secret", "x")])).await;
        assert_eq!(impossible.0, wrong.0, "{path} {grant}: an id that cannot be one");
    }
}

/// A wrong code for an `oob_code` that has no challenge any more is told as a wrong code (settled position 5).
#[tokio::test]
async fn a_wrong_code_tells_nothing_of_the_challenge() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let old = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let new = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let wrong = World::wrong(&world.code(USER));
    let form = |oob_code: &str| {
        Body::form(&[
            ("grant_type", "http://auth0.com/oauth/grant-type/mfa-oob"),
            ("mfa_token", &login.mfa_token),
            ("oob_code", oob_code),
            ("binding_code", &wrong),
            ("client_id", "demo-app"),
            ("client_secret", "demo-secret"),
        ])
    };
    let known = with_work(&world, "/oauth/token", form(&new)).await;
    assert_eq!(with_work(&world, "/oauth/token", form(&old)).await, known);
}
