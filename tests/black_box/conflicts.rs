//! What no emulator ever answers: colliding transactions, and failures after which nobody knows what happened. A
//! scripted server stands where DynamoDB is; the client is the product's own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use postern::id::{AuthenticatorId, ClientId, Jti, Nonce, UserId};
use postern::rules::client::ClientKind;
use postern::rules::limit::{Charge, Limits};
use postern::rules::random::Random;
use postern::rules::recovery::RecoveryCode;
use postern::store::clients::Client as OauthClient;
use postern::store::limits::{Counter, LimitKey, Taken};
use postern::store::mfa::{ConfirmStep, Confirmation, Proven};
use postern::store::{NotWritten, Store, StoreError};
use serde_json::{Value, json};

use crate::http_server::{Answer, Received, Server};
use crate::storage::fixtures::{challenge, ring};
use crate::support::{START, World};

/// The product's store in front of a server that answers a script, and then its last line again and again.
struct Stage {
    store: Store,
    received: Arc<Mutex<Vec<Received>>>,
    _server: Server,
    _world: World,
}

impl Stage {
    async fn new(script: Vec<Answer>) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let world = World::new().await;
        let held = world.twin.aws.held.clone();
        let server = Server::start(move |request| {
            let mut log = log.lock().unwrap();
            let answer = script.get(log.len()).or(script.last()).unwrap().clone();
            log.push(request);
            let held = held.clone();
            async move {
                if matches!(answer, Answer::Silence) {
                    held.hold().await;
                }
                answer
            }
        })
        .await;
        let store = store_at(&world, &server.url());
        Self { store, received, _server: server, _world: world }
    }

    fn requests(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The client tokens of the transactions.
    fn tokens(&self) -> Vec<Value> {
        self.requests().iter().map(|request| request.json()["ClientRequestToken"].clone()).collect()
    }

    async fn take_attempt(&self) -> Result<Taken, StoreError> {
        self.store.take_attempt(&codes(), START).await
    }
}

/// The product's client with another address.
fn client_at(world: &World, url: &str) -> Client {
    let config = world.twin.app.store.dynamodb().config();
    Client::from_conf(config.to_builder().endpoint_url(url).build())
}

fn store_at(world: &World, url: &str) -> Store {
    Store::new(client_at(world, url), "postern", Random::seeded(1))
}

fn user() -> UserId {
    UserId::new("auth0|1")
}

fn codes() -> LimitKey {
    LimitKey::codes(&user(), Counter::Otp, &Limits::DEFAULT)
}

fn charge() -> Charge {
    let bucket = Limits::DEFAULT.codes;
    Charge {
        bucket,
        at: START,
        tat: START.plus(bucket.refill_seconds),
        failures: 0,
        locks: false,
        told: false,
    }
}

fn error(status: u16, kind: &str) -> Answer {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    Answer::new(status, json!({ "__type": kind, "message": "scripted" }).to_string())
}

fn cancelled(reasons: &[&str]) -> Answer {
    let reasons: Vec<_> = reasons.iter().map(|code| json!({ "Code": code })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "scripted",
        "CancellationReasons": reasons,
    });
    Answer::new(400, body.to_string())
}

fn charged() -> Answer {
    Answer::new(200, json!({ "Attributes": { "tat": { "N": charge().tat.0.to_string() } } }).to_string())
}

fn done() -> Answer {
    Answer::new(200, "{}")
}

/// A recovery code used: four members, in the order Spent, Limit, Profile, Recovery.
fn confirmation() -> Confirmation {
    let hash = |seed| RecoveryCode::generate(&Random::seeded(seed)).unwrap().hash();
    Confirmation {
        user: user(),
        jti: Jti::new("jti"),
        issued_at: START,
        spend_until: Some(START.plus(600)),
        challenge: None,
        proven: Proven::RecoveryCode { old: hash(1), new: hash(2) },
        limit: (codes(), charge()),
        clean: true,
        refresh: None,
        notice: None,
        mailbox: None,
        now: START,
    }
}

fn an_oauth_client() -> OauthClient {
    OauthClient {
        client_id: ClientId::new("c"),
        name: "c".into(),
        kind: ClientKind::Public,
        secret_hash: None,
        grant_types: Vec::new(),
        client_metadata: std::collections::BTreeMap::new(),
        callbacks: Vec::new(),
    }
}

