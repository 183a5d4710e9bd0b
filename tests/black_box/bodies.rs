//! Every request of contract A1 in every shape of body that clients send (contract A2).

use insta::assert_snapshot;
use serde_json::{Map, Value, json};

use crate::support::{Body, DEMO_APP, OOB, OTP, RECOVERY, Reply, World, as_client};

const USER: &str = "user@example.com";
const FORM: &str = "application/x-www-form-urlencoded";

/// How a client writes a request, and what it says it wrote.
#[derive(Clone, Copy, Debug)]
struct Shape {
    json: bool,
    content_type: Option<&'static str>,
}

/// A2: JSON and forms, each under its own type, under the other's, and under none.
const SHAPES: [Shape; 6] = [
    Shape { json: true, content_type: Some("application/json") },
    Shape { json: true, content_type: Some(FORM) },
    Shape { json: true, content_type: None },
    Shape { json: false, content_type: Some(FORM) },
    Shape { json: false, content_type: None },
    Shape { json: false, content_type: Some("application/json") },
];

/// The same under types that say it in other words, or say nothing.
const MORE_SHAPES: [Shape; 6] = [
    Shape { json: true, content_type: Some("Application/JSON; charset=utf-8") },
    Shape { json: true, content_type: Some("application/json, application/json") },
    Shape { json: true, content_type: Some("text/plain") },
    Shape { json: false, content_type: Some("application/x-www-form-urlencoded; charset=UTF-8") },
    Shape { json: false, content_type: Some("multipart/form-data; boundary=x") },
    Shape { json: false, content_type: Some("not a type") },
];

impl Shape {
    fn body(self, pairs: &[(&str, &str)]) -> Body {
        let body = if self.json {
            let members: Map<_, _> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            Body::json(&Value::Object(members))
        } else {
            Body::form(pairs)
        };
        body.declared(self.content_type)
    }

    async fn token(self, world: &World, pairs: &[(&str, &str)]) -> Reply {
        let all = [pairs, &DEMO_APP].concat();
        world.post("/oauth/token", self.body(&all)).await
    }

    /// A1 step 1.
    async fn log_in(self, world: &World) -> String {
        let pairs = [
            ("grant_type", "password"),
            ("username", USER),
            ("password", "pwd"),
            ("audience", "https://someapi.com/api"),
            ("scope", "read:sample"),
        ];
        let reply = self.token(world, &pairs).await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#
        );
        reply.text("mfa_token")
    }

    /// A1 step 3.
    async fn oob(self, world: &World, mfa_token: &str, oob_code: &str) {
        let code = world.code(USER);
        let pairs =
            [("grant_type", OOB), ("mfa_token", mfa_token), ("oob_code", oob_code), ("binding_code", &code)];
        let reply = self.token(world, &pairs).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#
        );
    }
}

/// A1 steps 1 to 6 by email, in every shape of body.
#[tokio::test]
async fn the_email_flow_in_every_shape() {
    for shape in SHAPES {
        let world = World::new().await;
        let mfa_token = shape.log_in(&world).await;
        let pairs = [("authenticator_types", "oob"), ("oob_channels", "email"), ("email", USER)];
        let associated = world.bearer("POST", "/mfa/associate", &mfa_token, shape.body(&pairs)).await;
        assert_eq!(
            associated.snapshot(),
            r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"email","oob_code":"[oob_code]"}"#
        );
        shape.oob(&world, &mfa_token, &associated.text("oob_code")).await;
        let mfa_token = shape.log_in(&world).await;
        let id = world.list(&mfa_token).await.json()[0]["id"].as_str().unwrap().to_owned();
        let pairs = [("mfa_token", mfa_token.as_str()), ("challenge_type", "oob"), ("authenticator_id", &id)];
        let challenge = world.post("/mfa/challenge", shape.body(&[&pairs[..], &DEMO_APP].concat())).await;
        assert_eq!(
            challenge.snapshot(),
            r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#
        );
        shape.oob(&world, &mfa_token, &challenge.text("oob_code")).await;
        let mfa_token = shape.log_in(&world).await;
        let recovery_code = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
        let pairs = [("grant_type", RECOVERY), ("mfa_token", &mfa_token), ("recovery_code", &recovery_code)];
        let reply = shape.token(&world, &pairs).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"access_token":"[access_token]","recovery_code":"[recovery_code]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#
        );
    }
}

