//! Applications.

use clients::{
    ADDRESSES_MAX, DESCRIPTION_CHARACTERS_MAX, METADATA_CHARACTERS_MAX, METADATA_MEMBERS_MAX,
    NAME_CHARACTERS_MAX, OTHER_GRANTS,
};
use postern::http::properties::URL_CHARACTERS_MAX;
use postern::rules::client::{AppType, AuthMethod};
use postern::token::claims::ID_TOKEN_SECONDS;
use postern::wire::management::ManagementRefusal;
use postern::wire::oauth::Grant;
use serde_json::{Value, json};

use crate::Operation;
use crate::common::{client_id, page_of};
use crate::operation::Method::{self, Delete, Get, Patch, Post};
use crate::operation::Tag;
use crate::schema::Schema;

const CLIENTS: Tag = Tag { name: "Clients", about: "The tenant's applications." };
const ONE: &str = "/api/v2/clients/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let public = "The client is public: token_endpoint_auth_method is none, and it has no secret.";
    vec![
        list(),
        create(),
        one(Get, ONE, "getClient", "read:clients")
            .summary("Read an application")
            .with_fields()
            .answers(200, "The application, without its secret.", client_fields())
            .refuses([ManagementRefusal::no_such_client()]),
        change(),
        one(Delete, ONE, "deleteClient", "delete:clients")
            .summary("Delete an application")
            .about("One that is not there is as good as deleted.")
            .answers_nothing(204, "It is gone."),
        one(Post, "/api/v2/clients/{id}/rotate-secret", "rotateClientSecret", "update:client_keys")
            .summary("Make another secret of an application")
            .about("The old one is good no longer when this is answered. A body is not looked at.")
            .answers(200, "The application, with its secret, which is shown this once.", client())
            .refuses([
                ManagementRefusal::no_such_client(),
                ManagementRefusal::Unsupported(public.to_owned()),
            ]),
    ]
}

fn one(method: Method, path: &'static str, id: &'static str, scope: &'static str) -> Operation {
    Operation::managed(method, path, id, CLIENTS, scope)
        .path("id", client_id())
        .refuses([ManagementRefusal::malformed_in_path("id", "client-id")])
}

fn list() -> Operation {
    let unsearched = ManagementRefusal::Unsupported("Clients are not searched by q here.".to_owned());
    Operation::managed(Get, "/api/v2/clients", "listClients", CLIENTS, "read:clients")
        .summary("List the applications")
        .paged()
        .with_fields()
        .query("is_first_party", Schema::truth(true).about("All are."))
        .query("is_global", Schema::truth(false).about("None is."))
        .answers(200, "The applications, without their secrets.", page_of("clients", &client_fields()))
        .refuses([unsearched])
}

fn create() -> Operation {
    Operation::managed(Post, "/api/v2/clients", "createClient", CLIENTS, "create:clients")
        .summary("Create an application")
        .about("An MFA policy of its own, in `client_metadata`, needs scope `update:mfa_policies` as well.")
        .takes(properties(true).closed().named("NewClient"))
        .answers(201, "The application, with its secret, which is shown this once.", client())
        .refuses([
            ManagementRefusal::missing("name"),
            own_secret(),
            ManagementRefusal::InsufficientScope("update:mfa_policies"),
        ])
}

fn change() -> Operation {
    one(Patch, ONE, "updateClient", "update:clients")
        .summary("Change an application")
        .about("A public one that is to have a secret gets one, and that needs scope `update:client_keys` as well; another MFA policy in `client_metadata` needs `update:mfa_policies`.")
        .takes(properties(false).closed().named("ClientChange"))
        .answers(200, "The application, with its secret only where it got one just now.", client())
        .refuses([
            ManagementRefusal::no_such_client(),
            own_secret(),
            ManagementRefusal::InsufficientScope("update:client_keys"),
            ManagementRefusal::InsufficientScope("update:mfa_policies"),
        ])
}

fn own_secret() -> ManagementRefusal {
    let why = "A client's secret is generated: POST /api/v2/clients/{id}/rotate-secret makes another.";
    ManagementRefusal::Unsupported(why.to_owned())
}

fn grant_types() -> Schema {
    let words: Vec<_> = Grant::ALL.map(Grant::as_str).into_iter().chain(OTHER_GRANTS).collect();
    let example =
        json!(["password", Grant::MfaOob.as_str(), Grant::MfaOtp.as_str(), Grant::MfaRecoveryCode.as_str()]);
    Schema::list(Schema::word(&words))
        .items(0..=words.len())
        .such_as(example)
        .about("Some are kept, and nothing here serves them.")
}

fn url(example: &str) -> Schema {
    Schema::text(example).length(1..=URL_CHARACTERS_MAX)
}

fn urls(example: &str) -> Schema {
    Schema::list(url(example).matching("^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$")).items(0..=ADDRESSES_MAX)
}

fn origins() -> Schema {
    let origin = Schema::text("https://app.postern.example")
        .length(1..=METADATA_CHARACTERS_MAX)
        .matching(crate::common::VISIBLE);
    Schema::list(origin).items(0..=ADDRESSES_MAX).about("Kept; which origins may call, the front door says.")
}

