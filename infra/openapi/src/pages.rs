//! The pages that links in mails lead to.

use postern::wire::refusal::Refusal;

use crate::operation::Method::{Get, Post};
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const PAGES: Tag = Tag {
    name: "Pages",
    about: "What links in mails open. A link changes nothing by itself, for mail scanners follow links: its page has a button.",
};
const PAGE: &str = "<!DOCTYPE html>…";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        shown("/u/unblock", "askToUnblock", "Show the button that unblocks sign-in"),
        posted("/u/unblock", "unblock", "Unblock sign-in", ticket())
            .shows(200, "The block is over.", PAGE)
            .about("Ends the one block that the ticket was mailed for. Used again it changes nothing, and is answered alike."),
        shown("/lo/verify-email", "askToVerifyEmail", "Show the button that verifies an address"),
        posted("/lo/verify-email", "verifyEmail", "Verify an address", ticket())
            .shows(200, "The address is verified.", PAGE)
            .about("Verifies the address that the ticket is of, as long as it is the user's."),
        shown("/lo/reset", "askForNewPassword", "Show the form for a new password"),
        posted("/lo/reset", "resetPassword", "Set a new password", new_password())
            .shows(200, "The password is changed.", PAGE)
            .about("Sets the password and ends what was issued under the old one. A ticket works once."),
        enrols(shown("/mfa/enrollment", "askToEnrol", "Show the factors that a user may enrol")),
        enrols(posted("/mfa/enrollment", "enrol", "Enrol a factor", enrolment()))
            .shows(200, "The next step, or that it is done.", PAGE)
            .about("Begins with `factor`, and is confirmed with `enrolment` and `code`. The recovery code that comes with the first factor is shown once."),
    ]
}

fn ticket() -> Schema {
    Schema::object().must("ticket", ticket_text())
}

fn ticket_text() -> Schema {
    Schema::text(crate::common::MFA_TOKEN).about("The ticket of the link.")
}

fn new_password() -> Schema {
    ticket()
        .must(
            "password",
            Schema::text("a long new password").about("At least 8 characters, at most 1024 bytes."),
        )
        .must("again", Schema::text("a long new password").about("The same once more."))
}

fn enrolment() -> Schema {
    ticket()
        .may("factor", Schema::text("otp").about("`otp`, `phone` or `email`."))
        .may("channel", Schema::text("sms").about("Of a phone: `sms` or `voice`."))
        .may("phone_number", Schema::text(crate::common::PHONE_NUMBER))
        .may("email", Schema::text(crate::common::EMAIL).about("The user's own when absent."))
        .may(
            "enrolment",
            Schema::text("totp|dev_h2dVbXS6iYGWvBrC").about("What was begun, as the page has it."),
        )
        .may("code", Schema::text("123456"))
}

/// Codes that are sent or guessed are limited.
fn enrols(operation: Operation) -> Operation {
    operation.shows(429, "Too many codes were sent, or were wrong.", PAGE).tells(429, "Retry-After")
}

fn shown(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    page(Operation::new(Get, path, id, PAGES, Access::Nobody).summary(summary))
        .needs_query("ticket", ticket_text())
        .shows(200, "The page.", PAGE)
}

fn posted(path: &'static str, id: &'static str, summary: &'static str, form: Schema) -> Operation {
    page(Operation::new(Post, path, id, PAGES, Access::Nobody).summary(summary).form(form))
}

fn page(operation: Operation) -> Operation {
    operation
        .shows(400, "The link no longer works, or what was typed does not do.", PAGE)
        .shows(503, "It did not work just now.", PAGE)
        .refuses([Refusal::Unavailable])
        .tells(503, "Retry-After")
}
