//! Applications, APIs and grants.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Deployment;

const API: &str = "https://orders.example.com";

/// An application is made, used, switched, given another secret and taken away; the HTTP API obeys each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_lives() {
    let deployment = Deployment::new().await;
    let made = deployment
        .json(&[
            "clients",
            "create",
            "--name",
            "Shop",
            "--grant-types",
            "password,mfa-otp",
            "--callback",
            "https://shop.example.com/in",
        ])
        .await;
    let id = made["client_id"].as_str().unwrap();
    assert_eq!(made["grant_types"], json!(["password", "http://auth0.com/oauth/grant-type/mfa-otp"]));
    assert_eq!(made["callbacks"], json!(["https://shop.example.com/in"]));
    let sign_in = async |client| deployment.signs_in(client, "user@example.com", "pwd").await;
    assert_eq!(sign_in(&made).await, "mfa_required");

    let shown = deployment.shown(&["clients", "show", id]).await;
    assert!(shown.contains("\nname                                   Shop\n"), "{shown}");
    let secret = made["client_secret"].as_str().unwrap();
    assert!(
        !shown.contains(secret) && !deployment.shown(&["clients", "list"]).await.contains(secret),
        "SEC-5"
    );

    let changed =
        deployment.json(&["clients", "update", id, "--allow", "mfa-oob", "--deny", "password"]).await;
    let prefix = "http://auth0.com/oauth/grant-type/";
    assert_eq!(changed["grant_types"], json!([format!("{prefix}mfa-otp"), format!("{prefix}mfa-oob")]));
    assert_eq!(sign_in(&made).await, "unauthorized_client");
    deployment.shown(&["clients", "update", id, "--allow", "password"]).await;

    let replaced = deployment.json(&["clients", "rotate-secret", id, "--yes"]).await;
    assert_eq!(
        (sign_in(&made).await, sign_in(&replaced).await),
        ("access_denied".into(), "mfa_required".into())
    );

    let text = deployment.shown(&["clients", "delete", id, "--yes"]).await;
    assert_eq!(text, format!("Deleted Shop ({id}).\n"));
    assert_eq!(sign_in(&replaced).await, "access_denied");
    let gone = deployment.ran(&["clients", "show", id], "").await;
    assert_snapshot!(gone.refusal(), @"postern: The client does not exist: see `postern clients list`");
}

