//! The Lambda binary of `logs`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(logs::routes(), logs::KEYS).await
}
