//! Users move in and out by the command.

use std::fs;

use insta::assert_snapshot;

use crate::support::Deployment;

const ROWS: &str = r#"{"user_id":"auth0|ada","email":"ada@example.com"}
{"user_id":"auth0|bob","email":"bob"}
"#;

/// An operator moves users in and out: refused rows are a status of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_move_in_and_out() {
    let deployment = Deployment::new().await;
    let file = |name: &str| deployment.directory.path().join(name);
    fs::write(file("users.json"), ROWS).unwrap();
    let (status, text) = deployment.run(&["import", "auth0", "users.json", "--dry-run"]).await;
    assert_snapshot!(text, @"
    Nothing was written. If the table were empty:
    2 rows: 1 users moved in, 0 were there already, 1 refused.
      refused 1: email: not an address
    1 users have no password: they cannot sign in by one until it is set.
    ");
    assert_eq!(status, 3);
    let (status, text) = deployment.run(&["import", "auth0", "users.json", "--dry-run", "-o", "json"]).await;
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &summary["refused"], &summary["reasons"]["email: not an address"]),
        (3, &1.into(), &1.into())
    );
    let (status, text) = deployment.run(&["import", "auth0", "users.json", "--report", "refused.json"]).await;
    assert_snapshot!(text, @"
    2 rows: 1 users moved in, 0 were there already, 1 refused.
      refused 1: email: not an address
    1 users have no password: they cannot sign in by one until it is set.
    ");
    assert_eq!(status, 3);
    let refused = fs::read_to_string(file("refused.json")).unwrap();
    assert_snapshot!(refused, @r#"{"line":2,"user_id":"auth0|bob","reason":"email: not an address"}"#);
    let (status, text) = deployment.run(&["export", "out.json.gz"]).await;
    assert_snapshot!(text, @"
    3 users.
    Recovery codes are not exported: only their hashes are known.
    ");
    assert_eq!(status, 0);
    let (status, text) = deployment.run(&["import", "auth0", "out.json.gz"]).await;
    assert_eq!((status, text.as_str()), (0, "3 rows: 0 users moved in, 3 were there already, 0 refused."));
    let (status, text) = deployment.run(&["export"]).await;
    assert_eq!((status, text.matches("\"user_id\":\"auth0|ada\"").count()), (0, 1), "{text}");
}

/// What is missing is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_named() {
    let deployment = Deployment::new().await;
    let (status, text) = deployment.run(&["import", "auth0", "nowhere.json"]).await;
    assert_eq!((status, text.as_str()), (1, "postern: nowhere.json: No such file or directory (os error 2)"));
    fs::write(deployment.directory.path().join("users.json"), ROWS).unwrap();
    let (status, text) = deployment.run(&["import", "auth0", "users.json", "--table", "other"]).await;
    assert_eq!(status, 1);
    assert!(text.contains("the keys cannot be had: run `postern init` once"), "{text}");
    let (status, script) = deployment.run(&["completions", "bash"]).await;
    assert!(status == 0 && script.contains("complete -F _postern"), "{script}");
}
