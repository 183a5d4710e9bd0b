//! Users, by the command and by the HTTP API.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Deployment;

const ADA: &str = "ada@example.com";

fn demo() -> Value {
    json!({ "client_id": "demo-app", "client_secret": "demo-secret" })
}

impl Deployment {
    async fn ada(&self) -> Value {
        let arguments = [
            "users",
            "create",
            "--email",
            ADA,
            "--name",
            "Ada",
            "--user-id",
            "ada",
            "--verified",
            "-o",
            "json",
        ];
        self.ran(&arguments, "pass word\n").await.json()
    }

    async fn lets_in(&self, password: &str) -> String {
        self.signs_in(&demo(), ADA, password).await
    }
}

/// A user is made, blocked, let in again, given another password and deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_lives() {
    let deployment = Deployment::new().await;
    let made = deployment.ada().await;
    assert_eq!(
        (&made["user_id"], &made["email_verified"], made.get("password")),
        (&json!("auth0|ada"), &json!(true), None)
    );
    assert_eq!(deployment.lets_in("pass word").await, "mfa_required");
    let shown = deployment.json(&["users", "show", "ADA@example.com"]).await;
    assert_eq!(shown, deployment.json(&["users", "show", "auth0|ada"]).await);
    assert_eq!(shown["name"], "Ada");

    assert_snapshot!(deployment.shown(&["users", "block", ADA, "-y"]).await, @"Blocked ada@example.com (auth0|ada).");
    assert_eq!(deployment.lets_in("pass word").await, "unauthorized");
    assert_snapshot!(deployment.shown(&["users", "unblock", ADA]).await, @"ada@example.com (auth0|ada) may sign in.");
    assert_eq!(deployment.lets_in("pass word").await, "mfa_required");

    let set = deployment.ran(&["users", "set-password", ADA], "other words\r\n").await;
    assert_snapshot!(set.out, @"ada@example.com (auth0|ada) has a new password.");
    assert_eq!(
        (deployment.lets_in("pass word").await, deployment.lets_in("other words").await),
        ("invalid_grant".into(), "mfa_required".into())
    );
    let generated = deployment.json(&["users", "set-password", ADA, "--generate"]).await;
    assert_eq!(deployment.lets_in(generated["password"].as_str().unwrap()).await, "mfa_required");
    deployment.twin.deliver_notices().await;
    assert_eq!(deployment.twin.aws.inbox.messages(Some(ADA)).len(), 2, "SEC-31: told of both");

    assert_snapshot!(deployment.shown(&["users", "delete", ADA, "--yes"]).await, @"Deleted ada@example.com (auth0|ada).");
    assert_eq!(deployment.lets_in("other words").await, "invalid_grant");
    let gone = deployment.ran(&["users", "show", ADA], "").await;
    assert_snapshot!(gone.refusal(), @"postern: nobody signs in by that address: see `postern users list`, or give the user's id");
    let gone = deployment.ran(&["users", "delete", "auth0|ada", "--yes"], "").await;
    assert_snapshot!(gone.refusal(), @"postern: The user does not exist: see `postern users list`, or give the user's address");
}

/// Sign-ins that are blocked after wrong passwords are given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_are_forgiven() {
    let deployment = Deployment::new().await;
    deployment.ada().await;
    for _ in 0..10 {
        assert_eq!(deployment.lets_in("wrong").await, "invalid_grant");
    }
    assert_eq!(deployment.lets_in("pass word").await, "too_many_attempts");
    deployment.shown(&["users", "unblock", ADA]).await;
    assert_eq!(deployment.lets_in("pass word").await, "mfa_required");
}

/// A user's factors are shown, and forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_factors_are_forgotten() {
    let deployment = Deployment::new().await;
    let row = format!(
        r#"{{"user_id":"auth0|ada","email":"{ADA}","mfa_factors":[{{"email":{{"value":"second@example.com"}}}}]}}"#
    );
    std::fs::write(deployment.directory.path().join("users.json"), row).unwrap();
    deployment.run(&["import", "auth0", "users.json"]).await;
    let factors = deployment.json(&["users", "factors", ADA]).await;
    assert_eq!((factors.as_array().unwrap().len(), &factors[0]["type"]), (1, &json!("email")));
    let text = deployment.shown(&["users", "reset-mfa", ADA, "--yes"]).await;
    assert_snapshot!(text, @"ada@example.com (auth0|ada) has no second factor any longer.");
    assert_snapshot!(deployment.shown(&["users", "factors", ADA]).await, @"The user has enrolled no second factor.");
}

