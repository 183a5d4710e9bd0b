//! What can happen, by Auth0's event codes where there is one (contract §7, SEC-40). `docs/AUDIT.md` says of each when.

use crate::rules::channel::Channel;

/// Whose word a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Auth0 documents it.
    Auth0,
    /// Ours, where Auth0 documents none (`docs/DIVERGENCES.md`).
    Postern,
}

/// One row for each event: its doc comment, name, code, whose code that is, and what it means, for people.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $origin:ident, $description:literal;)*) => {
        /// An act worth remembering.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Event {
            $($(#[$doc])* $name,)*
        }

        impl Event {
            /// Every event.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$name),*];

            fn row(self) -> (&'static str, Origin, &'static str) {
                match self {
                    $(Self::$name => ($code, Origin::$origin, $description),)*
                }
            }
        }
    };
}

events! {
    /// A write through the Management API, or a command of the operator's, that was done.
    OperationSucceeded = "sapi", Auth0, "Success API Operation";
    /// A request to the Management API that was refused, or such a command that failed.
    OperationFailed = "fapi", Auth0, "Failed API Operation";

    /// The second factor is due.
    MfaRequired = "mfar", Auth0, "MFA required";
    /// A sign-in that came to nothing before it had a kind of its own.
    LoginFailed = "f", Auth0, "Failed login";
    /// A password was exchanged for tokens.
    PasswordExchanged = "sepft", Auth0, "Success exchange of password for access token";
    /// A sign-in by password failed by something else than the password.
    PasswordExchangeFailed = "fepft", Auth0, "Failed exchange of password for access token";
    /// A password was wrong, or nobody has the login: one event for both (SEC-35).
    WrongPassword = "fp", Auth0, "Wrong password, or no such user";
    /// Sign-in to a login from one source is blocked: the wrong password that did it, and every one refused since.
    AccountBlocked = "limit_wc", Auth0, "Blocked account";
    /// A code was exchanged for tokens, instead of a password. Ours: Auth0 documents the failure only.
    PasswordlessExchanged = "sepotpft", Postern, "Success exchange of passwordless OTP for access token";
    /// That failed: a wrong code, or nobody has the address, or anything else.
    PasswordlessExchangeFailed = "fepotpft", Auth0, "Failed exchange of passwordless OTP for access token";
    /// A sent code completed a login.
    OobExchanged = "seoobft", Auth0, "Success exchange of password and OOB challenge for access token";
    /// It did not.
    OobExchangeFailed = "feoobft", Auth0, "Failed exchange of password and OOB challenge for access token";
    /// The code of an app completed a login.
    OtpExchanged = "seotpft", Auth0, "Success exchange of password and OTP challenge for access token";
    /// It did not.
    OtpExchangeFailed = "feotpft", Auth0, "Failed exchange of password and OTP challenge for access token";
    /// A recovery code completed a login.
    RecoveryExchanged = "sercft", Auth0, "Success exchange of password and MFA recovery code for access token";
    /// It did not.
    RecoveryExchangeFailed = "fercft", Auth0, "Failed exchange of password and MFA recovery code for access token";
    /// A client got a token in its own name.
    ClientExchanged = "seccft", Auth0, "Success exchange of access token for a client credentials grant";
    /// It did not.
    ClientExchangeFailed = "feccft", Auth0, "Failed exchange of access token for a client credentials grant";
    /// Tokens were renewed.
    RefreshExchanged = "sertft", Auth0, "Success exchange of refresh token for access token";
    /// They were not.
    RefreshExchangeFailed = "fertft", Auth0, "Failed exchange of refresh token for access token";
    /// A refresh token came a second time: all of its family are void.
    RefreshTokenReused = "ferrt", Auth0, "Failed exchange of rotating refresh token: it was used before";
    /// A refresh token was given up.
    TokenRevoked = "srrt", Auth0, "Success revocation of refresh token";
    /// It was not: it is unknown, or the request was refused. Ours: Auth0 documents the success only.
    RevocationFailed = "frrt", Postern, "Failed revocation of refresh token";

    /// A proof by one of the user's factors was asked for.
    ChallengeStarted = "gd_start_auth", Auth0, "Second factor started";
    /// A factor was proven.
    FactorAccepted = "gd_auth_succeed", Auth0, "MFA success";
    /// A code was wrong.
    FactorRefused = "gd_auth_failed", Auth0, "MFA failed";
    /// A proof was refused, or not asked for, before any code was looked at.
    FactorRejected = "gd_auth_rejected", Auth0, "MFA rejected";
    /// Too many wrong codes: the one that did it, and every one refused since.
    FactorLocked = "gd_otp_rate_limit_exceed", Auth0, "Too many MFA failures";
    /// A recovery code was right, and is replaced.
    RecoveryAccepted = "gd_recovery_succeed", Auth0, "MFA recovery success";
    /// It was wrong.
    RecoveryRefused = "gd_recovery_failed", Auth0, "MFA recovery failed";
    /// As [`Event::FactorLocked`], of recovery codes.
    RecoveryLocked = "gd_recovery_rate_limit_exceed", Auth0, "Too many MFA recovery failures";
    /// A code was mailed.
    EmailSent = "gd_send_email", Auth0, "MFA email sent";
    /// It was not. Ours: Auth0 documents such of text messages and calls only.
    EmailNotSent = "gd_send_email_failure", Postern, "MFA email failed";
    /// A code was sent as a text message.
    SmsSent = "gd_send_sms", Auth0, "MFA SMS sent";
    /// It was not.
    SmsNotSent = "gd_send_sms_failure", Auth0, "MFA SMS failed";
    /// A code was told by a call.
    CallMade = "gd_send_voice", Auth0, "MFA voice call made";
    /// It was not.
    CallNotMade = "gd_send_voice_failure", Auth0, "MFA voice call failed";
    /// A budget of messages is spent: the user's, the destination's, its country's, or the source's. Ours.
    SendsSpent = "limit_sends", Postern, "Too many messages";
    /// An enrolment was begun.
    EnrolmentStarted = "gd_start_enroll", Auth0, "MFA enrollment started";
    /// It was not.
    EnrolmentNotStarted = "gd_start_enroll_failed", Auth0, "MFA enrollment failed";
    /// A factor was confirmed.
    EnrolmentCompleted = "gd_enrollment_complete", Auth0, "MFA enrollment complete";
    /// Users removed one of their own factors.
    Unenrolled = "gd_unenroll", Auth0, "MFA factor removed";
    /// A user replaced the recovery code.
    FactorChanged = "gd_update_device_account", Auth0, "MFA factor changed";
    /// A user's change of their own factors was refused. Ours.
    ChangeRejected = "gd_change_rejected", Postern, "MFA factor change rejected";

    /// A sign-in code was sent; without a user, to nobody.
    CodeSent = "cs", Auth0, "Passwordless code sent";
    /// A sign-in link was sent; without a user, to nobody.
    LinkSent = "cls", Auth0, "Passwordless link sent";

    /// Somebody signed up.
    SignedUp = "ss", Auth0, "Success signup";
    /// Nobody did.
    SignupFailed = "fs", Auth0, "Failed signup";
    /// A link to a new password was asked for, whoever has the address.
    ResetAsked = "scpr", Auth0, "Success change password request";
    /// That was refused.
    ResetNotAsked = "fcpr", Auth0, "Failed change password request";
    /// A link's new password was taken.
    PasswordChanged = "scp", Auth0, "Success change password";
    /// It was not.
    PasswordNotChanged = "fcp", Auth0, "Failed change password";
    /// A link verified an address.
    EmailVerified = "sv", Auth0, "Success verification email";
    /// It did not.
    EmailNotVerified = "fv", Auth0, "Failed verification email";
    /// A link that verifies an address was mailed.
    VerificationMailed = "svr", Auth0, "Success verification email request";
    /// It cannot be.
    VerificationNotMailed = "fvr", Auth0, "Failed verification email request";
    /// A blocked sign-in was unblocked by the link in the mail about it.
    BlockReleased = "ublkdu", Auth0, "User login block released";
    /// It was not. Ours.
    BlockNotReleased = "ublkdu_failed", Postern, "User login block not released";
    /// A security notice, or a link to a new password or to the page that enrols, was mailed. Ours: Auth0 documents the failure only.
    NotificationSent = "sn", Postern, "Success sending notification";
    /// It cannot be; nor can a sign-in code. Or any mail that SES had taken came back.
    NotificationFailed = "fn", Auth0, "Failed sending notification";
    /// Somebody who got a mail said that it was unwanted. Ours.
    MailComplained = "mail_complaint", Postern, "Complaint about a mail";

    /// The schedule, or the creation of the stack, made or retired keys; or a rotation that somebody asked for and that failed then.
    KeysChanged = "kms_key_management_success", Auth0, "Success KMS operation";
    /// It failed.
    KeysNotChanged = "kms_key_management_failure", Auth0, "Failed KMS operation";
}

