//! The MFA API.

use postern::rules::channel::Channel;
use postern::wire::refusal::Refusal;

use crate::common::{MFA_TOKEN, client_id, email, phone_number};
use crate::operation::Method::{Delete, Get, Post};
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const MFA: Tag = Tag { name: "MFA", about: "Second factors: enrolling, challenging and managing them." };
const AUTHENTICATOR_ID: &str = "email|dev_h2dVbXS6iYGWvBrC";
const AUDIENCE: &str = "https://auth.postern.example/mfa/";

pub(crate) fn operations() -> Vec<Operation> {
    vec![associate(), challenge(), list(), remove(), replace_recovery_code()]
}

fn operation(method: crate::Method, path: &'static str, id: &'static str, access: Access) -> Operation {
    Operation::new(method, path, id, MFA, access)
}

fn too_many_codes() -> Refusal {
    Refusal::TooManyCodes { retry_after: 360, limit: 10 }
}

fn too_many_sends() -> [Refusal; 2] {
    [Channel::Email, Channel::Sms].map(|channel| Refusal::TooManySends {
        channel,
        retry_after: 60,
        limit: 20,
    })
}

fn bearer_refused() -> [Refusal; 2] {
    [Refusal::BearerInvalid, Refusal::BearerExpired]
}

fn associate() -> Operation {
    operation(Post, "/mfa/associate", "associate", Access::Mfa("enroll"))
        .summary("Begin to enrol a factor")
        .about("The factor counts once it is confirmed: by its code at `POST /oauth/token`, with the grant `mfa-oob` or `mfa-otp`. An `mfa_token` enrols the first factor only; further ones need an access token for the `/mfa/` audience that was issued after MFA within ten minutes.")
        .in_language()
        .params(associate_request())
        .answers(200, "It is begun; a code was sent, or the secret is for an app.", association())
        .refuses(bearer_refused())
        .refuses(too_many_sends())
        .refuses([
            Refusal::MissingParameter("authenticator_types"),
            Refusal::FactorOff("sms"),
            Refusal::MfaTokenOfAnotherClient,
            Refusal::ClientUnauthorized,
            Refusal::AlreadyEnrolled,
            Refusal::InsufficientScope("enroll"),
            Refusal::FreshMfaNeeded(AUDIENCE.to_owned()),
            too_many_codes(),
            Refusal::TooManyPending { retry_after: 60, limit: 5 },
            Refusal::Busy,
            Refusal::DeliveryFailed,
        ])
        .tells_limits(&[200])
}

fn associate_request() -> Schema {
    let common = |kind: &str| {
        Schema::object()
            .must("authenticator_types", one_word(&[kind]))
            .may("client_id", client_id().unshown())
            .may("client_secret", Schema::text("demo-secret").unshown())
    };
    let by = |channels: &[&str]| common("oob").must("oob_channels", one_word(channels));
    let mailed = by(&["email"]).may("email", email().about("The account's own address when absent."));
    let phoned = by(&["sms", "voice"]).must("phone_number", phone_number());
    Schema::any_of([mailed, phoned, common("otp")])
}

/// A list of one; the bare word is taken as well.
fn one_word(words: &[&str]) -> Schema {
    Schema::any_of([Schema::list(Schema::word(words)).items(1..=1), Schema::word(words)])
}

fn association() -> Schema {
    let codes = || {
        Schema::list(Schema::text("N3BGPZZWJ85JLCNPZBDW6QXC")).items(1..=1).about(
            "Of a user who has no factor yet: the recovery code, which counts once this factor is confirmed. It is shown this once.",
        )
    };
    let oob = Schema::object()
        .must("authenticator_type", Schema::only("oob".into()))
        .must("binding_method", Schema::only("prompt".into()))
        .must("oob_channel", Schema::word(&["email", "sms", "voice"]))
        .must(
            "oob_code",
            Schema::text(MFA_TOKEN).about("Names the challenge; it is not the code that was sent."),
        )
        .may("recovery_codes", codes());
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let uri = format!(
        "otpauth://totp/Postern:user%40example.com?secret={secret}&issuer=Postern&algorithm=SHA1&digits=6&period=30"
    );
    let otp = Schema::object()
        .must("authenticator_type", Schema::only("otp".into()))
        .must("secret", Schema::text(secret).about("For an authenticator app, base32."))
        .must("barcode_uri", Schema::text(uri).about("The same, for a QR code."))
        .may("recovery_codes", codes());
    Schema::any_of([oob, otp]).named("Association")
}

