//! What SES tells of mails that it took: an address that bounces gets no codes, a complaint refuses nothing, and the audit
//! log has both. Events come as EventBridge has them, by the twin's SES and, where it has no such, by hand.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use insta::assert_snapshot;
use local::NoticeDelivery;
use serde_json::{Value, json};

use crate::support::mail_events::{bounce_of, event, permanent, suppressed};
use crate::support::{Body, Codes, Log, Recorded, World, heading, text_of, user_pk};

const USER: &str = "user@example.com";
/// Addresses of SES's mailbox simulator.
const BOUNCES: &str = "bounce+ada@simulator.amazonses.com";
const COMPLAINS: &str = "complaint+ada@simulator.amazonses.com";
const WEEK: u64 = 7 * 86_400;

pub(crate) static FLOWS: [&Recorded; 1] = [&TOLD];

/// A code that will not arrive does not look sent: it is answered as one that could not be delivered, and nothing is sent,
/// for a week; other factors are as they were.
#[tokio::test]
async fn an_address_that_bounces_gets_no_codes_for_a_week() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    world.bounced(&id).await;
    let login = world.log_in(USER).await.mfa_token;
    world.forget_calls();
    world.challenge(&login, "oob", &id).await.assert_not_delivered();
    assert_eq!((world.mails_sent(), world.round_trips()), (0, 2), "the charge");
    assert_eq!(world.recovery(&login, &recovery_code).await.status, 200);

    world.clock.advance(WEEK - 1);
    world.challenge(&world.log_in(USER).await.mfa_token, "oob", &id).await.assert_not_delivered();
    world.clock.advance(1);
    assert_eq!(world.challenged(&id).await, 200, "SEC-17");
}

/// Asking costs a send, though nothing is sent: who asks again and again is told to wait, as by any other address, and
/// cannot fill the service's errors (design §6).
#[tokio::test]
async fn asking_for_a_code_that_cannot_arrive_is_bounded() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.bounced(&id).await;
    let login = world.log_in(USER).await.mfa_token;
    let mut refused = 0;
    let last = loop {
        let reply = world.challenge(&login, "oob", &id).await;
        if reply.status != 503 {
            break reply;
        }
        refused += 1;
        assert!(refused < 30, "without end");
    };
    assert_eq!((last.status, last.header("retry-after").is_some()), (429, true), "{}", last.body);
    assert_eq!(refused, 18, "of twenty two were sent before");
    world.forget_calls();
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 429);
    assert_eq!(world.mails_sent(), 0);
}

/// The same of an address that is enrolled: a wrong one is known to be wrong, and a right one may take its place.
#[tokio::test]
async fn an_address_that_bounces_is_not_enrolled() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_email(&login, Some(BOUNCES)).await.status, 200);
    world.told().await;
    world.forget_calls();
    world.associate_email(&login, Some(BOUNCES)).await.assert_not_delivered();
    assert_eq!((world.mails_sent(), world.round_trips()), (0, 2), "the charge");
    let other = world.associate_email(&login, Some(USER)).await;
    assert_eq!(world.oob(&login, &other.text("oob_code"), &world.code(USER)).await.status, 200);
}

/// Of several factors one whose codes arrive is taken, if the client names none.
#[tokio::test]
async fn a_factor_that_works_goes_before_one_that_bounces() {
    let world = World::new().await;
    world.enrol_otp(USER).await;
    world.set_profile(USER, "email_verified", AttributeValue::Bool(true)).await;
    let id = world.id_of_type(USER, "email").await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.challenge(&login, "oob", &id).await;
    assert_eq!(world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await.status, 200);
    let kind = async || world.challenge_any(&world.log_in(USER).await.mfa_token).await.text("challenge_type");
    assert_eq!(kind().await, "oob", "the one that was used last");
    world.twin.aws.mail.bounce(USER);
    kind().await;
    world.told().await;
    assert_eq!(kind().await, "otp");
}

/// Mail that was sent on by its owner and came back from elsewhere marks nobody.
#[tokio::test]
async fn what_was_forwarded_marks_nobody() {
    let world = World::new().await;
    let mut forwarded = permanent(world.clock.now());
    forwarded["detail"]["bounce"]["bouncedRecipients"] = json!([{ "emailAddress": "other@example.net" }]);
    assert_eq!(world.takes(forwarded).await, "recorded");
    assert!(world.mailboxes().await.is_empty());
}

