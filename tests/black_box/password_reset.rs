//! A forgotten password: asked for, mailed, chosen anew (contract §6 `/dbconnections/change_password`).

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{
    Body, Log, OFFLINE, World, at_once, heading, ticket_in, ticket_of_block, user_path, user_pk,
};

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";
const NEW: &str = "correct horse battery";
const OVER: &str = "400 This link no longer works";
const DONE: &str = "200 Your password is changed";

fn path_of_user() -> String {
    user_path(user_pk(USER).trim_start_matches("USER#"))
}

/// Asked for, mailed, opened, chosen: the old password and all it led to is over (SEC-42), the user is told (SEC-31),
/// and the second factor is asked for as before.
#[tokio::test]
async fn a_forgotten_password_is_chosen_anew() {
    let world = World::new().await;
    let tokens = world.enrol_offline(USER).await;
    let held = world.log_in(USER).await.mfa_token;
    world.notices(USER).await;
    world.twin.aws.inbox.clear();

    let asked = world.forget(USER).await;
    assert_snapshot!(asked.snapshot(), @"200 We've just sent you an email to reset your password.");
    assert_eq!(asked.told_caches(), "text/html; charset=utf-8 | no-store | no-cache");
    let link = world.link(USER).await;
    let mail = &world.twin.aws.inbox.messages(Some(USER))[0];
    assert_eq!(mail.subject.as_deref(), Some("Choose a new password for Postern Demo"));
    assert_snapshot!(mail.text.replace(&format!("{}{link}", world.twin.base_url()), "[link]"), @"
    Choose a new password

    Open the link to choose a new password for Demo Single-Page App. It is valid for 60 minutes and works once.

    Choose a password:
    [link]

    You did not ask for this? Then you can ignore this email. Your password stays as it is.
    ");

    let before = world.stored().await;
    let page = world.open(&link).await;
    assert_eq!(heading(&page), "200 Choose a new password");
    assert!(world.stored().await == before, "a look changes nothing");
    let ticket = ticket_of_block(&page);
    assert_eq!(ticket, ticket_in(&link));
    assert_eq!(heading(&world.reset(&ticket, NEW).await), DONE);

    assert_eq!(world.list(&held).await.status, 401);
    assert_eq!(world.refresh(&tokens.text("refresh_token")).await.status, 403);
    let access = tokens.text("access_token");
    assert_eq!(world.bearer("GET", "/userinfo", &access, Body::none()).await.status, 401);
    assert_eq!(world.password(USER, "pwd").await.outcome(), "403 Wrong email or password.");
    let login = world.password_for(USER, NEW, API, OFFLINE).await;
    assert_eq!(login.text("error"), "mfa_required");
    assert_eq!(world.list(&login.text("mfa_token")).await.status, 200);
    assert!(!world.is_verified(USER).await, "of who enrolled factors it would be one more");
    let told = world.notices(USER).await;
    assert_snapshot!(told.last().unwrap().text, @"
    Your password was changed

    From now on you sign in with the new password. You were signed out wherever you were signed in.

    Account: ****@exam*******
    Application: Demo Single-Page App
    Time: 2030-03-17 17:47 UTC

    This was not you? Then somebody else may have access to your account. Choose a new password now and contact Postern Demo.
    ");
}

/// SEC-35: whether anybody has the address shows neither in the answer nor in what it costs; only somebody gets a mail.
#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let world = World::new().await;
    let blocked = json!({ "blocked": true });
    assert_eq!(world.manage("PATCH", &path_of_user(), Some(&blocked)).await.status, 200);
    world.forget("somebody.else@example.com").await;
    let mut seen = Vec::new();
    for email in ["verified@example.com", "nobody@example.com", USER] {
        world.forget_calls();
        let reply = world.forget(email).await;
        assert_eq!(world.round_trips(), 2, "{email}");
        let told = ["x-ratelimit-limit", "content-type"].map(|name| reply.header(name).map(str::to_owned));
        seen.push((reply.snapshot(), told, world.operations()));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    let expected = ["dynamodb GetItem", "dynamodb UpdateItem", "dynamodb TransactWriteItems"];
    let mut operations = seen[0].2.clone();
    operations.sort();
    let mut expected = expected.map(ToOwned::to_owned).to_vec();
    expected.sort();
    assert_eq!(operations, expected);
    assert_eq!(world.links("verified@example.com").await.len(), 1);
    assert_eq!(world.links(USER).await.len(), 0, "a blocked user gets no further");
    assert!(world.twin.aws.inbox.messages(Some("nobody@example.com")).is_empty());
    assert!(world.twin.dead_letters().is_empty());
}

/// A ticket is spent by the write that it allows: used again, and twice at once.
#[tokio::test]
async fn a_ticket_is_good_once() {
    let world = World::new().await;
    let ticket = world.reset_ticket(USER).await;
    let other = world.reset_ticket(USER).await;
    assert_eq!(heading(&world.reset(&ticket, NEW).await), DONE);
    assert_eq!(heading(&world.reset(&ticket, "another password").await), OVER);
    assert_eq!(
        heading(&world.reset(&other, "another password").await),
        OVER,
        "nor does an older one outlive it"
    );
    assert_eq!(heading(&world.open(&format!("/lo/reset?ticket={ticket}")).await), OVER);
    assert_eq!(world.password(USER, NEW).await.text("error"), "mfa_required");
}

/// The same at one moment: one of the passwords counts, and only the one whose sender was told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_ticket_used_eight_times_at_once_sets_one_password() {
    let world = Arc::new(World::new().await);
    let ticket = world.reset_ticket(USER).await;
    let replies = at_once(8, |number| {
        let (world, ticket) = (Arc::clone(&world), ticket.clone());
        async move {
            let mut reply = world.reset(&ticket, &format!("{NEW} {number}")).await;
            reply.headers.insert("x-number", number.into());
            reply
        }
    })
    .await;
    let done: Vec<_> = replies.iter().filter(|reply| heading(reply) == DONE).collect();
    assert_eq!(done.len(), 1);
    assert!(replies.iter().filter(|reply| heading(reply) != DONE).all(|reply| heading(reply) == OVER));
    let number = done[0].header("x-number").unwrap();
    assert_eq!(world.password(USER, &format!("{NEW} {number}")).await.text("error"), "mfa_required");
}

/// What an account is changed to in between makes the ticket void, and so does time.
#[tokio::test]
async fn what_happens_in_between_makes_a_ticket_void() {
    for change in [
        json!({ "password": "another password" }),
        json!({ "email": "new@example.com" }),
        json!({ "blocked": true }),
    ] {
        let world = World::new().await;
        let ticket = world.reset_ticket(USER).await;
        assert_eq!(world.manage("PATCH", &path_of_user(), Some(&change)).await.status, 200, "{change}");
        let before = world.stored().await;
        assert_eq!(heading(&world.reset(&ticket, NEW).await), OVER, "{change}");
        assert!(world.stored().await == before, "{change}");
    }
    let world = World::new().await;
    let ticket = world.reset_ticket(USER).await;
    world.clock.advance(3_599);
    assert_eq!(world.open(&format!("/lo/reset?ticket={ticket}")).await.status, 200);
    world.clock.advance(1);
    assert_eq!(heading(&world.reset(&ticket, NEW).await), OVER, "after an hour");

    let ticket = world.reset_ticket(USER).await;
    assert_eq!(world.manage("DELETE", &path_of_user(), None).await.status, 204);
    assert_eq!(heading(&world.reset(&ticket, NEW).await), OVER, "the user is no more");
}

/// Absent, of another kind, changed, repeated: one answer, and nothing happens.
#[tokio::test]
async fn what_is_no_ticket_is_one_answer() {
    let world = World::new().await;
    let mfa_token = world.log_in(USER).await.mfa_token;
    let good = world.reset_ticket(USER).await;
    assert_eq!(world.sign_up("ada@example.com").await.status, 200);
    let verify = ticket_in(&world.link("ada@example.com").await);
    let absent = world.open("/lo/reset").await;
    assert_eq!(heading(&absent), OVER);
    let mut changed = good.clone();
    changed.replace_range(30..31, if &good[30..31] == "A" { "B" } else { "A" });
    let before = world.stored().await;
    for text in ["x", "", "kid.AAAA", &mfa_token, &verify, &changed, &"a".repeat(9_000)] {
        let opened = world.open(&format!("/lo/reset?ticket={text}")).await;
        assert_eq!((opened.status, &opened.body), (400, &absent.body), "{text}");
        let posted = world.reset(text, NEW).await;
        assert_eq!((posted.status, &posted.body), (400, &absent.body), "{text}");
    }
    let twice = format!("ticket={good}&ticket={good}&password={NEW}&again={NEW}");
    for body in [Body::none(), Body::raw(None, twice), Body::raw(None, "%ff=%ff")] {
        let posted = world.post("/lo/reset", body).await;
        assert_eq!((posted.status, &posted.body), (400, &absent.body));
    }
    assert!(world.stored().await == before);
    assert_eq!(world.reset(&good, NEW).await.status, 200);
}

/// A password that cannot be chosen is told so, and the ticket is as good as before.
#[tokio::test]
async fn a_password_that_does_not_do_spends_no_ticket() {
    let world = World::new().await;
    let ticket = world.reset_ticket(USER).await;
    let before = world.stored().await;
    let too_long = "x".repeat(1_025);
    for (password, again, remark) in [
        (NEW, "something else", "The two passwords are not the same."),
        (NEW, "", "The two passwords are not the same."),
        ("", "", "That password is too short."),
        ("1234567", "1234567", "That password is too short."),
        (&*too_long, &*too_long, "That password is too long."),
    ] {
        let pairs = [("ticket", &*ticket), ("password", password), ("again", again)];
        let page = world.post("/lo/reset", Body::form(&pairs)).await;
        assert_eq!(heading(&page), "400 Choose a new password", "{remark}");
        assert!(page.body.contains(remark), "{remark}: {}", page.body);
        assert_eq!(ticket_of_block(&page), ticket, "{remark}");
    }
    assert!(world.stored().await == before);
    assert_eq!(heading(&world.reset(&ticket, "12345678").await), DONE);
}

/// SEC-42: what ends tokens ends the tickets of before, also when the user is let in again; one that is asked for then is
/// good at once.
#[tokio::test]
async fn a_block_ends_tickets() {
    let world = World::new().await;
    let ticket = world.reset_ticket(USER).await;
    for blocked in [true, false] {
        let changed = world.manage("PATCH", &path_of_user(), Some(&json!({ "blocked": blocked }))).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    assert_eq!(heading(&world.reset(&ticket, NEW).await), OVER);
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required");
    let ticket = world.reset_ticket(USER).await;
    assert_eq!(heading(&world.reset(&ticket, NEW).await), DONE);
}

/// Whoever opened the link has the mailbox, so the address is verified. But a verified address is a second factor by
/// itself: where the user enrolled an app, the mailbox alone must not become the password and the code (SEC-31).
#[tokio::test]
async fn a_reset_adds_no_factor_to_others() {
    for (has_app, is_verified) in [(false, true), (true, false)] {
        let world = World::new().await;
        if has_app {
            world.enrol_otp(USER).await;
        }
        let ticket = world.reset_ticket(USER).await;
        assert_eq!(heading(&world.reset(&ticket, NEW).await), DONE);
        assert_eq!(world.is_verified(USER).await, is_verified, "with an app: {has_app}");
        let login = world.password(USER, NEW).await.text("mfa_token");
        let listed = world.list(&login).await.json();
        let by_mail = listed.as_array().unwrap().iter().filter(|it| it["oob_channel"] == "email").count();
        assert_eq!(by_mail, usize::from(is_verified), "{listed}");
    }
}

/// SEC-18: a mailbox is no second factor. What wrong codes cost stays owed, and an authenticator at the hard cap stays
/// locked; the passwords that were guessed wrong are forgotten, for they were guesses at the old one.
#[tokio::test]
async fn a_reset_gives_no_more_codes_to_guess() {
    let world = World::new().await;
    world.enrol_otp(USER).await;
    let login = world.log_in(USER).await;
    for _ in 0..10 {
        assert_eq!(world.otp(&login.mfa_token, "000000").await.status, 403);
    }
    for _ in 0..10 {
        assert_eq!(world.password(USER, "wrong").await.status, 403);
    }
    assert_eq!(world.password(USER, "pwd").await.status, 429);
    let before = (world.tat(USER, "CODES").await, world.failures(USER, "otp").await);
    assert_eq!(before.1, Some(10));
    let ticket = world.reset_ticket(USER).await;
    assert_eq!(heading(&world.reset(&ticket, NEW).await), DONE);
    assert_eq!((world.tat(USER, "CODES").await, world.failures(USER, "otp").await), before);
    let login = world.password(USER, NEW).await;
    assert_eq!(login.text("error"), "mfa_required", "sign-in is open again, and asks for the second factor");
    assert_eq!(world.otp(&login.text("mfa_token"), "000000").await.status, 429);
}

/// What a browser, a proxy and another site may learn of the page: nothing.
#[tokio::test]
async fn the_page_keeps_to_itself() {
    let world = World::new().await;
    world.forget(USER).await;
    let page = world.open(&world.link(USER).await).await;
    let names =
        ["content-type", "content-security-policy", "cache-control", "referrer-policy", "x-frame-options"];
    let shown: Vec<_> = names.iter().map(|name| format!("{name}: {}", page.header(name).unwrap())).collect();
    assert_snapshot!(shown.join("\n"), @r"
    content-type: text/html; charset=utf-8
    content-security-policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    cache-control: no-store
    referrer-policy: no-referrer
    x-frame-options: DENY
    ");
    assert!(
        !page.body.contains("<script") && !page.body.contains("http"),
        "nothing runs, nothing is fetched"
    );
    assert!(!page.body.contains("example.com"), "no address");
    assert_eq!(page.body.matches(r#"autocomplete="new-password""#).count(), 2);
}

/// SEC-36: a failure of AWS at any call is told, the old password stands, and the same form completes afterwards.
#[tokio::test]
async fn a_failure_is_told_and_a_retry_completes() {
    for operation in ["Query", "TransactWriteItems"] {
        for mode in ["throttle", "error", "timeout"] {
            let world = World::new().await;
            let ticket = world.reset_ticket(USER).await;
            let before = world.stored().await;
            world.fault("dynamodb", operation, mode, 0, 1_000);
            let failed = world.reset(&ticket, NEW).await;
            world.twin.aws.faults.clear();
            let told = (heading(&failed), failed.header("retry-after"));
            assert_eq!(told, ("503 That did not work".to_owned(), Some("5")), "{operation} {mode}");
            assert!(world.stored().await == before, "{operation} {mode}");
            world.forget_calls();
            assert_eq!(heading(&world.reset(&ticket, NEW).await), DONE, "{operation} {mode}");
            assert_eq!(world.round_trips(), 2);
        }
    }
    let world = World::new().await;
    let link = format!("/lo/reset?ticket={}", world.reset_ticket(USER).await);
    world.fault("dynamodb", "GetItem", "error", 0, 1_000);
    assert_eq!(heading(&world.open(&link).await), "503 That did not work");
    world.twin.aws.faults.clear();
    world.forget_calls();
    assert_eq!(world.open(&link).await.status, 200);
    assert_eq!((world.round_trips(), world.operations()), (1, vec!["dynamodb GetItem".to_owned()]));
}

/// SEC-34: neither the address, nor the ticket, nor a password, in whatever becomes of them.
#[tokio::test]
async fn nothing_of_it_is_logged() {
    let log = Log::start();
    let world = World::new().await;
    let ticket = world.reset_ticket(USER).await;
    world.open(&format!("/lo/reset?ticket={ticket}")).await;
    world.fault("dynamodb", "TransactWriteItems", "error", 0, 1_000);
    world.reset(&ticket, NEW).await;
    world.twin.aws.faults.clear();
    world.fault("ses", "SendEmail", "error", 0, 1_000);
    world.forget(USER).await;
    world.links(USER).await;
    world.twin.aws.faults.clear();
    assert_eq!(world.reset(&ticket, NEW).await.status, 200);
    world.reset(&ticket, NEW).await;
    assert_eq!(log.events("password_reset").len(), 1);
    let written = log.text();
    for secret in [USER, &ticket, &ticket[30..60], NEW] {
        assert!(!written.contains(secret), "{secret} is logged");
    }
}
