//! The language of mails: by the request, the user or the tenant; right to left where it is written so (contract §0
//! "Language header").

use insta::assert_snapshot;
use local::aws::Message;
use postern::rules::language::Language;
use postern::rules::settings::{Setting, SettingValue};
use serde_json::json;

use crate::support::{Body, CALLBACK, NUMBER, Reply, World};

const USER: &str = "user@example.com";

/// An association of the user's address, with these headers.
async fn associate(world: &World, headers: &[(&str, &str)]) -> Reply {
    let login = world.log_in(USER).await;
    let bearer = format!("Bearer {}", login.mfa_token);
    let all: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
    let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] });
    world.send("POST", "/mfa/associate", &all, Body::json(&body)).await
}

/// The newest mail's subject with the code replaced.
fn subject(world: &World) -> String {
    let code = world.code(USER);
    let message = world.twin.aws.inbox.messages(Some(USER)).remove(0);
    message.subject.unwrap().replace(&code, "[code]")
}

async fn subject_for(world: &World, headers: &[(&str, &str)]) -> String {
    // Each mail is one of a fresh budget, and of a fresh list of pending authenticators.
    world.clock.advance(601);
    let reply = associate(world, headers).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    subject(world)
}

/// Every built-in language, at association and at a challenge, with the code found by the same rule in each.
#[tokio::test]
async fn each_language_can_be_asked_for() {
    let world = World::new().await;
    for language in Language::ALL {
        let words = language.texts().mfa_code.subject.replace("{{code}}", "[code]");
        let subject = subject_for(&world, &[("x-request-language", language.tag())]).await;
        let bare = subject.replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(bare, words.replace("{{tenant}}", "Postern Demo"), "{language:?}");
        let message = world.twin.aws.inbox.messages(Some(USER)).remove(0);
        assert!(message.html.unwrap().contains(&format!("lang=\"{}\"", language.tag())), "{language:?}");
    }
}

/// The order: `x-request-language`, `user_metadata.lang`, `Accept-Language`, the tenant's; a language without texts
/// passes the word on.
#[tokio::test]
async fn each_source_of_the_language_has_its_rank() {
    let world = World::new().await;
    assert_snapshot!(subject_for(&world, &[]).await, @"[code] is your Postern Demo code");
    let store = &world.twin.app.store;
    let german = SettingValue::Text("de-AT".to_owned());
    let setting = Setting::named("default_language").unwrap();
    store.change_settings(&[(setting, german)]).await.unwrap();
    assert_snapshot!(subject_for(&world, &[]).await, @"[code] ist Ihr Code für Postern Demo");
    let accepts = ("accept-language", "hu, nl;q=0.8, it;q=0.9");
    assert_snapshot!(subject_for(&world, &[accepts]).await, @"[code] è il tuo codice per Postern Demo");
    let metadata = serde_dynamo::to_attribute_value(json!({ "lang": "es-MX", "plan": "gold" })).unwrap();
    world.set_profile(USER, "user_metadata", metadata).await;
    assert_snapshot!(subject_for(&world, &[accepts]).await, @"[code] es tu código para Postern Demo");
    let asks = ("x-request-language", "fr-CA");
    assert_snapshot!(subject_for(&world, &[accepts, asks]).await, @"[code] est votre code pour Postern Demo");
    let unknown = ("x-request-language", "hu");
    assert_snapshot!(subject_for(&world, &[accepts, unknown]).await, @"[code] es tu código para Postern Demo");
}

/// A challenge speaks the language of its own request, not of the one that enrolled.
#[tokio::test]
async fn a_challenge_is_in_the_language_of_its_request() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let body = json!({
        "mfa_token": login.mfa_token,
        "challenge_type": "oob",
        "authenticator_id": id,
        "client_id": "demo-app",
        "client_secret": "demo-secret",
    });
    let reply =
        world.send("POST", "/mfa/challenge", &[("x-request-language", "pl")], Body::json(&body)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_snapshot!(subject(&world), @"[code] – Twój kod do Postern Demo");
    let message = world.twin.aws.inbox.messages(Some(USER)).remove(0);
    assert!(message.text.contains("przez 5 minut"), "the Polish plural: {}", message.text);
}

/// Headers that are no languages at all change nothing and break nothing.
#[tokio::test]
async fn odd_language_headers_are_nobodys_language() {
    let world = World::new().await;
    let long = "de,".repeat(2_000);
    for odd in ["", "*", "???", "de;q=0", "\t", "x-klingon", "../../etc/passwd", "{{code}}", "-", ";;;,,,"] {
        let headers = [("x-request-language", odd), ("accept-language", odd)];
        assert_eq!(subject_for(&world, &headers).await, "[code] is your Postern Demo code", "{odd:?}");
    }
    let headers = [("x-request-language", long.as_str())];
    assert_snapshot!(subject_for(&world, &headers).await, @"[code] ist Ihr Code für Postern Demo");
}

/// Arabic runs from right to left in both parts, and the code is found as in every other mail.
#[tokio::test]
async fn arabic_runs_from_right_to_left() {
    let world = World::new().await;
    subject_for(&world, &[("x-request-language", "ar-EG")]).await;
    let code = world.code(USER);
    let message = world.twin.aws.inbox.messages(Some(USER)).remove(0);
    assert!(message.subject.as_deref().unwrap().starts_with(&code));
    assert!(message.text.contains(&format!("\u{2066}{code}\u{2069}")));
    let html = message.html.unwrap();
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">") && html.contains("dir=\"ltr\" role=\"group\""));
}

