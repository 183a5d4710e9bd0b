//! The Lambda binary of `mail-events`.

use postern::lambda::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mail_events::serve().await
}
