//! `GET` and `PATCH /api/v2/users/{id}/authentication-methods`, and `…/enrollments`: what a user enrolled, as operators
//! see it (contract §6).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{NUMBER, SECRET, World, path_of, without_devices};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

fn types(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|method| method["type"].as_str().unwrap()).collect()
}

/// §6: addresses and numbers are masked; the channels of a phone are one method; the recovery code is one.
#[tokio::test]
async fn what_a_user_enrolled_is_listed() {
    let world = World::with_phones(true).await;
    assert_eq!(world.methods(USER).await.snapshot(), "200 []");
    world.enrol_phone(USER, "voice", NUMBER).await;
    world.forget_calls();
    let listed = world.methods(USER).await;
    assert_eq!(world.round_trips(), 1);
    assert_eq!(listed.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    assert_snapshot!(without_devices(&listed), @r#"200 [{"id":"phone|dev_1","type":"phone","confirmed":true,"phone_number":"XXXXXXXXX5678","created_at":"2030-03-17T17:49:00.000Z","last_auth_at":"2030-03-17T17:49:00.000Z","preferred_authentication_method":"voice","authentication_methods":[{"id":"sms|dev_1","type":"sms"},{"id":"voice|dev_1","type":"voice"}]},{"id":"recovery-code|dev_2","type":"recovery-code","confirmed":true,"created_at":"2030-03-17T17:49:00.000Z"}]"#);
    world.clock.advance(60);
    let other = World::new().await;
    other.enrol_email(USER).await;
    assert_snapshot!(without_devices(&other.methods(USER).await), @r#"200 [{"id":"email|dev_1","type":"email","confirmed":true,"email":"****@exam*******","created_at":"2030-03-17T17:47:00.000Z","last_auth_at":"2030-03-17T17:47:00.000Z"},{"id":"recovery-code|dev_2","type":"recovery-code","confirmed":true,"created_at":"2030-03-17T17:47:00.000Z"}]"#);
}

/// §6: what is not confirmed is hidden, and so is what a verified address is by itself.
#[tokio::test]
async fn what_nobody_confirmed_is_not_listed() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_email(&login, None).await.status, 200);
    assert_eq!(world.associate_otp(&login).await.status, 200);
    assert_eq!(world.authenticators(USER).await, (0, 2));
    for username in [USER, VERIFIED] {
        assert_eq!(world.methods(username).await.snapshot(), "200 []");
        let enrollments = world.manage("GET", &path_of(username, "/enrollments"), None).await;
        assert_eq!(enrollments.snapshot(), "200 []");
    }
    let pending = world.id_of_type(USER, "email").await.replace('|', "%7C");
    let path = path_of(USER, &format!("/authentication-methods/{pending}"));
    for (method, body) in [("GET", None), ("PATCH", Some(json!({ "name": "x" }))), ("DELETE", None)] {
        let reply = world.manage(method, &path, body.as_ref()).await;
        assert_eq!(reply.status, 404, "{method}: {}", reply.body);
    }
    assert_eq!(world.authenticators(USER).await, (0, 2));
}

/// §6: with totals, as the SDKs ask, and in pages.
#[tokio::test]
async fn a_list_has_pages() {
    let world = World::new().await;
    for number in 0..3 {
        let body = json!({ "type": "email", "email": format!("mail{number}@example.com"), "name": number.to_string() });
        assert_eq!(world.give_method(USER, &body).await.status, 201);
        world.clock.advance(1);
    }
    let page = async |query: &str| {
        let path = path_of(USER, &format!("/authentication-methods?{query}"));
        let reply = world.manage("GET", &path, None).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        reply.json()
    };
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&page("").await), ["0", "1", "2"]);
    assert_eq!(names(&page("include_totals=false&per_page=2").await), ["0", "1"]);
    assert_eq!(names(&page("page=1&per_page=2").await), ["2"]);
    assert_eq!(names(&page("page=1000000&per_page=100").await), [""; 0]);
    let whole = page("include_totals=true").await;
    let where_it_stands =
        |list: &Value| [list["total"].clone(), list["start"].clone(), list["limit"].clone()];
    assert_eq!(names(&whole["authenticators"]), ["0", "1", "2"]);
    assert_eq!(where_it_stands(&whole), [json!(3), json!(0), json!(50)]);
    let second = page("include_totals=true&page=1&per_page=2").await;
    assert_eq!(names(&second["authenticators"]), ["2"]);
    assert_eq!(where_it_stands(&second), [json!(3), json!(2), json!(2)]);
    let none = page("include_totals=true&per_page=0").await;
    assert_eq!(
        (names(&none["authenticators"]).len(), where_it_stands(&none)),
        (0, [json!(3), json!(0), json!(0)])
    );
}

