//! The Lambda binary of `userinfo`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(userinfo::routes(), userinfo::KEYS).await
}
