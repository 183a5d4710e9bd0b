//! Clients, their grants and APIs: made once, changed in part, granted while they are there, listed, deleted whole.

use std::collections::BTreeMap;

use postern::id::ClientId;
use postern::rules::client::{ClientKind, ClientSecret};
use postern::rules::resource_id::GrantId;
use postern::rules::scope::Scope;
use postern::store::Store;
use postern::store::applications::{Application, Changed};
use postern::store::client_grants::{Granted, Regranted};
use postern::store::clients::{Api, Client};
use postern::store::listing::Part;
use postern::store::properties::PropertyChange;
use postern::store::resource_servers::ResourceServer;

use super::{at_once, subjects};

const API: &str = "https://api.example";
const ALL: Part = Part { start: 0, size: 1_000, is_counted: true };

fn application(id: &str) -> Application {
    let client = Client {
        client_id: ClientId::new(id),
        name: id.to_owned(),
        kind: ClientKind::Confidential,
        secret_hash: Some(ClientSecret::new(id).hash()),
        grant_types: vec!["password".to_owned()],
        client_metadata: BTreeMap::from([("a".to_owned(), "1".to_owned())]),
        callbacks: vec![],
    };
    Application {
        client,
        description: Some("x".to_owned()),
        logo_uri: None,
        app_type: None,
        token_endpoint_auth_method: None,
        initiate_login_uri: None,
        allowed_origins: Some(vec!["https://a.example".to_owned()]),
        web_origins: None,
        allowed_logout_urls: None,
    }
}

fn server(made: &str) -> ResourceServer {
    let api = Api { made: Some(made.to_owned()), ..Api::new(API, Scope::parse("a b"), 60) };
    ResourceServer { api, name: None, scope_descriptions: BTreeMap::from([("a".to_owned(), "A".to_owned())]) }
}

fn change(name: &'static str, value: &str) -> PropertyChange {
    let mut change = PropertyChange::default();
    change.set(name, &value).unwrap();
    change
}

fn grant_id(client: &str) -> GrantId {
    GrantId { client_id: ClientId::new(client), audience: API.to_owned() }
}

async fn listed(store: &Store) -> Vec<String> {
    let listed = store.applications(ALL).await.unwrap();
    assert_eq!(listed.total, Some(listed.items.len()));
    listed.items.into_iter().map(|application| application.client.client_id.to_string()).collect()
}

/// A client is read back as it was made, is not made over another, and is listed until it is deleted.
#[tokio::test]
async fn a_client_is_made_once_and_listed() {
    for subject in subjects().await {
        let store = &subject.store;
        let id = ClientId::new("b");
        assert!(store.create_application(&application("b")).await.unwrap(), "{}", subject.name);
        assert!(store.create_application(&application("b")).await.unwrap(), "the very same is this one");
        let mut other = application("b");
        other.client.name = "other".to_owned();
        assert!(!store.create_application(&other).await.unwrap(), "{}", subject.name);
        let read = store.application(&id).await.unwrap().unwrap();
        assert_eq!((&*read.client.name, read.description.as_deref()), ("b", Some("x")));
        assert_eq!(read.allowed_origins, application("b").allowed_origins);
        assert_eq!(store.client(&id).await.unwrap().unwrap().grant_types, ["password"]);
        for number in 0..130 {
            let made = application(&format!("c{number:03}"));
            assert!(store.create_application(&made).await.unwrap());
        }
        let ids = listed(store).await;
        assert!(ids.len() == 131 && ids.is_sorted(), "{}: {}", subject.name, ids.len());
        let part = store.applications(Part { start: 129, size: 5, is_counted: false }).await.unwrap();
        let names: Vec<_> = part.items.iter().map(|it| it.client.name.as_str()).collect();
        assert_eq!((names, part.total), (vec!["c128", "c129"], None));
        store.delete_application(&ClientId::new("c128")).await.unwrap();
        store.delete_application(&ClientId::new("c128")).await.unwrap();
        assert!(!listed(store).await.contains(&"c128".to_owned()), "{}", subject.name);
    }
}

/// Only what is named changes, and only of what is there; what was decided on must still be.
#[tokio::test]
async fn a_change_is_of_what_was_seen() {
    for subject in subjects().await {
        let (store, id) = (&subject.store, ClientId::new("b"));
        let gone = store.change_application(&id, change("name", "x"), None).await.unwrap();
        assert!(matches!(gone, Changed::Gone), "{}", subject.name);
        store.create_application(&application("b")).await.unwrap();
        let seen = store.client(&id).await.unwrap().unwrap();
        let mut first = change("name", "x");
        first.take_away("description");
        first.take_away("allowed_origins");
        let changed = store.change_application(&id, first, Some(&seen)).await.unwrap();
        let Changed::Done(changed) = changed else { panic!("{}: {changed:?}", subject.name) };
        assert_eq!((&*changed.client.name, changed.description, changed.allowed_origins), ("x", None, None));
        for wrong in [
            Client { kind: ClientKind::Public, ..seen.clone() },
            Client { secret_hash: None, ..seen.clone() },
            Client { secret_hash: Some(ClientSecret::new("other").hash()), ..seen.clone() },
            Client { client_metadata: BTreeMap::new(), ..seen.clone() },
            Client { client_metadata: BTreeMap::from([("a".into(), "2".into())]), ..seen.clone() },
        ] {
            let refused = store.change_application(&id, change("name", "y"), Some(&wrong)).await.unwrap();
            assert!(matches!(refused, Changed::Overtaken), "{}: {wrong:?}", subject.name);
        }
        let secret = ClientSecret::new("new");
        let replaced = store.replace_client_secret(&id, &secret.hash()).await.unwrap();
        assert!(matches!(replaced, Changed::Done(_)), "{}", subject.name);
        let read = store.client(&id).await.unwrap().unwrap();
        assert!(read.secret_hash.unwrap().matches(&secret) && read.name == "x");
        let mut public = PropertyChange::default();
        public.set("kind", &ClientKind::Public).unwrap();
        public.take_away("secret_hash");
        store.change_application(&id, public, None).await.unwrap();
        let refused = store.replace_client_secret(&id, &secret.hash()).await.unwrap();
        assert!(matches!(refused, Changed::Overtaken), "{}", subject.name);
        assert!(store.client(&id).await.unwrap().unwrap().secret_hash.is_none());
    }
}

