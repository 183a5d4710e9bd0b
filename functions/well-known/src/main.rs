//! The Lambda binary of `well-known`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(well_known::routes(), well_known::KEYS).await
}
