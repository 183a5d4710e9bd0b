//! Authentication methods of a user.

use postern::rules::enrolment::METHODS_AT_ONCE_MAX;
use postern::rules::label::LABEL_CHARACTERS_MAX;
use postern::wire::management::ManagementRefusal;

use crate::Operation;
use crate::common::{email, instant, page_of, phone_number, wrong_bodies};
use crate::mfa::recovery_code;
use crate::operation::Method::{self, Delete, Get, Patch, Post, Put};
use crate::operation::Tag;
use crate::schema::Schema;

/// Their group.
pub(super) const FACTORS: Tag =
    Tag { name: "User factors", about: "What an operator sees and does of one user's factors." };
const ALL: &str = "/api/v2/users/{id}/authentication-methods";
const ONE: &str = "/api/v2/users/{id}/authentication-methods/{method}";
const METHOD_ID: &str = "phone|dev_h2dVbXS6iYGWvBrC";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list(),
        create(),
        replace(),
        operation(Delete, ALL, "deleteAuthenticationMethods", "delete:authentication_methods")
            .summary("Remove all authentication methods of a user")
            .about("With the recovery code and what was issued; the user is told by mail.")
            .of_user()
            .answers_nothing(204, "They are gone."),
        read(),
        label(),
        remove(),
        regenerate(),
    ]
}

fn operation(method: Method, path: &'static str, id: &'static str, scope: &'static str) -> Operation {
    Operation::managed(method, path, id, FACTORS, scope)
}

/// A method that the path names.
fn one(method: Method, id: &'static str, scope: &'static str) -> Operation {
    let message = "The authentication method does not exist.".to_owned();
    let absent = ManagementRefusal::Inexistent { message, code: "inexistent_authentication_method" };
    let named = Schema::text(METHOD_ID)
        .about("Which; a phone also by one of its channels, `sms|dev_…` or `voice|dev_…`.");
    operation(method, ONE, id, scope).of_user().path("method", named).refuses([absent])
}

fn list() -> Operation {
    operation(Get, ALL, "listAuthenticationMethods", "read:authentication_methods")
        .summary("List the authentication methods of a user")
        .about("The confirmed ones and the recovery code, oldest first. A verified address is none of them.")
        .of_user()
        .paged()
        .answers(200, "The methods.", page_of("authenticators", &method()))
}

fn create() -> Operation {
    operation(Post, ALL, "createAuthenticationMethod", "create:authentication_methods")
        .summary("Give a user an authentication method")
        .about("It counts as confirmed, for the operator vouches for it; the user is told by mail.")
        .of_user()
        .takes(new_method())
        .answers(201, "The method.", method())
        .refuses([no_such_type(), ManagementRefusal::TooManyEntities, exists()])
}

fn replace() -> Operation {
    operation(Put, ALL, "replaceAuthenticationMethods", "update:authentication_methods")
        .summary("Replace all authentication methods of a user")
        .about(
            "Ends what was issued; the user is told by mail. The answer shows addresses and numbers whole.",
        )
        .of_user()
        .json(Schema::list(new_method()).items(0..=METHODS_AT_ONCE_MAX))
        .answers(200, "The methods.", Schema::list(method()))
        .refuses(wrong_bodies())
        .refuses([no_such_type(), exists()])
}

fn exists() -> ManagementRefusal {
    ManagementRefusal::Conflict("Authentication method already exists.".to_owned())
}

fn no_such_type() -> ManagementRefusal {
    ManagementRefusal::Unsupported("Authentication methods of type passkey are not available.".to_owned())
}

fn read() -> Operation {
    one(Get, "getAuthenticationMethod", "read:authentication_methods")
        .summary("Read an authentication method of a user")
        .answers(200, "The method.", method())
}

fn label() -> Operation {
    one(Patch, "updateAuthenticationMethod", "update:authentication_methods")
        .summary("Name an authentication method of a user")
        .takes(
            Schema::object().may("name", name()).may("preferred_authentication_method", channel()).closed(),
        )
        .answers(200, "The method.", method())
        .refuses([ManagementRefusal::Unsupported("A recovery code has no name.".to_owned())])
}

fn remove() -> Operation {
    let text = "A recovery code cannot be removed by itself; it is replaced by recovery-code-regeneration.";
    one(Delete, "deleteAuthenticationMethod", "delete:authentication_methods")
        .summary("Remove an authentication method of a user")
        .about("Ends what was issued; the user is told by mail.")
        .answers_nothing(204, "It is gone.")
        .refuses([ManagementRefusal::Unsupported(text.to_owned())])
}

fn regenerate() -> Operation {
    let off = ManagementRefusal::Unsupported("The recovery-code factor is not enabled.".to_owned());
    let none = ManagementRefusal::Inexistent {
        message: "Enrollment not found".to_owned(),
        code: "enrollment_not_found",
    };
    operation(Post, "/api/v2/users/{id}/recovery-code-regeneration", "regenerateRecoveryCode", "update:users")
        .summary("Replace the recovery code of a user")
        .about("Of a user who has a factor. A body is not looked at.")
        .of_user()
        .answers(200, "The new code, shown this once.", recovery_code())
        .refuses([off, none])
}

fn name() -> Schema {
    Schema::text("Work phone")
        .length(1..=LABEL_CHARACTERS_MAX)
        .about("For the operator; without control characters.")
}

fn channel() -> Schema {
    Schema::word(&["sms", "voice"]).about("Of a phone that has it.")
}

fn new_method() -> Schema {
    let common = |kind: &str| Schema::object().must("type", Schema::only(kind.into())).may("name", name());
    let secret = Schema::text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        .length(26..=103)
        .matching("^[A-Z2-7]+$")
        .about("128 to 512 bits in base32, in capitals without padding.");
    let phone = common("phone")
        .must("phone_number", phone_number())
        .may("preferred_authentication_method", channel());
    let mail = common("email").must("email", email());
    let app = common("totp").must("totp_secret", secret);
    Schema::one_of([phone.closed(), mail.closed(), app.closed()]).named("NewAuthenticationMethod")
}

fn method() -> Schema {
    let id = || Schema::text("sms|dev_h2dVbXS6iYGWvBrC");
    let each = Schema::object().must("id", id()).must("type", Schema::word(&["sms", "voice"]));
    Schema::object()
        .must("id", Schema::text(METHOD_ID))
        .must("type", Schema::word(&["phone", "email", "totp", "recovery-code"]))
        .may("confirmed", Schema::only(true.into()))
        .may("name", Schema::text("Work phone"))
        .may("email", Schema::text("****@exam*******").about("Masked, but where all are replaced.").unshown())
        .may("phone_number", Schema::text("XXXXXXXXX5678").about("Masked, but where all are replaced."))
        .must("created_at", instant())
        .may("last_auth_at", instant().about("When its last code was accepted."))
        .may("preferred_authentication_method", channel())
        .may("authentication_methods", Schema::list(each).about("The channels of a phone."))
        .named("AuthenticationMethod")
}
