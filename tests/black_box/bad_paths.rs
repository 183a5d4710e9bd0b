//! Methods, paths, ids and headers that no client should send: a 4xx in the contract's format, never a 5xx
//! (contract A3, design §8).

use crate::bad_input::{refused, still_works};
use crate::support::{Body, MFA_SCOPES, World};

const USER: &str = "user@example.com";

/// A3 "wrong method": 405 with `Allow` in the format of the API.
#[tokio::test]
async fn wrong_methods() {
    let world = World::new().await;
    for (path, allow, methods) in [
        ("/oauth/token", "POST", &["GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW"][..]),
        ("/oauth/revoke", "POST", &["GET", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/mfa/associate", "POST", &["GET", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/mfa/challenge", "POST", &["GET", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/mfa/recovery-code", "POST", &["GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/passwordless/start", "POST", &["GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/u/unblock", "GET,HEAD,POST", &["PUT", "DELETE", "PATCH", "BREW"]),
        ("/lo/reset", "GET,HEAD,POST", &["PUT", "DELETE", "PATCH", "BREW"]),
        ("/mfa/enrollment", "GET,HEAD,POST", &["PUT", "DELETE", "PATCH", "BREW"]),
        ("/lo/verify-email", "GET,HEAD,POST", &["PUT", "DELETE", "PATCH", "BREW"]),
        ("/dbconnections/signup", "POST", &["GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/dbconnections/change_password", "POST", &["GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW"]),
        ("/mfa/authenticators", "GET,HEAD", &["POST", "PUT", "DELETE", "PATCH"]),
        ("/mfa/authenticators/email%7Cdev_a", "DELETE", &["GET", "POST", "PUT", "PATCH"]),
        ("/userinfo", "GET,HEAD,POST", &["PUT", "DELETE", "PATCH"]),
        ("/.well-known/jwks.json", "GET,HEAD", &["POST", "PUT", "DELETE", "PATCH"]),
        ("/.well-known/openid-configuration", "GET,HEAD", &["POST", "PUT", "DELETE", "PATCH"]),
    ] {
        for method in methods {
            let reply = world.send(method, path, &[], Body::none()).await;
            assert_eq!(reply.status, 405, "{method} {path}");
            assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
            if *method != "HEAD" {
                assert_eq!(
                    reply.snapshot(),
                    r#"405 {"error":"method_not_allowed","error_description":"The method is not allowed for this path."}"#
                );
            }
        }
    }
}

/// The same in the Management API's format.
#[tokio::test]
async fn wrong_methods_of_the_management_api() {
    let world = World::new().await;
    let token = world.management_token().await;
    for (path, allow, methods) in [
        ("/guardian/factors", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"][..]),
        ("/guardian/factors/email", "PUT", &["GET", "HEAD", "POST", "PATCH", "DELETE"]),
        ("/guardian/factors/sms/selected-provider", "GET,HEAD,PUT", &["POST", "PATCH", "DELETE"]),
        ("/guardian/factors/phone/selected-provider", "GET,HEAD,PUT", &["POST", "PATCH", "DELETE"]),
        ("/guardian/factors/sms/providers/twilio", "GET,HEAD,PUT", &["POST", "PATCH", "DELETE"]),
        ("/guardian/factors/phone/providers/twilio", "GET,HEAD,PUT", &["POST", "PATCH", "DELETE"]),
        ("/guardian/policies", "GET,HEAD,PUT", &["POST", "PATCH", "DELETE"]),
        ("/guardian/settings", "GET,HEAD,PATCH", &["POST", "PUT", "DELETE"]),
        ("/email-templates", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/email-templates/mfa_oob_code", "GET,HEAD,PUT,PATCH", &["POST", "DELETE"]),
        ("/users", "GET,HEAD,POST", &["PUT", "PATCH", "DELETE"]),
        ("/users/auth0%7Cx", "GET,HEAD,PATCH,DELETE", &["POST", "PUT"]),
        ("/users/auth0%7Cx/authenticators", "DELETE", &["GET", "POST", "PUT", "PATCH"]),
        ("/users-by-email", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/jobs/verification-email", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/jobs/job_x", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/tickets/email-verification", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/tickets/password-change", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/guardian/enrollments/ticket", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/users/auth0%7Cx/authentication-methods", "GET,HEAD,POST,PUT,DELETE", &["PATCH"]),
        ("/users/auth0%7Cx/authentication-methods/email%7Cdev_a", "GET,HEAD,PATCH,DELETE", &["POST", "PUT"]),
        ("/logs", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/logs/1", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/users/auth0%7Cx/logs", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/keys/signing", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/keys/signing/rotate", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/keys/signing/x", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/keys/signing/x/revoke", "PUT", &["GET", "HEAD", "POST", "PATCH", "DELETE"]),
        ("/guardian/enrollments/dev_a", "GET,HEAD,DELETE", &["POST", "PUT", "PATCH"]),
        ("/users/auth0%7Cx/enrollments", "GET,HEAD", &["POST", "PUT", "PATCH", "DELETE"]),
        ("/users/auth0%7Cx/recovery-code-regeneration", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/users/auth0%7Cx/multifactor/duo", "DELETE", &["GET", "HEAD", "POST", "PUT", "PATCH"]),
        (
            "/users/auth0%7Cx/multifactor/actions/invalidate-remember-browser",
            "POST",
            &["GET", "HEAD", "PUT", "PATCH", "DELETE"],
        ),
        ("/user-blocks/auth0%7Cx", "GET,HEAD,DELETE", &["POST", "PUT", "PATCH"]),
        ("/clients", "GET,HEAD,POST", &["PUT", "PATCH", "DELETE"]),
        ("/clients/x", "GET,HEAD,PATCH,DELETE", &["POST", "PUT"]),
        ("/clients/x/rotate-secret", "POST", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        ("/client-grants", "GET,HEAD,POST", &["PUT", "PATCH", "DELETE"]),
        ("/client-grants/cgr_x", "GET,HEAD,PATCH,DELETE", &["POST", "PUT"]),
        ("/resource-servers", "GET,HEAD,POST", &["PUT", "PATCH", "DELETE"]),
        ("/resource-servers/x", "GET,HEAD,PATCH,DELETE", &["POST", "PUT"]),
    ] {
        for method in methods {
            let reply = world.bearer(method, &format!("/api/v2{path}"), &token, Body::none()).await;
            assert_eq!((reply.status, reply.header("allow")), (405, Some(allow)), "{method} {path}");
            if *method != "HEAD" {
                refused(&reply, "/api/v2");
            }
        }
    }
    for path in ["/api/v2/guardian", "/api/v2/guardian/factors/sms/providers", "/api/v2/email-templates/a/b"]
    {
        let reply = world.bearer("GET", path, &token, Body::none()).await;
        assert_eq!(reply.status, 404, "{path}");
        refused(&reply, path);
    }
}

/// A3 "unknown path": 404 as JSON, for any method.
#[tokio::test]
async fn unknown_paths() {
    let world = World::new().await;
    for path in [
        "/nothing",
        "/oauth",
        "/oauth/token/",
        "/oauth/token/x",
        "/OAUTH/TOKEN",
        "//oauth/token",
        "/mfa",
        "/mfa/",
        "/mfa/authenticators/",
        "/mfa/authenticators/a/b",
        "/.well-known/",
        "/.well-known/nothing",
        "/authorize",
        "/api",
        "/api/v3/guardian/factors",
        "/%00",
        "/%FF",
        "/oauth%2Ftoken",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let reply = world.send(method, path, &[], Body::none()).await;
            assert_eq!(reply.status, 404, "{method} {path}");
            assert_eq!(
                reply.snapshot(),
                r#"404 {"error":"not_found","error_description":"There is nothing at this path."}"#
            );
        }
    }
    still_works(&world).await;
}

/// Percent-encoded garbage as an authenticator's id: unknown, like any other.
#[tokio::test]
async fn ids_that_are_no_ids() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let access = world.mfa_access_token(USER, &id).await;
    let double = id.replace('|', "%257C");
    let newline = format!("{}%0A", id.replace('|', "%7C"));
    let long = format!("email%7Cdev_{}", "a".repeat(3000));
    for garbage in [
        "%FF",
        "%00",
        "%C3%28",
        "%2F..%2Fx",
        "..",
        "%2e%2e",
        "%",
        "%zz",
        "email%7C",
        "%7Cdev_a",
        "email%7Cdev_",
        "EMAIL%7Cdev_a",
        "email%7Cdev_%00",
        "email%7Cdev_a%23b",
        "email%7Cdev_%F0%9D%9F%99",
        "%0D%0ASet-Cookie:%20a=b",
        "a;b=c",
        "*",
        "AUTHENTICATOR%23x",
        &double,
        &newline,
        &long,
    ] {
        let reply =
            world.bearer("DELETE", &format!("/mfa/authenticators/{garbage}"), &access, Body::none()).await;
        assert_eq!(reply.status, 404, "{garbage}: {}", reply.body);
        refused(&reply, "/mfa/authenticators");
    }
    assert_eq!(world.list(&access).await.json()[0]["id"], id.as_str());
}

/// What a bearer token is asked for.
const BY_BEARER: &[(&str, &str)] = &[
    ("POST", "/mfa/associate"),
    ("GET", "/mfa/authenticators"),
    ("DELETE", "/mfa/authenticators/x"),
    ("GET", "/userinfo"),
    ("GET", "/api/v2/guardian/factors"),
    ("PUT", "/api/v2/guardian/factors/email"),
    ("POST", "/mfa/recovery-code"),
    ("PUT", "/api/v2/guardian/policies"),
    ("PATCH", "/api/v2/guardian/settings"),
    ("PUT", "/api/v2/guardian/factors/phone/selected-provider"),
    ("GET", "/api/v2/guardian/factors/sms/providers/twilio"),
    ("POST", "/api/v2/email-templates"),
    ("PATCH", "/api/v2/email-templates/mfa_oob_code"),
    ("POST", "/api/v2/users"),
    ("DELETE", "/api/v2/users/auth0%7Cx"),
    ("POST", "/api/v2/users/auth0%7Cx/authentication-methods"),
    ("PATCH", "/api/v2/users/auth0%7Cx/authentication-methods/email%7Cdev_a"),
    ("POST", "/api/v2/users/auth0%7Cx/recovery-code-regeneration"),
    ("DELETE", "/api/v2/user-blocks/auth0%7Cx"),
    ("GET", "/api/v2/clients"),
    ("POST", "/api/v2/clients/x/rotate-secret"),
    ("POST", "/api/v2/client-grants"),
    ("DELETE", "/api/v2/resource-servers/x"),
    ("POST", "/api/v2/jobs/verification-email"),
    ("POST", "/api/v2/tickets/email-verification"),
    ("POST", "/api/v2/tickets/password-change"),
    ("POST", "/api/v2/guardian/enrollments/ticket"),
];

/// Headers no client should send.
#[tokio::test]
async fn headers_that_are_no_headers() {
    let world = World::new().await;
    let long = format!("Bearer {}", "t".repeat(20_000));
    for header in [
        "Bearer\u{e9}",
        "Bearer \u{e9}",
        "Basic",
        "Basic \u{e9}",
        "Digest x",
        ",",
        "Bearer a, Bearer b",
        &long,
    ] {
        for (method, path) in BY_BEARER {
            let reply = world.send(method, path, &[("authorization", header)], Body::none()).await;
            refused(&reply, path);
            assert!([400, 401].contains(&reply.status), "{path} {header}: {}", reply.body);
        }
        let body = Body::form(&[("grant_type", "password"), ("username", USER), ("password", "pwd")]);
        let headers = [("authorization", header)];
        refused(&world.send("POST", "/oauth/token", &headers, body).await, "/oauth/token");
        let token = Body::form(&[("token", "x")]);
        refused(&world.send("POST", "/oauth/revoke", &headers, token).await, "/oauth/revoke");
        let start = Body::form(&[("connection", "email"), ("email", USER), ("send", "code")]);
        refused(&world.send("POST", "/passwordless/start", &headers, start).await, "/passwordless/start");
    }
    let token = world.first_access_token(USER, MFA_SCOPES).await;
    let twice = [("authorization", "Bearer x"), ("authorization", &*format!("Bearer {token}"))];
    refused(&world.send("GET", "/mfa/authenticators", &twice, Body::none()).await, "/mfa/authenticators");
    still_works(&world).await;
}
