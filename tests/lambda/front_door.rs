//! What the gateway does to requests, and what its default route answers.

use serde_json::json;

use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::support::{Body, DEMO_APP};

/// Discovery and the published keys come out of the gateway; the issuer is the variable's, whatever the host says.
#[tokio::test]
async fn discovery_names_the_issuer_and_the_keys() {
    DISCOVERY.used().await;
}

pub(crate) static DISCOVERY: Flow = Flow::new(|| Box::pin(discovery()));

async fn discovery() -> Gateway {
    let gateway = Gateway::new().await;
    let foreign = [("host", "evil.example")];
    let discovery = gateway.send("GET", "/.well-known/openid-configuration", &foreign, Body::none()).await;
    assert_eq!((discovery.status, &discovery.json()["issuer"]), (200, &json!(gateway.issuer())));
    let same = gateway.send("GET", "/.well-known/oauth-authorization-server", &[], Body::none()).await;
    assert_eq!((same.status, &same.json()["issuer"]), (200, &json!(gateway.issuer())));
    let keys = gateway.send("GET", "/.well-known/jwks.json", &[], Body::none()).await;
    assert_eq!((keys.status, keys.json()["keys"].as_array().unwrap().len()), (200, 1));
    gateway
}

/// contract A3: what no route takes goes to `$default`, whose answers are ours and not the gateway's.
#[tokio::test]
async fn unknown_paths_are_answered_in_the_contracts_form() {
    let gateway = Gateway::new().await;
    let unknown = gateway.send("GET", "/no/such/path", &[], Body::none()).await;
    assert_eq!(unknown.status, 404);
    let json = unknown.json();
    assert!(json["error"].is_string() && json["error_description"].is_string(), "{}", unknown.body);
    let managed = gateway.send("GET", "/api/v2/no-such-thing", &[], Body::none()).await;
    assert_eq!(managed.status, 404);
    assert_eq!(managed.json()["statusCode"], 404, "{}", managed.body);
    for odd in [
        "/",
        "//",
        "/oauth/token/",
        "/MFA/associate",
        "/mfa/authenticators/a/b",
        "/%00",
        "/%2e%2e/oauth/token",
    ] {
        let reply = gateway.send("GET", odd, &[], Body::none()).await;
        assert_eq!(reply.status, 404, "{odd}: {}", reply.body);
    }
}

/// contract A3: the routes take every method, so that the answer is 405 with `Allow`.
#[tokio::test]
async fn a_wrong_method_is_answered_405_with_allow() {
    let gateway = Gateway::new().await;
    for (method, path, allowed) in [
        ("GET", "/oauth/token", "POST"),
        ("GET", "/oauth/revoke", "POST"),
        ("DELETE", "/mfa/associate", "POST"),
        ("PUT", "/mfa/challenge", "POST"),
        ("POST", "/mfa/authenticators", "GET"),
        ("GET", "/mfa/authenticators/email%7Cdev_1", "DELETE"),
        ("POST", "/api/v2/guardian/factors", "GET"),
        ("DELETE", "/api/v2/guardian/factors/email", "PUT"),
        ("PATCH", "/userinfo", "GET"),
        ("POST", "/.well-known/jwks.json", "GET"),
    ] {
        let reply = gateway.send(method, path, &[], Body::none()).await;
        assert_eq!(reply.status, 405, "{method} {path}: {}", reply.body);
        let allow = reply.header("allow").unwrap_or_default();
        assert!(allow.split([',', ' ']).any(|it| it == allowed), "{method} {path}: Allow: {allow}");
    }
}

/// design §8: the path arrives decoded, whatever that makes of it: always a 4xx, and the function lives on.
#[tokio::test]
async fn ids_that_cannot_be_are_refused_and_nothing_breaks() {
    let gateway = Gateway::new().await;
    for id in [
        "%20",
        "a%0Ab",
        "a%0D%0AX:%20y",
        "%C3%A9",
        "%FF%FE",
        "a%3Fb=c",
        "a%23b",
        "%25",
        "%2525",
        "a%2Fb",
        "%7C",
        "..",
        "%2e%2e",
        "a%00b",
        "%5C",
        "%5B%3A%3A%5D",
    ] {
        for (method, path) in [("DELETE", "/mfa/authenticators/"), ("PUT", "/api/v2/guardian/factors/")] {
            let reply =
                gateway.bearer(method, &format!("{path}{id}"), "nonsense", Body::json(&json!({}))).await;
            assert!(
                (400..500).contains(&reply.status),
                "{method} {path}{id}: {} {}",
                reply.status,
                reply.body
            );
        }
    }
}

