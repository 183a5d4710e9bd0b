//! Starting, stopping, and what survives.

use aws_sdk_kms::primitives::Blob;
use tokio::net::TcpStream;

use super::*;

#[tokio::test]
async fn table_and_master_key_survive_a_restart() {
    let parent = tempfile::tempdir().unwrap();
    let directory = Storage::Directory(parent.path().join("twin"));
    let rig = Rig::over(directory.clone(), ONE_ATTEMPT).await;
    rig.create_table().await;
    rig.put("kept").await;
    let sealed = rig.kms.encrypt().key_id(KEY_ID).plaintext(Blob::new("x")).encryption_context("a", "b");
    let blob = sealed.send().await.unwrap().ciphertext_blob.unwrap();
    rig.twin.stop().await;

    let rig = Rig::over(directory, ONE_ATTEMPT).await;
    assert!(rig.get("kept").await);
    let opened = rig.kms.decrypt().ciphertext_blob(blob.clone()).encryption_context("a", "b").send().await;
    assert_eq!(opened.unwrap().plaintext.unwrap().as_ref(), b"x");

    let other = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let opened = other.kms.decrypt().ciphertext_blob(blob).encryption_context("a", "b").send().await;
    assert!(opened.is_err(), "a twin in memory has a key of its own");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(parent.path().join("twin")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test]
async fn expired_items_stay_readable() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    let ttl = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder();
    let ttl = ttl.attribute_name("expires_at").enabled(true).build().unwrap();
    let enable = rig.dynamodb.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl);
    enable.send().await.unwrap();
    let item = rig.dynamodb.put_item().table_name(TABLE).set_item(Some(key("a")));
    item.item("expires_at", AttributeValue::N("1".into())).send().await.unwrap();
    assert!(rig.get("a").await);
}

#[tokio::test]
async fn a_dropped_twin_no_longer_listens() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    let address = rig.twin.addresses.dynamodb;
    TcpStream::connect(address).await.unwrap();
    drop(rig);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn twins_are_apart() {
    let (one, other) = tokio::join!(Rig::new(ONE_ATTEMPT), Rig::new(ONE_ATTEMPT));
    one.put("a").await;
    assert!(!other.get("a").await);
    assert_eq!(one.twin.calls.all().len(), 1);
}

#[tokio::test]
async fn web_pages_get_no_leave_to_read_the_table() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let rig = Rig::new(ONE_ATTEMPT).await;
    let mut connection = TcpStream::connect(rig.twin.addresses.dynamodb).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: x\r\norigin: https://evil.example\r\nconnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("access-control"), "{answer}");
}

#[test]
fn urls_can_be_reached() {
    let url_of = |address: &str| url(address.parse().unwrap());
    assert_eq!(url_of("0.0.0.0:80"), "http://127.0.0.1:80");
    assert_eq!(url_of("[::]:80"), "http://[::1]:80");
    assert_eq!(url_of("192.0.2.1:80"), "http://192.0.2.1:80");
}
