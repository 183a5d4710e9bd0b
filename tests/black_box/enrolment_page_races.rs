//! The page that enrols when others are quicker, and when AWS fails.

use std::sync::Arc;

use serde_json::json;

use crate::support::{
    ENROLMENT_TICKETS, Log, NUMBER, PASSWORD, World, at_once, count_of, heading, path_of, said_on, secret_on,
    shown_on, ticket_in, user_id, waiting_on,
};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const ADA: &str = "ada@example.com";
const DONE: &str = "200 Two-step verification is set up";
const ENROLLED: &str = "400 Two-step verification is set up already";
const OVER: &str = "400 This link no longer works";
const FAILED: &str = "Something failed on our side, and nothing was lost. Please try again in a moment.";

async fn plain(world: &World) -> String {
    world.enrolment_ticket(USER, &json!({})).await
}

/// SEC-8: of many forms with the right code at once, of one ticket or of several, one enrols; the others are told the
/// state they find.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_forms_at_once_enrol_once() {
    for tickets in [1, 3] {
        let world = Arc::new(World::new().await);
        let mut begun = Vec::new();
        for _ in 0..tickets {
            let ticket = plain(&world).await;
            let page = world.begin_app(&ticket).await;
            let code = world.app_code(&secret_on(&page), 0);
            begun.push((ticket, waiting_on(&page), code));
        }
        let replies = at_once(9, |number| {
            let (world, (ticket, id, code)) = (Arc::clone(&world), begun[number % tickets].clone());
            async move { world.fill_in(&ticket, &[("enrolment", &id), ("code", &code)]).await }
        })
        .await;
        assert_eq!(count_of(&replies, 200), 1, "{tickets}");
        for reply in &replies {
            let heading = heading(reply);
            let known = [DONE, OVER, ENROLLED].contains(&&*heading) || [429, 503].contains(&reply.status);
            assert!(known, "{tickets}: {heading}");
        }
        assert_eq!(world.authenticators(USER).await.0, 1, "{tickets}");
        let shown = replies.iter().filter_map(shown_on).count();
        assert_eq!(shown, 1, "one recovery code is shown, by the one that enrolled");
    }
}

/// SEC-27: somebody enrols between the page's read and its write. The write refuses; by a ticket for several it goes
/// through, and no second recovery code is made.
#[tokio::test]
async fn an_enrolment_meanwhile_is_found_by_the_write() {
    for several in [false, true] {
        let world = Arc::new(World::new().await);
        let ticket = world.enrolment_ticket(USER, &json!({ "allow_multiple_enrollments": several })).await;
        let page = world.begin_app(&ticket).await;
        let (id, code) = (waiting_on(&page), world.app_code(&secret_on(&page), 0));
        let other = world.log_in(USER).await.mfa_token;
        let oob_code = world.associate_email(&other, None).await.text("oob_code");
        let request = {
            let world = Arc::clone(&world);
            async move { world.fill_in(&ticket, &[("enrolment", &id), ("code", &code)]).await }
        };
        let meanwhile = async {
            assert_eq!(world.oob(&other, &oob_code, &world.code(USER)).await.status, 200);
        };
        let reply = world.overtaken("Query", 2, request, meanwhile).await;
        let (expected, active) = if several { (DONE, 2) } else { (ENROLLED, 1) };
        assert_eq!((heading(&reply).as_str(), shown_on(&reply)), (expected, None), "{several}");
        assert_eq!(world.authenticators(USER).await.0, active, "{several}");
    }
}

/// An operator gives a recovery code meanwhile: that one stays.
#[tokio::test]
async fn a_recovery_code_that_came_meanwhile_stays() {
    let world = Arc::new(World::new().await);
    let ticket = world.enrolment_ticket(VERIFIED, &json!({ "allow_multiple_enrollments": true })).await;
    let page = world.begin_app(&ticket).await;
    let (id, code) = (waiting_on(&page), world.app_code(&secret_on(&page), 0));
    let request = {
        let world = Arc::clone(&world);
        async move { world.fill_in(&ticket, &[("enrolment", &id), ("code", &code)]).await }
    };
    let regeneration = path_of(VERIFIED, "/recovery-code-regeneration");
    let meanwhile = async {
        let given = world.manage("POST", &regeneration, None).await;
        assert_eq!(given.status, 200, "{}", given.body);
    };
    let reply = world.overtaken("Query", 2, request, meanwhile).await;
    assert_eq!((heading(&reply).as_str(), shown_on(&reply)), (DONE, None));
    assert_eq!(world.authenticators(VERIFIED).await.0, 1);
}

/// What each step of the page posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Look,
    BeginApp,
    BeginEmail,
    Confirm,
}

