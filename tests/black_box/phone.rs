//! Codes by SMS and by call: enrolment, challenge, the two channels of one phone (contract §2 to §5, A1).

use insta::assert_snapshot;
use local::aws::Channel;
use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use crate::support::{Body, World, claims};

const USER: &str = "user@example.com";
const NUMBER: &str = "+5491155559167";

/// Contract A1, by SMS: associate, confirm, list, challenge, verify.
#[tokio::test]
async fn the_whole_flow_by_sms() {
    let world = World::with_phones(false).await;
    let login = world.log_in(USER).await.mfa_token;
    let associated = world.associate_phone(&login, "sms", NUMBER).await;
    assert_snapshot!(associated.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"sms","oob_code":"[oob_code]"}"#);
    let code = world.code(NUMBER);
    let expected = format!("{code} is your Postern Demo code. Never share it with anyone.");
    assert_eq!(world.newest_message(NUMBER), (Channel::Sms, "postern".to_owned(), expected));
    assert_eq!(world.authenticators(USER).await, (0, 1));
    assert_snapshot!(world.shown(&world.list(&login).await), @r#"200 [{"id":"sms|dev_[id]","authenticator_type":"oob","active":false,"oob_channel":"sms","oob_channels":["sms"],"name":"XXXXXXXXX9167","type":"phone"}]"#);
    let tokens = world.oob(&login, &associated.text("oob_code"), &code).await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(claims(&world, &tokens.text("access_token")).await["amr"], json!(["mfa", "sms"]));

    let login = world.log_in(USER).await.mfa_token;
    let list = world.list(&login).await;
    assert_eq!((&list.json()[0]["active"], list.json().as_array().unwrap().len()), (&json!(true), 2));
    let id = list.json()[0]["id"].as_str().unwrap().to_owned();
    let challenge = world.challenge(&login, "oob", &id).await;
    assert_snapshot!(challenge.snapshot(), @r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#);
    let code = world.code(NUMBER);
    assert_eq!(
        world.newest_message(NUMBER).2,
        format!("{code} is your Demo App code. Never share it with anyone.")
    );
    let wrong = world.oob(&login, &challenge.text("oob_code"), &World::wrong(&code)).await;
    assert_eq!(wrong.outcome(), "403 Invalid binding_code.");
    assert_eq!(world.oob(&login, &challenge.text("oob_code"), &code).await.status, 200);
    assert_eq!(world.authenticators(USER).await, (1, 0));
}

/// Contract §3: with both channels on, one association by a call makes both authenticators, and its code confirms both.
#[tokio::test]
async fn the_whole_flow_by_voice_makes_twins() {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    let associated = world.associate_phone(&login, "voice", NUMBER).await;
    assert_snapshot!(associated.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"voice","oob_code":"[oob_code]"}"#);
    let (code, (channel, from, text)) = (world.code(NUMBER), world.newest_message(NUMBER));
    assert_eq!((channel, from.as_str()), (Channel::Voice, "+12065550100"));
    let spelled = code.chars().map(String::from).collect::<Vec<_>>().join(", ");
    assert_eq!(
        text,
        format!("Hello. Your code for Postern Demo is: {code}. Once more, your code is: {spelled}. Goodbye.")
    );
    assert_eq!(world.mails(NUMBER), 1, "one call, and no message beside it");
    assert_eq!(world.authenticators(USER).await, (0, 2));
    let tokens = world.oob(&login, &associated.text("oob_code"), &code).await;
    assert_eq!(claims(&world, &tokens.text("access_token")).await["amr"], json!(["mfa", "voice"]));
    assert_eq!(world.authenticators(USER).await, (2, 0));

    let login = world.log_in(USER).await.mfa_token;
    let list = world.list(&login).await;
    assert_snapshot!(world.shown(&list), @r#"200 [{"id":"sms|dev_[id]","authenticator_type":"oob","active":true,"oob_channel":"sms","oob_channels":["sms"],"name":"XXXXXXXXX9167","type":"phone"},{"id":"voice|dev_[id]","authenticator_type":"oob","active":true,"oob_channel":"voice","oob_channels":["voice"],"name":"XXXXXXXXX9167","type":"phone"},{"id":"recovery-code|dev_[id]","authenticator_type":"recovery-code","active":true,"type":"recovery-code"}]"#);
    let id = |index: usize| list.json()[index]["id"].as_str().unwrap().to_owned();
    assert_eq!(id(0).replace("sms|", "voice|"), id(1), "the device part is the same");
    for (id, channel) in [(id(0), Channel::Sms), (id(1), Channel::Voice)] {
        let login = world.log_in(USER).await.mfa_token;
        let challenge = world.challenge(&login, "oob", &id).await;
        assert_eq!(world.newest_message(NUMBER).0, channel);
        let tokens = world.oob(&login, &challenge.text("oob_code"), &world.code(NUMBER)).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
    }
}

/// Contract §3, §5: removing either removes both, with what depends on the last one.
#[tokio::test]
async fn twins_are_removed_together() {
    for removed in ["sms", "voice"] {
        let world = World::with_phones(true).await;
        let id = world.enrol_phone(USER, "sms", NUMBER).await;
        let token = world.mfa_access_token_by_phone(USER, &id, NUMBER).await;
        let email = world.associate_email(&token, None).await;
        assert_eq!(world.oob(&token, &email.text("oob_code"), &world.code(USER)).await.status, 200);
        assert_eq!(world.authenticators(USER).await, (3, 0));
        let id = world.id_of_channel(USER, removed).await;
        assert_eq!(world.delete(&token, &id).await.status, 204);
        assert_eq!(world.authenticators(USER).await, (1, 0), "{removed}");
        assert_eq!(world.delete(&token, &id).await.outcome(), "404 Authenticator not found");
        let other = id.replace("sms|", "voice|").replace(&format!("{removed}|"), "sms|");
        assert_eq!(world.delete(&token, &other).await.outcome(), "404 Authenticator not found");
        assert!(world.user_item(USER, "RECOVERY").await.is_some(), "an authenticator is left to recover");
    }
    let world = World::with_phones(true).await;
    let id = world.enrol_phone(USER, "voice", NUMBER).await;
    let token = world.mfa_access_token_by_phone(USER, &id, NUMBER).await;
    assert_eq!(world.delete(&token, &id).await.status, 204);
    assert_eq!(world.authenticators(USER).await, (0, 0));
    assert!(
        world.user_item(USER, "RECOVERY").await.is_none(),
        "the last device takes the recovery code with it"
    );
}

/// design §5: a phone is one pending authenticator, whichever channel was asked for; a newer association of the same
/// login replaces it, and removing one of the twins removes the entry.
#[tokio::test]
async fn a_pending_phone_is_one_entry() {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    let first = world.associate_phone(&login, "sms", NUMBER).await;
    let first_code = world.code(NUMBER);
    let second = world.associate_phone(&login, "voice", NUMBER).await;
    assert_eq!(world.authenticators(USER).await, (0, 2));
    let replaced = world.oob(&login, &first.text("oob_code"), &first_code).await;
    assert_eq!(replaced.outcome(), "403 Invalid binding_code.");
    let number = |last: usize| format!("+549115555916{last}");
    for last in 0..4 {
        assert_eq!(world.associate_phone(&login, "sms", &number(last)).await.status, 200);
    }
    let sixth = world.associate_phone(&login, "sms", &number(8)).await;
    assert_eq!(
        sixth.outcome(),
        "429 Too many unconfirmed authenticators. Wait for some minutes before retrying."
    );
    assert_eq!(world.authenticators(USER).await, (0, 10));
    let code = world.twin.aws.inbox.messages(Some(NUMBER)).remove(0);
    assert_eq!(code.channel, Channel::Voice);
    let confirmed = world.oob(&login, &second.text("oob_code"), &world.code(NUMBER)).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(world.authenticators(USER).await, (2, 8));
}

/// A pending twin is removed by either id, and its place in the list is free again.
#[tokio::test]
async fn a_pending_phone_is_removed_whole() {
    let world = World::with_phones(true).await;
    let token = world.first_access_token(USER, crate::support::MFA_SCOPES).await;
    assert_eq!(world.associate_phone(&token, "sms", NUMBER).await.status, 200);
    let list = world.list(&token).await.json();
    let voice = list[1]["id"].as_str().unwrap();
    assert!(voice.starts_with("voice|"));
    assert_eq!(world.delete(&token, voice).await.status, 204);
    assert_eq!(world.authenticators(USER).await, (0, 0));
    let profile = world.user_item(USER, "PROFILE").await.unwrap();
    assert!(profile["pending"].as_l().unwrap().is_empty());
}

/// SEC-20, SEC-18: the two channels of a phone share their consecutive failures.
#[tokio::test]
async fn a_phone_counts_failures_once() {
    let world = World::with_phones(true).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let voice = sms.replace("sms|", "voice|");
    let login = world.log_in(USER).await.mfa_token;
    for (id, failures) in [(&sms, 1), (&voice, 2)] {
        let challenge = world.challenge(&login, "oob", id).await;
        let wrong = World::wrong(&world.code(NUMBER));
        assert_eq!(world.oob(&login, &challenge.text("oob_code"), &wrong).await.status, 403);
        assert_eq!(world.failures(USER, &sms).await, Some(failures));
    }
    assert_eq!(world.failures(USER, &voice).await, None, "there is no second counter");
    let challenge = world.challenge(&login, "oob", &voice).await;
    assert_eq!(world.oob(&login, &challenge.text("oob_code"), &world.code(NUMBER)).await.status, 200);
    assert_eq!(world.failures(USER, &sms).await, None);
}

/// SEC-11, SEC-12: the twins' codes are each for one of them: a code of one is none of the other's.
#[tokio::test]
async fn a_code_belongs_to_its_channel() {
    let world = World::with_phones(true).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let voice = sms.replace("sms|", "voice|");
    let login = world.log_in(USER).await.mfa_token;
    let texted = world.challenge(&login, "oob", &sms).await.text("oob_code");
    let text_code = world.code(NUMBER);
    let called = world.challenge(&login, "oob", &voice).await.text("oob_code");
    let call_code = world.code(NUMBER);
    assert_ne!(text_code, call_code);
    assert_eq!(world.oob(&login, &called, &text_code).await.outcome(), "403 Invalid binding_code.");
    assert_eq!(world.oob(&login, &texted, &text_code).await.status, 200, "the call did not void it");
}

/// Contract A3: without `authenticator_id` the one most recently used; of a phone just enrolled, the channel that
/// was used.
#[tokio::test]
async fn the_channel_used_last_is_the_default() {
    for channel in ["sms", "voice"] {
        let world = World::with_phones(true).await;
        world.enrol_phone(USER, channel, NUMBER).await;
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.challenge_any(&login).await.status, 200);
        let expected = if channel == "sms" { Channel::Sms } else { Channel::Voice };
        assert_eq!(world.newest_message(NUMBER).0, expected);
    }
}

/// Contract A3 "factor switched off": the phone, and its voice channel by itself; also at challenge and verification.
#[tokio::test]
async fn channels_that_are_off() {
    let world = World::with_phones(false).await;
    let login = world.log_in(USER).await.mfa_token;
    let refused = world.associate_phone(&login, "voice", NUMBER).await;
    assert_snapshot!(refused.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The voice factor is not enabled"}"#);
    world.configure(&[("voice", SettingValue::Switch(true))]).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let voice = sms.replace("sms|", "voice|");
    let login = world.log_in(USER).await.mfa_token;
    let called = world.challenge(&login, "oob", &voice).await.text("oob_code");
    let code = world.code(NUMBER);
    world.configure(&[("voice", SettingValue::Switch(false))]).await;
    let refused = world.challenge(&login, "oob", &voice).await;
    assert_eq!(refused.outcome(), "400 The voice factor is not enabled");
    assert_eq!(world.oob(&login, &called, &code).await.outcome(), "400 The voice factor is not enabled");
    let texted = world.challenge(&login, "oob", &sms).await.text("oob_code");
    let code = world.code(NUMBER);
    world.set_factor("sms", false).await;
    let refused = world.oob(&login, &texted, &code).await;
    assert_eq!(refused.outcome(), "400 The sms factor is not enabled");
    assert_eq!(world.challenge(&login, "oob", &sms).await.outcome(), "400 The sms factor is not enabled");
    assert!(world.tat(USER, "CODES").await <= Some(world.clock.now().0), "nothing is owed for it");
    world.set_factor("sms", true).await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &sms).await.status, 200);
}

/// Without the voice channel an association is one authenticator; switching it on later adds none.
#[tokio::test]
async fn one_channel_makes_one_authenticator() {
    let world = World::with_phones(false).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    world.configure(&[("voice", SettingValue::Switch(true))]).await;
    let login = world.log_in(USER).await.mfa_token;
    let refused = world.challenge(&login, "oob", &sms.replace("sms|", "voice|")).await;
    assert_eq!(refused.outcome(), "404 Authenticator not found");
    let token = world.mfa_access_token_by_phone(USER, &sms, NUMBER).await;
    assert_eq!(world.delete(&token, &sms).await.status, 204);
    assert_eq!(world.authenticators(USER).await, (0, 0));
}

/// WebOTP: the last line of a text binds the code to the tenant's domain.
#[tokio::test]
async fn a_text_can_be_bound_to_a_domain() {
    let world = World::with_phones(false).await;
    world.configure(&[("web_otp_domain", SettingValue::Text("login.example.com".into()))]).await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", NUMBER).await.status, 200);
    let text = world.newest_message(NUMBER).2;
    let last = text.lines().last().unwrap();
    assert_eq!(last, format!("@login.example.com #{}", world.code(NUMBER)));
}

/// Bad input: numbers that do not exist or cost extra. 400 naming the field; nothing stored, nothing sent.
#[tokio::test]
async fn numbers_that_get_no_code() {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    let before = world.stored().await;
    for channel in ["sms", "voice"] {
        for number in
            ["5491155559167", "+54 9 11 5555 9167", "+999123456789", "+15551234567", "+1202555012", "+"]
        {
            let refused = world.associate_phone(&login, channel, number).await.snapshot();
            assert_eq!(
                refused,
                r#"400 {"error":"invalid_request","error_description":"Parameter phone_number is not a valid phone number in E.164 format"}"#,
                "{number}"
            );
        }
        for number in ["+19005551234", "+447012345678", "+881612345678"] {
            let refused = world.associate_phone(&login, channel, number).await.snapshot();
            assert_eq!(
                refused,
                r#"400 {"error":"invalid_request","error_description":"Parameter phone_number is a kind of number that codes are not sent to"}"#,
                "{number}"
            );
        }
    }
    let without: Value =
        json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "" });
    let missing = world.bearer("POST", "/mfa/associate", &login, Body::json(&without)).await;
    assert_eq!(missing.outcome(), "400 Missing required parameter: phone_number");
    assert!(world.stored().await == before, "nothing is stored");
    assert!(world.twin.aws.inbox.messages(None).is_empty(), "nothing is sent");
}
