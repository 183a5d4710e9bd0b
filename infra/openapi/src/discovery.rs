//! Discovery and signing keys.

use postern::wire::oauth::Grant;
use serde_json::json;

use crate::operation::Method::Get;
use crate::operation::{Access, Operation, Tag};
use crate::schema::Schema;

const DISCOVERY: Tag = Tag { name: "Discovery", about: "What programs find the service by." };

pub(crate) fn operations() -> Vec<Operation> {
    let read = |path, id| Operation::new(Get, path, id, DISCOVERY, Access::Nobody);
    vec![
        read("/.well-known/openid-configuration", "getOpenidConfiguration")
            .summary("Read what is served where")
            .about("OpenID Connect Discovery. It names what is served and nothing more.")
            .answers(200, "The configuration.", configuration())
            .tells(200, "Cache-Control"),
        read("/.well-known/oauth-authorization-server", "getAuthorizationServer")
            .summary("Read what is served where, by its OAuth name")
            .about("RFC 8414. The same as `/.well-known/openid-configuration`.")
            .answers(200, "The configuration.", configuration())
            .tells(200, "Cache-Control"),
        read("/.well-known/jwks.json", "getSigningKeySet")
            .summary("Read the public keys that tokens are signed with")
            .about("RFC 7517. Keys that are not in use yet are there as well; unknown ones are to be looked up here.")
            .answers(200, "The keys.", key_set())
            .tells(200, "Cache-Control"),
    ]
}

fn configuration() -> Schema {
    let at = |path: &str| Schema::text(format!("https://auth.postern.example/{path}")).format("uri");
    let words = |words: &[&str]| Schema::list(Schema::text("")).such_as(json!(words));
    let methods = || words(&["client_secret_basic", "client_secret_post", "none"]);
    Schema::object()
        .must("issuer", at("").about("The issuer, with its slash."))
        .must("token_endpoint", at("oauth/token"))
        .must("revocation_endpoint", at("oauth/revoke"))
        .must("userinfo_endpoint", at("userinfo"))
        .must("mfa_challenge_endpoint", at("mfa/challenge"))
        .must("jwks_uri", at(".well-known/jwks.json"))
        .must("scopes_supported", words(&["openid", "profile", "email", "offline_access"]))
        .must("response_types_supported", words(&[]).about("None: there is no authorization endpoint."))
        .must("subject_types_supported", words(&["public"]))
        .must("id_token_signing_alg_values_supported", words(&["RS256"]))
        .must("token_endpoint_auth_methods_supported", methods())
        .must("revocation_endpoint_auth_methods_supported", methods())
        .must("claims_supported", words(&["sub", "email", "name"]))
        .must("request_uri_parameter_supported", Schema::truth(false))
        .must("request_parameter_supported", Schema::truth(false))
        .must("grant_types_supported", words(&Grant::ALL.map(Grant::as_str)))
        .named("Configuration")
}

fn key_set() -> Schema {
    let key = Schema::object()
        .must("kty", Schema::only("RSA".into()))
        .must("use", Schema::only("sig".into()))
        .must("alg", Schema::only("RS256".into()))
        .must("kid", Schema::text("k8Vb2N0pQ4sT6wYz1xCd3E"))
        .must(
            "n",
            Schema::text("sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri…").about("The modulus, base64url."),
        )
        .must("e", Schema::text("AQAB").about("The exponent, base64url."));
    Schema::object().must("keys", Schema::list(key)).named("KeySet")
}
