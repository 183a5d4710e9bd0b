//! What an operator's bounces, complaints and metrics are told apart by: the configuration set that every mail is sent
//! under, and its tag (contract A3 "delivery").

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64URL_NOPAD;
use local::aws::Service;
use postern::delivery::MailKind;

use crate::support::{ENROLMENT_TICKETS, World, user_id, user_pk};

const USER: &str = "user@example.com";
const NOBODY: &str = "nobody@example.com";

/// Every kind of mail there is: an enrolment's and a challenge's code, a code and a link to sign in by, one that is
/// really for nobody, links that verify an address, lead to a new password and enrol, and a notice.
#[tokio::test]
async fn every_mail_has_its_tag_and_the_configuration_set() {
    let world = World::with_passwordless().await;
    world.forget_calls();
    let (id, _) = world.enrol_email(USER).await;
    world.challenge(&world.log_in(USER).await.mfa_token, "oob", &id).await;
    world.start_email(USER).await;
    world.start_link(USER).await;
    world.start_email(NOBODY).await;
    world.forget(USER).await;
    let job = serde_json::json!({ "user_id": user_pk(USER).trim_start_matches("USER#") });
    assert_eq!(world.manage("POST", "/api/v2/jobs/verification-email", Some(&job)).await.status, 201);
    let body = serde_json::json!({ "user_id": user_id(USER), "send_mail": true });
    assert_eq!(world.manage("POST", ENROLMENT_TICKETS, Some(&body)).await.status, 200);
    world.twin.deliver_notices().await;

    let mails = world.twin.aws.inbox.messages(Some(USER));
    let tags: Vec<BTreeMap<_, _>> = mails.iter().rev().map(|mail| mail.tags.clone()).collect();
    // Whose account it is about, in the characters that a tag may have.
    let user = BASE64URL_NOPAD.encode(user_pk(USER).trim_start_matches("USER#").as_bytes());
    let tag = |value: &str| {
        let tags = [("postern-message", value), ("postern-user", &*user)];
        tags.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let links = ["password-reset", "email-verification", "enrollment"];
    let expected = ["mfa-code", "mfa-code", "sign-in", "sign-in", "security-notice"];
    assert_eq!(tags, expected.into_iter().chain(links).map(tag).collect::<Vec<_>>());
    let kinds: BTreeSet<_> = expected.into_iter().chain(links).collect();
    assert_eq!(kinds, MailKind::ALL.map(MailKind::as_str).into());
    let calls = world.twin.aws.calls.all();
    let sends = calls.iter().filter(|call| call.service == Service::Ses).flat_map(|call| &call.actions);
    let sets: Vec<_> = sends.map(|action| action.configuration_set.as_deref()).collect();
    assert_eq!(sets, [Some("postern"); 9]);
}
