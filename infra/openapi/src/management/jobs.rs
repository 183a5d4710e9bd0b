//! Mails that verify addresses, as jobs.

use postern::wire::management::ManagementRefusal;

use super::users::USERS;
use crate::Operation;
use crate::common::{client_id, instant, user_id};
use crate::operation::Method::{Get, Post};
use crate::schema::Schema;

const JOB: &str = "job_Hn6QfC0rVq3mZb8sXw2kLd";

pub(super) fn operations() -> Vec<Operation> {
    let request = Schema::object()
        .must("user_id", user_id())
        .may("client_id", client_id().about("The client that the mail speaks of."));
    let start = Operation::managed(
        Post,
        "/api/v2/jobs/verification-email",
        "sendVerificationEmail",
        USERS,
        "update:users",
    )
    .summary("Mail a link that verifies a user's address")
    .in_language()
    .takes(request.closed())
    .answers(201, "The job.", job())
    .refuses([ManagementRefusal::missing("user_id"), ManagementRefusal::malformed("user_id", "user-id")])
    .refuses([ManagementRefusal::no_such_user()]);
    let read = Operation::managed(Get, "/api/v2/jobs/{id}", "getJob", USERS, "read:users")
        .summary("Read how a job went")
        .path("id", Schema::text(JOB).about("Which."))
        .answers(200, "The job.", job())
        .refuses([ManagementRefusal::Inexistent {
            message: "The job does not exist.".to_owned(),
            code: "inexistent_job",
        }]);
    vec![start, read]
}

fn job() -> Schema {
    Schema::object()
        .must("type", Schema::only("verification_email".into()))
        .must("status", Schema::word(&["pending", "completed"]))
        .must("created_at", instant())
        .must("id", Schema::text(JOB))
        .named("Job")
}
