//! The embedded AWS of the twin: DynamoDB, SES, SMS and voice, KMS and EventBridge, each on a port of its own and speaking
//! its AWS wire protocol (design §9); and Twilio beside it.
//!
//! Signatures are not checked, any credentials and any region will do. Anything that can reach
//! the ports has all the rights there are: they are for the machine the twin runs on.

mod account;
mod calls;
mod dynamodb;
mod events;
mod faults;
mod feedback;
mod front;
mod held;
mod inbox;
mod kms;
mod protocol;
mod ses;
mod sms;
mod trips;
mod twilio;

#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub use self::account::{Listed, MailAccount};
pub use self::calls::{Action, Call, CallLog, Units};
pub use self::dynamodb::TableStream;
pub use self::events::{BUS_ARN, BusEvent, EventBus};
pub use self::faults::{Fault, FaultMode, Faults};
pub use self::feedback::{Feedback, handed_over};
pub use self::held::HeldCalls;
pub use self::inbox::{Channel, Inbox, Message};
pub use self::kms::{KEY_ARN, KEY_ID, warm_rsa_pool};
pub use self::trips::{TripRecorder, in_request};

use self::dynamodb::{DynamoDb, Engine};
use self::events::EventBridge;
use self::front::{Addresses, Doors, Shared, Stop, router};
use self::kms::Kms;
use self::ses::Ses;
use self::sms::Sms;
use self::twilio::Twilio;

/// How long [`AwsTwin::stop`] waits for calls in progress.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// The file by whose lock a twin holds its directory.
const LOCK_NAME: &str = "lock";

/// The twin's clock: seconds since the epoch.
pub type Clock = dyn Fn() -> u64 + Send + Sync;

/// A service of AWS, named as in the twin's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The table.
    Dynamodb,
    /// Email.
    Ses,
    /// Text messages and voice calls, Twilio's included.
    Sms,
    /// Keys.
    Kms,
    /// The event bus.
    Events,
}

/// Where the twin keeps what it is told.
#[derive(Clone, Debug)]
pub enum Storage {
    /// Nowhere: nothing is written, everything ends with the twin.
    Memory,
    /// The table and the KMS master key, in this directory (made if missing, for its owner only).
    /// One twin at a time may use it.
    Directory(PathBuf),
}

/// What a twin is started with.
#[derive(Clone)]
pub struct AwsOptions {
    /// Where the data is kept.
    pub database: Storage,
    /// The twin's clock.
    pub now: Arc<Clock>,
    /// The address to listen on, normally 127.0.0.1.
    pub host: IpAddr,
}

/// Why a twin did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port could be had.
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
    /// The directory cannot be made.
    #[error("cannot make the data directory: {0}")]
    Directory(#[source] io::Error),
    /// Another twin uses the directory.
    #[error(
        "another twin keeps its data in {}: stop that one, or choose another directory with --data, or none with --memory", .0.display()
    )]
    DirectoryInUse(PathBuf),
    /// The table's file cannot be opened.
    #[error("cannot open the table: {0}")]
    Database(String),
    /// The KMS master key cannot be read or written.
    #[error("cannot load the KMS master key: {0}")]
    MasterKey(#[source] io::Error),
}

/// A running AWS. Dropping it stops its servers; [`AwsTwin::stop`] also waits until they are gone.
#[derive(Debug)]
pub struct AwsTwin {
    /// The messages it was asked to deliver.
    pub inbox: Inbox,
    /// What it tells of them afterwards.
    pub feedback: Feedback,
    /// Whether it would deliver them in earnest.
    pub mail: MailAccount,
    /// The events that were put on its bus.
    pub events: EventBus,
    /// Its planned misbehaviour.
    pub faults: Faults,
    /// The calls it does not answer.
    pub held: HeldCalls,
    /// The calls made to it.
    pub calls: CallLog,
    addresses: Addresses,
    engine: Arc<Engine>,
    doors: Doors,
    servers: Vec<JoinHandle<()>>,
    /// Held for the directory as long as this lives.
    _lock: Option<File>,
    /// Its end is the servers' signal to stop.
    running: watch::Sender<()>,
}

