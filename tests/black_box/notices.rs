//! Security notices: what is told, to whom, how often, and that nobody waits for it (SEC-31, SEC-33, SEC-35, contract
//! A3 "blocked").

use insta::assert_snapshot;
use local::NoticeDelivery;
use local::aws::Message;
use postern::rules::notice::NoticeKind;
use postern::rules::settings::{Setting, SettingValue};
use serde_json::{Value, json};

use crate::support::{Body, PASSWORD, START, World, at_once, count_of, user_path, user_pk};

const USER: &str = "user@example.com";
const NOBODY: &str = "nobody@example.com";
const WRONG_RECOVERY_CODE: &str = "N3BGPZZWJ85JLCNPZBDW6QXC";

async fn set(world: &World, name: &str, value: SettingValue) {
    let setting = Setting::named(name).unwrap();
    world.twin.app.store.change_settings(&[(setting, value)]).await.unwrap();
    world.clock.advance(60);
}

fn subjects(notices: &[Message]) -> Vec<&str> {
    notices.iter().map(|notice| notice.subject.as_deref().unwrap()).collect()
}

pub(crate) async fn wrong_passwords(world: &World, username: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(world.password(username, "wrong").await.outcome(), "403 Wrong email or password.");
    }
}

/// A challenge of the user's email, and its wrong answer so many times.
async fn wrong_codes(world: &World, id: &str, times: usize) {
    let token = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge(&token, "oob", id).await.text("oob_code");
    let wrong = World::wrong(&world.code(USER));
    for _ in 0..times {
        assert_eq!(world.oob(&token, &oob_code, &wrong).await.outcome(), "403 Invalid binding_code.");
    }
}

/// The items in the table that wait to be mailed, or were.
pub(crate) async fn outbox(world: &World) -> Vec<crate::support::Item> {
    let table = world.stored().await;
    table.into_iter().filter(|((_, sk), _)| sk == "NOTICE").map(|(_, item)| item).collect()
}

/// Makes a notice of a kind be caused, and forgets those on the way.
pub(crate) async fn cause(world: &World, kind: NoticeKind) {
    if kind == NoticeKind::PasswordBlocked {
        return wrong_passwords(world, USER, 10).await;
    }
    if kind == NoticeKind::FactorAdded {
        return drop(world.enrol_email(USER).await);
    }
    let (id, recovery_code) = world.enrol_email(USER).await;
    world.twin.deliver_notices().await;
    world.twin.aws.inbox.clear();
    match kind {
        NoticeKind::FactorRemoved => {
            let token = world.mfa_access_token(USER, &id).await;
            assert_eq!(world.delete(&token, &id).await.status, 204);
        }
        NoticeKind::RecoveryCodeUsed => {
            let login = world.log_in(USER).await;
            assert_eq!(world.recovery(&login.mfa_token, &recovery_code).await.status, 200);
        }
        NoticeKind::PasswordChanged => {
            let path = user_path(user_pk(USER).trim_start_matches("USER#"));
            let changed = world.manage("PATCH", &path, Some(&json!({ "password": PASSWORD }))).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
        }
        NoticeKind::AuthenticatorLocked => {
            set(world, "consecutive_failures", SettingValue::Number(5)).await;
            wrong_codes(world, &id, 5).await;
        }
        _ => wrong_codes(world, &id, 10).await,
    }
}

/// Each kind is mailed once, to the account's address, and not when it is switched off.
#[tokio::test]
async fn each_kind_is_told_once_and_has_a_switch() {
    let rows = [
        (NoticeKind::FactorAdded, "A verification method was added to your Postern Demo account"),
        (NoticeKind::FactorRemoved, "A verification method was removed from your Postern Demo account"),
        (NoticeKind::RecoveryCodeUsed, "Your Postern Demo recovery code was used"),
        (NoticeKind::PasswordBlocked, "Sign-in to your Postern Demo account was blocked"),
        (NoticeKind::AuthenticatorLocked, "A verification method of your Postern Demo account was locked"),
        (NoticeKind::CodesFailing, "Wrong codes for your Postern Demo account"),
        (NoticeKind::PasswordChanged, "The password of your Postern Demo account was changed"),
    ];
    for (kind, subject) in rows {
        let world = World::new().await;
        cause(&world, kind).await;
        assert_eq!(subjects(&world.notices(USER).await), [subject]);
        assert_eq!(subjects(&world.notices(USER).await), [subject], "{kind:?}: and not again");

        let silent = World::new().await;
        set(&silent, &format!("notice_{}", kind.as_str()), SettingValue::Switch(false)).await;
        cause(&silent, kind).await;
        assert_eq!(subjects(&silent.notices(USER).await), [""; 0], "{kind:?} is switched off");
        assert!(silent.twin.dead_letters().is_empty());
    }
}