/// Each address that bounces costs the operator's name with SES: a user of whom five did is sent to no other, by the API
/// and by the page, until the first of them is forgotten. Other factors are as ever.
#[tokio::test]
async fn five_addresses_that_bounce_are_enough() {
    let world = World::new().await;
    let ticket = world.enrolment_ticket(USER, &json!({})).await;
    let login = world.log_in(USER).await.mfa_token;
    for number in 0..5 {
        let sent = world.associate_email(&login, Some("last@example.com")).await;
        assert_eq!(sent.status, 200, "{number}: {}", sent.body);
        let address = format!("a{number}@example.com");
        assert_eq!(world.takes(bounce_of(&address, "General", world.clock.now())).await, "marked");
    }
    world.forget_calls();
    let refused = world.associate_email(&login, Some("other@example.com")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("604800")), "{}", refused.body);
    assert_eq!((world.mails_sent(), world.round_trips()), (0, 1), "on what was read anyway");
    let page = world.fill_in(&ticket, &[("factor", "email"), ("email", "other@example.com")]).await;
    assert!(heading(&page).starts_with("429"), "{}", heading(&page));
    assert_eq!(world.associate_otp(&login).await.status, 200);

    world.clock.advance(WEEK);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_email(&login, Some("other@example.com")).await.status, 200, "SEC-17");
}

/// A complaint is recorded, and locks nobody out.
#[tokio::test]
async fn a_complaint_refuses_nothing() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    for _ in 0..2 {
        assert_eq!(world.associate_email(&login, Some(COMPLAINS)).await.status, 200);
        world.told().await;
    }
    let kept = world.mailboxes().await;
    assert_eq!((kept.len(), text_of(&kept[0], "standing")), (1, "complained"));
}

/// The audit log has each kind, with the user and without the address (SEC-34, SEC-40).
#[tokio::test]
async fn each_kind_is_recorded() {
    TOLD.codes().await;
}

static TOLD: Recorded = Recorded::new(|| Box::pin(told()));

async fn told() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    let login = world.log_in(USER).await.mfa_token;
    audit.taken();
    for address in [BOUNCES, COMPLAINS] {
        assert_eq!(world.associate_email(&login, Some(address)).await.status, 200);
    }
    audit.taken();
    world.told().await;
    for (name, what) in [
        ("Email Bounced", json!({ "bounce": { "bounceType": "Transient", "bounceSubType": "MailboxFull" } })),
        ("Email Rejected", json!({ "reject": { "reason": "Bad content" } })),
    ] {
        let event = event(name, &what, world.clock.now());
        assert_eq!(world.takes(event).await, "recorded", "{name}");
    }
    world.takes(suppressed(world.clock.now())).await;
    let mut forwarded = permanent(world.clock.now());
    forwarded["detail"]["bounce"]["bouncedRecipients"] = json!([]);
    world.takes(forwarded).await;
    world.associate_email(&login, Some(BOUNCES)).await.assert_not_delivered();
    assert_snapshot!(audit.lines(), @"
    fn user - email bounced
    mail_complaint user - email complained
    fn user - email bounced_for_now
    fn user - email rejected
    fn user - email suppressed
    fn user - email forwarded
    gd_start_enroll_failed user demo-app email address_bounced
    gd_send_email_failure user demo-app email address_bounced
    ");
    audit.codes()
}

/// The newest mail says how an address is, in whatever order events come, and however often.
#[tokio::test]
async fn the_newest_mail_counts() {
    let world = World::new().await;
    let (first, app) = (world.clock.now(), &world.twin.app);
    world.clock.advance(86_400);
    let second = world.clock.now();
    let complaint = |at| event("Email Complaint Received", &json!({ "complaint": {} }), at);
    let mut outcomes = Vec::new();
    for event in [permanent(second), complaint(first), permanent(second), permanent(first)] {
        outcomes.push(mail_events::handle(app, event).await.unwrap()["outcome"].clone());
    }
    assert_eq!(outcomes, ["marked", "known", "known", "known"]);
    let kept = world.mailboxes().await;
    assert_eq!((kept.len(), text_of(&kept[0], "standing")), (1, "bounced"));
    assert!(!format!("{kept:?}").contains(USER), "SEC-34: the address is masked");
    world.clock.advance(86_400);
    let outcome = mail_events::handle(app, complaint(world.clock.now())).await.unwrap();
    assert_eq!(outcome, json!({ "outcome": "marked" }), "who complains gets mail");
    let (id, _) = world.enrol_email(USER).await;
    assert_eq!(world.challenge(&world.log_in(USER).await.mfa_token, "oob", &id).await.status, 200);
}

