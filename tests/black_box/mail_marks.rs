//! What ends the mark of an address that bounced: its time, and with it SES's own list; and a mail that was sent later and
//! arrived.

use std::sync::Arc;

use local::aws::Listed;
use serde_json::json;

use crate::support::mail_events::{permanent, suppressed};
use crate::support::{START, World, text_of, ticket_in, user_id};

const USER: &str = "user@example.com";
const WEEK: u64 = 7 * 86_400;

/// SES never tries a listed address by itself. After a week its list ends with the mark: the first code is the last that
/// SES does not try, and the second arrives.
#[tokio::test]
async fn after_a_week_the_address_is_tried_anew() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.bounced(&id).await;
    world.twin.aws.mail.receive(USER);
    world.clock.advance(WEEK);
    let before = world.twin.aws.inbox.messages(Some(USER)).len();
    assert_eq!(world.challenged(&id).await, 200);
    world.told().await;
    assert_eq!(world.twin.aws.inbox.messages(Some(USER)).len(), before, "SES did not try");
    assert!(!world.twin.aws.mail.is_suppressed(USER), "and will");

    let login = world.log_in(USER).await.mfa_token;
    let sent = world.challenge(&login, "oob", &id).await;
    world.told().await;
    let proven = world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await;
    assert_eq!(proven.status, 200, "{}", proven.body);
    assert_eq!(world.challenged(&id).await, 200, "it is as ever");
}

/// Of an address that goes on bouncing SES gets one bounce a week.
#[tokio::test]
async fn an_address_that_goes_on_bouncing_is_marked_again() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.bounced(&id).await;
    for _ in 0..2 {
        world.clock.advance(WEEK);
        for (tried, expected) in [("not tried", 200), ("bounces", 200), ("refused", 503), ("refused", 503)] {
            assert_eq!(world.challenged(&id).await, expected, "{tried}");
            world.told().await;
        }
        assert!(world.twin.aws.mail.is_suppressed(USER));
    }
}

/// While the mark stands, what SES does not try changes nothing: the list stays, and the mark lasts no longer.
#[tokio::test]
async fn a_mark_is_not_extended_by_what_was_not_tried() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.bounced(&id).await;
    let kept = world.mailboxes().await;
    // A mail takes its time to bounce, so SES's list ends an hour earlier.
    world.clock.advance(WEEK - 3_601);
    assert_eq!(world.takes(suppressed(world.clock.now())).await, "known");
    assert!(world.mailboxes().await == kept && world.twin.aws.mail.is_suppressed(USER));
    world.clock.advance(3_601);
    assert_eq!(world.challenged(&id).await, 200);
}

/// What is told out of order comes to the same: a mail that was not tried marks nobody, the bounce before it does.
#[tokio::test]
async fn a_bounce_that_is_told_late_still_marks() {
    let world = World::new().await;
    let first = world.clock.now();
    world.clock.advance(60);
    let second = world.clock.now();
    let mut outcomes = Vec::new();
    for event in [suppressed(second), permanent(first), suppressed(second), permanent(first)] {
        outcomes.push(world.takes(event).await);
    }
    assert_eq!(outcomes, ["known", "marked", "known", "known"]);
    assert_eq!(world.mailboxes().await.len(), 1);
}

/// A mail of an older version does not say whose it was, so nothing is known of a mark: SES's list stays.
#[tokio::test]
async fn what_names_no_user_leaves_the_list_alone() {
    let world = World::new().await;
    world.twin.aws.mail.suppress(USER, Listed::Bounced(0));
    let mut event = suppressed(world.clock.now());
    event["detail"]["mail"]["tags"].as_object_mut().unwrap().remove("postern-user");
    assert_eq!(world.takes(event).await, "recorded");
    assert!(world.twin.aws.mail.is_suppressed(USER));
}

/// SES fails for a moment: the event comes again, and its record is written once. It fails for long: the event is kept in
/// the queue, and nothing looks done.
#[tokio::test]
async fn a_failing_list_is_tried_again() {
    for mode in ["throttle", "error", "timeout"] {
        let world = World::new().await;
        let audit = world.audit();
        for (failures, records, dead) in [(2, 1, 0), (1_000, 0, 1)] {
            world.twin.aws.mail.suppress(USER, Listed::Bounced(0));
            world.clock.advance(600);
            world.associate_email(&world.log_in(USER).await.mfa_token, Some(USER)).await;
            audit.taken();
            let operation =
                if failures == 2 { "GetSuppressedDestination" } else { "DeleteSuppressedDestination" };
            world.fault("ses", operation, mode, 0, failures);
            world.twin.deliver_mail_events().await;
            world.twin.aws.faults.clear();
            let left = (audit.taken().len(), world.twin.dead_mail_events().len());
            assert_eq!(left, (records, dead), "{mode}");
            assert_eq!(world.twin.aws.mail.is_suppressed(USER), dead == 1, "{mode}");
        }
        let kept = world.twin.dead_mail_events().remove(0);
        assert!(!kept.to_string().contains("verification code"), "no subject: {kept}");
        assert_eq!(world.takes(kept).await, "tried_anew", "handed in again");
    }
}

