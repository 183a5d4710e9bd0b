//! The Lambda binary of `unblock`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(unblock::routes(), unblock::KEYS).await
}