/// SEC-33: whoever guesses so slowly that no budget is ever spent is told of as well, after every twenty in a row.
#[tokio::test]
async fn slow_guessing_is_told() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    world.notices(USER).await;
    for guesses in 1..=40_usize {
        world.clock.advance(360);
        let login = world.log_in(USER).await.mfa_token;
        let wrong = World::wrong(&world.app_code(&secret, 0));
        assert_eq!(world.otp(&login, &wrong).await.status, 403, "{guesses}");
        let notices = world.notices(USER).await;
        let told = subjects(&notices);
        let wrong = told.iter().filter(|subject| subject.starts_with("Wrong codes")).count();
        assert_eq!(wrong, guesses / 20, "{guesses}: {told:?}");
    }
}

/// SEC-31: what a notice says.
#[tokio::test]
async fn a_new_factor_is_told_with_what_when_and_what_to_do() {
    let world = World::new().await;
    world.enrol_otp(USER).await;
    let notices = world.notices(USER).await;
    assert_snapshot!(notices[0].text, @"
    A verification method was added

    From now on it can be used as the second step when you sign in.

    Account: ****@exam*******
    Method: Authenticator app
    Application: Demo App
    Time: 2030-03-17 17:47 UTC

    This was not you? Then somebody else may have access to your account. Change your password now, remove the method and contact Postern Demo.
    ");
    assert!(notices[0].html.as_deref().unwrap().contains("Authenticator app"));
    assert_eq!(notices[0].received_at, START.0 + 30);
}

/// Contract §6: an operator's own words, with what the notice is about, in one language or by the user's; the link of a
/// block is there to be shown.
#[tokio::test]
async fn a_notice_is_mailed_by_the_operators_template() {
    let world = World::new().await;
    let template = json!({
        "template": "security_notice",
        "body": "<h1>{{ notice.kind }}</h1><p>{{ notice.factor | default: 'no factor' }}, {{ notice.account }}, {{ notice.source | default: 'no source' }}, {{ notice.time }}, {{ application.name }}, {{ user.name }}, {{ language }}</p>{% if link %}<a href=\"{{ link }}\">end it</a>{% endif %}",
        "from": "{{ tenant }} Security",
        "subject": "{{ notice.kind }} at {{ friendly_name }}",
        "syntax": "liquid",
        "enabled": true,
    });
    let token = world.management_token().await;
    let path = "/api/v2/email-templates";
    let created = world.bearer("POST", path, &token, Body::json(&template)).await;
    assert_eq!(created.status, 200, "{}", created.body);
    world.enrol_email(USER).await;
    wrong_passwords(&world, USER, 10).await;
    let notices = world.notices(USER).await;
    assert_eq!(subjects(&notices), ["factor_added at Postern Demo", "password_blocked at Postern Demo"]);
    assert_snapshot!(notices[0].text, @"
    factor_added

    email, ****@exam*******, no source, 2030-03-17 17:47 UTC, Demo App, Demo User, en
    ");
    assert_snapshot!(notices[0].from, @r#""Postern Demo Security" <mfa@postern.example>"#);
    assert!(notices[1].text.contains("no factor, ****@exam*******, 127.0.0.1, 2030-"), "{}", notices[1].text);
    let html = notices[1].html.as_deref().unwrap();
    let (_, link) = html.split_once("<a href=\"").unwrap();
    let (link, _) = link.split_once('"').unwrap();
    let page = world.send("GET", link.strip_prefix(world.twin.base_url()).unwrap(), &[], Body::none()).await;
    assert_eq!(page.status, 200, "{}", page.body);

    // A template that forgets the link of a block is not used for one.
    let shorter = json!({ "body": "<p>{{ notice.kind }}</p>" });
    let path = "/api/v2/email-templates/security_notice";
    assert_eq!(world.bearer("PATCH", path, &token, Body::json(&shorter)).await.status, 200);
    world.clock.advance(7_200);
    wrong_passwords(&world, USER, 10).await;
    let notices = world.notices(USER).await;
    let newest = notices.last().unwrap();
    assert_eq!(newest.subject.as_deref(), Some("Sign-in to your Postern Demo account was blocked"));
    assert!(newest.html.as_deref().unwrap().contains("/u/unblock?ticket="));
}

/// SEC-30: what never counted is no news, neither when it comes nor when it goes.
#[tokio::test]
async fn an_unconfirmed_authenticator_is_no_news() {
    let world = World::new().await;
    let token = world.first_access_token(USER, crate::support::MFA_SCOPES).await;
    world.associate_otp(&token).await;
    let id = world.list(&token).await.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.delete(&token, &id).await.status, 204);
    assert!(outbox(&world).await.is_empty());
}

/// Contract A3: a known user is mailed once per block, however long it lasts; the next block is told again.
#[tokio::test]
async fn one_mail_per_block() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 9).await;
    assert!(world.notices(USER).await.is_empty(), "nine are no block");
    wrong_passwords(&world, USER, 1).await;
    assert_eq!(world.password(USER, "wrong").await.status, 429);
    for _ in 0..12 {
        world.clock.advance(360);
        wrong_passwords(&world, USER, 1).await;
        assert_eq!(world.password(USER, "wrong").await.status, 429);
    }
    assert_eq!(world.notices(USER).await.len(), 1, "somebody who keeps trying is one block");
    world.clock.advance(2 * 3_600);
    wrong_passwords(&world, USER, 10).await;
    assert_eq!(world.notices(USER).await.len(), 2, "a new block");
}

