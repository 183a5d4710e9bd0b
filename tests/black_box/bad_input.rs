//! Bodies and parameters that no client should send: every endpoint answers a 4xx in its format, never a 5xx, and keeps working
//! (contract A3, SEC-16, SEC-37).

use serde_json::json;

use crate::support::{Body, CALLBACK, NUMBER, OOB, PASSWORDLESS, Reply, World};

const USER: &str = "user@example.com";
const POSTS: [&str; 5] =
    ["/oauth/token", "/oauth/revoke", "/mfa/challenge", "/mfa/associate", "/passwordless/start"];
const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// A 4xx in the format of its API, not to be stored.
pub(crate) fn refused(reply: &Reply, path: &str) {
    assert!((400..500).contains(&reply.status), "{path}: {} {}", reply.status, reply.body);
    let json = reply.json();
    if path.starts_with("/api/v2") {
        assert_eq!(json["statusCode"], reply.status, "{path}: {}", reply.body);
        assert!(json["error"].is_string() && json["message"].is_string(), "{path}: {}", reply.body);
    } else {
        assert!(json["error"].is_string() && json["error_description"].is_string(), "{path}: {}", reply.body);
    }
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
}

/// The twin still serves.
pub(crate) async fn still_works(world: &World) {
    assert_eq!(world.password("verified@example.com", "pwd").await.text("error"), "mfa_required");
}

/// A3 "unreadable body": neither JSON nor a form, and not UTF-8, at every endpoint that reads parameters.
#[tokio::test]
async fn malformed_bodies() {
    let world = World::new().await;
    let token = world.log_in(USER).await.mfa_token;
    for path in POSTS {
        let send = async |bytes: &[u8]| world.bearer("POST", path, &token, Body::raw(JSON, bytes)).await;
        for body in [
            "{",
            "{\"a\"",
            "{\"a\":}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":1}{\"b\":2}",
            "{\"a\":1e999}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\u{1}\"}",
            "{a:1}",
            "{\"a\":\"\\x\"}",
        ] {
            let reply = send(body.as_bytes()).await;
            assert_eq!(
                reply.snapshot(),
                r#"400 {"error":"invalid_request","error_description":"The request body is not valid JSON"}"#
            );
        }
        for body in ["[]", "[{\"grant_type\":\"password\"}]", "\"text\"", "  [1]"] {
            let reply = send(body.as_bytes()).await;
            assert_eq!(
                reply.snapshot(),
                r#"400 {"error":"invalid_request","error_description":"The request body must be a JSON object or a form"}"#
            );
        }
        let not_utf8: [&[u8]; 5] = [b"\xff\xfe", b"{\"a\":\"\xc3\x28\"}", b"a=\xff", b"a=%FF", b"%C3%28=a"];
        for body in not_utf8 {
            assert_eq!(
                send(body).await.snapshot(),
                r#"400 {"error":"invalid_request","error_description":"The request body is not valid UTF-8"}"#
            );
        }
        for body in
            ["", " ", "=", "&&&", "a", "%", "%zz=%", "null", "true", "123", "<xml/>", "\u{feff}{\"a\":1}"]
        {
            let reply = send(body.as_bytes()).await;
            refused(&reply, path);
            let text = reply.text("error_description");
            let missing = ["Missing required parameter: ", "Missing required property: "];
            assert!(missing.iter().any(|missing| text.starts_with(missing)), "{path}: {}", reply.body);
        }
    }
    still_works(&world).await;
}

