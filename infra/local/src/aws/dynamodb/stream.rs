//! A table's stream, read where the engine is: nobody but the twin itself reads one.

use std::fmt;
use std::sync::{Arc, Weak};

use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::streams::{shard_id, stream_arn};
use serde_json::Value;

use super::Engine;

/// A reader of a table's stream, from the moment it was made.
pub struct TableStream {
    /// Whoever reads does not keep the table's file open.
    engine: Weak<Engine>,
    /// Where to read on.
    iterator: Option<String>,
}

impl fmt::Debug for TableStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TableStream").finish_non_exhaustive()
    }
}

impl TableStream {
    /// A reader of what is written to `table` from now on.
    pub(in crate::aws) fn new(engine: &Arc<Engine>, table: &str) -> Self {
        let request = GetShardIteratorRequest {
            stream_arn: stream_arn(table, "now"),
            shard_id: shard_id(table),
            shard_iterator_type: "LATEST".to_owned(),
            sequence_number: None,
        };
        let iterator = engine.database.get_shard_iterator(request).map(|answer| answer.shard_iterator);
        if let Err(error) = &iterator {
            tracing::error!(%error, "the table has no stream");
        }
        Self { engine: Arc::downgrade(engine), iterator: iterator.ok().flatten() }
    }

    /// The changes since the last look, as Lambda would be handed them; at most a thousand at once.
    pub(crate) fn read(&mut self) -> Vec<Value> {
        let (Some(iterator), Some(engine)) = (self.iterator.clone(), self.engine.upgrade()) else {
            return Vec::new();
        };
        match engine.database.get_records(GetRecordsRequest { shard_iterator: iterator, limit: None }) {
            Ok(answer) => {
                self.iterator = answer.next_shard_iterator;
                let change = |record| serde_json::to_value(record).unwrap_or(Value::Null);
                answer.records.into_iter().map(change).collect()
            }
            Err(error) => {
                tracing::error!(%error, "the table's stream cannot be read");
                Vec::new()
            }
        }
    }
}
