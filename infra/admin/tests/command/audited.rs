//! What commands do that no endpoint does is in the audit log too (SEC-40).

use std::fs;

use insta::assert_snapshot;
use postern::audit::Record;
use postern::store::logs::Window;
use serde_json::json;

use crate::support::Deployment;

/// What the command recorded, in the order of what happened, which the ids of one second do not tell of two processes.
async fn recorded(deployment: &Deployment) -> Vec<Record> {
    let app = &deployment.twin.app;
    let window = Window::kept(1, app.now());
    let records = app.store.log_records_in(&window, 100, app.now()).await.unwrap();
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
    assert_eq!(new_ones(&deployment, &mut seen).await, "fapi postern keys revoke refused");
    deployment.json(&["keys", "rotate"]).await;
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern keys rotate -");
    deployment.json(&["keys", "revoke", &kid, "--yes"]).await;
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern keys revoke -");

    let file = deployment.directory.path().join("users.json");
    assert_eq!(deployment.run(&["export", "users.json"]).await.0, 0);
    assert_eq!(new_ones(&deployment, &mut seen).await, "sapi postern export -");
    assert_eq!(deployment.run(&["export", "users.json"]).await.0, 1);
    assert_eq!(new_ones(&deployment, &mut seen).await, "fapi postern export refused");
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
        assert!(record.user_id.is_none() && !format!("{record:?}").contains("ada"), "SEC-34");
    }
}

/// A rotation that stopped half-way has done something, and failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_fails_is_recorded_as_both() {
    let deployment = Deployment::new().await;
    let failing = json!({ "service": "kms", "operation": "GenerateDataKeyPairWithoutPlaintext", "mode": "refuse", "code": "DisabledException" });
    deployment.twin.aws.faults.add(serde_json::from_value(failing).unwrap());
    let told = deployment.ran(&["keys", "rotate"], "").await;
    assert!(told.refusal().contains("made before: "), "{}", told.err);
    assert_snapshot!(new_ones(&deployment, &mut Vec::new()).await, @"
    fapi postern keys rotate kms_failed
    kms_key_management_failure postern keys rotate kms_failed
    kms_key_management_success postern keys rotate kms_failed
    ");
}

/// Keys that were made are made, whether or not that can be written down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_is_said() {
    let deployment = Deployment::new().await;
    let failing =
        json!({ "service": "dynamodb", "operation": "BatchWriteItem", "mode": "error", "count": 100 });
    deployment.twin.aws.faults.add(serde_json::from_value(failing).unwrap());
    let told = deployment.ran(&["keys", "rotate", "--output", "json"], "").await;
    assert_snapshot!(told.err, @"warning: the audit log could not be written: it has nothing of this");
    assert_eq!(told.json()["made"].as_array().unwrap().len(), 2);
    deployment.twin.aws.faults.clear();
    assert_eq!(recorded(&deployment).await, []);
}
