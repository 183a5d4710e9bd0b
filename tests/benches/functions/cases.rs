//! What each function is asked.

use std::collections::BTreeMap;
use std::io::Write;

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use postern::id::{ClientId, UserId};
use postern::rules::notice::NoticeKind;
use postern::rules::settings::SettingValue;
use postern::store::notices::{Notice, PARTITION, Recipient, SORT_KEY};
use postern::time::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::measure::STARTS;
use crate::support::{Body, Item, World, records, ticket_in, user_pk};

/// Has a verified address, and so a factor.
const VERIFIED: &str = "verified@example.com";
/// Has a phone.
const USER: &str = "user@example.com";
const NUMBER: &str = "+4915112345678";
/// Has nothing yet.
const NEWCOMER: &str = "newcomer@example.com";
/// Is blocked after wrong passwords.
const BLOCKED: &str = "blocked@example.com";
const API: &str = "https://someapi.com/api";
/// By how much making the tenant moves the clock; it begins that much in the past, for the functions live by the host's.
const SETUP_SECONDS: u64 = 120;

/// One function and the requests it gets.
pub(crate) struct Case {
    pub(crate) label: &'static str,
    pub(crate) binary: &'static str,
    pub(crate) hashes_passwords: bool,
    /// An event that is answered without a call to AWS.
    pub(crate) trivial: Option<Value>,
    /// Full requests; taken in turn.
    events: Vec<Value>,
    is_done: fn(&Value) -> bool,
}

impl Case {
    pub(crate) fn event(&self, number: usize) -> Value {
        self.events[number % self.events.len()].clone()
    }

    /// A refusal would be measured for the real thing.
    pub(crate) fn check(&self, reply: &Value) {
        assert!((self.is_done)(reply), "{}: {reply}", self.label);
    }

    /// A request of API Gateway that succeeds. What every function answers without a call to AWS is a method it does not
    /// have.
    fn http(binary: &'static str, event: Value) -> Self {
        let mut trivial = event.clone();
        trivial["requestContext"]["http"]["method"] = json!("TRACE");
        Self {
            label: binary,
            binary,
            hashes_passwords: false,
            trivial: Some(trivial),
            events: vec![event],
            is_done: |reply| reply["statusCode"] == 200,
        }
    }

    fn labelled(self, label: &'static str) -> Self {
        Self { label, ..self }
    }
}

/// A world whose limits let every case be repeated.
pub(crate) struct Tenant {
    pub(crate) world: World,
}

impl Tenant {
    pub(crate) async fn new() -> Self {
        let users: Vec<_> =
            [NEWCOMER, BLOCKED].iter().map(|email| json!({ "email": email, "password": "pwd" })).collect();
        let mut seed = tempfile::NamedTempFile::new().unwrap();
        seed.write_all(json!({ "users": users }).to_string().as_bytes()).unwrap();
        let world = World::with(|options| {
            options.clock = Clock::fixed(Timestamp(Clock::host().now().0 - SETUP_SECONDS));
            options.seed = Some(seed.path().to_owned());
        })
        .await;
        world.set_factor("sms", true).await;
        let often = SettingValue::Number(100);
        world
            .configure(&[
                ("passwordless_email", SettingValue::Switch(true)),
                ("mfa_token_seconds", SettingValue::Number(3_600)),
                ("email_sends", often.clone()),
                ("passwordless_starts", often.clone()),
                ("passwordless_sends", often.clone()),
                ("sms_sends", often.clone()),
                ("sms_sends_per_number", often.clone()),
                ("email_sends_per_address", often.clone()),
                ("password_resets", often.clone()),
                ("password_reset_requests", often.clone()),
                ("otp_associations", often),
            ])
            .await;
        Self { world }
    }
}

/// The function that all are compared with.
pub(crate) fn bare() -> Case {
    Case::http("hello-lambda", event("GET", "/", &[], ""))
}

