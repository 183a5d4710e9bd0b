//! Requests as values: each can be prepared for, sent, and judged. What AWS's failures do to them is the same question
//! for all of them.

use postern::rules::settings::SettingValue;
use postern::rules::totp::TotpSecret;
use serde_json::{Value, json};

use super::{
    ApplicationStep, Body, FactorStep, NUMBER, OFFLINE, Reply, TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN, USERS,
    World, new_user, user_path,
};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const API: &str = "https://someapi.com/api";
const GUARDIAN: &str = "/api/v2/guardian";
const TEMPLATES: &str = "/api/v2/email-templates";

/// A request of the flow, or of the Management API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Password,
    List,
    AssociateEmail,
    EnrolEmail,
    AssociatePhone,
    EnrolPhone,
    AssociateApp,
    EnrolApp,
    Challenge,
    ChallengePhone,
    TextByTwilio,
    CallByTwilio,
    VerifyEmail,
    VerifyApp,
    Recover,
    RegenerateRecoveryCode,
    Delete,
    ClientCredentials,
    Userinfo,
    PasswordOffline,
    EnrolOffline,
    Refresh,
    Revoke,
    StartMail,
    StartLink,
    StartText,
    StartTextByTwilio,
    Passwordless,
    PasswordlessOffline,
    SetFactor,
    GetPolicies,
    PutPolicies,
    GetSettings,
    PatchSettings,
    GetProvider,
    PutProvider,
    GetTwilio,
    PutTwilio,
    PostTemplate,
    GetTemplate,
    PutTemplate,
    PatchTemplate,
    PostUser,
    PostChosenUser,
    GetUser,
    GetUserByEmail,
    ListUsers,
    PatchUser,
    MoveUser,
    BlockUser,
    SetPassword,
    ResetUser,
    DeleteUser,
    VerificationJob,
    Forget,
    SignUp,
    Factors(FactorStep),
    Applications(ApplicationStep),
}

/// What a step needs.
#[derive(Clone, Default)]
pub(crate) struct Ready {
    token: String,
    oob_code: String,
    code: String,
    id: String,
}

impl Ready {
    fn with(token: String) -> Self {
        Self { token, ..Self::default() }
    }

    async fn logged_in(world: &World) -> Self {
        Self::with(world.log_in(USER).await.mfa_token)
    }
}

impl Step {
    /// Brings a new world to where the step can be taken.
    pub(crate) async fn prepare(self, world: &World) -> Ready {
        match self {
            Self::Password | Self::ClientCredentials => Ready::default(),
            Self::List | Self::AssociateEmail | Self::AssociateApp => Ready::logged_in(world).await,
            Self::EnrolEmail | Self::EnrolApp | Self::EnrolOffline => self.associated(world).await,
            Self::AssociatePhone
            | Self::EnrolPhone
            | Self::ChallengePhone
            | Self::TextByTwilio
            | Self::CallByTwilio => self.with_phones(world).await,
            Self::PasswordOffline => {
                world.without_mfa().await;
                // Settings and keys are read again now, and not by the request that is counted.
                world.log_in_without_mfa(VERIFIED, "openid").await;
                Ready::default()
            }
            Self::Refresh | Self::Revoke => {
                Ready::with(world.enrol_offline(USER).await.text("refresh_token"))
            }
            Self::StartMail
            | Self::StartLink
            | Self::StartText
            | Self::StartTextByTwilio
            | Self::Passwordless
            | Self::PasswordlessOffline => self.with_passwordless(world).await,
            Self::Forget | Self::SignUp => {
                // Settings are read now, and not by the request that is counted.
                world.forget("warm@example.com").await;
                Ready::default()
            }
            Self::Factors(step) => {
                let id = step.prepare(world).await;
                Ready { id, ..Ready::with(world.management_token().await) }
            }
            Self::Applications(step) => {
                let id = step.prepare(world).await;
                Ready { id, ..Ready::with(world.management_token().await) }
            }
            _ if self.is_management() => self.with_management(world).await,
            _ => self.enrolled(world).await,
        }
    }

    fn is_management(self) -> bool {
        self.is_about_user()
            || matches!(
                self,
                Self::SetFactor
                    | Self::GetPolicies
                    | Self::PutPolicies
                    | Self::GetSettings
                    | Self::PatchSettings
                    | Self::GetProvider
                    | Self::PutProvider
                    | Self::GetTwilio
                    | Self::PutTwilio
                    | Self::PostTemplate
                    | Self::GetTemplate
                    | Self::PutTemplate
                    | Self::PatchTemplate
            )
    }

    fn is_about_user(self) -> bool {
        matches!(
            self,
            Self::PostUser
                | Self::PostChosenUser
                | Self::GetUser
                | Self::GetUserByEmail
                | Self::ListUsers
                | Self::PatchUser
                | Self::MoveUser
                | Self::BlockUser
                | Self::SetPassword
                | Self::ResetUser
                | Self::DeleteUser
                | Self::VerificationJob
        )
    }

