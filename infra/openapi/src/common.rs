//! What many operations take and answer.

use postern::http::paging::{ITEMS_DEFAULT, ITEMS_MAX, PAGE_MAX};
use postern::id::{CLIENT_ID_BYTES_MAX, USER_ID_BYTES_MAX};
use postern::rules::address::ADDRESS_BYTES_MAX;
use postern::rules::metadata::METADATA_BYTES_MAX;
use postern::store::user_changes::ProfileText;
use postern::wire::management::ManagementRefusal;
use serde_json::{Value, json};

use crate::operation::Operation;
use crate::schema::Schema;

/// A user's id.
pub(crate) const USER_ID: &str = "auth0|5f7c8ec7c33c6c004bbafe82";
/// A client's.
pub(crate) const CLIENT_ID: &str = "demo-app";
/// An address.
pub(crate) const EMAIL: &str = "user@example.com";
/// A number.
pub(crate) const PHONE_NUMBER: &str = "+4915112345678";
/// A point in time.
pub(crate) const INSTANT: &str = "2030-03-17T17:47:00.000Z";
/// Sealed tokens look like this.
pub(crate) const MFA_TOKEN: &str = "k8Vb2N0pQ4sT6wYz1xCd3E.AbCdEf…";
/// Signed tokens look like this.
pub(crate) const JWT: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL…";
/// Visible ASCII.
pub(crate) const VISIBLE: &str = "^[!-~]+$";

/// A point in time.
pub(crate) fn instant() -> Schema {
    Schema::text(INSTANT).format("date-time")
}

/// An address.
pub(crate) fn email() -> Schema {
    Schema::text(EMAIL).format("email").length(3..=ADDRESS_BYTES_MAX)
}

/// A number in E.164 format.
pub(crate) fn phone_number() -> Schema {
    Schema::text(PHONE_NUMBER).matching(r"^\+[1-9][0-9]{6,14}$").about("In E.164 format.")
}

/// A user's id.
pub(crate) fn user_id() -> Schema {
    Schema::text(USER_ID).length(1..=USER_ID_BYTES_MAX).matching(VISIBLE).about("The user's id.")
}

/// A client's id.
pub(crate) fn client_id() -> Schema {
    Schema::text(CLIENT_ID).length(1..=CLIENT_ID_BYTES_MAX).matching(VISIBLE).about("The client's id.")
}

/// Metadata, as it is stored.
pub(crate) fn metadata(example: Value) -> Schema {
    Schema::free_object(example).about(format!("At most {METADATA_BYTES_MAX} bytes of JSON."))
}

/// A text of a profile.
pub(crate) fn profile_text(text: ProfileText) -> Schema {
    let example = match text {
        ProfileText::Name => "Ada Lovelace",
        ProfileText::Nickname => "ada",
        ProfileText::GivenName => "Ada",
        ProfileText::FamilyName => "Lovelace",
        ProfileText::Picture => "https://example.com/ada.png",
    };
    let schema = Schema::text(example).length(1..=text.characters_max());
    match text {
        ProfileText::Picture => schema.format("uri").matching("^https?://[!-~]+$"),
        _ => schema,
    }
}

/// What the Management API answers to a body that is wrong: two of its texts.
pub(crate) fn wrong_bodies() -> [ManagementRefusal; 2] {
    [
        ManagementRefusal::additional("colour"),
        ManagementRefusal::InvalidBody("The body is not valid JSON".to_owned()),
    ]
}

/// What it answers to a query that is wrong.
pub(crate) fn wrong_query() -> ManagementRefusal {
    ManagementRefusal::InvalidQuery("A parameter is repeated, or is not valid UTF-8".to_owned())
}

impl Operation {
    /// A body of the Management API, with what is answered when it does not fit.
    pub(crate) fn takes(self, schema: Schema) -> Self {
        self.json(schema).refuses(wrong_bodies())
    }

    /// The user that the path names.
    pub(crate) fn of_user(self) -> Self {
        self.path("id", user_id()).refuses([
            ManagementRefusal::malformed_in_path("id", "user-id"),
            ManagementRefusal::no_such_user(),
        ])
    }

    /// The languages that a mail or message may be in.
    pub(crate) fn in_language(self) -> Self {
        let tag = Schema::text("de").about(
            "Language (BCP 47) of the message that is sent. It goes before the user's `user_metadata.lang`, `Accept-Language` and the tenant's language.",
        );
        self.header("x-request-language", tag)
    }

    /// Numbered pages.
    pub(crate) fn paged(self) -> Self {
        let number = |most: usize, example: u64| Schema::integer(0..=most as u64, example);
        self.query("page", number(PAGE_MAX, 0).about("Which page, from 0."))
            .query(
                "per_page",
                number(ITEMS_MAX, ITEMS_DEFAULT as u64)
                    .with("default", ITEMS_DEFAULT.into())
                    .about("Items of a page."),
            )
            .query(
                "include_totals",
                Schema::truth(false).with("default", false.into()).about(
                    "Whether the answer is an object that says how many there are, and not the bare list.",
                ),
            )
            .refuses([wrong_query()])
    }

    /// Parts of what is shown.
    pub(crate) fn with_fields(self) -> Self {
        self.query(
            "fields",
            Schema::text("name").about("Names of members, joined by commas. All when absent."),
        )
        .query(
            "include_fields",
            Schema::truth(true)
                .with("default", true.into())
                .about("Whether `fields` are those to be shown, or those to be left out."),
        )
        .refuses([wrong_query()])
    }
}

/// A list, bare or with where its page stands.
pub(crate) fn page_of(name: &'static str, item: &Schema) -> Schema {
    Schema::any_of([Schema::list(item.clone()), totals(name, item)])
}

/// The same, and how many items its page has.
pub(crate) fn measured_page_of(name: &'static str, item: &Schema) -> Schema {
    let measured = totals(name, item).must("length", count(1).about("Items of this page."));
    Schema::any_of([Schema::list(item.clone()), measured])
}

fn totals(name: &'static str, item: &Schema) -> Schema {
    Schema::object()
        .must(name, Schema::list(item.clone()))
        .must("total", count(1).about("Items of the whole list."))
        .must("start", count(0).about("How many stand before this page."))
        .must("limit", count(ITEMS_DEFAULT as u64).about("Most items of this page."))
}

fn count(example: u64) -> Schema {
    Schema::integer(0..=u64::MAX, example)
}

/// Names of members with what they hold, for examples.
pub(crate) fn sample_metadata() -> Value {
    json!({ "plan": "gold" })
}
