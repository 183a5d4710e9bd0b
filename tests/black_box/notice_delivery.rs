//! How notices travel when AWS fails or repeats itself: tried again, mailed once, given up at last, and never to the
//! harm of the answer that caused them.

use postern::rules::notice::NoticeKind;
use serde_json::json;

use crate::notices::{cause, outbox, wrong_passwords};
use crate::support::{Body, World, text_of};

const USER: &str = "user@example.com";

/// SES that throttles or fails for a moment: the mail comes, once.
#[tokio::test]
async fn a_passing_failure_of_ses_is_tried_again() {
    for mode in ["throttle", "error"] {
        let world = World::new().await;
        cause(&world, NoticeKind::FactorAdded).await;
        assert_nothing_sent(&world).await;
        world.fault("ses", "SendEmail", mode, 0, 2);
        assert_eq!(world.notices(USER).await.len(), 1, "{mode}");
        assert!(world.twin.dead_letters().is_empty());
    }
}

async fn assert_nothing_sent(world: &World) {
    assert!(outbox(world).await.iter().all(|item| !item.contains_key("sent_at")));
}

/// Contract A3 "AWS fails … but a notice's": while SES is down answers are what they were, and what cannot be mailed
/// ends as a dead letter.
#[tokio::test]
async fn a_lasting_failure_is_a_dead_letter_and_no_answers_trouble() {
    let world = World::new().await;
    let (_, recovery_code) = world.enrol_email(USER).await;
    world.twin.deliver_notices().await;
    world.fault("ses", "SendEmail", "error", 0, 1_000);
    let login = world.log_in(USER).await;
    assert_eq!(world.recovery(&login.mfa_token, &recovery_code).await.status, 200);
    wrong_passwords(&world, USER, 10).await;
    assert_eq!(world.notices(USER).await.len(), 1, "the one of before");
    let dead = world.send("GET", "/_local/dead-letters", &[], Body::none()).await.json();
    let dead = dead.as_array().unwrap();
    assert_eq!(dead.len(), 2);
    assert_eq!((&dead[0]["tries"], &dead[0]["at"]), (&json!(5), &json!(world.clock.now().0)));
    world.twin.aws.faults.clear();
    assert_eq!(world.notices(USER).await.len(), 1, "a dead letter is not tried again");
    assert_eq!(world.tat_of_block_notices().await, None, "what was not mailed costs no budget");
}

/// A notice that the table does not take in time changes no answer, and the block is told of at its next wrong answer.
#[tokio::test]
async fn an_answer_does_not_depend_on_its_notice() {
    for mode in ["error", "timeout"] {
        let world = World::new().await;
        wrong_passwords(&world, USER, 9).await;
        world.fault("dynamodb", "TransactWriteItems", mode, 0, 1_000);
        wrong_passwords(&world, USER, 1).await;
        world.twin.aws.faults.clear();
        assert!(outbox(&world).await.is_empty(), "{mode}");
        world.clock.advance(360);
        wrong_passwords(&world, USER, 1).await;
        assert_eq!(world.notices(USER).await.len(), 1, "{mode}");
    }
}

/// A stream delivers at least once: what was mailed is not mailed again.
#[tokio::test]
async fn a_repeated_event_is_one_mail() {
    let world = World::new().await;
    cause(&world, NoticeKind::FactorAdded).await;
    let items = outbox(&world).await;
    let record = json!({
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": { "pk": { "S": text_of(&items[0], "pk") }, "sk": { "S": "NOTICE" } },
            "SequenceNumber": "100",
        },
    });
    let event = json!({ "Records": [record.clone(), record] });
    for _ in 0..2 {
        let answer = notices::handle(&world.twin.app, event.clone()).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(world.notices(USER).await.len(), 1);
}

/// `ReportBatchItemFailures`: a batch stops at what cannot be mailed now, and asks for it and what follows again.
#[tokio::test]
async fn a_batch_stops_at_its_first_failure() {
    let world = World::new().await;
    let mut records = Vec::new();
    wrong_passwords(&world, USER, 10).await;
    assert_nothing_sent(&world).await;
    let first = outbox(&world).await;
    for (number, pk) in
        [("100", "NOTICE#unknown"), ("200", text_of(&first[0], "pk")), ("300", "NOTICE#other")]
    {
        records.push(json!({
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": "NOTICE" } },
                "SequenceNumber": number,
            },
        }));
    }
    world.fault("ses", "SendEmail", "throttle", 0, 1);
    let answer = notices::handle(&world.twin.app, json!({ "Records": records })).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "200" }] }));
}

/// A notice that nobody could be told in days is no news any more, late as TTL's deletion is (SEC-17).
#[tokio::test]
async fn an_old_notice_is_not_mailed() {
    let world = World::new().await;
    cause(&world, NoticeKind::FactorAdded).await;
    world.clock.advance(3 * 86_400);
    assert!(world.notices(USER).await.is_empty());
}

impl World {
    async fn tat_of_block_notices(&self) -> Option<u64> {
        self.tat(USER, "BLOCK-NOTICE").await.filter(|tat| *tat > self.clock.now().0)
    }
}
