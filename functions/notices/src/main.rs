//! The Lambda binary of `notices`.

use postern::lambda::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    notices::serve().await
}