fn properties(is_new: bool) -> Schema {
    let web = |example: &str| url(example).matching("^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$").or_null().unshown();
    let name =
        Schema::text("My App").length(1..=NAME_CHARACTERS_MAX).matching("^[^<>]+$").about("Shown in mails.");
    let object = Schema::object();
    let named = if is_new { object.must("name", name) } else { object.may("name", name) };
    let own = named
        .may("app_type", Schema::word(&AppType::ALL.map(AppType::as_str)))
        .may(
            "token_endpoint_auth_method",
            Schema::word(&AuthMethod::ALL.map(AuthMethod::as_str)).about("`none` is a public client."),
        )
        .may("grant_types", grant_types())
        .may(
            "callbacks",
            urls("https://app.postern.example/signed-in").or_null().about("Where links in mails may lead."),
        )
        .may("client_metadata", metadata().or_null())
        .may("description", Schema::text("What it is for.").length(0..=DESCRIPTION_CHARACTERS_MAX).or_null())
        .may("logo_uri", web("https://app.postern.example/logo.png"))
        .may("initiate_login_uri", web("https://app.postern.example/login"))
        .may("allowed_origins", origins().or_null().unshown())
        .may("web_origins", origins().or_null().unshown())
        .may("allowed_logout_urls", urls("https://app.postern.example").or_null().unshown());
    fixed().into_iter().fold(own, |own, (name, schema)| own.may(name, schema.unshown()))
}

/// Properties that have one value here: another asks for what is not done.
fn fixed() -> Vec<(&'static str, Schema)> {
    let (on, off) = (|| Schema::only(true.into()), || Schema::only(false.into()));
    let each = |members: &[(&str, Value)]| {
        let object = Schema::object();
        members
            .iter()
            .fold(object, |object, (name, value)| object.may(name, Schema::only(value.clone())))
            .closed()
    };
    vec![
        ("is_first_party", on()),
        ("oidc_conformant", on()),
        ("is_token_endpoint_ip_header_trusted", off()),
        ("cross_origin_authentication", off()),
        ("cross_origin_auth", off()),
        ("sso", off()),
        ("sso_disabled", off()),
        ("require_proof_of_possession", off()),
        ("require_pushed_authorization_requests", off()),
        (
            "jwt_configuration",
            each(&[
                ("alg", json!("RS256")),
                ("lifetime_in_seconds", json!(ID_TOKEN_SECONDS)),
                ("secret_encoded", json!(false)),
                ("scopes", json!({})),
            ]),
        ),
        (
            "refresh_token",
            each(&[
                ("rotation_type", json!("rotating")),
                ("expiration_type", json!("expiring")),
                ("infinite_token_lifetime", json!(false)),
                ("infinite_idle_token_lifetime", json!(false)),
            ])
            .or_null(),
        ),
    ]
}

fn metadata() -> Schema {
    let value = Schema::text("").length(0..=METADATA_CHARACTERS_MAX).or_null().json();
    Schema::free_object(json!({ "mfa_policy": "never" }))
        .with("maxProperties", METADATA_MEMBERS_MAX.into())
        .with("propertyNames", json!({ "minLength": 1, "maxLength": METADATA_CHARACTERS_MAX }))
        .with("additionalProperties", value)
        .about("Members that are named are set, or taken away where they are null. `mfa_policy` is `never` or `all-applications`, and goes before the tenant's.")
}

/// A client as far as `fields` want it.
fn client_fields() -> Schema {
    let list = |example: &str| Schema::list(Schema::text(example));
    let strings = json!({ "type": "string" });
    Schema::object()
        .may("allowed_logout_urls", list("https://app.postern.example").unshown())
        .may("allowed_origins", list("https://app.postern.example").unshown())
        .may("app_type", Schema::word(&AppType::ALL.map(AppType::as_str)))
        .may("callbacks", list("https://app.postern.example/signed-in"))
        .may("client_id", Schema::text("Tz2dL0x7Yk3mQw8sVb5nRj1cHf6gPa9e"))
        .may(
            "client_metadata",
            Schema::free_object(json!({ "mfa_policy": "never" })).with("additionalProperties", strings),
        )
        .may(
            "client_secret",
            Schema::text("…").about("When it was made just now, and never again.").unshown(),
        )
        .may("cross_origin_authentication", Schema::only(false.into()))
        .may("description", Schema::text("What it is for."))
        .may("global", Schema::only(false.into()))
        .may("grant_types", Schema::list(Schema::text("password")))
        .may("initiate_login_uri", Schema::text("https://app.postern.example/login").unshown())
        .may("is_first_party", Schema::only(true.into()))
        .may("is_token_endpoint_ip_header_trusted", Schema::only(false.into()))
        .may(
            "jwt_configuration",
            Schema::free_object(
                json!({ "alg": "RS256", "lifetime_in_seconds": ID_TOKEN_SECONDS, "secret_encoded": false }),
            ),
        )
        .may("logo_uri", Schema::text("https://app.postern.example/logo.png").unshown())
        .may("name", Schema::text("My App"))
        .may("oidc_conformant", Schema::only(true.into()))
        .may(
            "refresh_token",
            Schema::free_object(json!({ "expiration_type": "expiring", "rotation_type": "rotating" })),
        )
        .may("sso_disabled", Schema::only(false.into()))
        .may("token_endpoint_auth_method", Schema::word(&AuthMethod::ALL.map(AuthMethod::as_str)))
        .may("web_origins", list("https://app.postern.example").unshown())
        .named("ClientFields")
}

fn client() -> Schema {
    let required = ["callbacks", "client_id", "grant_types", "name", "token_endpoint_auth_method"];
    client_fields().narrowed(json!({ "required": required })).named("Client")
}
