//! Rows that are refused are told with their line and why, and nothing of them is written; and `--dry-run`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Moving, NUMBER, World, bcrypt_of, row, user_path};

/// A row that is fine but for some properties.
fn with(properties: &Value) -> Value {
    let mut row = row("ada");
    for (name, value) in properties.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

/// The reasons of the report, in order.
fn reasons(moving: &Moving) -> Vec<String> {
    let lines = moving.report();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["reason"].as_str().unwrap().to_owned()).collect()
}

/// The report names line and id, and never an address, a number or a hash.
#[tokio::test]
async fn refused_rows_are_told() {
    let world = World::new().await;
    let moving = Moving::of(&format!(
        "{}\n\nnot json\n[1]\n{}\n{}\n{}\n",
        row("ada"),
        with(&json!({ "user_id": "auth0|bob", "email": "bob@example" })),
        with(&json!({ "user_id": "google-oauth2|1" })),
        row("cyd"),
    ));
    let summary = moving.done_into(&world).await;
    assert_snapshot!(summary, @"
    6 rows: 2 users moved in, 0 were there already, 4 refused.
      refused 1: email: not an address
      refused 2: the row is not a JSON object
      refused 1: user_id: users of this provider cannot move in, only those of a database, and of email and sms
    2 passwords are bcrypt's, until their users sign in.
    ");
    assert_snapshot!(moving.report(), @r#"
    {"line":3,"reason":"the row is not a JSON object"}
    {"line":4,"reason":"the row is not a JSON object"}
    {"line":5,"user_id":"auth0|bob","reason":"email: not an address"}
    {"line":6,"reason":"user_id: users of this provider cannot move in, only those of a database, and of email and sms"}
    "#);
    world.log_in("cyd@example.com").await;
    assert_eq!(world.manage("GET", &user_path("auth0|bob"), None).await.status, 404);
}

/// Every property within its bounds; one row more shows that all others are fine.
#[tokio::test]
async fn what_a_row_cannot_say() {
    let world = World::new().await;
    let hash = |cost: &str| bcrypt_of("pwd").replace("$04$", &format!("${cost}$"));
    let factor = |value: Value| json!({ "mfa_factors": [value] });
    let custom = |value: Value| json!({ "password_hash": null, "custom_password_hash": value });
    let eleven: Vec<_> =
        (10..21).map(|n| json!({ "phone": { "value": format!("+120655501{n}") } })).collect();
    let phone = json!({ "phone": { "value": NUMBER } });
    let rows = [
        json!({ "user_id": 1 }),
        json!({ "user_id": "auth0|a b" }),
        json!({ "email": 1 }),
        json!({ "email": null }),
        json!({ "email_verified": "yes" }),
        json!({ "blocked": 1 }),
        json!({ "name": "x".repeat(301) }),
        json!({ "picture": "data:image/png;base64,AAAA" }),
        json!({ "user_metadata": "x" }),
        json!({ "app_metadata": [] }),
        json!({ "user_metadata": { "x": "x".repeat(4_100) } }),
        json!({ "multifactor": ["guardian"] }),
        json!({ "created_at": "yesterday" }),
        json!({ "phone_number": "555" }),
        json!({ "password_hash": "$2b$10$short" }),
        json!({ "password_hash": hash("15") }),
        json!({ "passwordHash": bcrypt_of("pwd") }),
        custom(json!({ "algorithm": "md5", "hash": { "value": "x" } })),
        custom(json!({ "algorithm": "bcrypt", "hash": { "value": hash("10") }, "salt": { "value": "x" } })),
        custom(json!({ "algorithm": "bcrypt", "hash": { "value": hash("10"), "encoding": "hex" } })),
        custom(json!({ "algorithm": "argon2", "hash": { "value": hash("10") } })),
        custom(json!("x")),
        json!({ "mfa_factors": {} }),
        factor(json!({ "push": {} })),
        factor(json!({})),
        factor(json!({ "totp": { "secret": "JBSWY3DPEHPK3PXP" } })),
        factor(json!({ "phone": { "value": "555" } })),
        factor(json!({ "phone": { "value": "+447012345678" } })),
        factor(json!({ "email": { "value": "x" } })),
        json!({ "mfa_factors": eleven }),
        json!({ "mfa_factors": [phone, phone] }),
        json!({ "user_id": "auth0|last", "email": "last@example.com", "password_hash": hash("14") }),
    ];
    let moving = Moving::of_rows(&rows.map(|properties| with(&properties)));
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.rows, summary.imported), (32, 1));
    assert_snapshot!(reasons(&moving).join("\n"), @"
    user_id: letters, digits and -._@| are taken, 64 of them at most
    user_id: letters, digits and -._@| are taken, 64 of them at most
    email: expected a string
    neither email nor phone_number: there is nothing to sign in by
    email_verified: expected true or false
    blocked: expected true or false
    name: it is empty, too long, or not what it should be
    picture: it is empty, too long, or not what it should be
    user_metadata: expected an object
    app_metadata: expected an object
    user_metadata: it is larger than 4096 bytes, too deep, or has a nameless member
    multifactor: the user had second factors, and mfa_factors has none: --without-factors takes the row
    created_at: not a time as ISO 8601 has it
    phone_number: not a number in E.164 form
    password_hash: not a hash of this algorithm
    password_hash: the hash would take too long at each sign-in: bcrypt is taken up to cost 14
    password_hash and custom_password_hash: one of them at most
    custom_password_hash: of the algorithms bcrypt and argon2 are taken
    custom_password_hash: salts, keys and encodings are not taken beside a hash
    custom_password_hash: salts, keys and encodings are not taken beside a hash
    custom_password_hash: not a hash of this algorithm
    custom_password_hash: expected an object with algorithm and hash
    mfa_factors: expected an array
    mfa_factors: expected objects with totp, phone or email
    mfa_factors: expected objects with totp, phone or email
    mfa_factors: the secret of totp is not base32 of 128 to 512 bits
    mfa_factors: the value of phone is not a number in E.164 form
    mfa_factors: codes are not sent to numbers of that kind
    mfa_factors: the value of email is not an address
    mfa_factors: there are more than 10
    mfa_factors: one of them is there twice
    ");
}

/// Who is there already, whose id or address is another's, and rows that say the same twice: the first one has it.
#[tokio::test]
async fn who_is_there_already() {
    let world = World::new().await;
    assert_eq!(Moving::of_rows(&[row("ada"), row("bob")]).done_into(&world).await.imported, 2);
    let before = world.stored().await;
    let named = |id: &str, name: &str| {
        let mut row = row(name);
        row["user_id"] = json!(format!("auth0|{id}"));
        row
    };
    let moving = Moving::of_rows(&[
        with(&json!({ "name": "Another" })),
        named("bob", "other"),
        named("cyd", "bob"),
        named("dee", "dee"),
        named("dee", "eve"),
        named("eve", "dee"),
        named("eve", "eve"),
    ]);
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.imported, summary.known, summary.refused), (2, 1, 4));
    assert_snapshot!(moving.report(), @r#"
    {"line":2,"user_id":"auth0|bob","reason":"a user of another address has this id"}
    {"line":3,"user_id":"auth0|cyd","reason":"another user has this address or number"}
    {"line":5,"user_id":"auth0|dee","reason":"an earlier row has this id, address or number"}
    {"line":6,"user_id":"auth0|eve","reason":"an earlier row has this id, address or number"}
    "#);
    let after = world.stored().await;
    assert!(before.iter().all(|(key, item)| after[key] == *item), "who was there stays as is");
    assert_eq!(after.len(), before.len() + 4);
}

/// `--dry-run` says what would be refused, and needs no table; nothing is written beside the report.
#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = World::new().await;
    let before = world.stored().await;
    world.forget_calls();
    let mut moving = Moving::of_rows(&[row("ada"), json!({ "email": "x" }), row("ada"), row("bob")]);
    moving.auth0.dry_run = true;
    let summary = moving.auth0.run(None, std::future::pending()).await.unwrap();
    assert_eq!((summary.rows, summary.imported, summary.refused), (4, 2, 2));
    assert_eq!(reasons(&moving), ["email: not an address", "an earlier row has this id, address or number"]);
    assert_eq!(moving.files(), ["export.json", "report.json"]);
    assert_eq!(world.trips(), json!([]));
    assert_eq!(world.stored().await, before);
}
