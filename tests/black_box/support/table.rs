//! The table as it is, behind the API's back; and requests sent at once.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::HEXLOWER;
use local::aws::KEY_ID;
use postern::config::Timeouts;
use postern::store::keys::KeyGeneration;
use postern::token::key_life::{KeyState, Revocation, revocation, state};
use postern::token::keyring::KeyUse;
use postern::token::rotation::{Report, Rotation, RotationError};
use ring::digest;
use serde_json::Value;
use tokio::task::JoinSet;

use super::client::{Body, Client, Reply};
use super::{DEMO_APP, World};

pub(crate) type Item = HashMap<String, AttributeValue>;
/// Every item by its key.
pub(crate) type Table = BTreeMap<(String, String), Item>;

/// The partition of one of the demo tenant's users.
pub(crate) fn user_pk(username: &str) -> String {
    let hex = HEXLOWER.encode(digest::digest(&digest::SHA256, username.as_bytes()).as_ref());
    format!("USER#auth0|{}", &hex[..24])
}

pub(crate) fn number_of(item: &Item, attribute: &str) -> Option<u64> {
    item.get(attribute).map(|value| value.as_n().unwrap().parse().unwrap())
}

pub(crate) fn text_of<'a>(item: &'a Item, attribute: &str) -> &'a str {
    item.get(attribute).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

