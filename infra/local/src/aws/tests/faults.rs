//! Every mode of faults on every service.

use super::ses::{send, send_in_haste};
use super::*;

#[tokio::test]
async fn throttle_is_each_services_own_error() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    for service in ["dynamodb", "ses", "kms"] {
        rig.fault(&format!(r#"{{"service":"{service}","mode":"throttle"}}"#));
    }
    let get = rig.dynamodb.get_item().table_name(TABLE).set_key(Some(key("a")));
    assert_eq!(refusal(get.send().await), ("ThrottlingException".to_owned(), 400));
    assert_eq!(refusal(send(&rig).await), ("TooManyRequestsException".to_owned(), 429));
    let describe = rig.kms.describe_key().key_id(KEY_ID);
    assert_eq!(refusal(describe.send().await), ("ThrottlingException".to_owned(), 400));
    assert!(rig.twin.inbox.messages(None).is_empty());
    assert_eq!(rig.twin.calls.all().len(), 3, "calls that a fault hit are logged");
}

#[tokio::test]
async fn error_is_each_services_500() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    for service in ["dynamodb", "ses", "kms"] {
        rig.fault(&format!(r#"{{"service":"{service}","mode":"error"}}"#));
    }
    let get = rig.dynamodb.get_item().table_name(TABLE).set_key(Some(key("a")));
    assert_eq!(refusal(get.send().await), ("InternalServerError".to_owned(), 500));
    assert_eq!(refusal(send(&rig).await), ("InternalServiceErrorException".to_owned(), 500));
    let describe = rig.kms.describe_key().key_id(KEY_ID);
    assert_eq!(refusal(describe.send().await), ("KMSInternalException".to_owned(), 500));
}

#[tokio::test]
async fn skipped_calls_pass_and_others_are_untouched() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"dynamodb","operation":"PutItem","mode":"throttle","skip":1,"count":1}"#);
    rig.put("a").await;
    rig.get("a").await;
    let put = rig.dynamodb.put_item().table_name(TABLE).set_item(Some(key("b")));
    assert_eq!(refusal(put.send().await).0, "ThrottlingException");
    assert!(!rig.get("b").await, "nothing was done");
    rig.put("b").await;
}

/// Whether a client that waits for a moment only gets no answer to a put.
async fn is_not_answered(rig: &Rig) -> bool {
    let put = rig.dynamodb.put_item().table_name(TABLE).set_item(Some(key("a")));
    let in_haste = aws_sdk_dynamodb::Config::builder()
        .timeout_config(hasty())
        .sleep_impl(rig.twin.held.time_limits([LIMIT; 2]));
    matches!(put.customize().config_override(in_haste).send().await, Err(SdkError::TimeoutError(_)))
}

#[tokio::test]
async fn timeout_never_answers_and_does_nothing() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"dynamodb","operation":"PutItem","mode":"timeout"}"#);
    assert!(is_not_answered(&rig).await);
    assert!(!rig.get("a").await);
    rig.fault(r#"{"service":"ses","operation":"SendEmail","mode":"timeout"}"#);
    assert!(matches!(send_in_haste(&rig).await, Err(SdkError::TimeoutError(_))));
    assert!(rig.twin.inbox.messages(None).is_empty());
    send(&rig).await.unwrap();
}

#[tokio::test]
async fn latency_does_it_and_answers_late() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"ses","operation":"SendEmail","mode":"latency","latency_ms":60000}"#);
    tokio::select! {
        _ = send(&rig) => panic!("answered at once"),
        () = until(|| rig.twin.inbox.messages(None).len() == 1) => {}
    }
    rig.fault(r#"{"service":"dynamodb","operation":"PutItem","mode":"latency","latency_ms":20}"#);
    rig.put("a").await;
    assert!(rig.get("a").await);
}

#[tokio::test]
async fn a_held_call_does_not_keep_the_twin_from_stopping() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"kms","mode":"timeout"}"#);
    let describe = rig.kms.describe_key().key_id(KEY_ID);
    let held = tokio::spawn(describe.send());
    until(|| !rig.twin.calls.all().is_empty()).await;
    rig.twin.stop().await;
    assert!(held.await.unwrap().is_err());
}

/// An exception by its name, as each service's clients know it.
#[tokio::test]
async fn refuse_is_an_exception_of_the_service() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    for (service, code) in [
        ("dynamodb", "ResourceNotFoundException"),
        ("ses", "AccountSuspendedException"),
        ("kms", "DisabledException"),
    ] {
        rig.fault(&format!(r#"{{"service":"{service}","mode":"refuse","code":"{code}"}}"#));
    }
    let get = rig.dynamodb.get_item().table_name(TABLE).set_key(Some(key("a")));
    assert_eq!(refusal(get.send().await), ("ResourceNotFoundException".to_owned(), 400));
    assert_eq!(refusal(send(&rig).await), ("AccountSuspendedException".to_owned(), 400));
    let describe = rig.kms.describe_key().key_id(KEY_ID);
    assert_eq!(refusal(describe.send().await), ("DisabledException".to_owned(), 400));
    assert!(rig.twin.inbox.messages(None).is_empty());
    send(&rig).await.unwrap();
}

#[tokio::test]
async fn what_is_lost_was_done() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"dynamodb","operation":"PutItem","mode":"lost"}"#);
    assert!(is_not_answered(&rig).await);
    assert!(rig.get("a").await);
}
