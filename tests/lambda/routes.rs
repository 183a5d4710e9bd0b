//! One list of routes: the contract's, which the template, the code and the binaries agree with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::gateway::Gateway;
use crate::support::Body;
use crate::template::Template;

const FUNCTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");

/// Function, path and methods; `HEAD` comes with `GET`.
const ROUTES: &[(&str, &str, &[&str])] = &[
    ("oauth-token", "/oauth/token", &["POST"]),
    ("oauth-revoke", "/oauth/revoke", &["POST"]),
    ("mfa-associate", "/mfa/associate", &["POST"]),
    ("mfa-challenge", "/mfa/challenge", &["POST"]),
    ("mfa-enrollment", "/mfa/enrollment", &["GET", "HEAD", "POST"]),
    ("mfa-authenticators", "/mfa/authenticators", &["GET", "HEAD"]),
    ("mfa-authenticators", "/mfa/authenticators/{id}", &["DELETE"]),
    ("mfa-authenticators", "/mfa/recovery-code", &["POST"]),
    ("passwordless-start", "/passwordless/start", &["POST"]),
    ("userinfo", "/userinfo", &["GET", "HEAD", "POST"]),
    ("unblock", "/u/unblock", &["GET", "HEAD", "POST"]),
    ("dbconnections", "/dbconnections/signup", &["POST"]),
    ("dbconnections", "/dbconnections/change_password", &["POST"]),
    ("tickets", "/lo/verify-email", &["GET", "HEAD", "POST"]),
    ("tickets", "/lo/reset", &["GET", "HEAD", "POST"]),
    ("tickets", "/api/v2/tickets/email-verification", &["POST"]),
    ("tickets", "/api/v2/tickets/password-change", &["POST"]),
    ("tickets", "/api/v2/guardian/enrollments/ticket", &["POST"]),
    ("well-known", "/.well-known/openid-configuration", &["GET", "HEAD"]),
    ("well-known", "/.well-known/oauth-authorization-server", &["GET", "HEAD"]),
    ("well-known", "/.well-known/jwks.json", &["GET", "HEAD"]),
    ("email-templates", "/api/v2/email-templates", &["POST"]),
    ("email-templates", "/api/v2/email-templates/{name}", &["GET", "HEAD", "PATCH", "PUT"]),
    ("guardian-factors", "/api/v2/guardian/factors", &["GET", "HEAD"]),
    ("guardian-factors", "/api/v2/guardian/factors/{name}", &["PUT"]),
    ("guardian-factors", "/api/v2/guardian/factors/sms/selected-provider", &["GET", "HEAD", "PUT"]),
    ("guardian-factors", "/api/v2/guardian/factors/phone/selected-provider", &["GET", "HEAD", "PUT"]),
    ("guardian-factors", "/api/v2/guardian/factors/sms/providers/twilio", &["GET", "HEAD", "PUT"]),
    ("guardian-factors", "/api/v2/guardian/factors/phone/providers/twilio", &["GET", "HEAD", "PUT"]),
    ("guardian-factors", "/api/v2/guardian/policies", &["GET", "HEAD", "PUT"]),
    ("guardian-factors", "/api/v2/guardian/settings", &["GET", "HEAD", "PATCH"]),
    ("users", "/api/v2/users", &["GET", "HEAD", "POST"]),
    ("users", "/api/v2/users/{id}", &["DELETE", "GET", "HEAD", "PATCH"]),
    ("users", "/api/v2/users/{id}/authenticators", &["DELETE"]),
    ("users", "/api/v2/users-by-email", &["GET", "HEAD"]),
    ("users", "/api/v2/jobs/verification-email", &["POST"]),
    ("users", "/api/v2/jobs/{id}", &["GET", "HEAD"]),
    ("user-factors", "/api/v2/users/{id}/authentication-methods", &["DELETE", "GET", "HEAD", "POST", "PUT"]),
    (
        "user-factors",
        "/api/v2/users/{id}/authentication-methods/{method}",
        &["DELETE", "GET", "HEAD", "PATCH"],
    ),
    ("user-factors", "/api/v2/guardian/enrollments/{id}", &["DELETE", "GET", "HEAD"]),
    ("user-factors", "/api/v2/users/{id}/enrollments", &["GET", "HEAD"]),
    ("user-factors", "/api/v2/users/{id}/recovery-code-regeneration", &["POST"]),
    ("user-factors", "/api/v2/users/{id}/multifactor/{provider}", &["DELETE"]),
    ("user-factors", "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser", &["POST"]),
    ("signing-keys", "/api/v2/keys/signing", &["GET", "HEAD"]),
    ("signing-keys", "/api/v2/keys/signing/rotate", &["POST"]),
    ("signing-keys", "/api/v2/keys/signing/{id}", &["GET", "HEAD"]),
    ("signing-keys", "/api/v2/keys/signing/{id}/revoke", &["PUT"]),
    ("logs", "/api/v2/logs", &["GET", "HEAD"]),
    ("logs", "/api/v2/logs/{id}", &["GET", "HEAD"]),
    ("logs", "/api/v2/users/{id}/logs", &["GET", "HEAD"]),
    ("user-factors", "/api/v2/user-blocks/{id}", &["DELETE", "GET", "HEAD"]),
    ("clients", "/api/v2/clients", &["GET", "HEAD", "POST"]),
    ("clients", "/api/v2/clients/{id}", &["DELETE", "GET", "HEAD", "PATCH"]),
    ("clients", "/api/v2/clients/{id}/rotate-secret", &["POST"]),
    ("client-grants", "/api/v2/client-grants", &["GET", "HEAD", "POST"]),
    ("client-grants", "/api/v2/client-grants/{id}", &["DELETE", "GET", "HEAD", "PATCH"]),
    ("resource-servers", "/api/v2/resource-servers", &["GET", "HEAD", "POST"]),
    ("resource-servers", "/api/v2/resource-servers/{id}", &["DELETE", "GET", "HEAD", "PATCH"]),
];
/// No function's own method, but one of HTTP.
const NOBODYS_METHOD: &str = "TRACE";

