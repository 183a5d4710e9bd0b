//! Requests at the same moment: whatever the interleaving, each right is used once (SEC-8, SEC-10, SEC-14, SEC-24,
//! invariants I1 and I2). Losers get the 4xx of the state they find, never a 5xx (contract A3).

use std::sync::Arc;

use postern::rules::totp::TotpSecret;

use crate::support::{MFA_SCOPES, Reply, World, at_once, count_of, user_pk};

const USER: &str = "user@example.com";
const ROUNDS: usize = 3;

async fn arena() -> Arc<World> {
    Arc::new(World::new().await)
}

/// Nobody lost to a failure of ours.
fn assert_losers_are_refused(replies: &[Reply]) {
    for reply in replies.iter().filter(|reply| !(200..300).contains(&reply.status)) {
        assert!((400..500).contains(&reply.status), "{} {}", reply.status, reply.body);
        assert!(!reply.has_tokens());
        assert!(reply.status != 429 || reply.header("retry-after").is_some(), "{}", reply.body);
    }
}

async fn oob_at_once(
    world: &Arc<World>,
    count: usize,
    login: [&str; 2],
    code: impl Fn(usize) -> String,
) -> Vec<Reply> {
    let [mfa_token, oob_code] = login.map(ToOwned::to_owned);
    at_once(count, |number| {
        let (world, mfa_token, oob_code, code) =
            (Arc::clone(world), mfa_token.clone(), oob_code.clone(), code(number));
        async move { world.oob(&mfa_token, &oob_code, &code).await }
    })
    .await
}

/// SEC-8: the right code 64 times at once gives exactly one token, when it enrols and when it signs in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_64_times_at_once_gives_one_token() {
    let world = arena().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_email(&login.mfa_token, None).await;
    let code = world.code(USER);
    let oob_code = associated.text("oob_code");
    let replies = oob_at_once(&world, 64, [&login.mfa_token, &oob_code], |_| code.clone()).await;
    assert_losers_are_refused(&replies);
    assert_eq!(count_of(&replies, 200), 1, "enrolment");
    assert_eq!(world.authenticators(USER).await, (1, 0));
    // What the losers were charged comes back with time.
    world.clock.advance(3_600);
    let id = world.id_of_type(USER, "email").await;
    for _ in 0..ROUNDS {
        let login = world.log_in(USER).await;
        let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
        let (oob_code, code) = (challenge.text("oob_code"), world.code(USER));
        let replies = oob_at_once(&world, 64, [&login.mfa_token, &oob_code], |_| code.clone()).await;
        assert_losers_are_refused(&replies);
        assert_eq!(count_of(&replies, 200), 1, "sign-in");
        world.clock.advance(3_600);
    }
}

/// SEC-10, I2: of 64 guesses at once exactly the budget of ten is compared; then even the right code is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_guesses_at_once_ten_are_compared() {
    let world = arena().await;
    let (id, _) = world.enrol_email(USER).await;
    for round in 0..ROUNDS {
        let login = world.log_in(USER).await;
        let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
        let (oob_code, code) = (challenge.text("oob_code"), world.code(USER));
        let guess =
            |number: usize| format!("{:06}", (code.parse::<usize>().unwrap() + 1 + number) % 1_000_000);
        let replies = oob_at_once(&world, 64, [&login.mfa_token, &oob_code], guess).await;
        assert_losers_are_refused(&replies);
        let compared = replies.iter().filter(|reply| reply.outcome() == "403 Invalid binding_code.").count();
        assert!(compared <= 10, "{compared} compared in round {round}");
        assert_eq!(count_of(&replies, 200), 0);
        assert_eq!(world.failures(USER, &id).await, Some((compared + 10 * round) as u64), "each is counted");
        assert_eq!(compared, 10, "and none of the budget is lost");
        assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.status, 429, "SEC-23");
        // The debt has decayed: the form of the charge that begins afresh is raced as well.
        world.clock.advance(3_601);
    }
}

/// I2: the right code among many guesses gives at most one token, and no more than the budget is compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_among_guesses() {
    let world = arena().await;
    let (id, _) = world.enrol_email(USER).await;
    for _ in 0..ROUNDS {
        let login = world.log_in(USER).await;
        let challenge = world.challenge(&login.mfa_token, "oob", &id).await;
        let (oob_code, code) = (challenge.text("oob_code"), world.code(USER));
        let mixed = |number: usize| if number.is_multiple_of(4) { code.clone() } else { World::wrong(&code) };
        let replies = oob_at_once(&world, 32, [&login.mfa_token, &oob_code], mixed).await;
        assert_losers_are_refused(&replies);
        assert!(count_of(&replies, 200) <= 1);
        let compared = replies.iter().filter(|reply| reply.outcome() == "403 Invalid binding_code.").count();
        assert!(compared <= 11, "ten, and the one that the success gave back: {compared}");
        world.clock.advance(3_601);
    }
}

