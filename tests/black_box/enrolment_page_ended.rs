//! What ends a ticket of the page that enrols, and what bounds the page.

use postern::rules::settings::SettingValue;
use serde_json::json;

use crate::support::{NUMBER, World, heading, new_user, said_on, secret_on, shown_on, user_path, waiting_on};

const USER: &str = "user@example.com";
const ADA: &str = "ada@example.com";
const DONE: &str = "200 Two-step verification is set up";
const OVER: &str = "400 This link no longer works";

async fn plain(world: &World) -> String {
    world.enrolment_ticket(USER, &json!({})).await
}

/// A ticket is good for five days, as Auth0's; what was begun waits for half an hour, and then is begun anew.
#[tokio::test]
async fn a_ticket_and_what_was_begun_expire() {
    let world = World::new().await;
    let ticket = plain(&world).await;
    let page = world.begin_app(&ticket).await;
    let secret = secret_on(&page);
    world.clock.advance(1_799);
    assert_eq!(heading(&world.give_code(&ticket, &page, "000000").await), "400 Set up your app");
    world.clock.advance(1);
    let late = world.give_code(&ticket, &page, &world.app_code(&secret, 0)).await;
    assert_eq!(heading(&late), "400 Set up two-step verification");
    assert_eq!(said_on(&late), "That code is no longer good. Please begin once more.");
    world.clock.advance(432_000 - 1_800 - 1);
    let page = world.begin_app(&ticket).await;
    world.clock.advance(1);
    let late = world.give_code(&ticket, &page, &world.app_code(&secret_on(&page), 0)).await;
    assert_eq!((heading(&late).as_str(), heading(&world.look(&ticket).await).as_str()), (OVER, OVER));
    assert_eq!(world.authenticators(USER).await.0, 0);
}

/// SEC-7: a code that was sent is good for its five minutes.
#[tokio::test]
async fn a_code_that_was_sent_expires() {
    let world = World::new().await;
    let ticket = plain(&world).await;
    let page = world.fill_in(&ticket, &[("factor", "email")]).await;
    let code = world.code(USER);
    world.clock.advance(300);
    let late = world.give_code(&ticket, &page, &code).await;
    assert_eq!(heading(&late), "400 Enter the code");
    assert_eq!(said_on(&late), "That code is no longer good. Please begin once more.");
    let page = world.fill_in(&ticket, &[("factor", "email")]).await;
    assert_eq!(heading(&world.give_code(&ticket, &page, &world.code(USER)).await), DONE);
}

/// SEC-42: a block, a new password, an MFA reset and a deletion end a ticket of before and what was begun with it, also
/// when the user is let in again, or made again by the same id.
#[tokio::test]
async fn what_ends_tokens_ends_a_ticket() {
    for ender in ["block", "password", "reset", "delete"] {
        let world = World::new().await;
        let mut user = new_user(ADA);
        user["user_id"] = json!("ada");
        let id = world.make_user(&user).await;
        let path = user_path(&id);
        let ticket = world.enrolment_ticket_of(&id, &json!({})).await;
        let page = world.begin_app(&ticket).await;
        let code = world.app_code(&secret_on(&page), 0);
        let done = match ender {
            "block" => world.manage("PATCH", &path, Some(&json!({ "blocked": true }))).await,
            "password" => {
                world.manage("PATCH", &path, Some(&json!({ "password": "another password" }))).await
            }
            "reset" => world.manage("DELETE", &format!("{path}/authenticators"), None).await,
            _ => world.manage("DELETE", &path, None).await,
        };
        assert!(done.status < 300, "{ender}: {}", done.body);
        for round in ["at once", "afterwards"] {
            let before = world.stored_without_limits().await;
            for page in [
                world.look(&ticket).await,
                world.begin_app(&ticket).await,
                world.fill_in(&ticket, &[("factor", "email")]).await,
                world.give_code(&ticket, &page, &code).await,
                world.give_code(&ticket, &page, "no code").await,
            ] {
                assert_eq!(heading(&page), OVER, "{ender} {round}");
            }
            assert!(world.stored_without_limits().await == before, "{ender} {round}");
            match ender {
                "block" => drop(world.manage("PATCH", &path, Some(&json!({ "blocked": false }))).await),
                "delete" if round == "at once" => drop(world.make_user(&user).await),
                _ => {}
            }
        }
        let ticket = world.enrolment_ticket_of(&id, &json!({})).await;
        assert_eq!(heading(&world.enrol_app_by(&ticket).await.0), DONE, "{ender}: a new one is good");
    }
}

/// A factor that is switched off meanwhile is neither begun nor confirmed; where nothing is left, the page says so.
#[tokio::test]
async fn a_factor_that_was_switched_off() {
    let world = World::new().await;
    let ticket = world.enrolment_ticket(USER, &json!({ "factor": "otp" })).await;
    let page = world.begin_app(&ticket).await;
    let secret = secret_on(&page);
    world.set_factor("otp", false).await;
    let nothing = "200 Nothing can be set up at present".replace("200", "400");
    assert_eq!(heading(&world.look(&ticket).await), nothing);
    let off = world.give_code(&ticket, &page, &world.app_code(&secret, 0)).await;
    assert_eq!(heading(&off), "400 Set up your app");
    assert_eq!(said_on(&off), "That way is not available at present. Please choose another one.");
    let owes_nothing = world.tat(USER, "CODES").await.is_none_or(|tat| tat <= world.clock.now().0);
    assert!(owes_nothing, "the code was not looked at");
    assert_eq!(heading(&world.begin_app(&ticket).await), nothing);
    world.set_factor("otp", true).await;
    let done = world.give_code(&ticket, &page, &world.app_code(&secret, 0)).await;
    assert_eq!(heading(&done), DONE, "the ticket was not used up");
}

