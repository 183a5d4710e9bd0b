//! Phones and apps by the older names.

use postern::wire::management::ManagementRefusal;

use super::methods::FACTORS;
use crate::Operation;
use crate::common::instant;
use crate::operation::Method::{self, Delete, Get, Post};
use crate::schema::Schema;

const DEVICE: &str = "dev_h2dVbXS6iYGWvBrC";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::managed(Get, "/api/v2/users/{id}/enrollments", "listEnrollments", FACTORS, "read:users")
            .summary("List the phones and apps of a user")
            .of_user()
            .answers(200, "The confirmed ones.", Schema::list(enrollment())),
        one(Get, "getEnrollment", "read:guardian_enrollments").summary("Read a phone or an app").answers(
            200,
            "It, whoever has it.",
            one_enrollment(),
        ),
        one(Delete, "deleteEnrollment", "delete:guardian_enrollments")
            .summary("Remove a phone or an app")
            .about("Ends what was issued; the user is told by mail.")
            .answers_nothing(204, "It is gone."),
        remove_provider(),
        Operation::managed(
            Post,
            "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser",
            "invalidateRememberedBrowsers",
            FACTORS,
            "update:users",
        )
        .summary("Forget the browsers of a user")
        .about(
            "There is nothing to forget: every sign-in asks for the second factor. A body is not looked at.",
        )
        .of_user()
        .answers_nothing(204, "None is remembered."),
    ]
}

fn one(method: Method, id: &'static str, scope: &'static str) -> Operation {
    let message = "Enrollment not found".to_owned();
    Operation::managed(method, "/api/v2/guardian/enrollments/{id}", id, FACTORS, scope)
        .path("id", Schema::text(DEVICE).about("Which."))
        .refuses([ManagementRefusal::Inexistent { message, code: "enrollment_not_found" }])
}

fn remove_provider() -> Operation {
    let problem = "'No enum match, expected duo or google-authenticator' on property provider.";
    Operation::managed(
        Delete,
        "/api/v2/users/{id}/multifactor/{provider}",
        "deleteMultifactor",
        FACTORS,
        "update:users",
    )
    .summary("Remove the apps of a user")
    .about("Ends what was issued; the user is told by mail. Of Duo there are none.")
    .of_user()
    .path("provider", Schema::word(&["google-authenticator", "duo"]).about("What to remove."))
    .answers_nothing(204, "They are gone.")
    .refuses([ManagementRefusal::InvalidUri(problem.to_owned())])
}

fn enrollment() -> Schema {
    let kinds = || Schema::word(&["sms", "authenticator"]);
    Schema::object()
        .must("id", Schema::text(DEVICE))
        .must("status", Schema::only("confirmed".into()))
        .must("type", kinds())
        .may("name", Schema::text("Work phone"))
        .may("phone_number", Schema::text("XXXXXXXXX5678"))
        .must("auth_method", kinds())
        .must("enrolled_at", instant())
        .may("last_auth", instant())
        .named("Enrollment")
}

fn one_enrollment() -> Schema {
    Schema::object()
        .must("id", Schema::text(DEVICE))
        .must("status", Schema::word(&["confirmed", "pending"]))
        .may("name", Schema::text("Work phone"))
        .may("phone_number", Schema::text("XXXXXXXXX5678"))
        .may("enrolled_at", instant())
        .may("last_auth", instant())
        .named("OneEnrollment")
}