/// All cases; `rotate-keys` last, because it leaves a generation more for the others to read.
pub(crate) async fn cases(tenant: &Tenant) -> Vec<Case> {
    let world = &tenant.world;
    let phone = world.enrol_phone(USER, "sms", NUMBER).await;
    let mail = world.id_of_type(VERIFIED, "email").await;
    let access_token = world.sign_in_by_email(VERIFIED, &mail, API, "openid").await.text("access_token");
    let (login, phone_login) = (world.log_in(VERIFIED).await, world.log_in(USER).await);
    let newcomer = world.log_in(NEWCOMER).await;
    let management = world.management_token().await;
    let template = template();
    let made = world.bearer("POST", "/api/v2/email-templates", &management, Body::json(&template)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let template_path = "/api/v2/email-templates/reset_email";
    let user = format!("/api/v2/users/{}", user_pk(USER).trim_start_matches("USER#"));
    let ticket = json!({ "ticket": ticket(world).await }).to_string();
    let [access_token, login_token, newcomer, management] =
        [&access_token, &login.mfa_token, &newcomer.mfa_token, &management].map(|it| format!("Bearer {it}"));
    let bearer = |token| [("authorization", token)];
    let challenge = |token: &str, id: &str| {
        let fields = json!({ "mfa_token": token, "authenticator_id": id });
        event("POST", "/mfa/challenge", &[], &as_app(fields))
    };
    let associate = json!({ "authenticator_types": ["otp"] }).to_string();
    let [by_client, by_password] = oauth_token(world);
    let start = json!({ "connection": "email", "email": VERIFIED, "send": "code" });
    let forgotten = json!({ "connection": "Username-Password-Authentication", "email": VERIFIED });
    let verify = json!({ "ticket": verify_ticket(world).await }).to_string();
    let enrol = json!({ "ticket": enrolment_ticket(world).await, "factor": "otp" }).to_string();
    vec![
        Case::http("well-known", event("GET", "/.well-known/jwks.json", &[], "")),
        Case::http("userinfo", event("GET", "/userinfo", &bearer(&access_token), "")),
        Case::http("guardian-factors", event("GET", "/api/v2/guardian/factors", &bearer(&management), "")),
        Case::http(
            "email-templates",
            event("PUT", template_path, &bearer(&management), &template.to_string()),
        ),
        Case::http("users", event("GET", &user, &bearer(&management), "")),
        Case::http(
            "user-factors",
            event("GET", &format!("{user}/authentication-methods"), &bearer(&management), ""),
        ),
        Case::http("signing-keys", event("GET", "/api/v2/keys/signing", &bearer(&management), "")),
        Case::http("clients", event("GET", "/api/v2/clients", &bearer(&management), "")),
        Case::http("client-grants", event("GET", "/api/v2/client-grants", &bearer(&management), "")),
        Case::http("resource-servers", event("GET", "/api/v2/resource-servers", &bearer(&management), "")),
        Case::http("mfa-authenticators", event("GET", "/mfa/authenticators", &bearer(&login_token), "")),
        Case::http("mfa-challenge", challenge(&login.mfa_token, &mail)).labelled("mfa-challenge, mail"),
        Case::http("mfa-challenge", challenge(&phone_login.mfa_token, &phone)).labelled("mfa-challenge, SMS"),
        Case::http("mfa-associate", event("POST", "/mfa/associate", &bearer(&newcomer), &associate)),
        Case::http("mfa-enrollment", event("POST", "/mfa/enrollment", &[], &enrol)),
        Case::http("passwordless-start", event("POST", "/passwordless/start", &[], &as_app(start))),
        by_client,
        by_password,
        Case::http("oauth-revoke", revoke(world)),
        Case::http("unblock", event("POST", "/u/unblock", &[], &ticket)),
        Case::http("dbconnections", event("POST", "/dbconnections/change_password", &[], &as_app(forgotten))),
        Case::http("tickets", event("POST", "/lo/verify-email", &[], &verify)),
        Case::http("logs", event("GET", "/api/v2/logs", &bearer(&management), "")),
        notices(world).await,
        audit(),
        mail_events(),
        rotate_keys(),
    ]
}

/// Tokens for a client, and the first factor of a user.
fn oauth_token(world: &World) -> [Case; 2] {
    let asked = |body: &str| Case::http("oauth-token", event("POST", "/oauth/token", &[], body));
    let password = json!({ "grant_type": "password", "username": VERIFIED, "password": "pwd" });
    let by_password = Case {
        hashes_passwords: true,
        is_done: |reply| reply["statusCode"] == 403 && reply["body"].to_string().contains("mfa_required"),
        ..asked(&as_app(password))
    };
    [
        asked(&client_credentials(world, json!({}))).labelled("oauth-token, client"),
        by_password.labelled("oauth-token, password"),
    ]
}

/// With the demo app's credentials.
fn as_app(mut body: Value) -> String {
    body["client_id"] = json!("demo-app");
    body["client_secret"] = json!("demo-secret");
    body.to_string()
}

fn client_credentials(world: &World, mut body: Value) -> String {
    body["grant_type"] = json!("client_credentials");
    body["client_id"] = json!("demo-management");
    body["client_secret"] = json!("demo-management-secret");
    body["audience"] = json!(format!("{}api/v2/", world.issuer()));
    body.to_string()
}

/// A token that nobody has is answered like any other.
fn revoke(world: &World) -> Value {
    event("POST", "/oauth/revoke", &[], &client_credentials(world, json!({ "token": "v1.unknown" })))
}

/// One that no other case sends.
fn template() -> Value {
    json!({
        "template": "reset_email",
        "body": "<p>{% if request_language == 'de' %}Hallo{% else %}Hello{% endif %} {{ user.name }}: {{ url }}</p>",
        "from": "{{ application.name }} <mfa@postern.example>",
        "subject": "{{ friendly_name }}",
        "syntax": "liquid",
        "enabled": true,
    })
}

/// The ticket in the mail about a block.
async fn ticket(world: &World) -> String {
    for _ in 0..10 {
        assert_eq!(world.password(BLOCKED, "wrong").await.status, 403);
    }
    let notices = world.notices(BLOCKED).await;
    let link = notices.last().unwrap().text.lines().find(|line| line.starts_with("http")).unwrap().to_owned();
    let page = world.send("GET", link.strip_prefix(world.twin.base_url()).unwrap(), &[], Body::none()).await;
    let (_, rest) = page.body.split_once(r#"name="ticket" value=""#).expect("a button");
    rest.split_once('"').unwrap().0.to_owned()
}

/// A ticket that verifies an address; verified once, it is answered alike.
async fn verify_ticket(world: &World) -> String {
    let user = json!({ "user_id": user_pk(USER).trim_start_matches("USER#") });
    let ticket = world.manage("POST", "/api/v2/tickets/email-verification", Some(&user)).await;
    ticket_in(&ticket.text("ticket"))
}

/// A ticket of a user who has a factor already; each app that is begun takes the place of the one before.
async fn enrolment_ticket(world: &World) -> String {
    world.enrolment_ticket(USER, &json!({ "allow_multiple_enrollments": true })).await
}

/// A notice to be mailed for each event: the same one again would only be looked at.
async fn notices(world: &World) -> Case {
    let app = &world.twin.app;
    let user = UserId::new(user_pk(USER).trim_start_matches("USER#"));
    let client = ClientId::parse("demo-app").unwrap();
    let mut events = Vec::new();
    for number in 0..2 * STARTS {
        let recipient = Recipient::User(user.clone());
        let notice =
            Notice::new(NoticeKind::FactorRemoved, recipient, None, &client, &app.random, app.now()).unwrap();
        let pk = format!("{PARTITION}{}", notice.id);
        let mut item: Item = serde_dynamo::to_item(&notice).unwrap();
        item.insert("pk".to_owned(), AttributeValue::S(pk.clone()));
        item.insert("sk".to_owned(), AttributeValue::S(SORT_KEY.to_owned()));
        let put = app.store.dynamodb().put_item().table_name(app.store.table());
        put.set_item(Some(item)).send().await.unwrap();
        events.push(json!({ "Records": [{
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": SORT_KEY } },
                "SequenceNumber": (111 + number).to_string(),
            },
        }] }));
    }
    Case {
        label: "notices",
        binary: "notices",
        hashes_passwords: false,
        trivial: Some(json!({ "Records": [] })),
        events,
        is_done: |reply| reply["batchItemFailures"] == json!([]),
    }
}

/// Records to be kept and put on the bus.
fn audit() -> Case {
    Case {
        label: "audit",
        binary: "audit",
        hashes_passwords: false,
        trivial: Some(local::audit::event(&[])),
        events: vec![local::audit::event(&records(10))],
        is_done: |reply| reply["records"].is_u64(),
    }
}

/// A bounce that is marked, and then known.
fn mail_events() -> Case {
    let user = BASE64URL_NOPAD.encode(user_pk(USER).trim_start_matches("USER#").as_bytes());
    let bounce = json!({
        "source": "aws.ses",
        "detail-type": "Email Bounced",
        "detail": {
            "bounce": { "bounceType": "Permanent", "bounceSubType": "General" },
            "mail": {
                "timestamp": "2026-11-22T00:00:00.000Z",
                "destination": ["elsewhere@example.com"],
                "tags": { "postern-message": ["mfa-code"], "postern-user": [user] },
            },
        },
    });
    Case {
        label: "mail-events",
        binary: "mail-events",
        hashes_passwords: false,
        trivial: Some(json!({ "source": "aws.events" })),
        events: vec![bounce],
        is_done: |reply| reply["outcome"].is_string(),
    }
}

/// The first run adds a generation, and the rest find that none is due. Its only events without a call to AWS are
/// CloudFormation's, which are answered elsewhere.
fn rotate_keys() -> Case {
    Case {
        label: "rotate-keys, not due",
        binary: "rotate-keys",
        hashes_passwords: false,
        trivial: None,
        events: vec![json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} })],
        is_done: |reply| reply["made"].is_array() && reply["retired"] == json!([]),
    }
}

/// An event as API Gateway's HTTP API sends it, format 2.0.
fn event(method: &str, path: &str, headers: &[(&str, &String)], body: &str) -> Value {
    let headers: BTreeMap<_, _> = headers.iter().copied().collect();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "mfa.example.com",
            "domainPrefix": "mfa",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench" },
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:00:00:00 +0000",
            "timeEpoch": 1_795_305_600_000_u64
        },
        "body": BASE64.encode(body.as_bytes()),
        "isBase64Encoded": true
    })
}
