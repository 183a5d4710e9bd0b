//! `postern export`: what is written is what `import auth0` reads, so that users move out as they moved in.

use std::collections::BTreeMap;
use std::fs;
use std::future::{pending, ready};

use admin::export::{Export, Written};
use serde_json::{Value, json};

use crate::support::{Moving, NUMBER, SECRET, World, bcrypt_of, row};

/// The lines of an export by their ids.
fn lines(moving: &Moving, name: &str) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(moving.path(name)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["user_id"].as_str().unwrap().to_owned(), line)).collect()
}

fn ada() -> Value {
    let mut ada = row("ada");
    ada["name"] = json!("Ada Lovelace");
    ada["picture"] = json!("https://example.com/a.png");
    ada["email_verified"] = json!(true);
    ada["blocked"] = json!(true);
    ada["created_at"] = json!("2019-01-10T21:58:59.000Z");
    ada["user_metadata"] = json!({ "a": [1, { "b": null }], "lang": "de" });
    ada["app_metadata"] = json!({ "plan": "gold" });
    ada["mfa_factors"] = json!([
        { "totp": { "secret": SECRET } }, { "phone": { "value": NUMBER } },
        { "email": { "value": "second@example.com" } },
    ]);
    ada
}

/// Everything of a user is written, in Auth0's form; of a phone with two channels one number.
#[tokio::test]
async fn a_user_is_exported_whole() {
    let world = World::with_phones(true).await;
    let moving = Moving::of_rows(&[ada()]);
    moving.done_into(&world).await;
    let written = world.export_to(&moving, "out.json", true).await;
    assert_eq!(written, Written { users: 3, bcrypt: 1, ..Written::default() });
    let ada = lines(&moving, "out.json").remove("auth0|ada").unwrap();
    let mut factors = ada["mfa_factors"].as_array().unwrap().clone();
    factors.sort_by_key(Value::to_string);
    let expected = json!([
        { "email": { "value": "second@example.com" } }, { "phone": { "value": NUMBER } },
        { "totp": { "secret": SECRET } },
    ]);
    assert_eq!(Value::from(factors), expected);
    let mut rest = ada;
    rest.as_object_mut().unwrap().remove("mfa_factors");
    assert_eq!(
        rest,
        json!({
            "user_id": "auth0|ada", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace",
            "picture": "https://example.com/a.png", "blocked": true, "created_at": "2019-01-10T21:58:59.000Z",
            "updated_at": "2030-03-17T17:49:00.000Z",
            "identities": [{
                "connection": "Username-Password-Authentication", "provider": "auth0", "user_id": "ada",
                "isSocial": false,
            }],
            "user_metadata": { "a": [1, { "b": null }], "lang": "de" }, "app_metadata": { "plan": "gold" },
            "password_hash": bcrypt_of("pwd"),
        })
    );
}

/// SEC-4: secrets are written only when that is asked for, and what is left out is told.
#[tokio::test]
async fn secrets_are_left_out_unless_asked_for() {
    let world = World::new().await;
    let moving = Moving::of_rows(&[ada()]);
    moving.done_into(&world).await;
    let written = world.export_to(&moving, "out.json", false).await;
    assert_eq!(written.apps_left_out, 1);
    let text = "1 authenticator apps are left out: give --with-secrets to write their secrets.";
    assert!(written.to_string().contains(text));
    let out = fs::read_to_string(moving.path("out.json")).unwrap();
    assert!(!out.contains("totp") && !out.contains(SECRET) && out.contains(NUMBER));
}

/// Into an empty table and out again: the same users, line by line, who sign in as before.
#[tokio::test]
async fn who_moves_out_can_move_in() {
    let first = World::with_phones(true).await;
    let by_mail = json!({ "user_id": "email|5f", "email": "eve@example.com" });
    let by_text = json!({ "user_id": "sms|5f", "phone_number": NUMBER });
    let moving = Moving::of_rows(&[ada(), row("bob"), row("cyd"), by_mail, by_text]);
    moving.done_into(&first).await;
    // By now an Argon2id hash.
    first.log_in("bob@example.com").await;
    first.enrol_email("cyd@example.com").await;
    first.export_to(&moving, "first.json.gz", true).await;

    let second = World::with_phones(true).await;
    let packed = fs::read(moving.path("first.json.gz")).unwrap();
    assert_eq!(packed[..2], [0x1f, 0x8b]);
    let again = Moving::of_bytes("again.gz", &packed);
    let summary = again.import_to(&second).await.unwrap();
    assert_eq!((summary.imported, summary.known, summary.refused), (5, 2, 0), "the demo's two are in both");
    assert!(summary.left_out.is_empty(), "{summary}");
    second.export_to(&again, "second.json", true).await;
    first.export_to(&moving, "first.json", true).await;
    let (mut before, mut after) = (lines(&moving, "first.json"), lines(&again, "second.json"));
    for line in before.values_mut().chain(after.values_mut()) {
        line.as_object_mut().unwrap().remove("updated_at");
        if let Some(factors) = line.get_mut("mfa_factors") {
            factors.as_array_mut().unwrap().sort_by_key(Value::to_string);
        }
    }
    assert_eq!(before.len(), 7);
    assert_eq!(before, after);
    for name in ["bob", "cyd"] {
        second.log_in(&format!("{name}@example.com")).await;
    }
}

/// A file is not overwritten unasked, is its owner's alone, and is there whole or not at all.
#[tokio::test]
async fn a_file_is_there_whole_or_not_at_all() {
    let world = World::new().await;
    let moving = Moving::of_rows(&[]);
    world.export_to(&moving, "out.json", false).await;
    let out = moving.path("out.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let app = &world.twin.app;
    let export = Export { file: Some(out.clone()), with_secrets: false, force: false };
    let refused = export.write(&app.store, None, app.now(), pending()).await.unwrap_err();
    assert!(refused.to_string().ends_with("is there already: give --force to replace it"));
    let before = fs::read(&out).unwrap();
    let export = Export { force: true, ..export };
    world.fault("dynamodb", "BatchGetItem", "error", 0, 100);
    assert!(export.write(&app.store, None, app.now(), pending()).await.is_err());
    assert_eq!(fs::read(&out).unwrap(), before);
    assert_eq!(moving.files(), ["export.json", "out.json"]);
    world.twin.aws.faults.clear();
    let stopped = export.write(&app.store, None, app.now(), ready(())).await.unwrap_err();
    assert_eq!(stopped.to_string(), "stopped");
    assert_eq!((fs::read(&out).unwrap(), moving.files().len()), (before, 2));
    assert_eq!(export.write(&app.store, None, app.now(), pending()).await.unwrap().users, 2);
}

/// A table of several pages: everybody is there once.
#[tokio::test]
async fn many_users_are_read_in_pages() {
    let world = World::new().await;
    let rows: Vec<_> = (0..400)
        .map(|number| {
            let mut row = row(&format!("u{number}"));
            row["user_metadata"] = json!({ "x": "x".repeat(4_000) });
            row
        })
        .collect();
    let moving = Moving::of_rows(&rows);
    moving.done_into(&world).await;
    world.forget_calls();
    assert_eq!(world.export_to(&moving, "out.json", false).await.users, 402);
    assert_eq!(lines(&moving, "out.json").len(), 402);
    let calls = world.trips();
    let scans = calls.as_array().unwrap().iter().filter(|call| call["operation"] == "Scan").count();
    assert!(scans > 1, "or the test shows nothing");
}
