//! What texts and calls cost in round trips, what their failures leave behind (design §7, contract A3 "delivery"), and
//! that no number is logged (SEC-34).

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use crate::support::{Log, NUMBER, World, alarms, heading};

const USER: &str = "user@example.com";
const CHANNELS: [(&str, &str); 2] = [("sms", "SendTextMessage"), ("voice", "SendVoiceMessage")];

/// The operations of each trip of the last request, sorted.
fn trips(world: &World) -> Vec<Vec<String>> {
    let mut trips = vec![Vec::new(); usize::try_from(world.round_trips()).unwrap()];
    for call in world.trips().as_array().unwrap() {
        let trip = usize::try_from(call["round_trip"].as_u64().unwrap()).unwrap();
        trips[trip - 1].push(call["operation"].as_str().unwrap().to_owned());
    }
    trips.iter_mut().for_each(|trip| trip.sort());
    trips
}

/// design §7: "2 + delivery" as for a mail; the country is counted beside the transaction.
#[tokio::test]
async fn phones_stay_on_the_budget_of_mails() {
    for (channel, send) in CHANNELS {
        let world = World::with_phones(true).await;
        let login = world.log_in(USER).await.mfa_token;
        world.forget_calls();
        let associated = world.associate_phone(&login, channel, NUMBER).await;
        let expected = [vec!["Query", "Query"], vec!["TransactWriteItems", "UpdateItem"], vec![send]];
        assert_eq!(trips(&world), expected, "associate");
        world.forget_calls();
        let reply = world.oob(&login, &associated.text("oob_code"), &world.code(NUMBER)).await;
        assert_eq!((reply.status, world.round_trips()), (200, 2), "confirm");
        let id = world.id_of_channel(USER, channel).await;
        let login = world.log_in(USER).await.mfa_token;
        world.forget_calls();
        assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
        let expected =
            [vec!["GetItem", "Query", "Query"], vec!["TransactWriteItems", "UpdateItem"], vec![send]];
        assert_eq!(trips(&world), expected, "challenge");
    }
}