/// design §3: `TransactionConflict` on a plain update is tried five times in all.
#[tokio::test]
async fn an_update_that_collides_is_tried_five_times() {
    let conflict = || error(400, "TransactionConflictException");
    let lucky = Stage::new(vec![conflict(), conflict(), conflict(), conflict(), charged()]).await;
    assert!(matches!(lucky.take_attempt().await, Ok(Taken::Charged(_))));
    assert_eq!(lucky.requests().len(), 5);

    let unlucky = Stage::new(vec![conflict()]).await;
    assert!(matches!(unlucky.take_attempt().await, Err(StoreError::Busy)));
    assert_eq!(unlucky.requests().len(), 5);
}

/// design §3: the same for puts and deletes.
#[tokio::test]
async fn puts_and_deletes_that_collide_are_tried_again_too() {
    let conflict = || error(400, "TransactionConflictException");
    let put = Stage::new(vec![conflict(), done()]).await;
    assert_eq!(put.store.put_client(&an_oauth_client()).await, Ok(()));
    assert_eq!(put.requests().len(), 2);

    let delete = Stage::new(vec![conflict(), done()]).await;
    let id = AuthenticatorId::new("email|dev_1");
    let challenge = challenge(&ring(), &user(), &id, &Jti::new("jti"), &Nonce::new("n"));
    assert_eq!(delete.store.void_challenge(&Jti::new("jti"), &id, &challenge).await, Ok(()));
    assert_eq!(delete.requests().len(), 2);
}

/// design §3: a transaction cancelled by a conflict, or found in progress, is tried five times in all.
#[tokio::test]
async fn a_transaction_that_collides_is_tried_five_times() {
    let conflict = || cancelled(&["None", "TransactionConflict", "None", "None"]);
    let progress = error(400, "TransactionInProgressException");
    let lucky = Stage::new(vec![conflict(), progress, conflict(), conflict(), done()]).await;
    assert!(lucky.store.confirm(&confirmation()).await.is_ok());
    let tokens = lucky.tokens();
    assert_eq!(tokens.len(), 5);
    // The one found in progress is our own: it is asked for again by its token. The others are over.
    let repeats: Vec<_> = tokens.windows(2).map(|pair| pair[0] == pair[1]).collect();
    assert_eq!(repeats, [false, true, false, false]);

    let unlucky = Stage::new(vec![conflict()]).await;
    let refused = unlucky.store.confirm(&confirmation()).await;
    assert!(matches!(refused, Err(NotWritten::Failed(StoreError::Busy))), "{refused:?}");
    assert_eq!(unlucky.requests().len(), 5);
}

/// design §3: a failed condition is the domain's answer, whatever else collided: nothing is tried again.
#[tokio::test]
async fn a_failed_condition_beside_a_conflict_is_the_answer() {
    let stage =
        Stage::new(vec![cancelled(&["TransactionConflict", "None", "None", "ConditionalCheckFailed"])]).await;
    let Err(NotWritten::Refused(steps)) = stage.store.confirm(&confirmation()).await else {
        panic!("refused")
    };
    assert_eq!(steps.iter().map(|refused| refused.step).collect::<Vec<_>>(), [ConfirmStep::Recovery]);
    assert_eq!(stage.requests().len(), 1);
}

/// design §3: a transaction cancelled for lack of throughput is a failure of the service, not of the domain.
#[tokio::test]
async fn a_transaction_cancelled_for_another_reason_is_a_failure() {
    let stage = Stage::new(vec![cancelled(&["None", "ThrottlingError", "None", "None"])]).await;
    let failed = stage.store.confirm(&confirmation()).await;
    assert!(matches!(failed, Err(NotWritten::Failed(StoreError::Unavailable))), "{failed:?}");
}

/// SEC-43: after a 500, or no answer at all, a charge may have been made: it is never repeated.
#[tokio::test]
async fn a_charge_that_may_have_been_made_is_not_repeated() {
    for unclear in [error(500, "InternalServerError"), Answer::new(503, ""), Answer::Silence] {
        let taking = Stage::new(vec![unclear.clone(), charged()]).await;
        let taken = taking.take_attempt().await;
        assert!(matches!(taken, Err(StoreError::Unavailable)), "{unclear:?}: {taken:?}");
        assert_eq!(taking.requests().len(), 1, "{unclear:?}");

        let giving = Stage::new(vec![unclear.clone(), charged()]).await;
        assert_eq!(
            giving.store.give_back(&codes(), &charge()).await,
            Err(StoreError::Unavailable),
            "{unclear:?}"
        );
        assert_eq!(giving.requests().len(), 1, "{unclear:?}");

        let undoing = Stage::new(vec![unclear.clone(), charged()]).await;
        assert_eq!(
            undoing.store.undo_attempt(&codes(), &charge()).await,
            Err(StoreError::Unavailable),
            "{unclear:?}"
        );
        assert_eq!(undoing.requests().len(), 1, "{unclear:?}");
    }
}

