//! Signing in without password: tries, budgets, trips, and requests at the same moment (contract §7, SEC-8 to SEC-10,
//! SEC-22).

use std::sync::Arc;

use postern::rules::settings::SettingValue;
use serde_json::json;

use crate::support::{NUMBER, World, at_once, count_of};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const WRONG: &str = "403 Wrong email or verification code.";
const SPENT: &str = "429 Too many failed codes. Wait for some minutes before retrying.";
const TOO_MANY: &str = "403 You've reached the maximum number of attempts. Please try to login again.";

/// Contract §7: three wrong tries, then not even the right code; a new code has three tries of its own.
#[tokio::test]
async fn three_tries_per_code() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    world.start_email(USER).await;
    let code = world.code(USER);
    for _ in 0..3 {
        assert_eq!(world.passwordless("email", USER, &World::wrong(&code)).await.outcome(), WRONG);
    }
    let fourth = world.passwordless("email", USER, &code).await;
    insta::assert_snapshot!(fourth.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"You've reached the maximum number of attempts. Please try to login again."}"#);
    world.start_email(USER).await;
    let code = world.code(USER);
    assert_eq!(world.passwordless("email", USER, &World::wrong(&code)).await.outcome(), WRONG);
    assert_eq!(world.passwordless("email", USER, &code).await.status, 200);
}

/// SEC-8: the right code 64 times at once gives one token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_64_times_at_once() {
    let world = Arc::new(World::new().await);
    world.passwordless_on().await;
    world.without_mfa().await;
    for _ in 0..3 {
        // Those that lost are charged to their source.
        world.clock.advance(3_600);
        assert_eq!(world.start_email(USER).await.status, 200);
        let code = world.code(USER);
        let replies = at_once(64, |_| {
            let (world, code) = (Arc::clone(&world), code.clone());
            async move { world.passwordless("email", USER, &code).await }
        })
        .await;
        assert_eq!(count_of(&replies, 200), 1);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            assert!([WRONG, TOO_MANY, SPENT].contains(&reply.outcome().as_str()), "{}", reply.body);
        }
    }
}

/// SEC-10: of 64 guesses at once three are compared, of the ten that their source has; then the right code is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_guesses_at_once_three_are_compared() {
    let world = Arc::new(World::new().await);
    world.passwordless_on().await;
    world.start_email(USER).await;
    let code = world.code(USER);
    let replies = at_once(64, |number| {
        let guess = (code.parse::<usize>().unwrap() + 1 + number) % 1_000_000;
        let world = Arc::clone(&world);
        async move { world.passwordless("email", USER, &format!("{guess:06}")).await }
    })
    .await;
    let outcomes: Vec<_> = replies.iter().map(crate::support::Reply::outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == WRONG).count(), 3);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == TOO_MANY).count(), 7);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == SPENT).count(), 54);
    assert_eq!(world.passwordless("email", USER, &code).await.outcome(), SPENT);
    assert_eq!(world.passwordless_from([127, 0, 0, 2], USER, &code).await.outcome(), TOO_MANY);
}

/// A try that came to nothing by our fault is taken back: the code still has its three.
#[tokio::test]
async fn what_we_could_not_answer_is_no_try() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    world.start_email(USER).await;
    let code = world.code(USER);
    assert_eq!(world.passwordless("email", USER, &World::wrong(&code)).await.outcome(), WRONG);
    for _ in 0..3 {
        // Reading the user fails, beside counting the try.
        world.fault("dynamodb", "Query", "error", 0, 10);
        assert_eq!(world.passwordless("email", USER, &code).await.status, 503);
        world.twin.aws.faults.clear();
    }
    assert_eq!(world.passwordless("email", USER, &World::wrong(&code)).await.outcome(), WRONG);
    let answered = world.passwordless("email", USER, &code).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(answered.header("x-ratelimit-remaining"), Some("8"), "two wrong codes, and nothing of ours");
}

