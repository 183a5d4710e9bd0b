//! The Lambda binary of `tickets`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(tickets::routes(), tickets::KEYS).await
}