/// SEC-5, SEC-8: one recovery code 64 times at once, by one login and by many, gives one token and one new code.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_recovery_code_64_times_at_once_works_once() {
    let world = arena().await;
    let (_, mut code) = world.enrol_email(USER).await;
    for logins in [1, 8] {
        let mut tokens = Vec::new();
        for _ in 0..logins {
            tokens.push(world.log_in(USER).await.mfa_token);
        }
        let replies = at_once(64, |number| {
            let (world, token, code) = (Arc::clone(&world), tokens[number % logins].clone(), code.clone());
            async move { world.recovery(&token, &code).await }
        })
        .await;
        assert_losers_are_refused(&replies);
        assert_eq!(count_of(&replies, 200), 1, "{logins} logins");
        code = replies.iter().find(|reply| reply.status == 200).unwrap().text("recovery_code");
        world.clock.advance(3_601);
    }
    let login = world.log_in(USER).await;
    assert_eq!(
        world.recovery(&login.mfa_token, &code).await.status,
        200,
        "the winner's new code is the user's"
    );
}

/// SEC-25, I1: the right codes of three factors at once for one `mfa_token` give one token, and the factors that lost
/// are as good as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_login_with_three_factors_at_once_gives_one_token() {
    let world = arena().await;
    let (id, mut recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let secret = TotpSecret::from_base32(&world.associate_otp(&token).await.text("secret")).unwrap();
    assert_eq!(world.otp(&token, &world.app_code(&secret, 0)).await.status, 200);
    for _ in 0..2 * ROUNDS {
        world.clock.advance(30);
        let login = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
        let (code, app_code) = (world.code(USER), world.app_code(&secret, 0));
        let replies = at_once(3, |number| {
            let (world, login) = (Arc::clone(&world), login.clone());
            let (oob_code, code, app_code) = (oob_code.clone(), code.clone(), app_code.clone());
            let recovery_code = recovery_code.clone();
            async move {
                match number {
                    0 => world.oob(&login, &oob_code, &code).await,
                    1 => world.otp(&login, &app_code).await,
                    _ => world.recovery(&login, &recovery_code).await,
                }
            }
        })
        .await;
        assert_losers_are_refused(&replies);
        assert_eq!(count_of(&replies, 200), 1);
        let won = replies.iter().find(|reply| reply.status == 200).unwrap().json();
        if let Some(next) = won["recovery_code"].as_str() {
            next.clone_into(&mut recovery_code);
        }
        world.clock.advance(3_600);
    }
    let login = world.log_in(USER).await;
    assert_eq!(world.recovery(&login.mfa_token, &recovery_code).await.status, 200);
}

/// Design §5: of enrolments confirmed at the same moment exactly one becomes the user's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn enrolments_confirmed_at_once_give_one_authenticator() {
    for _ in 0..ROUNDS {
        let world = arena().await;
        let mut begun = Vec::new();
        for number in 0..5 {
            let token = match number % 2 {
                0 => world.log_in(USER).await.mfa_token,
                _ => world.first_access_token(USER, MFA_SCOPES).await,
            };
            let address = format!("a{number}@example.com");
            let associated = world.associate_email(&token, Some(&address)).await;
            let shown = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
            begun.push((token, associated.text("oob_code"), world.code(&address), shown));
        }
        let replies = at_once(5, |number| {
            let (world, (token, oob_code, code, _)) = (Arc::clone(&world), begun[number].clone());
            async move { world.oob(&token, &oob_code, &code).await }
        })
        .await;
        assert_losers_are_refused(&replies);
        assert_eq!(count_of(&replies, 200), 1);
        let lost = replies.iter().filter(|reply| reply.outcome() == "403 User is already enrolled.").count();
        assert_eq!(lost, 4, "{:?}", replies.iter().map(Reply::outcome).collect::<Vec<_>>());
        assert_eq!(world.authenticators(USER).await, (1, 4));
        let mut good = 0;
        for (.., shown) in &begun {
            let login = world.log_in(USER).await;
            good += usize::from(world.recovery(&login.mfa_token, shown).await.status == 200);
        }
        assert_eq!(good, 1, "only the recovery code of the one that was confirmed");
    }
}

