//! What is kept between starts (design §9: `--data`, `--memory`).

use std::path::Path;

use serde_json::Value;

use crate::client::Body;
use crate::process::{Twin, USER, failure};

/// Tokens name their issuer, which must not move with the port.
const ISSUER: [&str; 4] = ["--port", "0", "--issuer", "https://kept.example"];

async fn factors(twin: &Twin) -> Value {
    let token = twin.log_in(USER).await;
    twin.bearer("GET", "/mfa/authenticators", &token, Body::none()).await.json()
}

/// Enrols, stops as a supervisor does, and finds after the next start: the factor, the keys, and so the tokens.
async fn is_kept(home: &Path, arguments: &[&str], directory: &str) {
    let arguments = [&ISSUER[..], arguments].concat();
    let twin = Twin::start(home, &arguments).await;
    let data = twin.greeting.lines().find(|line| line.starts_with("Data ")).unwrap();
    assert!(data.ends_with(&format!("kept in {directory}")), "{data}");
    let token = twin.enrol(USER).await.text("access_token");
    let (enrolled, keys) = (factors(&twin).await, twin.get("/.well-known/jwks.json").await.body);
    assert_eq!(enrolled[0]["type"], "email", "{enrolled}");
    assert!(twin.stop().await.success(), "a supervisor's SIGTERM is a good end");
    assert!(home.join(directory).is_dir());

    let twin = Twin::start(home, &arguments).await;
    assert_eq!(factors(&twin).await, enrolled);
    assert_eq!(twin.get("/.well-known/jwks.json").await.body, keys);
    let userinfo = twin.bearer("GET", "/userinfo", &token, Body::none()).await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.body);
}

#[tokio::test]
async fn a_named_directory_keeps_everything() {
    let home = tempfile::tempdir().unwrap();
    is_kept(home.path(), &["--data", "some/where"], "some/where").await;
    assert!(!home.path().join(".postern").exists());
}

#[tokio::test]
async fn the_directory_is_dot_postern_when_none_is_named() {
    let home = tempfile::tempdir().unwrap();
    is_kept(home.path(), &[], ".postern").await;
}

/// `--memory`: a fresh tenant each time, and nothing on the disk.
#[tokio::test]
async fn memory_keeps_nothing() {
    let home = tempfile::tempdir().unwrap();
    let arguments = [&ISSUER[..], &["--memory"]].concat();
    let twin = Twin::start(home.path(), &arguments).await;
    twin.enrol(USER).await;
    assert!(twin.stop().await.success());
    let twin = Twin::start(home.path(), &arguments).await;
    assert_eq!(factors(&twin).await.as_array().map(Vec::len), Some(0));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

/// Two twins on one directory would write over each other: the second says so, and the directory is free again when the
/// first has ended, however that was.
#[tokio::test]
async fn a_directory_belongs_to_one_twin_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let first = Twin::start(home.path(), &["--port", "0"]).await;
    let (code, said) = failure(home.path(), &["--port", "0"]).await;
    assert_eq!(
        said,
        "postern: the embedded AWS did not start: another twin keeps its data in .postern: stop that one, or choose another directory with --data, or none with --memory\n"
    );
    assert_eq!(code, Some(1));
    assert_eq!(first.get("/.well-known/jwks.json").await.status, 200, "the first goes on");
    // By SIGKILL, which leaves no time to tidy up.
    drop(first);
    let lock = std::fs::File::open(home.path().join(".postern/lock")).unwrap();
    lock.lock().unwrap();
    drop(lock);
    Twin::start(home.path(), &["--port", "0"]).await;
}
