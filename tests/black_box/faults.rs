//! AWS misbehaves: every call of every request fails in every way (SEC-9, SEC-21, SEC-36, SEC-43, contract A3 "AWS
//! fails or hangs"). No token, no half state, no second mail for one success; a retry completes.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{ApplicationStep, FactorStep, Reply, Step, World};

const USER: &str = "user@example.com";
/// So many calls that no retry gets through.
const LASTING: u32 = 1_000;

/// The services that send.
const SENDERS: [&str; 2] = ["ses", "sms"];

/// How many messages were sent, by whatever service.
fn sent(world: &World) -> usize {
    world.twin.aws.inbox.messages(None).len()
}

/// A call of a step: service, operation, how many of the same came before.
type Position = (String, String, u32);

/// Every call a step makes.
async fn calls_of(step: Step) -> Vec<Position> {
    let world = World::new().await;
    let ready = step.prepare(&world).await;
    world.forget_calls();
    assert!(step.is_done(&step.send(&world, &ready).await), "{step:?}");
    let mut before: BTreeMap<String, u32> = BTreeMap::new();
    let positions = world.operations().into_iter().map(|name| {
        let skip = before.entry(name.clone()).and_modify(|count| *count += 1).or_default();
        let (service, operation) = name.split_once(' ').unwrap();
        (service.to_owned(), operation.to_owned(), *skip)
    });
    let positions: Vec<_> = positions.collect();
    assert!(!positions.is_empty(), "{step:?} calls nothing");
    positions
}

/// SEC-36: a refusal that says when to come back, and gives nothing away.
fn assert_refused(reply: &Reply, what: &str) {
    assert!([429, 503].contains(&reply.status), "{what}: {} {}", reply.status, reply.body);
    assert!(reply.header("retry-after").is_some_and(|value| value.parse::<u64>().unwrap() >= 1), "{what}");
    assert_eq!(reply.header("content-type").map(|kind| kind.starts_with("application/json")), Some(true));
    assert!(!reply.has_tokens(), "{what}");
    for secret in ["mfa_token\"", "oob_code\"", "recovery", "secret", "dynamodb", "DynamoDB", "SES", "KMS"] {
        assert!(!reply.body.contains(secret), "{what}: {}", reply.body);
    }
    assert!(reply.json()["error"].is_string());
}

/// Budgets, and the tries of a code that takes a password's place: while nothing can be written nothing is given back.
async fn forget_limits(world: &World) {
    let store = &world.twin.app.store;
    for ((pk, sk), mut code) in world.stored().await {
        if pk.starts_with("PASSWORDLESS#") && sk.starts_with("CODE#") {
            code.insert("tries".to_owned(), AttributeValue::N("0".to_owned()));
            world.overwrite(code).await;
        }
    }
    for (pk, sk) in world.stored().await.into_keys().filter(|(_, sk)| sk.starts_with("LIMIT#")) {
        let delete = store.dynamodb().delete_item().table_name(store.table());
        let delete = delete.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
        delete.send().await.unwrap();
    }
}

/// One call position after another fails for good, by the service's throttling and by its 500; what was there before
/// is there after; then the very same request completes.
async fn survives_lasting_failures(step: Step, positions: &[Position]) {
    let world = World::new().await;
    let ready = step.prepare(&world).await;
    let mails = sent(&world);
    let before = world.stored_without_limits().await;
    for (service, operation, skip) in positions {
        for mode in ["throttle", "error"] {
            let what = format!("{step:?}: {mode} of {service} {operation} after {skip}");
            forget_limits(&world).await;
            world.fault(service, operation, mode, *skip, LASTING);
            let reply = step.send(&world, &ready).await;
            world.twin.aws.faults.clear();
            assert_refused(&reply, &what);
            assert!(world.stored_without_limits().await == before, "{what}: something was written");
            assert_eq!(sent(&world), mails, "{what}: mailed");
            if let Some(tat) = world.tat(USER, "CODES").await {
                assert!(tat <= world.clock.now().0 + 360, "{what}: more than one attempt was spent");
            }
        }
    }
    let reply = step.send(&world, &ready).await;
    assert!(step.is_done(&reply), "{step:?}: a retry completes: {}", reply.body);
    let sends = positions.iter().filter(|(service, ..)| SENDERS.contains(&&**service)).count();
    assert_eq!(sent(&world), mails + sends, "{step:?}: one mail for one success");
    world.authenticators(USER).await;
}

