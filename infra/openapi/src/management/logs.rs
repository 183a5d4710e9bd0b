//! The audit log.

use postern::audit::Event;
use postern::http::paging::{ITEMS_DEFAULT, ITEMS_MAX};
use postern::wire::management::ManagementRefusal;

use crate::common::{CLIENT_ID, USER_ID, client_id, instant, measured_page_of, user_id, wrong_query};
use crate::operation::Method::Get;
use crate::operation::{Operation, Tag};
use crate::schema::Schema;

const LOGS: Tag = Tag {
    name: "Logs",
    about: "What happened, an entry for each act. Entries come within seconds, and go after the days that the deployment keeps them.",
};
const LOG_ID: &str = "1900000000000007482913650482913650482913";

pub(super) fn operations() -> Vec<Operation> {
    vec![list(), read(), of_user()]
}

fn list() -> Operation {
    let q = |about: &str| Schema::text("type:fp").about(about);
    let take = Schema::integer(1..=ITEMS_MAX as u64, ITEMS_DEFAULT as u64);
    Operation::managed(Get, "/api/v2/logs", "listLogs", LOGS, "read:logs")
        .summary("List or search the log")
        .about("Pages reach the newest 1000 entries. `from` and `take` read on from an entry instead, the oldest first and up to a minute before now, and everything else is ignored then.")
        .paged()
        .with_fields()
        .query("sort", order())
        .query("q", q("`type:`, `user_id:` or `client_id:` with the whole value, which may stand in quotes; nothing else is searched for."))
        .query("search", q("An older name of `q`."))
        .query("from", Schema::text(LOG_ID).about("The entry to read on from."))
        .query("take", take.about("Entries that are read on."))
        .answers(200, "The entries.", measured_page_of("logs", &entry().with_nothing_required()))
        .refuses([ManagementRefusal::malformed_in_query("from", "log-id")])
}

fn read() -> Operation {
    Operation::managed(Get, "/api/v2/logs/{id}", "getLog", LOGS, "read:logs")
        .summary("Read an entry of the log")
        .path("id", Schema::text(LOG_ID).about("The entry's id."))
        .answers(200, "The entry.", entry().named("LogEntry"))
        .refuses([ManagementRefusal::no_such_log()])
}

fn of_user() -> Operation {
    Operation::managed(Get, "/api/v2/users/{id}/logs", "listUserLogs", LOGS, "read:logs,read:logs_users")
        .summary("List what happened to a user")
        .about("Also to one who is no more; of a user who never was, the list is empty. One of the two scopes will do.")
        .path("id", user_id())
        .paged()
        .with_fields()
        .query("sort", order())
        .answers(200, "The entries.", measured_page_of("logs", &entry().with_nothing_required()))
        .refuses([wrong_query(), ManagementRefusal::malformed_in_path("id", "user-id")])
}

fn order() -> Schema {
    Schema::word(&["date:-1", "date:1"]).about("The newest first, or the oldest.")
}

fn entry() -> Schema {
    let request = Schema::object()
        .must("method", Schema::text("POST").about("Empty of work that no request asked for."))
        .must("route", Schema::text("/oauth/token").about("The path's template, or what worked."))
        .must("id", Schema::text("JKJaXjXc5jMEPBQ=").about("The gateway's id of the request."));
    let response = Schema::object().must("statusCode", Schema::integer(0..=599, 403));
    let details = Schema::object()
        .may("reason", Schema::text("wrong_password").about("Why it failed, or was done."))
        .may("factor", Schema::text("email"))
        .must("request", request)
        .must("response", response);
    Schema::object()
        .must("date", instant())
        .must("type", Schema::word(&Event::ALL.map(Event::code)).such_as("fp".into()))
        .must("description", Schema::text(Event::WrongPassword.description()))
        .may("client_id", client_id().such_as(CLIENT_ID.into()))
        .may("user_id", Schema::text(USER_ID).about("A digest where the id is, or may be, an address."))
        .may("connection", Schema::text("Username-Password-Authentication"))
        .must("ip", Schema::text("192.0.2.1").about("Where the request came from."))
        .may("user_agent", Schema::text("curl/8.5.0").about("The client's word for itself."))
        .must("hostname", Schema::text("auth.postern.example"))
        .must("details", details)
        .must("log_id", Schema::text(LOG_ID))
        .must("_id", Schema::text(LOG_ID).about("The same."))
}
