//! What commands do that no endpoint does is in the audit log too (SEC-40).

use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;
use postern::audit::Record;
use postern::rules::random::Random;
use postern::store::Store;
use postern::store::logs::Window;
use postern::store::schema::create_table;
use serde_json::json;

use tokio::process::Command;

use crate::support::{Deployment, Ran};

/// What the command recorded, in the order of what happened, which the ids of one second do not tell of two processes.
async fn recorded(deployment: &Deployment) -> Vec<Record> {
    recorded_in(deployment, &deployment.twin.app.store).await
}

async fn recorded_in(deployment: &Deployment, store: &Store) -> Vec<Record> {
    let now = deployment.twin.app.now();
    let records = store.log_records_in(&Window::kept(1, now), 100, now).await.unwrap();
    records.into_iter().filter(|it| it.client_id.as_deref() == Some("postern-command")).collect()
}

/// The records that came since the last look, sorted as they are told.
async fn new_ones(deployment: &Deployment, seen: &mut Vec<Record>) -> String {
    let all = recorded(deployment).await;
    let mut new: Vec<_> = all
        .iter()
        .filter(|record| !seen.contains(record))
        .map(|it| format!("{} {} {}", it.code, it.route, it.reason.as_deref().unwrap_or("-")))
        .collect();
    new.sort_unstable();
    *seen = all;
    new.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_commands_do_is_recorded() {
    let deployment = Deployment::new().await;
    let mut seen = Vec::new();
    deployment.json(&["init"]).await;
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern init -");
    let kid = deployment.json(&["keys", "list"]).await[1]["kid"].as_str().unwrap().to_owned();
    assert_eq!(new_ones(&deployment, &mut seen).await, "", "what only reads is not in it");
    deployment.ran(&["keys", "revoke", &kid, "--yes"], "").await.refusal();
    assert_eq!(new_ones(&deployment, &mut seen).await, "fapi postern keys revoke -");
    deployment.json(&["keys", "rotate"]).await;
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern keys rotate -");
    deployment.json(&["keys", "revoke", &kid, "--yes"]).await;
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern keys revoke -");

    let file = deployment.directory.path().join("users.json");
    assert_eq!(deployment.run(&["export", "users.json"]).await.0, 0);
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern export -");
    assert_eq!(deployment.run(&["export", "users.json"]).await.0, 1);
    assert_eq!(new_ones(&deployment, &mut seen).await, "fapi postern export -");
    assert_eq!(deployment.run(&["export", "--with-secrets"]).await.0, 0);
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern export --with-secrets -");
    assert_eq!(deployment.run(&["import", "auth0", "users.json", "--dry-run"]).await.0, 0);
    assert_eq!(new_ones(&deployment, &mut seen).await, "", "a dry run does nothing");
    fs::write(&file, r#"{"user_id":"auth0|ada","email":"ada@example.com"}"#).unwrap();
    assert_eq!(deployment.run(&["import", "auth0", "users.json"]).await.0, 0);
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern import auth0 -");
    assert_eq!(deployment.run(&["import", "auth0", "gone.json"]).await.0, 1);
    assert_eq!(new_ones(&deployment, &mut seen).await, "fapi postern import auth0 file_failed");

    let host = deployment.twin.base_url().trim_start_matches("http://");
    for record in &seen {
        assert_eq!((record.hostname.as_str(), record.status), (host, 0), "{record:?}");
        assert!(record.user_id.is_none(), "{record:?}");
        let told = format!("{record:?}");
        assert!(["ada@", "|ada", "users.json"].iter().all(|it| !told.contains(it)), "SEC-34: {told}");
    }
}

/// Who may not open secrets and tries to take them away is in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_kms_refuses_is_recorded() {
    let deployment = Deployment::new().await;
    let mut seen = Vec::new();
    deployment.fault(json!({
        "service": "kms", "operation": "Decrypt", "mode": "refuse", "code": "AccessDeniedException", "count": 100,
    }));
    fs::write(deployment.directory.path().join("users.json"), "").unwrap();
    for arguments in [&["export", "--with-secrets"][..], &["import", "auth0", "users.json"]] {
        deployment.ran(arguments, "").await.refusal();
    }
    assert_eq!(
        new_ones(&deployment, &mut seen).await,
        "fapi postern export --with-secrets -\nfapi postern import auth0 -"
    );
    // Hashes need no key.
    assert_eq!(deployment.run(&["export"]).await.0, 0);
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern export -");
}

/// Keys that were made are in it, also where the command then failed by something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_recorded_whatever_fails_after_them() {
    let deployment = Deployment::new().await;
    create_table(deployment.twin.app.store.dynamodb(), "fresh").await.unwrap();
    // Two keys, then the client.
    deployment.fault(json!({
        "service": "dynamodb", "operation": "PutItem", "mode": "error", "skip": 2, "count": 100,
    }));
    deployment.ran(&["init", "--table", "fresh"], "").await.refusal();
    let store = Store::new(deployment.twin.app.store.dynamodb().clone(), "fresh", Random::system());
    let records = recorded_in(&deployment, &store).await;
    let codes: BTreeSet<_> = records.iter().map(|record| record.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["fapi", "kms_key_management_success"]));

    // Three looks at the keys that are there, then one for the times of those that were made.
    let deployment = Deployment::new().await;
    deployment.fault(json!({
        "service": "dynamodb", "operation": "Query", "mode": "error", "skip": 3, "count": 100,
    }));
    let told = deployment.shown(&["keys", "rotate"]).await;
    assert_snapshot!(told, @"Made 2 key generations. They are published at once and used later. See `postern keys list`.");
    deployment.twin.aws.faults.clear();
    assert_eq!(new_ones(&deployment, &mut Vec::new()).await, "sapi postern keys rotate -");
}

