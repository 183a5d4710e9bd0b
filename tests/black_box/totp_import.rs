//! Secrets of apps that were confirmed elsewhere: users move to Postern without enrolling anew.

use postern::id::{AuthenticatorId, AuthenticatorPrefix, UserId};
use postern::rules::totp::{Algorithm, TotpSecret, hotp, step};
use postern::store::mfa::{Gift, Given};
use postern::store::users::{Authenticator, Labels, Source, State};
use postern::token::totp_secret;

use crate::support::World;

const USER: &str = "user@example.com";

fn user() -> UserId {
    UserId::new(crate::support::user_pk(USER).trim_start_matches("USER#"))
}

async fn import(world: &World, secret: &TotpSecret, algorithm: Algorithm, to: &UserId) -> Given {
    let (app, now) = (&world.twin.app, world.clock.now());
    let id = AuthenticatorId::generate(AuthenticatorPrefix::Totp, &app.random).unwrap();
    let ring = app.keys.ring(now).await.unwrap();
    let secret = totp_secret::seal(&ring, to, &id, secret, &app.random, now).unwrap();
    let authenticator = Authenticator {
        id,
        created_at: now,
        source: Source::Otp { secret, algorithm, last_step: None },
        state: State::Active { last_used_at: now },
        labels: Labels::default(),
    };
    let gift = Gift { user: to.clone(), authenticators: vec![authenticator], notice: None };
    let settings = app.settings().await.unwrap();
    app.store.give(&gift, &settings, now).await.unwrap()
}

/// Gives the demo user an app.
pub(crate) async fn import_one(world: &World) {
    let secret = TotpSecret::from_bytes(vec![9; 20]);
    assert_eq!(import(world, &secret, Algorithm::Sha1, &user()).await, Given::Done);
}

/// RFC 6238: apps of all three hash functions, side by side; each code is good for its own.
#[tokio::test]
async fn imported_apps_of_every_hash_function_sign_in() {
    let world = World::new().await;
    let apps: Vec<_> = [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)]
        .into_iter()
        .map(|(algorithm, length)| (algorithm, TotpSecret::from_bytes(vec![length; usize::from(length)])))
        .collect();
    for (algorithm, secret) in &apps {
        assert_eq!(import(&world, secret, *algorithm, &user()).await, Given::Done);
    }
    assert_eq!(world.authenticators(USER).await, (3, 0), "they count: a password alone enrols nothing more");
    for (algorithm, secret) in &apps {
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.associate_email(&login, None).await.outcome(), "403 User is already enrolled.");
        let code = hotp(secret, *algorithm, step(world.clock.now().0), 6);
        assert_eq!(world.otp(&login, &code).await.status, 200, "{algorithm:?}");
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.otp(&login, &code).await.outcome(), "403 Invalid otp_code.", "SEC-14: once");
    }
}

/// Nobody gets more than anybody may have, and nothing is left of an import that failed.
#[tokio::test]
async fn imports_that_are_not_possible() {
    let world = World::new().await;
    let secret = TotpSecret::from_bytes(vec![7; 20]);
    let nobody = UserId::new("auth0|nobody");
    assert_eq!(import(&world, &secret, Algorithm::Sha1, &nobody).await, Given::NoSuchUser);
    assert!(!world.stored().await.keys().any(|(pk, _)| pk.contains("nobody")));
    for _ in 0..50 {
        assert_eq!(import(&world, &secret, Algorithm::Sha1, &user()).await, Given::Done);
    }
    assert_eq!(import(&world, &secret, Algorithm::Sha1, &user()).await, Given::TooMany);
    assert_eq!(world.authenticators(USER).await, (50, 0));
}
