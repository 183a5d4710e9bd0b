//! Tickets of the page that enrols (contract §6 `POST /guardian/enrollments/ticket`).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{
    Body, ENROLMENT_PAGE, ENROLMENT_TICKETS, World, heading, new_user, said_on, ticket_in, user_id, user_path,
};

const USER: &str = "user@example.com";
const ADA: &str = "ada@example.com";
const START: &str = "200 Set up two-step verification";

async fn ask(world: &World, body: &Value) -> crate::support::Reply {
    world.manage("POST", ENROLMENT_TICKETS, Some(body)).await
}

/// Contract §6: 200 with id and URL; nobody is mailed, and nothing is stored. Two calls of AWS at most, the second only
/// where a mail is asked for.
#[tokio::test]
async fn a_ticket_is_an_id_and_a_link() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    world.forget_calls();
    let body = json!({ "user_id": user_id(USER), "allow_multiple_enrollments": true, "email": ADA });
    let reply = world.bearer("POST", ENROLMENT_TICKETS, &token, Body::json(&body)).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{}", reply.body);
    assert_eq!(world.operations(), ["dynamodb GetItem"]);
    let members: Vec<_> = reply.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["ticket_id", "ticket_url"]);
    let url = reply.text("ticket_url");
    assert!(url.starts_with(&format!("{}mfa/enrollment?ticket=", world.issuer())), "{url}");
    assert!(!url.contains(&reply.text("ticket_id")), "who knows the id has no link");
    assert!(world.stored().await == before, "nothing is stored");
    assert!(world.links(USER).await.is_empty() && world.links(ADA).await.is_empty(), "nobody is mailed");
    assert_eq!(heading(&world.look(&ticket_in(&url)).await), START);
    let other = ask(&world, &body).await;
    assert_ne!(other.text("ticket_id"), reply.text("ticket_id"));
}

/// The mail is written as an item and sent by the stream, to the user's address, in the user's language; it leads where
/// the answered link does, and both are one ticket.
#[tokio::test]
async fn the_link_is_mailed() {
    let world = World::new().await;
    let body = json!({ "user_id": user_id(USER), "send_mail": true });
    let url = ask(&world, &body).await.text("ticket_url");
    let link = world.link(USER).await;
    let mail = &world.twin.aws.inbox.messages(Some(USER))[0];
    assert_eq!(mail.subject.as_deref(), Some("Set up two-step verification for Postern Demo"));
    assert!(link.starts_with(&format!("{ENROLMENT_PAGE}?ticket=")), "{link}");
    let (done, _) = world.enrol_app_by(&ticket_in(&link)).await;
    assert_eq!(heading(&done), "200 Two-step verification is set up");
    assert_eq!(heading(&world.look(&ticket_in(&url)).await), "400 This link no longer works");
}

/// What is written of the mail, in the words of whoever reads it: the language asked for, else the user's own.
#[tokio::test]
async fn the_mail_is_in_the_users_language() {
    let world = World::new().await;
    let mut user = new_user(ADA);
    user["user_metadata"] = json!({ "lang": "de" });
    let id = world.make_user(&user).await;
    let mut subjects = Vec::new();
    for locale in [None, Some("fr-CA"), Some("tlh")] {
        let mut body = json!({ "user_id": id, "send_mail": true });
        if let Some(locale) = locale {
            body["email_locale"] = json!(locale);
        }
        assert_eq!(ask(&world, &body).await.status, 200);
        subjects.push(world.notices(ADA).await.pop().unwrap().subject.unwrap());
    }
    let language = |subject: &str| {
        postern::rules::language::Language::ALL.into_iter().find(|language| {
            let details = postern::delivery::built_in::MailDetails {
                secret: "https://x.example",
                tenant: "Postern Demo",
                application: "",
                minutes_valid: 7_200,
            };
            let kind = postern::delivery::built_in::LinkMail::Enrolment;
            postern::delivery::built_in::link_email(kind, *language, &details).subject == subject
        })
    };
    let languages: Vec<_> = subjects.iter().map(|it| language(it).map(|it| it.tag())).collect();
    assert_eq!(languages, [Some("de"), Some("fr"), Some("de")]);
}

