//! Factors, policies and settings of the tenant.

use postern::rules::policy::{Factor, TenantSettings};
use postern::rules::settings::{Kind, SETTINGS, Setting, WORDS_MAX};
use postern::wire::management::ManagementRefusal;
use serde_json::{Value, json};

use crate::Operation;
use crate::common::wrong_bodies;
use crate::operation::Method::{self, Get, Patch, Put};
use crate::operation::Tag;
use crate::schema::Schema;

/// Their group.
pub(super) const GUARDIAN: Tag = Tag {
    name: "Guardian",
    about: "Which factors there are, when they are asked for, and the tenant's settings.",
};

pub(super) fn operations() -> Vec<Operation> {
    vec![list(), set(), policies(), set_policies(), settings(), change_settings()]
}

fn operation(method: Method, path: &'static str, id: &'static str, scope: &'static str) -> Operation {
    Operation::managed(method, path, id, GUARDIAN, scope)
}

fn list() -> Operation {
    let item = Schema::object()
        .must("name", Schema::word(&Factor::ALL.map(Factor::as_str)))
        .must("enabled", Schema::truth(true))
        .must("trial_expired", Schema::only(false.into()))
        .named("Factor");
    operation(Get, "/api/v2/guardian/factors", "listFactors", "read:guardian_factors")
        .summary("List the factors")
        .answers(200, "All of them, those that there are not included.", Schema::list(item))
}

fn set() -> Operation {
    let enabled = || Schema::object().must("enabled", Schema::truth(true)).named("FactorState");
    let request = Schema::object()
        .must("enabled", Schema::any_of([Schema::truth(true), Schema::word(&["true", "false"])]))
        .with("additionalProperties", Value::Bool(true))
        .about("Other members are ignored: old samples send the name.");
    let unknown = ManagementRefusal::InvalidUri(format!(
        "'No enum match' on property name (expected one of: {}).",
        Factor::ALL.map(Factor::as_str).join(", ")
    ));
    let unavailable =
        ManagementRefusal::Unsupported("The duo factor is not available in this version".to_owned());
    operation(Put, "/api/v2/guardian/factors/{name}", "setFactor", "update:guardian_factors")
        .summary("Switch a factor on or off")
        .path("name", Schema::word(&Factor::ALL.map(Factor::as_str)).such_as("email".into()).about("Which."))
        .json(request)
        .answers(200, "How it is now.", enabled())
        .refuses([ManagementRefusal::property("enabled", "Expected type boolean"), unknown, unavailable])
}

fn policy() -> Schema {
    Schema::list(Schema::word(&["all-applications"]))
        .items(0..=1)
        .about("Empty: the second factor is never asked for.")
}

fn policies() -> Operation {
    operation(Get, "/api/v2/guardian/policies", "getPolicies", "read:mfa_policies")
        .summary("Read when the second factor is asked for")
        .answers(200, "The policy.", policy())
}

fn set_policies() -> Operation {
    let unavailable =
        "The confidence-score policy is not available: Postern keeps no history to judge a sign-in by";
    operation(Put, "/api/v2/guardian/policies", "setPolicies", "update:mfa_policies")
        .summary("Say when the second factor is asked for")
        .json(policy())
        .answers(200, "The policy.", policy())
        .refuses([
            ManagementRefusal::InvalidBody(
                "'Array is too long, maximum 1' on the list of policies.".to_owned(),
            ),
            ManagementRefusal::Unsupported(unavailable.to_owned()),
        ])
}

fn settings() -> Operation {
    operation(Get, "/api/v2/guardian/settings", "getSettings", "read:tenant_settings")
        .summary("Read the tenant's settings")
        .about("Lifetimes, limits and switches. Postern's own: at Auth0 these figures cannot be changed.")
        .answers(200, "Every setting.", all_settings())
}

fn change_settings() -> Operation {
    operation(Patch, "/api/v2/guardian/settings", "updateSettings", "update:tenant_settings")
        .summary("Change the tenant's settings")
        .about("What is not named stays; null brings the default back. Nothing is changed when any part does not fit.")
        .json(settings_change())
        .answers(200, "Every setting.", all_settings())
        .refuses(wrong_bodies())
        .refuses([ManagementRefusal::property("code_seconds", "must be a whole number from 30 to 600")])
}

fn all_settings() -> Schema {
    let defaults = TenantSettings::default();
    let all = SETTINGS.iter().fold(Schema::object(), |all, setting| {
        let value = serde_json::to_value(setting.value(&defaults)).unwrap_or(Value::Null);
        let schema = match setting.kind {
            Kind::Text { .. } | Kind::Words { .. } => kind(setting).or_null(),
            _ => kind(setting),
        };
        all.must(setting.name, schema.such_as(value))
    });
    all.named("Settings")
}

fn settings_change() -> Schema {
    let change = SETTINGS.iter().fold(Schema::object(), |change, setting| {
        let schema = kind(setting).or_null();
        change.may(setting.name, if setting.name == "code_seconds" { schema } else { schema.unshown() })
    });
    change.closed().named("SettingsChange")
}

fn kind(setting: &Setting) -> Schema {
    let schema = match setting.kind {
        Kind::Number { least, most, .. } => Schema::integer(least..=most, least),
        Kind::Switch(_) => Schema::truth(true),
        Kind::Text { .. } => Schema::text("en"),
        Kind::Choice { words, .. } => Schema::word(words),
        Kind::Words { .. } => Schema::list(Schema::text("DE").matching("^[A-Z]{2}$"))
            .such_as(json!(["DE"]))
            .items(0..=WORDS_MAX),
    };
    let (first, rest) = setting.meaning.split_at_checked(1).unwrap_or_default();
    schema.about(format!("{}{rest}.", first.to_ascii_uppercase()))
}
