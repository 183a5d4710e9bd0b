//! The table: that it is there, and has its index, its stream and its TTL.

use aws_sdk_dynamodb::types::{IndexStatus, StreamViewType, TableDescription, TableStatus, TimeToLiveStatus};
use postern::store::listing::LISTING;
use postern::store::schema::TTL_ATTRIBUTE;

use super::finding::Finding;
use crate::connection::Tenant;

const TABLE: &str = "table";
const INDEX: &str = "index";
const STREAM: &str = "stream";
const TTL: &str = "ttl";

/// How a table comes to what it lacks.
const REDEPLOY: &str = "deploy the stack again with the template of this version; nothing is lost by it";

/// Table, index and stream, which are one description.
pub(super) async fn shape(tenant: &Tenant) -> Vec<Finding> {
    let described = tenant.store.dynamodb().describe_table().table_name(&tenant.table).send().await;
    let table = match described {
        Ok(described) => described.table,
        Err(error)
            if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            let mend = "give the stack's output `TableName` by --table, and its region by --region";
            return vec![Finding::fail(TABLE, format!("there is no table {}", tenant.place), mend)];
        }
        Err(error) => return vec![Finding::call(TABLE, "dynamodb:DescribeTable", &error)],
    };
    let table = table.unwrap_or_else(|| TableDescription::builder().build());
    vec![keys(tenant, &table), index(&table), stream(&table)]
}

fn keys(tenant: &Tenant, table: &TableDescription) -> Finding {
    let names: Vec<_> = table.key_schema().iter().map(|key| key.attribute_name()).collect();
    match table.table_status() {
        _ if names != ["pk", "sk"] => {
            let found = format!("{} has the key {}: it is none of Postern's", tenant.place, names.join(", "));
            Finding::fail(TABLE, found, "give the stack's output `TableName` by --table")
        }
        Some(TableStatus::Active | TableStatus::Updating) => {
            Finding::ok(TABLE, format!("{} is there", tenant.place))
        }
        status => {
            let status = status.map_or("in no state", TableStatus::as_str);
            Finding::fail(TABLE, format!("{} is {status}", tenant.place), "wait until it is ACTIVE")
        }
    }
}

fn index(table: &TableDescription) -> Finding {
    let found = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some(LISTING));
    match found.map(|index| index.index_status()) {
        None => {
            Finding::fail(INDEX, format!("the index {LISTING} is missing: nothing can be listed"), REDEPLOY)
        }
        // An emulator that says nothing of it has it.
        Some(None | Some(IndexStatus::Active | IndexStatus::Updating)) => {
            Finding::ok(INDEX, format!("{LISTING} is there"))
        }
        Some(Some(status)) => {
            let found = format!("{LISTING} is {}: lists are not complete", status.as_str());
            Finding::warn(INDEX, found, "wait until it is ACTIVE")
        }
    }
}

fn stream(table: &TableDescription) -> Finding {
    let stream = table.stream_specification().filter(|stream| stream.stream_enabled());
    match stream.map(|stream| stream.stream_view_type()) {
        None => {
            let found = "the stream is off: no security notice and no link is mailed";
            Finding::fail(STREAM, found, REDEPLOY)
        }
        Some(Some(StreamViewType::KeysOnly)) => Finding::ok(STREAM, "it is on, with keys only"),
        Some(_) => {
            let found = "the stream has more than keys: what is in the table leaves it";
            Finding::warn(STREAM, found, REDEPLOY)
        }
    }
}

/// What is over goes only by TTL.
pub(super) async fn time_to_live(tenant: &Tenant) -> Vec<Finding> {
    let call = tenant.store.dynamodb().describe_time_to_live().table_name(&tenant.table);
    let described = match call.send().await {
        Ok(described) => described.time_to_live_description,
        Err(error) => return vec![Finding::call(TTL, "dynamodb:DescribeTimeToLive", &error)],
    };
    let (status, attribute) =
        described.map(|it| (it.time_to_live_status, it.attribute_name)).unwrap_or_default();
    let mend = format!(
        "aws dynamodb update-time-to-live --table-name {} --time-to-live-specification \
         Enabled=true,AttributeName={TTL_ATTRIBUTE}",
        tenant.table
    );
    let finding = match (status, attribute.as_deref()) {
        (Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling), Some(TTL_ATTRIBUTE)) => {
            Finding::ok(TTL, format!("it is on, by {TTL_ATTRIBUTE}"))
        }
        (Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling), other) => {
            let other = other.unwrap_or("nothing");
            let found = format!("it goes by {other} instead of {TTL_ATTRIBUTE}: what is over stays");
            Finding::fail(TTL, found, format!("turn it off, wait for an hour, then {mend}"))
        }
        _ => Finding::fail(TTL, "it is off: what is over stays, and the table only grows", mend),
    };
    vec![finding]
}
