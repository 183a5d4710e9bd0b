//! What every handler has at hand, built once per execution environment.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::aws::Clients;
use crate::config::Config;
use crate::delivery::Mailer;
use crate::delivery::phone::Texter;
use crate::rules::policy::TenantSettings;
use crate::rules::random::Random;
use crate::store::{Store, StoreError};
use crate::time::{Clock, Timestamp};
use crate::token::keys::{KeyNeeds, Keys};

/// How long the tenant's settings are served without looking again, in seconds.
const SETTINGS_FRESH_SECONDS: u64 = 60;
/// How long they are served when looking again fails, in seconds.
const SETTINGS_USABLE_SECONDS: u64 = 360;

/// The state of the routers; a clone is one more reference.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// After a failed look the next one waits so long, in seconds.
const RELOOK_SECONDS: u64 = 10;

/// See [`App`].
#[derive(Debug)]
pub struct Inner {
    /// What the operator set.
    pub config: Config,
    /// The table.
    pub store: Store,
    /// Key generations.
    pub keys: Keys,
    /// Mail.
    pub mailer: Mailer,
    /// Text messages and calls, in the functions that send them.
    pub texter: Option<Texter>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// For what makes keys.
    pub kms: aws_sdk_kms::Client,
    settings: Mutex<Option<CachedSettings>>,
}

#[derive(Debug)]
struct CachedSettings {
    settings: Arc<TenantSettings>,
    at: Timestamp,
    looked_at: Timestamp,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts the parts together; calls nothing yet.
    #[must_use]
    pub fn new(config: Config, clients: Clients, needs: KeyNeeds, clock: Clock, random: Random) -> Self {
        let store = Store::new(clients.dynamodb, &config.table, random.clone());
        let keys = Keys::new(store.clone(), clients.kms.clone(), needs);
        let mailer = Mailer::new(clients.ses, &config);
        let texter = clients.phone.map(|client| Texter::new(client, &config));
        Self(Arc::new(Inner {
            config,
            store,
            keys,
            mailer,
            texter,
            clock,
            random,
            kms: clients.kms,
            settings: Mutex::new(None),
        }))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The tenant's settings, looked up again after a minute; a failing look is bridged for five more.
    ///
    /// # Errors
    /// When they are not to be had.
    pub async fn settings(&self) -> Result<Arc<TenantSettings>, StoreError> {
        let now = self.now();
        let mut cached = self.settings.lock().await;
        if let Some(known) = &*cached {
            let fresh = now.since(known.at) < SETTINGS_FRESH_SECONDS;
            // The last look failed a moment ago: not every request has to wait for the same failure.
            let bridged =
                now.since(known.looked_at) < RELOOK_SECONDS && now.since(known.at) < SETTINGS_USABLE_SECONDS;
            if fresh || bridged {
                return Ok(Arc::clone(&known.settings));
            }
        }
        match (self.store.tenant_settings().await, &mut *cached) {
            (Ok(settings), _) => {
                let settings = Arc::new(settings);
                *cached = Some(CachedSettings { settings: Arc::clone(&settings), at: now, looked_at: now });
                Ok(settings)
            }
            (Err(_), Some(known)) if now.since(known.at) < SETTINGS_USABLE_SECONDS => {
                known.looked_at = now;
                Ok(Arc::clone(&known.settings))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Looks up before the first request what it will need, so that it finds the connection open and keys and settings
    /// ready. Settings are read by the functions that open tokens, and only those may read them. A failure is only
    /// logged: the first request tries again and answers for itself.
    pub async fn prime(&self) {
        let settings = async {
            match self.keys.needs().roots {
                true => self.settings().await.map(|_| ()),
                false => Ok(()),
            }
        };
        let (keys, settings) = tokio::join!(self.keys.ring(self.now()), settings);
        if keys.is_err() || settings.is_err() {
            tracing::warn!(event = "not_primed", "keys or settings could not be read at start-up");
        }
    }
}
