//! The Lambda binary of `audit`.

use postern::lambda::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    audit::serve().await
}
