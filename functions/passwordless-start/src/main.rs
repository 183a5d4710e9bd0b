//! The Lambda binary of `passwordless-start`.

use postern::lambda::{Error, serve_sending};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve_sending(passwordless_start::routes(), passwordless_start::KEYS).await
}