/// One call fails once. The SDK's second attempt may save the request; otherwise a retry completes it.
async fn survives_blips(step: Step, positions: &[Position]) {
    let mut rest: Vec<_> = positions.iter().flat_map(|at| [(at, "throttle"), (at, "error")]).collect();
    while !rest.is_empty() {
        let world = World::new().await;
        let ready = step.prepare(&world).await;
        let mails = sent(&world);
        let sends = positions.iter().filter(|(service, ..)| SENDERS.contains(&&**service)).count();
        let before = world.stored_without_limits().await;
        while let Some(((service, operation, skip), mode)) = rest.pop() {
            let what = format!("{step:?}: one {mode} of {service} {operation} after {skip}");
            forget_limits(&world).await;
            world.fault(service, operation, mode, *skip, 1);
            let reply = step.send(&world, &ready).await;
            world.twin.aws.faults.clear();
            world.authenticators(USER).await;
            if step.is_done(&reply) {
                assert_eq!(sent(&world), mails + sends, "{what}");
                break;
            }
            assert_refused(&reply, &what);
            assert_eq!(sent(&world), mails, "{what}");
            assert!(world.stored_without_limits().await == before, "{what}: something was written");
        }
    }
}

/// One call position after another never answers, each in a world of its own: a send may have gone, and stays counted.
async fn survives_silence(step: Step) {
    for (service, operation, skip) in calls_of(step).await {
        let what = format!("{step:?}: silence of {service} {operation} after {skip}");
        let world = World::new().await;
        let ready = step.prepare(&world).await;
        let before = world.stored_without_limits().await;
        let mails = sent(&world);
        world.fault(&service, &operation, "timeout", skip, LASTING);
        let reply = step.send(&world, &ready).await;
        assert_refused(&reply, &what);
        world.twin.aws.faults.clear();
        assert_eq!(sent(&world), mails, "{what}");
        if !SENDERS.contains(&&*service) {
            assert!(world.stored_without_limits().await == before, "{what}: something was written");
        }
        let reply = step.send(&world, &ready).await;
        assert!(step.is_done(&reply), "{what}: a retry completes: {}", reply.body);
        world.authenticators(USER).await;
    }
}

macro_rules! steps {
    ($($name:ident: $step:ident $(($kind:ident::$of:ident))?,)*) => {
        $(mod $name {
            #[allow(unused_imports, reason = "only steps of factors and of applications name them")]
            use super::{ApplicationStep, FactorStep};
            use super::{Step, calls_of, survives_blips, survives_lasting_failures, survives_silence};

            /// SEC-36, SEC-38.
            #[tokio::test]
            async fn failures() {
                let positions = calls_of(Step::$step $(($kind::$of))?).await;
                survives_lasting_failures(Step::$step $(($kind::$of))?, &positions).await;
                survives_blips(Step::$step $(($kind::$of))?, &positions).await;
            }

            /// SEC-36: what hangs is answered in time.
            #[tokio::test]
            async fn silence() {
                survives_silence(Step::$step $(($kind::$of))?).await;
            }
        })*

        /// All of them.
        pub(crate) const STEPS: &[Step] = &[$(Step::$step $(($kind::$of))?,)*];
    };
}

