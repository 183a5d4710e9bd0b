//! The table's own shape, for the twin and for emulators; in AWS the template makes it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TimeToLiveSpecification,
};

/// The attribute that DynamoDB's TTL looks at, in epoch seconds.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// The stream that notices are mailed from. Keys suffice: the function reads what it mails, and of everything else
/// that is written nothing but its key ever leaves the table.
fn stream() -> Result<StreamSpecification, BuildError> {
    StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::KeysOnly).build()
}

/// Creates the table unless it is there; one that an older version made is given its stream.
///
/// # Errors
/// As the service answers.
pub async fn create_table(dynamodb: &Client, table: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    let attribute = |name: &str| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
    };
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let created = dynamodb
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk")?)
        .attribute_definitions(attribute("sk")?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?)
        .stream_specification(stream()?)
        .send()
        .await
        .map_err(aws_sdk_dynamodb::Error::from);
    match created {
        Ok(_) => {}
        Err(aws_sdk_dynamodb::Error::ResourceInUseException(_)) => {
            return give_stream(dynamodb, table).await;
        }
        Err(error) => return Err(error),
    }
    let ttl = TimeToLiveSpecification::builder().attribute_name(TTL_ATTRIBUTE).enabled(true).build()?;
    dynamodb.update_time_to_live().table_name(table).time_to_live_specification(ttl).send().await?;
    Ok(())
}

async fn give_stream(dynamodb: &Client, table: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    let described = dynamodb.describe_table().table_name(table).send().await?;
    let existing = described.table().and_then(|table| table.stream_specification());
    if existing.is_none_or(|stream| !stream.stream_enabled()) {
        dynamodb.update_table().table_name(table).stream_specification(stream()?).send().await?;
    }
    Ok(())
}
