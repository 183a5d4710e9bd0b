//! KMS (JSON 1.1): one symmetric key, under which the twin wraps data keys and key pairs.

mod rsa_pool;
mod seal;

use std::io;
use std::sync::{Arc, Mutex};

use axum::response::Response;
use data_encoding::BASE64;
use http::StatusCode;
use http::request::Parts;
use rand_core::{OsRng, RngCore as _};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::rsa_pool::warm_rsa_pool;
use self::rsa_pool::{Pairs, RsaPair};
use self::seal::{Context, MasterKey};
use super::calls::Action;
use super::front::{AwsRequest, Endpoint};
use super::protocol::{REFUSED, json_answer, json_error, target_operation};
use super::{Clock, Service, Storage};

/// The twin's key, by its alias. The alias' ARN, the key's id and [`KEY_ARN`] name it too.
pub const KEY_ID: &str = "alias/postern";
/// The twin's key as KMS names it in answers.
pub const KEY_ARN: &str = "arn:aws:kms:us-east-1:000000000000:key/7c1f6a52-0b1d-4a3e-9f58-2d6e8b04c913";

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const TARGET_PREFIX: &str = "TrentService.";
const ACCOUNT: &str = "000000000000";
const OPERATIONS: [&str; 6] = [
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPairWithoutPlaintext",
    "Encrypt",
    "Decrypt",
    "DescribeKey",
];
/// KMS's limits.
const PLAINTEXT_BYTES_MAX: usize = 4096;
const CIPHERTEXT_BYTES_MAX: usize = 6144;
const DATA_KEY_BYTES_MAX: usize = 1024;

/// The service.
pub(super) struct Kms {
    master: MasterKey,
    pairs: Arc<Pairs>,
    now: Arc<Clock>,
    created_at: u64,
}

/// An exception of KMS: status, name and message.
struct Refused(StatusCode, &'static str, String);

fn refused(name: &'static str, message: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, name, message.into())
}

fn invalid(message: impl Into<String>) -> Refused {
    refused("ValidationException", message)
}

fn internal() -> Refused {
    Refused(StatusCode::INTERNAL_SERVER_ERROR, "KMSInternalException", "Internal failure.".to_owned())
}

/// The members of all the operations' requests.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    key_id: Option<String>,
    encryption_context: Context,
    key_spec: Option<String>,
    number_of_bytes: Option<usize>,
    key_pair_spec: Option<String>,
    plaintext: Option<String>,
    ciphertext_blob: Option<String>,
}

impl Kms {
    /// The service with its master key from `storage`.
    pub(super) fn new(storage: &Storage, now: Arc<Clock>) -> io::Result<Self> {
        let (master, pairs) = match storage {
            Storage::Memory => (MasterKey::random()?, Pairs::Pooled(Mutex::default())),
            Storage::Directory(directory) => (MasterKey::kept_in(directory)?, Pairs::Fresh),
        };
        let created_at = now();
        Ok(Self { master, pairs: Arc::new(pairs), now, created_at })
    }

    async fn act(&self, operation: &str, request: Value) -> Result<Value, Refused> {
        if !OPERATIONS.contains(&operation) {
            return Err(refused("UnknownOperationException", ""));
        }
        let request: Request = serde_json::from_value(request)
            .map_err(|error| refused("SerializationException", error.to_string()))?;
        // Decrypt may leave the key to the blob.
        match &request.key_id {
            Some(id) => check_key(id)?,
            None if operation == "Decrypt" => {}
            None => return Err(missing("keyId")),
        }
        match operation {
            "GenerateDataKey" => self.data_key(&request, true),
            "GenerateDataKeyWithoutPlaintext" => self.data_key(&request, false),
            "GenerateDataKeyPairWithoutPlaintext" => self.data_key_pair(&request).await,
            "Encrypt" => self.encrypt(&request),
            "Decrypt" => self.decrypt(&request),
            _ => Ok(self.describe_key()),
        }
    }

    fn data_key(&self, request: &Request, with_plaintext: bool) -> Result<Value, Refused> {
        let mut plaintext = vec![0; data_key_length(request)?];
        OsRng.fill_bytes(&mut plaintext);
        let blob = self.sealed(&request.encryption_context, &plaintext)?;
        let mut answer = json!({ "CiphertextBlob": blob, "KeyId": KEY_ARN });
        if with_plaintext && let Some(members) = answer.as_object_mut() {
            members.insert("Plaintext".to_owned(), BASE64.encode(&plaintext).into());
        }
        Ok(answer)
    }

    async fn data_key_pair(&self, request: &Request) -> Result<Value, Refused> {
        match request.key_pair_spec.as_deref() {
            Some("RSA_2048") => {}
            Some(_) => {
                return Err(refused("UnsupportedOperationException", "The twin makes RSA_2048 pairs only."));
            }
            None => return Err(missing("keyPairSpec")),
        }
        let pairs = Arc::clone(&self.pairs);
        let pair = tokio::task::spawn_blocking(move || pairs.next()).await;
        let Ok(Ok(pair)) = pair else { return Err(internal()) };
        let RsaPair { private_pkcs8, public_spki } = &*pair;
        Ok(json!({
            "PrivateKeyCiphertextBlob": self.sealed(&request.encryption_context, private_pkcs8)?,
            "PublicKey": BASE64.encode(public_spki),
            "KeyId": KEY_ARN,
            "KeyPairSpec": "RSA_2048",
        }))
    }

