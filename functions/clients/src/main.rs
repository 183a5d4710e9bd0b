//! The Lambda binary of `clients`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(clients::routes(), clients::KEYS).await
}
