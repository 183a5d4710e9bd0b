//! Random bodies against every endpoint: whatever they are, the answer is in the contract's format, never a 5xx, and
//! the twin keeps working (contract A3, SEC-16). A fixed seed and a bounded number of cases keep it deterministic.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use crate::bad_input::{refused, still_works};
use crate::support::{Body, PASSWORDLESS, World};

const CASES: usize = 1_500;

/// Bodies that are nearly right: cutting, repeating and overwriting their bytes reaches deeper than noise does.
fn templates() -> Vec<Vec<u8>> {
    let client = json!({"client_id": "demo-app", "client_secret": "demo-secret"});
    let with_client = |mut request: serde_json::Value| {
        request.as_object_mut().unwrap().extend(client.as_object().unwrap().clone());
        request.to_string().into_bytes()
    };
    vec![
        with_client(
            json!({"grant_type": "password", "username": "fuzz@example.com", "password": "x", "scope": "openid"}),
        ),
        with_client(
            json!({"grant_type": "http://auth0.com/oauth/grant-type/mfa-oob", "mfa_token": "a.b", "oob_code": "a.b", "binding_code": "123456"}),
        ),
        with_client(json!({"mfa_token": "a.b", "challenge_type": "oob", "authenticator_id": "email|dev_a"})),
        with_client(json!({"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "fuzz@"})),
        b"grant_type=client_credentials&audience=x&client_id=demo-app&client_secret=%zz".to_vec(),
        b"authenticator_types=oob&oob_channels=sms&phone_number=%2B1&email=%FF".to_vec(),
        br#"{"enabled":"true","enabled ":true}"#.to_vec(),
        with_client(json!({"connection": "email", "email": "fuzz@example.com", "send": "code"})),
        with_client(
            json!({"connection": "email", "email": "fuzz@example.com", "authParams": {"redirect_uri": "http://localhost:4200/signed-in", "state": "s"}}),
        ),
        with_client(json!({"connection": "sms", "phone_number": "+4915112345670"})),
        with_client(
            json!({"grant_type": PASSWORDLESS, "realm": "sms", "username": "+4915112345670", "otp": "123456"}),
        ),
        with_client(json!({"grant_type": "refresh_token", "refresh_token": "a.b.c", "token": "a.b.c"})),
        b"ticket=a.b".to_vec(),
        br#"["all-applications"]"#.to_vec(),
        br#"{"code_seconds":60,"voice":true,"countries":["DE"],"default_language":"de"}"#.to_vec(),
        br#"{"sid":"AC00112233445566778899aabbccddeeff","auth_token":"x","from":"+12065550123"}"#.to_vec(),
        br#"{"provider":"twilio"}"#.to_vec(),
        br#"[{"type":"email","email":"fuzz@example.com"},{"type":"totp","totp_secret":"5HCWXIP2MJNSUBGYVUZFLRB2HWIGXR4S"}]"#
            .to_vec(),
        br#"{"type":"phone","phone_number":"+4915112345670","name":"x","preferred_authentication_method":"sms"}"#
            .to_vec(),
        br#"{"name":"x","app_type":"spa","callbacks":["https://x.example/in"],"client_metadata":{"a":"b","mfa_policy":"never"},"jwt_configuration":{"alg":"RS256"},"refresh_token":{"rotation_type":"rotating"}}"#
            .to_vec(),
        br#"{"client_id":"demo-app","audience":"https://someapi.com/api","scope":["read:sample"],"subject_type":"client"}"#
            .to_vec(),
        br#"{"identifier":"https://x.example","name":"x","scopes":[{"value":"a:b","description":"x"}],"token_lifetime":60}"#
            .to_vec(),
        br#"{"template":"mfa_oob_code","body":"{{ code }}{% if x %}{% endif %}","subject":"{{ y | default: 'z' }}","syntax":"liquid","enabled":true}"#
            .to_vec(),
    ]
}

#[derive(Clone, Debug)]
enum Mutation {
    Cut(prop::sample::Index),
    Overwrite(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        at().prop_map(Mutation::Cut),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Overwrite(at, byte)),
        (at(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        at().prop_map(Mutation::Repeat),
    ]
}

fn mutated(mut body: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        if body.is_empty() {
            break;
        }
        match mutation {
            Mutation::Cut(at) => body.truncate(at.index(body.len())),
            Mutation::Overwrite(at, byte) => {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            Mutation::Insert(at, bytes) => {
                let at = at.index(body.len());
                body.splice(at..at, bytes.iter().copied());
            }
            Mutation::Repeat(at) => {
                let tail = body.split_off(at.index(body.len()));
                body.extend([tail.clone(), tail].concat());
            }
        }
    }
    body
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => "[{}\\[\\]\":,a-z0-9=&%+ ]{0,80}".prop_map(String::into_bytes),
        5 => (prop::sample::select(templates()), prop::collection::vec(mutation(), 1..5))
            .prop_map(|(body, mutations)| mutated(body, &mutations)),
    ]
}

/// What takes a body, with the token for it.
fn requests<'a>(bearer: &'a str, management: &'a str) -> Vec<(&'static str, &'static str, &'a str)> {
    vec![
        ("POST", "/oauth/token", "x"),
        ("POST", "/mfa/challenge", "x"),
        ("POST", "/mfa/associate", bearer),
        ("PUT", "/api/v2/guardian/factors/recovery-code", management),
        ("POST", "/nothing", "x"),
        ("POST", "/oauth/revoke", "x"),
        ("POST", "/passwordless/start", "x"),
        ("POST", "/mfa/recovery-code", bearer),
        ("POST", "/u/unblock", "x"),
        ("POST", "/lo/reset", "x"),
        ("POST", "/lo/verify-email", "x"),
        ("POST", "/mfa/enrollment", "x"),
        ("POST", "/dbconnections/signup", "x"),
        ("POST", "/dbconnections/change_password", "x"),
        ("POST", "/api/v2/jobs/verification-email", management),
        ("POST", "/api/v2/tickets/password-change", management),
        ("POST", "/api/v2/guardian/enrollments/ticket", management),
        ("PUT", "/api/v2/guardian/policies", management),
        ("PATCH", "/api/v2/guardian/settings", management),
        ("PUT", "/api/v2/guardian/factors/sms/selected-provider", management),
        ("PUT", "/api/v2/guardian/factors/phone/providers/twilio", management),
        ("POST", "/api/v2/email-templates", management),
        ("PATCH", "/api/v2/email-templates/mfa_oob_code", management),
        ("POST", "/api/v2/users", management),
        ("PATCH", "/api/v2/users/auth0%7Cx", management),
        ("POST", "/api/v2/users/auth0%7Cx/authentication-methods", management),
        ("PATCH", "/api/v2/users/auth0%7Cx/authentication-methods/email%7Cdev_a", management),
        ("PUT", "/api/v2/users/auth0%7Cx/authentication-methods", management),
        ("POST", "/api/v2/clients", management),
        ("PATCH", "/api/v2/clients/x", management),
        ("POST", "/api/v2/client-grants", management),
        ("POST", "/api/v2/resource-servers", management),
        ("PATCH", "/api/v2/resource-servers/https%3A%2F%2Fx.example", management),
    ]
}

/// One twin for all cases; nothing in it may accept what the fuzzer sends, but where an operator may set what fits, and
/// where anybody may ask for a code or give up a token that nobody has.
#[tokio::test]
async fn no_body_breaks_an_endpoint() {
    let world = World::with_passwordless().await;
    let bearer = world.first_access_token("user@example.com", "read:authenticators").await;
    let management = world.management_token().await;
    let requests = requests(&bearer, &management);
    let types =
        [None, Some("application/json"), Some("application/x-www-form-urlencoded"), Some("text/plain")];
    let strategy = (0..requests.len(), 0..types.len(), bodies());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for case in 0..CASES {
        let (request, content_type, body) = strategy.new_tree(&mut runner).unwrap().current();
        let ((method, path, token), content_type) = (requests[request], types[content_type]);
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = world.bearer(method, path, token, Body::raw(content_type, body)).await;
        assert!(
            reply.status < 500,
            "case {case}: {path} {content_type:?} {shown:?}: {} {}",
            reply.status,
            reply.body
        );
        let may_fit = path.starts_with("/api/v2") || ["/oauth/revoke", "/passwordless/start"].contains(&path);
        match (path, reply.status) {
            ("/u/unblock" | "/lo/reset" | "/lo/verify-email" | "/mfa/enrollment", status) => {
                assert_eq!(status, 400, "case {case}: {shown:?}")
            }
            (_, 200 | 201) if may_fit => {}
            _ => refused(&reply, path),
        }
        // Limits are other tests' business.
        world.clock.advance(1);
    }
    restore(&world).await;
    still_works(&world).await;
}

/// Takes back what the fuzzer may have set, by the API itself.
async fn restore(world: &World) {
    let token = world.management_token().await;
    let names = world.bearer("GET", "/api/v2/guardian/settings", &token, Body::none()).await.json();
    let nulls: serde_json::Map<_, _> =
        names.as_object().unwrap().keys().map(|name| (name.clone(), json!(null))).collect();
    for (method, path, body) in [
        ("PATCH", "/api/v2/guardian/settings", json!(nulls)),
        ("PUT", "/api/v2/guardian/policies", json!(["all-applications"])),
    ] {
        assert_eq!(world.bearer(method, path, &token, Body::json(&body)).await.status, 200, "{path}");
    }
    world.clock.advance(60);
}
