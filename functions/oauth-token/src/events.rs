//! What a request is in the audit log: by its grant, its outcome, and what became known on the way (SEC-40).

use postern::audit::Event;
use postern::audit::trail::{Fact, Trail};
use postern::wire::oauth::Grant;
use postern::wire::refusal::Refusal;

/// The events of a request, in order; without a grant, of one that asked for none that there is.
pub(crate) fn events(grant: Option<Grant>, outcome: Result<(), &Refusal>, known: &Trail) -> Vec<Event> {
    match (grant, outcome) {
        (_, Err(Refusal::MfaRequired(_))) => vec![Event::MfaRequired],
        (None, _) => vec![Event::LoginFailed],
        (Some(grant), Ok(())) => proven(grant, known).into_iter().chain([exchanged(grant)]).collect(),
        (Some(Grant::Password | Grant::PasswordRealm), Err(refusal)) => of_a_password(refusal, known),
        (Some(Grant::RefreshToken), Err(_)) if known.has(Fact::TokenReused) => {
            vec![Event::RefreshTokenReused]
        }
        (Some(grant), Err(refusal)) => {
            unproven(grant, refusal, known).into_iter().chain([not_exchanged(grant)]).collect()
        }
    }
}

fn exchanged(grant: Grant) -> Event {
    match grant {
        Grant::Password | Grant::PasswordRealm => Event::PasswordExchanged,
        Grant::PasswordlessOtp => Event::PasswordlessExchanged,
        Grant::MfaOob => Event::OobExchanged,
        Grant::MfaOtp => Event::OtpExchanged,
        Grant::MfaRecoveryCode => Event::RecoveryExchanged,
        Grant::ClientCredentials => Event::ClientExchanged,
        Grant::RefreshToken => Event::RefreshExchanged,
    }
}

fn not_exchanged(grant: Grant) -> Event {
    match grant {
        Grant::Password | Grant::PasswordRealm => Event::PasswordExchangeFailed,
        Grant::PasswordlessOtp => Event::PasswordlessExchangeFailed,
        Grant::MfaOob => Event::OobExchangeFailed,
        Grant::MfaOtp => Event::OtpExchangeFailed,
        Grant::MfaRecoveryCode => Event::RecoveryExchangeFailed,
        Grant::ClientCredentials => Event::ClientExchangeFailed,
        Grant::RefreshToken => Event::RefreshExchangeFailed,
    }
}

/// Nothing tells a wrong password from a login that nobody has.
fn of_a_password(refusal: &Refusal, known: &Trail) -> Vec<Event> {
    match refusal {
        Refusal::WrongPassword if known.has(Fact::Blocks) => {
            vec![Event::WrongPassword, Event::AccountBlocked]
        }
        Refusal::WrongPassword => vec![Event::WrongPassword],
        Refusal::TooManyPasswords { .. } => vec![Event::AccountBlocked],
        _ => vec![Event::PasswordExchangeFailed],
    }
}

/// What became of the factor that the tokens were issued for.
fn proven(grant: Grant, known: &Trail) -> Option<Event> {
    match grant {
        Grant::MfaOob | Grant::MfaOtp if known.has(Fact::Enrols) => Some(Event::EnrolmentCompleted),
        Grant::MfaOob | Grant::MfaOtp => Some(Event::FactorAccepted),
        Grant::MfaRecoveryCode => Some(Event::RecoveryAccepted),
        _ => None,
    }
}