/// SEC-18, SEC-19, SEC-23: wrong codes on the page and at the API are one budget, what cannot be a code costs nothing,
/// and while it is spent the right one is refused as well.
#[tokio::test]
async fn wrong_codes_are_one_budget() {
    let world = World::new().await;
    let ticket = plain(&world).await;
    let page = world.begin_app(&ticket).await;
    let secret = secret_on(&page);
    let right = world.app_code(&secret, 0);
    let wrong = World::wrong(&right);
    for text in ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "+12345"] {
        assert_eq!(heading(&world.give_code(&ticket, &page, text).await), "400 Set up your app", "{text}");
    }
    assert_eq!(world.tat(USER, "CODES").await, None);
    let login = world.log_in(USER).await.mfa_token;
    world.associate_otp(&login).await;
    for _ in 0..5 {
        assert_eq!(world.give_code(&ticket, &page, &wrong).await.status, 400);
        assert_eq!(world.otp(&login, &wrong).await.status, 403);
    }
    for code in [&right, &wrong, "12345"] {
        let spent = world.give_code(&ticket, &page, code).await;
        assert_eq!(heading(&spent), "429 Set up your app");
        assert_eq!(
            said_on(&spent),
            "There were too many wrong codes. Please wait some minutes and try again."
        );
        assert_eq!(spent.header("retry-after"), Some("360"));
    }
    let told = world.notices(USER).await;
    assert_eq!(told.len(), 1, "SEC-33: the user is told that codes fail");
    world.clock.advance(360);
    let done = world.give_code(&ticket, &page, &world.app_code(&secret, 0)).await;
    assert_eq!(heading(&done), DONE);
}

/// SEC-22: what is sent from the page is in the budgets of what is sent from the API; no more than five wait at once.
#[tokio::test]
async fn sends_and_enrolments_are_bounded() {
    let world = World::with_phones(false).await;
    let ticket = plain(&world).await;
    for _ in 0..10 {
        assert_eq!(heading(&world.begin_phone(&ticket, "sms", NUMBER).await), "200 Enter the code");
    }
    let spent = world.begin_phone(&ticket, "sms", NUMBER).await;
    assert_eq!(heading(&spent), "429 Set up two-step verification");
    assert_eq!(
        said_on(&spent),
        "Too many codes were sent. Please wait a while and try again, or choose another way."
    );
    assert_eq!(spent.header("retry-after"), Some("3600"));
    assert!(spent.body.contains(&format!(r#"value="{NUMBER}""#)), "the number is kept");
    assert_eq!(world.authenticators(USER).await, (0, 1), "each takes the place of the one before");
    for number in 0..4 {
        let address = format!("box{number}@example.com");
        let fields = [("factor", "email"), ("email", address.as_str())];
        assert_eq!(heading(&world.fill_in(&ticket, &fields).await), "200 Enter the code");
    }
    let full = world.begin_app(&ticket).await;
    assert_eq!(heading(&full), "429 Set up two-step verification");
    assert_eq!(
        said_on(&full),
        "Too many were begun and not finished. Please wait some minutes and try again."
    );
    world.configure(&[("code_digits", SettingValue::Number(8))]).await;
    world.clock.advance(3_600);
    let page = world.begin_phone(&ticket, "sms", NUMBER).await;
    let text = world.newest_message(NUMBER).2;
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 8).unwrap();
    assert_eq!(heading(&world.give_code(&ticket, &page, code).await), DONE, "codes of any length");
}

/// SEC-11, SEC-28: a ticket confirms what it began itself, and neither another's nor a login's; an id that is none is the
/// start page.
#[tokio::test]
async fn a_ticket_confirms_only_its_own() {
    let world = World::new().await;
    let (mine, other) = (plain(&world).await, plain(&world).await);
    let page = world.begin_app(&other).await;
    let code = world.app_code(&secret_on(&page), 0);
    let login = world.log_in(USER).await.mfa_token;
    let by_login = world.associate_otp(&login).await;
    let foreign = world.give_code(&mine, &page, &code).await;
    assert_eq!(heading(&foreign), "400 Set up two-step verification");
    assert_eq!(shown_on(&world.fill_in(&mine, &[("enrolment", &waiting_on(&page))]).await), None);
    assert_eq!(world.otp(&login, &code).await.status, 403);
    assert_eq!(by_login.status, 200);
    for id in ["x", "totp|dev_AAAAAAAAAAAAAAAA", "email|dev_AAAAAAAAAAAAAAAA"] {
        let reply = world.fill_in(&mine, &[("enrolment", id), ("code", "123456")]).await;
        assert!(heading(&reply).ends_with(" Set up two-step verification"), "{id}: {}", heading(&reply));
    }
    assert_eq!(world.authenticators(USER).await.0, 0);
    assert_eq!(heading(&world.give_code(&other, &page, &code).await), DONE);
}
