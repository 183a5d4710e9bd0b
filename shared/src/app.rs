//! What every handler has at hand, built once per execution environment.

use std::ops::Deref;
use std::sync::Arc;

use crate::audit::AuditLog;
use crate::aws::{Clients, OnDemand};
use crate::cached::Cached;
use crate::config::Config;
use crate::delivery::Mailer;
use crate::delivery::custom::{CustomTemplate, Misfit};
use crate::delivery::phone::Texter;
use crate::observe::Metrics;
use crate::rules::email_template::{EmailTemplate, TemplateName};
use crate::rules::policy::{SmsProvider, TenantSettings};
use crate::rules::random::Random;
use crate::rules::twilio::TwilioAccount;
use crate::store::{Store, StoreError};
use crate::time::{Clock, Timestamp};
use crate::token::credentials::twilio_account;
use crate::token::keys::{KeyNeeds, Keys};

/// The state of the routers; a clone is one more reference.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

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
    /// What happened, for operators.
    pub audit: AuditLog,
    /// How it goes, in numbers.
    pub(crate) metrics: Metrics,
    /// For what makes keys.
    pub kms: OnDemand<aws_sdk_kms::Client>,
    settings: Cached<Arc<TenantSettings>>,
    twilio: Cached<Option<Arc<TwilioAccount>>>,
    templates: [(TemplateName, Cached<Option<Arc<CustomTemplate>>>); SENT.len()],
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
        let metrics = Metrics::new(config.metrics.clone());
        let texter = clients.phone.map(|clients| Texter::new(clients, &config));
        Self(Arc::new(Inner {
            config,
            store,
            keys,
            mailer,
            texter,
            clock,
            random,
            audit: AuditLog::default(),
            metrics,
            kms: clients.kms,
            settings: Cached::default(),
            twilio: Cached::default(),
            templates: SENT.map(|name| (name, Cached::default())),
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
        let look = async || self.store.tenant_settings().await.map(Arc::new);
        self.settings.get(self.now(), look).await
    }

    /// The Twilio account, looked up again after a minute like the settings; `None` when it is not complete.
    ///
    /// # Errors
    /// When it is not to be had.
    pub async fn twilio_account(&self) -> Result<Option<Arc<TwilioAccount>>, StoreError> {
        let now = self.now();
        let look = async || twilio_account(&self.store, &self.keys, &self.random, now).await;
        self.twilio.get(now, look).await
    }

    /// The operator's template of a mail, looked up again after a minute like the settings; `None` when the built-in text
    /// is to be sent. A stored template that cannot be used is none, and says so in the log.
    ///
    /// # Errors
    /// When it is not to be had.
    pub async fn template(&self, name: TemplateName) -> Result<Option<Arc<CustomTemplate>>, StoreError> {
        let Some((_, cached)) = self.templates.iter().find(|(known, _)| *known == name) else {
            return Ok(None);
        };
        let look = async || match self.store.email_template(name).await {
            Ok(template) => Ok(template.as_ref().and_then(usable).map(Arc::new)),
            Err(StoreError::Corrupt) => Ok(None),
            Err(error) => Err(error),
        };
        cached.get(self.now(), look).await
    }

    /// Looks up before the first request what it will need, so that it finds the connection open and keys and settings
    /// ready. Settings are read by the functions that open tokens, and only those may read them; templates by those that
    /// send mail. A failure is only logged: the first request tries again and answers for itself.
    pub async fn prime(&self) {
        // On the heap: it is as deep as the compiler follows.
        self.metrics.of_start(Box::pin(self.look_up())).await;
    }

    async fn look_up(&self) {
        let settings = async {
            match self.keys.needs().roots {
                true => self.settings().await.map(Some),
                false => Ok(None),
            }
        };
        let template = async {
            match self.config.mail_from {
                Some(_) => self.template(TemplateName::MfaOobCode).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let (keys, settings, template, ()) =
            tokio::join!(self.keys.ring(self.now()), settings, template, self.make_clients());
        let by_twilio = |settings: &Arc<TenantSettings>| settings.sms_provider == SmsProvider::Twilio;
        let twilio = match (&self.texter, &settings) {
            (Some(_), Ok(Some(settings))) if by_twilio(settings) => self.twilio_account().await.map(|_| ()),
            _ => Ok(()),
        };
        if keys.is_err() || settings.is_err() || template.is_err() || twilio.is_err() {
            tracing::warn!(event = "not_primed", "keys or settings could not be read at start-up");
        }
    }

    /// Makes the clients that the first request is going to use while the first answers are on their way.
    async fn make_clients(&self) {
        let needs = self.keys.needs();
        let used: [(bool, &dyn Fn()); 2] = [
            (needs.roots || needs.signing, &|| self.kms.make()),
            (self.config.mail_from.is_some(), &|| self.mailer.make_client()),
        ];
        for (_, make) in used.into_iter().filter(|(used, _)| *used) {
            // The others first: what they have to say is connected, handed over and sent in as many turns.
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            make();
        }
    }
}

/// Turns of the runtime in which a request gets from a handler to the wire.
const TURNS: usize = 4;

/// The templates of the messages that are sent.
pub const SENT: [TemplateName; 7] = [
    TemplateName::MfaOobCode,
    TemplateName::VerifyEmail,
    TemplateName::ResetEmail,
    TemplateName::AuthEmailByCode,
    TemplateName::EnrollmentEmail,
    TemplateName::SecurityNotice,
    TemplateName::SmsPasswordless,
];

/// What was fine at upload may not be for a later version.
fn usable(template: &EmailTemplate) -> Option<CustomTemplate> {
    if !template.enabled {
        return None;
    }
    let parsed = CustomTemplate::parse(template);
    if let Err(Misfit { property, flaw }) = &parsed {
        let (template, line, column) = (template.template.as_str(), flaw.line, flaw.column);
        tracing::error!(
            event = "template_broken",
            template,
            property,
            line,
            column,
            "the built-in text is sent instead"
        );
    }
    parsed.ok()
}