/// SEC-12, SEC-23: a source has ten wrong codes for one address, whether anybody has it, then one every six minutes; its
/// right codes cost nothing, and another source's tries are its own.
#[tokio::test]
async fn the_guesses_of_a_source() {
    for address in [USER, "nobody@example.com"] {
        let world = World::with_passwordless().await;
        world.without_mfa().await;
        for _ in 0..10 {
            assert_eq!(world.passwordless("email", address, "000000").await.outcome(), WRONG);
        }
        world.start_email(address).await;
        let eleventh = world.passwordless("email", address, "000000").await;
        assert_eq!((eleventh.outcome().as_str(), eleventh.header("retry-after")), (SPENT, Some("360")));
    }
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    for _ in 0..10 {
        world.passwordless("email", USER, "000000").await;
    }
    world.start_email(USER).await;
    let code = world.code(USER);
    assert_eq!(world.passwordless("email", USER, &code).await.outcome(), SPENT, "even the right one");
    for _ in 0..11 {
        world.clock.advance(600);
        world.start_email(USER).await;
        let reply = world.passwordless_from([127, 0, 0, 3], USER, &world.code(USER)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

/// SEC-20: guessing from many sources never locks the owner out, and becomes hopeless: after thirty wrong codes in a row
/// codes have ten digits, until a right one.
#[tokio::test]
async fn after_thirty_wrong_codes_codes_are_long() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    for round in 0..10_u8 {
        world.start_email(USER).await;
        assert_eq!(world.code(USER).len(), 6, "{round}");
        let wrong = World::wrong(&world.code(USER));
        for _ in 0..3 {
            let reply = world.passwordless_from([127, 0, 1, round], USER, &wrong).await;
            assert_eq!(reply.outcome(), WRONG);
        }
        world.clock.advance(600);
    }
    world.start_email(USER).await;
    let mail = world.twin.aws.inbox.messages(Some(USER)).remove(0).text;
    let code =
        mail.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 10).expect("a long code");
    assert_eq!(world.passwordless("email", USER, code).await.status, 200);
    world.start_email(USER).await;
    let code = world.code(USER);
    assert_eq!((code.len(), world.passwordless("email", USER, &code).await.status), (6, 200));
}

/// SEC-22: ten codes to one address, whoever has it and whichever client asks, then one every ten minutes.
#[tokio::test]
async fn the_budget_of_an_address() {
    for address in [USER, "nobody@example.com"] {
        let world = World::with_passwordless().await;
        for _ in 0..10 {
            assert_eq!(world.start_email(address).await.status, 200);
        }
        let eleventh = world.start_email(address).await;
        assert_eq!(
            eleventh.outcome(),
            "429 Too many emails sent by the user. Wait for some minutes before retrying."
        );
        assert_eq!(eleventh.header("retry-after"), Some("600"));
        assert_eq!(world.start_email(VERIFIED).await.status, 200, "another address");
        world.clock.advance(599);
        assert_eq!(world.start_email(address).await.status, 429);
        world.clock.advance(1);
        assert_eq!(world.start_email(address).await.status, 200);
        assert_eq!(world.start_email(address).await.status, 429);
        world.clock.advance(7_200);
        assert_eq!(world.start_email(address).await.status, 200, "after a debt that has decayed");
    }
}

/// Contract §7: fifty starts from one source, then one every 72 seconds: fifty an hour.
#[tokio::test]
async fn the_budget_of_a_source() {
    let world = World::with_passwordless().await;
    for _ in 0..3 {
        let stranger =
            json!({ "client_secret": "wrong", "connection": "email", "email": USER, "send": "code" });
        assert_eq!(world.start(&stranger).await.status, 401, "which costs the source nothing");
    }
    for number in 0..50 {
        assert_eq!(world.start_email(&format!("a{number}@example.com")).await.status, 200);
    }
    let next = world.start_email(VERIFIED).await;
    assert_eq!((next.status, next.header("retry-after")), (429, Some("72")), "{}", next.body);
    assert_eq!(world.mails(VERIFIED), 0);
    world.clock.advance(72);
    assert_eq!(world.start_email(VERIFIED).await.status, 200);
}

/// SEC-22: an SMS counts for its country, whoever has the number; what is refused there costs the number nothing.
#[tokio::test]
async fn the_budget_of_a_country() {
    let world = World::with_passwordless().await;
    world.configure(&[("sms_sends_per_country", SettingValue::Number(2))]).await;
    assert_eq!(world.start_sms(NUMBER).await.status, 200);
    assert_eq!(world.start_sms("+4915112345679").await.status, 200);
    let third = world.start_sms(NUMBER).await;
    assert_eq!(third.outcome(), "429 Too many SMS sent by the user. Wait for some minutes before retrying.");
    assert_eq!(world.sends_to_country("DE").await, 2);
    assert_eq!(world.mails(NUMBER), 1);
    let table = world.stored().await;
    let key = |sk: &str| (format!("PASSWORDLESS#sms#{NUMBER}"), sk.to_owned());
    assert!(table[&key("CODE#demo-app")].contains_key("used_by"), "the code that was not sent is void");
    let tat = crate::support::number_of(&table[&key("LIMIT#PASSWORDLESS")], "tat").unwrap();
    assert_eq!(tat, world.clock.now().0 + 600);
}

/// SEC-22: what anybody may ask for does not use up what users need for their second factor.
#[tokio::test]
async fn a_country_s_sign_ins_leave_its_second_factors_alone() {
    let world = World::with_phones(false).await;
    world.passwordless_on().await;
    world.configure(&[("sms_sends_per_country", SettingValue::Number(2))]).await;
    let id = world.enrol_phone(USER, "sms", "+4915112345671").await;
    for (number, told) in [(NUMBER, 200), ("+4915112345679", 200), ("+4915112345670", 429)] {
        assert_eq!(world.start_sms(number).await.status, told);
    }
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
}

/// A refused send costs nothing; one that may have gone is charged, and its code is worth nothing.
#[tokio::test]
async fn a_message_that_was_not_sent() {
    let world = World::with_passwordless().await;
    for (mode, charged) in [("throttle", false), ("timeout", true)] {
        for (address, service, operation) in
            [(USER, "ses", "SendEmail"), ("nobody@example.com", "ses", "SendEmail")]
        {
            world.fault(service, operation, mode, 0, 1);
            let reply = world.start_email(address).await;
            world.twin.aws.faults.clear();
            insta::allow_duplicates! {
                insta::assert_snapshot!(reply.snapshot(), @r#"503 {"error":"temporarily_unavailable","error_description":"The code could not be delivered. Please retry in a moment."}"#);
            }
            let table = world.stored().await;
            let key = |sk: &str| (format!("PASSWORDLESS#email#{address}"), sk.to_owned());
            assert!(table[&key("CODE#demo-app")].contains_key("used_by"), "{mode}");
            let tat = crate::support::number_of(&table[&key("LIMIT#PASSWORDLESS")], "tat").unwrap();
            assert_eq!(tat > world.clock.now().0, charged, "{mode}");
        }
    }
}

/// Two trips and the message to start, three for the grant, two for a wrong code; a fourth for a refresh token.
#[tokio::test]
async fn trips() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    let trips = || {
        let counted = world.round_trips();
        world.forget_calls();
        counted
    };
    world.start_email(VERIFIED).await;
    world.start_sms("+4915112345679").await;
    world.forget_calls();
    assert_eq!(world.start_email(USER).await.status, 200);
    assert_eq!(trips(), 3, "start by mail");
    assert_eq!(world.start_email("nobody@example.com").await.status, 200);
    assert_eq!(trips(), 3, "start for nobody");
    assert_eq!(world.start_sms(NUMBER).await.status, 200);
    assert_eq!(trips(), 3, "start by SMS");
    let code = world.code(USER);
    assert_eq!(world.passwordless("email", USER, &World::wrong(&code)).await.status, 403);
    assert_eq!(trips(), 2, "wrong code");
    assert_eq!(world.passwordless("email", USER, &code).await.status, 200);
    assert_eq!(trips(), 4, "right code, with offline_access");
    let fields = [("grant_type", crate::support::PASSWORDLESS), ("realm", "sms"), ("username", NUMBER)];
    let code = world.code(NUMBER);
    let all: Vec<_> = fields.into_iter().chain([("otp", code.as_str())]).collect();
    assert_eq!(world.token_as_app(&all).await.status, 200);
    assert_eq!(trips(), 3, "right code");
}
