//! What an operator's bounces, complaints and metrics are told apart by: the configuration set that every mail is sent
//! under, and its tag (contract A3 "delivery").

use std::collections::BTreeMap;

use local::aws::Service;

use crate::support::World;

const USER: &str = "user@example.com";
const NOBODY: &str = "nobody@example.com";

/// Every kind of mail there is: an enrolment's and a challenge's code, a code and a link to sign in by, one that is
/// really for nobody, and a notice.
#[tokio::test]
async fn every_mail_has_its_tag_and_the_configuration_set() {
    let world = World::with_passwordless().await;
    world.forget_calls();
    let (id, _) = world.enrol_email(USER).await;
    world.challenge(&world.log_in(USER).await.mfa_token, "oob", &id).await;
    world.start_email(USER).await;
    world.start_link(USER).await;
    world.start_email(NOBODY).await;
    world.twin.deliver_notices().await;

    let mails = world.twin.aws.inbox.messages(Some(USER));
    let tags: Vec<_> = mails.iter().rev().map(|mail| mail.tags.clone()).collect();
    let tag = |value: &str| BTreeMap::from([("postern-message".to_owned(), value.to_owned())]);
    let expected = ["mfa-code", "mfa-code", "sign-in", "sign-in", "security-notice"];
    assert_eq!(tags, expected.map(tag));
    let calls = world.twin.aws.calls.all();
    let sends = calls.iter().filter(|call| call.service == Service::Ses).flat_map(|call| &call.actions);
    let sets: Vec<_> = sends.map(|action| action.configuration_set.as_deref()).collect();
    assert_eq!(sets, [Some("postern"); 6]);
}
