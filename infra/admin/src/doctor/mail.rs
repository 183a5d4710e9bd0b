//! Mail: what SES lets the account do, whether the sender is known to it, and a mail to try it by.

use aws_sdk_sesv2::types::{Body, Content, Destination, DkimStatus, EmailContent, Message};
use postern::rules::address::EmailAddress;

use super::finding::Finding;
use crate::connection::Tenant;

const ACCOUNT: &str = "mail-account";
const SENDER: &str = "mail-sender";
const TEST: &str = "mail-test";

/// What SES calls an account whose mails bounce or are complained of too often.
const PROBATION: &str = "PROBATION";
/// Of a day's quota, in percent: more than that is close.
const QUOTA_PERCENT: f64 = 80.0;

/// What SES lets the account do.
pub(super) async fn account(tenant: &Tenant) -> Vec<Finding> {
    let account = match tenant.clients.ses.get_account().send().await {
        Ok(account) => account,
        Err(error) => return vec![Finding::call(ACCOUNT, "ses:GetAccount", &error)],
    };
    let quota = account.send_quota();
    let is_close = quota.is_some_and(|quota| {
        quota.max24_hour_send() > 0.0
            && quota.sent_last24_hours() * 100.0 > quota.max24_hour_send() * QUOTA_PERCENT
    });
    let finding = if !account.sending_enabled() {
        let mend =
            "see the account's status in the SES console: AWS stops senders with many bounces or complaints";
        Finding::fail(ACCOUNT, "SES does not send for this account", mend)
    } else if !account.production_access_enabled() {
        let mend =
            "ask for production access in the SES console, in this region; until then verify each recipient";
        Finding::warn(ACCOUNT, "SES is in its sandbox: mail goes to verified addresses only", mend)
    } else if account.enforcement_status() == Some(PROBATION) {
        let mend = "see the SES console: too many mails bounced or were complained of, and AWS may stop the account; `postern users bounced` has the latest";
        Finding::warn(ACCOUNT, "AWS has put the account on probation", mend)
    } else if is_close {
        let mend = "ask for a higher sending quota in the SES console";
        Finding::warn(ACCOUNT, format!("more than {QUOTA_PERCENT} % of the day's quota is used"), mend)
    } else {
        Finding::ok(ACCOUNT, "SES sends to everybody")
    };
    vec![finding]
}

/// Whether SES knows the sender.
pub(super) async fn identity(tenant: &Tenant, sender: Option<&str>) -> Vec<Finding> {
    let Some(sender) = sender else {
        let mend = "give the stack's parameter `MailFrom` by --mail-from; without a sender no code is mailed";
        return vec![Finding::warn(SENDER, "no sender to look for", mend)];
    };
    let Some(address) = address_of(sender) else {
        return vec![Finding::fail(
            SENDER,
            "the sender is no address",
            "give one by --mail-from: login@example.com",
        )];
    };
    for name in identities(&address) {
        let identity = match tenant.clients.ses.get_email_identity().email_identity(name).send().await {
            Ok(identity) => identity,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {
                continue;
            }
            Err(error) => return vec![Finding::call(SENDER, "ses:GetEmailIdentity", &error)],
        };
        let dkim = identity.dkim_attributes().and_then(|dkim| dkim.status());
        let finding = if !identity.verified_for_sending_status() {
            let mend =
                "publish the DNS records that the SES console shows for it, or follow the link it mailed";
            Finding::fail(SENDER, format!("{name} is not verified yet: nothing can be sent"), mend)
        } else if dkim.is_some_and(|status| *status != DkimStatus::Success) {
            let mend = "publish the three CNAME records that the SES console shows for it";
            Finding::warn(
                SENDER,
                format!("{name} is verified but not signed by DKIM: mail may be taken for spam"),
                mend,
            )
        } else {
            Finding::ok(SENDER, format!("{name} is verified"))
        };
        return vec![finding];
    }
    let mend = "verify the domain in the SES console, in the same region as the stack";
    vec![Finding::fail(SENDER, format!("SES knows neither {address} nor its domain"), mend)]
}

/// The address in `Name <address>`, or all of it.
fn address_of(sender: &str) -> Option<String> {
    let bare = match sender.rsplit_once('<') {
        Some((_, bare)) => bare.trim_end().strip_suffix('>')?,
        None => sender,
    };
    EmailAddress::parse(bare.trim()).map(|address| address.as_str().to_owned())
}

/// What a sender may be verified by: the address, its domain, or a domain above that.
fn identities(address: &str) -> Vec<&str> {
    let mut names = vec![address];
    let mut domain = address.rsplit_once('@').map(|(_, domain)| domain);
    while let Some(name) = domain.filter(|name| name.contains('.')) {
        names.push(name);
        domain = name.split_once('.').map(|(_, above)| above);
    }
    names
}

/// Sends a mail, if one was asked for.
pub(super) async fn test(tenant: &Tenant, sender: Option<&str>, to: Option<&str>) -> Vec<Finding> {
    let Some(to) = to else { return Vec::new() };
    let Some(sender) = sender else {
        return vec![Finding::fail(
            TEST,
            "no sender to send from",
            "give the stack's parameter `MailFrom` by --mail-from",
        )];
    };
    let text = "This is the test mail that `postern doctor` was asked for.\n";
    let part = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let (Ok(subject), Ok(body)) = (part("Postern: test mail"), part(text)) else { return Vec::new() };
    let message = Message::builder().subject(subject).body(Body::builder().text(body).build()).build();
    let call = tenant
        .clients
        .ses
        .send_email()
        .from_email_address(sender)
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build());
    let finding = match call.send().await {
        Ok(_) => Finding::ok(TEST, format!("SES took it for {to}: see that it arrives")),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_message_rejected()) => {
            let mend = "see the checks of the mail account and of the sender";
            Finding::fail(TEST, "SES rejected it: sender or recipient is not verified", mend)
        }
        Err(error) => Finding::call(TEST, "ses:SendEmail", &error),
    };
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_looked_for_by_all_that_may_verify_it() {
        assert_eq!(address_of("Postern <a@mail.example.com>").as_deref(), Some("a@mail.example.com"));
        assert_eq!(address_of("a@example.com").as_deref(), Some("a@example.com"));
        assert_eq!(address_of("example.com"), None);
        assert_eq!(
            identities("a@mail.example.com"),
            ["a@mail.example.com", "mail.example.com", "example.com"]
        );
    }
}