    /// An enrolment that was begun.
    async fn associated(self, world: &World) -> Ready {
        let token = match self {
            Self::EnrolOffline => world.password_for(USER, "pwd", API, OFFLINE).await.text("mfa_token"),
            _ => world.log_in(USER).await.mfa_token,
        };
        if self == Self::EnrolApp {
            let secret = world.associate_otp(&token).await.text("secret");
            let code = world.app_code(&TotpSecret::from_base32(&secret).unwrap(), 0);
            return Ready { token, code, ..Ready::default() };
        }
        let oob_code = world.associate_email(&token, None).await.text("oob_code");
        Ready { token, oob_code, code: world.code(USER), ..Ready::default() }
    }

    /// A user with a factor, who signs in again.
    async fn enrolled(self, world: &World) -> Ready {
        if self == Self::VerifyApp {
            let secret = world.enrol_otp(USER).await;
            let token = world.log_in(USER).await.mfa_token;
            return Ready { token, code: world.app_code(&secret, 0), ..Ready::default() };
        }
        let (id, recovery_code) = world.enrol_email(USER).await;
        match self {
            Self::Delete | Self::RegenerateRecoveryCode => {
                Ready { token: world.mfa_access_token(USER, &id).await, id, ..Ready::default() }
            }
            Self::Userinfo => {
                let tokens = world.sign_in_by_email(USER, &id, API, "openid").await;
                Ready::with(tokens.text("access_token"))
            }
            Self::Recover => Ready { code: recovery_code, ..Ready::logged_in(world).await },
            _ => {
                let token = world.log_in(USER).await.mfa_token;
                let oob_code = world.challenge(&token, "oob", &id).await.text("oob_code");
                Ready { token, oob_code, code: world.code(USER), id }
            }
        }
    }

    async fn with_phones(self, world: &World) -> Ready {
        world.set_factor("sms", true).await;
        world.configure(&[("voice", SettingValue::Switch(true))]).await;
        if matches!(self, Self::TextByTwilio | Self::CallByTwilio) {
            world.send_by_twilio().await;
        }
        if self == Self::ChallengePhone {
            let id = world.enrol_phone(USER, "sms", NUMBER).await;
            return Ready { id, ..Ready::logged_in(world).await };
        }
        let token = world.log_in(USER).await.mfa_token;
        if self != Self::EnrolPhone {
            return Ready::with(token);
        }
        let oob_code = world.associate_phone(&token, "voice", NUMBER).await.text("oob_code");
        Ready { token, oob_code, code: world.code(NUMBER), ..Ready::default() }
    }

    async fn with_passwordless(self, world: &World) -> Ready {
        if self == Self::PasswordlessOffline {
            world.without_mfa().await;
        }
        world.passwordless_on().await;
        if matches!(self, Self::Passwordless | Self::PasswordlessOffline) {
            world.start_email(USER).await;
            return Ready { code: world.code(USER), ..Ready::default() };
        }
        if self == Self::StartTextByTwilio {
            world.send_by_twilio().await;
        }
        // Settings, keys, templates and the account are read again now, and not by the request that is counted.
        world.log_in(VERIFIED).await;
        world.start_email(VERIFIED).await;
        world.start_sms("+4915112345670").await;
        Ready::default()
    }

    async fn with_management(self, world: &World) -> Ready {
        if matches!(self, Self::GetTemplate | Self::PutTemplate | Self::PatchTemplate) {
            let token = world.management_token().await;
            let template = template("{{ code }}");
            assert_eq!(world.bearer("POST", TEMPLATES, &token, Body::json(&template)).await.status, 200);
        }
        if matches!(self, Self::GetTwilio | Self::PutTwilio) {
            world.set_twilio_token(TWILIO_TOKEN).await;
        }
        if self.is_about_user() && !matches!(self, Self::PostUser | Self::PostChosenUser) {
            let id = world.make_user(&new_user("ada@example.com")).await;
            return Ready { id, ..Ready::with(world.management_token().await) };
        }
        Ready::with(world.management_token().await)
    }

    pub(crate) async fn send(self, world: &World, ready: &Ready) -> Reply {
        let Ready { token, oob_code, code, id } = ready;
        match self {
            Self::Password => world.password(USER, "pwd").await,
            Self::List => world.list(token).await,
            Self::AssociateEmail => world.associate_email(token, None).await,
            Self::AssociatePhone | Self::TextByTwilio => world.associate_phone(token, "sms", NUMBER).await,
            Self::CallByTwilio => world.associate_phone(token, "voice", NUMBER).await,
            Self::AssociateApp => world.associate_otp(token).await,
            Self::EnrolEmail | Self::EnrolPhone | Self::EnrolOffline | Self::VerifyEmail => {
                world.oob(token, oob_code, code).await
            }
            Self::EnrolApp | Self::VerifyApp => world.otp(token, code).await,
            Self::Challenge | Self::ChallengePhone => world.challenge(token, "oob", id).await,
            Self::Recover => world.recovery(token, code).await,
            Self::RegenerateRecoveryCode => {
                world.bearer("POST", "/mfa/recovery-code", token, Body::none()).await
            }
            Self::Delete => world.delete(token, id).await,
            Self::Userinfo => world.bearer("GET", "/userinfo", token, Body::none()).await,
            Self::PasswordOffline => world.password_for(USER, "pwd", API, OFFLINE).await,
            Self::Refresh => world.refresh(token).await,
            Self::Revoke => world.revoke(token).await,
            Self::StartMail => world.start_email(USER).await,
            Self::StartLink => world.start_link(USER).await,
            Self::StartText | Self::StartTextByTwilio => world.start_sms(NUMBER).await,
            Self::Passwordless | Self::PasswordlessOffline => world.passwordless("email", USER, code).await,
            Self::ClientCredentials => world.client_credentials("").await,
            Self::Forget => world.forget(USER).await,
            Self::SignUp => world.sign_up("ada@example.com").await,
            Self::Factors(step) => step.send(world, token, id).await,
            Self::Applications(step) => step.send(world, token, id).await,
            _ if self.is_about_user() => self.send_about_user(world, ready).await,
            _ => self.send_management(world, token).await,
        }
    }