steps! {
    password: Password,
    list: List,
    associate_email: AssociateEmail,
    enrol_email: EnrolEmail,
    associate_phone: AssociatePhone,
    enrol_phone: EnrolPhone,
    associate_app: AssociateApp,
    enrol_app: EnrolApp,
    challenge: Challenge,
    challenge_phone: ChallengePhone,
    verify_email: VerifyEmail,
    verify_app: VerifyApp,
    recover: Recover,
    delete: Delete,
    client_credentials: ClientCredentials,
    userinfo: Userinfo,
    set_factor: SetFactor,
    password_offline: PasswordOffline,
    enrol_offline: EnrolOffline,
    refresh: Refresh,
    revoke: Revoke,
    start_mail: StartMail,
    start_text: StartText,
    start_link: StartLink,
    start_text_by_twilio: StartTextByTwilio,
    passwordless: Passwordless,
    passwordless_offline: PasswordlessOffline,
    text_by_twilio: TextByTwilio,
    call_by_twilio: CallByTwilio,
    regenerate_recovery_code: RegenerateRecoveryCode,
    get_policies: GetPolicies,
    put_policies: PutPolicies,
    get_settings: GetSettings,
    patch_settings: PatchSettings,
    get_provider: GetProvider,
    put_provider: PutProvider,
    get_twilio: GetTwilio,
    put_twilio: PutTwilio,
    post_template: PostTemplate,
    get_template: GetTemplate,
    put_template: PutTemplate,
    patch_template: PatchTemplate,
    post_user: PostUser,
    post_chosen_user: PostChosenUser,
    get_user: GetUser,
    get_user_by_email: GetUserByEmail,
    list_users: ListUsers,
    patch_user: PatchUser,
    move_user: MoveUser,
    block_user: BlockUser,
    set_password: SetPassword,
    reset_user: ResetUser,
    delete_user: DeleteUser,
    verification_job: VerificationJob,
    forget: Forget,
    sign_up: SignUp,
    list_methods: Factors(FactorStep::List),
    read_method: Factors(FactorStep::Read),
    give_method: Factors(FactorStep::Give),
    give_app: Factors(FactorStep::GiveApp),
    label_method: Factors(FactorStep::Label),
    remove_method: Factors(FactorStep::Remove),
    remove_all_methods: Factors(FactorStep::RemoveAll),
    replace_methods: Factors(FactorStep::Replace),
    list_enrollments: Factors(FactorStep::Enrollments),
    read_device: Factors(FactorStep::ReadDevice),
    remove_device: Factors(FactorStep::RemoveDevice),
    new_recovery_code: Factors(FactorStep::NewRecoveryCode),
    remove_apps: Factors(FactorStep::RemoveApps),
    forget_browsers: Factors(FactorStep::ForgetBrowsers),
    list_blocks: Factors(FactorStep::Blocks),
    end_blocks: Factors(FactorStep::EndBlocks),
    list_clients: Applications(ApplicationStep::ListClients),
    post_client: Applications(ApplicationStep::PostClient),
    get_client: Applications(ApplicationStep::GetClient),
    patch_client: Applications(ApplicationStep::PatchClient),
    patch_metadata: Applications(ApplicationStep::PatchMetadata),
    rotate_secret: Applications(ApplicationStep::RotateSecret),
    delete_client: Applications(ApplicationStep::DeleteClient),
    list_grants: Applications(ApplicationStep::ListGrants),
    post_grant: Applications(ApplicationStep::PostGrant),
    get_grant: Applications(ApplicationStep::GetGrant),
    patch_grant: Applications(ApplicationStep::PatchGrant),
    delete_grant: Applications(ApplicationStep::DeleteGrant),
    list_apis: Applications(ApplicationStep::ListApis),
    post_api: Applications(ApplicationStep::PostApi),
    get_api: Applications(ApplicationStep::GetApi),
    patch_api: Applications(ApplicationStep::PatchApi),
    delete_api: Applications(ApplicationStep::DeleteApi),
}
