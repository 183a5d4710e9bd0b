//! The claims of a signed-in user.

use postern::wire::refusal::Refusal;

use crate::common::{EMAIL, USER_ID};
use crate::operation::Method::{Get, Post};
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const USERINFO: Tag = Tag { name: "Userinfo", about: "Who is signed in." };

pub(crate) fn operations() -> Vec<Operation> {
    let read = |method, id, summary| {
        Operation::new(method, "/userinfo", id, USERINFO, Access::User)
            .summary(summary)
            .about("OpenID Connect Core §5.3. Which claims there are, the scopes of the token say.")
            .answers(200, "The claims.", claims())
            .refuses([Refusal::AccessTokenInvalid])
    };
    let posted = read(Post, "postUserinfo", "Read the claims of a user, by POST")
        .shares("BodyTooLarge", [Refusal::BodyTooLarge])
        .refuses([Refusal::InvalidRequest("The request body is not valid JSON".to_owned())]);
    vec![read(Get, "getUserinfo", "Read the claims of a user"), posted]
}

fn claims() -> Schema {
    Schema::object()
        .must("sub", Schema::text(USER_ID).about("The user's id."))
        .may("name", Schema::text("Ada Lovelace").about("Scope `profile`, as the next five."))
        .may("nickname", Schema::text("ada"))
        .may("given_name", Schema::text("Ada"))
        .may("family_name", Schema::text("Lovelace"))
        .may("picture", Schema::text("https://example.com/ada.png"))
        .may("updated_at", Schema::integer(0..=u64::MAX, 1_900_000_020).about("In seconds since 1970."))
        .may("email", Schema::text(EMAIL).about("Scope `email`, as the next."))
        .may("email_verified", Schema::truth(true))
        .named("Userinfo")
}
