//! `PUT /api/v2/users/{id}/authentication-methods`: an operator says what all of them are (contract §6).

use std::sync::Arc;

use insta::assert_snapshot;
use postern::rules::totp::TotpSecret;
use serde_json::{Value, json};

use crate::support::{Body, NUMBER, SECRET, World, at_once, count_of, path_of, without_devices};

const USER: &str = "user@example.com";

fn phone() -> Value {
    json!({ "type": "phone", "phone_number": NUMBER, "name": "MyPhone" })
}

/// One of many phones.
fn phone_of(number: usize) -> Value {
    json!({ "type": "phone", "phone_number": format!("+49151123457{number:02}") })
}

/// §6: one list in the place of another, unconfirmed ones included; what was sent is answered whole. What was issued ends
/// (SEC-42), and so does the recovery code.
#[tokio::test]
async fn all_methods_are_replaced() {
    let world = World::with_phones(true).await;
    let (_, recovery_code) = world.enrol_email(USER).await;
    let id = world.id_of_type(USER, "email").await;
    let access = world.mfa_access_token(USER, &id).await;
    assert_eq!(world.associate_otp(&access).await.status, 200);
    let login = world.log_in(USER).await.mfa_token;
    world.notices(USER).await;
    world.twin.aws.inbox.clear();
    let path = path_of(USER, "/authentication-methods");
    let email = json!({ "type": "email", "email": "ada@example.com", "name": "Test" });
    let app = json!({ "type": "totp", "totp_secret": SECRET });
    world.forget_calls();
    let put = world.manage("PUT", &path, Some(&json!([email, phone(), app]))).await;
    assert_eq!(world.round_trips(), 2);
    assert_snapshot!(without_devices(&put), @r#"200 [{"id":"email|dev_1","type":"email","name":"Test","email":"ada@example.com","created_at":"2030-03-17T17:49:00.000Z"},{"id":"phone|dev_2","type":"phone","name":"MyPhone","phone_number":"+4915112345678","created_at":"2030-03-17T17:49:00.000Z","preferred_authentication_method":"sms","authentication_methods":[{"id":"sms|dev_2","type":"sms"},{"id":"voice|dev_2","type":"voice"}]},{"id":"totp|dev_3","type":"totp","created_at":"2030-03-17T17:49:00.000Z"}]"#);
    assert_eq!(world.authenticators(USER).await, (4, 0));
    let told = world.notices(USER).await;
    let mut told: Vec<_> = told.iter().map(|notice| notice.subject.as_deref().unwrap()).collect();
    told.sort_unstable();
    let (added, removed) = (
        "A verification method was added to your Postern Demo account",
        "A verification method was removed from your Postern Demo account",
    );
    assert_eq!(told, [added, added, added, removed]);
    assert_eq!(world.recovery(&login, &recovery_code).await.outcome(), "403 Malformed mfa_token");
    assert_eq!(world.list(&access).await.status, 401);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 404, "the one before is no more");
    let code = world.app_code(&TotpSecret::from_base32(SECRET).unwrap(), 0);
    assert_eq!(world.otp(&login, &code).await.status, 200);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &recovery_code).await.status, 403, "nor is the recovery code");
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
    let none = world.manage("PUT", &path, Some(&json!([]))).await;
    assert_eq!((none.snapshot().as_str(), world.authenticators(USER).await), ("200 []", (0, 0)));
}

/// SEC-31: of a recovery code that goes alone the user is told as well.
#[tokio::test]
async fn a_recovery_code_alone_is_replaced() {
    let world = World::new().await;
    let verified = "verified@example.com";
    let made = world.manage("POST", &path_of(verified, "/recovery-code-regeneration"), None).await;
    assert_eq!(made.status, 200, "{}", made.body);
    world.notices(verified).await;
    world.twin.aws.inbox.clear();
    let path = path_of(verified, "/authentication-methods");
    let list = json!([{ "type": "totp", "totp_secret": SECRET }]);
    assert_eq!(world.manage("PUT", &path, Some(&list)).await.status, 200);
    assert!(world.user_item(verified, "RECOVERY").await.is_none());
    assert_eq!(world.notices(verified).await.len(), 2, "of what went, and of what came");
}

