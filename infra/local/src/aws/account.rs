//! The account of SES: what it may send, which addresses it does not try, and how AWS sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::feedback::Fate;
use super::locked;
use super::ses::{Refused, SIMULATOR, bare_address};

/// What the account may send: out of the sandbox, and from every domain, until it is told otherwise. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct MailAccount(Arc<Mutex<Account>>);

#[derive(Debug, Default)]
struct Account {
    is_in_sandbox: bool,
    unverified: BTreeSet<String>,
    suppressed: BTreeMap<String, Listed>,
    bouncing: BTreeSet<String>,
    enforcement: Option<&'static str>,
    is_without_events: bool,
}

/// Why an address is on the suppression list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A mail bounced, at that time in epoch seconds.
    Bounced(u64),
    /// Somebody put it there.
    ByHand,
}

impl MailAccount {
    /// Puts the account into the sandbox, in which mail goes to SES's simulator only, or lets it out.
    pub fn set_sandbox(&self, is_in_sandbox: bool) {
        locked(&self.0).is_in_sandbox = is_in_sandbox;
    }

    /// Forgets a domain: it is no identity of the account any longer, and nothing can be sent from it.
    pub fn forget_domain(&self, domain: &str) {
        locked(&self.0).unverified.insert(domain.to_ascii_lowercase());
    }

    /// Puts an address on the account's suppression list: mail to it is taken, and told of as a bounce.
    pub fn suppress(&self, address: &str, why: Listed) {
        locked(&self.0).suppressed.insert(address.to_ascii_lowercase(), why);
    }

    /// Nobody has the address from now on: mail to it bounces for good, and SES puts it on the suppression list.
    pub fn bounce(&self, address: &str) {
        locked(&self.0).bouncing.insert(address.to_ascii_lowercase());
    }

    /// Somebody has the address again. What SES has listed stays listed.
    pub fn receive(&self, address: &str) {
        locked(&self.0).bouncing.remove(&address.to_ascii_lowercase());
    }

    /// Whether it is on the suppression list.
    #[must_use]
    pub fn is_suppressed(&self, address: &str) -> bool {
        self.listed(address).is_some()
    }

    /// Why it is.
    pub(super) fn listed(&self, address: &str) -> Option<Listed> {
        locked(&self.0).suppressed.get(&address.to_ascii_lowercase()).copied()
    }

    /// Has AWS look at the account's reputation: `PROBATION`, `SHUTDOWN`, or `HEALTHY` again.
    pub fn set_enforcement(&self, status: &'static str) {
        locked(&self.0).enforcement = Some(status);
    }

    /// Takes the event destination away from the configuration set, or gives it back.
    pub fn set_events(&self, are_told: bool) {
        locked(&self.0).is_without_events = !are_told;
    }

    /// Takes it off that list; `false` when it was not on it.
    pub fn forget_suppressed(&self, address: &str) -> bool {
        locked(&self.0).suppressed.remove(&address.to_ascii_lowercase()).is_some()
    }

    /// What becomes of a mail that is sent now. The simulator's addresses are never listed, as in AWS.
    pub(super) fn send(&self, to: &str, now: u64) -> Fate {
        if to.ends_with(SIMULATOR) {
            return Fate::at_simulator(to);
        }
        let (mut account, to) = (locked(&self.0), to.to_ascii_lowercase());
        if account.suppressed.contains_key(&to) {
            return Fate::Suppressed;
        }
        match account.bouncing.contains(&to) {
            true => {
                account.suppressed.insert(to, Listed::Bounced(now));
                Fate::Bounces
            }
            false => Fate::Arrives,
        }
    }

    pub(super) fn tells(&self) -> bool {
        !locked(&self.0).is_without_events
    }

    pub(super) fn enforcement(&self) -> &'static str {
        locked(&self.0).enforcement.unwrap_or("HEALTHY")
    }

    pub(super) fn is_in_sandbox(&self) -> bool {
        locked(&self.0).is_in_sandbox
    }

    pub(super) fn has_domain(&self, domain: &str) -> bool {
        !locked(&self.0).unverified.contains(&domain.to_ascii_lowercase())
    }

    /// SES's own words.
    pub(super) fn demand(&self, from: &str, recipients: &[String]) -> Result<(), Refused> {
        let domain = bare_address(from).rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        let is_real = |to: &&String| !bare_address(to).ends_with(SIMULATOR);
        let unverified = if self.has_domain(domain) { None } else { Some(from) };
        let confined = recipients.iter().find(is_real).filter(|_| self.is_in_sandbox()).map(String::as_str);
        match unverified.or(confined) {
            None => Ok(()),
            Some(address) => Err(Refused(
                "MessageRejected",
                format!(
                    "Email address is not verified. The following identities failed the check: {address}"
                ),
            )),
        }
    }
}
