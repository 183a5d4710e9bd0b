//! Addresses that bounce: `postern users bounced` and `mail-again`.

use postern::audit::trail;
use postern::delivery::suppression;
use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::store::mailboxes::{Mailbox, Standing};
use postern::wire::management::instant;
use serde_json::{Value, json};

use crate::CommandError;
use crate::connection::Tenant;
use crate::management::Management;
use crate::output::{Answer, Column, harmless};

const COLUMNS: [Column; 5] = [
    ("USER ID", "user_id"),
    ("ADDRESS", "address"),
    ("WHAT", "what"),
    ("MAIL OF", "mail_sent_at"),
    ("UNTIL", "until"),
];

/// The addresses that something is told of, those of the newest mails first.
pub(crate) async fn list(tenant: &Tenant, most: usize) -> Result<Answer, CommandError> {
    let found = tenant.store.marked_mailboxes(most, tenant.now()).await?;
    let items = found.iter().map(item).collect();
    Ok(Answer::list(items, &COLUMNS, "No address bounced in the last week."))
}

fn item(mailbox: &Mailbox) -> Value {
    json!({
        "user_id": mailbox.user_id.as_str(),
        "address": mailbox.shown,
        "what": what(mailbox.standing),
        "mail_sent_at": instant(mailbox.at),
        "until": instant(mailbox.expires_at),
    })
}

fn what(standing: Standing) -> &'static str {
    match standing {
        Standing::Bounced => "bounced",
        Standing::Complained => "complained",
        Standing::Cleared => "cleared",
    }
}

/// Has codes sent again to a user's addresses. SES's own list comes first: while an address is on it, SES does not try the
/// next mail. An address that the user has no more cannot be taken off it, for its mark does not say it; its mark ends by
/// itself.
pub(crate) async fn mail_again(
    tenant: &Tenant,
    api: &Management,
    id: &str,
    name: &str,
) -> Result<Answer, CommandError> {
    let (id, now) = (UserId::new(id), tenant.now());
    let Some(user) = tenant.store.user(&id, now).await? else {
        return Err(CommandError::Setting("the user is gone".to_owned()));
    };
    let cleared = api
        .journal
        .recorded("postern users mail-again", async {
            trail::user(&id);
            let mut cleared = Vec::new();
            for (address, mailbox) in user.marked_addresses(now) {
                take_off_list(tenant, &address).await?;
                if tenant.store.pardon_mailbox(mailbox).await? {
                    cleared.push(mailbox);
                }
            }
            Ok(cleared)
        })
        .await?;
    let addresses: Vec<_> = cleared.iter().map(|mailbox| mailbox.shown.as_str()).collect();
    let left = user.marks(now).len().saturating_sub(user.marked_addresses(now).len());
    let mut text = match addresses.as_slice() {
        [] => format!("Nothing bounced for the addresses of {name}.\n"),
        _ => format!("Codes are sent again to {} of {name}.\n", harmless(&addresses.join(", "))),
    };
    if left > 0 {
        text.push_str("What bounced for addresses that the user has no more ends within the week.\n");
    }
    Ok(Answer::new(json!({ "user_id": id.as_str(), "addresses": addresses }), text))
}

async fn take_off_list(tenant: &Tenant, address: &EmailAddress) -> Result<(), CommandError> {
    suppression::take_off_list(&tenant.clients.ses, address).await.map_err(|_| {
        let text = "SES did not take the address off its suppression list, so nothing was changed of it: allow your \
                    credentials ses:DeleteSuppressedDestination, or try again";
        CommandError::Setting(text.to_owned())
    })
}
