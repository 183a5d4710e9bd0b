//! The table's own shape, for the twin and for emulators; in AWS the template makes it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TimeToLiveSpecification,
};

use super::listing::{LISTED_AS, LISTED_IN, LISTING};

/// The attribute that DynamoDB's TTL looks at, in epoch seconds.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// The stream that notices are mailed from. Keys suffice: the function reads what it mails, and of everything else
/// that is written nothing but its key ever leaves the table.
fn stream() -> Result<StreamSpecification, BuildError> {
    StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::KeysOnly).build()
}

fn attribute(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}

/// Keys suffice of what is listed: the items themselves are read strongly consistent.
fn keys_only() -> Projection {
    Projection::builder().projection_type(ProjectionType::KeysOnly).build()
}

fn listing() -> Result<GlobalSecondaryIndex, BuildError> {
    let index = GlobalSecondaryIndex::builder().index_name(LISTING).projection(keys_only());
    index.key_schema(key(LISTED_IN, KeyType::Hash)?).key_schema(key(LISTED_AS, KeyType::Range)?).build()
}

/// Creates the table unless it is there; one that an older version made is given its stream and its index.
///
/// # Errors
/// As the service answers.
pub async fn create_table(dynamodb: &Client, table: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    let created = dynamodb
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk")?)
        .attribute_definitions(attribute("sk")?)
        .attribute_definitions(attribute(LISTED_IN)?)
        .attribute_definitions(attribute(LISTED_AS)?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?)
        .global_secondary_indexes(listing()?)
        .stream_specification(stream()?)
        .send()
        .await
        .map_err(aws_sdk_dynamodb::Error::from);
    match created {
        Ok(_) => {}
        Err(aws_sdk_dynamodb::Error::ResourceInUseException(_)) => {
            return bring_up_to_date(dynamodb, table).await;
        }
        Err(error) => return Err(error),
    }
    let ttl = TimeToLiveSpecification::builder().attribute_name(TTL_ATTRIBUTE).enabled(true).build()?;
    dynamodb.update_time_to_live().table_name(table).time_to_live_specification(ttl).send().await?;
    Ok(())
}

async fn bring_up_to_date(dynamodb: &Client, table: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    let described = dynamodb.describe_table().table_name(table).send().await?;
    let Some(existing) = described.table() else { return Ok(()) };
    if existing.stream_specification().is_none_or(|stream| !stream.stream_enabled()) {
        dynamodb.update_table().table_name(table).stream_specification(stream()?).send().await?;
    }
    if !existing.global_secondary_indexes().iter().any(|index| index.index_name() == Some(LISTING)) {
        let create = CreateGlobalSecondaryIndexAction::builder().index_name(LISTING).projection(keys_only());
        let create =
            create.key_schema(key(LISTED_IN, KeyType::Hash)?).key_schema(key(LISTED_AS, KeyType::Range)?);
        let update = GlobalSecondaryIndexUpdate::builder().create(create.build()?).build();
        let call = dynamodb.update_table().table_name(table).global_secondary_index_updates(update);
        let call = call.attribute_definitions(attribute("pk")?).attribute_definitions(attribute("sk")?);
        let call = call.attribute_definitions(attribute(LISTED_IN)?);
        call.attribute_definitions(attribute(LISTED_AS)?).send().await?;
    }
    Ok(())
}
