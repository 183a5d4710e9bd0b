//! The Lambda binary of `resource-servers`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(resource_servers::routes(), resource_servers::KEYS).await
}
