//! The Management API.

mod apis;
mod blocks;
mod clients;
mod email_templates;
mod enrollments;
mod grants;
mod guardian;
mod jobs;
mod keys;
mod logs;
mod methods;
mod providers;
mod tickets;
mod users;

use crate::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    let groups = [
        users::operations(),
        jobs::operations(),
        tickets::operations(),
        methods::operations(),
        enrollments::operations(),
        blocks::operations(),
        guardian::operations(),
        providers::operations(),
        email_templates::operations(),
        clients::operations(),
        grants::operations(),
        apis::operations(),
        keys::operations(),
        logs::operations(),
    ];
    groups.into_iter().flatten().collect()
}
