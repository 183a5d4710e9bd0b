//! The page that enrols, and its tickets, through the real binaries (contract §6 `/guardian/enrollments/ticket`).

use postern::rules::totp::{Algorithm, hotp, step};
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER};
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::{
    Body, ENROLMENT_PAGE, NUMBER, Reply, TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN, heading, said_on, secret_on,
    shown_on, ticket_in, ticket_of_block, waiting_on,
};

const START: &str = "200 Set up two-step verification";
const CODE: &str = "200 Enter the code";
const DONE: &str = "200 Two-step verification is set up";

impl Gateway {
    /// Asks for a ticket of the demo user's.
    async fn enrolment_ticket(&self, more: &Value) -> String {
        let mut body = json!({ "user_id": self.user_id().as_str() });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.manage("POST", "guardian/enrollments/ticket", &body).await;
        assert_eq!(made.status, 200, "{}", made.body);
        ticket_in(&made.text("ticket_url"))
    }

    async fn fill_in(&self, ticket: &str, fields: &[(&str, &str)]) -> Reply {
        let mut pairs = vec![("ticket", ticket)];
        pairs.extend_from_slice(fields);
        self.post(ENROLMENT_PAGE, Body::form(&pairs)).await
    }

    async fn begin_phone(&self, ticket: &str, channel: &str) -> Reply {
        let fields = [("factor", "phone"), ("phone_number", NUMBER), ("channel", channel)];
        self.fill_in(ticket, &fields).await
    }

    async fn give_code(&self, ticket: &str, page: &Reply, code: &str) -> Reply {
        self.fill_in(ticket, &[("enrolment", &waiting_on(page)), ("code", code)]).await
    }
}

/// An operator has a link mailed; its user begins with a phone and an address, which are not sent to at once, and ends
/// with an app; with another ticket the phone comes to it. Nothing secret is in any log (SEC-34).
#[tokio::test]
async fn factors_are_enrolled_by_tickets() {
    BY_TICKETS.used().await;
}

pub(crate) static BY_TICKETS: Flow = Flow::new(|| Box::pin(by_tickets()));

async fn by_tickets() -> Gateway {
    let gateway = Gateway::new().await;
    gateway.phones_on().await;
    gateway.enrolment_ticket(&json!({ "send_mail": true })).await;
    let page = gateway.page(&gateway.link_mailed(USER).await).await;
    assert_eq!(heading(&page), START);
    let ticket = ticket_of_block(&page);
    for (channel, send) in [("sms", "SendTextMessage"), ("voice", "SendVoiceMessage")] {
        gateway.fault("sms", send);
        let failed = gateway.begin_phone(&ticket, channel).await;
        assert_eq!(said_on(&failed), "The code could not be sent just now. Please try again in a moment.");
        assert_eq!((failed.status, failed.header("retry-after")), (503, Some("5")));
        assert_eq!(heading(&gateway.begin_phone(&ticket, channel).await), CODE);
    }
    let by_mail = gateway.fill_in(&ticket, &[("factor", "email")]).await;
    assert_eq!(heading(&by_mail), CODE, "{}", by_mail.body);
    let app = gateway.fill_in(&ticket, &[("factor", "otp")]).await;
    let secret = secret_on(&app);
    let wrong = gateway.give_code(&ticket, &app, "00000x").await;
    assert_eq!((heading(&wrong), shown_on(&wrong)), ("400 Set up your app".to_owned(), shown_on(&app)));
    let code = hotp(&secret, Algorithm::Sha1, step(gateway.twin.app.now().0), 6);
    let done = gateway.give_code(&ticket, &app, &code).await;
    assert_eq!(heading(&done), DONE, "{}", done.body);
    let recovery = shown_on(&done).expect("a recovery code");
    assert_eq!(heading(&gateway.give_code(&ticket, &app, &code).await), "400 This link no longer works");

    let several = gateway.enrolment_ticket(&json!({ "allow_multiple_enrollments": true })).await;
    let page = gateway.begin_phone(&several, "sms").await;
    assert_eq!(heading(&gateway.give_code(&several, &page, &gateway.code(NUMBER)).await), DONE);
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let tokens = gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &recovery)]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let id = gateway.id_of(&mfa_token, "oob_channel", "voice").await;
    let challenge = gateway.challenge(&mfa_token, &id).await;
    assert_eq!(gateway.prove(&mfa_token, &challenge, NUMBER).await.status, 200);
    let key = secret.to_base32();
    no_secret_is_logged(&gateway, &[USER, NUMBER, &ticket, &several, &key, &recovery]).await;
    gateway
}

/// SEC-44: the page sends by Twilio, and seals that account anew when it meets it under an older root.
#[tokio::test]
async fn a_phone_is_enrolled_by_twilio() {
    BY_TWILIO.used().await;
}

pub(crate) static BY_TWILIO: Flow = Flow::new(|| Box::pin(by_twilio()));

async fn by_twilio() -> Gateway {
    let gateway = Gateway::new().await;
    gateway.phones_on().await;
    let account = json!({ "sid": TWILIO_SID, "auth_token": TWILIO_TOKEN, "from": TWILIO_FROM });
    let set = gateway.manage("PUT", "guardian/factors/sms/providers/twilio", &account).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let path = "guardian/factors/sms/selected-provider";
    assert_eq!(gateway.manage("PUT", path, &json!({ "provider": "twilio" })).await.status, 200);
    let ticket = gateway.enrolment_ticket(&json!({ "factor": "phone" })).await;
    gateway.use_a_new_root().await;
    let page = gateway.begin_phone(&ticket, "sms").await;
    assert_eq!(heading(&gateway.give_code(&ticket, &page, &gateway.code(NUMBER)).await), DONE);
    assert_eq!(gateway.twin.aws.inbox.messages(Some(NUMBER))[0].from, TWILIO_FROM);
    no_secret_is_logged(&gateway, &[NUMBER, TWILIO_TOKEN, &ticket]).await;
    gateway
}