/// SEC-14: one step of an app at once over many logins gives one token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_totp_step_at_once_over_many_logins_works_once() {
    let world = arena().await;
    let secret = world.enrol_otp(USER).await;
    for _ in 0..ROUNDS {
        let mut tokens = Vec::new();
        for _ in 0..8 {
            tokens.push(world.log_in(USER).await.mfa_token);
        }
        let code = world.app_code(&secret, 0);
        let replies = at_once(8, |number| {
            let (world, token, code) = (Arc::clone(&world), tokens[number].clone(), code.clone());
            async move { world.otp(&token, &code).await }
        })
        .await;
        assert_losers_are_refused(&replies);
        assert_eq!(count_of(&replies, 200), 1);
        world.clock.advance(3_630);
    }
}

/// SEC-14, design §5: an app's enrolment confirmed many times at once is one authenticator.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_app_is_enrolled_once() {
    let world = arena().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_otp(&login.mfa_token).await;
    let secret = TotpSecret::from_base32(&associated.text("secret")).unwrap();
    let replies = at_once(16, |_| {
        let (world, token, code) = (Arc::clone(&world), login.mfa_token.clone(), world.app_code(&secret, 0));
        async move { world.otp(&token, &code).await }
    })
    .await;
    assert_losers_are_refused(&replies);
    assert_eq!(count_of(&replies, 200), 1);
    assert_eq!(world.authenticators(USER).await, (1, 0));
}

/// Design §5: however many associations begin at once, by one login or by many, no more than five wait; only those
/// that were begun have mailed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn associations_at_once_never_leave_more_than_five_pending() {
    for (logins, addresses) in [(1, 1), (1, 12), (12, 1)] {
        let world = arena().await;
        let mut tokens = Vec::new();
        for _ in 0..logins {
            tokens.push(world.log_in(USER).await.mfa_token);
        }
        let replies = at_once(12, |number| {
            let (world, token) = (Arc::clone(&world), tokens[number % logins].clone());
            let address = format!("a{}@example.com", number % addresses);
            async move { world.associate_email(&token, Some(&address)).await }
        })
        .await;
        assert_losers_are_refused(&replies);
        let (active, pending) = world.authenticators(USER).await;
        assert_eq!(active, 0);
        let most = if logins == 1 && addresses == 1 { 1 } else { 5 };
        assert!((1..=most).contains(&pending), "{pending} pending of {logins} logins, {addresses} addresses");
        let listed =
            world.stored().await[&(user_pk(USER), "PROFILE".to_owned())]["pending"].as_l().unwrap().len();
        assert_eq!(listed, pending, "the profile lists what there is");
        let mails = world.twin.aws.inbox.messages(None).len();
        assert_eq!(mails, count_of(&replies, 200));
    }
}

/// The same for apps: an association that another one replaced at the same moment is not confirmed any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn apps_associated_at_once_by_one_login_leave_one() {
    let world = arena().await;
    let login = world.log_in(USER).await;
    let replies = at_once(8, |_| {
        let (world, token) = (Arc::clone(&world), login.mfa_token.clone());
        async move { world.associate_otp(&token).await }
    })
    .await;
    assert_losers_are_refused(&replies);
    assert_eq!(world.authenticators(USER).await, (0, 1));
}

/// SEC-22: challenges at once never send more than the budget, and each that was not refused has mailed once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn challenges_at_once_never_exceed_the_send_budget() {
    let world = arena().await;
    let (id, _) = world.enrol_email(USER).await;
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(world.log_in(USER).await.mfa_token);
    }
    let replies = at_once(48, |number| {
        let (world, token, id) = (Arc::clone(&world), tokens[number % 8].clone(), id.clone());
        async move { world.challenge(&token, "oob", &id).await }
    })
    .await;
    assert_losers_are_refused(&replies);
    let sent = world.mails(USER);
    assert!(sent <= 20, "{sent} mails");
    assert_eq!(count_of(&replies, 200) + 1, sent, "the first was the enrolment's");
}

/// Contract A3: passwords tried at once from one source, known address or not: ten are compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_passwords_at_once_ten_are_compared() {
    let world = arena().await;
    for address in [USER, "nobody@example.com"] {
        let replies = at_once(32, |_| {
            let world = Arc::clone(&world);
            async move { world.password(address, "wrong").await }
        })
        .await;
        assert_losers_are_refused(&replies);
        assert_eq!((count_of(&replies, 403), count_of(&replies, 429)), (10, 22), "{address}");
    }
}

/// Design §5: one authenticator removed many times at once is counted once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn removals_at_once_remove_once() {
    let world = arena().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let replies = at_once(16, |_| {
        let (world, token, id) = (Arc::clone(&world), token.clone(), id.clone());
        async move { world.delete(&token, &id).await }
    })
    .await;
    assert_losers_are_refused(&replies);
    assert_eq!(count_of(&replies, 204), 1);
    assert_eq!(world.authenticators(USER).await, (0, 0));
}
