//! What each grant takes.

use postern::store::logins::DEFAULT_CONNECTION;
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
    match grant {
        Grant::Password => by_password(request).named("PasswordGrant"),
        Grant::PasswordRealm => by_password(request)
            .must("realm", Schema::text(DEFAULT_CONNECTION).about("The connection."))
            .named("PasswordRealmGrant"),
        Grant::PasswordlessOtp => for_api(
            request
                .must("username", Schema::text(EMAIL).about("The address or number."))
                .must("otp", Schema::text("123456").about("The code that was sent."))
                .must("realm", Schema::word(&["email", "sms"])),
        )
        .named("PasswordlessGrant"),
        Grant::MfaOob => of_mfa(request)
            .must("oob_code", Schema::text(MFA_TOKEN).about("Of the challenge or association."))
            .must("binding_code", Schema::text("123456").about("The code that was sent."))
            .named("MfaOobGrant"),
        Grant::MfaOtp => of_mfa(request)
            .must("otp", Schema::text("123456").about("The code that the app shows."))
            .named("MfaOtpGrant"),
        Grant::MfaRecoveryCode => of_mfa(request)
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

fn by_password(request: Schema) -> Schema {
    for_api(request.must("username", Schema::text(EMAIL)).must("password", Schema::text("pwd")))
}

fn for_api(request: Schema) -> Schema {
    let nonce = Schema::text("n-0S6_WzA2Mj").about("For the id token.").unshown();
    request.may("audience", audience()).may("scope", scope()).may("nonce", nonce)
}

fn of_mfa(request: Schema) -> Schema {
    let about = "Of `mfa_required`; an access token for the `/mfa/` audience confirms an enrolment as well.";
    request.must("mfa_token", Schema::text(MFA_TOKEN).about(about))
}

fn audience() -> Schema {
    Schema::text("https://someapi.com/api").about("The API; the tokens are for `/userinfo` when absent.")
}

fn scope() -> Schema {
    Schema::text("openid read:sample").about("Joined by spaces; all of the API's when absent.")
}
