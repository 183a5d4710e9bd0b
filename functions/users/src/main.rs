//! The Lambda binary of `users`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(users::routes(), users::KEYS).await
}