/// A2: "whatever the client calls them".
#[tokio::test]
async fn content_types_that_do_not_matter() {
    let world = World::new().await;
    for shape in MORE_SHAPES {
        let mfa_token = shape.log_in(&world).await;
        let pairs = [("authenticator_types", "oob"), ("oob_channels", "email")];
        let reply = world.bearer("POST", "/mfa/associate", &mfa_token, shape.body(&pairs)).await;
        assert_eq!(reply.status, 200, "{shape:?}: {}", reply.body);
        let pairs = [("mfa_token", mfa_token.as_str())];
        let reply = world.post("/mfa/challenge", shape.body(&[&pairs[..], &DEMO_APP].concat())).await;
        assert_eq!(reply.text("error"), "unsupported_challenge_type", "{shape:?}: {}", reply.body);
        world.clock.advance(600);
    }
}

/// The requests of an app's enrolment and of a client in its own name, in every shape of body.
#[tokio::test]
async fn an_app_and_client_credentials_in_every_shape() {
    for shape in SHAPES {
        let world = World::new().await;
        let mfa_token = shape.log_in(&world).await;
        let body = shape.body(&[("authenticator_types", "otp")]);
        let associated = world.bearer("POST", "/mfa/associate", &mfa_token, body).await;
        assert_eq!(
            associated.snapshot(),
            r#"200 {"authenticator_type":"otp","secret":"[secret]","barcode_uri":"[barcode_uri]","recovery_codes":["[recovery_code]"]}"#
        );
        let secret = postern::rules::totp::TotpSecret::from_base32(&associated.text("secret")).unwrap();
        let code = world.app_code(&secret, 0);
        let reply =
            shape.token(&world, &[("grant_type", OTP), ("mfa_token", &mfa_token), ("otp", &code)]).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#
        );
        let audience = format!("{}api/v2/", world.issuer());
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", "demo-management"),
            ("client_secret", "demo-management-secret"),
            ("audience", &audience),
            ("scope", "update:guardian_factors"),
        ];
        let reply = world.post("/oauth/token", shape.body(&pairs)).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"access_token":"[access_token]","scope":"update:guardian_factors","expires_in":86400,"token_type":"Bearer"}"#
        );
    }
}

/// A1 step 7: the Management API takes JSON, whatever its content type is said to be; `"true"` is accepted.
#[tokio::test]
async fn the_management_body_under_every_type() {
    let world = World::new().await;
    let token = world.management_token().await;
    for shape in SHAPES.into_iter().chain(MORE_SHAPES).filter(|shape| shape.json) {
        for body in [json!({"enabled": true}), json!({"enabled": "true"})] {
            let body = Body::json(&body).declared(shape.content_type);
            let reply = world.bearer("PUT", "/api/v2/guardian/factors/email", &token, body).await;
            assert_eq!(reply.snapshot(), r#"200 {"enabled":true}"#);
        }
    }
}

/// A2: "`authenticator_types` and `oob_channels` may be a bare string", or arrays, in any mixture.
#[tokio::test]
async fn lists_may_be_bare_strings() {
    for (types, channels) in [
        (json!("oob"), json!("email")),
        (json!(["oob"]), json!("email")),
        (json!("oob"), json!(["email"])),
        (json!(["oob"]), json!(["email"])),
    ] {
        let world = World::new().await;
        let login = world.log_in(USER).await;
        let body = Body::json(&json!({"authenticator_types": types, "oob_channels": channels}));
        let reply = world.bearer("POST", "/mfa/associate", &login.mfa_token, body).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"email","oob_code":"[oob_code]"}"#
        );
    }
}

/// A2: "empty strings count as absent" (NET sends them for what it does not have), in requests that succeed.
#[tokio::test]
async fn empty_strings_are_absent() {
    for shape in SHAPES {
        let world = World::new().await;
        let pairs = [
            ("grant_type", "password"),
            ("username", USER),
            ("password", "pwd"),
            ("audience", ""),
            ("scope", ""),
            ("realm", ""),
            ("nonce", ""),
        ];
        let mfa_token = shape.token(&world, &pairs).await.text("mfa_token");
        let pairs = [
            ("authenticator_types", "oob"),
            ("oob_channels", "email"),
            ("email", ""),
            ("phone_number", ""),
            ("client_id", ""),
        ];
        let associated = world.bearer("POST", "/mfa/associate", &mfa_token, shape.body(&pairs)).await;
        assert_eq!(associated.status, 200, "{}", associated.body);
        let (oob_code, code) = (associated.text("oob_code"), world.code(USER));
        let pairs = [
            ("grant_type", OOB),
            ("mfa_token", &mfa_token),
            ("oob_code", &oob_code),
            ("binding_code", &code),
        ];
        let reply = shape.token(&world, &pairs).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid profile email","expires_in":86400,"token_type":"Bearer"}"#
        );
        let mfa_token = shape.log_in(&world).await;
        let pairs = [
            ("mfa_token", mfa_token.as_str()),
            ("challenge_type", ""),
            ("authenticator_id", ""),
            ("oob_channel", ""),
        ];
        let challenge = world.post("/mfa/challenge", shape.body(&[&pairs[..], &DEMO_APP].concat())).await;
        assert_eq!(
            challenge.snapshot(),
            r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#
        );
    }
}

