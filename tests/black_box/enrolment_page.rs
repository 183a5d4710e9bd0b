//! The page on which a user enrols a factor without signing in: each factor to the end, and a sign-in with it afterwards.

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;
use serde_json::json;

use crate::support::{
    Body, ENROLMENT_PAGE, NUMBER, Reply, World, heading, hidden_on, new_user, said_on, secret_on, shown_on,
    ticket_of_block, waiting_on,
};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const OTHER: &str = "elsewhere@example.com";
const START: &str = "200 Set up two-step verification";
const DONE: &str = "200 Two-step verification is set up";
const OVER: &str = "400 This link no longer works";

async fn plain(world: &World) -> String {
    world.enrolment_ticket(USER, &json!({})).await
}

/// What the start page offers, by the hidden fields and buttons of its forms.
fn offered(page: &Reply) -> Vec<&'static str> {
    let marks = [
        (r#"name="factor" value="otp""#, "app"),
        (r#"name="channel" value="sms""#, "text"),
        (r#"name="channel" value="voice""#, "call"),
        (r#"name="factor" value="email""#, "email"),
    ];
    marks.iter().filter(|(mark, _)| page.body.contains(mark)).map(|(_, name)| *name).collect()
}

/// An app: a look changes nothing, a wrong code loses nothing, the right one enrols, is told to the user, and gives the
/// recovery code; then the user signs in with both. Round trips: one to look, two to begin, two to confirm, two for a
/// wrong code, which shows the page again.
#[tokio::test]
async fn an_app_is_enrolled() {
    let world = World::new().await;
    let ticket = plain(&world).await;
    let before = world.stored().await;
    world.forget_calls();
    let page = world.look(&ticket).await;
    assert_eq!((heading(&page).as_str(), world.round_trips()), (START, 1));
    assert_eq!(offered(&page), ["app", "email"], "those that are on");
    assert_eq!(ticket_of_block(&page), ticket);
    assert!(world.stored().await == before, "a look changes nothing");

    world.forget_calls();
    let page = world.begin_app(&ticket).await;
    assert_eq!((heading(&page).as_str(), world.round_trips()), ("200 Set up your app", 2));
    let secret = secret_on(&page);
    let key = shown_on(&page).unwrap();
    let uri = format!("otpauth://totp/Postern%20Demo:user%40example.com?secret={key}&amp;");
    assert!(page.body.contains(&uri), "the link for an app on this device: {}", page.body);
    assert!(page.body.contains(r#"<svg class="qr" viewBox="0 0 "#), "drawn in the page");
    assert_eq!(world.authenticators(USER).await, (0, 1));

    let code = world.app_code(&secret, 0);
    world.forget_calls();
    let wrong = world.give_code(&ticket, &page, &World::wrong(&code)).await;
    assert_eq!((heading(&wrong).as_str(), world.round_trips()), ("400 Set up your app", 2));
    assert_eq!(
        said_on(&wrong),
        "That code is not right. Please look again; an app shows a new one every 30 seconds."
    );
    assert_eq!((shown_on(&wrong), waiting_on(&wrong)), (Some(key), waiting_on(&page)));

    world.forget_calls();
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let done = world.give_code(&ticket, &wrong, &spaced).await;
    assert_eq!((heading(&done).as_str(), world.round_trips()), (DONE, 2));
    assert_eq!(world.authenticators(USER).await, (1, 0));
    let notices = world.notices(USER).await;
    assert_eq!(notices.len(), 1, "the user is told");
    assert_eq!(
        notices[0].subject.as_deref(),
        Some("A verification method was added to your Postern Demo account")
    );

    let again = world.give_code(&ticket, &page, &code).await;
    assert_eq!((heading(&again).as_str(), heading(&world.look(&ticket).await).as_str()), (OVER, OVER));
    world.clock.advance(30);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.otp(&login, &world.app_code(&secret, 0)).await.status, 200);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &shown_on(&done).expect("a recovery code")).await.status, 200);
}

/// A phone, by text: the code, another one that voids the first, and a sign-in by it. With the voice channel on the
/// phone is enrolled for both.
#[tokio::test]
async fn a_phone_is_enrolled() {
    let world = World::with_phones(true).await;
    let ticket = plain(&world).await;
    assert_eq!(offered(&world.look(&ticket).await), ["app", "text", "call", "email"]);
    let page = world.begin_phone(&ticket, "sms", NUMBER).await;
    assert_eq!(heading(&page), "200 Enter the code");
    let masked = format!("We sent a text message with a code to XXXXXXXXX{}.", &NUMBER[NUMBER.len() - 4..]);
    assert!(page.body.contains(&masked), "{}", page.body);
    let first = world.code(NUMBER);

    let fields = ["factor", "phone_number", "channel"].map(|name| (name, hidden_on(&page, name)));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = world.fill_in(&ticket, &fields).await;
    let second = world.code(NUMBER);
    assert_eq!(world.mails(NUMBER), 2, "another code is sent");
    assert_eq!(world.authenticators(USER).await, (0, 2), "the phone's two channels, once");
    if first != second {
        assert_eq!(heading(&world.give_code(&ticket, &page, &first).await), "400 Enter the code");
    }
    let done = world.give_code(&ticket, &page, &second).await;
    assert_eq!(heading(&done), DONE);
    assert!(shown_on(&done).is_some(), "a recovery code");
    assert_eq!(world.authenticators(USER).await, (2, 0));
    let id = world.id_of_channel(USER, "voice").await;
    let login = world.log_in(USER).await.mfa_token;
    let challenge = world.challenge(&login, "oob", &id).await;
    assert_eq!(world.oob(&login, &challenge.text("oob_code"), &world.code(NUMBER)).await.status, 200);
}

/// A phone that is called.
#[tokio::test]
async fn a_phone_is_enrolled_by_a_call() {
    let world = World::with_phones(true).await;
    let ticket = world.enrolment_ticket(USER, &json!({ "factor": "phone" })).await;
    assert_eq!(offered(&world.look(&ticket).await), ["text", "call"], "only what the ticket is for");
    let page = world.begin_phone(&ticket, "voice", NUMBER).await;
    assert!(page.body.contains("We are calling with a code at "), "{}", page.body);
    assert_eq!(heading(&world.give_code(&ticket, &page, &world.code(NUMBER)).await), DONE);
}

/// Email: the account's own address, which the page does not show, or another one.
#[tokio::test]
async fn an_address_is_enrolled() {
    for typed in ["", OTHER] {
        let world = World::new().await;
        let ticket = world.enrolment_ticket(USER, &json!({ "factor": "email" })).await;
        assert_eq!(offered(&world.look(&ticket).await), ["email"]);
        let page = world.fill_in(&ticket, &[("factor", "email"), ("email", typed)]).await;
        assert_eq!(heading(&page), "200 Enter the code", "{}", page.body);
        assert!(!page.body.contains(USER), "the account's address is not shown whole");
        let to = if typed.is_empty() { USER } else { typed };
        assert_eq!(page.body.contains(OTHER), to == OTHER, "what was typed is kept for another code");
        let again = world.fill_in(&ticket, &[("enrolment", &waiting_on(&page))]).await;
        assert_eq!(again.body, page.body, "looked at once more, it is the same");
        assert_eq!(heading(&world.give_code(&ticket, &page, &world.code(to)).await), DONE);
        let id = world.id_of_type(USER, "email").await;
        let login = world.log_in(USER).await.mfa_token;
        let challenge = world.challenge(&login, "oob", &id).await;
        assert_eq!(world.oob(&login, &challenge.text("oob_code"), &world.code(to)).await.status, 200);
    }
}

/// A ticket of one factor enrols no other, whatever is posted; nothing is sent, and what was typed is kept.
#[tokio::test]
async fn a_ticket_of_one_factor_enrols_no_other() {
    let world = World::with_phones(false).await;
    let ticket = world.enrolment_ticket(USER, &json!({ "factor": "otp" })).await;
    assert_eq!(offered(&world.look(&ticket).await), ["app"]);
    let before = world.stored().await;
    let address = [("factor", "email"), ("email", OTHER)];
    for refused in [world.begin_phone(&ticket, "sms", NUMBER).await, world.fill_in(&ticket, &address).await] {
        assert_eq!(heading(&refused), "400 Set up two-step verification");
        assert_eq!(said_on(&refused), "That way is not available at present. Please choose another one.");
    }
    assert!(world.stored().await == before);
    assert_eq!(heading(&world.enrol_app_by(&ticket).await.0), DONE);
}

/// SEC-27: whoever has a factor adds none by a ticket, and a verified address is one (design §5), unless the operator
/// says so. Then the recovery code there is stays the one.
#[tokio::test]
async fn a_factor_beside_others_needs_the_operators_word() {
    let world = World::new().await;
    let (_, recovery_code) = world.enrol_email(USER).await;
    world.clock.advance(60);
    let before = world.stored().await;
    for user in [USER, VERIFIED] {
        let ticket = world.enrolment_ticket(user, &json!({})).await;
        for page in [world.look(&ticket).await, world.begin_app(&ticket).await] {
            assert_eq!(heading(&page), "400 Two-step verification is set up already");
        }
    }
    assert!(world.stored().await == before);

    let several = json!({ "allow_multiple_enrollments": true });
    let ticket = world.enrolment_ticket(USER, &several).await;
    let (done, secret) = world.enrol_app_by(&ticket).await;
    assert_eq!((heading(&done).as_str(), shown_on(&done)), (DONE, None), "there is a recovery code");
    assert_eq!(world.authenticators(USER).await, (2, 0));
    world.clock.advance(30);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.otp(&login, &world.app_code(&secret, 0)).await.status, 200);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &recovery_code).await.status, 200, "the old one");

    let ticket = world.enrolment_ticket(VERIFIED, &several).await;
    let (done, _) = world.enrol_app_by(&ticket).await;
    assert!(shown_on(&done).is_some(), "the first recovery code: {}", done.body);
}