/// §6: queries that no list has.
#[tokio::test]
async fn pages_that_are_none() {
    let world = World::new().await;
    let refused = async |query: &str| {
        let path = path_of(USER, &format!("/authentication-methods?{query}"));
        world.manage("GET", &path, None).await.snapshot()
    };
    assert_snapshot!(refused("per_page=101").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Value is greater than maximum 100' on property per_page.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("page=-1").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Expected type integer' on property page.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("include_totals=1").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Expected type boolean' on property include_totals.","errorCode":"invalid_query_string"}"#);
    for query in
        ["page=1&page=1", "page=1.5", "per_page=x", "page=99999999999999999999", "page=%FF", "page=+1"]
    {
        assert!(refused(query).await.contains(r#""errorCode":"invalid_query_string""#), "{query}");
    }
}

/// §6: one of them, by its id or a channel's; the ids of others are of nobody (SEC-28).
#[tokio::test]
async fn one_method_is_read() {
    let world = World::with_phones(true).await;
    world.enrol_phone(USER, "sms", NUMBER).await;
    let listed = world.methods(USER).await.json();
    let device = listed[0]["id"].as_str().unwrap().trim_start_matches("phone|").to_owned();
    let read = async |username: &str, id: &str| {
        let path = path_of(username, &format!("/authentication-methods/{}", id.replace('|', "%7C")));
        world.manage("GET", &path, None).await
    };
    for prefix in ["phone", "sms", "voice"] {
        let reply = read(USER, &format!("{prefix}|{device}")).await;
        assert_eq!((reply.status, &reply.json()), (200, &listed[0]), "{prefix}");
    }
    let recovery = read(USER, listed[1]["id"].as_str().unwrap()).await;
    assert_eq!((recovery.status, &recovery.json()), (200, &listed[1]));
    let absent = read(USER, "email|dev_0000000000000000").await;
    assert_snapshot!(absent.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The authentication method does not exist.","errorCode":"inexistent_authentication_method"}"#);
    for (username, id) in [
        (VERIFIED, format!("phone|{device}")),
        (VERIFIED, listed[1]["id"].as_str().unwrap().to_owned()),
        (USER, format!("email|{device}")),
        (USER, device.clone()),
        (USER, "%00".to_owned()),
        (USER, "%FF".to_owned()),
    ] {
        let reply = read(username, &id).await;
        assert!([400, 404].contains(&reply.status), "{id}: {}", reply.body);
    }
}

/// §6: a name and the preferred channel are noted, each for itself, and shown from then on.
#[tokio::test]
async fn a_method_gets_a_name() {
    let world = World::with_phones(true).await;
    world.enrol_phone(USER, "sms", NUMBER).await;
    let path = world.path_of_method(USER, "phone").await;
    let change = async |body: Value| world.manage("PATCH", &path, Some(&body)).await;
    world.forget_calls();
    let named = change(json!({ "name": "Ada's phone" })).await;
    assert_eq!(world.round_trips(), 2);
    assert_snapshot!(without_devices(&named), @r#"200 {"id":"phone|dev_1","type":"phone","name":"Ada's phone","phone_number":"XXXXXXXXX5678","created_at":"2030-03-17T17:49:00.000Z","last_auth_at":"2030-03-17T17:49:00.000Z","preferred_authentication_method":"sms","authentication_methods":[{"id":"sms|dev_1","type":"sms"},{"id":"voice|dev_1","type":"voice"}]}"#);
    assert_eq!(change(json!({ "preferred_authentication_method": "voice" })).await.status, 200);
    let nothing = change(json!({})).await.json();
    assert_eq!(
        (&nothing["name"], &nothing["preferred_authentication_method"]),
        (&json!("Ada's phone"), &json!("voice"))
    );
    let read = world.manage("GET", &path, None).await.json();
    assert_eq!(
        (&read["name"], &read["preferred_authentication_method"]),
        (&json!("Ada's phone"), &json!("voice"))
    );
    let login = world.log_in(USER).await.mfa_token;
    let listed = world.list(&login).await.json();
    assert_eq!(listed[0]["name"], "XXXXXXXXX5678", "of the user's own list the name is no part");
}

/// §6: a channel that a method has not cannot be preferred; nothing else can be changed.
#[tokio::test]
async fn what_cannot_be_noted() {
    let world = World::with_phones(false).await;
    world.enrol_phone(USER, "sms", NUMBER).await;
    let path = world.path_of_method(USER, "phone").await;
    let before = world.stored().await;
    let refused = async |body: Value| world.manage("PATCH", &path, Some(&body)).await.snapshot();
    assert_snapshot!(refused(json!({ "preferred_authentication_method": "voice" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'The authentication method has no such channel' on property preferred_authentication_method.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(json!({ "preferred_authentication_method": "email" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'No enum match, expected sms or voice' on property preferred_authentication_method.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(json!({ "phone_number": NUMBER })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: phone_number'.","errorCode":"invalid_body"}"#);
    for name in [json!(""), json!("a\nb"), json!("é".repeat(101)), json!(1), json!(null)] {
        assert!(refused(json!({ "name": name })).await.starts_with("400"), "{name}");
    }
    assert!(world.stored().await == before, "nothing is noted");
}

/// §6: the older view has phones and apps, by their bare ids.
#[tokio::test]
async fn enrollments_are_phones_and_apps() {
    let world = World::with_phones(true).await;
    world.enrol_phone(USER, "sms", NUMBER).await;
    world.clock.advance(60);
    world.give_method(USER, &json!({ "type": "totp", "totp_secret": SECRET, "name": "App" })).await;
    world.give_method(USER, &json!({ "type": "email", "email": "ada@example.com" })).await;
    assert_eq!(types(&world.methods(USER).await.json()), ["phone", "recovery-code", "email", "totp"]);
    let reply = world.manage("GET", &path_of(USER, "/enrollments"), None).await;
    assert_snapshot!(without_devices(&reply), @r#"200 [{"id":"dev_1","status":"confirmed","type":"sms","phone_number":"XXXXXXXXX5678","auth_method":"sms","enrolled_at":"2030-03-17T17:49:00.000Z","last_auth":"2030-03-17T17:49:00.000Z"},{"id":"dev_2","status":"confirmed","type":"authenticator","name":"App","auth_method":"authenticator","enrolled_at":"2030-03-17T17:50:00.000Z"}]"#);
}
