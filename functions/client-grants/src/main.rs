//! The Lambda binary of `client-grants`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(client_grants::routes(), client_grants::KEYS).await
}
