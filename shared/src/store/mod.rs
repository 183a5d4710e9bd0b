//! The table: one module per entity, each function one DynamoDB call or one transaction (design §3).

pub mod account_mails;
pub mod accounts;
pub mod applications;
pub mod authenticators;
pub mod blocks;
pub mod client_grants;
pub mod clients;
pub mod export;
pub mod expression;
pub mod import;
pub mod keys;
mod limit_key;
pub mod limits;
pub mod listing;
pub mod logins;
pub mod logs;
pub mod mailboxes;
pub mod mfa;
pub mod notices;
pub mod passwordless;
pub mod properties;
pub mod providers;
mod reads;
pub mod refresh;
pub mod resource_servers;
pub mod schema;
pub mod sends;
pub mod templates;
pub mod tenant;
pub mod tickets;
mod user_change;
pub mod user_changes;
pub mod user_life;
pub mod users;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, ReturnValue};

use crate::aws::BeforeTheFactOnly;
use crate::rules::random::Random;
use crate::time;
use expression::Write;
use reads::read;

/// A stored item.
pub type Item = HashMap<String, AttributeValue>;

/// A call to the table that brought no answer of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// AWS failed or did not answer: retry later.
    #[error("the table cannot be reached")]
    Unavailable,
    /// The write kept colliding with other transactions.
    #[error("the write kept colliding with others")]
    Busy,
    /// An item does not have the form it was written in.
    #[error("a stored item cannot be read")]
    Corrupt,
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Outcome {
    /// Written; the item as it is now, where the call returns it.
    Done(Item),
    /// The condition did not hold; the item as it was, if there was one.
    Refused(Option<Item>),
}

/// A transaction's member whose condition did not hold.
pub struct RefusedStep<S> {
    /// Which member.
    pub step: S,
    /// Its item as it was, if there was one.
    pub old: Option<Item>,
}

/// Items hold addresses and hashes.
impl<S: std::fmt::Debug> std::fmt::Debug for RefusedStep<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefusedStep").field("step", &self.step).finish_non_exhaustive()
    }
}

/// How a transaction did not happen: nothing of it was written.
#[derive(Debug)]
pub enum NotWritten<S> {
    /// Conditions of these members did not hold.
    Refused(Vec<RefusedStep<S>>),
    /// No answer of the domain.
    Failed(StoreError),
}

impl<S> From<StoreError> for NotWritten<S> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    dynamodb: Client,
    table: Arc<str>,
    random: Random,
}

/// Tries of a transaction when the state it was decided on moves under it and it is decided again.
pub const DECISION_TRIES: u32 = 5;
/// Writes that a transaction holds.
const TRANSACTION_MAX: usize = 100;
/// Length of a transaction's client token; DynamoDB takes up to 36.
const CLIENT_TOKEN_CHARACTERS: usize = 32;
/// Tries of a write that collides with a transaction, the first included (design §3).
const CONFLICT_TRIES: u32 = 5;

/// Logs that something could not be taken back. Nothing else comes of it: the item expires by itself.
pub fn compensated<T, E>(operation: &'static str, result: Result<T, E>) {
    if result.is_err() {
        tracing::warn!(event = "compensation_failed", operation);
    }
}

impl Store {
    /// The table `table`, reached by `dynamodb`.
    #[must_use]
    pub fn new(dynamodb: Client, table: &str, random: Random) -> Self {
        Self { dynamodb, table: table.into(), random }
    }

    /// The client that reaches it.
    #[must_use]
    pub fn dynamodb(&self) -> &Client {
        &self.dynamodb
    }

    /// The table's name.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// One conditional write that is safe to repeat.
    async fn write(&self, write: &Write) -> Result<Outcome, StoreError> {
        self.attempt(write, false).await
    }

    /// One conditional write that counts: it is not repeated once it may have happened (SEC-43).
    async fn charge(&self, write: &Write) -> Result<Outcome, StoreError> {
        self.attempt(write, true).await
    }

    async fn attempt(&self, write: &Write, counts: bool) -> Result<Outcome, StoreError> {
        for tried in 1..=CONFLICT_TRIES {
            match self.send(write, counts).await {
                Attempt::Outcome(outcome) => return Ok(outcome),
                Attempt::Failed(error) => return Err(error),
                Attempt::Conflict if tried < CONFLICT_TRIES => self.back_off(tried).await,
                Attempt::Conflict => {}
            }
        }
        Err(StoreError::Busy)
    }