type Routes = BTreeSet<(String, String)>;

fn contract() -> Routes {
    ROUTES.iter().map(|(function, path, _)| ((*function).to_owned(), (*path).to_owned())).collect()
}

/// The template's, which take every method, so that the function answers 405 (contract A3).
fn template() -> Routes {
    let template = Template::read();
    let functions = template.functions();
    let route = |key: &str, function: &str| {
        let path = key.strip_prefix("ANY ").unwrap_or_else(|| panic!("{key} takes only one method"));
        (functions[function].binary.clone(), path.to_owned())
    };
    let routes = template.routes();
    routes.iter().filter(|it| it.key != "$default").map(|it| route(&it.key, &it.function)).collect()
}

/// What the functions' code hands to axum.
fn code() -> Routes {
    let mut routes = Routes::new();
    for function in fs::read_dir(FUNCTIONS).unwrap().map(|entry| entry.unwrap().path()) {
        let name = function.file_name().unwrap().to_str().unwrap().to_owned();
        for path in paths_in(&function.join("src")) {
            assert!(routes.insert((name.clone(), path.clone())), "{name} has {path} twice");
        }
    }
    routes
}

fn paths_in(folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            paths.extend(paths_in(&entry));
        } else if entry.extension().is_some_and(|it| it == "rs") {
            let source = fs::read_to_string(&entry).unwrap();
            for other in [".nest(", ".nest_service(", ".route_service(", ".merge("] {
                assert!(!source.contains(other), "{}: this test does not follow {other}", entry.display());
            }
            paths.extend(source.split(".route(").skip(1).map(|argument| {
                let path = argument.trim_start().strip_prefix('"').and_then(|it| it.split_once('"'));
                path.expect("a path in quotes").0.to_owned()
            }));
        }
    }
    paths
}

/// Issue 2 item 7: a path of a function that has no route would be a 404 on AWS and an answer in the twin; a route to a
/// function that does not know the path, the other way round.
#[test]
fn template_and_code_have_the_routes_of_the_contract() {
    assert_eq!(template(), contract());
    assert_eq!(code(), contract());
}

/// Issue 4 item 5: the document has every operation, and none that there is not.
#[test]
fn the_document_has_the_routes_of_the_contract() {
    let of_route = |&(_, path, methods): &(&str, &'static str, &[&'static str])| {
        // `HEAD` comes with `GET`, and is no operation of its own.
        let methods = methods.iter().filter(|method| **method != "HEAD");
        methods.map(|method| ((*method).to_owned(), path)).collect::<Vec<_>>()
    };
    let routes: BTreeSet<_> = ROUTES.iter().flat_map(of_route).collect();
    let documented: BTreeSet<_> = openapi::operations().iter().map(openapi::Operation::route).collect();
    assert_eq!(documented, routes);
}

/// contract A3: each route takes its methods, through the gateway and in its own binary, and answers all others 405 with
/// `Allow`.
#[tokio::test]
async fn each_route_takes_its_methods() {
    let gateway = Gateway::new().await;
    for &(function, path, methods) in ROUTES {
        let path = path.replace("{id}", "email%7Cdev_1").replace("{name}", "email");
        let path = path.replace("{method}", "email%7Cdev_1").replace("{provider}", "duo");
        let refused = gateway.send(NOBODYS_METHOD, &path, &[], Body::none()).await;
        assert_eq!(refused.status, 405, "{function} {path}: {}", refused.body);
        let allow = refused.header("allow").unwrap_or_default();
        let mut allowed: Vec<_> = allow.split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{function} {path}");
        for method in methods {
            let status = gateway.send(method, &path, &[], Body::none()).await.status;
            assert!(![404, 405].contains(&status), "{function} {method} {path}: {status}");
        }
    }
}
