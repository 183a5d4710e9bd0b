//! What a key is for at a time, and whether it can be revoked: it follows from its times and those of the others
//! (design §4).

use crate::store::keys::KeyGeneration;
use crate::time::Timestamp;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, and not used yet.
    Next,
    /// New things are made with it.
    Current,
    /// It makes nothing new, and still verifies and opens what it made.
    Old,
    /// It is not published, and what it signed is refused.
    Revoked,
}

impl KeyState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Old => "old",
            Self::Revoked => "revoked",
        }
    }
}

/// What `key` is for among `all`: the newest of its use that has begun and is not revoked is current.
#[must_use]
pub fn state(key: &KeyGeneration, all: &[KeyGeneration], now: Timestamp) -> KeyState {
    if key.revoked_at.is_some() {
        return KeyState::Revoked;
    }
    if key.not_before > now {
        return KeyState::Next;
    }
    let begun = good(key, all).filter(|other| other.not_before <= now);
    match begun.max_by_key(|other| (other.not_before, other.generation)) {
        Some(newest) if newest.generation == key.generation => KeyState::Current,
        _ => KeyState::Old,
    }
}

/// The key that takes the place of `key`, or took it.
#[must_use]
pub fn successor<'a>(key: &KeyGeneration, all: &'a [KeyGeneration]) -> Option<&'a KeyGeneration> {
    let later = good(key, all).filter(|other| other.generation > key.generation);
    later.min_by_key(|other| other.generation)
}

/// Those of its use that are not revoked.
fn good<'a>(key: &KeyGeneration, all: &'a [KeyGeneration]) -> impl Iterator<Item = &'a KeyGeneration> {
    let key_use = key.key_use;
    all.iter().filter(move |other| other.key_use == key_use && other.revoked_at.is_none())
}

/// Who signs when a key is revoked.
#[derive(Clone, Copy, Debug)]
pub enum Signer<'a> {
    /// One that has begun.
    Begun(&'a KeyGeneration),
    /// The next one, which has to begin at once.
    Promoted(&'a KeyGeneration),
}

/// What a revocation comes to.
#[derive(Clone, Copy, Debug)]
pub enum Revocation<'a> {
    /// It is revoked, since then.
    Done(Timestamp),
    /// It can be, and this one signs.
    By(Signer<'a>),
    /// There is none to take its place.
    WouldLeaveNone,
}

/// What revoking `key` comes to. The current one cannot be while no next one is there: nobody could sign in, or an old
/// key would sign again.
#[must_use]
pub fn revocation<'a>(key: &KeyGeneration, all: &'a [KeyGeneration], now: Timestamp) -> Revocation<'a> {
    let first = |wanted| good(key, all).find(move |other| state(other, all, now) == wanted);
    let signer = match (state(key, all, now), key.revoked_at) {
        (_, Some(at)) => return Revocation::Done(at),
        (KeyState::Current, None) => first(KeyState::Next).map(Signer::Promoted),
        (_, None) => first(KeyState::Current).map(Signer::Begun),
    };
    signer.map_or(Revocation::WouldLeaveNone, Revocation::By)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Kid;
    use crate::token::keyring::KeyUse;

    fn key(generation: u32, not_before: u64, revoked_at: Option<u64>) -> KeyGeneration {
        KeyGeneration {
            kid: Kid::new(format!("k{generation}")),
            key_use: KeyUse::Signing,
            generation,
            wrapped: String::new(),
            public: None,
            created_at: Timestamp(0),
            not_before: Timestamp(not_before),
            publish_seconds: None,
            revoked_at: revoked_at.map(Timestamp),
        }
    }

    fn states(all: &[KeyGeneration], now: u64) -> Vec<&'static str> {
        all.iter().map(|key| state(key, all, Timestamp(now)).as_str()).collect()
    }

    #[test]
    fn the_newest_good_key_that_has_begun_is_current() {
        let root = KeyGeneration { key_use: KeyUse::Root, ..key(9, 50, None) };
        let all = [key(1, 0, None), key(2, 100, None), key(3, 200, None), root.clone()];
        assert_eq!(states(&all, 99), ["current", "next", "next", "current"]);
        assert_eq!(states(&all, 100), ["old", "current", "next", "current"]);
        assert_eq!(states(&all, 200), ["old", "old", "current", "current"]);
        let all = [key(1, 0, None), key(2, 100, Some(150)), key(3, 200, None)];
        assert_eq!(states(&all, 160), ["current", "revoked", "next"]);
        assert_eq!(successor(&all[0], &all).map(|key| key.generation), Some(3), "not the revoked one");
        assert!(successor(&all[2], &all).is_none());
    }

    fn signer(of: usize, all: &[KeyGeneration], now: u64) -> Option<(u32, bool)> {
        match revocation(&all[of], all, Timestamp(now)) {
            Revocation::By(Signer::Begun(key)) => Some((key.generation, false)),
            Revocation::By(Signer::Promoted(key)) => Some((key.generation, true)),
            Revocation::Done(_) | Revocation::WouldLeaveNone => None,
        }
    }

    /// Somebody signs at every moment, and after the current key its successor, not one of old.
    #[test]
    fn a_revocation_leaves_a_signer() {
        let all = [key(1, 0, None), key(2, 100, None), key(3, 200, None)];
        assert_eq!(signer(0, &all, 150), Some((2, false)));
        assert_eq!(signer(1, &all, 150), Some((3, true)), "the next one at once");
        assert_eq!(signer(2, &all, 150), Some((2, false)), "the current one stays");
        assert_eq!(signer(0, &all, 250), Some((3, false)));
        assert_eq!(signer(2, &all, 250), None, "no other is to come, and one of old does not come back");
        let last = [key(1, 0, None), key(2, 100, Some(110))];
        assert_eq!(signer(0, &last, 150), None);
        assert!(matches!(revocation(&last[0], &last, Timestamp(150)), Revocation::WouldLeaveNone));
        assert!(matches!(revocation(&last[1], &last, Timestamp(150)), Revocation::Done(Timestamp(110))));
    }
}
