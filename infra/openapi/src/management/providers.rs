//! Who delivers text messages and calls.

use postern::wire::management::ManagementRefusal;

use super::guardian::GUARDIAN;
use crate::Operation;
use crate::common::wrong_bodies;
use crate::operation::Method::{Get, Put};
use crate::schema::Schema;

const READ: &str = "read:guardian_factors";
const UPDATE: &str = "update:guardian_factors";

pub(super) fn operations() -> Vec<Operation> {
    let by_name = [
        (
            "/api/v2/guardian/factors/sms/selected-provider",
            ["getSmsProvider", "setSmsProvider"],
            "/api/v2/guardian/factors/sms/providers/twilio",
            ["getSmsTwilio", "setSmsTwilio"],
        ),
        (
            "/api/v2/guardian/factors/phone/selected-provider",
            ["getPhoneProvider", "setPhoneProvider"],
            "/api/v2/guardian/factors/phone/providers/twilio",
            ["getPhoneTwilio", "setPhoneTwilio"],
        ),
    ];
    by_name
        .into_iter()
        .flat_map(|(selected_path, selected_ids, twilio_path, twilio_ids)| {
            [selected(selected_path, selected_ids), twilio(twilio_path, twilio_ids)].into_iter().flatten()
        })
        .collect()
}

fn selected(path: &'static str, [get, set]: [&'static str; 2]) -> [Operation; 2] {
    let answer =
        || Schema::object().must("provider", Schema::word(&["auth0", "twilio"])).named("SelectedProvider");
    let request = Schema::object().must(
        "provider",
        Schema::word(&["twilio", "auth0", "aws"]).about("`auth0` is the deployment's own, here AWS."),
    );
    let hook = "The phone-message-hook provider is not available: Postern runs no code of the operator's";
    [
        Operation::managed(Get, path, get, GUARDIAN, READ)
            .summary("Read who delivers text messages and calls")
            .answers(200, "The provider.", answer()),
        Operation::managed(Put, path, set, GUARDIAN, UPDATE)
            .summary("Say who delivers text messages and calls")
            .takes(request.closed())
            .answers(200, "The provider.", answer())
            .refuses([ManagementRefusal::Unsupported(hook.to_owned())]),
    ]
}

fn twilio(path: &'static str, [get, set]: [&'static str; 2]) -> [Operation; 2] {
    let token = Schema::text("0123456789abcdef0123456789abcdef")
        .length(1..=1_000)
        .matching(crate::common::VISIBLE)
        .or_null()
        .about("Stays as it is when absent; null takes it away. It is never answered.");
    [
        Operation::managed(Get, path, get, GUARDIAN, READ).summary("Read the Twilio account").answers(
            200,
            "The account, without its token.",
            account(true).named("TwilioAccount"),
        ),
        Operation::managed(Put, path, set, GUARDIAN, UPDATE)
            .summary("Set the Twilio account")
            .json(account(false).may("auth_token", token).closed().named("TwilioAccountChange"))
            .answers(200, "The account, without its token.", account(true).named("TwilioAccount"))
            .refuses(wrong_bodies())
            .refuses([ManagementRefusal::property("sid", "must be AC and 32 hexadecimal digits")]),
    ]
}

fn account(is_answer: bool) -> Schema {
    let sid = |prefix: &str| {
        Schema::text(format!("{prefix}0123456789abcdef0123456789abcdef"))
            .matching(&format!("^{prefix}[0-9a-fA-F]{{32}}$"))
            .or_null()
    };
    let from =
        Schema::text("+12065550100").or_null().about("A number in E.164 format, a short code or a name.");
    let service = sid("MG").about("A messaging service, which chooses the sender.");
    let members =
        [("from", from), ("messaging_service_sid", service), ("sid", sid("AC").about("The account."))];
    members.into_iter().fold(Schema::object(), |account, (name, schema)| match is_answer {
        true => account.must(name, schema),
        false => account.may(name, schema),
    })
}
