//! Users.

use postern::id::USER_NAME_BYTES_MAX;
use postern::store::logins::DEFAULT_CONNECTION;
use postern::store::user_changes::ProfileText;
use postern::token::password::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN};
use postern::wire::management::ManagementRefusal;
use serde_json::json;

use crate::common::{
    EMAIL, USER_ID, client_id, email, instant, metadata, page_of, profile_text, sample_metadata,
};
use crate::operation::Method::{self, Delete, Get, Patch, Post};
use crate::operation::{Operation, Tag};
use crate::schema::Schema;

/// Their group.
pub(super) const USERS: Tag = Tag { name: "Users", about: "The tenant's users." };

pub(super) fn operations() -> Vec<Operation> {
    vec![list(), create(), by_email(), read(), change(), remove(), reset()]
}

fn operation(method: Method, path: &'static str, id: &'static str, scope: &'static str) -> Operation {
    Operation::managed(method, path, id, USERS, scope)
}

fn list() -> Operation {
    let q = Schema::text(format!("email:\"{EMAIL}\""))
        .about("`email:` or `user_id:` with the whole value, which may stand in quotes; nothing else is searched for.");
    let order = Schema::word(&["created_at:1", "created_at:-1"]).about("The oldest first, or the newest.");
    operation(Get, "/api/v2/users", "listUsers", "read:users")
        .summary("List or search users")
        .about("Pages reach the first 1000 users; what is beyond is found by `q`, or exported.")
        .paged()
        .with_fields()
        .query("q", q)
        .query("search_engine", Schema::word(&["v3"]).about("The one there is."))
        .query("sort", order)
        .answers(200, "The users.", page_of("users", &user_fields()))
}

fn by_email() -> Operation {
    operation(Get, "/api/v2/users-by-email", "listUsersByEmail", "read:users")
        .summary("Find the users of an address")
        .needs_query("email", email().about("The address, in whatever case."))
        .with_fields()
        .answers(200, "The users, usually one.", Schema::list(user_fields()))
        .refuses([ManagementRefusal::malformed_in_query("email", "email")])
}

fn create() -> Operation {
    let request = changeable(
        Schema::object()
            .must("connection", connection())
            .must("email", email())
            .must("password", password())
            .may("user_id", chosen_id().unshown()),
    );
    operation(Post, "/api/v2/users", "createUser", "create:users")
        .summary("Create a user")
        .in_language()
        .takes(request.closed().named("NewUser"))
        .answers(201, "The user.", user())
        .refuses([ManagementRefusal::missing("email"), no_such_connection(), ManagementRefusal::UserExists])
}

fn no_such_connection() -> ManagementRefusal {
    let message = "The connection does not exist".to_owned();
    ManagementRefusal::Inexistent { message, code: "inexistent_connection" }
}

fn connection() -> Schema {
    Schema::only(DEFAULT_CONNECTION.into()).about("The one there is.")
}

fn password() -> Schema {
    Schema::text("a long password")
        .length(PASSWORD_CHARACTERS_MIN..=PASSWORD_BYTES_MAX)
        .about(format!("At most {PASSWORD_BYTES_MAX} bytes."))
}

fn chosen_id() -> Schema {
    Schema::text("5f7c8ec7c33c6c004bbafe82")
        .length(1..=USER_NAME_BYTES_MAX)
        .matching("^[A-Za-z0-9._@|-]+$")
        .about("The part behind `auth0|`; drawn at random when absent.")
}

