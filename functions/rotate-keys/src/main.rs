//! The Lambda binary of `rotate-keys`.

use postern::lambda::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    rotate_keys::serve().await
}
