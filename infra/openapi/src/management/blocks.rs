//! Sign-ins that are blocked after wrong passwords.

use crate::Operation;
use crate::common::EMAIL;
use crate::operation::Method::{Delete, Get};
use crate::operation::Tag;
use crate::schema::Schema;

const BLOCKS: Tag = Tag { name: "User blocks", about: "Sign-ins that are blocked after wrong passwords." };
const PATH: &str = "/api/v2/user-blocks/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let block = Schema::object()
        .must("identifier", Schema::text(EMAIL).about("The login."))
        .must("ip", Schema::text("203.0.113.7").about("The network that no password is taken from."))
        .must("connection", Schema::text("Username-Password-Authentication"));
    let blocks = Schema::object().must("blocked_for", Schema::list(block)).named("UserBlocks");
    vec![
        Operation::managed(Get, PATH, "getUserBlocks", BLOCKS, "read:users")
            .summary("List where a user is blocked")
            .of_user()
            .answers(200, "The blocks, a thousand at most.", blocks),
        Operation::managed(Delete, PATH, "deleteUserBlocks", BLOCKS, "update:users")
            .summary("Unblock a user")
            .of_user()
            .answers_nothing(204, "The user is blocked nowhere."),
    ]
}