impl Event {
    /// A code was sent that way.
    #[must_use]
    pub fn sent(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::EmailSent,
            Channel::Sms => Self::SmsSent,
            Channel::Voice => Self::CallMade,
        }
    }

    /// A code was not, or may not have been, sent that way.
    #[must_use]
    pub fn not_sent(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::EmailNotSent,
            Channel::Sms => Self::SmsNotSent,
            Channel::Voice => Self::CallNotMade,
        }
    }

    /// Its code, the `type` of a log entry.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// Whose code it is.
    #[must_use]
    pub fn origin(self) -> Origin {
        self.row().1
    }

    /// What it means, for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().2
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_events_share_a_code() {
        let codes: HashSet<_> = Event::ALL.map(Event::code).into();
        assert_eq!(codes.len(), Event::ALL.len());
    }

    /// docs/AUDIT.md has the same table, row by row.
    #[test]
    fn the_documentation_has_every_event_and_no_other() {
        let documented = include_str!("../../../docs/AUDIT.md");
        for event in Event::ALL {
            let origin = match event.origin() {
                Origin::Auth0 => "Auth0",
                Origin::Postern => "ours",
            };
            let row = format!("| `{}` | {} | {origin} |", event.code(), event.description());
            assert!(documented.contains(&row), "docs/AUDIT.md lacks the row\n{row}");
        }
        let rows = documented.lines().filter(|line| line.starts_with("| `") && line.contains("` | "));
        let rows = rows.filter(|line| line.contains("| Auth0 |") || line.contains("| ours |")).count();
        assert_eq!(rows, Event::ALL.len(), "docs/AUDIT.md has rows of events that are gone");
    }
}
