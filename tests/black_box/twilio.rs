//! Codes by Twilio: the flow of contract A1 as it is by AWS, what a failing send leaves behind (design §7), and what
//! becomes of the account's token (SEC-34, SEC-44, I5).

use data_encoding::BASE64;
use insta::assert_snapshot;
use local::aws::Channel;
use postern::rules::settings::SettingValue;
use serde_json::json;

use crate::support::{
    Body, NUMBER, TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN, World, claims, number_of, text_of,
};

const USER: &str = "user@example.com";
const CHANNELS: [(&str, &str); 2] = [("sms", "CreateMessage"), ("voice", "CreateCall")];

/// The root that the stored token is sealed under.
async fn sealed_under(world: &World) -> String {
    let account = world.stored().await.remove(&("PROVIDER".to_owned(), "TWILIO".to_owned())).unwrap();
    text_of(&account, "auth_token").split('.').next().unwrap().to_owned()
}

/// Contract A1 by SMS, with nothing in the answers to tell the provider by.
#[tokio::test]
async fn the_whole_flow_by_sms() {
    let world = World::with_twilio().await;
    let login = world.log_in(USER).await.mfa_token;
    let associated = world.associate_phone(&login, "sms", NUMBER).await;
    assert_snapshot!(associated.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"sms","oob_code":"[oob_code]"}"#);
    let code = world.code(NUMBER);
    let (channel, from, text) = world.newest_message(NUMBER);
    assert_eq!((channel, from.as_str()), (Channel::Sms, TWILIO_FROM));
    assert!(text.starts_with(&format!("{code} is your Postern Demo code.")), "{text}");
    let tokens = world.oob(&login, &associated.text("oob_code"), &code).await;
    assert_eq!(claims(&world, &tokens.text("access_token")).await["amr"], json!(["mfa", "sms"]));

    let id = world.id_of_channel(USER, "sms").await;
    let login = world.log_in(USER).await.mfa_token;
    let challenge = world.challenge(&login, "oob", &id).await;
    assert_snapshot!(challenge.snapshot(), @r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#);
    let code = world.code(NUMBER);
    let wrong = world.oob(&login, &challenge.text("oob_code"), &World::wrong(&code)).await;
    assert_eq!(wrong.outcome(), "403 Invalid binding_code.");
    assert_eq!(world.oob(&login, &challenge.text("oob_code"), &code).await.status, 200);
}

/// Contract A1 by a call: what is heard is what AWS would have said.
#[tokio::test]
async fn the_whole_flow_by_voice() {
    let world = World::with_twilio().await;
    let login = world.log_in(USER).await.mfa_token;
    let associated = world.associate_phone(&login, "voice", NUMBER).await;
    let code = world.code(NUMBER);
    let by_twilio = world.newest_message(NUMBER);
    assert_eq!((by_twilio.0, by_twilio.1.as_str()), (Channel::Voice, TWILIO_FROM));
    assert_eq!(world.oob(&login, &associated.text("oob_code"), &code).await.status, 200);
    world.configure(&[("sms_provider", SettingValue::Unset)]).await;
    let id = world.id_of_channel(USER, "voice").await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
    let by_aws = world.newest_message(NUMBER);
    assert_ne!(by_aws.1, TWILIO_FROM);
    // The two messages name the tenant and the application, which the requests did not and did name.
    let spoken = |text: &str, code: &str| {
        let digits = code.chars().map(String::from).collect::<Vec<_>>().join(", ");
        text.replace(code, "CODE").replace(&digits, "DIGITS").replace("Demo App", "Postern Demo")
    };
    assert_eq!(spoken(&by_twilio.2, &code), spoken(&by_aws.2, &world.code(NUMBER)));
}

/// design §7: "2 + delivery" as by AWS; the account is looked up again once a minute. No right of AWS is used to send.
#[tokio::test]
async fn sends_stay_on_the_budget() {
    for (channel, send) in CHANNELS {
        let world = World::with_twilio().await;
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.associate_phone(&login, channel, NUMBER).await.status, 200);
        world.forget_calls();
        assert_eq!(world.associate_phone(&login, channel, NUMBER).await.status, 200);
        assert_eq!(world.round_trips(), 3, "{channel}");
        let calls = world.trips();
        let call = calls.as_array().unwrap().iter().find(|call| call["service"] == "sms").unwrap();
        let expected = json!({
            "function": "mfa-associate", "service": "sms", "operation": send, "round_trip": 3, "actions": [],
        });
        assert_eq!(*call, expected);
    }
}

/// A switch of provider, either way, is seen by every function within a minute.
#[tokio::test]
async fn a_switch_takes_a_minute() {
    let world = World::with_phones(true).await;
    world.set_twilio_token(TWILIO_TOKEN).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let token = world.management_token().await;
    for (provider, from) in [("twilio", TWILIO_FROM), ("auth0", "postern")] {
        let before = world.newest_message(NUMBER).1;
        let path = "/api/v2/guardian/factors/sms/selected-provider";
        let reply = world.bearer("PUT", path, &token, Body::json(&json!({ "provider": provider }))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.challenge(&login, "oob", &sms).await.status, 200);
        assert_eq!(world.newest_message(NUMBER).1, before, "{provider}: settings are kept for a minute");
        world.clock.advance(60);
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.challenge(&login, "oob", &sms).await.status, 200);
        assert_eq!(world.newest_message(NUMBER).1, from, "{provider}");
    }
}