/// Pages of a list are one list, the newest or the oldest first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_listed() {
    let deployment = Deployment::new().await;
    let rows: Vec<_> = (0..120)
        .map(|number| format!(r#"{{"user_id":"auth0|u{number:03}","email":"u{number}@example.com","created_at":"2020-01-01T00:00:00Z"}}"#))
        .collect();
    std::fs::write(deployment.directory.path().join("users.json"), rows.join("\n")).unwrap();
    deployment.run(&["import", "auth0", "users.json"]).await;
    let all = deployment.json(&["users", "list", "--limit", "1000"]).await;
    let ids: Vec<_> = all.as_array().unwrap().iter().map(|user| user["user_id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[0], ids[119]), (122, "auth0|u000", "auth0|u119"));
    assert_eq!(deployment.json(&["users", "list"]).await.as_array().unwrap().len(), 50);
    assert_snapshot!(deployment.shown(&["users", "list", "--limit", "2"]).await, @"
    USER ID     EMAIL           VERIFIED  BLOCKED  CREATED
    auth0|u000  u0@example.com  no        no       2020-01-01T00:00:00.000Z
    auth0|u001  u1@example.com  no        no       2020-01-01T00:00:00.000Z
    ");
    let newest = deployment.json(&["users", "list", "--newest", "--limit", "1"]).await;
    assert!(!newest[0]["user_id"].as_str().unwrap().starts_with("auth0|u0"), "{newest}");
}

/// Whose address bounced is listed, with the address masked; codes are sent there again when the operator says so, and SES
/// then tries. It is in the audit log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_bounced_is_mailed_again() {
    const ADDRESS: &str = "second@example.com";
    let deployment = Deployment::new().await;
    assert_snapshot!(deployment.shown(&["users", "bounced"]).await, @"No address bounced in the last week.");
    deployment.twin.aws.mail.bounce(ADDRESS);
    assert_eq!(deployment.enrol_address(ADDRESS).await, 200);
    assert_eq!(deployment.enrol_address(ADDRESS).await, 503);
    deployment.twin.aws.mail.receive(ADDRESS);
    let listed = deployment.json(&["users", "bounced"]).await;
    let user = listed[0]["user_id"].as_str().unwrap();
    assert_eq!((&listed[0]["what"], listed.as_array().unwrap().len()), (&json!("bounced"), 1));
    assert!(!listed.to_string().contains(ADDRESS), "SEC-34");

    deployment
        .fault(json!({ "service": "ses", "operation": "DeleteSuppressedDestination", "mode": "throttle" }));
    let refused = deployment.ran(&["users", "mail-again", user], "").await;
    assert_snapshot!(refused.refusal(), @"postern: SES did not take the address off its suppression list, so nothing was changed of it: allow your credentials ses:DeleteSuppressedDestination, or try again");
    assert_eq!(deployment.enrol_address(ADDRESS).await, 503);

    let done = deployment.json(&["users", "mail-again", user]).await;
    assert_eq!(done["addresses"], json!([listed[0]["address"]]));
    assert_eq!(deployment.enrol_address(ADDRESS).await, 200);
    assert_eq!(deployment.twin.aws.inbox.messages(Some(ADDRESS)).len(), 1, "SES sends there again");
    assert_snapshot!(deployment.shown(&["users", "bounced"]).await, @"No address bounced in the last week.");
    let again = deployment.json(&["users", "mail-again", user]).await;
    assert_eq!(again["addresses"], json!([]));

    // SES's list cannot be asked for an address that nobody knows any more.
    const GONE: &str = "third@example.com";
    deployment.twin.aws.mail.bounce(GONE);
    assert_eq!(deployment.enrol_address(GONE).await, 200);
    assert_eq!(deployment.enrol_address(GONE).await, 503);
    deployment.run(&["users", "reset-mfa", user, "--yes"]).await;
    assert_snapshot!(deployment.shown(&["users", "mail-again", user]).await, @"
    Nothing bounced for the addresses of user@example.com (auth0|b4c9a289323b21a01c3e940f).
    What bounced for addresses that the user has no more ends within the week.
    ");
    assert!(deployment.twin.aws.mail.is_suppressed(GONE));
}