/// What can be said of a user at any time.
fn changeable(request: Schema) -> Schema {
    let kept = |name: &str| {
        metadata(sample_metadata()).or_null().about(format!(
            "Members of `{name}` that are named are set, or taken away where they are null; null takes all of it away."
        ))
    };
    let request = request
        .may("email_verified", Schema::truth(true))
        .may("blocked", Schema::truth(false).unshown())
        .may(
            "verify_email",
            Schema::truth(false).about("Whether a link that verifies the address is mailed.").unshown(),
        )
        .may("user_metadata", kept("user_metadata").unshown())
        .may("app_metadata", kept("app_metadata").unshown());
    ProfileText::ALL.into_iter().fold(request, |request, text| {
        let schema = profile_text(text).or_null();
        request.may(text.as_str(), if text == ProfileText::Name { schema } else { schema.unshown() })
    })
}

fn read() -> Operation {
    operation(Get, "/api/v2/users/{id}", "getUser", "read:users")
        .summary("Read a user")
        .of_user()
        .with_fields()
        .answers(200, "The user.", user_fields())
}

fn change() -> Operation {
    let request = changeable(
        Schema::object()
            .may("connection", connection().unshown())
            .may("email", email().unshown())
            .may("password", password().unshown())
            .may("client_id", client_id().about("The client that the mail speaks of.").unshown()),
    );
    operation(Patch, "/api/v2/users/{id}", "updateUser", "update:users")
        .summary("Change a user")
        .about("A new password ends what was issued under the old one, and the user is told by mail. It cannot be set together with `email` or `email_verified`.")
        .of_user()
        .in_language()
        .takes(request.closed().named("UserChange"))
        .answers(200, "The user.", user())
        .refuses([
            ManagementRefusal::InvalidBody("'Cannot update password and email simultaneously'.".to_owned()),
            no_such_connection(),
            ManagementRefusal::UserExists,
        ])
}

fn remove() -> Operation {
    operation(Delete, "/api/v2/users/{id}", "deleteUser", "delete:users")
        .summary("Delete a user")
        .about("With factors, codes and tokens. One that is not there is as good as deleted.")
        .path("id", crate::common::user_id())
        .answers_nothing(204, "It is gone.")
        .refuses([ManagementRefusal::malformed_in_path("id", "user-id")])
}

fn reset() -> Operation {
    operation(
        Delete,
        "/api/v2/users/{id}/authenticators",
        "deleteAuthenticators",
        "delete:guardian_enrollments",
    )
    .summary("Remove all factors of a user")
    .about("With the recovery code and what was issued; the user is told by mail.")
    .of_user()
    .answers_nothing(204, "They are gone.")
}

/// A user as far as `fields` want it.
fn user_fields() -> Schema {
    let identity = Schema::object()
        .must("connection", connection_of_login())
        .must("isSocial", Schema::truth(false))
        .must("provider", Schema::word(&["auth0", "email", "sms"]))
        .must("user_id", Schema::text("5f7c8ec7c33c6c004bbafe82").about("The user's id behind the bar."));
    let user = Schema::object()
        .may("app_metadata", metadata(sample_metadata()))
        .may("blocked", Schema::truth(true).about("Only of a user who is.").unshown())
        .may("created_at", instant())
        .may("email", Schema::text(EMAIL).about("Absent of a user who signs in by a number."))
        .may("email_verified", Schema::truth(true))
        .may("identities", Schema::list(identity).about("How the user signs in."))
        .may("updated_at", instant())
        .may("user_id", Schema::text(USER_ID))
        .may("user_metadata", metadata(json!({ "lang": "de" })));
    let texts = ProfileText::ALL.into_iter();
    texts.fold(user, |user, text| user.may(text.as_str(), shown_text(text))).named("UserFields")
}

fn connection_of_login() -> Schema {
    Schema::text(DEFAULT_CONNECTION).about("Of passwords, `email` or `sms`.")
}

/// Names that nobody chose are made of the address, and may be longer.
fn shown_text(text: ProfileText) -> Schema {
    Schema::text(profile_text(text).example().as_str().unwrap_or_default())
}

fn user() -> Schema {
    user_fields()
        .narrowed(
            json!({ "required": ["created_at", "email_verified", "identities", "updated_at", "user_id"] }),
        )
        .named("User")
}
