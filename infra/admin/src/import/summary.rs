//! What an import did, as numbers.

use std::collections::BTreeMap;
use std::fmt;

use postern::store::import::Arrival;
use serde::{Deserialize, Serialize};

use super::batch::Row;
use super::reason::Reason;

/// Properties that are counted by name.
const PROPERTIES_MAX: usize = 100;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows that were dealt with.
    pub rows: u64,
    /// Users who moved in.
    pub imported: u64,
    /// Users who were there already.
    pub known: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Users who moved in without a password, though they sign in by one.
    pub without_password: u64,
    /// Users who moved in with a bcrypt hash.
    pub bcrypt: u64,
    /// Second factors that came along.
    pub factors: u64,
    /// Why rows were refused, and how many.
    pub reasons: BTreeMap<String, u64>,
    /// What there is no place for, and of how many users.
    pub left_out: BTreeMap<String, u64>,
}

impl Summary {
    pub(crate) fn refuse(&mut self, reason: &Reason) {
        self.rows += 1;
        self.refused += 1;
        *self.reasons.entry(reason.to_string()).or_default() += 1;
    }

    pub(crate) fn settle(&mut self, row: &Row, arrival: Arrival) {
        let Ok(incoming) = &row.incoming else { return };
        self.rows += 1;
        if arrival == Arrival::Known {
            self.known += 1;
            return;
        }
        self.imported += 1;
        let by_password = incoming.logins.iter().any(|login| login.name.has_password());
        self.without_password += u64::from(by_password && !incoming.has_password());
        self.bcrypt += u64::from(incoming.bcrypt_cost.is_some());
        self.factors += incoming.factors.len() as u64;
        for property in &incoming.left_out {
            if self.left_out.len() < PROPERTIES_MAX || self.left_out.contains_key(property) {
                *self.left_out.entry(property.clone()).or_default() += 1;
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, imported, known, refused, .. } = self;
        writeln!(
            f,
            "{rows} rows: {imported} users moved in, {known} were there already, {refused} refused."
        )?;
        for (reason, count) in &self.reasons {
            writeln!(f, "  refused {count}: {reason}")?;
        }
        if self.factors > 0 {
            writeln!(f, "{} second factors came along.", self.factors)?;
        }
        if self.bcrypt > 0 {
            writeln!(f, "{} passwords are bcrypt's, until their users sign in.", self.bcrypt)?;
        }
        if self.without_password > 0 {
            let text = "have no password: they cannot sign in by one until it is set.";
            writeln!(f, "{} users {text}", self.without_password)?;
        }
        for (property, count) in &self.left_out {
            writeln!(f, "  left out of {count}: {property}")?;
        }
        Ok(())
    }
}
