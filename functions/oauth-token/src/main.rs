//! The Lambda binary of `oauth-token`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(oauth_token::routes(), oauth_token::KEYS).await
}
