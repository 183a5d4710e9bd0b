//! What each grant takes.

use postern::wire::oauth::Grant;

use crate::common::{EMAIL, MFA_TOKEN, client_id};
use crate::schema::Schema;

/// Any of them, told apart by `grant_type`.
pub(crate) fn request() -> Schema {
    Schema::one_of(Grant::ALL.map(of)).such_as(of(Grant::Password).example().clone())
}

fn of(grant: Grant) -> Schema {
    let request = Schema::object()
        .must("grant_type", Schema::only(grant.as_str().into()))
        .may("client_id", client_id().about("Needed, unless the client authenticates by HTTP Basic."))
        .may("client_secret", Schema::text("demo-secret").about("Of a client that has one."));
    let mfa_token = || {
        Schema::text(MFA_TOKEN).about(
            "Of `mfa_required`; an access token for the `/mfa/` audience confirms an enrolment as well.",
        )
    };
    let audience = || {
        Schema::text("https://someapi.com/api").about("The API; the tokens are for `/userinfo` when absent.")
    };
    let scope =
        || Schema::text("openid read:sample").about("Joined by spaces; all of the API's when absent.");
    let nonce = || Schema::text("n-0S6_WzA2Mj").about("For the id token.").unshown();
    let by_user =
        |request: Schema| request.may("audience", audience()).may("scope", scope()).may("nonce", nonce());
    let by_password = |request: Schema| {
        by_user(request.must("username", Schema::text(EMAIL)).must("password", Schema::text("pwd")))
    };
    match grant {
        Grant::Password => by_password(request).named("PasswordGrant"),
        Grant::PasswordRealm => by_password(request)
            .must("realm", Schema::text("Username-Password-Authentication").about("The connection."))
            .named("PasswordRealmGrant"),
        Grant::PasswordlessOtp => by_user(
            request
                .must("username", Schema::text(EMAIL).about("The address or number."))
                .must("otp", Schema::text("123456").about("The code that was sent."))
                .must("realm", Schema::word(&["email", "sms"])),
        )
        .named("PasswordlessGrant"),
        Grant::MfaOob => request
            .must("mfa_token", mfa_token())
            .must("oob_code", Schema::text(MFA_TOKEN).about("Of the challenge or association."))
            .must("binding_code", Schema::text("123456").about("The code that was sent."))
            .named("MfaOobGrant"),
        Grant::MfaOtp => request
            .must("mfa_token", mfa_token())
            .must("otp", Schema::text("123456").about("The code that the app shows."))
            .named("MfaOtpGrant"),
        Grant::MfaRecoveryCode => request
            .must("mfa_token", mfa_token())
            .must("recovery_code", Schema::text("N3BGPZZWJ85JLCNPZBDW6QXC"))
            .named("MfaRecoveryCodeGrant"),
        Grant::RefreshToken => request
            .must("refresh_token", Schema::text(super::REFRESH_TOKEN))
            .may("audience", audience().unshown())
            .may("scope", scope().unshown())
            .named("RefreshTokenGrant"),
        Grant::ClientCredentials => request
            .must("audience", Schema::text("https://auth.postern.example/api/v2/").about("The API."))
            .may("scope", scope().unshown())
            .named("ClientCredentialsGrant"),
    }
}
