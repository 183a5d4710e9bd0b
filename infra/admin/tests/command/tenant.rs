//! A tenant from nothing, its factors and settings, and its keys.

use insta::assert_snapshot;
use local::aws::KEY_ID;
use postern::store::expression::{number, text};
use postern::store::schema::create_table;
use postern::time::{Clock, Timestamp};
use postern::token::key_times::KeyTimes;
use postern::token::keyring::KeyUse;
use postern::token::rotation::{Report, Rotation};
use serde_json::{Value, json};

use crate::support::Deployment;

/// "A new operator goes from an empty table to a configured tenant": by the command alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_table_becomes_a_tenant() {
    let deployment = Deployment::new().await;
    create_table(deployment.twin.app.store.dynamodb(), "fresh").await.unwrap();
    let json = async |arguments: &[&str]| deployment.json(&[arguments, &["--table", "fresh"]].concat()).await;
    let before = deployment.ran(&["clients", "list", "--table", "fresh"], "").await;
    assert!(before.refusal().contains("run `postern init` once"), "{}", before.err);

    let first = json(&["init", "--name", "Tools"]).await;
    assert_eq!(
        (&first["key_generations_made"], first["client_secret"].as_str().unwrap().len()),
        (&json!(2), 64)
    );
    json(&["apis", "create", "https://orders.example.com", "--name", "Orders", "--scope", "read:orders"])
        .await;
    json(&["clients", "create", "--name", "Shop", "--grant-types", "password,mfa-oob"]).await;
    json(&["factors", "enable", "email"]).await;
    json(&["factors", "policy", "all-applications"]).await;
    json(&["settings", "set", "code_seconds=120"]).await;
    json(&["users", "create", "--email", "ada@example.com", "--generate"]).await;

    // They are listed by their ids, which are drawn at random.
    let listed = json(&["clients", "list"]).await;
    let mut names: Vec<_> =
        listed.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Shop", "Tools"]);
    assert_eq!(json(&["apis", "list"]).await[0]["identifier"], "https://orders.example.com");
    assert_eq!(json(&["users", "list"]).await[0]["email"], "ada@example.com");
    let again = json(&["init"]).await;
    assert_eq!(again["key_generations_made"], 0);
}

/// Factors and the policy are what sign-ins then go by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn factors_are_switched() {
    let deployment = Deployment::new().await;
    assert_snapshot!(deployment.shown(&["factors", "list"]).await, @"
    FACTOR             ENABLED
    sms                no
    push-notification  no
    otp                yes
    email              yes
    duo                no
    webauthn-roaming   no
    webauthn-platform  no
    recovery-code      yes
    ");
    assert_snapshot!(deployment.shown(&["factors", "disable", "otp", "--yes"]).await, @"otp is disabled.");
    let document = deployment.ran(&["factors", "disable", "otp", "--yes", "-o", "json"], "").await;
    assert_eq!((document.status, document.err.as_str()), (0, ""));
    assert_snapshot!(document.out, @r#"
    {
      "name": "otp",
      "enabled": false
    }
    "#);
    assert_snapshot!(deployment.shown(&["factors", "enable", "sms"]).await, @"sms is enabled.");
    let settings = deployment.twin.app.store.tenant_settings().await.unwrap();
    use postern::rules::policy::Factor;
    assert_eq!([Factor::Otp, Factor::Sms].map(|it| settings.factors.has(it)), [false, true]);

    assert_snapshot!(deployment.shown(&["factors", "policy", "never"]).await, @"never");
    assert_eq!(deployment.json(&["factors", "policy"]).await, json!([]));
    // What a sign-in goes by is looked up again after a minute.
    deployment.twin.app.clock.advance(61);
    let demo = json!({ "client_id": "demo-app", "client_secret": "demo-secret" });
    assert_eq!(deployment.signs_in(&demo, "user@example.com", "pwd").await, "tokens");
    assert_eq!(
        deployment.json(&["factors", "policy", "all-applications"]).await,
        json!(["all-applications"])
    );
}

/// What is set is shown, in one form for people and in the other for programs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_set_and_shown() {
    let deployment = Deployment::new().await;
    let set = deployment
        .json(&[
            "settings",
            "set",
            "code_seconds=120",
            "voice=true",
            r#"countries=["DE"]"#,
            "default_language=de",
        ])
        .await;
    assert_eq!(set, deployment.json(&["settings", "list"]).await);
    assert_eq!(
        [&set["code_seconds"], &set["voice"], &set["countries"], &set["default_language"]],
        [&json!(120), &json!(true), &json!(["DE"]), &json!("de")]
    );
    let shown = deployment.shown(&["settings", "set", "default_language=null"]).await;
    for (name, value) in
        [("code_seconds", "120"), ("voice", "true"), ("countries", r#"["DE"]"#), ("default_language", "null")]
    {
        let line = format!("\n{name:<30}  {value:<7}  ");
        assert!(shown.contains(&line), "{name}: {shown}");
    }
}

/// Times are read by people in one form and counted by programs in the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_listed_rotated_and_revoked() {
    let deployment = Deployment::new().await;
    let keys = deployment.json(&["keys", "list"]).await;
    let first = &keys[1];
    assert_eq!(
        (&keys[0]["use"], &first["use"], &first["state"], &first["revoked_at"]),
        (&json!("root"), &json!("signing"), &json!("current"), &Value::Null)
    );
    let seconds = first["created_at_epoch_seconds"].as_u64().unwrap();
    let instant = postern::wire::management::instant(postern::time::Timestamp(seconds));
    assert_eq!(first["created_at"], instant);
    let shown = deployment.shown(&["keys", "list"]).await;
    assert!(shown.contains(&instant) && !shown.contains(&seconds.to_string()), "{shown}");

    let made = deployment.json(&["keys", "rotate"]).await;
    assert_eq!(made["made"].as_array().unwrap().len(), 2);
    let kid = first["kid"].as_str().unwrap();
    let revoked = deployment.json(&["keys", "revoke", kid, "--yes"]).await;
    assert_eq!(revoked["signer"], deployment.json(&["keys", "list"]).await[3]["kid"]);
    assert_eq!(deployment.json(&["keys", "list"]).await[2]["state"], "revoked");
    let again = deployment.shown(&["keys", "revoke", kid, "--yes"]).await;
    assert_eq!(again, format!("{kid} was revoked before.\n"));

    // Roots as well: what is stored under them stays readable (SEC-44).
    let root = keys[0]["kid"].as_str().unwrap();
    let told = deployment.shown(&["keys", "revoke", root, "--yes"]).await;
    assert!(
        told.starts_with(&format!(
            "Revoked {root}: logins, codes and links begun with it, and refresh tokens "
        )),
        "{told}"
    );
    let listed = deployment.json(&["keys", "list"]).await;
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("revoked"), &json!("current")));
    let next = listed[1]["kid"].as_str().unwrap();
    let refused = deployment.ran(&["keys", "revoke", next, "--yes"], "").await;
    assert!(refused.err.contains("there is no next key to take its place"), "{}", refused.err);
}