/// A2: "unknown fields are ignored in token requests", of any JSON type; so is a bearer header beside the client's
/// own proof (§1.1).
#[tokio::test]
async fn unknown_fields_are_ignored() {
    let world = World::new().await;
    let body = json!({
        "grant_type": "password",
        "username": USER,
        "password": "pwd",
        "client_id": "demo-app",
        "client_secret": "demo-secret",
        "extra": "value",
        "device": {"name": ["a", 1, null, true]},
        "": "",
        "audience": null,
    });
    let headers = [("authorization", "Bearer something"), ("x-request-language", "de")];
    let reply = world.send("POST", "/oauth/token", &headers, Body::json(&body)).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#);
    let form = as_client(
        &DEMO_APP,
        &[("grant_type", "password"), ("username", USER), ("password", "pwd"), ("extra", "value")],
    );
    assert_eq!(world.post("/oauth/token", form).await.text("error"), "mfa_required");
    let body = json!({"authenticator_types": ["otp"], "authentication_types": ["oob"], "extra": {"a": 1}});
    let token = reply.text("mfa_token");
    let reply = world.bearer("POST", "/mfa/associate", &token, Body::json(&body)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// A2: "a repeated parameter is `invalid_request`", known or not, also when the two are the same or empty.
#[tokio::test]
async fn a_repeated_parameter_is_refused() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let bodies = [
        ("grant_type=password&scope=a&scope=b", "scope"),
        ("grant_type=password&grant_type=password", "grant_type"),
        ("x=&x=", "x"),
        ("%73cope=a&scope=b", "scope"),
        (r#"{"scope":"a","scope":"a"}"#, "scope"),
        (r#"{"\u0073cope":"a","scope":null}"#, "scope"),
    ];
    for (body, name) in bodies {
        let expected = format!(
            r#"400 {{"error":"invalid_request","error_description":"Parameter {name} must not be repeated"}}"#
        );
        for path in ["/oauth/token", "/oauth/revoke", "/mfa/challenge", "/passwordless/start"] {
            assert_eq!(world.post(path, Body::raw(None, body)).await.snapshot(), expected, "{body}");
        }
        let reply = world.bearer("POST", "/mfa/associate", &login.mfa_token, Body::raw(None, body)).await;
        assert_eq!(reply.snapshot(), expected, "{body}");
    }
}

/// Forms as browsers and libraries write them: plus for space, UTF-8 escapes, white space around JSON.
#[tokio::test]
async fn forms_and_json_as_libraries_write_them() {
    let world = World::new().await;
    let client = "client_id=demo-app&client_secret=demo-secret";
    let form = format!(
        "&{client}&grant_type=password&username=user%40example.com&password=pwd&scope=openid+read%3Asample&&audience=https%3A%2F%2Fsomeapi.com%2Fapi&"
    );
    let reply = world.post("/oauth/token", Body::raw(Some(FORM), form)).await;
    assert_eq!(reply.text("error"), "mfa_required", "{}", reply.body);
    let oob_code = world.associate_email(&reply.text("mfa_token"), None).await.text("oob_code");
    let tokens = world.oob(&reply.text("mfa_token"), &oob_code, &world.code(USER)).await;
    assert_eq!(tokens.text("scope"), "openid read:sample");
    let json = " \r\n\t{\"grant_type\" : \"pass\\u0077ord\", \"username\":\"user@example.com\",\n\"password\":\"pwd\",\"client_id\":\"demo-spa\"}\n ";
    let reply = world.post("/oauth/token", Body::raw(Some(FORM), json)).await;
    assert_eq!(reply.text("error"), "mfa_required", "{}", reply.body);
}
