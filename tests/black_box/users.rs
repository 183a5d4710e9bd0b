//! `/api/v2/users` and `/api/v2/users-by-email`: users are made, read, changed and deleted (contract §6).

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, PASSWORD, Reply, USERS, World, at_once, count_of, new_user, text_of, user_path};

const ADDRESS: &str = "ada@example.com";
const VERIFIED: &str = "verified@example.com";

/// The reply with the random id named.
fn shown(reply: &Reply) -> String {
    let id = reply.text("user_id");
    let name = id.strip_prefix("auth0|").unwrap().to_owned();
    assert!(name.len() == 24 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    reply.snapshot().replace(&name, "[id]")
}

async fn by_email(world: &World, query: &str) -> Reply {
    world.manage("GET", &format!("/api/v2/users-by-email?{query}"), None).await
}

/// §6: from nothing to nothing, as an operator goes; names default as Auth0's do.
#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let created = world.manage("POST", USERS, Some(&new_user("Ada@Example.com"))).await;
    assert_snapshot!(shown(&created), @r#"201 {"created_at":"2030-03-17T17:47:00.000Z","email":"ada@example.com","email_verified":false,"identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"[id]"}],"name":"ada@example.com","nickname":"ada","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|[id]"}"#);
    assert_eq!(created.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    let path = user_path(&created.text("user_id"));
    assert_eq!(world.manage("GET", &path, None).await.body, created.body);
    assert_eq!(by_email(&world, "email=ADA%40example.com").await.body, format!("[{}]", created.body));
    assert_eq!(world.password(ADDRESS, PASSWORD).await.text("error"), "mfa_required");

    world.clock.advance(61);
    let change =
        json!({ "given_name": "Ada", "picture": "https://example.com/a.png", "email_verified": true });
    let changed = world.manage("PATCH", &path, Some(&change)).await;
    assert_snapshot!(shown(&changed), @r#"200 {"created_at":"2030-03-17T17:47:00.000Z","email":"ada@example.com","email_verified":true,"given_name":"Ada","identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"[id]"}],"name":"ada@example.com","nickname":"ada","picture":"https://example.com/a.png","updated_at":"2030-03-17T17:48:01.000Z","user_id":"auth0|[id]"}"#);
    assert_eq!(world.manage("GET", &path, None).await.body, changed.body);

    let deleted = world.manage("DELETE", &path, None).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_snapshot!(world.manage("GET", &path, None).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#);
    assert_eq!(by_email(&world, "email=ada%40example.com").await.snapshot(), "200 []");
    assert_eq!(world.password(ADDRESS, PASSWORD).await.outcome(), "403 Wrong email or password.");
}

/// Everything a user can be made with, and what null takes away again.
#[tokio::test]
async fn every_property_is_kept() {
    let world = World::new().await;
    let mut body = new_user(ADDRESS);
    let more = json!({
        "user_id": "ada", "email_verified": true, "blocked": true, "name": "Ada Lovelace", "nickname": "ada l",
        "given_name": "Ada", "family_name": "Lovelace", "picture": "http://example.com/",
        "user_metadata": { "lang": "de", "n": [1, 0.5, { "x": null }] }, "verify_email": false,
        "app_metadata": { "plan": "gold", "roles": ["admin"] },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let created = world.manage("POST", USERS, Some(&body)).await;
    assert_snapshot!(created.snapshot(), @r#"201 {"app_metadata":{"plan":"gold","roles":["admin"]},"blocked":true,"created_at":"2030-03-17T17:47:00.000Z","email":"ada@example.com","email_verified":true,"family_name":"Lovelace","given_name":"Ada","identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"ada"}],"name":"Ada Lovelace","nickname":"ada l","picture":"http://example.com/","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|ada","user_metadata":{"lang":"de","n":[1,0.5,{"x":null}]}}"#);
    assert_eq!(world.password(ADDRESS, PASSWORD).await.outcome(), "403 user is blocked");
    let cleared = json!({
        "blocked": false, "email_verified": false, "name": null, "nickname": null, "given_name": null,
        "family_name": null, "picture": null, "user_metadata": null, "app_metadata": null,
    });
    let changed = world.manage("PATCH", &user_path("auth0|ada"), Some(&cleared)).await;
    assert_snapshot!(changed.snapshot(), @r#"200 {"created_at":"2030-03-17T17:47:00.000Z","email":"ada@example.com","email_verified":false,"identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"ada"}],"name":"ada@example.com","nickname":"ada","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|ada"}"#);
    assert_eq!(world.password(ADDRESS, PASSWORD).await.text("error"), "mfa_required");
}

/// §6: `user_metadata` is merged on its first level; null takes a member away, an empty object all of them.
#[tokio::test]
async fn metadata_is_merged() {
    let world = World::new().await;
    let path = user_path(&world.make_user(&new_user(ADDRESS)).await);
    for kind in ["user_metadata", "app_metadata"] {
        let other = world.manage("GET", &path, None).await.json();
        let after = async |metadata: Value| {
            let reply = world.manage("PATCH", &path, Some(&json!({ kind: metadata }))).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            reply.json()[kind].clone()
        };
        assert_eq!(after(json!({ "a": { "x": 0.1 }, "b": 2 })).await, json!({ "a": { "x": 0.1 }, "b": 2 }));
        assert_eq!(
            after(json!({ "a": { "y": 2 }, "c": 3 })).await,
            json!({ "a": { "y": 2 }, "b": 2, "c": 3 })
        );
        assert_eq!(after(json!({ "b": null })).await, json!({ "a": { "y": 2 }, "c": 3 }));
        assert_eq!(after(json!({})).await, json!(null));
        assert_eq!(world.manage("GET", &path, None).await.json(), other, "each by itself");
    }
    let both = json!({ "user_metadata": { "a": 1 }, "app_metadata": { "a": 2 } });
    let both = world.manage("PATCH", &path, Some(&both)).await.json();
    assert_eq!((&both["user_metadata"], &both["app_metadata"]), (&json!({ "a": 1 }), &json!({ "a": 2 })));
    let half = json!({ "user_metadata": { "x": "x".repeat(2_100) } });
    assert_eq!(world.manage("PATCH", &path, Some(&half)).await.status, 200);
    let other_half = json!({ "user_metadata": { "y": "y".repeat(2_100) } });
    let too_long = world.manage("PATCH", &path, Some(&other_half)).await;
    assert_snapshot!(too_long.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object is too long or too deep, has a nameless member or a number out of range, maximum 4096 bytes' on property user_metadata.","errorCode":"invalid_body"}"#);
}

/// §6: `fields` names what is shown, or with `include_fields` false what is not.
#[tokio::test]
async fn fields_are_chosen() {
    let world = World::new().await;
    let mut body = new_user(ADDRESS);
    body["user_id"] = json!("ada");
    world.make_user(&body).await;
    let path = user_path("auth0|ada");
    let get = async |query: &str| world.manage("GET", &format!("{path}?{query}"), None).await.snapshot();
    assert_snapshot!(get("fields=email,%20nickname,nothing").await, @r#"200 {"email":"ada@example.com","nickname":"ada"}"#);
    assert_snapshot!(get("fields=email&include_fields=true").await, @r#"200 {"email":"ada@example.com"}"#);
    assert_snapshot!(get("fields=email,identities,created_at,updated_at&include_fields=false").await, @r#"200 {"email_verified":false,"name":"ada@example.com","nickname":"ada","user_id":"auth0|ada"}"#);
    assert_snapshot!(get("fields=nothing").await, @"200 {}");
    assert_eq!(get("fields=&include_fields=false&other=1").await, get("").await);
    assert_snapshot!(by_email(&world, "email=ada@example.com&fields=user_id").await.snapshot(), @r#"200 [{"user_id":"auth0|ada"}]"#);
    assert_snapshot!(get("include_fields=1").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Expected type boolean' on property include_fields.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(get("fields=a&fields=b").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: A parameter is repeated, or is not valid UTF-8","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(by_email(&world, "email=ada").await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Object didn't pass validation for format email' on property email.","errorCode":"invalid_query_string"}"#);
    assert_eq!(by_email(&world, "").await.status, 400);
}

/// A user of the twin's file has more than one login, and is one user.
#[tokio::test]
async fn a_user_with_several_logins_is_found_once() {
    let world = World::new().await;
    let found = by_email(&world, &format!("email={VERIFIED}&fields=email,identities")).await;
    let text = found.snapshot();
    let id = found.json()[0]["identities"][0]["user_id"].as_str().unwrap().to_owned();
    assert_snapshot!(text.replace(&id, "[id]"), @r#"200 [{"email":"verified@example.com","identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"[id]"},{"connection":"email","isSocial":false,"provider":"email","user_id":"[id]"}]}]"#);
}

/// §6, design §3: an address belongs to one user, however many ask for it at once and however it is spelled; of the
/// others nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_64_times_at_once_makes_one_user() {
    let world = Arc::new(World::new().await);
    let token = world.management_token().await;
    let before = world.stored().await;
    let replies = at_once(64, |number| {
        let (world, token) = (Arc::clone(&world), token.clone());
        let address = if number % 2 == 0 { ADDRESS.to_owned() } else { ADDRESS.to_uppercase() };
        async move { world.bearer("POST", USERS, &token, Body::json(&new_user(&address))).await }
    })
    .await;
    assert_eq!(count_of(&replies, 201), 1);
    for reply in replies.iter().filter(|reply| reply.status == 409) {
        assert_eq!(
            reply.snapshot(),
            r#"409 {"statusCode":409,"error":"Conflict","message":"The user already exists.","errorCode":"auth0_idp_error"}"#
        );
    }
    // Whoever kept colliding is asked to come again.
    assert_eq!(count_of(&replies, 409) + count_of(&replies, 429), 63);
    let made = replies.iter().find(|reply| reply.status == 201).unwrap().text("user_id");
    let mut left = world.stored().await;
    left.retain(|key, _| !before.contains_key(key));
    let login = ("LOGIN#Username-Password-Authentication#ada@example.com".to_owned(), "LOGIN".to_owned());
    assert_eq!(text_of(&left[&login], "user_id"), made);
    assert_eq!(left.into_keys().collect::<Vec<_>>(), [login, (format!("USER#{made}"), "PROFILE".into())]);
}

/// §6: a chosen id is taken once as well, and then the address is not taken either.
#[tokio::test]
async fn an_id_is_taken_once() {
    let world = World::new().await;
    let with_id = |email: &str| {
        let mut body = new_user(email);
        body["user_id"] = json!("ada");
        body
    };
    world.make_user(&with_id(ADDRESS)).await;
    let before = world.stored().await;
    let conflict = world.manage("POST", USERS, Some(&with_id("other@example.com"))).await;
    assert_eq!((conflict.status, conflict.text("errorCode")), (409, "auth0_idp_error".to_owned()));
    assert!(world.stored().await == before, "nothing is half made");
    world.make_user(&new_user("other@example.com")).await;
}

/// A change of address moves every login that has it, in one step: the old one is free, the new one taken.
#[tokio::test]
async fn an_address_moves_with_its_logins() {
    let world = World::with_passwordless().await;
    let id = by_email(&world, &format!("email={VERIFIED}")).await.json()[0]["user_id"].clone();
    let path = user_path(id.as_str().unwrap());
    let taken =
        world.manage("PATCH", &path, Some(&json!({ "email": "user@example.com", "name": "x" }))).await;
    assert_eq!((taken.status, taken.text("errorCode")), (409, "auth0_idp_error".to_owned()));
    assert_eq!(world.manage("GET", &path, None).await.text("name"), "Verified Demo User", "all or nothing");

    let moved = world.manage("PATCH", &path, Some(&json!({ "email": "New@Example.com" }))).await;
    let moved = moved.json();
    assert_eq!((&moved["email"], &moved["email_verified"]), (&json!("new@example.com"), &json!(false)));
    assert_eq!(world.password("new@example.com", "pwd").await.text("error"), "mfa_required");
    assert_eq!(world.password(VERIFIED, "pwd").await.outcome(), "403 Wrong email or password.");
    world.start_email("new@example.com").await;
    let by_code = world.passwordless("email", "new@example.com", &world.code("new@example.com")).await;
    assert_eq!(by_code.text("error"), "mfa_required", "the login by code moved, too");
    assert_eq!(by_email(&world, &format!("email={VERIFIED}")).await.snapshot(), "200 []");
    world.make_user(&new_user(VERIFIED)).await;
    let same = world.manage("PATCH", &path, Some(&json!({ "email": "new@example.com" }))).await;
    assert_eq!(same.status, 200, "its own address is nobody else's");
    let back = json!({ "email": "third@example.com", "email_verified": true });
    assert_eq!(world.manage("PATCH", &path, Some(&back)).await.json()["email_verified"], true);
}
