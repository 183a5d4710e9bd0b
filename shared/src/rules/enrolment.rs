//! Who may add or remove an authenticator (design §5).
//!
//! Enrolled = the user has any confirmed authenticator, or a verified address while the email factor is on.

/// What the bearer of a token has proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An `mfa_token`: the first factor only.
    FirstFactor,
    /// An `/mfa/` access token without MFA behind it, or with MFA too long ago.
    StaleAccessToken,
    /// An `/mfa/` access token that came out of MFA within the last ten minutes.
    FreshMfa,
    /// A ticket by which an operator lets a user enrol beside the factors there are. One that does not is worth what the
    /// first factor is.
    Vouched,
}

/// The condition under which an enrolment that was begun may be written, at association and again at confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Only while the user is not enrolled: otherwise a thief of the password associates first and confirms later.
    OnlyIfNotEnrolled,
    /// MFA was proven, or an operator vouches: no further condition.
    Proven,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// `User is already enrolled.`
    AlreadyEnrolled,
    /// Fresh MFA is needed first.
    FreshMfaNeeded,
}

/// Whether a new authenticator may be associated, and under which condition of the write.
///
/// # Errors
/// See [`NotAllowed`].
pub fn may_associate(proof: Proof, enrolled: bool) -> Result<Gate, NotAllowed> {
    match (proof, enrolled) {
        (Proof::FreshMfa | Proof::Vouched, _) => Ok(Gate::Proven),
        (Proof::FirstFactor | Proof::StaleAccessToken, false) => Ok(Gate::OnlyIfNotEnrolled),
        (Proof::FirstFactor, true) => Err(NotAllowed::AlreadyEnrolled),
        (Proof::StaleAccessToken, true) => Err(NotAllowed::FreshMfaNeeded),
    }
}

/// Under which condition of the write a pending authenticator may be confirmed; `None` when the user is enrolled by
/// now. Whoever confirmed first wins, unless fresh MFA was proven or an operator vouches.
#[must_use]
pub fn may_confirm(proof: Proof, enrolled: bool) -> Option<Gate> {
    match (proof, enrolled) {
        (Proof::FreshMfa | Proof::Vouched, _) => Some(Gate::Proven),
        (_, false) => Some(Gate::OnlyIfNotEnrolled),
        (_, true) => None,
    }
}

/// Unexpired pending authenticators a user may have at once.
pub const PENDING_MAX: usize = 5;
/// Authenticators a user may have, pending ones included (contract §3: Auth0 stops at 51). Each channel of a phone is one.
pub const AUTHENTICATORS_MAX: usize = 50;
/// Authentication methods that an operator may give at once.
pub const METHODS_AT_ONCE_MAX: usize = 10;

/// Whether a user who has so many authenticators, pending ones and both channels of a phone included, may have so many
/// more.
#[must_use]
pub fn has_room(held: usize, added: usize) -> bool {
    held.saturating_add(added) <= AUTHENTICATORS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract §3: of a phone with both channels both must fit.
    #[test]
    fn a_user_has_room_up_to_the_bound() {
        let rows = [(0, 1, true), (48, 2, true), (49, 1, true), (49, 2, false), (50, 1, false)];
        for (held, added, fits) in rows {
            assert_eq!(has_room(held, added), fits, "{held} {added}");
        }
    }

    /// SEC-27: the matrix of proof and enrolled state.
    #[test]
    fn only_fresh_mfa_and_an_operator_add_to_an_enrolled_user() {
        use NotAllowed::{AlreadyEnrolled, FreshMfaNeeded};
        let rows = [
            (Proof::FirstFactor, false, Ok(Gate::OnlyIfNotEnrolled), Some(Gate::OnlyIfNotEnrolled)),
            (Proof::FirstFactor, true, Err(AlreadyEnrolled), None),
            (Proof::StaleAccessToken, false, Ok(Gate::OnlyIfNotEnrolled), Some(Gate::OnlyIfNotEnrolled)),
            (Proof::StaleAccessToken, true, Err(FreshMfaNeeded), None),
            (Proof::FreshMfa, false, Ok(Gate::Proven), Some(Gate::Proven)),
            (Proof::FreshMfa, true, Ok(Gate::Proven), Some(Gate::Proven)),
            (Proof::Vouched, false, Ok(Gate::Proven), Some(Gate::Proven)),
            (Proof::Vouched, true, Ok(Gate::Proven), Some(Gate::Proven)),
        ];
        for (proof, enrolled, associate, confirm) in rows {
            assert_eq!(may_associate(proof, enrolled), associate, "{proof:?} {enrolled}");
            assert_eq!(may_confirm(proof, enrolled), confirm, "{proof:?} {enrolled}");
        }
    }
}
