//! `/api/v2/email-templates`, and the mails that such templates make (contract §6).

use aws_sdk_dynamodb::types::AttributeValue;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, Reply, World};

const USER: &str = "user@example.com";
const TEMPLATES: &str = "/api/v2/email-templates";
const BODY: &str = "<h1>Hi {{ user.name }}</h1><p>{% if request_language == 'de' %}Ihr Code{% else %}Your code{% endif %}: <b>{{ code }}</b> for {{ application.name }} ({{ user.user_metadata.plan | default: 'free' }})</p>";

fn template(body: &str) -> Value {
    json!({
        "template": "mfa_oob_code",
        "body": body,
        "from": "{{ application.name }} Söhne <other@example.org>",
        "subject": "{{ code }}: {{ friendly_name }}",
        "syntax": "liquid",
        "enabled": true,
    })
}

async fn manage(world: &World, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let token = world.management_token().await;
    let body = body.map_or_else(Body::none, Body::json);
    world.bearer(method, &format!("{TEMPLATES}{path}"), &token, body).await
}

/// Stores a template and lets the caches expire.
async fn upload(world: &World, body: &str) {
    let reply = manage(world, "POST", "", Some(&template(body))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    world.clock.advance(60);
}

async fn mail(world: &World, headers: &[(&str, &str)]) -> local::aws::Message {
    let login = world.log_in(USER).await;
    let bearer = format!("Bearer {}", login.mfa_token);
    let all: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
    let request = json!({
        "authenticator_types": ["oob"],
        "oob_channels": ["email"],
        "client_id": "demo-app",
        "client_secret": "demo-secret",
    });
    let reply = world.send("POST", "/mfa/associate", &all, Body::json(&request)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    world.twin.aws.inbox.messages(Some(USER)).remove(0)
}

/// §6: create, read, replace, change; each answers the whole template; 409 and 404 to the letter.
#[tokio::test]
async fn templates_are_kept() {
    let world = World::new().await;
    assert_snapshot!(manage(&world, "GET", "/mfa_oob_code", None).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The template mfa_oob_code does not exist.","errorCode":"inexistent_email_template"}"#);
    for method in ["PUT", "PATCH"] {
        let reply = manage(&world, method, "/mfa_oob_code", Some(&template("{{ code }}"))).await;
        assert_eq!(
            reply.snapshot(),
            r#"404 {"statusCode":404,"error":"Not Found","message":"The template mfa_oob_code does not exist.","errorCode":"inexistent_email_template"}"#
        );
    }
    let mut verify = template("{{ url }}");
    verify["template"] = json!("verify_email");
    let created = manage(&world, "POST", "", Some(&verify)).await;
    assert_snapshot!(created.snapshot(), @r#"200 {"template":"verify_email","body":"{{ url }}","from":"{{ application.name }} Söhne <other@example.org>","resultUrl":null,"subject":"{{ code }}: {{ friendly_name }}","syntax":"liquid","urlLifetimeInSeconds":null,"includeEmailInRedirect":null,"enabled":true}"#);
    assert_snapshot!(manage(&world, "POST", "", Some(&verify)).await.snapshot(), @r#"409 {"statusCode":409,"error":"Conflict","message":"Template verify_email already exists."}"#);
    let change = json!({ "enabled": false, "from": null, "urlLifetimeInSeconds": 3600 });
    let changed = manage(&world, "PATCH", "/verify_email", Some(&change)).await;
    assert_snapshot!(changed.snapshot(), @r#"200 {"template":"verify_email","body":"{{ url }}","from":null,"resultUrl":null,"subject":"{{ code }}: {{ friendly_name }}","syntax":"liquid","urlLifetimeInSeconds":3600,"includeEmailInRedirect":null,"enabled":false}"#);
    assert_eq!(manage(&world, "GET", "/verify_email", None).await.body, changed.body);
    assert_eq!(manage(&world, "PATCH", "/verify_email", Some(&json!({}))).await.body, changed.body);
    let replaced = manage(&world, "PUT", "/verify_email", Some(&verify)).await;
    assert_eq!(replaced.body, created.body);
    assert_eq!(replaced.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
}

/// What is wrong with a template is told with its property, line and column, and nothing is stored.
#[tokio::test]
async fn templates_that_cannot_be_used_are_refused() {
    let world = World::new().await;
    let refused = async |body: &str| manage(&world, "POST", "", Some(&template(body))).await.snapshot();
    assert_snapshot!(refused("<p>\n  {{ code | shout }}</p>").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid Liquid: Unknown filter 'shout' at line 2, column 13' on property body.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused("{{ code }}\n{% include 'x' %}").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid Liquid: Unknown or misplaced tag 'include' at line 2, column 1' on property body.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused("{% if code %}{{ code }}").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid Liquid: {% if %} is never closed at line 1, column 1' on property body.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused("<p>Hello</p>").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid Liquid: The template does not show the code: {{ code }} at line 1, column 1' on property body.","errorCode":"invalid_body"}"#);
    let loops = "{{ code }}{% for i in (1..9999) %}{% for j in (1..9999) %}{% for k in (1..9999) %}{% endfor %}{% endfor %}{% endfor %}";
    let too_much = r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid Liquid: The template cannot be rendered: it does too much or makes too long a text at line 1, column 1' on property body.","errorCode":"invalid_body"}"#;
    assert_eq!(refused(loops).await, too_much);
    let long = format!("{{{{ code }}}}{{% for i in (1..4000) %}}{}{{% endfor %}}", "x".repeat(200));
    assert_eq!(refused(&long).await, too_much);
    assert_snapshot!(refused(&"x".repeat(15 * 1024 + 1)).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'String is too long, maximum 15360 bytes' on property body.","errorCode":"invalid_body"}"#);
    assert!(refused(&"x".repeat(17 * 1024)).await.starts_with("413 "));
    let stored = world.stored().await;
    assert!(!stored.keys().any(|(_, sk)| sk.starts_with("TEMPLATE#")), "nothing is stored");
}

/// Properties that do not fit, unknown names, a change of the name.
#[tokio::test]
async fn properties_that_do_not_fit_are_named() {
    let world = World::new().await;
    upload(&world, BODY).await;
    let with = |name: &str, value: Value| {
        let mut template = template(BODY);
        template[name] = value;
        template
    };
    for (name, value, problem) in [
        ("template", json!("nonsense"), "No enum match' on property template."),
        ("template", json!("verify_email"), "A template cannot be renamed' on property template."),
        ("body", json!(1), "Expected type string' on property body."),
        ("subject", json!("x".repeat(501)), "String is too long, maximum 500 bytes' on property subject."),
        (
            "subject",
            json!("{{"),
            "Invalid Liquid: {{ is not closed by }} within 1000 bytes at line 1, column 1' on property subject.",
        ),
        (
            "from",
            json!("{% x %}"),
            "Invalid Liquid: Unknown or misplaced tag 'x' at line 1, column 1' on property from.",
        ),
        ("syntax", json!("handlebars"), "No enum match, expected liquid' on property syntax."),
        ("enabled", json!("yes"), "Expected type boolean' on property enabled."),
        ("enabled", json!(null), "Expected type boolean' on property enabled."),
        ("urlLifetimeInSeconds", json!(-1), "Expected type integer' on property urlLifetimeInSeconds."),
        ("includeEmailInRedirect", json!(1), "Expected type boolean' on property includeEmailInRedirect."),
        ("nonsense", json!(1), "Additional properties not allowed: nonsense'."),
    ] {
        let expected = format!("Payload validation error: '{problem}");
        for body in [with(name, value.clone()), json!({ name: value })] {
            let method =
                if body.get("syntax").is_some() && body.get("body").is_some() { "PUT" } else { "PATCH" };
            let reply = manage(&world, method, "/mfa_oob_code", Some(&body)).await;
            assert_eq!((reply.status, reply.text("message")), (400, expected.clone()), "{method} {name}");
        }
    }
    for missing in ["body", "subject", "syntax", "enabled"] {
        let mut body = template(BODY);
        body.as_object_mut().unwrap().remove(missing);
        let reply = manage(&world, "PUT", "/mfa_oob_code", Some(&body)).await;
        let expected = format!(
            "Payload validation error: 'Missing required property: {missing}' on property {missing}."
        );
        assert_eq!((reply.status, reply.text("message")), (400, expected));
    }
    for name in ["nonsense", "MFA_OOB_CODE", "%00", "mfa_oob_code%2F"] {
        let reply = manage(&world, "GET", &format!("/{name}"), None).await;
        assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_uri".to_owned()), "{name}");
    }
}

/// §6: each operation has its scope.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    let narrow = world.token_with_scope("read:users").await;
    for (method, path, scope) in [
        ("POST", "", "create:email_templates"),
        ("GET", "/mfa_oob_code", "read:email_templates"),
        ("PUT", "/mfa_oob_code", "update:email_templates"),
        ("PATCH", "/nonsense", "update:email_templates"),
    ] {
        let path = format!("{TEMPLATES}{path}");
        let reply = world.bearer(method, &path, &narrow, Body::none()).await;
        let expected = format!("Insufficient scope, expected any of: {scope}");
        assert_eq!((reply.status, reply.text("message")), (403, expected), "{method}");
        assert_eq!(world.send(method, &path, &[], Body::none()).await.status, 401, "{method}");
    }
    let reply = world.send("DELETE", &format!("{TEMPLATES}/mfa_oob_code"), &[], Body::none()).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET,HEAD,PUT,PATCH")));
}

/// A custom template makes the mail: escaped values, a text part with the code as its only group of six digits, the
/// deployment's address under the template's name, one line of subject.
#[tokio::test]
async fn the_code_is_mailed_by_the_operators_template() {
    let world = World::new().await;
    upload(&world, BODY).await;
    let name = AttributeValue::S("<b>Eve</b>\r\n& Söhne 123456".into());
    world.set_profile(USER, "name", name).await;
    let metadata = serde_dynamo::to_attribute_value(json!({ "plan": "gold" })).unwrap();
    world.set_profile(USER, "user_metadata", metadata).await;
    let message = mail(&world, &[("x-request-language", "de")]).await;
    let code = world.code(USER);
    assert_snapshot!(message.text.replace(&code, "[code]"), @"
    Hi <b>Eve</b> & Söhne 123 456

    Ihr Code: [code] for Demo App (gold)
    ");
    assert!(message.html.unwrap().contains("<h1>Hi &lt;b&gt;Eve&lt;/b&gt;"));
    assert_eq!(message.subject.unwrap(), format!("{code}: Postern Demo"));
    assert_snapshot!(message.from, @"=?UTF-8?B?RGVtbyBBcHAgU8O2aG5l?= <mfa@postern.example>");
    let message = mail(&world, &[]).await;
    assert!(message.text.contains("Your code: "), "the template asks for the language itself");
}

/// A subject and a sender are lines, whatever they are made of.
#[tokio::test]
async fn templates_cannot_add_headers() {
    let world = World::new().await;
    let mut injecting = template("{{ code }}");
    injecting["subject"] = json!("{{ code }}\r\nBcc: {{ user.name }}");
    injecting["from"] = json!("{{ user.name }}\r\nX: y <a@b.example>");
    assert_eq!(manage(&world, "POST", "", Some(&injecting)).await.status, 200);
    world.clock.advance(60);
    world.set_profile(USER, "name", AttributeValue::S("a\r\n\r\nb\u{0}\"".into())).await;
    let message = mail(&world, &[]).await;
    assert_eq!(message.subject.unwrap(), format!("{} Bcc: a b\"", world.code(USER)));
    assert_snapshot!(message.from, @r#""a b X: y" <mfa@postern.example>"#);
}

/// Broken in the table, switched off, or unable to show the code to this user: the built-in text goes out.
#[tokio::test]
async fn what_does_not_work_gives_way_to_the_built_in_text() {
    let world = World::new().await;
    upload(&world, "{% if user.email_verified %}{{ code }}{% else %}{{ code }}{% endif %}").await;
    let (pk, sk) = ("TENANT".to_owned(), "TEMPLATE#mfa_oob_code".to_owned());
    let good = world.stored().await.remove(&(pk, sk)).unwrap();
    let built_in = async |attribute: &str, value: AttributeValue| {
        let mut item = good.clone();
        item.insert(attribute.to_owned(), value);
        world.overwrite(item).await;
        world.clock.advance(601);
        mail(&world, &[]).await.subject.unwrap().ends_with(" is your Postern Demo code")
    };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    assert!(!built_in("body", text("{{ code }}")).await, "the template is used");
    assert!(built_in("body", text("{{ code | gone }}")).await, "it does not parse");
    assert!(built_in("subject", text("{% if %}")).await, "its subject does not parse");
    assert!(built_in("body", text("{% if user.name == 'x' %}{{ code }}{% endif %}")).await, "no code");
    assert!(built_in("body", text("{{ code }}{% for i in (1..99999) %}{% endfor %}")).await, "too much");
    assert!(built_in("body", AttributeValue::N("1".into())).await, "it cannot be read");
    assert!(built_in("enabled", AttributeValue::Bool(false)).await, "it is off");
}

/// design §7: a template costs no trip of its own: it is read beside the settings, and then kept as they are.
#[tokio::test]
async fn templates_cost_no_trip() {
    let world = World::new().await;
    upload(&world, BODY).await;
    let token = world.log_in(USER).await.mfa_token;
    for reads in [1, 0] {
        world.forget_calls();
        assert_eq!(world.associate_email(&token, None).await.status, 200);
        let calls = world.trips();
        let of_tenant = calls.as_array().unwrap().iter().filter(|call| {
            call["actions"].as_array().unwrap().iter().any(|action| action["leading_key"] == "TENANT")
        });
        let reads_now: Vec<_> = of_tenant.map(|call| call["round_trip"].as_u64().unwrap()).collect();
        assert_eq!(reads_now, vec![1; reads], "read once, in the first trip");
        assert_eq!(world.round_trips(), 3);
    }
}

/// Of several who create the same template at once one does; the others are told that it is there.
#[tokio::test]
async fn a_template_is_created_once() {
    let world = World::new().await;
    let template = template(BODY);
    let create = || manage(&world, "POST", "", Some(&template));
    let replies = tokio::join!(create(), create(), create(), create());
    let mut statuses = [replies.0.status, replies.1.status, replies.2.status, replies.3.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

/// SEC-36: when the table fails, the Management API says so and nothing is stored.
#[tokio::test]
async fn templates_while_the_table_fails() {
    let world = World::new().await;
    let template = template(BODY);
    let token = world.management_token().await;
    world.fault("dynamodb", "PutItem", "error", 0, 2);
    let reply = world.bearer("POST", TEMPLATES, &token, Body::json(&template)).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
    world.twin.aws.faults.clear();
    assert!(!world.stored().await.keys().any(|(_, sk)| sk.starts_with("TEMPLATE#")));
    upload(&world, BODY).await;
    assert!(mail(&world, &[]).await.text.contains("Hi Demo User"));
}
