//! The other half of least privilege: what a role allows, something needs (SEC-39).

use std::collections::BTreeSet;

use crate::gateway::Gateway;
use crate::policy::Allowed;
use crate::template::Template;
use crate::{login, management, notices, offline, passwordless, phones, rotate_keys};

/// What a role allows and no flow here can use: function, action, what it is about, and who needs it.
const NOT_BY_A_REQUEST: [(&str, &str, &str, &str); 4] = [
    (
        "notices",
        "dynamodb:DescribeStream",
        "",
        "Lambda follows the table's stream with the role of the function",
    ),
    ("notices", "dynamodb:GetRecords", "", "as before"),
    ("notices", "dynamodb:GetShardIterator", "", "as before"),
    ("notices", "dynamodb:ListStreams", "", "as before"),
];

/// Logs and the dead letters' queue are Lambda's to write to; these are the functions' own calls.
fn is_of_the_program(allowed: &Allowed) -> bool {
    let service = allowed.action.split_once(':').map(|(service, _)| service);
    service.is_some_and(|service| ["dynamodb", "kms", "ses", "sms-voice"].contains(&service))
}

/// Every flow of the tests beside this one.
async fn flows() -> [Gateway; 16] {
    let (email, recovery, app) = tokio::join!(login::by_email(), login::by_recovery_code(), login::by_app());
    let (factors, settings) = tokio::join!(management::factors(), management::policy_and_settings());
    let (templates, provider) = tokio::join!(management::templates(), management::provider());
    let (after_mfa, without_mfa) = tokio::join!(offline::after_mfa(), offline::without_mfa());
    let (mail, link, sms) =
        tokio::join!(passwordless::by_mail(), passwordless::by_link(), passwordless::by_sms());
    let (aws, twilio) = tokio::join!(phones::by_aws(), phones::by_twilio());
    let (block, kinds) = tokio::join!(notices::a_block(), notices::each_kind());
    [
        email,
        recovery,
        app,
        factors,
        settings,
        templates,
        provider,
        after_mfa,
        without_mfa,
        mail,
        link,
        sms,
        aws,
        twilio,
        block,
        kinds,
    ]
}

/// SEC-39: each action of each role, on each partition and each use of a key that it names, is one that the function
/// makes use of; and what is excused from that is really there and really unused.
#[tokio::test]
async fn no_role_allows_what_its_function_never_does() {
    let (flows, retired) = (Box::pin(flows()).await, rotate_keys::retired().await);
    let used: BTreeSet<_> = flows.iter().chain([&retired]).flat_map(Gateway::used).collect();
    let mut idle = BTreeSet::new();
    for function in Template::read().functions().into_values() {
        let allowed = function.rights.iter().flat_map(|statement| statement.allowed());
        let allowed = allowed.filter(is_of_the_program).map(|it| (function.binary.clone(), it));
        idle.extend(allowed.filter(|it| !used.contains(it)));
    }
    let excused: BTreeSet<_> = NOT_BY_A_REQUEST
        .iter()
        .map(|(function, action, on, _)| {
            ((*function).to_owned(), Allowed { action: (*action).to_owned(), on: (*on).to_owned() })
        })
        .collect();
    assert_eq!(idle, excused);
}