/// contract A2, A3: bodies arrive as base64; JSON declared as a form, unreadable and oversized ones get their answers.
#[tokio::test]
async fn bodies_arrive_byte_for_byte() {
    let gateway = Gateway::new().await;
    let request = json!({
        "grant_type": "password", "username": "user@example.com", "password": "pwd",
        "client_id": "demo-app", "client_secret": "demo-secret",
    });
    for declared in [Some("application/json"), Some("application/x-www-form-urlencoded"), None] {
        let reply = gateway.post("/oauth/token", Body::json(&request).declared(declared)).await;
        assert_eq!((reply.status, &reply.json()["error"]), (403, &json!("mfa_required")), "{}", reply.body);
    }
    let form = Some("application/x-www-form-urlencoded");
    let garbled = gateway
        .post("/oauth/token", Body::raw(form, [b"grant_type=".as_slice(), &[0xff, 0xfe]].concat()))
        .await;
    assert_eq!(
        (garbled.status, &garbled.json()["error"]),
        (400, &json!("invalid_request")),
        "{}",
        garbled.body
    );
    let none = gateway.post("/oauth/token", Body::none()).await;
    assert_eq!(none.status, 400, "{}", none.body);
    let huge = gateway.post("/oauth/token", Body::raw(form, vec![b'a'; 17 * 1024])).await;
    assert_eq!(huge.status, 413, "{}", huge.body);
    assert!(huge.json()["error"].is_string());
}

async fn wrong_password(gateway: &Gateway, source: &str, headers: &[(&str, &str)]) -> u16 {
    let pairs = [("grant_type", "password"), ("username", "nobody@example.com"), ("password", "wrong")];
    let all: Vec<_> = pairs.into_iter().chain(DEMO_APP).collect();
    gateway.send_from(source, "POST", "/oauth/token", headers, Body::form(&all)).await.status
}

/// design §8: the client's address is the gateway's `sourceIp`; a header that anyone can send changes nothing.
#[tokio::test]
async fn the_clients_address_is_the_gateways() {
    let gateway = Gateway::new().await;
    for i in 0..10 {
        let forged = format!("198.51.100.{i}");
        let headers = [("x-forwarded-for", &*forged), ("cloudfront-viewer-address", &forged)];
        assert_eq!(wrong_password(&gateway, "192.0.2.1", &headers).await, 403);
    }
    assert_eq!(wrong_password(&gateway, "192.0.2.1", &[("x-forwarded-for", "198.51.100.99")]).await, 429);
    assert_eq!(wrong_password(&gateway, "192.0.2.2", &[]).await, 403);
}

/// design §8: behind a proxy the one header that the parameter names is the client's address.
#[tokio::test]
async fn behind_a_proxy_the_named_header_is_the_clients_address() {
    let gateway = Gateway::with(&[("POSTERN_CLIENT_IP_HEADER", "cloudfront-viewer-address")]).await;
    for i in 0..10 {
        let proxy = format!("192.0.2.{i}");
        assert_eq!(
            wrong_password(&gateway, &proxy, &[("CloudFront-Viewer-Address", "198.51.100.1:4711")]).await,
            403
        );
    }
    let again = [("cloudfront-viewer-address", "198.51.100.1:4712")];
    assert_eq!(wrong_password(&gateway, "192.0.2.99", &again).await, 429);
    let other = [("cloudfront-viewer-address", "198.51.100.2:4711")];
    assert_eq!(wrong_password(&gateway, "192.0.2.1", &other).await, 403);
}

/// Where a proxy has a secret nobody goes past it, and who tries can name no address: each kind of endpoint refuses, and
/// nobody's budget is spent.
#[tokio::test]
async fn nobody_goes_past_a_proxy_that_has_a_secret() {
    let secret = "proxy-secret-of-these-tests-only";
    let hash = "d28ef941dccdf7b7b52c78bc744e98e4d439a9deef7f2328c4fe057b0992718a";
    let gateway = Gateway::with(&[
        ("POSTERN_CLIENT_IP_HEADER", "x-client-address"),
        ("POSTERN_PROXY_SECRET_SHA256", hash),
    ])
    .await;
    let address = ("x-client-address", "198.51.100.1");
    for presented in ["", "another-secret-of-the-same-length", hash] {
        for _ in 0..4 {
            let past = [address, ("x-postern-proxy-secret", presented)];
            assert_eq!(wrong_password(&gateway, "192.0.2.1", &past).await, 403);
        }
    }
    let text = "The service is reached by its own domain only.";
    let oauth = json!({ "error": "access_denied", "error_description": text });
    let management = json!({ "statusCode": 403, "error": "Forbidden", "message": text });
    for (path, body) in [
        ("/oauth/token", &oauth),
        ("/mfa/authenticators", &oauth),
        ("/.well-known/jwks.json", &oauth),
        ("/api/v2/users", &management),
    ] {
        let refused = gateway.send_from("192.0.2.1", "GET", path, &[address], Body::none()).await;
        assert_eq!((refused.status, &refused.json()), (403, body), "{path}");
    }
    let logs = gateway.logs().await.join("\n");
    assert!(!logs.contains(r#""event":"audit""#), "strangers write nothing into the audit log: {logs}");
    let through = [address, ("x-postern-proxy-secret", secret)];
    let keys = gateway.send_from("192.0.2.1", "GET", "/.well-known/jwks.json", &through, Body::none()).await;
    assert_eq!(keys.status, 200, "{}", keys.body);
    for _ in 0..10 {
        assert_eq!(wrong_password(&gateway, "192.0.2.1", &through).await, 403);
    }
    assert_eq!(wrong_password(&gateway, "192.0.2.1", &through).await, 429);
}
