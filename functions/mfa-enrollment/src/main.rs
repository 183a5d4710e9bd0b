//! The Lambda binary of `mfa-enrollment`.

use postern::lambda::{Error, serve_sending};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve_sending(mfa_enrollment::routes(), mfa_enrollment::KEYS).await
}