/// Contract A3 "delivery refused", for each way in which Twilio refuses: a wrong token, too many requests, its own
/// failure, and an account that is not there or cannot call. Every budget is given back and nothing is stored.
#[tokio::test]
async fn a_refused_send_leaves_no_trace() {
    for (channel, send) in CHANNELS {
        for why in ["token", "throttle", "error", "none", "sender"] {
            let world = World::with_twilio().await;
            let login = world.log_in(USER).await.mfa_token;
            match why {
                "token" => world.set_twilio_token("not-a-token-of-theirs").await,
                "none" => world.change_twilio(&json!({ "auth_token": null })).await,
                "sender" => world.change_twilio(&json!({ "sid": TWILIO_SID })).await,
                mode => world.fault("sms", send, mode, 0, 1),
            }
            let before = world.stored_without_limits().await;
            world.associate_phone(&login, channel, NUMBER).await.assert_not_delivered();
            assert!(world.stored_without_limits().await == before, "{channel} {why}");
            let owed = world.tat(USER, "SEND-SMS").await;
            assert!(owed <= Some(world.clock.now().0), "{channel} {why}: nothing is owed");
            assert_eq!(world.sends_to_country("DE").await, 0, "{channel} {why}");
            assert_eq!(world.mails(NUMBER), 0);
        }
    }
}

/// Contract A3 "delivery timed out", SEC-43: it may have gone, so it is charged, not repeated, and its challenge void.
#[tokio::test]
async fn a_send_that_may_have_gone_is_charged_and_void() {
    for (channel, send) in CHANNELS {
        let world = World::with_twilio().await;
        let id = world.enrol_phone(USER, channel, NUMBER).await;
        let login = world.log_in(USER).await.mfa_token;
        let (owed, sends) = (world.tat(USER, "SEND-SMS").await, world.sends_to_country("DE").await);
        world.forget_calls();
        world.fault("sms", send, "timeout", 0, 1);
        world.challenge(&login, "oob", &id).await.assert_not_delivered();
        let attempts = world.operations().iter().filter(|it| **it == format!("sms {send}")).count();
        assert_eq!(attempts, 1);
        assert!(world.tat(USER, "SEND-SMS").await > owed);
        assert_eq!(world.sends_to_country("DE").await, sends + 1);
        let table = world.stored().await;
        let challenges = table.iter().filter(|((pk, sk), item)| {
            pk.starts_with("MFA#")
                && *sk == format!("CHALLENGE#{id}")
                && number_of(item, "expires_at").is_some_and(|at| at > world.clock.now().0 + 290)
        });
        assert_eq!(challenges.count(), 0, "{channel}: the challenge is void");
    }
}

/// SEC-22: the provider stands behind the limits, not beside them.
#[tokio::test]
async fn limits_and_countries_are_the_same() {
    let world = World::with_twilio().await;
    let words = SettingValue::Words(vec!["FR".into()]);
    world.configure(&[("countries", words), ("sms_sends", SettingValue::Number(1))]).await;
    let login = world.log_in(USER).await.mfa_token;
    let refused = world.associate_phone(&login, "sms", NUMBER).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(world.associate_phone(&login, "sms", "+33612345678").await.status, 200);
    let refused = world.associate_phone(&login, "voice", "+33612345678").await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!((world.mails(NUMBER), world.mails("+33612345678")), (0, 1));
}

/// I5: the table holds the token sealed, and in no form in which it is used.
#[tokio::test]
async fn the_table_holds_no_token() {
    let world = World::with_twilio().await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", NUMBER).await.status, 200);
    let basic = BASE64.encode(format!("{TWILIO_SID}:{TWILIO_TOKEN}").as_bytes());
    let table = format!("{:?}", world.stored().await);
    assert!(table.contains(TWILIO_SID));
    assert!(!table.contains(TWILIO_TOKEN) && !table.contains(&basic) && !table.contains(&basic[44..]));
}

/// SEC-44: a rotation leaves the token readable, and its next use seals it under the new root.
#[tokio::test]
async fn rotation_keeps_the_token() {
    let world = World::with_twilio().await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let mut roots = vec![sealed_under(&world).await];
    for _ in 0..2 {
        world.rotate_keys().await;
        world.clock.advance(1_000);
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.challenge(&login, "oob", &sms).await.status, 200);
        assert_eq!(world.newest_message(NUMBER).1, TWILIO_FROM);
        let root = sealed_under(&world).await;
        assert!(!roots.contains(&root), "sealed anew");
        roots.push(root);
    }
}

/// SEC-44: sealing anew never brings back a token that was replaced meanwhile.
#[tokio::test]
async fn sealing_anew_loses_to_a_new_token() {
    let world = World::with_twilio().await;
    let store = &world.twin.app.store;
    let seen = store.twilio().await.unwrap().unwrap().auth_token.unwrap();
    world.set_twilio_token("00000000000000000000000000000000").await;
    let newer = store.twilio().await.unwrap().unwrap().auth_token.unwrap();
    assert!(!store.reseal_twilio(&seen, &seen).await.unwrap());
    assert_eq!(store.twilio().await.unwrap().unwrap().auth_token, Some(newer.clone()));
    assert!(store.reseal_twilio(&newer, &seen).await.unwrap());
}
