//! The Lambda binary of `mfa-associate`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(mfa_associate::routes(), mfa_associate::KEYS).await
}
