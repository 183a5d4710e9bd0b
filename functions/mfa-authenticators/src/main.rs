//! The Lambda binary of `mfa-authenticators`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(mfa_authenticators::routes(), mfa_authenticators::KEYS).await
}
