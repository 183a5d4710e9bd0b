//! `postern users`: the tenant's users, one at a time; many at once are moved in by `import`.

use clap::{Args, Subcommand};
use postern::store::logins::DEFAULT_CONNECTION;
use serde_json::{Value, json};

use crate::CommandError;
use crate::bounces;
use crate::connection::Tenant;
use crate::management::{Management, path, with_query};
use crate::output::{Answer, Column, cell, harmless};
use crate::properties::From;
use crate::terminal::{Consent, NewPassword, PasswordSource};

/// Users that a list reaches; all are read by an export.
const LISTED_MAX: u16 = 1_000;

/// What to do with users. A user is named by id or by email address.
#[derive(Subcommand)]
pub(crate) enum Users {
    /// List users by the time they were made.
    #[command(after_help = "Example:\n  postern users list --newest --limit 20")]
    List {
        /// How many; all users are read by `postern export`.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=i64::from(LISTED_MAX)))]
        limit: u16,
        /// The newest first.
        #[arg(long)]
        newest: bool,
    },
    /// Show a user.
    #[command(
        after_help = "Examples:\n  postern users show ada@example.com\n  postern users show 'auth0|5f7c8ec7c33c6c004bbafe82'"
    )]
    Show(Who),
    /// Show what a user can prove the second factor by.
    #[command(after_help = "Example:\n  postern users factors ada@example.com")]
    Factors(Who),
    /// Make a user who signs in by address and password.
    #[command(
        after_help = "Examples:\n  postern users create --email ada@example.com\n  postern users create --email ada@example.com --verified --generate"
    )]
    Create(Create),
    /// Let a user not sign in any longer, and end what was issued.
    #[command(after_help = "Example:\n  postern users block ada@example.com --yes")]
    Block(Change),
    /// Let a user sign in again, also where that is blocked after wrong passwords.
    #[command(after_help = "Example:\n  postern users unblock ada@example.com")]
    Unblock(Who),
    /// List users whose address bounced, or who complained of a mail, in the last week.
    #[command(after_help = "Example:\n  postern users bounced")]
    Bounced {
        /// How many, those of the newest mails first.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=i64::from(LISTED_MAX)))]
        limit: u16,
    },
    /// Send codes to a user's address again that bounced, and take it off SES's suppression list.
    #[command(after_help = "Example:\n  postern users mail-again ada@example.com")]
    MailAgain(Who),
    /// Forget all of a user's second factors, and tell the user by mail.
    #[command(after_help = "Example:\n  postern users reset-mfa ada@example.com --yes")]
    ResetMfa(Change),
    /// Give a user another password, end what was issued under the old one, and tell the user by mail.
    #[command(
        after_help = "Examples:\n  postern users set-password ada@example.com\n  postern users set-password ada@example.com --generate"
    )]
    SetPassword {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Delete a user with all factors.
    #[command(after_help = "Example:\n  postern users delete ada@example.com --yes")]
    Delete(Change),
}

#[derive(Args)]
pub(crate) struct Who {
    /// The user's id or email address.
    user: String,
}

#[derive(Args)]
pub(crate) struct Change {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    consent: Consent,
}

/// What a new user is.
#[derive(Args)]
pub(crate) struct Create {
    /// The address.
    #[arg(long, required_unless_present = "from")]
    email: Option<String>,
    /// The address is known to be the user's: no mail asks for a proof.
    #[arg(long)]
    verified: bool,
    /// The user's name.
    #[arg(long)]
    name: Option<String>,
    /// The part of the id after `auth0|`; one is made otherwise.
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    from: From,
}

const COLUMNS: [Column; 5] = [
    ("USER ID", "user_id"),
    ("EMAIL", "email"),
    ("VERIFIED", "email_verified"),
    ("BLOCKED", "blocked"),
    ("CREATED", "created_at"),
];
const FACTOR_COLUMNS: [Column; 5] = [
    ("ID", "id"),
    ("TYPE", "type"),
    ("NAME", "name"),
    ("CREATED", "created_at"),
    ("LAST USED", "last_auth_at"),
];