/// It goes where the operator says, to a user without an address as well; without either there is nobody to mail.
#[tokio::test]
async fn the_mail_goes_elsewhere() {
    let world = World::new().await;
    let body = json!({ "user_id": user_id(USER), "send_mail": true, "email": ADA });
    assert_eq!(ask(&world, &body).await.status, 200);
    assert_eq!((world.links(ADA).await.len(), world.links(USER).await.len()), (1, 0));

    let id = user_id(USER);
    world.without_address(USER).await;
    let before = world.stored().await;
    let nowhere = ask(&world, &json!({ "user_id": id, "send_mail": true })).await;
    assert_snapshot!(nowhere.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The user does not have an email address.","errorCode":"operation_not_supported"}"#);
    assert!(world.stored().await == before);
    let body = json!({ "user_id": id, "send_mail": true, "email": "phone-only@example.com" });
    assert_eq!(ask(&world, &body).await.status, 200);
    assert_eq!(world.links("phone-only@example.com").await.len(), 1);
}

/// The operator's own template decides the words, and how long the mailed link is good: never longer than the ticket.
#[tokio::test]
async fn the_operators_template_is_used() {
    let world = World::new().await;
    let template = json!({
        "template": "enrollment_email", "body": "<p>Come here:</p><p>{{ link }}</p>", "subject": "Come",
        "syntax": "liquid", "enabled": true, "urlLifetimeInSeconds": 60,
    });
    let made = world.manage("POST", "/api/v2/email-templates", Some(&template)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    world.clock.advance(60);
    let url = ask(&world, &json!({ "user_id": user_id(USER), "send_mail": true })).await.text("ticket_url");
    let ticket = ticket_in(&world.link(USER).await);
    assert_eq!(world.twin.aws.inbox.messages(Some(USER))[0].subject.as_deref(), Some("Come"));
    world.clock.advance(59);
    assert_eq!(heading(&world.look(&ticket).await), START);
    world.clock.advance(1);
    assert_eq!(heading(&world.look(&ticket).await), "400 This link no longer works");
    assert_eq!(
        heading(&world.look(&ticket_in(&url)).await),
        START,
        "the one that was answered is good for days"
    );
}

/// SEC-8: the mailed copy and the one that was answered are one ticket, also when the mailed one ends days sooner: used
/// up by it, it is remembered until the other one ends.
#[tokio::test]
async fn a_copy_that_ends_sooner_uses_up_the_other() {
    let world = World::new().await;
    let template = json!({
        "template": "enrollment_email", "body": "<p>{{ link }}</p>", "subject": "Come", "syntax": "liquid",
        "enabled": true, "urlLifetimeInSeconds": 60,
    });
    assert_eq!(world.manage("POST", "/api/v2/email-templates", Some(&template)).await.status, 200);
    world.clock.advance(60);
    let body = json!({ "user_id": user_id(USER), "send_mail": true, "allow_multiple_enrollments": true });
    let answered = ticket_in(&ask(&world, &body).await.text("ticket_url"));
    let began = world.clock.now().0;
    world.enrol_app_by(&ticket_in(&world.link(USER).await)).await;
    assert_eq!(heading(&world.look(&answered).await), "400 This link no longer works");
    let stored = world.stored().await;
    let until: Vec<u64> = stored
        .iter()
        .filter(|((_, sk), _)| sk == "SPENT")
        .map(|(_, item)| item["expires_at"].as_n().unwrap().parse().unwrap())
        .collect();
    assert!(until.len() == 1 && until[0] >= began + 432_000, "{until:?}");
}

/// SEC-42: what made the ticket void before the mail went out leaves nothing to mail.
#[tokio::test]
async fn a_void_ticket_is_not_mailed() {
    let world = World::new().await;
    let id = world.make_user(&new_user(ADA)).await;
    assert_eq!(ask(&world, &json!({ "user_id": id, "send_mail": true })).await.status, 200);
    let blocked = world.manage("PATCH", &user_path(&id), Some(&json!({ "blocked": true }))).await;
    assert_eq!(blocked.status, 200);
    assert!(world.links(ADA).await.is_empty());
    assert!(world.twin.dead_letters().is_empty());
}

/// Bad input, to the letter; nothing is stored by any of it.
#[tokio::test]
async fn tickets_that_are_none() {
    let world = World::new().await;
    let before = world.stored().await;
    for (name, value, problem) in [
        ("user_id", json!(1), "Expected type string' on property user_id."),
        ("user_id", json!(""), "Object didn't pass validation for format user-id' on property user_id."),
        ("email", json!(1), "Expected type string' on property email."),
        ("email", json!("nowhere"), "Object didn't pass validation for format email' on property email."),
        ("send_mail", json!("true"), "Expected type boolean' on property send_mail."),
        ("email_locale", json!(1), "Expected type string' on property email_locale."),
        (
            "email_locale",
            json!("e n"),
            "Object didn't pass validation for format language-tag' on property email_locale.",
        ),
        ("factor", json!(1), "Expected type string' on property factor."),
        ("factor", json!("sms"), "No enum match, expected phone, email or otp' on property factor."),
        (
            "factor",
            json!("push-notification"),
            "This factor is not available, expected phone, email or otp' on property factor.",
        ),
        (
            "factor",
            json!("webauthn-roaming"),
            "This factor is not available, expected phone, email or otp' on property factor.",
        ),
        (
            "factor",
            json!("webauthn-platform"),
            "This factor is not available, expected phone, email or otp' on property factor.",
        ),
        (
            "allow_multiple_enrollments",
            json!(1),
            "Expected type boolean' on property allow_multiple_enrollments.",
        ),
        ("ttl_sec", json!(1), "Additional properties not allowed: ttl_sec'."),
    ] {
        let mut body = json!({ "user_id": user_id(USER) });
        body[name] = value;
        let told = ask(&world, &body).await.snapshot();
        assert!(told.starts_with("400 ") && told.contains(problem), "{told}");
    }
    assert_snapshot!(ask(&world, &json!({})).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: user_id'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(ask(&world, &json!({ "user_id": "auth0|x" })).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#);
    let without = world.token_with_scope("create:user_tickets").await;
    let body = Body::json(&json!({ "user_id": user_id(USER) }));
    let refused = world.bearer("POST", ENROLMENT_TICKETS, &without, body).await;
    assert_snapshot!(refused.snapshot(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: create:guardian_enrollment_tickets","errorCode":"insufficient_scope"}"#);
    assert!(world.stored().await == before);
}

/// Absent, of another kind, changed: one answer to a look and to a form, and nothing happens.
#[tokio::test]
async fn what_is_no_ticket_is_one_answer() {
    let world = World::new().await;
    let good = world.enrolment_ticket(USER, &json!({})).await;
    let mfa_token = world.log_in(USER).await.mfa_token;
    let before = world.stored().await;
    let absent = world.open(ENROLMENT_PAGE).await;
    assert_eq!(heading(&absent), "400 This link no longer works");
    assert_eq!(
        said_on(&absent),
        "It may have been used, have expired or be incomplete. Ask whoever sent it for a new one."
    );
    for text in ["x", "kid.AAAA", &mfa_token, &good[1..], &"a".repeat(9_000)] {
        let looked = world.look(text).await;
        assert_eq!((looked.status, &looked.body), (400, &absent.body), "{text}");
        let posted = world.begin_app(text).await;
        assert_eq!((posted.status, &posted.body), (400, &absent.body), "{text}");
    }
    for path in ["/mfa/associate", "/mfa/authenticators"] {
        let method = if path.ends_with("associate") { "POST" } else { "GET" };
        let refused = world.bearer(method, path, &good, Body::none()).await;
        assert_eq!(refused.status, 401, "a ticket is no mfa_token: {}", refused.body);
    }
    assert_eq!(world.otp(&good, "000000").await.outcome(), "403 Malformed mfa_token");
    assert_eq!(world.send("PUT", ENROLMENT_PAGE, &[], Body::none()).await.status, 405);
    assert!(world.stored().await == before);
}
