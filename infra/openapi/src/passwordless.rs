//! Sign-ins without password.

use postern::rules::channel::Channel;
use postern::rules::passwordless::STATE_BYTES_MAX;
use postern::wire::oauth::Grant;
use postern::wire::passwordless::StartFault;
use postern::wire::refusal::Refusal;

use crate::common::{EMAIL, PHONE_NUMBER, client_id, email, phone_number};
use crate::operation::Method::Post;
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const PASSWORDLESS: Tag =
    Tag { name: "Passwordless", about: "Sign-ins by a code or link that takes a password's place." };

pub(crate) fn operations() -> Vec<Operation> {
    let channel = Channel::Email;
    let start = Operation::new(Post, "/passwordless/start", "startPasswordless", PASSWORDLESS, Access::Client)
        .summary("Send a code or a link to sign in by")
        .about("The answer is the same whether anybody has the address or not. The code is exchanged at `POST /oauth/token` with the grant `http://auth0.com/oauth/grant-type/passwordless/otp`.")
        .in_language()
        .params(request())
        .answers(200, "It is on its way, if anybody has the address.", reply())
        .refuses(faults())
        .refuses([
            Refusal::InvalidRequest("Parameter email must be a string".to_owned()),
            Refusal::ClientUnauthorized,
            Refusal::GrantNotAllowed(Grant::PasswordlessOtp.as_str()),
            Refusal::TooManySends { channel, retry_after: 60, limit: 50 },
            Refusal::TooManySends { channel: Channel::Sms, retry_after: 60, limit: 50 },
            Refusal::Busy,
            Refusal::DeliveryFailed,
        ])
        .tells_limits(&[200]);
    vec![start]
}

fn faults() -> [Refusal; 8] {
    [
        StartFault::Missing("client_id"),
        StartFault::UnknownConnection,
        StartFault::ConnectionOff,
        StartFault::Missing("email"),
        StartFault::PhoneNumber,
        StartFault::Send,
        StartFault::NotAllowed("colour".to_owned()),
        StartFault::AuthParams("authParams needs a redirect_uri for the link to lead to"),
    ]
    .map(Refusal::BadStart)
}

fn request() -> Schema {
    let common = || {
        Schema::object().must("client_id", client_id()).may(
            "client_secret",
            Schema::text("demo-secret")
                .about("Of a client that has one, unless it authenticates by HTTP Basic."),
        )
    };
    let link = Schema::object()
        .must(
            "redirect_uri",
            Schema::text("http://localhost:4200/signed-in").about("Among the client's callbacks."),
        )
        .may("state", Schema::text("xyz").length(0..=STATE_BYTES_MAX))
        .about("Where the link leads; needed when one is sent.");
    let by_mail = common()
        .must("connection", Schema::only("email".into()))
        .must("email", email())
        .may("send", Schema::word(&["code", "link"]).with("default", "link".into()))
        .may("authParams", link.unshown())
        .closed();
    let by_sms = common()
        .must("connection", Schema::only("sms".into()))
        .must("phone_number", phone_number())
        .may("send", Schema::word(&["code", "link"]).about("A code either way."))
        .closed();
    Schema::one_of([by_mail, by_sms])
}

fn reply() -> Schema {
    let id = || Schema::text("b4c9a289323b21a01c3e940f").about("Derives from the address.");
    let mailed = Schema::object()
        .must("_id", id())
        .must("email", Schema::text(EMAIL))
        .must("email_verified", Schema::truth(false));
    let texted = Schema::object()
        .must("_id", id())
        .must("phone_number", Schema::text(PHONE_NUMBER))
        .must("phone_verified", Schema::truth(false))
        .must("request_language", Schema::text("de").or_null());
    Schema::any_of([mailed, texted]).named("PasswordlessStarted")
}
