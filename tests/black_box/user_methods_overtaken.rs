//! A user's factors change after an operator's request has read them and before it writes: what the answer rests on is a
//! condition of the write (design §3, §5).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Body, Reply, SECRET, World, path_of};

const USER: &str = "user@example.com";
const RECOVERY_CODE: &str = "/recovery-code-regeneration";

fn app() -> Value {
    json!({ "type": "totp", "totp_secret": SECRET })
}

/// An operator's request, which reads the user; while it waits for the answer, `change` happens.
async fn overtaken(
    world: &Arc<World>,
    method: &'static str,
    path: String,
    body: Option<Value>,
    change: impl Future<Output = ()>,
) -> Reply {
    let (requesting, token) = (Arc::clone(world), world.management_token().await);
    let request = async move {
        let body = body.as_ref().map_or_else(Body::none, Body::json);
        requesting.bearer(method, &path, &token, body).await
    };
    world.overtaken("Query", 1, request, change).await
}

async fn has_recovery_code(world: &World) -> bool {
    world.user_item(USER, "RECOVERY").await.is_some()
}

/// The recovery code goes with the last method, and with no other: the count that was seen is a condition.
#[tokio::test]
async fn another_method_came() {
    let world = Arc::new(World::new().await);
    world.enrol_email(USER).await;
    let path = world.path_of_method(USER, "email").await;
    let given = async { assert_eq!(world.give_method(USER, &app()).await.status, 201) };
    let reply = overtaken(&world, "DELETE", path, None, given).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (204, (1, 0)));
    assert!(has_recovery_code(&world).await, "the app is left to recover");
}

/// The other way round: it goes when the other method did.
#[tokio::test]
async fn the_other_method_went() {
    let world = Arc::new(World::new().await);
    world.enrol_email(USER).await;
    world.give_method(USER, &app()).await;
    let (path, other) = (world.path_of_method(USER, "email").await, world.path_of_method(USER, "totp").await);
    let gone = async { assert_eq!(world.manage("DELETE", &other, None).await.status, 204) };
    let reply = overtaken(&world, "DELETE", path, None, gone).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (204, (0, 0)));
    assert!(!has_recovery_code(&world).await);
}

/// A recovery code is not left to whom it would recover nothing.
#[tokio::test]
async fn the_last_method_went_before_the_recovery_code_came() {
    let world = Arc::new(World::new().await);
    world.give_method(USER, &app()).await;
    let apps = path_of(USER, "/multifactor/google-authenticator");
    let gone = async { assert_eq!(world.manage("DELETE", &apps, None).await.status, 204) };
    let reply = overtaken(&world, "POST", path_of(USER, RECOVERY_CODE), None, gone).await;
    assert_eq!((reply.status, reply.text("errorCode")), (404, "enrollment_not_found".to_owned()));
    assert!(!has_recovery_code(&world).await);
}

/// The other way round: a code that was made while the last method went is gone with it.
#[tokio::test]
async fn the_recovery_code_came_before_the_last_method_went() {
    let world = Arc::new(World::new().await);
    world.give_method(USER, &app()).await;
    let made = async {
        let made = world.manage("POST", &path_of(USER, RECOVERY_CODE), None).await;
        assert_eq!(made.status, 200, "{}", made.body);
    };
    let path = world.path_of_method(USER, "totp").await;
    let reply = overtaken(&world, "DELETE", path, None, made).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (204, (0, 0)));
    assert!(!has_recovery_code(&world).await);
}

/// SEC-5: of two new codes the later one is good, and the earlier one was.
#[tokio::test]
async fn the_recovery_code_was_replaced() {
    let world = Arc::new(World::new().await);
    world.enrol_email(USER).await;
    let path = path_of(USER, RECOVERY_CODE);
    let other = async { assert_eq!(world.manage("POST", &path, None).await.status, 200) };
    let reply = overtaken(&world, "POST", path.clone(), None, other).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &reply.text("recovery_code")).await.status, 200);
}

/// What is gone gets no name, and nothing of it comes back.
#[tokio::test]
async fn the_method_to_be_named_went() {
    let world = Arc::new(World::with_phones(true).await);
    world.give_method(USER, &json!({ "type": "phone", "phone_number": "+4915112345678" })).await;
    let path = world.path_of_method(USER, "phone").await;
    let gone = async { assert_eq!(world.manage("DELETE", &path, None).await.status, 204) };
    let named = Some(json!({ "name": "Phone" }));
    let reply = overtaken(&world, "PATCH", path.clone(), named, gone).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (404, (0, 0)));
}

/// The bound is a condition as well, not only what was read.
#[tokio::test]
async fn the_last_place_was_taken() {
    let world = Arc::new(World::new().await);
    for _ in 0..49 {
        assert_eq!(world.give_method(USER, &app()).await.status, 201);
    }
    let given = async { assert_eq!(world.give_method(USER, &app()).await.status, 201) };
    let path = path_of(USER, "/authentication-methods");
    let reply = overtaken(&world, "POST", path, Some(app()), given).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (403, (50, 0)), "{}", reply.body);
}

/// The same address given twice at once is one method.
#[tokio::test]
async fn the_same_address_was_given() {
    let world = Arc::new(World::new().await);
    let path = path_of(USER, "/authentication-methods");
    let email = json!({ "type": "email", "email": "ada@example.com" });
    let given = async { assert_eq!(world.give_method(USER, &email).await.status, 201) };
    let reply = overtaken(&world, "POST", path, Some(email.clone()), given).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (409, (1, 0)), "{}", reply.body);
}

/// What came meanwhile is replaced, too.
#[tokio::test]
async fn a_method_came_before_all_were_replaced() {
    let world = Arc::new(World::new().await);
    world.enrol_email(USER).await;
    let given = async { assert_eq!(world.give_method(USER, &app()).await.status, 201) };
    let path = path_of(USER, "/authentication-methods");
    let list = json!([{ "type": "email", "email": "ada@example.com" }]);
    let reply = overtaken(&world, "PUT", path, Some(list), given).await;
    assert_eq!((reply.status, world.authenticators(USER).await), (200, (1, 0)), "{}", reply.body);
    assert_eq!(world.methods(USER).await.json()[0]["email"], "***@exam*******");
}

/// A user who is deleted meanwhile gets nothing.
#[tokio::test]
async fn the_user_went() {
    let world = Arc::new(World::new().await);
    let user = path_of(USER, "");
    let gone = async { assert_eq!(world.manage("DELETE", &user, None).await.status, 204) };
    let path = path_of(USER, "/authentication-methods");
    let reply = overtaken(&world, "POST", path, Some(app()), gone).await;
    assert_eq!((reply.status, reply.text("errorCode")), (404, "inexistent_user".to_owned()));
    let left: Vec<_> =
        world.stored().await.into_keys().filter(|(_, sk)| sk.starts_with("AUTHENTICATOR#")).collect();
    assert_eq!(left, []);
}
