//! Links for an operator to hand on.

use postern::rules::email_template::URL_BYTES_MAX;
use postern::token::account_ticket::{HANDED_SECONDS, TICKET_SECONDS_MAX, VERIFY_SECONDS};
use postern::wire::management::ManagementRefusal;

use crate::Operation;
use crate::common::{MFA_TOKEN, client_id, email, user_id};
use crate::operation::Method::Post;
use crate::operation::Tag;
use crate::schema::Schema;

const TICKETS: Tag = Tag { name: "Tickets", about: "Links for an operator to hand on." };
const SCOPE: &str = "create:user_tickets";

pub(super) fn operations() -> Vec<Operation> {
    let no_address = ManagementRefusal::Unsupported("The user does not have an email address.".to_owned());
    let no_password = ManagementRefusal::Unsupported("The user does not sign in by password.".to_owned());
    let proves = Schema::truth(false)
        .about("Whether following the link verifies the address: the operator vouches that it goes there.");
    let verification = Operation::managed(
        Post,
        "/api/v2/tickets/email-verification",
        "createEmailVerificationTicket",
        TICKETS,
        SCOPE,
    )
    .summary("Make a link that verifies a user's address")
    .takes(request(VERIFY_SECONDS).closed())
    .refuses([no_address]);
    let password = Operation::managed(
        Post,
        "/api/v2/tickets/password-change",
        "createPasswordChangeTicket",
        TICKETS,
        SCOPE,
    )
    .summary("Make a link to a new password")
    .about("It works once, and no longer when the password is changed in another way.")
    .takes(request(HANDED_SECONDS).may("mark_email_as_verified", proves).closed())
    .refuses([no_password]);
    let links = [verification, password].map(|operation| operation.answers(201, "The link.", ticket()));
    links.into_iter().chain([enrolment()]).map(of_a_user).collect()
}

fn of_a_user(operation: Operation) -> Operation {
    operation.refuses([ManagementRefusal::missing("user_id"), ManagementRefusal::no_such_user()])
}

fn enrolment() -> Operation {
    let request = Schema::object()
        .must("user_id", user_id())
        .may("email", email().about("Where the mail goes instead of to the user's own address.").unshown())
        .may("send_mail", Schema::truth(true).about("Whether the link is mailed as well."))
        .may("email_locale", Schema::text("de").about("Language (BCP 47) of the mail.").unshown())
        .may(
            "factor",
            Schema::word(&["phone", "email", "otp"])
                .about("The one that may be enrolled; any when absent.")
                .unshown(),
        )
        .may(
            "allow_multiple_enrollments",
            Schema::truth(false).about("Whether a user who has a factor may add one by it.").unshown(),
        );
    let link = format!("https://auth.postern.example/mfa/enrollment?ticket={MFA_TOKEN}");
    let made = Schema::object()
        .must("ticket_id", Schema::text("x2V6cXJmZ3NhZGZzYWRmc2"))
        .must("ticket_url", Schema::text(link).about("The link."))
        .named("EnrollmentTicket");
    Operation::managed(
        Post,
        "/api/v2/guardian/enrollments/ticket",
        "createEnrollmentTicket",
        TICKETS,
        "create:guardian_enrollment_tickets",
    )
    .summary("Make a link to the page on which a user enrols a factor")
    .about("It works once, for five days, and ends with a change of the password, a block or a reset of the factors.")
    .takes(request.closed())
    .answers(200, "The link.", made)
    .refuses([ManagementRefusal::Unsupported("The user does not have an email address.".to_owned())])
}

fn request(seconds: u64) -> Schema {
    let url = Schema::text("https://app.postern.example/done")
        .format("uri")
        .matching("^https?://[!-~]+$")
        .with("maxLength", URL_BYTES_MAX.into())
        .about("Where the page leads on.");
    let life = Schema::integer(0..=TICKET_SECONDS_MAX, 3_600)
        .about(format!("Seconds the link is good for; {seconds} when 0 or absent."));
    Schema::object()
        .must("user_id", user_id())
        .may("client_id", client_id().unshown())
        .may("result_url", url)
        .may("ttl_sec", life)
}

fn ticket() -> Schema {
    let link = format!("https://auth.postern.example/lo/reset?ticket={MFA_TOKEN}");
    Schema::object().must("ticket", Schema::text(link).about("The link.")).named("Ticket")
}
