//! `/api/v2/guardian/factors` and the Management API's way of refusing (contract §6); discovery, the keys and
//! `/userinfo` (contract §8).

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64URL_NOPAD;
use insta::assert_snapshot;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Body, MFA_SCOPES, World, claims};

const USER: &str = "user@example.com";
const FACTORS: &str = "/api/v2/guardian/factors";
const JSON_UTF8: &str = "application/json; charset=utf-8";

async fn put(world: &World, token: &str, name: &str, body: Body) -> String {
    let reply = world.bearer("PUT", &format!("{FACTORS}/{name}"), token, body).await;
    assert_eq!(reply.header("content-type"), Some(JSON_UTF8));
    reply.snapshot()
}

/// §6: the list, in Auth0's order; `PUT` takes effect in it at once.
#[tokio::test]
async fn factors_are_listed_and_switched() {
    let world = World::new().await;
    let token = world.management_token().await;
    let list = async || world.bearer("GET", FACTORS, &token, Body::none()).await;
    let reply = list().await;
    assert_snapshot!(reply.snapshot(), @r#"200 [{"name":"sms","enabled":false,"trial_expired":false},{"name":"push-notification","enabled":false,"trial_expired":false},{"name":"otp","enabled":true,"trial_expired":false},{"name":"email","enabled":true,"trial_expired":false},{"name":"duo","enabled":false,"trial_expired":false},{"name":"webauthn-roaming","enabled":false,"trial_expired":false},{"name":"webauthn-platform","enabled":false,"trial_expired":false},{"name":"recovery-code","enabled":true,"trial_expired":false}]"#);
    assert_eq!(reply.header("content-type"), Some(JSON_UTF8));
    for (body, answer, enabled) in [
        (json!({"enabled": false}), r#"200 {"enabled":false}"#, false),
        (json!({"enabled": true}), r#"200 {"enabled":true}"#, true),
        (json!({"enabled": "false"}), r#"200 {"enabled":false}"#, false),
        (json!({"enabled": "true", "name": "email"}), r#"200 {"enabled":true}"#, true),
    ] {
        assert_eq!(put(&world, &token, "email", Body::json(&body)).await, answer);
        assert_eq!(
            list().await.json()[3],
            json!({"name": "email", "enabled": enabled, "trial_expired": false})
        );
    }
    assert_snapshot!(put(&world, &token, "sms", Body::json(&json!({"enabled": true}))).await, @r#"200 {"enabled":true}"#);
    assert_snapshot!(put(&world, &token, "duo", Body::json(&json!({"enabled": false}))).await, @r#"200 {"enabled":false}"#);
    assert_snapshot!(put(&world, &token, "duo", Body::json(&json!({"enabled": true}))).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"The duo factor is not available in this version","errorCode":"operation_not_supported"}"#);
}

/// §6: bodies and names that do not fit.
#[tokio::test]
async fn factors_that_cannot_be_switched() {
    let world = World::new().await;
    let token = world.management_token().await;
    let email = async |body: Body| put(&world, &token, "email", body).await;
    assert_snapshot!(email(Body::json(&json!({}))).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: enabled' on property enabled.","errorCode":"invalid_body"}"#);
    for wrong in [json!(1), json!("yes"), json!(null), json!([true]), json!({"enabled": true}), json!("TRUE")]
    {
        assert_eq!(
            email(Body::json(&json!({"enabled": wrong}))).await,
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type boolean' on property enabled.","errorCode":"invalid_body"}"#
        );
    }
    for wrong in ["[true]", "true", "\"enabled\"", "1", "null"] {
        assert_eq!(
            email(Body::raw(Some("application/json"), wrong)).await,
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: Expected type object but found another type","errorCode":"invalid_body"}"#
        );
    }
    for wrong in ["", "enabled=true", "{", "{\"enabled\":true", "{'enabled':true}", "{\"enabled\":true}x"] {
        assert_eq!(
            email(Body::raw(Some("application/json"), wrong)).await,
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: The body is not valid JSON","errorCode":"invalid_body"}"#
        );
    }
    assert_snapshot!(email(Body::raw(None, b"{\"enabled\":\"\xff\"}".to_vec())).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: The body is not valid JSON","errorCode":"invalid_body"}"#);
    let large = format!("{{\"enabled\":true,\"x\":\"{}\"}}", "x".repeat(16 * 1024));
    assert_snapshot!(email(Body::raw(Some("application/json"), large)).await, @r#"413 {"statusCode":413,"error":"Payload Too Large","message":"The request body is larger than 16 KiB.","errorCode":"invalid_body"}"#);
    for name in ["nonsense", "EMAIL", "email%20", "%FF", "%00", "email%2F..", "..%2Femail"] {
        assert_eq!(
            put(&world, &token, name, Body::json(&json!({"enabled": true}))).await,
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Path validation error: 'No enum match' on property name (expected one of: sms, push-notification, otp, email, duo, webauthn-roaming, webauthn-platform, recovery-code).","errorCode":"invalid_uri"}"#
        );
    }
}

/// A2, SEC-37: a member given twice is refused here too.
#[tokio::test]
async fn a_repeated_member_is_refused() {
    let world = World::new().await;
    let token = world.management_token().await;
    let body = Body::raw(Some("application/json"), "{\"enabled\":true,\"enabled\":false}");
    assert_snapshot!(put(&world, &token, "email", body).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: A property must not be repeated","errorCode":"invalid_body"}"#);
}

/// §6: 401 and 403, before anything else is looked at.
#[tokio::test]
async fn who_may_not_manage() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let mfa = world.mfa_access_token(USER, &id).await;
    let login = world.log_in(USER).await.mfa_token;
    let requests = [
        ("GET", FACTORS.to_owned()),
        ("PUT", format!("{FACTORS}/email")),
        ("PUT", format!("{FACTORS}/nonsense")),
    ];
    for (method, path) in &requests {
        let reply = world.send(method, path, &[], Body::none()).await;
        assert_eq!(
            reply.snapshot(),
            r#"401 {"statusCode":401,"error":"Unauthorized","message":"Missing authentication"}"#
        );
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(reply.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
        for token in ["x", "a.b.c", mfa.as_str(), &login] {
            let reply = world.bearer(method, path, token, Body::none()).await;
            assert_eq!(
                reply.snapshot(),
                r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid token"}"#
            );
        }
    }
    let reading = world.token_with_scope("read:guardian_factors").await;
    assert_eq!(world.bearer("GET", FACTORS, &reading, Body::none()).await.status, 200);
    let reply = world
        .bearer("PUT", &format!("{FACTORS}/email"), &reading, Body::json(&json!({"enabled": false})))
        .await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: update:guardian_factors","errorCode":"insufficient_scope"}"#);
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"update:guardian_factors\"")
    );
    let writing = world.token_with_scope("update:guardian_factors").await;
    assert_snapshot!(world.bearer("GET", FACTORS, &writing, Body::none()).await.snapshot(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: read:guardian_factors","errorCode":"insufficient_scope"}"#);
    let nothing = world.token_with_scope("openid").await;
    assert_eq!(world.bearer("GET", FACTORS, &nothing, Body::none()).await.status, 403);
    world.clock.advance(86_400);
    assert_snapshot!(world.bearer("GET", FACTORS, &reading, Body::none()).await.snapshot(), @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Expired token received for JSON Web Token validation"}"#);
}

/// A3 "unknown path, wrong method" under `/api/v2/`.
#[tokio::test]
async fn paths_and_methods_of_the_management_api() {
    let world = World::new().await;
    for path in [
        "/api/v2",
        "/api/v2/",
        "/api/v2/nothing",
        "/api/v2/guardian/factors/",
        "/api/v2/guardian/factors/email/x",
    ] {
        let reply = world.send("GET", path, &[], Body::none()).await;
        assert_eq!(reply.snapshot(), r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#);
        assert_eq!(reply.header("content-type"), Some(JSON_UTF8));
    }
    for (method, path, allow) in [
        ("POST", FACTORS, "GET,HEAD"),
        ("GET", "/api/v2/guardian/factors/email", "PUT"),
        ("DELETE", FACTORS, "GET,HEAD"),
    ] {
        let reply = world.send(method, path, &[], Body::none()).await;
        assert_eq!(
            reply.snapshot(),
            r#"405 {"statusCode":405,"error":"Method Not Allowed","message":"Method Not Allowed"}"#
        );
        assert_eq!(reply.header("allow"), Some(allow));
    }
}

/// §8: discovery, and its alias; cacheable; it says what is served.
#[tokio::test]
async fn discovery() {
    let world = World::new().await;
    let reply = world
        .send("GET", "/.well-known/openid-configuration", &[("host", "evil.example")], Body::none())
        .await;
    assert_snapshot!(world.shown(&reply), @r#"200 {"issuer":"https://issuer/","token_endpoint":"https://issuer/oauth/token","revocation_endpoint":"https://issuer/oauth/revoke","userinfo_endpoint":"https://issuer/userinfo","mfa_challenge_endpoint":"https://issuer/mfa/challenge","jwks_uri":"https://issuer/.well-known/jwks.json","scopes_supported":["openid","profile","email","offline_access"],"response_types_supported":[],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"],"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],"revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],"claims_supported":["aud","auth_time","email","email_verified","exp","family_name","given_name","iat","iss","name","nickname","picture","sub","acr","amr"],"request_uri_parameter_supported":false,"request_parameter_supported":false,"grant_types_supported":["client_credentials","refresh_token","password","http://auth0.com/oauth/grant-type/password-realm","http://auth0.com/oauth/grant-type/passwordless/otp","http://auth0.com/oauth/grant-type/mfa-oob","http://auth0.com/oauth/grant-type/mfa-otp","http://auth0.com/oauth/grant-type/mfa-recovery-code"]}"#);
    assert!(reply.header("cache-control").unwrap().starts_with("public, max-age="));
    let alias = world.send("GET", "/.well-known/oauth-authorization-server", &[], Body::none()).await;
    assert_eq!(alias.body, reply.body);
}

/// §8: the keys: public members only, the one of every token among them.
#[tokio::test]
async fn the_published_keys() {
    let world = World::new().await;
    let reply = world.send("GET", "/.well-known/jwks.json", &[], Body::none()).await;
    assert!(reply.header("cache-control").unwrap().starts_with("public, max-age="));
    let keys = reply.json()["keys"].as_array().unwrap().clone();
    assert!(!keys.is_empty());
    for key in &keys {
        let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["kty", "use", "alg", "kid", "n", "e"]);
        assert_eq!(
            (&key["kty"], &key["use"], &key["alg"], &key["e"]),
            (&json!("RSA"), &json!("sig"), &json!("RS256"), &json!("AQAB"))
        );
        assert_eq!(BASE64URL_NOPAD.decode(key["n"].as_str().unwrap().as_bytes()).unwrap().len(), 256);
    }
    claims(&world, &world.management_token().await).await;
}

async fn sign_in(world: &World, scope: &str) -> String {
    let id = match world.list(&world.log_in(USER).await.mfa_token).await.json().as_array().unwrap().first() {
        Some(item) => item["id"].as_str().unwrap().to_owned(),
        None => world.enrol_email(USER).await.0,
    };
    world.sign_in_by_email(USER, &id, "https://someapi.com/api", scope).await.text("access_token")
}

/// §8 `/userinfo`: `GET` and `POST`, claims by scope.
#[tokio::test]
async fn userinfo() {
    let world = World::new().await;
    let token = sign_in(&world, "openid profile email").await;
    let sub = claims(&world, &token).await["sub"].as_str().unwrap().to_owned();
    for method in ["GET", "POST"] {
        let reply = world.bearer(method, "/userinfo", &token, Body::none()).await;
        let shown = reply.snapshot().replace(&sub, "[sub]");
        assert_eq!(
            shown,
            r#"200 {"sub":"[sub]","nickname":"user","name":"Demo User","updated_at":1900000020,"email":"user@example.com","email_verified":false}"#
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    for (scope, expected) in [
        ("openid", r#"200 {"sub":"[sub]"}"#),
        ("openid email", r#"200 {"sub":"[sub]","email":"user@example.com","email_verified":false}"#),
    ] {
        let token = sign_in(&world, scope).await;
        let reply = world.bearer("GET", "/userinfo", &token, Body::none()).await;
        assert_eq!(reply.snapshot().replace(&sub, "[sub]"), expected);
    }
}

/// §8 `/userinfo`: 401 without a good access token for it, or when its user was blocked.
#[tokio::test]
async fn userinfo_refuses() {
    let world = World::new().await;
    let good = sign_in(&world, "openid").await;
    let without_openid = sign_in(&world, "read:sample").await;
    let factors = world.mfa_access_token(USER, &world.id_of_type(USER, "email").await).await;
    let management = world.management_token().await;
    let login = world.log_in(USER).await.mfa_token;
    for token in ["x", "a.b.c", &without_openid, &factors, &management, &login] {
        let reply = world.bearer("GET", "/userinfo", token, Body::none()).await;
        assert_eq!(
            reply.snapshot(),
            r#"401 {"error":"invalid_token","error_description":"The access token is missing, expired or invalid."}"#
        );
        assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    assert_eq!(world.send("POST", "/userinfo", &[], Body::none()).await.status, 401);
    assert_eq!(world.bearer("GET", "/userinfo", &good, Body::none()).await.status, 200);
    world.set_profile(USER, "blocked", AttributeValue::Bool(true)).await;
    assert_eq!(world.bearer("GET", "/userinfo", &good, Body::none()).await.status, 401, "SEC-42");
    world.set_profile(USER, "blocked", AttributeValue::Bool(false)).await;
    world.clock.advance(86_400);
    assert_eq!(world.bearer("GET", "/userinfo", &good, Body::none()).await.status, 401);
}

/// A token with its header and payload changed, signed by `sign`.
fn forged(
    token: &str,
    change: impl FnOnce(&mut Value, &mut Value),
    sign: impl FnOnce(&str) -> Vec<u8>,
) -> String {
    let decode = |part: &str| -> Value {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    };
    let mut parts = token.split('.');
    let (mut header, mut payload) = (decode(parts.next().unwrap()), decode(parts.next().unwrap()));
    change(&mut header, &mut payload);
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", encode(&header), encode(&payload));
    let signature = sign(&message);
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// SEC-26, RFC 8725: a corpus of forged JWTs, refused by everything that takes one.
#[tokio::test]
async fn forged_tokens() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let audience = format!("{}mfa/", world.issuer());
    let good = world.sign_in_by_email(USER, &id, &audience, MFA_SCOPES).await.text("access_token");
    let signature = BASE64URL_NOPAD.decode(good.rsplit_once('.').unwrap().1.as_bytes()).unwrap();
    let keys = world.send("GET", "/.well-known/jwks.json", &[], Body::none()).await.json();
    let modulus = BASE64URL_NOPAD.decode(keys["keys"][0]["n"].as_str().unwrap().as_bytes()).unwrap();
    let hs256 = |message: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &modulus), message.as_bytes()).as_ref().to_vec()
    };
    let same = |_: &str| signature.clone();
    let elsewhere = World::new().await;
    let foreign = elsewhere.first_access_token(USER, MFA_SCOPES).await;
    let corpus = [
        forged(&good, |header, _| header["alg"] = json!("none"), |_| Vec::new()),
        forged(&good, |header, _| header["alg"] = json!("None"), same),
        forged(&good, |header, _| header["alg"] = json!("HS256"), hs256),
        forged(&good, |header, _| header["alg"] = json!("RS512"), same),
        forged(&good, |header, _| header["kid"] = json!("unknown"), same),
        forged(&good, |header, _| header["kid"] = json!("../../etc/passwd"), same),
        forged(&good, |header, _| header["kid"] = json!(7), same),
        forged(
            &good,
            |header, _| {
                header.as_object_mut().unwrap().remove("kid");
            },
            same,
        ),
        forged(&good, |header, _| header["typ"] = json!("at+jwt"), same),
        forged(&good, |header, _| header["crit"] = json!(["exp"]), same),
        forged(&good, |header, _| header["jku"] = json!("https://evil.example/jwks.json"), same),
        forged(&good, |header, _| header["x5u"] = json!("https://evil.example/x5c"), same),
        forged(&good, |header, _| header["jwk"] = keys["keys"][0].clone(), same),
        forged(&good, |_, payload| payload["sub"] = json!("auth0|0"), same),
        forged(&good, |_, payload| payload["exp"] = json!(99_999_999_999_u64), same),
        forged(&good, |_, payload| payload["scope"] = json!("everything"), same),
        forged(&good, |_, _| {}, |_| vec![0; 256]),
        forged(&good, |_, _| {}, |_| Vec::new()),
        format!("{good}A"),
        format!("{good}.x"),
        good.replacen('.', "..", 1),
        good.to_uppercase(),
        foreign,
    ];
    for token in &corpus {
        assert_eq!(world.list(token).await.status, 401, "{token}");
        assert_eq!(world.associate_otp(token).await.status, 401, "{token}");
        assert_eq!(world.delete(token, &id).await.status, 401, "{token}");
        assert_eq!(world.bearer("GET", "/userinfo", token, Body::none()).await.status, 401, "{token}");
        assert_eq!(world.bearer("GET", FACTORS, token, Body::none()).await.status, 401, "{token}");
        let reply = world.otp(token, "123456").await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Malformed mfa_token"}"#
        );
    }
    assert_eq!(world.list(&good).await.status, 200);
}