/// SEC-43: what was throttled was not done, so it is repeated, once.
#[tokio::test]
async fn a_charge_that_was_throttled_is_repeated() {
    for kind in ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"] {
        let brief = Stage::new(vec![error(400, kind), charged()]).await;
        assert!(matches!(brief.take_attempt().await, Ok(Taken::Charged(_))), "{kind}");
        assert_eq!(brief.requests().len(), 2, "{kind}");

        let lasting = Stage::new(vec![error(400, kind)]).await;
        assert!(matches!(lasting.take_attempt().await, Err(StoreError::Unavailable)), "{kind}");
        assert_eq!(lasting.requests().len(), 2, "{kind}");
    }
}

/// SEC-43: a connection that was refused carried nothing, so the charge is repeated, once.
#[tokio::test]
async fn a_charge_whose_connection_was_refused_is_repeated() {
    #[derive(Clone, Debug, Default)]
    struct Attempts(Arc<AtomicUsize>);
    impl Intercept for Attempts {
        fn name(&self) -> &'static str {
            "attempts"
        }
        fn read_before_attempt(
            &self,
            _: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
    let world = World::new().await;
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let attempts = Attempts::default();
    let config = client_at(&world, &nobody).config().to_builder().interceptor(attempts.clone()).build();
    let store = Store::new(Client::from_conf(config), "postern", Random::seeded(1));
    assert!(matches!(store.take_attempt(&codes(), START).await, Err(StoreError::Unavailable)));
    assert_eq!(attempts.0.load(Ordering::SeqCst), 2);
}

/// design §3: reads, and writes that say what shall be, may be repeated after anything.
#[tokio::test]
async fn what_is_safe_to_repeat_is_repeated_once() {
    for unclear in [error(500, "InternalServerError"), Answer::Silence] {
        let write = Stage::new(vec![unclear.clone(), done()]).await;
        assert_eq!(write.store.put_client(&an_oauth_client()).await, Ok(()), "{unclear:?}");
        assert_eq!(write.requests().len(), 2, "{unclear:?}");

        let read = Stage::new(vec![unclear.clone(), done()]).await;
        assert!(matches!(read.store.client(&ClientId::new("c")).await, Ok(None)), "{unclear:?}");
        assert_eq!(read.requests().len(), 2, "{unclear:?}");

        let lasting = Stage::new(vec![unclear.clone()]).await;
        assert!(matches!(lasting.store.client(&ClientId::new("c")).await, Err(StoreError::Unavailable)));
        assert_eq!(lasting.requests().len(), 2, "{unclear:?}");
    }
}

/// design §3: a repeated transaction carries the token of its first attempt, so that it is applied once at most.
#[tokio::test]
async fn a_repeated_transaction_keeps_its_client_token() {
    for unclear in [error(500, "InternalServerError"), Answer::Silence] {
        let stage = Stage::new(vec![unclear.clone(), done()]).await;
        assert!(stage.store.confirm(&confirmation()).await.is_ok(), "{unclear:?}");
        let tokens = stage.tokens();
        assert_eq!(tokens.len(), 2, "{unclear:?}");
        assert!(tokens[0].is_string() && tokens[0] == tokens[1], "{unclear:?}");
    }
}

/// SEC-41: every read that decides asks for strong consistency; emulators would never show the lack of it.
#[tokio::test]
async fn reads_ask_for_strong_consistency() {
    let stage = Stage::new(vec![Answer::new(200, json!({ "Items": [] }).to_string())]).await;
    let _ = stage.store.client(&ClientId::new("c")).await;
    let _ = stage.store.api("https://someapi.com/api").await;
    let _ = stage.store.profile(&user()).await;
    let _ = stage.store.user(&user(), START).await;
    let _ = stage.store.mfa(&Jti::new("jti")).await;
    let _ = stage.store.is_spent(&Jti::new("jti")).await;
    let requests = stage.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request.json()["ConsistentRead"] == json!(true)));
}

/// SEC-43: a send is never repeated by us: after a failure of any kind exactly one attempt was made.
#[tokio::test]
async fn a_send_is_never_repeated() {
    for mode in ["throttle", "error", "timeout"] {
        let world = World::new().await;
        let login = world.log_in("user@example.com").await;
        // One fault only: a second attempt would succeed, and its mail would be there.
        world.fault("ses", "SendEmail", mode, 0, 1);
        let reply = world.associate_email(&login.mfa_token, None).await;
        assert_eq!(reply.status, 503, "{mode}: {}", reply.body);
        assert!(reply.header("retry-after").is_some(), "{mode}");
        assert_eq!(world.mails("user@example.com"), 0, "{mode}");
    }
}