/// SEC-39: what IAM has to allow of a send: the action, on the origination identity.
#[tokio::test]
async fn a_send_is_one_action_on_one_identity() {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    world.forget_calls();
    for (channel, _) in CHANNELS {
        world.associate_phone(&login, channel, NUMBER).await;
    }
    let calls = world.trips();
    let sends: Vec<&Value> =
        calls.as_array().unwrap().iter().filter(|call| call["service"] == "sms").collect();
    assert_snapshot!(sends[0], @r#"{"function":"mfa-associate","service":"sms","operation":"SendTextMessage","round_trip":3,"actions":[{"action":"sms-voice:SendTextMessage","identity":"postern","configuration_set":"postern"}]}"#);
    assert_snapshot!(sends[1]["actions"], @r#"[{"action":"sms-voice:SendVoiceMessage","identity":"+12065550100","configuration_set":"postern"}]"#);
}

/// Contract A3 "delivery refused": every budget is given back, a replaced association is good again, nothing is sent
/// twice.
#[tokio::test]
async fn a_refused_association_leaves_no_trace() {
    for (channel, send) in CHANNELS {
        for mode in ["throttle", "error"] {
            let world = World::with_phones(true).await;
            let login = world.log_in(USER).await.mfa_token;
            let first = world.associate_phone(&login, channel, NUMBER).await;
            let code = world.code(NUMBER);
            let before = world.stored_without_limits().await;
            let owed = world.tat(USER, "SEND-SMS").await;
            world.fault("sms", send, mode, 0, 1);
            world.associate_phone(&login, channel, NUMBER).await.assert_not_delivered();
            let mut after = world.stored_without_limits().await;
            assert!(after == before, "{channel} {mode}: {:?}", changed(&mut after, &before));
            assert_eq!((world.tat(USER, "SEND-SMS").await, world.mails(NUMBER)), (owed, 1));
            let confirmed = world.oob(&login, &first.text("oob_code"), &code).await;
            assert_eq!(confirmed.status, 200, "{}", confirmed.body);
            assert_eq!(world.authenticators(USER).await, (2, 0));
        }
    }
}

fn changed<K: Ord + Clone, V: PartialEq>(
    after: &mut std::collections::BTreeMap<K, V>,
    before: &std::collections::BTreeMap<K, V>,
) -> Vec<K> {
    after.retain(|key, item| before.get(key) != Some(item));
    after.keys().cloned().collect()
}

/// Contract A3 "delivery timed out": it may have gone, so every charge stays and the challenge is void.
#[tokio::test]
async fn a_send_that_may_have_gone_is_charged_and_void() {
    let world = World::with_phones(true).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let login = world.log_in(USER).await.mfa_token;
    let first = world.challenge(&login, "oob", &sms).await;
    let code = world.code(NUMBER);
    let owed = world.tat(USER, "SEND-SMS").await.unwrap();
    world.fault("sms", "SendTextMessage", "timeout", 0, 1);
    world.challenge(&login, "oob", &sms).await.assert_not_delivered();
    assert_eq!(world.tat(USER, "SEND-SMS").await, Some(owed + 3_600));
    assert_eq!((world.sends_to_country("DE").await, world.mails(NUMBER)), (3, 2));
    let earlier = world.oob(&login, &first.text("oob_code"), &code).await;
    assert_eq!(earlier.outcome(), "403 Invalid binding_code.");
    let again = world.challenge(&login, "oob", &sms).await;
    assert_eq!(world.oob(&login, &again.text("oob_code"), &world.code(NUMBER)).await.status, 200);
}

/// SEC-43: whatever comes of a send, it is made once: the next fault waits for the next send.
#[tokio::test]
async fn a_send_is_one_attempt() {
    for (channel, send) in CHANNELS {
        for mode in ["timeout", "error", "throttle"] {
            let world = World::with_phones(true).await;
            let login = world.log_in(USER).await.mfa_token;
            world.fault("sms", send, mode, 0, 2);
            world.associate_phone(&login, channel, NUMBER).await.assert_not_delivered();
            assert_eq!(world.twin.aws.faults.list().len(), 1, "{channel} {mode}: a second attempt was made");
            world.twin.aws.faults.clear();
            assert_eq!(world.associate_phone(&login, channel, NUMBER).await.status, 200);
            assert_eq!(world.mails(NUMBER), 1, "{channel} {mode}");
        }
    }
}

/// Contract A3 "delivery refused" at a challenge: the earlier code stays good, the budgets are as before.
#[tokio::test]
async fn a_refused_challenge_leaves_the_earlier_one() {
    for (channel, send) in CHANNELS {
        let world = World::with_phones(true).await;
        let id = world.enrol_phone(USER, channel, NUMBER).await;
        let login = world.log_in(USER).await.mfa_token;
        let first = world.challenge(&login, "oob", &id).await;
        let code = world.code(NUMBER);
        let owed = world.tat(USER, "SEND-SMS").await;
        world.fault("sms", send, "throttle", 0, 1);
        world.challenge(&login, "oob", &id).await.assert_not_delivered();
        assert_eq!((world.tat(USER, "SEND-SMS").await, world.sends_to_country("DE").await), (owed, 2));
        assert_eq!(world.oob(&login, &first.text("oob_code"), &code).await.status, 200);
    }
}

/// Has codes asked for while Twilio refuses each by that error, until the user's sends are spent; the lines of metrics.
async fn asked_until_spent(world: &World, log: &Log, error: &str) -> Vec<Value> {
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let login = world.log_in(USER).await.mfa_token;
    world.refuse("sms", "CreateMessage", error);
    let before = log.events("metrics").len();
    // One of ten was sent to enrol.
    for _ in 0..9 {
        world.challenge(&login, "oob", &sms).await.assert_not_delivered();
    }
    let spent = world.challenge(&login, "oob", &sms).await;
    assert_eq!(spent.outcome(), "429 Too many SMS sent by the user. Wait for some minutes before retrying.");
    log.events("metrics").split_off(before)
}

/// Whoever has a number that takes no messages cannot ask for codes without end, nor fill the service's errors, which set
/// off alarms and take deployments back: each costs a send, and is counted as what it is.
#[tokio::test]
async fn a_number_that_takes_no_messages_costs_sends_and_is_no_failure() {
    let log = Log::start();
    let world = World::with_twilio().await;
    // The user replied STOP.
    let lines = asked_until_spent(&world, &log, "21610").await;
    let of = |metric: &str| lines.iter().filter(|line| line[metric] == 1).count();
    assert_eq!(["Undeliverable", "ServerErrors", "DeliveryFailures", "Limited"].map(of), [9, 0, 0, 1]);
    assert_eq!(alarms(&lines), [""; 0]);
    assert!(log.text().contains("recipient_unreachable"), "the audit log says why");
    assert_eq!(world.sends_to_country("DE").await, 10);
}

/// The same of a number that is to be enrolled, by AWS and by Twilio, with the words of each: ten sends are what a user has.
#[tokio::test]
async fn a_number_that_opted_out_cannot_be_enrolled_for_ever() {
    // The twin's AWS and its Twilio both know it.
    const OPTED_OUT: &str = "+12065550104";
    for (world, channel) in [
        (World::with_phones(true).await, "sms"),
        (World::with_phones(true).await, "voice"),
        (World::with_twilio().await, "sms"),
        (World::with_twilio().await, "voice"),
    ] {
        let log = Log::start();
        let login = world.log_in(USER).await.mfa_token;
        let mut statuses = Vec::new();
        for _ in 0..11 {
            statuses.push(world.associate_phone(&login, channel, OPTED_OUT).await.status);
        }
        assert_eq!(statuses, [[503; 10].as_slice(), &[429]].concat(), "{channel}");
        let lines = log.events("metrics");
        assert!(lines.iter().all(|line| line["ServerErrors"] != 1), "{lines:?}");
        assert!(lines.iter().any(|line| line["Undeliverable"] == 1), "{lines:?}");
    }
}

/// The page that enrols says why as well, and sets off no more than the API does.
#[tokio::test]
async fn a_number_that_opted_out_is_no_failure_of_the_page() {
    let log = Log::start();
    let world = World::with_phones(true).await;
    let ticket = world.enrolment_ticket(USER, &json!({})).await;
    let page = world.begin_phone(&ticket, "sms", "+12065550104").await;
    assert!(heading(&page).starts_with("503"), "{}", heading(&page));
    let line = log.events("metrics").pop().unwrap();
    assert_eq!([&line["Undeliverable"], &line["ServerErrors"]], [1, 0], "{line}");
    assert!(line["DeliveryFailures"].is_null(), "{line}");
    let record = log.events("audit").pop().unwrap();
    assert_eq!(record["reason"], "recipient_unreachable", "{record}");
}

/// SEC-35: strangers learn by a sign-in without password neither whether a number is known nor whether it opted out.
#[tokio::test]
async fn a_sign_in_by_a_number_that_takes_no_messages_looks_like_any() {
    let log = Log::start();
    let world = World::with_twilio().await;
    world.passwordless_on().await;
    let known = world.start_sms(NUMBER).await;
    world.refuse("sms", "CreateMessage", "21610");
    let opted_out = world.start_sms(NUMBER).await;
    assert_eq!((known.status, opted_out.status), (200, 200), "{}", opted_out.body);
    let line = log.events("metrics").pop().unwrap();
    assert!(line["CodesSentBySms"].is_null(), "it was not sent: {line}");
    // The account may not text the country: nor does this tell a number of somebody's, but the operator is told.
    world.twin.aws.faults.clear();
    world.refuse("sms", "CreateMessage", "21408");
    assert_eq!(world.start_sms(NUMBER).await.status, 200);
    assert_eq!(log.events("metrics").pop().unwrap()["DeliveryFailures"], 1);
}

/// Who may not be texted from here, such as a whole country, is the operator's to mend: the alarms are told, and asking
/// costs a send all the same, so no user keeps them on alone.
#[tokio::test]
async fn a_barred_country_sets_off_alarms_and_costs_sends() {
    let log = Log::start();
    let world = World::with_twilio().await;
    let lines = asked_until_spent(&world, &log, "21408").await;
    assert_eq!(alarms(&lines), ["DeliveryFailuresAlarm", "ErrorRatioAlarm"]);
}

/// SEC-36: where the country cannot be counted nothing is sent, and nothing is left of the association.
#[tokio::test]
async fn without_the_country_s_counter_nothing_is_sent() {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    world.fault("dynamodb", "UpdateItem", "error", 0, 1);
    let refused = world.associate_phone(&login, "sms", NUMBER).await;
    assert_eq!((refused.status, refused.text("error").as_str()), (503, "temporarily_unavailable"));
    assert_eq!((world.mails(NUMBER), world.authenticators(USER).await), (0, (0, 0)));
    world.fault("dynamodb", "TransactWriteItems", "error", 0, 1_000);
    assert_eq!(world.associate_phone(&login, "sms", NUMBER).await.status, 503);
    assert_eq!((world.mails(NUMBER), world.sends_to_country("DE").await), (0, 0), "the country is paid back");
}

/// SEC-34: whatever becomes of a send, by AWS or by Twilio, no log line holds the number, its subscriber's digits or
/// the account's token.
#[tokio::test]
async fn no_number_is_logged() {
    const CANARY: &str = "+4917698765432";
    const TOKENS: [&str; 2] = ["canary-token-that-twilio-refuses", "ca9a41ca9a41ca9a41ca9a41ca9a41ca"];
    let log = Log::start();
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    for (channel, send) in CHANNELS {
        world.fault("sms", send, "error", 0, 1);
        world.associate_phone(&login, channel, CANARY).await;
        world.fault("sms", send, "timeout", 0, 1);
        world.associate_phone(&login, channel, CANARY).await;
        world.associate_phone(&login, channel, CANARY).await;
    }
    world.configure(&[("sms_provider", SettingValue::Text("twilio".into()))]).await;
    for token in TOKENS {
        world.set_twilio_token(token).await;
        for (channel, send) in [("sms", "CreateMessage"), ("voice", "CreateCall")] {
            world.fault("sms", send, "error", 0, 1);
            world.associate_phone(&login, channel, CANARY).await;
            world.associate_phone(&login, channel, CANARY).await;
        }
    }
    world.associate_phone(&login, "sms", "+4917698765432000").await;
    world.configure(&[("sms_sends_per_country", SettingValue::Number(1))]).await;
    // Whatever was counted under the limit before, the second is one too many.
    world.associate_phone(&login, "sms", CANARY).await;
    world.associate_phone(&login, "sms", CANARY).await;
    let written = log.text();
    assert!(written.contains("delivery_failed") && written.contains("country_limit_reached"), "{written}");
    assert!(
        written.contains("\"code\":\"20003\"") && written.contains("\"service\":\"twilio\""),
        "{written}"
    );
    assert!(!written.contains("17698765432"), "a number is logged");
    assert!(!TOKENS.iter().any(|token| written.contains(token)), "a token is logged");
    let debug = format!("{:?}", world.twin.app.store.user(&user_id(), world.clock.now()).await.unwrap());
    assert!(!debug.contains("1769876"), "a number is in a Debug: {debug}");
}

fn user_id() -> postern::id::UserId {
    postern::id::UserId::new(crate::support::user_pk(USER).trim_start_matches("USER#").to_owned())
}
