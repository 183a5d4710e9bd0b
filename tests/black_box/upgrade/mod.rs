//! The upgrade path: what an earlier release left in the table is read, used and changed by this code.
//!
//! `tests/fixtures/table-<release>.json` is a table as that release wrote it, with an item of every kind, and what its
//! users had in hand at that moment. A release that writes items of a new kind or form adds a file, which
//! `cargo test --package postern-tests --test black_box -- --ignored upgrade::writes_the_fixture` writes; the files of
//! earlier releases stay as they are. Nothing in them is a secret of anybody's: the KMS key is the file's own.

mod fixture;
mod scenario;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use postern::token::rotation::KNOWN_BEFORE_USE_SECONDS;

use crate::faults::STEPS;
use crate::support::{Table, World, text_of};
use fixture::Fixture;
use scenario::{InHand, play};

/// What an item is: the constant parts of its key, and of an authenticator what it is one of.
fn kind(pk: &str, sk: &str, table: &Table) -> String {
    let head = |key: &str| key.split(['#', '|']).next().unwrap_or_default().to_owned();
    let mut kind = format!("{} {}", head(pk), if pk.starts_with("LOGS#") { String::new() } else { head(sk) });
    if sk.starts_with("AUTHENTICATOR#") {
        let item = &table[&(pk.to_owned(), sk.to_owned())];
        for attribute in ["type", "channel", "state"] {
            kind = format!("{kind} {}", text_of(item, attribute));
        }
    }
    kind.trim_end().to_owned()
}

fn kinds(table: &Table) -> BTreeSet<String> {
    table.keys().map(|(pk, sk)| kind(pk, sk, table)).collect()
}

/// Writes the fixture of this release; see above. It is no test of anything.
#[tokio::test]
#[ignore = "writes a file of the repository"]
async fn writes_the_fixture() {
    let world = Fixture::world_to_write().await;
    let in_hand = play(&world).await;
    Fixture::write(&world, in_hand).await;
}

/// Every kind of item that the code writes is in the newest fixture: a kind that is not has no proof that the next release
/// can read it.
#[tokio::test]
async fn every_kind_of_item_has_a_fixture() {
    let newest = kinds(&Fixture::all().pop().expect("a fixture").table());
    let mut written = BTreeSet::new();
    for step in STEPS {
        let world = World::new().await;
        let ready = step.prepare(&world).await;
        step.send(&world, &ready).await;
        world.twin.deliver_notices().await;
        world.twin.deliver_audit().await;
        written.extend(kinds(&world.stored().await));
    }
    let world = World::new().await;
    play(&world).await;
    written.extend(kinds(&world.stored().await));
    assert!(written.len() > 30, "{written:?}");
    let missing: Vec<_> = written.difference(&newest).collect();
    assert!(
        missing.is_empty(),
        "no fixture of {missing:?}: write the fixture anew, and see what reads the old one"
    );
}

/// No fixture names a machine, and each is of a release of its own.
#[test]
fn fixtures_are_of_releases() {
    let fixtures = Fixture::all();
    let releases: BTreeSet<_> = fixtures.iter().map(|fixture| fixture.release.clone()).collect();
    assert_eq!(releases.len(), fixtures.len());
    for fixture in fixtures {
        assert_eq!(fixture.issuer, fixture::ISSUER);
        assert!(!fixture.items.is_empty());
    }
}

/// What users had in hand when the old code stopped is taken by the new one, and all that is stored is readable.
#[tokio::test]
async fn old_tables_serve() {
    for fixture in Fixture::all() {
        let world = fixture.world().await;
        let in_hand: &InHand = &fixture.in_hand;
        in_hand.is_readable(&world).await;
        in_hand.goes_on(&world).await;
        world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
        world.rotate_keys().await;
        in_hand.is_readable(&world).await;
    }
}

/// What a later release adds to items is no trouble to this one, when it is rolled back to: it ignores what it does not
/// know.
#[tokio::test]
async fn what_a_later_release_adds_is_ignored() {
    let newest = Fixture::all().pop().expect("a fixture");
    let mut table = newest.table();
    for item in table.values_mut() {
        item.insert("of_a_later_release".to_owned(), AttributeValue::S("unknown".to_owned()));
    }
    let world = newest.world_with(&table).await;
    newest.in_hand.is_readable(&world).await;
    newest.in_hand.goes_on(&world).await;
}

/// Of a table that was not touched nothing is changed by reading it, so that the old code can take it back.
#[tokio::test]
async fn a_look_changes_nothing() {
    for fixture in Fixture::all() {
        let world = fixture.world().await;
        fixture.in_hand.is_readable(&world).await;
        let (before, mut after) = (fixture.table(), world.stored().await);
        // But for records of who looked.
        after.retain(|key, _| !key.0.starts_with("LOGS#") || before.contains_key(key));
        let changed: Vec<_> = after.iter().filter(|(key, item)| before.get(*key) != Some(*item)).collect();
        assert!(changed.is_empty(), "{changed:?}");
        assert_eq!(after.len(), before.len());
    }
}