const STEPS: [Step; 4] = [Step::Look, Step::BeginApp, Step::BeginEmail, Step::Confirm];

impl Step {
    async fn ready(self) -> (World, String, Vec<(&'static str, String)>) {
        let world = World::new().await;
        world.warm_template().await;
        let ticket = plain(&world).await;
        let fields = match self {
            Self::Look => vec![],
            Self::BeginApp => vec![("factor", "otp".to_owned())],
            Self::BeginEmail => vec![("factor", "email".to_owned())],
            Self::Confirm => {
                let page = world.begin_app(&ticket).await;
                let code = world.app_code(&secret_on(&page), 0);
                vec![("enrolment", waiting_on(&page)), ("code", code)]
            }
        };
        world.look(&ticket).await;
        (world, ticket, fields)
    }
}

/// SEC-36: a failure of AWS at any call is told, with `Retry-After`; nothing is half done, nothing typed is lost, and the
/// same form completes afterwards.
#[tokio::test]
async fn a_failure_is_told_and_a_retry_completes() {
    for step in STEPS {
        let (world, ticket, fields) = step.ready().await;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let send = async || match step {
            Step::Look => world.look(&ticket).await,
            _ => world.fill_in(&ticket, &fields).await,
        };
        let before = world.stored_without_limits().await;
        let mails = world.mails(USER);
        let calls = match step {
            Step::Look => &["Query"][..],
            Step::BeginApp => &["Query", "TransactWriteItems"],
            Step::BeginEmail => &["Query", "TransactWriteItems", "SendEmail"],
            Step::Confirm => &["UpdateItem", "Query", "TransactWriteItems"],
        };
        for operation in calls {
            let service = if *operation == "SendEmail" { "ses" } else { "dynamodb" };
            for mode in ["throttle", "error"] {
                let what = format!("{step:?} {operation} {mode}");
                world.fault(service, operation, mode, 0, 1_000);
                let failed = send().await;
                world.twin.aws.faults.clear();
                assert!([429, 503].contains(&failed.status), "{what}: {}", heading(&failed));
                assert!(failed.header("retry-after").is_some(), "{what}");
                let said = said_on(&failed);
                let known = [FAILED, "The code could not be sent just now. Please try again in a moment."];
                assert!(known.contains(&&*said), "{what}: {said}");
                assert!(failed.body.contains(&format!(r#"value="{ticket}""#)), "{what}: there is a way on");
                assert!(world.stored_without_limits().await == before, "{what}: something was written");
                assert_eq!(world.mails(USER), mails, "{what}");
            }
        }
        let done = send().await;
        assert_eq!(done.status, 200, "{step:?}: {}", done.body);
    }
}

/// Whoever met a failure goes on with a button: to what was begun.
#[tokio::test]
async fn a_failure_has_a_way_back() {
    let world = World::new().await;
    let ticket = plain(&world).await;
    let page = world.begin_app(&ticket).await;
    world.fault("dynamodb", "Query", "error", 0, 1_000);
    let failed = world.give_code(&ticket, &page, "000000").await;
    world.twin.aws.faults.clear();
    assert_eq!(heading(&failed), "503 That did not work");
    let back = world.fill_in(&ticket, &[("enrolment", &waiting_on(&failed))]).await;
    assert_eq!((heading(&back), shown_on(&back)), ("200 Set up your app".to_owned(), shown_on(&page)));
}

/// SEC-34: neither ticket, number, address, code, secret nor recovery code is logged.
#[tokio::test]
async fn nothing_of_it_is_logged() {
    let log = Log::start();
    let world = World::with_phones(false).await;
    let body = json!({ "user_id": user_id(USER), "send_mail": true, "email": ADA });
    let made = world.manage("POST", ENROLMENT_TICKETS, Some(&body)).await;
    let ticket = ticket_in(&world.link(ADA).await);
    world.begin_phone(&ticket, "sms", NUMBER).await;
    let sent = world.code(NUMBER);
    world.fill_in(&ticket, &[("factor", "email"), ("email", "canary@example.com")]).await;
    let page = world.begin_app(&ticket).await;
    let code = world.app_code(&secret_on(&page), 0);
    let done = world.give_code(&ticket, &page, &code).await;
    let written = log.text_without_ids();
    assert!(written.contains("/mfa/enrollment") && written.contains("gd_enrollment_complete"), "{written}");
    let (key, recovery) = (shown_on(&page).unwrap(), shown_on(&done).unwrap());
    for secret in [
        &ticket,
        &made.text("ticket_url"),
        ADA,
        USER,
        NUMBER,
        "canary",
        &sent,
        &key,
        &code,
        &recovery,
        PASSWORD,
    ] {
        assert!(!written.contains(secret), "{secret} is logged");
    }
}
