//! Bounces and complaints: that SES tells of them, and whose addresses are marked.

use aws_sdk_sesv2::types::{EventDestination, EventType};
use postern::store::mailboxes::Standing;

use super::finding::Finding;
use crate::connection::Tenant;

const EVENTS: &str = "mail-events";
const BOUNCES: &str = "mail-bounces";

/// Marked addresses that are looked at.
const LOOKED_AT_MAX: usize = 100;

/// Whether the configuration set of mails tells of bounces and complaints.
pub(super) async fn events(tenant: &Tenant, set: Option<&str>) -> Vec<Finding> {
    let Some(set) = set else {
        let mend = "give the stack's output `MailConfigurationSet` by --mail-configuration-set";
        return vec![Finding::warn(EVENTS, "no configuration set to look at", mend)];
    };
    let call = tenant.clients.ses.get_configuration_set_event_destinations().configuration_set_name(set);
    let finding = match call.send().await {
        Ok(found) if found.event_destinations().iter().any(tells) => {
            Finding::ok(EVENTS, format!("{set} tells of bounces and complaints"))
        }
        Ok(_) => {
            let mend = "deploy the stack again with the template of this version";
            let found = format!(
                "{set} tells EventBridge of no bounces and complaints: codes that come back look sent"
            );
            Finding::fail(EVENTS, found, mend)
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {
            let mend = "give the stack's output `MailConfigurationSet` by --mail-configuration-set";
            Finding::fail(EVENTS, format!("there is no configuration set {set}"), mend)
        }
        Err(error) => Finding::call(EVENTS, "ses:GetConfigurationSetEventDestinations", &error),
    };
    vec![finding]
}

fn tells(destination: &EventDestination) -> bool {
    let kinds = destination.matching_event_types();
    let has_both = [EventType::Bounce, EventType::Complaint].iter().all(|kind| kinds.contains(kind));
    destination.enabled() && has_both && destination.event_bridge_destination().is_some()
}

/// Whose mail came back lately.
pub(super) async fn marked(tenant: &Tenant) -> Vec<Finding> {
    let marked = match tenant.store.marked_mailboxes(LOOKED_AT_MAX, tenant.now()).await {
        Ok(marked) => marked,
        Err(error) => {
            let mend = "see the checks of the table and of its index";
            return vec![Finding::fail(BOUNCES, format!("they cannot be read: {error}"), mend)];
        }
    };
    let count = |standing| marked.iter().filter(|mailbox| mailbox.standing == standing).count();
    let (bounced, complained) = (count(Standing::Bounced), count(Standing::Complained));
    let finding = if marked.is_empty() {
        Finding::ok(BOUNCES, "no mail came back in the last week")
    } else {
        let most = if marked.len() == LOOKED_AT_MAX { " at least" } else { "" };
        let found = format!("in the last week{most} {bounced} addresses bounced and {complained} complained");
        let mend = "see `postern users bounced`; who bounced gets no codes by mail for a week, or until `postern users mail-again`";
        Finding::warn(BOUNCES, found, mend)
    };
    vec![finding]
}