/// An event about a user who is gone brings nothing of them back.
#[tokio::test]
async fn who_is_gone_stays_gone() {
    let world = World::new().await;
    let path = format!("/api/v2/users/{}", user_pk(USER).trim_start_matches("USER#").replace('|', "%7C"));
    mail_events::handle(&world.twin.app, permanent(world.clock.now())).await.unwrap();
    assert_eq!(world.mailboxes().await.len(), 1);
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    assert!(world.mailboxes().await.is_empty(), "it goes with the user");
    let outcome = mail_events::handle(&world.twin.app, permanent(world.clock.now())).await.unwrap();
    assert_eq!(outcome, json!({ "outcome": "recorded" }));
    assert!(world.mailboxes().await.is_empty());
}

/// What is foreign or cannot be read is told of, without its contents, and dropped: no call, and nothing to repeat.
#[tokio::test]
async fn what_is_not_ours_is_dropped() {
    let world = World::new().await;
    let (log, audit) = (Log::start(), world.audit());
    world.forget_calls();
    let now = world.clock.now();
    let mut foreign = permanent(now);
    foreign["detail"]["mail"]["tags"] = json!({ "postern-message": ["a canary"] });
    let mut crowd = permanent(now);
    crowd["detail"]["mail"]["destination"] = json!(["canary@example.com", "b@example.com"]);
    let delayed = event("Email Delivery Delayed", &json!({ "deliveryDelay": {} }), now);
    let mut other = permanent(now);
    other["source"] = json!("canary.ses");
    for event in [foreign, crowd, delayed, other, json!({ "canary": 1 }), json!("canary"), Value::Null] {
        let outcome = mail_events::handle(&world.twin.app, event).await.unwrap();
        assert_eq!(outcome, json!({ "outcome": "ignored" }));
    }
    assert_eq!(log.events("mail_event_ignored").len(), 7);
    assert!(!log.text().contains("canary"), "{}", log.text());
    assert_eq!((world.trips(), audit.taken().len()), (json!([]), 0));
}

/// A table that fails for a moment delays the mark; one that fails for long leaves the event in the queue. Nothing is half
/// done: what is not marked is not recorded.
#[tokio::test]
async fn a_failing_table_is_tried_again() {
    for mode in ["throttle", "error", "timeout"] {
        let world = World::new().await;
        let audit = world.audit();
        let login = world.log_in(USER).await.mfa_token;
        for (failures, recorded, dead) in [(3, BTreeMap::from([("fn", 1)]), 0), (1_000, BTreeMap::new(), 1)] {
            world.associate_email(&login, Some(BOUNCES)).await;
            audit.taken();
            world.fault("dynamodb", "TransactWriteItems", mode, 0, failures);
            world.twin.deliver_mail_events().await;
            world.twin.aws.faults.clear();
            let mut codes = BTreeMap::new();
            let records = audit.taken();
            records.iter().for_each(|record| *codes.entry(record.code.as_str()).or_insert(0) += 1);
            assert_eq!((codes, world.twin.dead_mail_events().len()), (recorded, dead), "{mode}");
            assert_eq!(world.mailboxes().await.len(), 1 - dead, "{mode}");
            world.forget_mailboxes().await;
        }
    }
}

impl World {
    /// Has everything forgotten that is kept of addresses.
    async fn forget_mailboxes(&self) {
        let store = &self.twin.app.store;
        for item in self.mailboxes().await {
            let key = ["pk", "sk"].map(|name| (name.to_owned(), item[name].clone())).into();
            let delete = store.dynamodb().delete_item().table_name(store.table()).set_key(Some(key));
            delete.send().await.unwrap();
        }
    }
}

/// In the background as well, as a person who tries it with the mailbox simulator has it: nothing is asked for but the log,
/// which has what SES told before.
#[tokio::test]
async fn a_twin_by_itself_takes_events_in() {
    let world = World::with(|options| options.notices = NoticeDelivery::AtOnce).await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_email(&login, Some(BOUNCES)).await.status, 200);
    let events = world.send("GET", "/_local/events", &[], Body::none()).await.json();
    let codes: Vec<_> = events.as_array().unwrap().iter().map(|event| &event["detail-type"]).collect();
    assert_eq!(codes.last(), Some(&&json!("fn")), "{events}");
    world.associate_email(&login, Some(BOUNCES)).await.assert_not_delivered();
}