    async fn send(&self, write: &Write, counts: bool) -> Attempt {
        if let Some(item) = &write.put {
            let call = self
                .dynamodb
                .put_item()
                .table_name(&*self.table)
                .set_item(Some(item.clone()))
                .set_condition_expression(write.condition.clone())
                .set_expression_attribute_names(write.names())
                .set_expression_attribute_values(write.values())
                .set_return_values_on_condition_check_failure(write.old_item_when_refused());
            return match call.send().await {
                Ok(_) => Attempt::Outcome(Outcome::Done(Item::new())),
                Err(error) => Attempt::of_put(&error),
            };
        }
        let Some(update) = &write.update else { return self.send_delete(write).await };
        let call = self
            .dynamodb
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(write.key()))
            .update_expression(update)
            .set_condition_expression(write.condition.clone())
            .set_expression_attribute_names(write.names())
            .set_expression_attribute_values(write.values())
            .return_values(ReturnValue::AllNew)
            .set_return_values_on_condition_check_failure(write.old_item_when_refused());
        let sent = if counts {
            let once = aws_sdk_dynamodb::config::Config::builder().retry_classifier(BeforeTheFactOnly);
            call.customize().config_override(once).send().await
        } else {
            call.send().await
        };
        match sent {
            Ok(output) => Attempt::Outcome(Outcome::Done(output.attributes.unwrap_or_default())),
            Err(error) => Attempt::of_update(&error),
        }
    }

    async fn send_delete(&self, write: &Write) -> Attempt {
        let call = self
            .dynamodb
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(write.key()))
            .set_condition_expression(write.condition.clone())
            .set_expression_attribute_names(write.names())
            .set_expression_attribute_values(write.values())
            .set_return_values_on_condition_check_failure(write.old_item_when_refused());
        match call.send().await {
            Ok(_) => Attempt::Outcome(Outcome::Done(Item::new())),
            Err(error) => Attempt::of_delete(&error),
        }
    }

    /// All of `steps` or none. `TransactionConflict`, which the SDK does not retry, is retried here; the SDK's own
    /// retries repeat the client token, so they cannot apply it twice.
    async fn transact<S: Copy>(&self, steps: &[(S, Write)]) -> Result<(), NotWritten<S>> {
        let items: Vec<_> =
            steps.iter().map(|(_, write)| write.for_transaction(&self.table)).collect::<Result<_, _>>()?;
        let mut token = self.client_token();
        for tried in 1..=CONFLICT_TRIES {
            let call = self
                .dynamodb
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .set_client_request_token(token.clone());
            let Err(error) = call.send().await else { return Ok(()) };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                // Our own first attempt is still running: asking again by the same token tells how it ends.
                if error.code() == Some("TransactionInProgressException") {
                    self.back_off(tried).await;
                    continue;
                }
                return Err(failed("TransactWriteItems", &error).into());
            };
            let reasons = cancelled.cancellation_reasons();
            let refused = refused_steps(steps, reasons);
            if !refused.is_empty() {
                return Err(NotWritten::Refused(refused));
            }
            if !reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
                return Err(failed("TransactWriteItems", &error).into());
            }
            self.back_off(tried).await;
            // A cancelled transaction is over; only a new token starts it again.
            token = self.client_token();
        }
        Err(StoreError::Busy.into())
    }

    /// Whether all of `writes` were done; `false`, and nothing written, when a condition of one did not hold.
    async fn all_done(&self, writes: impl IntoIterator<Item = Write>) -> Result<bool, StoreError> {
        let steps: Vec<_> = writes.into_iter().map(|write| ((), write)).collect();
        match self.transact(&steps).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// A token of our own, so that what the SDK repeats and what we repeat is one transaction; without randomness the
    /// SDK makes one.
    fn client_token(&self) -> Option<String> {
        self.random.string(b"0123456789abcdefghijklmnopqrstuvwxyz", CLIENT_TOKEN_CHARACTERS).ok()
    }

    /// Full jitter: 0 to 20, 40, 80, 160 milliseconds.
    async fn back_off(&self, tried: u32) {
        let ceiling = 10_u32 << tried.min(4);
        let milliseconds = self.random.below(ceiling).unwrap_or(ceiling);
        time::pause(Duration::from_millis(u64::from(milliseconds))).await;
    }
}

fn refused_steps<S: Copy>(steps: &[(S, Write)], reasons: &[CancellationReason]) -> Vec<RefusedStep<S>> {
    let refused =
        steps.iter().zip(reasons).filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
    let old = |reason: &CancellationReason| reason.item().filter(|item| !item.is_empty()).cloned();
    refused.map(|((step, _), reason)| RefusedStep { step: *step, old: old(reason) }).collect()
}

enum Attempt {
    Outcome(Outcome),
    Conflict,
    Failed(StoreError),
}

macro_rules! classify {
    ($function:ident, $error:ident, $operation:literal) => {
        fn $function<R>(error: &SdkError<$error, R>) -> Self
        where
            R: std::fmt::Debug,
        {
            match error.as_service_error() {
                Some($error::ConditionalCheckFailedException(refused)) => {
                    Self::Outcome(Outcome::Refused(refused.item().filter(|item| !item.is_empty()).cloned()))
                }
                Some($error::TransactionConflictException(_)) => Self::Conflict,
                _ => Self::Failed(failed($operation, error)),
            }
        }
    };
}

impl Attempt {
    classify!(of_put, PutItemError, "PutItem");
    classify!(of_update, UpdateItemError, "UpdateItem");
    classify!(of_delete, DeleteItemError, "DeleteItem");
}

/// Logs what kind of failure it was, without any content, and makes it one of ours.
fn failed<E, R>(operation: &'static str, error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata,
{
    let kind = match error {
        SdkError::ConstructionFailure(_) => "construction",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch",
        SdkError::ResponseError(_) => "response",
        _ => "service",
    };
    tracing::warn!(event = "aws_call_failed", service = "dynamodb", operation, kind, code = error.code());
    StoreError::Unavailable
}