/// What became of the factor that no tokens were issued for.
fn unproven(grant: Grant, refusal: &Refusal, known: &Trail) -> Vec<Event> {
    let (refused, locked) = match grant {
        Grant::MfaOob | Grant::MfaOtp => (Event::FactorRefused, Event::FactorLocked),
        Grant::MfaRecoveryCode => (Event::RecoveryRefused, Event::RecoveryLocked),
        _ => return Vec::new(),
    };
    match refusal {
        Refusal::InvalidBindingCode | Refusal::InvalidOtpCode | Refusal::RecoveryRejected => {
            [refused].into_iter().chain(known.has(Fact::Blocks).then_some(locked)).collect()
        }
        Refusal::TooManyCodes { .. } => vec![locked],
        Refusal::OobCodeExpired
        | Refusal::OobCodeMismatch
        | Refusal::NotEnrolled
        | Refusal::AlreadyEnrolled
        | Refusal::NoRecoveryCode
        | Refusal::FactorOff(_)
        | Refusal::UnsupportedChallengeType(_) => vec![Event::FactorRejected],
        // Who asks, or with what token, is wrong; or we failed: nothing is said of a factor.
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use postern::rules::channel::Channel;
    use postern::wire::mfa_due::{IssuedToken, MfaDue};

    use super::*;

    fn codes(grant: Option<Grant>, outcome: Result<(), &Refusal>, facts: &[Fact]) -> String {
        let known = Trail { facts: facts.to_vec(), ..Trail::default() };
        let codes: Vec<_> = events(grant, outcome, &known).into_iter().map(Event::code).collect();
        codes.join(" ")
    }

    #[test]
    fn a_grant_that_was_granted() {
        let of = |grant| codes(Some(grant), Ok(()), &[]);
        let all = Grant::ALL.map(of).join(", ");
        let expected = "seccft, sertft, sepft, sepft, sepotpft, gd_auth_succeed seoobft, \
                        gd_auth_succeed seotpft, gd_recovery_succeed sercft";
        assert_eq!(all, expected);
        let enrols = [Grant::MfaOob, Grant::MfaOtp].map(|grant| codes(Some(grant), Ok(()), &[Fact::Enrols]));
        assert_eq!(enrols, ["gd_enrollment_complete seoobft", "gd_enrollment_complete seotpft"]);
    }

    /// Whoever asks, with whatever: each grant has an event, and only the factors' own refusals have one of theirs.
    #[test]
    fn a_grant_that_was_refused_before_anything_was_looked_at() {
        let expected = ["feccft", "fertft", "fepft", "fepft", "fepotpft", "feoobft", "feotpft", "fercft"];
        for refusal in [Refusal::ClientUnauthorized, Refusal::MalformedMfaToken, Refusal::Unavailable] {
            assert_eq!(Grant::ALL.map(|grant| codes(Some(grant), Err(&refusal), &[])), expected);
            assert_eq!(codes(None, Err(&refusal), &[]), "f");
        }
        let due = MfaDue { mfa_token: IssuedToken(String::new()), requirements: None };
        let due = Refusal::MfaRequired(due);
        assert!(Grant::ALL.into_iter().all(|grant| codes(Some(grant), Err(&due), &[]) == "mfar"));
    }

    #[test]
    fn a_password_or_a_refresh_token_that_was_wrong() {
        let of = |grant, refusal: Refusal, facts: &[Fact]| codes(Some(grant), Err(&refusal), facts);
        assert_eq!(of(Grant::Password, Refusal::WrongPassword, &[]), "fp");
        assert_eq!(of(Grant::PasswordRealm, Refusal::WrongPassword, &[Fact::Blocks]), "fp limit_wc");
        let spent = Refusal::TooManyPasswords { retry_after: 1, limit: 1 };
        assert_eq!(of(Grant::Password, spent, &[]), "limit_wc");
        assert_eq!(of(Grant::Password, Refusal::UserBlocked, &[]), "fepft");
        let wrong = Refusal::WrongSignInCode(Channel::Email);
        assert_eq!(of(Grant::PasswordlessOtp, wrong, &[]), "fepotpft");
        let reused = of(Grant::RefreshToken, Refusal::UnknownRefreshToken, &[Fact::TokenReused]);
        assert_eq!(reused, "ferrt");
        assert_eq!(of(Grant::RefreshToken, Refusal::UnknownRefreshToken, &[]), "fertft");
    }

    #[test]
    fn a_factor_that_was_not_proven() {
        let of = |grant, refusal: Refusal, facts: &[Fact]| codes(Some(grant), Err(&refusal), facts);
        let spent = || Refusal::TooManyCodes { retry_after: 1, limit: 1 };
        let locked = "gd_auth_failed gd_otp_rate_limit_exceed feoobft";
        assert_eq!(of(Grant::MfaOob, Refusal::InvalidBindingCode, &[]), "gd_auth_failed feoobft");
        assert_eq!(of(Grant::MfaOob, Refusal::InvalidBindingCode, &[Fact::Blocks]), locked);
        assert_eq!(of(Grant::MfaOtp, Refusal::InvalidOtpCode, &[]), "gd_auth_failed feotpft");
        assert_eq!(of(Grant::MfaOtp, spent(), &[]), "gd_otp_rate_limit_exceed feotpft");
        assert_eq!(of(Grant::MfaOtp, Refusal::FactorOff("otp"), &[]), "gd_auth_rejected feotpft");
        let recovery = Grant::MfaRecoveryCode;
        assert_eq!(of(recovery, Refusal::RecoveryRejected, &[]), "gd_recovery_failed fercft");
        assert_eq!(of(recovery, spent(), &[]), "gd_recovery_rate_limit_exceed fercft");
        assert_eq!(of(recovery, Refusal::NoRecoveryCode, &[]), "gd_auth_rejected fercft");
    }
}