fn challenge() -> Operation {
    let request = Schema::object()
        .must("mfa_token", Schema::text(MFA_TOKEN))
        .may("client_id", client_id().about("Needed, unless the client authenticates by HTTP Basic."))
        .may("client_secret", Schema::text("demo-secret").about("Of a client that has one."))
        .may(
            "challenge_type",
            Schema::text("oob").about("`otp`, `oob`, or both with a space between. Any when absent."),
        )
        .may(
            "authenticator_id",
            Schema::text(AUTHENTICATOR_ID)
                .about("One of `GET /mfa/authenticators`. The one used last when absent."),
        )
        .named("ChallengeRequest");
    operation(Post, "/mfa/challenge", "challenge", Access::Client)
        .summary("Ask for a proof by one of the user's factors")
        .about("Sends a code by mail, SMS or call; of an app there is nothing to send. The code goes to `POST /oauth/token`.")
        .in_language()
        .params(request)
        .answers(200, "A code was sent, or the app shows one.", challenged())
        .refuses(too_many_sends())
        .refuses([
            Refusal::MissingParameter("mfa_token"),
            Refusal::FactorOff("sms"),
            Refusal::MfaTokenOfAnotherClient,
            Refusal::ClientUnauthorized,
            Refusal::NotEnrolled,
            Refusal::UnsupportedChallengeType("oob".to_owned()),
            Refusal::MalformedMfaToken,
            Refusal::MfaTokenExpired,
            Refusal::AuthenticatorNotFound,
            too_many_codes(),
            Refusal::Busy,
            Refusal::DeliveryFailed,
        ])
        .tells_limits(&[200])
}

fn challenged() -> Schema {
    let oob = Schema::object()
        .must("challenge_type", Schema::only("oob".into()))
        .must(
            "oob_code",
            Schema::text(MFA_TOKEN).about("Names the challenge; it is not the code that was sent."),
        )
        .must("binding_method", Schema::only("prompt".into()).about("The user types the code."));
    let otp = Schema::object().must("challenge_type", Schema::only("otp".into()));
    Schema::any_of([oob, otp]).named("Challenge")
}

fn list() -> Operation {
    let kinds = ["email", "phone", "otp", "recovery-code"];
    let channel = || Schema::word(&["email", "sms", "voice"]);
    let item = Schema::object()
        .must("id", Schema::text(AUTHENTICATOR_ID))
        .must("authenticator_type", Schema::word(&["oob", "otp", "recovery-code"]))
        .must("active", Schema::truth(true).about("Whether it was confirmed."))
        .may("oob_channel", channel().about("How its codes are sent."))
        .may("oob_channels", Schema::list(channel()).items(1..=1).about("The same as a list: SDKs disagree."))
        .may("name", Schema::text("****@exam*******").about("Where codes go, masked."))
        .must("type", Schema::word(&kinds))
        .named("Authenticator");
    operation(Get, "/mfa/authenticators", "listAuthenticators", Access::Mfa("read:authenticators"))
        .summary("List the user's factors")
        .about("Confirmed ones and those that wait to be, oldest first; a verified address of the account is one by itself, and last.")
        .answers(200, "The factors.", Schema::list(item))
        .refuses(bearer_refused())
        .refuses([Refusal::InsufficientScope("read:authenticators")])
}

fn remove() -> Operation {
    operation(Delete, "/mfa/authenticators/{id}", "deleteAuthenticator", Access::MfaAccess("remove:authenticators"))
        .summary("Remove one of the user's factors")
        .about("Of a user who has factors it needs an access token that was issued after MFA within ten minutes. An `mfa_token` is not taken. A phone goes with both its channels.")
        .path("id", Schema::text(AUTHENTICATOR_ID).about("Which."))
        .answers_nothing(204, "It is gone.")
        .refuses(bearer_refused())
        .refuses([
            Refusal::ImplicitAuthenticator,
            Refusal::InsufficientScope("remove:authenticators"),
            Refusal::FreshMfaNeeded(AUDIENCE.to_owned()),
            Refusal::AuthenticatorNotFound,
            Refusal::Busy,
        ])
}

fn replace_recovery_code() -> Operation {
    operation(Post, "/mfa/recovery-code", "replaceRecoveryCode", Access::MfaAccess("enroll"))
        .summary("Replace the user's recovery code")
        .about("Postern's own. It needs an access token that was issued after MFA within ten minutes.")
        .answers(200, "The new code, shown this once.", recovery_code())
        .refuses(bearer_refused())
        .refuses([
            Refusal::FactorOff("recovery-code"),
            Refusal::NotEnrolled,
            Refusal::InsufficientScope("enroll"),
            Refusal::FreshMfaNeeded(AUDIENCE.to_owned()),
            too_many_codes(),
            Refusal::Busy,
        ])
        .tells_limits(&[200])
}

/// A recovery code, shown once.
pub(crate) fn recovery_code() -> Schema {
    Schema::object()
        .must("recovery_code", Schema::text("N3BGPZZWJ85JLCNPZBDW6QXC").about("24 characters."))
        .named("RecoveryCode")
}