/// The most that may go and come at once fit into one transaction.
#[tokio::test]
async fn the_most_methods_are_replaced() {
    let world = World::with_phones(true).await;
    let logins = [world.log_in(USER).await.mfa_token, world.log_in(USER).await.mfa_token];
    for (login, numbers) in logins.iter().zip([0..3, 3..5]) {
        for number in numbers {
            let reply = world.associate_phone(login, "sms", &format!("+491511234560{number}")).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }
    for number in 0..20 {
        assert_eq!(world.give_method(USER, &phone_of(number)).await.status, 201);
    }
    let more = world.give_method(USER, &phone_of(20)).await;
    assert_eq!(more.status, 403, "both channels of what was begun count");
    assert_eq!(world.authenticators(USER).await, (40, 10));
    let path = path_of(USER, "/authentication-methods");
    let list: Vec<_> = (0..10).map(phone_of).collect();
    let put = world.manage("PUT", &path, Some(&json!(list))).await;
    assert_eq!((put.status, world.authenticators(USER).await), (200, (20, 0)), "{}", put.body);
}

/// Of lists put at once one stands, whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lists_put_at_once_are_not_mixed() {
    let world = Arc::new(World::new().await);
    let (token, path) = (world.management_token().await, path_of(USER, "/authentication-methods"));
    // Each method is named by its list.
    let list = |number: usize| -> Value {
        let name = number.to_string();
        let email =
            |each| json!({ "type": "email", "email": format!("ada{each}@example.com"), "name": name });
        (0..=number).map(email).collect()
    };
    let replies = at_once(8, |number| {
        let (world, token, path) = (Arc::clone(&world), token.clone(), path.clone());
        let body = Body::json(&list(number));
        async move { world.bearer("PUT", &path, &token, body).await }
    })
    .await;
    let stood = count_of(&replies, 200);
    // Whoever kept colliding is asked to come again; all may.
    assert_eq!(stood + count_of(&replies, 429), 8);
    let methods = world.methods(USER).await.json();
    let methods = methods.as_array().unwrap();
    assert_eq!(world.authenticators(USER).await, (methods.len(), 0));
    assert_eq!(methods.is_empty(), stood == 0);
    for method in methods {
        let of_list: usize = method["name"].as_str().unwrap().parse().unwrap();
        assert_eq!(of_list + 1, methods.len(), "{methods:?}");
    }
    assert_eq!(world.manage("PUT", &path, Some(&list(4))).await.status, 200);
    assert_eq!(world.authenticators(USER).await, (5, 0));
}

/// §6: an address or a number is one method: a request that is repeated, because its answer was lost, gives no second.
#[tokio::test]
async fn what_the_user_has_is_not_given_again() {
    let world = World::with_phones(true).await;
    world.enrol_phone(USER, "sms", NUMBER).await;
    let email = json!({ "type": "email", "email": "ada@example.com" });
    assert_eq!(world.give_method(USER, &email).await.status, 201);
    world.notices(USER).await;
    world.twin.aws.inbox.clear();
    let before = world.stored().await;
    let again = world.give_method(USER, &email).await;
    assert_snapshot!(again.snapshot(), @r#"409 {"statusCode":409,"error":"Conflict","message":"Authentication method already exists."}"#);
    assert_eq!(world.give_method(USER, &phone()).await.status, 409);
    let path = path_of(USER, "/authentication-methods");
    for twice in [json!([email, email]), json!([phone(), email, phone()])] {
        assert_eq!(world.manage("PUT", &path, Some(&twice)).await.status, 409, "{twice}");
    }
    assert!(world.stored().await == before, "nothing is given, and nothing taken away");
    assert_eq!(world.notices(USER).await.len(), 0);
    assert_eq!(world.manage("PUT", &path, Some(&json!([phone(), email]))).await.status, 200, "but replaced");
}
