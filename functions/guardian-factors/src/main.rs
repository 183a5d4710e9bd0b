//! The Lambda binary of `guardian-factors`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(guardian_factors::routes(), guardian_factors::KEYS).await
}
