//! Email: the inbox, and the refusals of SES.

use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::operation::send_email::{SendEmailError, SendEmailOutput};
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag, RawMessage};
use serde_json::json;

use super::*;

fn part(data: &str) -> Content {
    Content::builder().data(data).charset("UTF-8").build().unwrap()
}

fn email(rig: &Rig, from: &str, to: &str) -> SendEmailFluentBuilder {
    let body = Body::builder().text(part("Your code is 123456")).html(part("<b>123456</b>")).build();
    let message = Message::builder().subject(part("Code")).body(body).build();
    rig.ses
        .send_email()
        .from_email_address(from)
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build())
}

type Sent = Result<SendEmailOutput, SdkError<SendEmailError, HttpResponse>>;

const FROM: &str = "Postern <no-reply@example.com>";

pub(super) async fn send(rig: &Rig) -> Sent {
    email(rig, FROM, "user@example.com").send().await
}

pub(super) async fn send_in_haste(rig: &Rig) -> Sent {
    let in_haste = aws_sdk_sesv2::Config::builder()
        .timeout_config(hasty())
        .sleep_impl(rig.twin.held.time_limits([LIMIT; 2]));
    email(rig, FROM, "user@example.com").customize().config_override(in_haste).send().await
}

#[tokio::test]
async fn what_is_sent_is_in_the_inbox() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let tag = MessageTag::builder().name("purpose").value("mfa").build().unwrap();
    let sent = email(&rig, FROM, "User <user@example.com>").configuration_set_name("postern").email_tags(tag);
    let sent = in_request("mfa-challenge", sent.send()).await.unwrap();
    assert!(!sent.message_id.unwrap().is_empty());
    assert_eq!(
        serde_json::to_value(rig.twin.inbox.messages(Some("USER@example.com"))).unwrap(),
        json!([{
            "channel": "email", "to": "user@example.com", "from": "Postern <no-reply@example.com>",
            "subject": "Code", "text": "Your code is 123456", "html": "<b>123456</b>", "received_at": NOW,
        }])
    );
    assert_eq!(
        serde_json::to_value(rig.twin.calls.all()).unwrap(),
        json!([{
            "function": "mfa-challenge", "service": "ses", "operation": "SendEmail", "round_trip": 1,
            "actions": [{ "action": "ses:SendEmail", "identity": "example.com", "configuration_set": "postern" }],
        }])
    );
}

#[tokio::test]
async fn the_account_may_send() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let account = rig.ses.get_account().send().await.unwrap();
    assert!(account.sending_enabled && account.production_access_enabled);
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let good = "user@example.com";
    let raw = RawMessage::builder().data(Blob::new("x")).build().unwrap();
    let nobody = Destination::builder().build();
    let crowd = Destination::builder().set_to_addresses(Some(vec![good.to_owned(); 51])).build();
    let broken = [
        email(&rig, "nobody", good),
        email(&rig, good, "nobody"),
        email(&rig, good, "a\nb@example.com"),
        email(&rig, "A\r\nBcc: x@example.com <a@example.com>", good),
        email(&rig, good, good).set_from_email_address(None),
        email(&rig, good, good).destination(nobody),
        email(&rig, good, good).destination(crowd),
        email(&rig, good, good).set_content(None),
        email(&rig, good, good).content(EmailContent::builder().raw(raw).build()),
        email(&rig, good, good).configuration_set_name("no blanks"),
        email(&rig, good, good).email_tags(MessageTag::builder().name("a").value("ü").build().unwrap()),
    ];
    for (index, request) in broken.into_iter().enumerate() {
        let error = request.send().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 400, "{index}");
        assert!(error.into_service_error().is_bad_request_exception(), "{index}");
    }
    assert!(rig.twin.inbox.messages(None).is_empty());
}
