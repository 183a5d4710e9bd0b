//! The other half of least privilege: what a role allows, something needs (SEC-39).

use std::collections::BTreeSet;

use crate::flow::{Flow, Used};
use crate::policy::Allowed;
use crate::template::Template;
use crate::{
    applications, enrolment_page, front_door, login, logs, mail_events, mailed, management, notices, offline,
    passwordless, phones, rotate_keys, signing_keys, user_factors, users,
};

/// Everything that functions are seen to do.
static FLOWS: &[&Flow] = &[
    &applications::MANAGED,
    &enrolment_page::BY_TICKETS,
    &enrolment_page::BY_TWILIO,
    &front_door::DISCOVERY,
    &login::BY_EMAIL,
    &login::BY_RECOVERY_CODE,
    &login::BY_APP,
    &logs::KEPT,
    &mail_events::BOUNCED,
    &mailed::A_NEW_PASSWORD,
    &mailed::A_VERIFIED_ADDRESS,
    &management::FACTORS,
    &management::POLICY_AND_SETTINGS,
    &management::TEMPLATES,
    &management::PROVIDER,
    &notices::A_BLOCK,
    &notices::EACH_KIND,
    &offline::AFTER_MFA,
    &offline::WITHOUT_MFA,
    &passwordless::BY_MAIL,
    &passwordless::BY_LINK,
    &passwordless::BY_SMS,
    &phones::BY_AWS,
    &phones::BY_TWILIO,
    &rotate_keys::RETIRED,
    &signing_keys::MANAGED,
    &user_factors::MANAGED,
    &users::MANAGED,
];

/// What a role allows and no flow can use, and who does: function, action, and what it is about.
const NOT_BY_THE_PROGRAM: [(&str, &str, &str); 4] = [
    // Lambda follows the table's stream with the role of the function.
    ("notices", "dynamodb:DescribeStream", ""),
    ("notices", "dynamodb:GetRecords", ""),
    ("notices", "dynamodb:GetShardIterator", ""),
    ("notices", "dynamodb:ListStreams", ""),
];

/// Logs and the queues of dead letters are Lambda's to write to; of these services the program itself asks.
const SERVICES: [&str; 5] = ["dynamodb", "events", "kms", "ses", "sms-voice"];

/// What all roles allow, by function.
fn allowed() -> Used {
    let functions = Template::read().functions().into_values();
    let each = functions.flat_map(|function| {
        let allowed: Vec<_> = function.rights.iter().flat_map(|statement| statement.allowed()).collect();
        allowed.into_iter().map(move |it| (function.binary.clone(), it))
    });
    let of_the_program = |allowed: &Allowed| {
        allowed.action.split_once(':').is_some_and(|(service, _)| SERVICES.contains(&service))
    };
    each.filter(|(_, it)| of_the_program(it)).collect()
}

/// SEC-39: each action of each role, on each partition and for each use of a key that it names, is one that the function
/// makes use of. What is excused from that is really there, and really unused.
#[tokio::test]
async fn no_role_allows_what_its_function_never_does() {
    let mut idle = allowed();
    for flow in FLOWS {
        for used in flow.used().await {
            idle.remove(used);
        }
    }
    let excused = NOT_BY_THE_PROGRAM.map(|(function, action, on)| {
        (function.to_owned(), Allowed { action: action.to_owned(), on: on.to_owned() })
    });
    assert_eq!(idle, BTreeSet::from(excused));
}