/// The demo tenant's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applications_are_listed() {
    let deployment = Deployment::new().await;
    assert_snapshot!(deployment.shown(&["clients", "list"]).await, @"
    CLIENT ID        NAME                  SECRET              GRANT TYPES
    demo-app         Demo App              client_secret_post  password password-realm mfa-oob mfa-otp mfa-recovery-code passwordless/otp refresh_token
    demo-management  Demo Management       client_secret_post  client_credentials
    demo-spa         Demo Single-Page App  none                password mfa-oob mfa-otp mfa-recovery-code passwordless/otp
    ");
    let listed = deployment.json(&["clients", "list"]).await;
    let ids: Vec<_> =
        listed.as_array().unwrap().iter().map(|client| client["client_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["demo-app", "demo-management", "demo-spa"]);
    let grants = deployment.shown(&["clients", "grants", "--api", "https://someapi.com/api"]).await;
    assert_snapshot!(grants, @"There are no such grants: `postern clients grant` makes one.");
    assert_snapshot!(deployment.shown(&["apis", "list"]).await, @"
    IDENTIFIER               NAME  TOKENS LIVE (s)  SCOPES
    https://someapi.com/api  -     86400            read:sample
    ");
}

/// An API is made, granted, narrowed and taken away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_is_granted() {
    let deployment = Deployment::new().await;
    let api = deployment
        .json(&[
            "apis",
            "create",
            API,
            "--name",
            "Orders",
            "--scope",
            "read:orders=See orders",
            "--scope",
            "write:orders",
        ])
        .await;
    assert_eq!(
        api["scopes"],
        json!([{ "description": "See orders", "value": "read:orders" }, { "value": "write:orders" }])
    );
    let client =
        deployment.json(&["clients", "create", "--name", "Worker", "--app-type", "non_interactive"]).await;
    let id = client["client_id"].as_str().unwrap();
    let scope = async || deployment.own_scope(&client, API).await;
    assert_eq!(scope().await, "access_denied");

    let text = deployment.shown(&["clients", "grant", id, API, "--scope", "read:orders,write:orders"]).await;
    assert_eq!(text, format!("{id} may get {API} with: read:orders write:orders\n"));
    assert_eq!(scope().await, "read:orders write:orders");
    deployment.shown(&["clients", "grant", id, API, "--scope", "read:orders"]).await;
    assert_eq!(scope().await, "read:orders");
    let grants = deployment.json(&["clients", "grants", "--client", id, "--api", API]).await;
    assert_eq!((grants.as_array().unwrap().len(), &grants[0]["scope"]), (1, &json!(["read:orders"])));
    let unknown = deployment.ran(&["clients", "grant", id, API, "--scope", "delete:orders"], "").await;
    assert_snapshot!(unknown.refusal(), @"postern: Payload validation error: 'The API does not know the scope delete:orders' on property scope");

    let management = deployment.json(&["clients", "grant", id, "management", "--scope", "read:users"]).await;
    assert_eq!(management["audience"], format!("{}/api/v2/", deployment.twin.base_url()));
    let without_slash = format!("{}/api/v2", deployment.twin.base_url());
    deployment.shown(&["clients", "revoke-grant", id, &without_slash, "--yes"]).await;
    deployment.shown(&["clients", "revoke-grant", id, API, "--yes"]).await;
    assert_eq!(scope().await, "access_denied");
    assert_eq!(deployment.json(&["clients", "grants", "--client", id]).await, json!([]));
    let again = deployment.ran(&["clients", "revoke-grant", id, API, "--yes"], "").await;
    assert_snapshot!(again.refusal(), @"postern: The client grant does not exist: see `postern clients grants`");

    let changed = deployment
        .json(&["apis", "update", API, "--token-lifetime", "60", "--allow-offline-access", "true"])
        .await;
    assert_eq!((&changed["token_lifetime"], &changed["allow_offline_access"]), (&json!(60), &json!(true)));
    assert_eq!(deployment.shown(&["apis", "delete", API, "--yes"]).await, format!("Deleted {API}.\n"));
    let gone = deployment.ran(&["apis", "show", API], "").await;
    assert_snapshot!(gone.refusal(), @"postern: The resource server does not exist: see `postern apis list`");
}

/// What has no option of its own is given as the Management API has it, by a file or the standard input.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn properties_come_from_files_as_well() {
    let deployment = Deployment::new().await;
    let file = deployment.directory.path().join("client.json");
    std::fs::write(
        &file,
        r#"{"name":"From file","client_metadata":{"team":"a"},"web_origins":["https://a.example"]}"#,
    )
    .unwrap();
    let made = deployment.json(&["clients", "create", "--from", "client.json", "--name", "Option"]).await;
    assert_eq!((&made["name"], &made["client_metadata"]), (&json!("Option"), &json!({ "team": "a" })));
    let id = made["client_id"].as_str().unwrap();
    let changed = deployment
        .ran(&["clients", "update", id, "--from", "-", "-o", "json"], r#"{"client_metadata":{"team":null}}"#)
        .await;
    assert_eq!(changed.json().get("client_metadata"), None);
    let broken = deployment.ran(&["clients", "update", id, "--from", "-"], "[]").await;
    assert!(broken.refusal().starts_with("postern: -: not a JSON object: "), "{}", broken.err);
    let unknown = deployment.ran(&["clients", "update", id, "--from", "-"], r#"{"x":1}"#).await;
    assert_snapshot!(unknown.refusal(), @"postern: Payload validation error: 'Additional properties not allowed: x'");
}
