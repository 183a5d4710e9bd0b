//! The twin's master key and the blobs sealed under it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use rand_core::{OsRng, RngCore as _};

const KEY_LEN: usize = 32;
const FILE_NAME: &str = "kms.key";
const NEW_FILE_NAME: &str = "kms.key.new";
/// First byte of every blob, so that a later format can be told apart.
const VERSION: u8 = 1;

/// An encryption context, in the order of its names.
pub(super) type Context = BTreeMap<String, String>;

/// The key under which the twin's KMS seals everything: AES-256-GCM, random nonces.
pub(super) struct MasterKey {
    key: LessSafeKey,
}

/// The blob is not one of ours, or was sealed in another encryption context.
pub(super) struct InvalidCiphertext;

impl MasterKey {
    /// A key that lives as long as the twin.
    pub(super) fn random() -> io::Result<Self> {
        Self::new(&fresh())
    }

    /// The key kept in `directory`, made when there is none. Only its owner can read the file.
    pub(super) fn kept_in(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE_NAME);
        match fs::read(&path) {
            Ok(bytes) => Self::new(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let bytes = fresh();
                // Written aside first: half a key would lose everything sealed later.
                let aside = directory.join(NEW_FILE_NAME);
                write_private(&aside, &bytes)?;
                fs::rename(&aside, &path)?;
                Self::new(&bytes)
            }
            Err(error) => Err(error),
        }
    }

    fn new(bytes: &[u8]) -> io::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the KMS master key is not 32 bytes"))?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    /// Seals `plaintext` with `context` as associated data: version ‖ nonce ‖ ciphertext and tag.
    pub(super) fn seal(
        &self,
        context: &Context,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, ring::error::Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        OsRng.fill_bytes(&mut nonce);
        let mut sealed = plaintext.to_vec();
        let aad = Aad::from(associated_data(context));
        self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)?;
        Ok([&[VERSION], &nonce[..], &sealed].concat())
    }

    /// Opens what [`Self::seal`] made, in the same context.
    pub(super) fn open(&self, context: &Context, blob: &[u8]) -> Result<Vec<u8>, InvalidCiphertext> {
        let Some((&VERSION, rest)) = blob.split_first() else { return Err(InvalidCiphertext) };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(InvalidCiphertext)?;
        let mut opened = sealed.to_vec();
        let aad = Aad::from(associated_data(context));
        let plaintext = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut opened)
            .map_err(|_| InvalidCiphertext)?;
        Ok(plaintext.to_vec())
    }
}

fn fresh() -> [u8; KEY_LEN] {
    let mut bytes = [0; KEY_LEN];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// Every name and value behind its length, so that no two contexts read the same.
fn associated_data(context: &Context) -> Vec<u8> {
    let mut data = Vec::new();
    for text in context.iter().flat_map(|(name, value)| [name, value]) {
        data.extend_from_slice(&(text.len() as u64).to_be_bytes());
        data.extend_from_slice(text.as_bytes());
    }
    data
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn opens_in_its_context_only() {
        let key = MasterKey::random().unwrap();
        let right = context(&[("kid", "ab"), ("use", "c")]);
        let blob = key.seal(&right, b"secret").unwrap();
        assert_eq!(key.open(&right, &blob).ok().unwrap(), b"secret");
        for wrong in [context(&[]), context(&[("kid", "ab")]), context(&[("kid", "a"), ("buse", "c")])] {
            assert!(key.open(&wrong, &blob).is_err());
        }
        assert!(MasterKey::random().unwrap().open(&right, &blob).is_err());
    }

    #[test]
    fn altered_and_short_blobs_are_refused() {
        let key = MasterKey::random().unwrap();
        let none = context(&[]);
        let blob = key.seal(&none, b"secret").unwrap();
        for index in 0..blob.len() {
            let mut altered = blob.clone();
            altered[index] ^= 1;
            assert!(key.open(&none, &altered).is_err(), "byte {index}");
            assert!(key.open(&none, &blob[..index]).is_err(), "length {index}");
        }
    }

    #[test]
    fn kept_key_is_private_and_the_same_again() {
        let directory = tempfile::tempdir().unwrap();
        let none = context(&[]);
        let blob = MasterKey::kept_in(directory.path()).unwrap().seal(&none, b"x").unwrap();
        assert_eq!(MasterKey::kept_in(directory.path()).unwrap().open(&none, &blob).ok().unwrap(), b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(directory.path().join(FILE_NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(directory.path().join(FILE_NAME), b"short").unwrap();
        assert!(MasterKey::kept_in(directory.path()).is_err());
    }
}