/// A3 "oversized body": 16 KiB are read, one byte more is not, at every endpoint, whether it would read it or not.
#[tokio::test]
async fn oversized_bodies() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let access = world.mfa_access_token(USER, &id).await;
    let userinfo =
        world.sign_in_by_email(USER, &id, "https://someapi.com/api", "openid").await.text("access_token");
    let of_length = |length: usize| format!("{{\"x\":\"{}\"}}", "x".repeat(length - 8));
    let authenticator = format!("/mfa/authenticators/{}", id.replace('|', "%7C"));
    for (method, path, token) in [
        ("POST", "/oauth/token", "x"),
        ("POST", "/oauth/revoke", "x"),
        ("POST", "/mfa/challenge", "x"),
        ("POST", "/mfa/associate", &access),
        ("POST", "/mfa/recovery-code", &access),
        ("POST", "/passwordless/start", "x"),
        ("POST", "/u/unblock", "x"),
        ("GET", "/u/unblock", "x"),
        ("POST", "/mfa/enrollment", "x"),
        ("GET", "/mfa/enrollment", "x"),
        ("POST", "/userinfo", &userinfo),
        ("GET", "/mfa/authenticators", &access),
        ("DELETE", &authenticator, &access),
        ("GET", "/.well-known/jwks.json", "x"),
        ("POST", "/nothing", "x"),
    ] {
        for length in [16 * 1024 + 1, 20_000] {
            let reply = world.bearer(method, path, token, Body::raw(JSON, of_length(length))).await;
            assert_eq!(
                reply.snapshot(),
                r#"413 {"error":"invalid_request","error_description":"The request body is larger than 16 KiB."}"#
            );
            refused(&reply, path);
        }
        let fits = world.bearer(method, path, token, Body::raw(JSON, of_length(16 * 1024))).await;
        assert_ne!(fits.status, 413, "{path}");
    }
    still_works(&world).await;
}