    fn encrypt(&self, request: &Request) -> Result<Value, Refused> {
        let plaintext = bytes("plaintext", request.plaintext.as_deref(), PLAINTEXT_BYTES_MAX)?;
        let blob = self.sealed(&request.encryption_context, &plaintext)?;
        Ok(json!({ "CiphertextBlob": blob, "KeyId": KEY_ARN, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
    }

    fn decrypt(&self, request: &Request) -> Result<Value, Refused> {
        let blob = bytes("ciphertextBlob", request.ciphertext_blob.as_deref(), CIPHERTEXT_BYTES_MAX)?;
        let plaintext = self
            .master
            .open(&request.encryption_context, &blob)
            .map_err(|_| refused("InvalidCiphertextException", ""))?;
        Ok(json!({
            "Plaintext": BASE64.encode(&plaintext),
            "KeyId": KEY_ARN,
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn describe_key(&self) -> Value {
        json!({ "KeyMetadata": {
            "AWSAccountId": ACCOUNT,
            "Arn": KEY_ARN,
            "CreationDate": self.created_at.min((self.now)()),
            "Description": "The key of the twin",
            "Enabled": true,
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "KeyId": key_uuid(),
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyState": "Enabled",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": false,
            "Origin": "AWS_KMS",
        } })
    }

    fn sealed(&self, context: &Context, plaintext: &[u8]) -> Result<String, Refused> {
        let blob = self.master.seal(context, plaintext).map_err(|_| internal())?;
        Ok(BASE64.encode(&blob))
    }
}

impl Endpoint for Kms {
    const SERVICE: Service = Service::Kms;

    fn operation(&self, parts: &Parts) -> Option<String> {
        target_operation(&parts.headers, TARGET_PREFIX)
    }

    fn actions(&self, operation: &str, request: &Value) -> Vec<Action> {
        let named = request.get("KeyId").and_then(Value::as_str);
        let key = match named {
            Some(id) if !is_ours(id) => id,
            _ => KEY_ID,
        };
        let context = request.get("EncryptionContext").cloned();
        vec![Action {
            action: format!("kms:{operation}"),
            key: Some(key.to_owned()),
            encryption_context: context.and_then(|context| serde_json::from_value(context).ok()),
            ..Action::default()
        }]
    }

    fn throttled(&self) -> Response {
        let message =
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
        json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, "ThrottlingException", message)
    }

    fn broken(&self) -> Response {
        error(internal())
    }

    fn refused(&self, code: &str) -> Response {
        json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, code, REFUSED)
    }

    async fn handle(&self, request: AwsRequest) -> Response {
        match self.act(&request.operation, request.json).await {
            Ok(answer) => json_answer(StatusCode::OK, CONTENT_TYPE, &answer),
            Err(refused) => error(refused),
        }
    }
}

fn error(Refused(status, name, message): Refused) -> Response {
    json_error(status, CONTENT_TYPE, name, &message)
}

fn missing(member: &str) -> Refused {
    invalid(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

fn key_uuid() -> &'static str {
    KEY_ARN.rsplit_once('/').map_or(KEY_ARN, |(_, id)| id)
}

/// Whether an alias, key id or ARN of either names the twin's key; in any region and account.
fn is_ours(id: &str) -> bool {
    match id.strip_prefix("arn:aws:kms:") {
        Some(arn) => {
            let resource = arn.splitn(3, ':').nth(2).unwrap_or_default();
            resource == KEY_ID || resource.strip_prefix("key/") == Some(key_uuid())
        }
        None => id == KEY_ID || id == key_uuid(),
    }
}

fn check_key(id: &str) -> Result<(), Refused> {
    if is_ours(id) { Ok(()) } else { Err(refused("NotFoundException", format!("Key '{id}' does not exist"))) }
}

fn data_key_length(request: &Request) -> Result<usize, Refused> {
    match (request.key_spec.as_deref(), request.number_of_bytes) {
        (Some("AES_256"), None) => Ok(32),
        (Some("AES_128"), None) => Ok(16),
        (None, Some(bytes @ 1..=DATA_KEY_BYTES_MAX)) => Ok(bytes),
        _ => {
            Err(invalid("Please specify either number of bytes (1 to 1024) or key spec (AES_256, AES_128)."))
        }
    }
}

fn bytes(member: &str, base64: Option<&str>, bytes_max: usize) -> Result<Vec<u8>, Refused> {
    let base64 = base64.ok_or_else(|| missing(member))?;
    let decoded = BASE64
        .decode(base64.as_bytes())
        .map_err(|_| refused("SerializationException", format!("'{member}' is not base64")))?;
    if decoded.is_empty() || decoded.len() > bytes_max {
        return Err(invalid(format!("'{member}' must have from 1 to {bytes_max} bytes")));
    }
    Ok(decoded)
}
