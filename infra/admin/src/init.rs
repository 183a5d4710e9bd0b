//! `postern init`: what a fresh deployment needs before anyone can sign in.

use clap::Args;
use postern::audit;
use postern::config::Issuer;
use postern::id::ClientId;
use postern::rules::client::{ClientKind, ClientSecret};
use postern::store::clients::Client;
use postern::token::rotation::Report;
use postern::wire::management::management_scopes;
use postern::wire::oauth::Grant;
use serde_json::json;

use crate::CommandError;
use crate::connection::Tenant;
use crate::output::Answer;

/// Makes the first keys and a client for the Management API.
#[derive(Args)]
pub(crate) struct Init {
    /// The client's name.
    #[arg(long, default_value = "Management")]
    name: String,
}

impl Init {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let issuer = tenant.issuer()?;
        tenant.journal()?.recorded("postern init", self.make(tenant, issuer)).await
    }

    async fn make(self, tenant: &Tenant, issuer: &Issuer) -> Result<Answer, CommandError> {
        let mut report = Report::default();
        let outcome = tenant.rotation().await?.ensure_first(&mut report).await;
        if let Err(error) = outcome {
            return Err(CommandError::Keys { error, report });
        }
        // Keys that were made stay, whatever becomes of the client.
        let client = self.client(tenant, issuer).await.inspect_err(|_| audit::rotation(&report, None));
        let (client_id, secret) = client?;
        let made = report.made.len();
        let audience = issuer.management_audience();
        let keys = match made {
            0 => "Keys were there already.".to_owned(),
            made => format!("Made {made} key generations."),
        };
        let json = json!({
            "client_id": client_id.as_str(),
            "client_secret": secret.expose(),
            "audience": audience,
            "token_endpoint": issuer.endpoint("oauth/token"),
            "key_generations_made": made,
        });
        let text = told(&keys, &client_id, secret.expose(), issuer);
        Ok(Answer::new(json, text))
    }

    /// A client that may use all of the Management API, and its secret.
    async fn client(
        self,
        tenant: &Tenant,
        issuer: &Issuer,
    ) -> Result<(ClientId, ClientSecret), CommandError> {
        let client_id = ClientId::generate(&tenant.random).map_err(|_| CommandError::Random)?;
        let secret = ClientSecret::generate(&tenant.random).map_err(|_| CommandError::Random)?;
        let client = Client {
            client_id: client_id.clone(),
            name: self.name,
            kind: ClientKind::Confidential,
            secret_hash: Some(secret.hash()),
            grant_types: vec![Grant::ClientCredentials.as_str().to_owned()],
            client_metadata: std::collections::BTreeMap::new(),
            callbacks: Vec::new(),
        };
        tenant.store.put_client(&client).await?;
        let audience = issuer.management_audience();
        tenant.store.put_client_grant(&client_id, &audience, &management_scopes()).await?;
        Ok((client_id, secret))
    }
}

/// What people are told: the client, and what to do with it.
fn told(keys: &str, client_id: &ClientId, secret: &str, issuer: &Issuer) -> String {
    let audience = issuer.management_audience();
    format!(
        "{keys}

Management client (the secret is shown this once):

  client_id      {client_id}
  client_secret  {secret}

Get a token for the Management API:

  curl -s {token} \\
    -d grant_type=client_credentials -d audience={audience} \\
    -d client_id={client_id} -d client_secret={secret}

This command needs no token. What comes next: `postern apis create`, `postern clients create`,
`postern factors enable`, `postern users create` or `postern import auth0`, and `postern doctor`.
",
        token = issuer.endpoint("oauth/token"),
    )
}