/// The recovery code comes only where its factor is on.
#[tokio::test]
async fn no_recovery_code_where_the_factor_is_off() {
    let world = World::new().await;
    world.set_factor("recovery-code", false).await;
    let (done, _) = world.enrol_app_by(&plain(&world).await).await;
    assert_eq!((heading(&done).as_str(), shown_on(&done)), (DONE, None));
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
}

/// What cannot be used is told, kept in its field, escaped, and sent nowhere.
#[tokio::test]
async fn what_was_typed_is_kept_and_harmless() {
    let world = World::with_phones(false).await;
    world.configure(&[("countries", SettingValue::Words(vec!["DE".to_owned()]))]).await;
    let ticket = plain(&world).await;
    let before = world.stored().await;
    let unusable = "That cannot be used. A phone number begins with + and the country code, an address has the form name@example.com.";
    for (field, factor, typed, told) in [
        ("phone_number", "phone", "12345", unusable),
        ("phone_number", "phone", "+14155552671", unusable),
        ("phone_number", "phone", r#""><script>x</script>"#, unusable),
        ("phone_number", "phone", "", "Please enter a phone number."),
        ("email", "email", "no address", unusable),
        ("email", "email", "{{form}}", unusable),
    ] {
        let page = world.fill_in(&ticket, &[("factor", factor), (field, typed)]).await;
        assert_eq!(
            (heading(&page).as_str(), said_on(&page).as_str()),
            ("400 Set up two-step verification", told)
        );
        let escaped = typed.replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.body.contains(&format!(r#"value="{escaped}""#)), "{typed}: {}", page.body);
        assert!(!page.body.contains("<script"));
    }
    assert!(world.stored().await == before);
    world.without_address(USER).await;
    let page = world.fill_in(&ticket, &[("factor", "email")]).await;
    assert_eq!(said_on(&page), "Please enter an email address: your account has none.");
}

/// What a browser, a proxy and another site may learn of the page: nothing.
#[tokio::test]
async fn the_page_keeps_to_itself() {
    let world = World::new().await;
    let ticket = plain(&world).await;
    for page in [world.look(&ticket).await, world.begin_app(&ticket).await] {
        let names = [
            "content-type",
            "content-security-policy",
            "cache-control",
            "referrer-policy",
            "x-frame-options",
        ];
        let shown: Vec<_> = names.iter().map(|name| page.header(name).unwrap()).collect();
        assert_eq!(
            shown,
            [
                "text/html; charset=utf-8",
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                "no-store",
                "no-referrer",
                "DENY",
            ]
        );
        assert!(
            !page.body.contains("<script") && !page.body.contains("http") && !page.body.contains("style="),
            "nothing runs, nothing is fetched, no style the policy would not have: {}",
            page.body
        );
        assert!(
            page.body.contains(r#"<meta name="viewport" content="width=device-width, initial-scale=1">"#)
        );
    }
    let form = Body::json(&json!({ "ticket": ticket, "factor": ["otp"] }));
    assert_eq!(heading(&world.post(ENROLMENT_PAGE, form).await), "400 Set up two-step verification");
}

/// A user that an operator made without a password sets up a factor as anybody.
#[tokio::test]
async fn a_new_user_is_enrolled() {
    let world = World::new().await;
    let id = world.make_user(&new_user("ada@example.com")).await;
    let ticket = world.enrolment_ticket_of(&id, &json!({})).await;
    let (done, _) = world.enrol_app_by(&ticket).await;
    assert_eq!(heading(&done), DONE);
    let listed =
        world.manage("GET", &format!("/api/v2/users/{}/enrollments", id.replace('|', "%7C")), None).await;
    assert_snapshot!(listed.json()[0]["auth_method"].to_string(), @r#""authenticator""#);
}
