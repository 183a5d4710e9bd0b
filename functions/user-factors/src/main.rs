//! The Lambda binary of `user-factors`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(user_factors::routes(), user_factors::KEYS).await
}
