//! Tokens.

mod grants;

use postern::rules::channel::Channel;
use postern::wire::mfa_due::{IssuedToken, MfaDue};
use postern::wire::refusal::Refusal;

use crate::common::{JWT, MFA_TOKEN, client_id};
use crate::operation::Method::Post;
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const TOKENS: Tag = Tag { name: "Tokens", about: "Signing in, and what comes of it." };
const REFRESH_TOKEN: &str = "v1.MmQ1ZmE4…";

pub(crate) fn operations() -> Vec<Operation> {
    vec![token(), revoke()]
}

fn token() -> Operation {
    Operation::new(Post, "/oauth/token", "getToken", TOKENS, Access::Client)
        .summary("Get tokens")
        .about("Each grant takes parameters of its own. A sign-in that needs a second factor is answered 403 `mfa_required` with an `mfa_token`, which one of the `mfa-…` grants completes. Parameters that a grant does not know are ignored.")
        .params(grants::request())
        .answers(200, "The tokens.", tokens())
        .refuses(of_request())
        .refuses(of_sign_in())
        .refuses(of_second_factor())
        .refuses([
            Refusal::TooManyPasswords { retry_after: 360, limit: 10 },
            Refusal::TooManyCodes { retry_after: 360, limit: 10 },
            Refusal::Busy,
        ])
        .tells_limits(&[200])
}

fn of_request() -> [Refusal; 7] {
    [
        Refusal::MissingParameter("grant_type"),
        Refusal::MfaTokenOfAnotherClient,
        Refusal::OobCodeMismatch,
        Refusal::FactorOff("sms"),
        Refusal::ClientUnauthorized,
        Refusal::GrantNotAllowed("password"),
        Refusal::UnsupportedGrant("implicit".to_owned()),
    ]
}

fn of_sign_in() -> [Refusal; 11] {
    let mfa_token = IssuedToken(MFA_TOKEN.to_owned());
    [
        Refusal::MfaRequired(MfaDue { mfa_token, requirements: None }),
        Refusal::WrongPassword,
        Refusal::WrongSignInCode(Channel::Email),
        Refusal::WrongSignInCode(Channel::Sms),
        Refusal::TooManyTries,
        Refusal::UserBlocked,
        Refusal::UnknownRefreshToken,
        Refusal::RefreshUserGone,
        Refusal::UnknownAudience("https://unknown.example".to_owned()),
        Refusal::ClientGrantMissing("https://someapi.com/api".to_owned()),
        Refusal::AlreadyEnrolled,
    ]
}

fn of_second_factor() -> [Refusal; 10] {
    [
        Refusal::MalformedMfaToken,
        Refusal::MfaTokenExpired,
        Refusal::MalformedOobCode,
        Refusal::OobCodeExpired,
        Refusal::InvalidBindingCode,
        Refusal::InvalidOtpCode,
        Refusal::RecoveryRejected,
        Refusal::NoRecoveryCode,
        Refusal::NotEnrolled,
        Refusal::UnsupportedChallengeType("otp".to_owned()),
    ]
}

fn tokens() -> Schema {
    Schema::object()
        .must("access_token", Schema::text(JWT))
        .may("id_token", Schema::text(JWT).about("With scope `openid`."))
        .may(
            "refresh_token",
            Schema::text(REFRESH_TOKEN)
                .about("With scope `offline_access`; of a refresh the next one.")
                .unshown(),
        )
        .may(
            "recovery_code",
            Schema::text("N3BGPZZWJ85JLCNPZBDW6QXC")
                .about("After a recovery code was used: the new one.")
                .unshown(),
        )
        .may("scope", Schema::text("openid read:sample").about("What was granted; absent when nothing was."))
        .must(
            "expires_in",
            Schema::integer(1..=u64::MAX, 86_400).about("Life of the access token, in seconds."),
        )
        .must("token_type", Schema::only("Bearer".into()))
        .named("Tokens")
}

fn revoke() -> Operation {
    let request = Schema::object()
        .must(
            "token",
            Schema::text(REFRESH_TOKEN)
                .about("A refresh token. What is none, or another client's, is answered alike."),
        )
        .may("client_id", client_id().about("Needed, unless the client authenticates by HTTP Basic."))
        .may("client_secret", Schema::text("demo-secret").about("Of a client that has one."))
        .named("Revocation");
    Operation::new(Post, "/oauth/revoke", "revokeToken", TOKENS, Access::Client)
        .summary("Give a refresh token up")
        .about("RFC 7009. Ends all refresh tokens of that sign-in.")
        .params(request)
        .answers_nothing(200, "It is good no longer.")
        .refuses([Refusal::MissingParameter("token"), Refusal::ClientUnauthorized, Refusal::Busy])
}
