//! Signing keys.

use postern::wire::management::ManagementRefusal;

use crate::Operation;
use crate::common::instant;
use crate::operation::Method::{Get, Post, Put};
use crate::operation::Tag;
use crate::schema::Schema;

const KEYS: Tag = Tag { name: "Signing keys", about: "The keys that tokens are signed with." };
const KID: &str = "k8Vb2N0pQ4sT6wYz1xCd3E";

pub(super) fn operations() -> Vec<Operation> {
    let kid = || Schema::text(KID).about("Which.");
    let absent = || ManagementRefusal::Inexistent {
        message: "The signing key does not exist.".to_owned(),
        code: "inexistent_signing_key",
    };
    let last = ManagementRefusal::Unsupported("There is no next key to sign with: rotate first.".to_owned());
    let many = ManagementRefusal::Unsupported("There are too many keys.".to_owned());
    vec![
        Operation::managed(Get, "/api/v2/keys/signing", "listSigningKeys", KEYS, "read:signing_keys")
            .summary("List the signing keys")
            .answers(200, "The keys, the newest first.", Schema::list(key())),
        Operation::managed(Post, "/api/v2/keys/signing/rotate", "rotateSigningKeys", KEYS, "create:signing_keys")
            .summary("Make the next signing key")
            .about("Unless there is one. It is used once it has been published long enough. A body is not looked at.")
            .answers(201, "The next key.", changed())
            .refuses([many]),
        Operation::managed(Get, "/api/v2/keys/signing/{id}", "getSigningKey", KEYS, "read:signing_keys")
            .summary("Read a signing key")
            .path("id", kid())
            .answers(200, "The key.", key())
            .refuses([absent()]),
        Operation::managed(Put, "/api/v2/keys/signing/{id}/revoke", "revokeSigningKey", KEYS, "update:signing_keys")
            .summary("Revoke a signing key")
            .about("What it signed is refused from then on, tokens of the Management API included. A body is not looked at.")
            .path("id", kid())
            .answers(200, "It is revoked.", changed())
            .refuses([last])
            .refuses([absent()]),
    ]
}

fn key() -> Schema {
    Schema::object()
        .must("kid", Schema::text(KID))
        .must("current", Schema::truth(true).about("Tokens are signed with it."))
        .must("next", Schema::truth(false).about("It is published, and not used yet."))
        .must("previous", Schema::truth(false).about("What it signed is still good."))
        .must("current_since", instant())
        .may("current_until", instant().unshown())
        .must("revoked", Schema::truth(false))
        .may("revoked_at", instant().unshown())
        .named("SigningKey")
}

fn changed() -> Schema {
    Schema::object()
        .must("kid", Schema::text(KID))
        .may("revoked_at", instant().unshown())
        .named("SigningKeyChange")
}
