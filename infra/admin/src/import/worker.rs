//! One batch: its users are made ready and written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use postern::rules::policy::TenantSettings;
use postern::rules::random::Random;
use postern::store::import::{Arrival, Newcomer, Try};
use postern::store::users::Labels;
use postern::store::{Store, StoreError};
use postern::time::{Clock, pause};
use postern::token::keyring::KeyRing;
use postern::token::vouched::Vouched;

use super::batch::{Batch, Row};
use super::ledger::Settled;
use super::reason::Reason;
use super::row::Incoming;
use crate::CommandError;

/// The first wait after a failure, in milliseconds; each further one is twice as long.
const PAUSE_MILLISECONDS: u32 = 50;
/// The longest wait.
const PAUSE_MILLISECONDS_MAX: u32 = 10_000;

/// What users are written with. Clones are one.
#[derive(Clone)]
pub struct Importer(Arc<Parts>);

struct Parts {
    store: Store,
    ring: Arc<KeyRing>,
    settings: TenantSettings,
    random: Random,
    clock: Clock,
    /// The greatest cost of bcrypt hashes that the settings say.
    bcrypt_cost: AtomicU64,
}

impl Importer {
    /// Puts it together.
    #[must_use]
    pub fn new(
        store: Store,
        ring: Arc<KeyRing>,
        settings: TenantSettings,
        random: Random,
        clock: Clock,
    ) -> Self {
        let bcrypt_cost = AtomicU64::new(settings.bcrypt_cost);
        Self(Arc::new(Parts { store, ring, settings, random, clock, bcrypt_cost }))
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn newcomer(&self, incoming: &Incoming) -> Result<Newcomer, CommandError> {
        let Parts { ring, settings, random, clock, .. } = &*self.0;
        let vouched = Vouched { user: &incoming.profile.user_id, ring, settings, random, now: clock.now() };
        let mut authenticators = Vec::new();
        for factor in &incoming.factors {
            let made = vouched.authenticators(factor.clone(), Labels::default());
            authenticators.extend(made.map_err(|_| CommandError::Secret)?);
        }
        let (profile, logins) = (incoming.profile.clone(), incoming.logins.clone());
        Ok(Newcomer { profile, logins, authenticators })
    }

    /// Before the first user with such a hash is there, sign-ins know to do as much work for everybody (SEC-35).
    async fn note_cost(&self, users: &[&Incoming]) -> Result<(), StoreError> {
        let cost = users.iter().filter_map(|incoming| incoming.bcrypt_cost).max().unwrap_or(0);
        if cost > self.0.bcrypt_cost.load(Ordering::SeqCst) {
            self.0.store.note_bcrypt_cost(cost).await?;
            self.0.bcrypt_cost.fetch_max(cost, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn try_to_write(
        &self,
        users: &[&Incoming],
        newcomers: &[Newcomer],
        tried: Try,
    ) -> Result<Vec<Arrival>, StoreError> {
        self.note_cost(users).await?;
        self.0.store.move_in(newcomers, tried, &self.0.clock).await
    }

    /// Tries again while the table is busy or out of reach: a new table on demand takes its time to grow.
    async fn write(&self, users: &[&Incoming], tries: u32) -> Result<Vec<Arrival>, CommandError> {
        let newcomers: Vec<_> =
            users.iter().map(|incoming| self.newcomer(incoming)).collect::<Result<_, _>>()?;
        let mut result = self.try_to_write(users, &newcomers, Try::First).await;
        for tried in 1..tries {
            match result {
                Err(StoreError::Busy | StoreError::Unavailable) => self.back_off(tried).await,
                done => return Ok(done?),
            }
            result = self.try_to_write(users, &newcomers, Try::Again).await;
        }
        Ok(result?)
    }

    async fn back_off(&self, tried: u32) {
        let ceiling = PAUSE_MILLISECONDS.saturating_mul(1 << tried.min(16)).min(PAUSE_MILLISECONDS_MAX);
        let milliseconds = self.0.random.below(ceiling).unwrap_or(ceiling);
        pause(Duration::from_millis(u64::from(milliseconds))).await;
    }
}

/// Writes a batch; without an importer its rows are only judged.
pub(super) async fn write(
    importer: Option<Importer>,
    Batch { number, rows }: Batch,
    tries: u32,
) -> Result<Settled, CommandError> {
    let users: Vec<&Incoming> = rows.iter().filter_map(|row| row.incoming.as_deref().ok()).collect();
    let arrivals = match importer {
        Some(importer) if !users.is_empty() => importer.write(&users, tries).await?,
        _ => vec![Arrival::Done; users.len()],
    };
    let mut arrivals = arrivals.into_iter();
    let settle = |row: Row| {
        let outcome = match &row.incoming {
            Err(reason) => Err(reason.clone()),
            Ok(_) => {
                let arrival = arrivals.next().ok_or(StoreError::Corrupt)?;
                Reason::of(arrival).map_or(Ok(arrival), Err)
            }
        };
        Ok((row, outcome))
    };
    let rows = rows.into_iter().map(settle).collect::<Result<_, StoreError>>()?;
    Ok(Settled { number, rows })
}