/// A security notice is in the user's language, for no request is at hand when it is mailed.
#[tokio::test]
async fn notices_are_in_the_users_language() {
    let world = World::new().await;
    let metadata = serde_dynamo::to_attribute_value(json!({ "lang": "ja" })).unwrap();
    world.set_profile(USER, "user_metadata", metadata).await;
    world.enrol_otp(USER).await;
    let notices = world.notices(USER).await;
    assert_snapshot!(notices[0].subject.as_deref().unwrap(), @"Postern Demo アカウントに認証方法が追加されました");
}

/// An association or a challenge by a phone, in a language; gives the newest message to the number.
async fn phone_message(
    world: &World,
    path: &str,
    headers: &[(&str, &str)],
    body: &serde_json::Value,
) -> Message {
    let reply = world.send("POST", path, headers, Body::json(body)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    world.twin.aws.inbox.messages(Some(NUMBER)).remove(0)
}

/// Contract §0 "Language header" at SMS and calls: the words and the voice that speaks them, by AWS and by Twilio, at
/// association and at a challenge, each in the language of its own request.
#[tokio::test]
async fn texts_and_calls_are_in_the_language_of_their_request() {
    for (world, voices) in [
        (World::with_phones(true).await, ["VICKI", "JOANNA", "LEA"]),
        (World::with_twilio().await, ["Polly.Vicki de-DE", "Polly.Joanna en-US", "Polly.Lea fr-FR"]),
    ] {
        let login = world.log_in(USER).await.mfa_token;
        let bearer = format!("Bearer {login}");
        let association = |channel: &str| json!({ "authenticator_types": ["oob"], "oob_channels": [channel], "phone_number": NUMBER });
        let german = [("authorization", bearer.as_str()), ("x-request-language", "de-AT")];
        let text = phone_message(&world, "/mfa/associate", &german, &association("sms")).await;
        let code = world.code(NUMBER);
        assert_eq!(text.text, format!("{code} ist Ihr Code für Postern Demo. Geben Sie ihn niemals weiter."));
        assert_eq!(text.voice, None);
        let call = phone_message(&world, "/mfa/associate", &german, &association("voice")).await;
        assert!(call.text.starts_with("Guten Tag. Ihr Code für Postern Demo lautet: "), "{}", call.text);
        assert_eq!(call.voice.as_deref(), Some(voices[0]));

        // What was begun is forgotten, so that there is one phone.
        world.clock.advance(601);
        let id = world.enrol_phone(USER, "sms", NUMBER).await;
        let login = world.log_in(USER).await.mfa_token;
        let challenge = |id: &str| {
            json!({
                "mfa_token": login, "challenge_type": "oob", "authenticator_id": id,
                "client_id": "demo-app", "client_secret": "demo-secret",
            })
        };
        let (text, call) = (challenge(&id), challenge(&id.replace("sms|", "voice|")));
        let heard = phone_message(&world, "/mfa/challenge", &[], &call).await;
        assert!(heard.text.starts_with("Hello. Your code for Demo App is: "), "{}", heard.text);
        assert_eq!(heard.voice.as_deref(), Some(voices[1]));
        let french = [("accept-language", "hu, fr;q=0.9, de;q=0.1")];
        let read = phone_message(&world, "/mfa/challenge", &french, &text).await;
        assert_eq!(
            read.text.replace(&world.code(NUMBER), "[code]"),
            "[code] est votre code pour Demo App. Ne le communiquez jamais."
        );
        let heard = phone_message(&world, "/mfa/challenge", &french, &call).await;
        assert!(heard.text.starts_with("Bonjour"), "{}", heard.text);
        assert_eq!(heard.voice.as_deref(), Some(voices[2]));
    }
}

/// Contract §9: a mail with a code or a link is in the language that the start asks for, else the user's own.
#[tokio::test]
async fn sign_ins_without_password_are_in_the_language_of_their_request() {
    let world = World::with_passwordless().await;
    let metadata = serde_dynamo::to_attribute_value(json!({ "lang": "fr" })).unwrap();
    world.set_profile(USER, "user_metadata", metadata).await;
    let start = async |headers: &[(&str, &str)], send: &str| {
        let body = json!({
            "client_id": "demo-spa", "connection": "email", "email": USER, "send": send,
            "authParams": { "redirect_uri": CALLBACK },
        });
        let reply = world.send("POST", "/passwordless/start", headers, Body::json(&body)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let mail = world.twin.aws.inbox.messages(Some(USER)).remove(0);
        let language = mail.html.unwrap().split_once("<html lang=\"").unwrap().1.to_owned();
        let (language, _) = language.split_once('"').unwrap();
        let subject = mail.subject.unwrap();
        let code: String = subject.chars().take_while(char::is_ascii_digit).collect();
        format!("{language}: {}", if code.is_empty() { subject } else { subject.replace(&code, "[code]") })
    };
    let german = [("x-request-language", "de"), ("accept-language", "it")];
    assert_snapshot!(start(&german, "code").await, @"de: [code] ist Ihr Anmeldecode für Postern Demo");
    assert_snapshot!(start(&german, "link").await, @"de: Ihr Anmeldelink für Demo Single-Page App");
    assert_snapshot!(start(&german[1..], "code").await, @"fr: [code] est votre code de connexion pour Postern Demo");
}