impl AwsTwin {
    /// Starts the services on free ports, on the current tokio runtime. Tables are the caller's to
    /// create, over the wire.
    ///
    /// # Errors
    ///
    /// When a port, the directory, the table's file or the master key cannot be had.
    pub async fn start(options: AwsOptions) -> Result<Self, StartError> {
        let AwsOptions { database: storage, now, host } = options;
        let lock = match &storage {
            Storage::Memory => None,
            Storage::Directory(directory) => Some(claim(directory)?),
        };
        let (inbox, events) = (Inbox::default(), EventBus::default());
        let (running, stop) = watch::channel(());
        let stop = Stop(stop);
        let shared = Shared {
            faults: Faults::default(),
            held: HeldCalls::default(),
            calls: CallLog::default(),
            stop: stop.clone(),
        };
        let kms = Kms::new(&storage, Arc::clone(&now)).map_err(StartError::MasterKey)?;
        let sms = Sms { inbox: inbox.clone(), now: Arc::clone(&now) };
        let twilio = Twilio { inbox: inbox.clone(), now: Arc::clone(&now) };
        let (account, feedback) = (MailAccount::default(), Feedback::default());
        let ses = Ses { inbox: inbox.clone(), account: account.clone(), feedback: feedback.clone(), now };
        let event_bridge = EventBridge { events: events.clone() };
        let (dynamodb, engine, embedded) = DynamoDb::start(&storage, stop).await?;

        let doors = Doors {
            dynamodb: router(dynamodb, shared.clone()),
            kms: router(kms, shared.clone()),
            ses: router(ses, shared.clone()),
            sms: router(sms, shared.clone()),
            events: router(event_bridge, shared.clone()),
        };
        let twilio = router(twilio, shared.clone());
        let (addresses, mut servers) =
            doors.open(&twilio, host, &shared.stop).await.map_err(StartError::Listen)?;
        servers.push(embedded);
        Ok(Self {
            inbox,
            feedback,
            mail: account,
            events,
            faults: shared.faults,
            held: shared.held,
            calls: shared.calls,
            addresses,
            engine,
            doors,
            servers,
            _lock: lock,
            running,
        })
    }

    /// Base URL of DynamoDB, such as `http://127.0.0.1:40001`.
    #[must_use]
    pub fn dynamodb_url(&self) -> String {
        url(self.addresses.dynamodb)
    }

    /// Base URL of SES v2.
    #[must_use]
    pub fn ses_url(&self) -> String {
        url(self.addresses.ses)
    }

    /// Base URL of End User Messaging SMS and voice v2.
    #[must_use]
    pub fn sms_url(&self) -> String {
        url(self.addresses.sms)
    }

    /// Base URL of Twilio.
    #[must_use]
    pub fn twilio_url(&self) -> String {
        url(self.addresses.twilio)
    }

    /// Base URL of KMS.
    #[must_use]
    pub fn kms_url(&self) -> String {
        url(self.addresses.kms)
    }

    /// All of AWS at one address, wherever that is served.
    pub(crate) fn router(&self) -> Router {
        self.doors.clone().router()
    }

    /// Base URL of EventBridge.
    #[must_use]
    pub fn event_bridge_url(&self) -> String {
        url(self.addresses.event_bridge)
    }

    /// A reader of a table's stream, from now on.
    #[must_use]
    pub fn stream(&self, table: &str) -> TableStream {
        TableStream::new(&self.engine, table)
    }

    /// Told of every write to a table.
    #[must_use]
    pub fn written(&self) -> Arc<Notify> {
        Arc::clone(&self.engine.written)
    }

    /// Stops the services and waits until they are gone and the table's file is closed, at most a
    /// second.
    pub async fn stop(self) {
        let Self { servers, running, .. } = self;
        drop(running);
        for mut server in servers {
            if tokio::time::timeout(STOP_TIMEOUT, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

/// A URL to reach `address` from this machine, also when it stands for all addresses.
fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

/// Makes the directory and takes it for this twin alone: two would overlook each other's writes. The lock ends with the
/// process, however that ends.
fn claim(directory: &Path) -> Result<File, StartError> {
    make_private(directory).map_err(StartError::Directory)?;
    let path = directory.join(LOCK_NAME);
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(StartError::Directory)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::DirectoryInUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(StartError::Directory(error)),
    }
}

/// Makes a directory that only its owner can look into: the table holds personal data.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Locks `mutex`; a panic of another holder leaves nothing half done here.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
