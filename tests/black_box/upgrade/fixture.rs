//! A table in a file, and a twin that has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64;
use local::aws::Storage;
use postern::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::scenario::InHand;
use crate::support::{Item, START, Table, World, text_of};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
/// The issuer of every fixture: tokens name it.
pub(super) const ISSUER: &str = "https://login.postern.example/";
/// Where the twin's KMS keeps its key.
const KMS_KEY_FILE: &str = "kms.key";
/// The key of all fixtures' KMS, which wraps nothing else anywhere.
const KMS_KEY: [u8; 32] = *b"a key of tests; it guards none..";
/// By then every cache has looked again.
const CACHES_SECONDS: u64 = 600;

/// A file.
#[derive(Serialize, Deserialize)]
pub(super) struct Fixture {
    /// The release whose code wrote it.
    pub(super) release: String,
    /// The last moment of its users.
    pub(super) written_at: u64,
    pub(super) issuer: String,
    /// The twin's KMS key, base64.
    kms_key: String,
    pub(super) in_hand: InHand,
    /// As DynamoDB's JSON has them, in the order of their keys.
    pub(super) items: Vec<Value>,
}

/// A world over a directory, which goes with it.
pub(super) struct Kept {
    world: World,
    _directory: TempDir,
}

impl std::ops::Deref for Kept {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Kept {
    async fn at(now: Timestamp, kms_key: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(KMS_KEY_FILE), kms_key).unwrap();
        let world = World::with(|options| {
            options.storage = Storage::Directory(directory.path().to_owned());
            options.issuer = Some(ISSUER.to_owned());
            options.clock = Clock::fixed(now);
        });
        Self { world: world.await, _directory: directory }
    }
}

impl Fixture {
    /// All that there are, those of older releases first.
    pub(super) fn all() -> Vec<Self> {
        let mut files: Vec<PathBuf> = fs::read_dir(FOLDER).unwrap().map(|it| it.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|it| it == "json"));
        let read = |file: &PathBuf| serde_json::from_str::<Self>(&fs::read_to_string(file).unwrap()).unwrap();
        let mut fixtures: Vec<_> = files.iter().map(read).collect();
        let number =
            |release: &str| -> Vec<u32> { release.split('.').map(|it| it.parse().unwrap()).collect() };
        fixtures.sort_by_key(|fixture| number(&fixture.release));
        fixtures
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        for item in &self.items {
            let item: Item =
                item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), read(value))).collect();
            table.insert((text_of(&item, "pk").to_owned(), text_of(&item, "sk").to_owned()), item);
        }
        table
    }

    /// A deployment of this code over that table, a moment after.
    pub(super) async fn world(&self) -> Kept {
        self.world_with(&self.table()).await
    }

    /// The same over a table that was made of it.
    pub(super) async fn world_with(&self, table: &Table) -> Kept {
        let begin = Timestamp(self.written_at - CACHES_SECONDS);
        let kept = Kept::at(begin, &BASE64.decode(self.kms_key.as_bytes()).unwrap()).await;
        kept.restore(table).await;
        kept.clock.advance(CACHES_SECONDS);
        kept
    }

    pub(super) async fn world_to_write() -> Kept {
        Kept::at(START, &KMS_KEY).await
    }

    pub(super) async fn write(world: &World, in_hand: InHand) {
        let shown = |item: &Item| -> Value {
            let sorted: BTreeMap<_, _> =
                item.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
            json!(sorted)
        };
        let fixture = Self {
            release: env!("CARGO_PKG_VERSION").to_owned(),
            written_at: world.clock.now().0,
            issuer: ISSUER.to_owned(),
            kms_key: BASE64.encode(&KMS_KEY),
            in_hand,
            items: world.stored().await.values().map(shown).collect(),
        };
        let file = Path::new(FOLDER).join(format!("table-{}.json", fixture.release));
        let mut text = serde_json::to_string_pretty(&fixture).unwrap();
        text.push('\n');
        fs::write(file, text).unwrap();
    }
}

/// DynamoDB's JSON of a value.
fn shown(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        AttributeValue::B(bytes) => json!({ "B": BASE64.encode(bytes.as_ref()) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::L(values) => json!({ "L": values.iter().map(shown).collect::<Vec<_>>() }),
        AttributeValue::M(map) => {
            let sorted: BTreeMap<_, _> =
                map.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
            json!({ "M": sorted })
        }
        other => panic!("a type that fixtures do not have: {other:?}"),
    }
}

fn read(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text(value)),
        "N" => AttributeValue::N(text(value)),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "B" => AttributeValue::B(BASE64.decode(text(value).as_bytes()).unwrap().into()),
        "SS" => AttributeValue::Ss(value.as_array().unwrap().iter().map(text).collect()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(read).collect()),
        "M" => {
            let members = value.as_object().unwrap().iter();
            AttributeValue::M(members.map(|(name, value)| (name.clone(), read(value))).collect())
        }
        other => panic!("no type of DynamoDB: {other}"),
    }
}
