//! APIs.

use postern::rules::resource_id::IDENTIFIER_BYTES_MAX;
use postern::token::claims::{ACCESS_TOKEN_SECONDS, ACCESS_TOKEN_SECONDS_MAX};
use postern::wire::management::ManagementRefusal;
use resource_servers::{DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX, SCOPE_CHARACTERS_MAX, SCOPES_MAX};
use serde_json::{Value, json};

use crate::Operation;
use crate::common::{VISIBLE, page_of};
use crate::operation::Method::{self, Delete, Get, Patch, Post};
use crate::operation::Tag;
use crate::schema::Schema;

const APIS: Tag = Tag { name: "Resource servers", about: "The tenant's APIs." };
const IDENTIFIER: &str = "https://someapi.com/api";
const API_ID: &str = "api_aHR0cHM6Ly9zb21lYXBpLmNvbS9hcGk";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::managed(
            Get,
            "/api/v2/resource-servers",
            "listResourceServers",
            APIS,
            "read:resource_servers",
        )
        .summary("List the APIs")
        .paged()
        .with_fields()
        .query("identifiers", Schema::text(IDENTIFIER).about("The one of this identifier only."))
        .answers(200, "The APIs.", page_of("resource_servers", &api_fields())),
        create(),
        one(Get, "getResourceServer", "read:resource_servers")
            .summary("Read an API")
            .about("The Management API as well.")
            .with_fields()
            .answers(200, "The API.", api_fields())
            .refuses([ManagementRefusal::no_such_resource_server()]),
        one(Patch, "updateResourceServer", "update:resource_servers")
            .summary("Change an API")
            .takes(properties(Schema::object()).closed().named("ResourceServerChange"))
            .answers(200, "The API.", api())
            .refuses([own(), not_here(), ManagementRefusal::no_such_resource_server()]),
        one(Delete, "deleteResourceServer", "delete:resource_servers")
            .summary("Delete an API")
            .about("With the grants to it. One that is not there is as good as deleted.")
            .answers_nothing(204, "It is gone.")
            .refuses([own()]),
    ]
}

fn one(method: Method, id: &'static str, scope: &'static str) -> Operation {
    Operation::managed(method, "/api/v2/resource-servers/{id}", id, APIS, scope)
        .path("id", Schema::text(API_ID).about("Its id, or its identifier."))
        .refuses([ManagementRefusal::malformed_in_path("id", "resource-server-id")])
}

fn own() -> ManagementRefusal {
    ManagementRefusal::Unsupported("The Management API cannot be changed.".to_owned())
}

fn not_here() -> ManagementRefusal {
    ManagementRefusal::Unsupported("signing_alg can only be \"RS256\" here.".to_owned())
}

fn create() -> Operation {
    let identifier =
        Schema::text("https://orders.postern.example").length(1..=IDENTIFIER_BYTES_MAX).matching(VISIBLE);
    let request = Schema::object()
        .must("identifier", identifier.about("The audience of its tokens. It stays as it is."));
    let exists =
        ManagementRefusal::Conflict("A resource server with the same identifier already exists.".to_owned());
    Operation::managed(
        Post,
        "/api/v2/resource-servers",
        "createResourceServer",
        APIS,
        "create:resource_servers",
    )
    .summary("Create an API")
    .takes(properties(request).closed().named("NewResourceServer"))
    .answers(201, "The API.", api())
    .refuses([ManagementRefusal::missing("identifier"), not_here(), exists])
}

fn properties(request: Schema) -> Schema {
    let value = Schema::text("read:sample").length(1..=SCOPE_CHARACTERS_MAX).matching(r"^[!#-\[\]-~]+$");
    let description = Schema::text("Read samples").length(0..=DESCRIPTION_CHARACTERS_MAX).or_null();
    let scope = Schema::object().must("value", value).may("description", description).closed();
    let life = Schema::integer(1..=ACCESS_TOKEN_SECONDS_MAX, ACCESS_TOKEN_SECONDS)
        .about("Life of its tokens, in seconds.");
    let own = request
        .may("name", Schema::text("Some API").length(1..=NAME_CHARACTERS_MAX).matching("^[^<>]+$"))
        .may("scopes", Schema::list(scope).items(0..=SCOPES_MAX))
        .may("token_lifetime", life)
        .may(
            "allow_offline_access",
            Schema::truth(false).about("Whether sign-ins for it may leave refresh tokens."),
        );
    fixed().into_iter().fold(own, |own, (name, value)| own.may(name, Schema::only(value).unshown()))
}

/// Properties that have one value here: another asks for what is not done.
fn fixed() -> [(&'static str, Value); 8] {
    [
        ("signing_alg", json!("RS256")),
        ("token_dialect", json!("access_token")),
        ("skip_consent_for_verifiable_first_party_clients", json!(true)),
        ("enforce_policies", json!(false)),
        ("token_encryption", Value::Null),
        ("consent_policy", Value::Null),
        ("authorization_details", Value::Null),
        ("proof_of_possession", Value::Null),
    ]
}

/// An API as far as `fields` want it.
fn api_fields() -> Schema {
    let scope = Schema::object()
        .may("description", Schema::text("Read samples"))
        .must("value", Schema::text("read:sample"));
    Schema::object()
        .may("allow_offline_access", Schema::truth(false))
        .may("enforce_policies", Schema::only(false.into()))
        .may("id", Schema::text(API_ID))
        .may("identifier", Schema::text(IDENTIFIER))
        .may("is_system", Schema::truth(false).about("Whether it is the Management API."))
        .may("name", Schema::text("Some API"))
        .may("scopes", Schema::list(scope))
        .may("signing_alg", Schema::only("RS256".into()))
        .may("skip_consent_for_verifiable_first_party_clients", Schema::only(true.into()))
        .may("token_dialect", Schema::only("access_token".into()))
        .may("token_lifetime", Schema::integer(1..=u64::MAX, ACCESS_TOKEN_SECONDS))
        .named("ResourceServerFields")
}

fn api() -> Schema {
    let required = ["allow_offline_access", "id", "identifier", "scopes", "token_lifetime"];
    api_fields().narrowed(json!({ "required": required })).named("ResourceServer")
}
