//! The twin's AWS through the real SDK clients.

mod faults;
mod kms;
mod lifetime;
mod ses;
mod trips;
mod units;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::*;

const TABLE: &str = "postern";
const NOW: u64 = 1_800_000_000;

/// A twin and a client of each of its services.
struct Rig {
    twin: AwsTwin,
    dynamodb: aws_sdk_dynamodb::Client,
    ses: aws_sdk_sesv2::Client,
    kms: aws_sdk_kms::Client,
}

/// How often the clients try; most tests want no repeats.
const ONE_ATTEMPT: u32 = 1;
const THREE_ATTEMPTS: u32 = 3;

/// Of an attempt of a call that is held.
const LIMIT: Duration = Duration::from_secs(300);

fn options(storage: Storage) -> AwsOptions {
    AwsOptions { database: storage, now: Arc::new(|| NOW), host: Ipv4Addr::LOCALHOST.into() }
}

impl Rig {
    /// A twin in memory with the table, and an empty call log.
    async fn new(attempts: u32) -> Self {
        let rig = Self::over(Storage::Memory, attempts).await;
        rig.create_table().await;
        rig.twin.calls.clear();
        rig
    }

    async fn over(storage: Storage, attempts: u32) -> Self {
        let twin = AwsTwin::start(options(storage)).await.unwrap();
        let shared = sdk_config(attempts);
        let recorder = TripRecorder::new();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&shared)
            .endpoint_url(twin.dynamodb_url())
            .interceptor(recorder.clone());
        let ses = aws_sdk_sesv2::config::Builder::from(&shared)
            .endpoint_url(twin.ses_url())
            .interceptor(recorder.clone());
        let kms =
            aws_sdk_kms::config::Builder::from(&shared).endpoint_url(twin.kms_url()).interceptor(recorder);
        Self {
            twin,
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            ses: aws_sdk_sesv2::Client::from_conf(ses.build()),
            kms: aws_sdk_kms::Client::from_conf(kms.build()),
        }
    }

    async fn create_table(&self) {
        let mut create = self.dynamodb.create_table().table_name(TABLE);
        for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build();
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
            create = create.attribute_definitions(attribute.unwrap()).key_schema(key.unwrap());
        }
        create.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    }

    async fn put(&self, pk: &str) {
        self.dynamodb.put_item().table_name(TABLE).set_item(Some(key(pk))).send().await.unwrap();
    }

    async fn get(&self, pk: &str) -> bool {
        let get = self.dynamodb.get_item().table_name(TABLE).set_key(Some(key(pk))).consistent_read(true);
        get.send().await.unwrap().item.is_some()
    }

    fn fault(&self, json: &str) {
        self.twin.faults.add(serde_json::from_str(json).unwrap());
    }

    /// (function, operation, round trip) of every call.
    fn trips(&self) -> Vec<(Option<String>, String, u32)> {
        let calls = self.twin.calls.all().into_iter();
        calls.map(|call| (call.function, call.operation, call.round_trip)).collect()
    }
}

fn sdk_config(attempts: u32) -> SdkConfig {
    let credentials = Credentials::new("any", "any", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(attempts)
                .with_initial_backoff(Duration::from_millis(1)),
        )
        .build()
}

/// For a call that is to be given up when it is held; the others have the time they need.
fn hasty() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(LIMIT).build()
}

/// Resolves once `condition` holds.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

fn key(pk: &str) -> HashMap<String, AttributeValue> {
    [("pk", pk), ("sk", "PROFILE")].map(|(name, value)| (name.into(), AttributeValue::S(value.into()))).into()
}

/// The name of the AWS error and the HTTP status.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    outcome: Result<T, SdkError<E, HttpResponse>>,
) -> (String, u16) {
    let error = outcome.unwrap_err();
    let status = error.raw_response().expect("an answer").status().as_u16();
    (error.code().expect("a code").to_owned(), status)
}
