//! The Lambda binary of `mfa-challenge`.

use postern::lambda::{Error, serve_sending};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve_sending(mfa_challenge::routes(), mfa_challenge::KEYS).await
}
