//! What clients may get of APIs in their own name.

use client_grants::{SCOPE_CHARACTERS_MAX, SCOPES_MAX};
use postern::http::paging::ITEMS_MAX;
use postern::rules::resource_id::IDENTIFIER_BYTES_MAX;
use postern::wire::management::ManagementRefusal;
use serde_json::json;

use crate::Operation;
use crate::common::{CLIENT_ID, client_id, page_of};
use crate::operation::Method::{self, Delete, Get, Patch, Post};
use crate::operation::Tag;
use crate::schema::Schema;

const GRANTS: Tag = Tag { name: "Client grants", about: "What clients may get of APIs in their own name." };
const GRANT_ID: &str = "cgr_ZGVtby1hcHAgaHR0cHM6Ly9zb21lYXBpLmNvbS9hcGk";
const AUDIENCE: &str = "https://someapi.com/api";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list(),
        create(),
        one(Get, "getClientGrant", "read:client_grants")
            .summary("Read a grant")
            .answers(200, "The grant.", grant())
            .refuses([absent()]),
        one(Patch, "updateClientGrant", "update:client_grants")
            .summary("Change the scopes of a grant")
            .about("Scopes of the Management API are granted only by who has them.")
            .takes(fixed(Schema::object().may("scope", scope())).closed())
            .answers(200, "The grant.", grant())
            .refuses([absent()])
            .refuses(not_grantable()),
        one(Delete, "deleteClientGrant", "delete:client_grants")
            .summary("Delete a grant")
            .about("One that is not there is as good as deleted.")
            .answers_nothing(204, "It is gone."),
    ]
}

fn one(method: Method, id: &'static str, scope: &'static str) -> Operation {
    Operation::managed(method, "/api/v2/client-grants/{id}", id, GRANTS, scope)
        .path("id", Schema::text(GRANT_ID).about("Which."))
        .refuses([ManagementRefusal::malformed_in_path("id", "client-grant-id")])
}

fn absent() -> ManagementRefusal {
    let message = "The client grant does not exist.".to_owned();
    ManagementRefusal::Inexistent { message, code: "inexistent_client_grant" }
}

fn not_grantable() -> [ManagementRefusal; 3] {
    [
        ManagementRefusal::Unsupported("organization_usage can only be \"deny\" here.".to_owned()),
        ManagementRefusal::property("scope", "The API does not know the scope read:colours"),
        ManagementRefusal::InsufficientScope("read:users"),
    ]
}

fn list() -> Operation {
    let unsearched =
        ManagementRefusal::Unsupported("Client grants are not searched by default_for here.".to_owned());
    let number = Schema::integer(1..=ITEMS_MAX as u64, 50);
    let onward = Schema::object()
        .must("client_grants", Schema::list(grant()))
        .may("next", Schema::text(GRANT_ID).about("Where to read on: the next `from`. Absent at the end."));
    Operation::managed(Get, "/api/v2/client-grants", "listClientGrants", GRANTS, "read:client_grants")
        .summary("List the grants")
        .about("In numbered pages; or, with `take` or `from`, read on from where the last answer ended.")
        .paged()
        .query("take", number.about("Items of an answer that is read on from."))
        .query("from", Schema::text(GRANT_ID).about("`next` of the last answer."))
        .query("client_id", client_id().about("Of this client only."))
        .query("audience", Schema::text(AUDIENCE).about("To this API only."))
        .query("subject_type", Schema::text("client").about("All are `client`."))
        .query("allow_any_organization", Schema::truth(false).about("None does."))
        .answers(200, "The grants.", Schema::any_of([page_of("client_grants", &grant()), onward]))
        .refuses([unsearched])
}

fn create() -> Operation {
    let audience = Schema::text(AUDIENCE).length(1..=IDENTIFIER_BYTES_MAX).about("The API's identifier.");
    let request =
        Schema::object().must("client_id", client_id()).must("audience", audience).must("scope", scope());
    Operation::managed(Post, "/api/v2/client-grants", "createClientGrant", GRANTS, "create:client_grants")
        .summary("Grant a client an API")
        .about("Scopes of the Management API are granted only by who has them.")
        .takes(fixed(request).closed().named("NewClientGrant"))
        .answers(201, "The grant.", grant())
        .refuses([ManagementRefusal::missing("scope")])
        .refuses(not_grantable())
        .refuses([
            ManagementRefusal::no_such_client(),
            ManagementRefusal::no_such_resource_server(),
            ManagementRefusal::Conflict("The client has a grant to this API already.".to_owned()),
        ])
}

fn scope() -> Schema {
    let word = Schema::text("read:sample").length(1..=SCOPE_CHARACTERS_MAX).matching(r"^[!#-\[\]-~]+$");
    Schema::list(word).items(0..=SCOPES_MAX)
}

/// Properties that have one value here: another asks for what is not done.
fn fixed(request: Schema) -> Schema {
    let only = |value: serde_json::Value| Schema::only(value).unshown();
    request
        .may("subject_type", only("client".into()))
        .may("organization_usage", only("deny".into()))
        .may("allow_any_organization", only(false.into()))
        .may("allow_all_scopes", only(false.into()))
        .may("authorization_details_types", only(json!([])))
}

fn grant() -> Schema {
    Schema::object()
        .must("audience", Schema::text(AUDIENCE))
        .must("client_id", Schema::text(CLIENT_ID))
        .must("id", Schema::text(GRANT_ID))
        .must("scope", Schema::list(Schema::text("read:sample")))
        .must("subject_type", Schema::only("client".into()))
        .named("ClientGrant")
}
