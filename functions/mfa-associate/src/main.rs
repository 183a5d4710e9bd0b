//! The Lambda binary of `mfa-associate`.

use postern::lambda::{Error, serve_sending};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve_sending(mfa_associate::routes(), mfa_associate::KEYS).await
}