/// The command has times of its own, which may not be the deployment's: it retires nothing by them, and publishes keys no
/// shorter than the deployment does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_keeps_to_the_deployment() {
    let week = KeyTimes::new(90, 604_800, 365).unwrap();
    let deployment = Deployment::with(week).await;
    let app = &deployment.twin.app;
    let (store, kms, random) = (&app.store, &*app.kms, &app.random);
    // Keys of which the first could go by the command's own times.
    let keys = app.store.key_generations().await.unwrap();
    let ago = |days: u64| Clock::fixed(Timestamp(app.now().0 - days * 86_400));
    for key in keys {
        let item = app.store.dynamodb().update_item().table_name(app.store.table());
        let item = item.key("pk", text("KEYS")).key("sk", text(format!("{}#000001", key.key_use.as_str())));
        let item = item.update_expression("SET not_before = :then, created_at = :then");
        item.expression_attribute_values(":then", number(ago(200).now().0)).send().await.unwrap();
    }
    let clock = ago(100);
    let rotation = Rotation { store, kms, kms_key: KEY_ID, random, clock: &clock, times: week };
    rotation.rotate(&mut Report::default()).await.unwrap();

    let told = deployment.shown(&["keys", "rotate"]).await;
    assert!(
        told.contains("Made 2 key generations. They are published at once and used after 10080 min"),
        "{told}"
    );
    let keys = deployment.json(&["keys", "list"]).await;
    assert_eq!(keys.as_array().unwrap().len(), 6, "none is gone");
    let next: Vec<_> = keys.as_array().unwrap().iter().filter(|key| key["state"] == "next").collect();
    let seconds = |key: &Value, name: &str| key[format!("{name}_epoch_seconds")].as_u64().unwrap();
    assert_eq!(next.len(), 2);
    assert!(next.iter().all(|key| seconds(key, "not_before") - seconds(key, "created_at") == 604_800));
    let again = deployment.json(&["keys", "rotate"]).await;
    assert_eq!(again, json!({ "made": [] }));
}

/// Keys begin by AWS's clock, and not by one that nobody else has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_makes_and_revokes_no_keys() {
    let deployment = Deployment::new().await;
    let kid = deployment.json(&["keys", "list"]).await[1]["kid"].as_str().unwrap().to_owned();
    deployment.json(&["keys", "rotate"]).await;
    let before = deployment.json(&["keys", "list"]).await;
    // Less than a minute apart, the next one is current by the deployment's own time.
    deployment.twin.app.clock.advance(40);
    let began = deployment.twin.app.now();
    deployment.json(&["keys", "revoke", &kid, "--yes"]).await;
    let all = deployment.twin.app.store.key_generations().await.unwrap();
    let next = all.iter().find(|key| key.generation == 2 && key.key_use == KeyUse::Signing).unwrap();
    assert!(next.not_before >= began && next.not_before <= deployment.twin.app.now(), "{next:?}");

    deployment.twin.app.clock.advance(3_600);
    let root = before[0]["kid"].as_str().unwrap();
    for arguments in [&["keys", "rotate"][..], &["keys", "revoke", root, "--yes"]] {
        let ran = deployment.ran(arguments, "").await;
        let told = ran.refusal();
        assert!(told.starts_with("postern: this machine's clock and AWS's are 36"), "{told}");
        assert!(told.contains("timedatectl"), "{told}");
    }
    assert_eq!(deployment.twin.app.store.key_generations().await.unwrap().len(), all.len());
}
