//! Keys: wrapping, encryption contexts, key pairs.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeyPairSpec, DataKeySpec};
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_data_key_opens_in_its_context_only() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let wrapped = rig
        .kms
        .generate_data_key_without_plaintext()
        .key_id(KEY_ID)
        .key_spec(DataKeySpec::Aes256)
        .encryption_context("use", "root")
        .encryption_context("kid", "k1")
        .send()
        .await
        .unwrap();
    let blob = wrapped.ciphertext_blob.unwrap();
    let right = rig.kms.decrypt().ciphertext_blob(blob.clone());
    let right = right.encryption_context("kid", "k1").encryption_context("use", "root");
    assert_eq!(right.clone().send().await.unwrap().plaintext.unwrap().as_ref().len(), 32);
    // The key that an answer names can be named in turn.
    right.key_id(wrapped.key_id.unwrap()).send().await.unwrap();

    let wrong = rig.kms.decrypt().ciphertext_blob(blob.clone()).encryption_context("kid", "k2");
    let wrong = wrong.encryption_context("use", "root").send().await.unwrap_err().into_service_error();
    assert!(wrong.is_invalid_ciphertext_exception());
    let none = rig.kms.decrypt().ciphertext_blob(blob).send().await.unwrap_err().into_service_error();
    assert!(none.is_invalid_ciphertext_exception());
    assert_eq!(
        serde_json::to_value(&rig.twin.calls.all()[1].actions).unwrap(),
        json!([{ "action": "kms:Decrypt", "key": "alias/postern",
                 "encryption_context": { "kid": "k1", "use": "root" } }])
    );
}

#[tokio::test]
async fn plaintexts_come_back() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let arn = "arn:aws:kms:eu-central-1:123456789012:alias/postern";
    let sealed = rig.kms.encrypt().key_id(arn).plaintext(Blob::new("secret")).send().await.unwrap();
    let opened = rig.kms.decrypt().ciphertext_blob(sealed.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"secret");
    let data_key = rig.kms.generate_data_key().key_id(KEY_ARN).number_of_bytes(20).send().await.unwrap();
    let opened = rig.kms.decrypt().ciphertext_blob(data_key.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext, data_key.plaintext);
    assert_eq!(opened.plaintext.unwrap().as_ref().len(), 20);
}

#[tokio::test]
async fn a_key_pair_signs() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let pair = rig
        .kms
        .generate_data_key_pair_without_plaintext()
        .key_id(KEY_ID)
        .key_pair_spec(DataKeyPairSpec::Rsa2048)
        .encryption_context("use", "sign")
        .send()
        .await
        .unwrap();
    let blob = pair.private_key_ciphertext_blob.unwrap();
    let opened = rig.kms.decrypt().ciphertext_blob(blob).encryption_context("use", "sign").send().await;
    let private = opened.unwrap().plaintext.unwrap();
    let key = ring::signature::RsaKeyPair::from_pkcs8(private.as_ref()).unwrap();
    let (random, mut signature) = (ring::rand::SystemRandom::new(), vec![0; key.public().modulus_len()]);
    key.sign(&ring::signature::RSA_PKCS1_SHA256, &random, b"message", &mut signature).unwrap();
    // A SubjectPublicKeyInfo of RSA-2048 is a 24-byte prefix and the PKCS#1 key.
    let public = pair.public_key.unwrap().into_inner();
    assert_eq!(&public[24..], key.public().as_ref());
    ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, &public[24..])
        .verify(b"message", &signature)
        .unwrap();
}

#[tokio::test]
async fn mistakes_get_the_errors_of_kms() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let unknown = rig.kms.describe_key().key_id("alias/other").send().await;
    assert!(unknown.unwrap_err().into_service_error().is_not_found_exception());
    let blob = Blob::new(vec![7; 60]);
    let unknown = rig.kms.decrypt().key_id("alias/other").ciphertext_blob(blob.clone()).send().await;
    assert!(unknown.unwrap_err().into_service_error().is_not_found_exception());
    let garbage = rig.kms.decrypt().ciphertext_blob(blob).send().await;
    assert_eq!(refusal(garbage), ("InvalidCiphertextException".to_owned(), 400));
    let neither = rig.kms.generate_data_key().key_id(KEY_ID).send().await;
    assert_eq!(refusal(neither), ("ValidationException".to_owned(), 400));
    let curve = rig.kms.generate_data_key_pair_without_plaintext().key_id(KEY_ID);
    let curve = curve.key_pair_spec(DataKeyPairSpec::EccNistP256).send().await;
    assert_eq!(refusal(curve), ("UnsupportedOperationException".to_owned(), 400));
    let unsupported = rig.kms.list_keys().send().await;
    assert_eq!(refusal(unsupported).0, "UnknownOperationException");
}

#[tokio::test]
async fn the_key_is_described() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let metadata = rig.kms.describe_key().key_id(KEY_ID).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(metadata.arn.as_deref(), Some(KEY_ARN));
    assert!(metadata.enabled && KEY_ARN.ends_with(&metadata.key_id));
    assert_eq!(metadata.creation_date.unwrap().secs(), NOW.cast_signed());
}