    async fn send_management(self, world: &World, token: &str) -> Reply {
        let policies = format!("{GUARDIAN}/policies");
        let settings = format!("{GUARDIAN}/settings");
        let provider = format!("{GUARDIAN}/factors/sms/selected-provider");
        let twilio = format!("{GUARDIAN}/factors/phone/providers/twilio");
        let named = format!("{TEMPLATES}/mfa_oob_code");
        let account = json!({ "sid": TWILIO_SID, "from": TWILIO_FROM, "auth_token": "0".repeat(32) });
        let (method, path, body) = match self {
            Self::SetFactor => ("PUT", format!("{GUARDIAN}/factors/otp"), Some(json!({ "enabled": true }))),
            Self::GetPolicies => ("GET", policies, None),
            Self::PutPolicies => ("PUT", policies, Some(json!([]))),
            Self::GetSettings => ("GET", settings, None),
            Self::PatchSettings => {
                ("PATCH", settings, Some(json!({ "code_digits": 8, "voice": true, "countries": null })))
            }
            Self::GetProvider => ("GET", provider, None),
            Self::PutProvider => ("PUT", provider, Some(json!({ "provider": "twilio" }))),
            Self::GetTwilio => ("GET", twilio, None),
            Self::PutTwilio => ("PUT", twilio, Some(account)),
            Self::PostTemplate => ("POST", TEMPLATES.to_owned(), Some(template("{{ code }}"))),
            Self::GetTemplate => ("GET", named, None),
            Self::PutTemplate => ("PUT", named, Some(template("<p>{{ code }}</p>"))),
            Self::PatchTemplate => ("PATCH", named, Some(json!({ "enabled": false }))),
            other => unreachable!("{other:?} is not of the Management API"),
        };
        world.bearer(method, &path, token, body.as_ref().map_or_else(Body::none, Body::json)).await
    }

    async fn send_about_user(self, world: &World, ready: &Ready) -> Reply {
        let path = user_path(&ready.id);
        let (method, path, body) = match self {
            Self::PostUser => ("POST", USERS.to_owned(), Some(new_user("new@example.com"))),
            Self::PostChosenUser => {
                let mut body = new_user("new@example.com");
                body["user_id"] = json!("chosen");
                ("POST", USERS.to_owned(), Some(body))
            }
            Self::GetUser => ("GET", path, None),
            Self::GetUserByEmail => ("GET", "/api/v2/users-by-email?email=ada@example.com".to_owned(), None),
            Self::ListUsers => ("GET", "/api/v2/users?include_totals=true&per_page=1".to_owned(), None),
            Self::PatchUser => ("PATCH", path, Some(json!({ "name": "Ada", "user_metadata": { "a": 1 } }))),
            Self::MoveUser => ("PATCH", path, Some(json!({ "email": "new@example.com" }))),
            Self::BlockUser => ("PATCH", path, Some(json!({ "blocked": true }))),
            Self::SetPassword => ("PATCH", path, Some(json!({ "password": "another password" }))),
            Self::ResetUser => ("DELETE", format!("{path}/authenticators"), None),
            Self::DeleteUser => ("DELETE", path, None),
            Self::VerificationJob => (
                "POST",
                "/api/v2/jobs/verification-email".to_owned(),
                Some(json!({ "user_id": ready.id, "client_id": "demo-app" })),
            ),
            other => unreachable!("{other:?} is not about a user"),
        };
        world.bearer(method, &path, &ready.token, body.as_ref().map_or_else(Body::none, Body::json)).await
    }

    /// Whether the request was answered as it should be.
    pub(crate) fn is_done(self, reply: &Reply) -> bool {
        match self {
            Self::Password | Self::Passwordless => reply.body.contains(r#""error":"mfa_required""#),
            _ => (200..300).contains(&reply.status),
        }
    }
}

fn template(body: &str) -> Value {
    json!({
        "template": "mfa_oob_code", "body": body, "subject": "Hello", "syntax": "liquid", "enabled": true,
    })
}
