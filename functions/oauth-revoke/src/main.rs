//! The Lambda binary of `oauth-revoke`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(oauth_revoke::routes(), oauth_revoke::KEYS).await
}
