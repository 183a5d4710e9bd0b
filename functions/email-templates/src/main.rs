//! The Lambda binary of `email-templates`.

use postern::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(email_templates::routes(), email_templates::KEYS).await
}
