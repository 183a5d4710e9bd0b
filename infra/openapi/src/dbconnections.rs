//! What anybody may ask of the connection of passwords.

use dbconnections::{METADATA_NAME_CHARACTERS_MAX, METADATA_PROPERTIES_MAX, METADATA_VALUE_CHARACTERS_MAX};
use postern::rules::channel::Channel;
use postern::store::logins::DEFAULT_CONNECTION;
use postern::store::user_changes::ProfileText;
use postern::token::password::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN};
use postern::wire::refusal::Refusal;
use postern::wire::signup::{RESET_ANSWER, SignupRefusal};
use serde_json::json;

use crate::common::{EMAIL, client_id, email, profile_text};
use crate::operation::Method::Post;
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const ACCOUNTS: Tag = Tag { name: "Accounts", about: "Signing up, and asking for a new password." };

pub(crate) fn operations() -> Vec<Operation> {
    let asked = |path, id| {
        Operation::new(Post, path, id, ACCOUNTS, Access::Client).in_language().tells_limits(&[200]).refuses([
            Refusal::MissingParameter("connection"),
            Refusal::ClientUnauthorized,
            Refusal::Busy,
        ])
    };
    let signup = asked("/dbconnections/signup", "signUp")
        .summary("Sign up")
        .about("Makes a user, who is mailed a link that verifies the address. Only where the tenant has the setting `signup` on.")
        .params(signup_request())
        .answers(200, "Who signed up.", signed_up())
        .refuses([SignupRefusal::Disabled, SignupRefusal::Invalid, SignupRefusal::WeakPassword])
        .refuses([Refusal::TooManySignups { retry_after: 60, limit: 50 }]);
    let reset = asked("/dbconnections/change_password", "askForPasswordReset")
        .summary("Ask for a link to a new password")
        .about("The answer is the same whoever has the address.")
        .params(reset_request())
        .shows(200, "The link is mailed, if anybody has the address.", RESET_ANSWER)
        .refuses([Refusal::TooManySends { channel: Channel::Email, retry_after: 60, limit: 10 }]);
    vec![signup, reset]
}

fn request() -> Schema {
    Schema::object()
        .must("client_id", client_id())
        .may(
            "client_secret",
            Schema::text("demo-secret").about("Optional here; a wrong one is refused.").unshown(),
        )
        .must("connection", Schema::only(DEFAULT_CONNECTION.into()))
        .must("email", email())
}

fn signup_request() -> Schema {
    let value = Schema::text("").length(0..=METADATA_VALUE_CHARACTERS_MAX).json();
    let metadata = Schema::free_object(json!({ "team": "blue" }))
        .with("maxProperties", METADATA_PROPERTIES_MAX.into())
        .with("propertyNames", json!({ "minLength": 1, "maxLength": METADATA_NAME_CHARACTERS_MAX }))
        .with("additionalProperties", value);
    let password = Schema::text("a long password")
        .length(PASSWORD_CHARACTERS_MIN..=PASSWORD_BYTES_MAX)
        .about(format!("At most {PASSWORD_BYTES_MAX} bytes."));
    let request = request().must("password", password).may("user_metadata", metadata.unshown());
    ProfileText::ALL
        .into_iter()
        .fold(request, |request, text| request.may(text.as_str(), profile_text(text).unshown()))
        .named("Signup")
}

fn reset_request() -> Schema {
    request().named("PasswordResetRequest")
}

fn signed_up() -> Schema {
    Schema::object()
        .must("_id", Schema::text("5f7c8ec7c33c6c004bbafe82").about("The user's id behind the bar."))
        .must("email", Schema::text(EMAIL))
        .must("email_verified", Schema::truth(false))
        .named("SignedUp")
}