impl Users {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let api = &Management::open(tenant).await?;
        match self {
            Self::List { limit, newest } => list(api, limit, newest).await,
            Self::Show(who) => Ok(Answer::object(who.find(api).await?.profile)),
            Self::Factors(who) => {
                let user = who.find(api).await?;
                let path = path(&["users", &user.id, "authentication-methods"]);
                let items = api.list(&path, &[], usize::MAX).await?;
                Ok(Answer::list(items, &FACTOR_COLUMNS, "The user has enrolled no second factor."))
            }
            Self::Create(create) => create.run(api, tenant).await,
            Self::Block(change) => {
                let user = change.agreed(api, "Block").await?;
                let blocked = api.patch(&user.path(), &json!({ "blocked": true })).await?;
                Ok(Answer::new(blocked, format!("Blocked {}.\n", user.name)))
            }
            Self::Unblock(who) => {
                let user = who.find(api).await?;
                let unblocked = api.patch(&user.path(), &json!({ "blocked": false })).await?;
                api.delete(&path(&["user-blocks", &user.id])).await?;
                Ok(Answer::new(unblocked, format!("{} may sign in.\n", user.name)))
            }
            Self::Bounced { limit } => bounces::list(tenant, usize::from(limit)).await,
            Self::MailAgain(who) => {
                let user = who.find(api).await?;
                bounces::mail_again(tenant, api, &user.id, &user.name).await
            }
            Self::ResetMfa(change) => {
                let user = change.agreed(api, "Forget all second factors of").await?;
                api.delete(&path(&["users", &user.id, "authenticators"])).await?;
                let json = json!({ "user_id": user.id, "authenticators": [] });
                Ok(Answer::new(json, format!("{} has no second factor any longer.\n", user.name)))
            }
            Self::SetPassword { who, password } => {
                let user = who.find(api).await?;
                let password = password.read(&tenant.random)?;
                let set = api.patch(&user.path(), &json!({ "password": password.text })).await?;
                Ok(with_password(set, &format!("{} has a new password", user.name), &password))
            }
            Self::Delete(change) => {
                let user = change.agreed(api, "Delete").await?;
                api.delete(&user.path()).await?;
                let json = json!({ "user_id": user.id, "deleted": true });
                Ok(Answer::new(json, format!("Deleted {}.\n", user.name)))
            }
        }
    }
}

async fn list(api: &Management, limit: u16, newest: bool) -> Result<Answer, CommandError> {
    let order = if newest { "created_at:-1" } else { "created_at:1" };
    let items = api.list(&path(&["users"]), &[("sort", order)], usize::from(limit)).await?;
    let none = "There are no users yet: see `postern users create` and `postern import`.";
    // Who is not blocked is not said to be.
    Ok(Answer::list_by(items, &COLUMNS, none, |user| {
        user.entry("blocked").or_insert(Value::Bool(false));
    }))
}

/// A user who is there.
struct Found {
    id: String,
    /// Address and id, for people.
    name: String,
    profile: Value,
}

impl Found {
    fn path(&self) -> String {
        path(&["users", &self.id])
    }
}

impl Who {
    /// An id has a bar, which no address that users sign in by has before its `@`.
    async fn find(&self, api: &Management) -> Result<Found, CommandError> {
        let is_address = self.user.contains('@') && !self.user.contains('|');
        let profile = if is_address {
            by_address(api, &self.user).await?
        } else {
            api.get(&path(&["users", &self.user])).await?
        };
        let id = profile.get("user_id").and_then(Value::as_str).unwrap_or(&self.user).to_owned();
        let name = match profile.get("email").and_then(Value::as_str) {
            Some(email) => format!("{} ({})", harmless(email), harmless(&id)),
            None => harmless(&id),
        };
        Ok(Found { id, name, profile })
    }
}

async fn by_address(api: &Management, address: &str) -> Result<Value, CommandError> {
    let found = api.get(&with_query(&path(&["users-by-email"]), &[("email", address)])).await?;
    let mut found = found.as_array().cloned().unwrap_or_default();
    match (found.pop(), found.as_slice()) {
        (Some(user), []) => Ok(user),
        (None, _) => {
            let text = "nobody signs in by that address: see `postern users list`, or give the user's id";
            Err(CommandError::Setting(text.to_owned()))
        }
        (Some(last), others) => {
            let ids: Vec<_> = others.iter().chain([&last]).map(|user| cell(user.get("user_id"))).collect();
            let text =
                format!("several users sign in by that address: give the id of one: {}", ids.join(", "));
            Err(CommandError::Setting(text))
        }
    }
}

impl Change {
    /// The user, if the operator agrees.
    async fn agreed(&self, api: &Management, verb: &str) -> Result<Found, CommandError> {
        let user = self.who.find(api).await?;
        self.consent.ask(&format!("{verb} {}", user.name))?;
        Ok(user)
    }
}

impl Create {
    async fn run(self, api: &Management, tenant: &Tenant) -> Result<Answer, CommandError> {
        let mut properties = self
            .from
            .read()?
            .set("connection", DEFAULT_CONNECTION)
            .set_some("email", self.email)
            .set_some("email_verified", self.verified.then_some(true))
            .set_some("name", self.name)
            .set_some("user_id", self.user_id);
        let mut shown = None;
        if !properties.has("password") {
            let password = self.password.read(&tenant.random)?;
            properties = properties.set("password", password.text.as_str());
            shown = Some(password);
        }
        let made = api.post(&path(&["users"]), &properties.whole()).await?;
        let done = format!("Made {} ({})", cell(made.get("email")), cell(made.get("user_id")));
        Ok(match &shown {
            Some(password) => with_password(made, &done, password),
            None => Answer::new(made, format!("{done}.\n")),
        })
    }
}

/// A password that was made is told this once.
fn with_password(mut user: Value, done: &str, password: &NewPassword) -> Answer {
    if !password.is_generated {
        return Answer::new(user, format!("{done}.\n"));
    }
    if let Some(user) = user.as_object_mut() {
        user.insert("password".to_owned(), password.text.as_str().into());
    }
    Answer::new(user, format!("{done} (the password is shown this once):\n\n  password  {}\n", password.text))
}