/// An address that is listed by the mail of another application of the account is marked until its week is over: a code
/// that SES will not try does not look sent. What somebody listed by hand stays there, for reasons that are theirs.
#[tokio::test]
async fn an_address_that_others_got_listed_is_marked() {
    for why in [Listed::Bounced(START.0 - 2 * 86_400), Listed::ByHand] {
        let world = World::new().await;
        let (id, _) = world.enrol_email(USER).await;
        world.twin.aws.mail.suppress(USER, why);
        assert_eq!(world.challenged(&id).await, 200, "SES took it");
        world.told().await;
        assert_eq!(world.challenged(&id).await, 503, "{why:?}");
        world.clock.advance(5 * 86_400);
        let is_over = why != Listed::ByHand;
        assert_eq!(world.challenged(&id).await, if is_over { 200 } else { 503 }, "{why:?}");
        world.told().await;
        assert_eq!(world.twin.aws.mail.is_suppressed(USER), !is_over, "{why:?}");
        world.clock.advance(WEEK);
        world.challenged(&id).await;
        world.told().await;
        assert_eq!(world.twin.aws.mail.is_suppressed(USER), !is_over, "{why:?}");
    }
}

/// A code that was sent before the mail that bounced says nothing of the address as it is now.
#[tokio::test]
async fn an_older_proof_proves_nothing() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let earlier = world.log_in(USER).await.mfa_token;
    let sent = world.challenge(&earlier, "oob", &id).await;
    let (code, ticket) = (world.code(USER), world.reset_ticket(USER).await);
    for seconds in [0, 1] {
        world.clock.advance(seconds);
        world.takes(permanent(world.clock.now())).await;
    }
    world.forget_calls();
    assert_eq!(world.oob(&earlier, &sent.text("oob_code"), &code).await.status, 200);
    assert_eq!(world.round_trips(), 2, "as ever");
    assert_eq!(world.challenged(&id).await, 503);
    world.reset(&ticket, "a whole new password").await;
    let login = world.password(USER, "a whole new password").await.text("mfa_token");
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 503);
}

/// What proves that the address took a later mail ends the mark, in the same write, and it does not come back by an event
/// that is delivered again: a code by mail, a new password.
#[tokio::test]
async fn a_later_proof_ends_the_mark() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let bounced = permanent(world.clock.now());
    world.clock.advance(60);
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.challenge(&login, "oob", &id).await;
    assert_eq!(world.takes(bounced.clone()).await, "marked", "told late");
    assert_eq!(world.challenged(&id).await, 503);
    world.forget_calls();
    assert_eq!(world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await.status, 200);
    assert_eq!(world.round_trips(), 2, "as ever");
    assert_eq!(world.challenged(&id).await, 200);
    assert_eq!((world.takes(bounced).await, world.challenged(&id).await), (json!("known"), 200));

    world.clock.advance(60);
    world.takes(permanent(world.clock.now())).await;
    assert_eq!(world.challenged(&id).await, 503);
    world.clock.advance(60);
    let ticket = world.reset_ticket(USER).await;
    world.reset(&ticket, "a whole new password").await;
    let login = world.password(USER, "a whole new password").await.text("mfa_token");
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
    assert_eq!(world.mailboxes().await.len(), 1);
}

/// The link that verifies an address, and a sign-in by a code that was mailed, prove it as well, once they did what they
/// are for.
#[tokio::test]
async fn mailed_links_and_codes_prove_an_address() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    let standing = async || text_of(&world.mailboxes().await[0], "standing").to_owned();
    let marked = async || {
        world.clock.advance(60);
        world.takes(permanent(world.clock.now())).await;
        world.clock.advance(60);
        assert_eq!(standing().await, "bounced");
    };
    marked().await;
    assert_eq!(
        world.start_email(USER).await.status,
        200,
        "SEC-35: who asks without a password is told nothing"
    );
    assert_eq!(world.passwordless("email", USER, "000000").await.status, 403);
    assert_eq!(standing().await, "bounced");
    assert_eq!(world.passwordless("email", USER, &world.code(USER)).await.status, 200);
    assert_eq!(standing().await, "cleared");

    marked().await;
    let job = json!({ "user_id": user_id(USER) });
    assert_eq!(world.manage("POST", "/api/v2/jobs/verification-email", Some(&job)).await.status, 201);
    let ticket = ticket_in(&world.link(USER).await);
    world.confirm(&ticket).await;
    assert_eq!(standing().await, "cleared");
    marked().await;
    world.confirm(&ticket).await;
    assert_eq!(standing().await, "bounced", "used before");
}

/// A link that an operator was handed was never mailed by us: it verifies the address, or leads to a new password, and
/// proves nothing of the mailbox.
#[tokio::test]
async fn links_that_were_handed_over_prove_nothing() {
    for path in ["/api/v2/tickets/email-verification", "/api/v2/tickets/password-change"] {
        let world = World::new().await;
        world.takes(permanent(world.clock.now())).await;
        world.clock.advance(60);
        let mut body = json!({ "user_id": user_id(USER) });
        if path.ends_with("password-change") {
            body["mark_email_as_verified"] = json!(true);
        }
        let ticket = ticket_in(&world.manage("POST", path, Some(&body)).await.text("ticket"));
        match path.ends_with("password-change") {
            true => world.reset(&ticket, "a whole new password").await,
            false => world.confirm(&ticket).await,
        };
        assert!(world.is_verified(USER).await, "{path}");
        assert_eq!(text_of(&world.mailboxes().await[0], "standing"), "bounced", "{path}");
    }
}

/// A newer bounce that is told between the look and the write stays, and the code is as good as ever.
#[tokio::test]
async fn a_bounce_that_is_told_meanwhile_stays() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    let older = permanent(world.clock.now());
    world.clock.advance(60);
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
    assert_eq!(world.takes(older).await, "marked");
    world.clock.advance(1);
    let newer = permanent(world.clock.now());
    let request = {
        let (world, code) = (Arc::clone(&world), world.code(USER));
        async move { world.oob(&login, &oob_code, &code).await }
    };
    let told = async { assert_eq!(world.takes(newer).await, "marked") };
    assert_eq!(world.overtaken("Query", 2, request, told).await.status, 200);
    assert_eq!(world.challenged(&id).await, 503);
}
