//! `postern doctor`: a deployment checked end to end. All checks run together, and none hides another.

mod bounces;
mod finding;
mod keys;
mod mail;
mod table;
mod web;

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

use clap::Args;
use serde_json::json;

use crate::connection::Tenant;
use crate::output::{Answer, Output};
use crate::{CommandError, Done, End};
use finding::{Finding, State};

/// How to check a deployment.
#[derive(Args)]
pub(crate) struct Doctor {
    /// The sender of mails: the stack's parameter `MailFrom`.
    #[arg(long, env = "POSTERN_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// The configuration set of mails: the stack's output `MailConfigurationSet`.
    #[arg(long, env = "POSTERN_SES_CONFIGURATION_SET", value_name = "NAME")]
    mail_configuration_set: Option<String>,
    /// Send a test mail to this address, best your own.
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,
}

impl Doctor {
    pub(crate) async fn run(self, tenant: &Tenant, output: Output) -> Result<Done, CommandError> {
        let findings = self.findings(tenant).await;
        let count = |state| findings.iter().filter(|finding| finding.state == state).count();
        let failed = count(State::Fail);
        let mut text: String = findings.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "\n{} checks: {} ok, {} to look at, {failed} failed.\n",
            findings.len(),
            count(State::Ok),
            count(State::Warn)
        ));
        let answer = Answer::new(json!({ "healthy": failed == 0, "checks": findings }), text);
        let end = if failed == 0 { End::Complete } else { End::Unwell };
        Ok(Done { text: answer.written(output), end })
    }

    async fn findings(&self, tenant: &Tenant) -> Vec<Finding> {
        let sender = self.mail_from.as_deref().or(tenant.mail_from);
        let set = self.mail_configuration_set.as_deref().or(tenant.mail_set);
        let progress = Progress::new(10);
        let (table, ttl, key, generations, web, account, identity, events, bounces, sent) = tokio::join!(
            progress.of(table::shape(tenant)),
            progress.of(table::time_to_live(tenant)),
            progress.of(keys::key(tenant)),
            progress.of(keys::generations(tenant)),
            progress.of(web::checks(tenant)),
            progress.of(mail::account(tenant)),
            progress.of(mail::identity(tenant, sender)),
            progress.of(bounces::events(tenant, set)),
            progress.of(bounces::marked(tenant)),
            progress.of(mail::test(tenant, sender, self.mail_to.as_deref())),
        );
        progress.end();
        [table, ttl, key, generations, web, account, identity, events, bounces, sent].concat()
    }
}

/// How many checks are through, where somebody looks on.
struct Progress {
    done: Cell<usize>,
    all: usize,
    is_seen: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        let progress = Self { done: Cell::new(0), all, is_seen: io::stderr().is_terminal() };
        progress.show();
        progress
    }

    async fn of(&self, check: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
        let findings = check.await;
        self.done.set(self.done.get() + 1);
        self.show();
        findings
    }

    fn show(&self) {
        if self.is_seen {
            let _ = write!(io::stderr(), "\r\x1b[2Kchecking: {} of {} done", self.done.get(), self.all);
        }
    }

    fn end(&self) {
        if self.is_seen {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