/// Bodies made to hurt a parser: depth, width, long names and numbers.
#[tokio::test]
async fn bodies_made_to_hurt() {
    let world = World::new().await;
    let token = world.log_in(USER).await.mfa_token;
    let deep_array = format!("{{\"a\":{}1{}}}", "[".repeat(8000), "]".repeat(8000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(2500), "}".repeat(2500));
    let open = "{\"a\":[".repeat(2700);
    let wide = format!("{{\"authenticator_types\":[{}]}}", vec!["\"oob\""; 2500].join(","));
    let wide_null =
        format!("{{\"oob_channels\":[{}],\"authenticator_types\":\"oob\"}}", vec!["0"; 8000].join(","));
    let names = (0..1500).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let number = format!("{{\"grant_type\":{}}}", "9".repeat(16_000));
    let name = format!("{{\"{}\":1,\"x\":2}}", "n".repeat(16_000));
    let twice = format!("{0}=1&{0}=2", "n".repeat(8_000));
    let controls = "a%00%0D%0A=1&a%00%0D%0A=2".to_owned();
    // Unknown properties are named, as far as they can be; by a client that is known, lest it be missed first.
    let properties = format!("{{\"client_id\":\"demo-app\",\"{}\":1}}", "é".repeat(8_000));
    let many = format!("client_id=demo-app&{names}");
    for body in [
        deep_array,
        deep_object,
        open,
        wide,
        wide_null,
        names,
        number,
        name,
        twice,
        controls,
        properties,
        many,
    ] {
        assert!(body.len() <= 16 * 1024, "{}", body.len());
        for path in POSTS {
            for content_type in [JSON, FORM, None] {
                let reply = world.bearer("POST", path, &token, Body::raw(content_type, body.as_str())).await;
                refused(&reply, path);
                assert_eq!(reply.status, 400, "{}", reply.body);
                assert!(reply.body.len() < 400, "what is repeated is bounded: {}", reply.body.len());
            }
        }
    }
    still_works(&world).await;
}

/// Parameters of a wrong type, one by one, at every endpoint: 400, the parameter named.
#[tokio::test]
async fn parameters_of_a_wrong_type() {
    let world = World::new().await;
    let token = world.log_in(USER).await.mfa_token;
    let client = json!({"client_id": "demo-app", "client_secret": "demo-secret"});
    let grant =
        |grant: &str, rest: serde_json::Value| merged(&[json!({"grant_type": grant}), rest, client.clone()]);
    let requests = [
        (
            "/oauth/token",
            grant(
                "password",
                json!({"username": USER, "password": "pwd", "audience": "a", "scope": "s", "nonce": "n"}),
            ),
        ),
        (
            "/oauth/token",
            grant(
                "http://auth0.com/oauth/grant-type/password-realm",
                json!({"username": USER, "password": "pwd", "realm": "r"}),
            ),
        ),
        ("/oauth/token", grant(OOB, json!({"mfa_token": "x", "oob_code": "x", "binding_code": "1"}))),
        (
            "/oauth/token",
            grant("http://auth0.com/oauth/grant-type/mfa-otp", json!({"mfa_token": "x", "otp": "123456"})),
        ),
        (
            "/oauth/token",
            grant(
                "http://auth0.com/oauth/grant-type/mfa-recovery-code",
                json!({"mfa_token": "x", "recovery_code": "x"}),
            ),
        ),
        ("/oauth/token", grant("client_credentials", json!({"audience": "x", "scope": "s"}))),
        (
            "/oauth/token",
            grant("refresh_token", json!({"refresh_token": "x", "audience": "x", "scope": "s"})),
        ),
        (
            "/oauth/token",
            grant(
                PASSWORDLESS,
                json!({"realm": "email", "username": USER, "otp": "1", "audience": "x", "scope": "s", "nonce": "n"}),
            ),
        ),
        ("/oauth/revoke", merged(&[json!({"token": "x"}), client.clone()])),
        (
            "/mfa/challenge",
            merged(&[
                json!({"mfa_token": token, "challenge_type": "oob", "authenticator_id": "x"}),
                client.clone(),
            ]),
        ),
        (
            "/mfa/associate",
            merged(&[
                json!({"authenticator_types": "oob", "oob_channels": "email", "email": USER}),
                client.clone(),
            ]),
        ),
        (
            "/mfa/associate",
            json!({"authenticator_types": "oob", "oob_channels": "sms", "phone_number": NUMBER}),
        ),
        ("/passwordless/start", merged(&[json!({"connection": "email", "email": USER}), client.clone()])),
        ("/passwordless/start", merged(&[json!({"connection": "sms", "phone_number": NUMBER}), client])),
    ];
    for (path, request) in &requests {
        for name in request.as_object().unwrap().keys() {
            for wrong in
                [json!(123_456), json!(true), json!({"a": "b"}), json!([["a"]]), json!([1]), json!(1.5)]
            {
                let mut body = request.clone();
                body[name] = wrong;
                let reply = world.bearer("POST", path, &token, Body::json(&body)).await;
                refused(&reply, path);
                let text = reply.text("error_description");
                let named = [
                    format!("Parameter {name} must be a string"),
                    format!("Parameter {name} must be an array of strings"),
                ];
                assert!(named.contains(&text), "{path} {name}: {text}");
            }
        }
    }
    still_works(&world).await;
}

/// `send` and `authParams` have refusals of their own (contract §9).
#[tokio::test]
async fn properties_of_a_start_of_a_wrong_type() {
    let world = World::with_passwordless().await;
    let start = async |name: &str, value: serde_json::Value| {
        let mut members = json!({"connection": "email", "email": USER});
        members[name] = value;
        world.start(&members).await
    };
    for wrong in [json!(1), json!(true), json!({}), json!(["code"]), json!("CODE"), json!(" code")] {
        let reply = start("send", wrong).await;
        assert_eq!(
            reply.snapshot(),
            r#"400 {"error":"bad.request","error_description":"send must be code or link"}"#
        );
    }
    for wrong in [json!(1), json!(true), json!([]), json!("x")] {
        let reply = start("authParams", wrong).await;
        assert_eq!(
            reply.snapshot(),
            r#"400 {"error":"bad.authParams","error_description":"authParams must be an object"}"#
        );
    }
    for wrong in [json!(1), json!(true), json!([CALLBACK]), json!({"a": CALLBACK})] {
        for params in [json!({"redirect_uri": wrong}), json!({"redirect_uri": CALLBACK, "state": wrong})] {
            let reply = start("authParams", params).await;
            assert_eq!(
                reply.snapshot(),
                r#"400 {"error":"bad.authParams","error_description":"redirect_uri and state in authParams must be strings"}"#
            );
        }
    }
    let long = json!({"redirect_uri": CALLBACK, "state": "s".repeat(15_000)});
    assert_eq!(start("authParams", long).await.status, 400);
    assert!(world.twin.aws.inbox.messages(None).is_empty(), "nothing was sent anywhere");
}

fn merged(objects: &[serde_json::Value]) -> serde_json::Value {
    objects.iter().flat_map(|object| object.as_object().unwrap().clone()).collect()
}