/// The last attempt given back by the right password is no block, and a success that clears the debt ends one.
#[tokio::test]
async fn a_right_answer_is_no_news() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 9).await;
    world.log_in(USER).await;
    assert!(world.notices(USER).await.is_empty());
    let (id, _) = world.enrol_email(USER).await;
    wrong_codes(&world, &id, 9).await;
    assert_eq!(world.sign_in_by_email(USER, &id, "https://someapi.com/api", "openid").await.status, 200);
    assert_eq!(world.notices(USER).await.len(), 1, "of the enrolment only");
}

/// SEC-33: recovery codes have a budget of their own, and a notice of its own.
#[tokio::test]
async fn guessed_recovery_codes_are_told() {
    let world = World::new().await;
    world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    for _ in 0..10 {
        assert_eq!(world.recovery(&login.mfa_token, WRONG_RECOVERY_CODE).await.status, 403);
    }
    let notices = world.notices(USER).await;
    assert_eq!(
        subjects(&notices),
        [
            "A verification method was added to your Postern Demo account",
            "Wrong codes for your Postern Demo account"
        ]
    );
}

/// One block is one notice, also when its wrong passwords come at once.
#[tokio::test]
async fn a_race_of_wrong_passwords_is_one_notice() {
    let world = std::sync::Arc::new(World::new().await);
    let replies = at_once(24, |_| {
        let world = std::sync::Arc::clone(&world);
        async move { world.password(USER, "wrong").await }
    })
    .await;
    assert_eq!((count_of(&replies, 403), count_of(&replies, 429)), (10, 14));
    assert_eq!(outbox(&world).await.len(), 1);
    assert_eq!(world.notices(USER).await.len(), 1);
}

/// The calls since the log was cleared, with every key reduced to its kind.
fn shape(world: &World) -> Vec<Value> {
    let mut calls = serde_json::to_value(world.twin.aws.calls.all()).unwrap();
    let calls = calls.as_array_mut().unwrap();
    for call in calls.iter_mut() {
        for action in call["actions"].as_array_mut().unwrap() {
            if let Some(key) = action["leading_key"].as_str() {
                action["leading_key"] = json!(key.split('#').next().unwrap());
            }
        }
    }
    calls.sort_by_key(ToString::to_string);
    calls.clone()
}