/// A grant is made once, while client and API are there, and counts for that API only.
#[tokio::test]
async fn a_grant_is_to_one_api() {
    for subject in subjects().await {
        let (store, id) = (&subject.store, grant_id("b"));
        let (first, scopes) = (server("1"), Scope::parse("a"));
        assert!(store.create_resource_server(&first).await.unwrap());
        assert!(!store.create_resource_server(&server("2")).await.unwrap(), "{}", subject.name);
        let grant = async |api: &Api| store.create_client_grant(&id, &scopes, Some(api)).await.unwrap();
        assert_eq!(grant(&first.api).await, Granted::NoSuchClient, "{}", subject.name);
        store.create_application(&application("b")).await.unwrap();
        for other in [server("2").api, Api { scopes: Scope::parse("a"), ..first.api.clone() }] {
            assert_eq!(grant(&other).await, Granted::Overtaken, "{}", subject.name);
        }
        let made = at_once(8, |_| {
            let (store, id, api) = (store.clone(), id.clone(), first.api.clone());
            async move { store.create_client_grant(&id, &Scope::parse("a"), Some(&api)).await }
        })
        .await;
        let done = made.iter().filter(|made| matches!(made, Ok(Granted::Done))).count();
        assert_eq!(done, 1, "{}: {made:?}", subject.name);
        let read = store.client_grant(&id.client_id, API).await.unwrap().unwrap();
        assert!(read.is_to(Some(&first.api)) && !read.is_to(Some(&server("2").api)) && !read.is_to(None));
        let wider = Scope::parse("a b");
        let regrant = async |seen, api: &Api| store.change_client_grant(&id, &wider, seen, Some(api)).await;
        assert_eq!(regrant(&read, &server("2").api).await, Ok(Regranted::Overtaken), "{}", subject.name);
        assert_eq!(regrant(&read, &first.api).await, Ok(Regranted::Done), "{}", subject.name);
        assert_eq!(regrant(&read, &first.api).await, Ok(Regranted::Overtaken), "{}", subject.name);

        store.delete_resource_server(API).await.unwrap();
        assert!(store.client_grant(&id.client_id, API).await.unwrap().is_none(), "{}", subject.name);
        assert!(
            store.client_grants(None).await.unwrap().is_empty() && store.api(API).await.unwrap().is_none()
        );
        // An API that the Management API did not make, and one after it.
        store.put_api(&Api::new(API, Scope::parse("a b"), 60)).await.unwrap();
        store.put_client_grant(&id.client_id, API, &scopes).await.unwrap();
        let of_old = store.api(API).await.unwrap().unwrap();
        assert_eq!(grant(&of_old).await, Granted::Exists, "{}", subject.name);
        let second = server("2");
        store.put_api(&second.api).await.unwrap();
        assert_eq!(grant(&second.api).await, Granted::Done, "one of an earlier API counts for nothing");
        assert_eq!(grant(&second.api).await, Granted::Exists, "{}", subject.name);
    }
}

/// With a client go all its grants, more than a transaction holds as well, and those to an API go with it.
#[tokio::test]
async fn many_grants_go_with_what_they_are_of() {
    const MANY: usize = 130;
    for subject in subjects().await {
        let store = &subject.store;
        store.create_application(&application("b")).await.unwrap();
        store.put_api(&Api::new(API, Scope::parse("a"), 60)).await.unwrap();
        for number in 0..MANY {
            let (client, audience) = (ClientId::new("b"), format!("https://{number}.example"));
            store.put_client_grant(&client, &audience, &Scope::default()).await.unwrap();
            let client = ClientId::new(format!("c{number}"));
            store.put_client_grant(&client, API, &Scope::default()).await.unwrap();
        }
        assert_eq!(store.client_grants(None).await.unwrap().len(), 2 * MANY);
        let of_client = store.client_grants(Some(&ClientId::new("b"))).await.unwrap();
        assert_eq!(store.read_client_grants(&of_client).await.unwrap().len(), MANY, "{}", subject.name);
        store.delete_application(&ClientId::new("b")).await.unwrap();
        assert!(store.client_grants(Some(&ClientId::new("b"))).await.unwrap().is_empty());
        assert_eq!(store.client_grants(None).await.unwrap().len(), MANY, "{}", subject.name);
        store.delete_resource_server(API).await.unwrap();
        assert!(store.client_grants(None).await.unwrap().is_empty(), "{}", subject.name);
        assert!(store.api(API).await.unwrap().is_none(), "{}", subject.name);
    }
}