impl World {
    /// The whole table.
    pub(crate) async fn stored(&self) -> Table {
        let store = &self.twin.app.store;
        let mut pages = store.dynamodb().scan().table_name(store.table()).into_paginator().items().send();
        let mut table = Table::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            table.insert((text_of(&item, "pk").to_owned(), text_of(&item, "sk").to_owned()), item);
        }
        table
    }

    /// The table without budgets and tries, which every attempt moves.
    pub(crate) async fn stored_without_limits(&self) -> Table {
        let mut table = self.stored().await;
        let is_limit = |pk: &str, sk: &str| {
            sk.starts_with("LIMIT#")
                || ["DESTINATION#", "COUNTRY#", "SOURCE#"].iter().any(|it| pk.starts_with(it))
        };
        table.retain(|(pk, sk), _| !is_limit(pk, sk));
        // Nor codes that take a password's place and were not used: one that was not delivered is known to nobody, and
        // one that was is as good as its tries.
        let is_used = |item: &Item| item.get("used_by").is_some_and(|by| by.as_s().unwrap() != "undelivered");
        table.retain(|(pk, sk), item| {
            !pk.starts_with("PASSWORDLESS#") || !sk.starts_with("CODE#") || is_used(item)
        });
        table
    }

    /// One of a user's items.
    pub(crate) async fn user_item(&self, username: &str, sk: &str) -> Option<Item> {
        self.stored().await.remove(&(user_pk(username), sk.to_owned()))
    }

    /// `tat` of one of a user's budgets.
    pub(crate) async fn tat(&self, username: &str, bucket: &str) -> Option<u64> {
        let item = self.user_item(username, &format!("LIMIT#{bucket}")).await?;
        number_of(&item, "tat")
    }

    /// Consecutive failures counted for an authenticator, in either budget of codes.
    pub(crate) async fn failures(&self, username: &str, counter: &str) -> Option<u64> {
        let table = self.stored().await;
        let mut limits =
            table.iter().filter(|((pk, sk), _)| *pk == user_pk(username) && sk.starts_with("LIMIT#"));
        limits.find_map(|(_, item)| number_of(item, &format!("fails#{counter}")))
    }

    /// The user's authenticators in the table by `state`, and what the profile says: active ones, pending ones.
    pub(crate) async fn authenticators(&self, username: &str) -> (usize, usize) {
        let table = self.stored().await;
        let of_state = |wanted: &str| {
            let mine = table
                .iter()
                .filter(|((pk, sk), _)| *pk == user_pk(username) && sk.starts_with("AUTHENTICATOR#"));
            mine.filter(|(_, item)| text_of(item, "state") == wanted).count()
        };
        let profile = &table[&(user_pk(username), "PROFILE".to_owned())];
        let counted = number_of(profile, "active_authenticators").unwrap_or(0);
        assert_eq!(counted, of_state("active") as u64, "the profile counts the active authenticators");
        (of_state("active"), of_state("pending"))
    }

    /// Puts an item, however wrong.
    pub(crate) async fn overwrite(&self, item: Item) {
        let store = &self.twin.app.store;
        store.dynamodb().put_item().table_name(store.table()).set_item(Some(item)).send().await.unwrap();
    }

    /// Puts the table back to what it was.
    pub(crate) async fn restore(&self, table: &Table) {
        let store = &self.twin.app.store;
        for (pk, sk) in self.stored().await.into_keys().filter(|key| !table.contains_key(key)) {
            let delete = store.dynamodb().delete_item().table_name(store.table());
            let delete = delete.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
            delete.send().await.unwrap();
        }
        for item in table.values() {
            self.overwrite(item.clone()).await;
        }
    }

    /// Revokes the current key of a use; the next one takes its place at once.
    pub(crate) async fn revoke_current_key(&self, key_use: KeyUse) {
        let (store, now) = (&self.twin.app.store, self.clock.now());
        let all = store.key_generations().await.unwrap();
        let current =
            |key: &&KeyGeneration| key.key_use == key_use && state(key, &all, now) == KeyState::Current;
        let current = all.iter().find(current).unwrap();
        let Revocation::By(signer) = revocation(current, &all, now) else { panic!("there is no next key") };
        assert!(store.revoke_key_generation(current, &signer, now).await.unwrap());
    }

    /// What makes keys, as the function `rotate-keys` has it.
    pub(crate) fn rotation(&self) -> Rotation<'_> {
        let app = &self.twin.app;
        let (clock, times) = (&app.clock, app.config.key_times);
        Rotation { store: &app.store, kms: &app.kms, kms_key: KEY_ID, random: &app.random, clock, times }
    }

    /// Replaces what is due, and says what that was.
    pub(crate) async fn rotate_due(&self) -> Result<Report, RotationError> {
        let mut report = Report::default();
        self.rotation().rotate_due(&mut report).await.map(|()| report)
    }

    /// Makes the next generation of both keys.
    pub(crate) async fn rotate_keys(&self) {
        let mut report = Report::default();
        self.rotation().rotate(&mut report).await.unwrap();
        assert_eq!(report.made.len(), 2);
    }

    /// Grant `password` from another address of this machine.
    pub(crate) async fn password_from(&self, source: [u8; 4], username: &str, password: &str) -> Reply {
        let fields = [("grant_type", "password"), ("username", username), ("password", password)];
        let all: Vec<_> = fields.into_iter().chain(DEMO_APP).collect();
        Client::at(source).send("POST", &self.url("/oauth/token"), &[], Body::form(&all)).await
    }

    /// What requests called since [`World::forget_calls`], as `service operation`, in the order it arrived.
    pub(crate) fn operations(&self) -> Vec<String> {
        let calls = self.trips();
        let name = |call: &Value| {
            format!("{} {}", call["service"].as_str().unwrap(), call["operation"].as_str().unwrap())
        };
        calls.as_array().unwrap().iter().filter(|call| !call["function"].is_null()).map(name).collect()
    }
}

impl Reply {
    /// The status and what SDKs compare: `403 Invalid binding_code.`; only the status of a success.
    pub(crate) fn outcome(&self) -> String {
        match self.status {
            200..300 => self.status.to_string(),
            _ => format!("{} {}", self.status, self.text("error_description")),
        }
    }

    pub(crate) fn has_tokens(&self) -> bool {
        self.body.contains("access_token") || self.body.contains("id_token")
    }
}

/// Sends `count` requests at once; the replies in no particular order.
pub(crate) async fn at_once<F>(count: usize, request: impl Fn(usize) -> F) -> Vec<Reply>
where
    F: Future<Output = Reply> + Send + 'static,
{
    let mut requests = JoinSet::new();
    for number in 0..count {
        requests.spawn(request(number));
    }
    requests.join_all().await
}

/// How many of the replies have a status.
pub(crate) fn count_of(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}