/// SEC-35: an unknown user's block is the same answers after the same calls; then nobody is found, and nothing sent.
#[tokio::test]
async fn an_unknown_user_costs_the_same_and_gets_nothing() {
    let world = World::new().await;
    for attempt in 1..=11 {
        world.forget_calls();
        let known = world.password(USER, "wrong").await;
        let (known_shape, trips) = (shape(&world), world.round_trips());
        world.forget_calls();
        let unknown = world.password(NOBODY, "wrong").await;
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body), "attempt {attempt}");
        assert_eq!(known_shape, shape(&world), "attempt {attempt}");
        assert_eq!(trips, if attempt == 10 { 2 } else { 1 }, "attempt {attempt}");
    }
    let items = outbox(&world).await;
    assert_eq!(items.len(), 2);
    let names = |item: &crate::support::Item| {
        let mut names: Vec<_> = item.keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&items[0]), names(&items[1]), "the items differ in their values only");
    assert_eq!(world.notices(USER).await.len(), 1);
    assert_eq!(world.twin.aws.inbox.messages(None).len(), 1, "nobody else was mailed");
    assert!(world.twin.dead_letters().is_empty());
}

/// design §7: a notice is a member of the write that causes it and costs no trip; what mails it is another function.
#[tokio::test]
async fn a_notice_costs_the_request_nothing() {
    let world = World::new().await;
    let token = world.log_in(USER).await.mfa_token;
    let oob_code = world.associate_email(&token, None).await.text("oob_code");
    world.forget_calls();
    assert_eq!(world.oob(&token, &oob_code, &world.code(USER)).await.status, 200);
    assert_eq!(world.round_trips(), 2);
    world.forget_calls();
    world.twin.deliver_notices().await;
    let calls = world.trips();
    let made = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (call["function"].as_str().unwrap(), call["operation"].as_str().unwrap()));
    let made: Vec<_> = made.collect();
    // The notice; then the user, the client, and the operator's template, which is kept for a minute.
    let expected = ["GetItem", "GetItem", "GetItem", "GetItem", "SendEmail", "UpdateItem"];
    assert_eq!(made, expected.map(|it| ("notices", it)));
    assert_eq!(world.round_trips(), 4);
}

/// Whoever can have sign-ins blocked from many places cannot fill a mailbox with it.
#[tokio::test]
async fn blocks_from_many_sources_are_few_mails() {
    let world = World::new().await;
    for source in 1..=7 {
        for _ in 0..10 {
            world.password_from([127, 0, 1, source], USER, "wrong").await;
        }
    }
    assert_eq!(outbox(&world).await.len(), 7, "each source is a block");
    assert_eq!(world.notices(USER).await.len(), 5);
    assert!(world.twin.dead_letters().is_empty());
}

/// design §9: the inbox over HTTP is complete when the request that caused a notice has been answered.
#[tokio::test]
async fn the_inbox_has_the_notices_of_what_was_answered() {
    let world = World::new().await;
    world.enrol_email(USER).await;
    let path = "/_local/inbox?to=user@example.com";
    let inbox = world.send("GET", path, &[], crate::support::Body::none()).await.json();
    let subjects: Vec<_> =
        inbox.as_array().unwrap().iter().map(|it| it["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects.len(), 2);
    assert_eq!(subjects[0], "A verification method was added to your Postern Demo account");
}

/// design §9: a twin that people run mails notices by itself, and before it stops.
#[tokio::test]
async fn a_running_twin_mails_notices_by_itself() {
    let world = World::with(|options| options.notices = NoticeDelivery::AtOnce).await;
    let inbox = world.twin.aws.inbox.clone();
    let told = |subject: &str| {
        let messages = inbox.messages(Some(USER));
        messages.iter().filter(|message| message.subject.as_deref().unwrap().starts_with(subject)).count()
    };
    cause(&world, NoticeKind::FactorAdded).await;
    while told("A verification method was added") == 0 {
        tokio::task::yield_now().await;
    }
    cause(&world, NoticeKind::PasswordBlocked).await;
    world.twin.stop().await;
    assert_eq!((told("A verification method was added"), told("Sign-in to your")), (1, 1));
}
