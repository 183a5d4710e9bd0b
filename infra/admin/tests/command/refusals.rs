//! What the command does not do, and says how it would.

use insta::assert_snapshot;

use crate::support::Deployment;

/// Whoever is not there to agree has to have said so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_destroyed_unasked() {
    let deployment = Deployment::new().await;
    let before = deployment.json(&["clients", "list"]).await;
    for arguments in [
        ["clients", "delete", "demo-app"].as_slice(),
        &["clients", "rotate-secret", "demo-app"],
        &["clients", "revoke-grant", "demo-management", "management"],
        &["apis", "delete", "https://someapi.com/api"],
        &["users", "delete", "user@example.com"],
        &["users", "block", "user@example.com"],
        &["users", "reset-mfa", "user@example.com"],
        &["factors", "disable", "email"],
        &["keys", "revoke", "x"],
    ] {
        // An answer that is piped in is nobody's.
        let ran = deployment.ran(arguments, "y\n").await;
        assert!(ran.refusal().ends_with("? Nobody is there to be asked: give --yes to do it"), "{}", ran.err);
    }
    assert_eq!(deployment.json(&["clients", "list"]).await, before);
    deployment.shown(&["apis", "show", "https://someapi.com/api"]).await;
    let user = deployment.json(&["users", "show", "user@example.com"]).await;
    assert_eq!(user.get("blocked"), None);
}

/// What is missing or wrong is named, with what to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_are_told() {
    let deployment = Deployment::new().await;
    let refused = async |arguments: &[&str], input: &str| {
        let ran = deployment.ran(arguments, input).await;
        ran.refusal().to_owned()
    };
    assert_snapshot!(refused(&["clients", "update", "demo-app"], "").await, @"postern: nothing to change: give an option, or --from with a file of properties");
    assert_snapshot!(refused(&["clients", "update", "demo-app", "--grant-types", "magic"], "").await, @"postern: Payload validation error: 'No enum match' on property grant_types");
    assert_snapshot!(refused(&["clients", "grant", "nobody", "management"], "").await, @"postern: The client does not exist: see `postern clients list`");
    assert_snapshot!(refused(&["users", "create", "--email", "x"], "long enough\n").await, @"postern: Payload validation error: 'Object didn't pass validation for format email' on property email");
    assert_snapshot!(refused(&["users", "create", "--email", "x@example.com"], "\n").await, @"postern: no password: type it, give it on the standard input, or have one made by --generate");
    assert_snapshot!(refused(&["users", "create", "--email", "user@example.com"], "long enough\n").await, @"postern: The user already exists");
    assert_snapshot!(refused(&["factors", "enable", "magic"], "").await, @"postern: Path validation error: 'No enum match' on property name (expected one of: sms, push-notification, otp, email, duo, webauthn-roaming, webauthn-platform, recovery-code)");
    assert_snapshot!(refused(&["factors", "enable", "duo"], "").await, @"postern: The duo factor is not available in this version");
    assert_snapshot!(refused(&["settings", "set", "code_seconds"], "").await, @"postern: code_seconds: not of the form NAME=VALUE");
    assert_snapshot!(refused(&["settings", "set", "code_seconds=1000000"], "").await, @"postern: Payload validation error: 'must be a whole number from 30 to 600' on property code_seconds");
    assert_snapshot!(refused(&["keys", "revoke", "x", "--yes"], "").await, @"postern: there is no key x: see `postern keys list`");
    assert_snapshot!(refused(&["clients", "list", "--table", "nothing"], "").await, @"postern: the keys cannot be had: run `postern init` once; after that, `postern doctor` says what is wrong");
    let nowhere = deployment.ran_at(&["clients", "list", "--region", "eu-central-1"], "").await;
    assert_snapshot!(nowhere.refusal(), @"postern: no issuer: give --issuer with the stack's output `Issuer`, or --twin");
}

/// A name that somebody signed up with does not drive the operator's terminal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_shown_and_not_obeyed() {
    let deployment = Deployment::new().await;
    let body = r#"{"user_metadata":{"note":"\u001b[2J\u009b31m\u202e"}}"#;
    let made = deployment
        .ran(&["users", "create", "--email", "eve@example.com", "--from", "-", "--generate"], body)
        .await;
    assert_eq!(made.status, 0, "{}", made.err);
    let shown = deployment.shown(&["users", "show", "eve@example.com"]).await;
    assert!(shown.contains("user_metadata.note  \u{fffd}[2J\u{fffd}31m\u{fffd}\n"), "{shown}");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
}
