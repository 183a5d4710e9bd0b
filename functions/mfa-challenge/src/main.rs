//! The Lambda binary of `mfa-challenge`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(mfa_challenge::routes(), mfa_challenge::KEYS).await
}
