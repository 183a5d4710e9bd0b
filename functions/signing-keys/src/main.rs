//! The Lambda binary of `signing-keys`.

use postern::lambda::{Error, serve_patiently};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve_patiently(signing_keys::routes(), signing_keys::KEYS).await
}