/// Where no issuer is given, as `keys` needs none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_need_no_issuer() {
    let deployment = Deployment::new().await;
    let aws = format!("{}/_local/aws", deployment.twin.base_url());
    let arguments = ["--endpoint-url", &aws, "--region", "eu-central-1", "keys", "rotate"];
    let ran =
        deployment.ran_with(&arguments, "", &[("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")]);
    assert_eq!((ran.await.status, &*recorded(&deployment).await[0].hostname), (0, ""));
}

/// A rotation that stopped half-way has done something, and failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_fails_is_recorded_as_both() {
    let deployment = Deployment::new().await;
    deployment.fault(json!({
        "service": "kms", "operation": "GenerateDataKeyPairWithoutPlaintext", "mode": "refuse",
        "code": "DisabledException",
    }));
    let told = deployment.ran(&["keys", "rotate"], "").await;
    assert!(told.refusal().contains("made before: "), "{}", told.err);
    let mut records = Vec::new();
    assert_snapshot!(new_ones(&deployment, &mut records).await, @"
    fapi postern keys rotate kms_failed
    kms_key_management_failure postern keys rotate kms_failed
    kms_key_management_success postern keys rotate kms_failed
    ");
    let ids: BTreeSet<_> = records.iter().map(|record| record.request_id.as_str()).collect();
    assert_eq!(ids.len(), 1);
    deployment.json(&["keys", "rotate"]).await;
    let ids: BTreeSet<_> = recorded(&deployment).await.into_iter().map(|record| record.request_id).collect();
    assert_eq!((ids.len(), ids.iter().all(|id| id.len() == 32)), (2, true));
}

/// Keys that were made are made, whether or not that can be written down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_is_said() {
    let deployment = Deployment::new().await;
    deployment.fault(
        json!({ "service": "dynamodb", "operation": "BatchWriteItem", "mode": "error", "count": 100 }),
    );
    let told = deployment.ran(&["keys", "rotate", "--output", "json"], "").await;
    assert_snapshot!(told.err, @"warning: the audit log could not be written: it has nothing of this");
    assert_eq!(told.json()["made"].as_array().unwrap().len(), 2);
    deployment.twin.aws.faults.clear();
    assert_eq!(recorded(&deployment).await, []);
}

/// Ctrl-C ends an export that waits, leaves no part of it behind, and is in it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_is_stopped_is_recorded() {
    let deployment = Deployment::new().await;
    let calls = &deployment.twin.aws.calls;
    deployment.fault(json!({ "service": "dynamodb", "operation": "Scan", "mode": "timeout", "count": 100 }));
    let child = deployment.start(&["export", "users.json"]);
    while !calls.all().iter().any(|call| call.operation == "Scan") {
        tokio::task::yield_now().await;
    }
    let kill = format!("kill -INT {}", child.id().unwrap());
    assert!(Command::new("sh").args(["-c", &kill]).status().await.unwrap().success());
    assert_snapshot!(Ran::of(child).await.refusal(), @"postern: stopped");
    assert_eq!(new_ones(&deployment, &mut Vec::new()).await, "fapi postern export stopped");
    assert_eq!(fs::read_dir(deployment.directory.path()).unwrap().count(), 0);
    // A folder of the file's name is no place for it.
    deployment.twin.aws.faults.clear();
    fs::create_dir(deployment.directory.path().join("folder")).unwrap();
    deployment.ran(&["export", "folder", "--force"], "").await.refusal();
    assert_eq!(fs::read_dir(deployment.directory.path()).unwrap().count(), 1);
}
