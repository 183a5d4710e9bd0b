//! The Lambda binary of `dbconnections`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(dbconnections::routes(), dbconnections::KEYS).await
}
