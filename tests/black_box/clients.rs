//! `/api/v2/clients`: applications are made, read, changed and deleted, and their secrets replaced (contract §6).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, CALLBACK, CLIENTS, Made, ORDERS, Reply, World, text_of, without_client};

const USER: &str = "user@example.com";
const MANAGEMENT: &str = "/api/v2/clients/demo-management";

/// §6: from nothing to nothing, as an operator goes. The secret is shown where it is made, and nowhere else (SEC-5).
#[tokio::test]
async fn a_client_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let body = json!({ "name": "Orders", "app_type": "non_interactive" });
    let created = world.manage("POST", CLIENTS, Some(&body)).await;
    assert_snapshot!(without_client(&created), @r#"201 {"app_type":"non_interactive","callbacks":[],"client_id":"[client_id]","client_secret":"[client_secret]","cross_origin_authentication":false,"global":false,"grant_types":["client_credentials"],"is_first_party":true,"is_token_endpoint_ip_header_trusted":false,"jwt_configuration":{"alg":"RS256","lifetime_in_seconds":36000,"secret_encoded":false},"name":"Orders","oidc_conformant":true,"refresh_token":{"expiration_type":"expiring","rotation_type":"rotating"},"sso_disabled":false,"token_endpoint_auth_method":"client_secret_post"}"#);
    assert_eq!(created.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    let path = format!("{CLIENTS}/{}", created.text("client_id"));
    let read = world.manage("GET", &path, None).await;
    assert_snapshot!(without_client(&read), @r#"200 {"app_type":"non_interactive","callbacks":[],"client_id":"[client_id]","cross_origin_authentication":false,"global":false,"grant_types":["client_credentials"],"is_first_party":true,"is_token_endpoint_ip_header_trusted":false,"jwt_configuration":{"alg":"RS256","lifetime_in_seconds":36000,"secret_encoded":false},"name":"Orders","oidc_conformant":true,"refresh_token":{"expiration_type":"expiring","rotation_type":"rotating"},"sso_disabled":false,"token_endpoint_auth_method":"client_secret_post"}"#);
    let changed = world.manage("PATCH", &path, Some(&json!({ "name": "Orders 2" }))).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body, read.body.replace("Orders", "Orders 2"));
    assert_eq!(world.manage("GET", &path, None).await.body, changed.body);
    let deleted = world.manage("DELETE", &path, None).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_snapshot!(world.manage("GET", &path, None).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The client does not exist","errorCode":"inexistent_client"}"#);
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
}

/// Everything a client can be made with, and what null and other values make of it.
#[tokio::test]
async fn every_property_is_kept() {
    let world = World::new().await;
    let body = json!({
        "name": "App", "description": "d", "logo_uri": "https://app.example/logo.png", "app_type": "regular_web",
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["password", "implicit", "password"],
        "callbacks": ["https://app.example/in", "com.example.app://in"],
        "allowed_origins": ["https://*.app.example"], "web_origins": ["http://localhost:4200"],
        "allowed_logout_urls": ["https://app.example/out"], "initiate_login_uri": "https://app.example/login",
        "client_metadata": { "team": "a", "mfa_policy": "never", "empty": "" }, "is_first_party": true,
        "oidc_conformant": true, "cross_origin_authentication": false, "sso": false, "sso_disabled": false,
        "is_token_endpoint_ip_header_trusted": false,
        "jwt_configuration": { "alg": "RS256", "lifetime_in_seconds": 36000, "secret_encoded": false, "scopes": {} },
        "refresh_token": {
            "rotation_type": "rotating", "expiration_type": "expiring", "infinite_token_lifetime": false,
            "infinite_idle_token_lifetime": false,
        },
    });
    let created = world.manage("POST", CLIENTS, Some(&body)).await;
    assert_snapshot!(without_client(&created), @r#"201 {"allowed_logout_urls":["https://app.example/out"],"allowed_origins":["https://*.app.example"],"app_type":"regular_web","callbacks":["https://app.example/in","com.example.app://in"],"client_id":"[client_id]","client_metadata":{"mfa_policy":"never","team":"a"},"client_secret":"[client_secret]","cross_origin_authentication":false,"description":"d","global":false,"grant_types":["password","implicit"],"initiate_login_uri":"https://app.example/login","is_first_party":true,"is_token_endpoint_ip_header_trusted":false,"jwt_configuration":{"alg":"RS256","lifetime_in_seconds":36000,"secret_encoded":false},"logo_uri":"https://app.example/logo.png","name":"App","oidc_conformant":true,"refresh_token":{"expiration_type":"expiring","rotation_type":"rotating"},"sso_disabled":false,"token_endpoint_auth_method":"client_secret_basic","web_origins":["http://localhost:4200"]}"#);
    let path = format!("{CLIENTS}/{}", created.text("client_id"));
    let cleared = json!({
        "description": null, "logo_uri": null, "callbacks": null, "allowed_origins": null, "web_origins": [],
        "allowed_logout_urls": null, "initiate_login_uri": null, "client_metadata": null, "refresh_token": null,
        "grant_types": [], "app_type": "native",
    });
    let changed = world.manage("PATCH", &path, Some(&cleared)).await;
    assert_snapshot!(without_client(&changed), @r#"200 {"app_type":"native","callbacks":[],"client_id":"[client_id]","cross_origin_authentication":false,"global":false,"grant_types":[],"is_first_party":true,"is_token_endpoint_ip_header_trusted":false,"jwt_configuration":{"alg":"RS256","lifetime_in_seconds":36000,"secret_encoded":false},"name":"App","oidc_conformant":true,"refresh_token":{"expiration_type":"expiring","rotation_type":"rotating"},"sso_disabled":false,"token_endpoint_auth_method":"client_secret_basic","web_origins":[]}"#);
}

/// What follows from the sort of application where nothing else is said, as at Auth0.
#[tokio::test]
async fn defaults_follow_the_sort() {
    let world = World::new().await;
    for (app_type, method, grants) in [
        (json!("native"), "none", json!(["authorization_code", "implicit", "refresh_token"])),
        (json!("spa"), "none", json!(["authorization_code", "implicit", "refresh_token"])),
        (
            json!("regular_web"),
            "client_secret_post",
            json!(["authorization_code", "implicit", "refresh_token", "client_credentials"]),
        ),
        (json!("non_interactive"), "client_secret_post", json!(["client_credentials"])),
        (
            Value::Null,
            "client_secret_post",
            json!(["authorization_code", "implicit", "refresh_token", "client_credentials"]),
        ),
    ] {
        let mut body = json!({ "name": "App" });
        if !app_type.is_null() {
            body["app_type"] = app_type.clone();
        }
        let client = world.manage("POST", CLIENTS, Some(&body)).await.json();
        assert_eq!((&client["token_endpoint_auth_method"], &client["app_type"]), (&json!(method), &app_type));
        assert_eq!(client["grant_types"], grants, "{app_type}");
        assert_eq!(client["client_secret"].is_null(), method == "none", "{app_type}");
    }
}

async fn sign_in(world: &World, client: &Made) -> Reply {
    let mut pairs = vec![("grant_type", "password"), ("username", USER), ("password", "pwd")];
    pairs.push(("client_id", &client.id));
    if !client.secret.is_empty() {
        pairs.push(("client_secret", &client.secret));
    }
    world.post("/oauth/token", Body::form(&pairs)).await
}

/// The MFA API asks for grants to be switched for each application: from the next request on.
#[tokio::test]
async fn grants_are_switched() {
    let world = World::new().await;
    let client = world.make_client(&json!({ "name": "App", "app_type": "spa" })).await;
    assert_eq!(
        sign_in(&world, &client).await.outcome(),
        "403 Grant type 'password' not allowed for the client."
    );
    let oob = "http://auth0.com/oauth/grant-type/mfa-oob";
    let grants = json!({ "grant_types": ["password", oob] });
    assert_eq!(world.manage("PATCH", &client.path(), Some(&grants)).await.status, 200);
    let login = sign_in(&world, &client).await;
    assert_eq!(login.text("error"), "mfa_required");
    let token = login.text("mfa_token");
    let associated = world.associate_email(&token, None).await;
    let code = world.code(USER);
    let pairs = [
        ("grant_type", oob),
        ("mfa_token", &*token),
        ("oob_code", &*associated.text("oob_code")),
        ("binding_code", &*code),
        ("client_id", &*client.id),
    ];
    let grants = json!({ "grant_types": ["password"] });
    assert_eq!(world.manage("PATCH", &client.path(), Some(&grants)).await.status, 200);
    assert_eq!(world.post("/oauth/token", Body::form(&pairs)).await.status, 403);
    let grants = json!({ "grant_types": ["password", oob] });
    assert_eq!(world.manage("PATCH", &client.path(), Some(&grants)).await.status, 200);
    assert_eq!(world.post("/oauth/token", Body::form(&pairs)).await.status, 200);
}

/// The old secret is good no longer when the new one is shown.
#[tokio::test]
async fn a_secret_is_replaced() {
    let world = World::new().await;
    world.make_api().await;
    let client = world.make_service().await;
    world.granted(&client.id, ORDERS, &["read:orders"]).await;
    assert_eq!(world.service_token(&client.id, &client.secret, ORDERS).await.status, 200);
    let rotated = world.manage("POST", &format!("{}/rotate-secret", client.path()), None).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    assert_eq!(rotated.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    let secret = rotated.text("client_secret");
    assert!(secret.len() == 64 && secret != client.secret);
    assert_eq!(world.service_token(&client.id, &client.secret, ORDERS).await.outcome(), "401 Unauthorized");
    assert_eq!(world.service_token(&client.id, &secret, ORDERS).await.status, 200);
    let stored = world.stored().await;
    let texts = format!("{stored:?}");
    assert!(!texts.contains(&secret) && !texts.contains(&client.secret), "only a hash is stored");
}

/// A client that becomes public has no secret any more; one that becomes confidential gets a new one.
#[tokio::test]
async fn a_kind_changes_with_its_secret() {
    let world = World::new().await;
    let grants = json!({ "name": "App", "grant_types": ["password"] });
    let client = world.make_client(&grants).await;
    let method = async |word: &str| {
        let body = json!({ "token_endpoint_auth_method": word });
        let reply = world.manage("PATCH", &client.path(), Some(&body)).await;
        assert_eq!((reply.status, reply.text("token_endpoint_auth_method")), (200, word.to_owned()));
        reply.json()["client_secret"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(method("client_secret_basic").await, None, "it keeps its secret");
    assert_eq!(sign_in(&world, &client).await.text("error"), "mfa_required");
    assert_eq!(method("none").await, None);
    let public = Made { secret: String::new(), ..client.clone() };
    assert_eq!(sign_in(&world, &public).await.text("error"), "mfa_required");
    let key = (format!("CLIENT#{}", client.id), "CLIENT".to_owned());
    assert!(!world.stored().await[&key].contains_key("secret_hash"));
    let why = world.manage("POST", &format!("{}/rotate-secret", client.path()), None).await;
    assert_snapshot!(why.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The client is public: token_endpoint_auth_method is none, and it has no secret.","errorCode":"operation_not_supported"}"#);
    let secret = method("client_secret_post").await.expect("a new secret");
    assert_eq!(sign_in(&world, &public).await.outcome(), "401 Unauthorized");
    assert_eq!(sign_in(&world, &client).await.outcome(), "401 Unauthorized", "the old one is over");
    assert_eq!(sign_in(&world, &Made { secret, ..client.clone() }).await.text("error"), "mfa_required");
}

/// §6: `client_metadata` is merged; null or nothing takes a member away, null all of them; ten at most.
#[tokio::test]
async fn metadata_is_merged() {
    let world = World::new().await;
    let client = world.make_service().await;
    let after = async |metadata: Value| {
        let reply =
            world.manage("PATCH", &client.path(), Some(&json!({ "client_metadata": metadata }))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["client_metadata"].clone()
    };
    assert_eq!(after(json!({ "a": "1", "b": "2" })).await, json!({ "a": "1", "b": "2" }));
    assert_eq!(after(json!({ "b": "3", "c": "4" })).await, json!({ "a": "1", "b": "3", "c": "4" }));
    assert_eq!(after(json!({ "a": null, "b": "" })).await, json!({ "c": "4" }));
    assert_eq!(after(json!({})).await, json!({ "c": "4" }));
    assert_eq!(after(json!(null)).await, json!(null));
    let members = |range: std::ops::Range<usize>| -> Value {
        range.map(|number| (format!("m{number}"), json!("x"))).collect::<serde_json::Map<_, _>>().into()
    };
    assert_eq!(after(members(0..9)).await.as_object().map(serde_json::Map::len), Some(9));
    let more = json!({ "client_metadata": members(8..11) });
    let reply = world.manage("PATCH", &client.path(), Some(&more)).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Too many properties defined (11), maximum 10' on property client_metadata.","errorCode":"invalid_body"}"#);
}

/// A link of a sign-in without password leads where the client says, from the next request on.
#[tokio::test]
async fn callbacks_are_where_links_lead() {
    let world = World::with_passwordless().await;
    let start = async || {
        let body = json!({
            "connection": "email", "email": USER, "authParams": { "redirect_uri": "https://app.example/in" },
        });
        world.start(&body).await.status
    };
    assert_eq!(start().await, 400);
    let callbacks = json!({ "callbacks": [CALLBACK, "https://app.example/in"] });
    assert_eq!(world.manage("PATCH", &format!("{CLIENTS}/demo-app"), Some(&callbacks)).await.status, 200);
    assert_eq!(start().await, 200);
}

/// A deleted client's refresh tokens are nobody's, and its grants go with it.
#[tokio::test]
async fn a_deletion_ends_what_a_client_had() {
    let world = World::new().await;
    world.make_api().await;
    world.granted("demo-app", ORDERS, &["read:orders"]).await;
    let refresh_token = world.enrol_offline(USER).await.text("refresh_token");
    assert_eq!(world.manage("DELETE", &format!("{CLIENTS}/demo-app"), None).await.status, 204);
    assert_eq!(world.refresh(&refresh_token).await.outcome(), "401 Unauthorized");
    let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
    pairs.extend([("client_id", "demo-spa")]);
    assert_ne!(world.post("/oauth/token", Body::form(&pairs)).await.status, 200, "nor another's");
    assert_eq!(world.password(USER, "pwd").await.outcome(), "401 Unauthorized");
    let stored = world.stored().await;
    assert!(stored.keys().all(|(pk, _)| pk != "CLIENT#demo-app"));
    assert!(stored.values().all(|item| !text_of(item, "listed_as").starts_with("demo-app")));
}

/// A client that no operator made by this API is shown and changed like any other.
#[tokio::test]
async fn clients_of_old_are_shown() {
    let world = World::new().await;
    let read = world.manage("GET", MANAGEMENT, None).await;
    assert_eq!(read.text("token_endpoint_auth_method"), "client_secret_post");
    let spa = world.manage("GET", &format!("{CLIENTS}/demo-spa"), None).await;
    assert_eq!(spa.text("token_endpoint_auth_method"), "none");
    let described = world.manage("PATCH", MANAGEMENT, Some(&json!({ "description": "x" }))).await;
    assert_eq!(described.text("description"), "x");
    assert_eq!(world.client_credentials("").await.status, 200, "it keeps its secret");
}
