//! Mails that an operator writes.

use postern::rules::email_template::{BODY_BYTES_MAX, LINE_BYTES_MAX, TemplateName, URL_BYTES_MAX};
use postern::wire::management::ManagementRefusal;

use crate::Operation;
use crate::common::wrong_bodies;
use crate::operation::Method::{self, Get, Patch, Post, Put};
use crate::operation::Tag;
use crate::schema::Schema;

const TEMPLATES: Tag = Tag { name: "Email templates", about: "Mails that an operator writes, in Liquid." };
const ONE: &str = "/api/v2/email-templates/{name}";

pub(super) fn operations() -> Vec<Operation> {
    let exists = ManagementRefusal::Conflict("Template mfa_oob_code already exists.".to_owned());
    vec![
        Operation::managed(
            Post,
            "/api/v2/email-templates",
            "createEmailTemplate",
            TEMPLATES,
            "create:email_templates",
        )
        .summary("Write a mail")
        .json(properties().closed().named("NewEmailTemplate"))
        .answers(200, "The template.", template())
        .refuses(wrong_bodies())
        .refuses([misfit(), exists]),
        one(Get, "getEmailTemplate", "read:email_templates").summary("Read a mail that was written").answers(
            200,
            "The template.",
            template(),
        ),
        one(Put, "replaceEmailTemplate", "update:email_templates")
            .summary("Write a mail anew")
            .json(without_name(properties()).closed().named("EmailTemplateReplacement"))
            .answers(200, "The template.", template())
            .refuses(wrong_bodies())
            .refuses([misfit()]),
        one(Patch, "updateEmailTemplate", "update:email_templates")
            .summary("Change a mail")
            .json(properties().with_nothing_required().closed().named("EmailTemplateChange"))
            .answers(200, "The template.", template())
            .refuses(wrong_bodies())
            .refuses([misfit()]),
    ]
}

fn one(method: Method, id: &'static str, scope: &'static str) -> Operation {
    let words = TemplateName::ALL.map(TemplateName::as_str);
    let unknown = ManagementRefusal::InvalidUri(format!(
        "'No enum match' on property templateName (expected one of: {}).",
        words.join(", ")
    ));
    let absent = ManagementRefusal::Inexistent {
        message: "The template mfa_oob_code does not exist.".to_owned(),
        code: "inexistent_email_template",
    };
    Operation::managed(method, ONE, id, TEMPLATES, scope)
        .path("name", name().about("Which."))
        .refuses([unknown, absent])
}

fn misfit() -> ManagementRefusal {
    ManagementRefusal::property("body", "Invalid Liquid: …")
}

fn name() -> Schema {
    Schema::word(&TemplateName::ALL.map(TemplateName::as_str)).such_as("mfa_oob_code".into())
}

fn properties() -> Schema {
    let line = |example: &str| Schema::text(example).length(0..=LINE_BYTES_MAX);
    Schema::object()
        .must("template", name())
        .must(
            "body",
            Schema::text("<p>Your code is {{ code }}.</p>")
                .length(0..=BODY_BYTES_MAX)
                .about("HTML, in Liquid."),
        )
        .may(
            "from",
            line("{{ application.name }} <mfa@postern.example>")
                .or_null()
                .about("The sender; of it the name is used."),
        )
        .may(
            "resultUrl",
            Schema::text("https://app.postern.example/done")
                .length(0..=URL_BYTES_MAX)
                .or_null()
                .about("Where the page of a link leads on.")
                .unshown(),
        )
        .must("subject", line("Your code"))
        .must("syntax", Schema::word(&["liquid"]))
        .may("urlLifetimeInSeconds", Schema::integer(0..=u64::MAX, 432_000).or_null().unshown())
        .may("includeEmailInRedirect", Schema::truth(false).or_null().about("Kept, not used.").unshown())
        .must("enabled", Schema::truth(true))
}

/// The path says which.
fn without_name(properties: Schema) -> Schema {
    properties.with("required", serde_json::json!(["body", "subject", "syntax", "enabled"]))
}

fn template() -> Schema {
    let all = [
        "template",
        "body",
        "from",
        "resultUrl",
        "subject",
        "syntax",
        "urlLifetimeInSeconds",
        "includeEmailInRedirect",
        "enabled",
    ];
    let example = properties().example().clone();
    let mut example = example.as_object().cloned().unwrap_or_default();
    for name in all {
        example.entry(name).or_insert(serde_json::Value::Null);
    }
    properties().with("required", serde_json::json!(all)).such_as(example.into()).named("EmailTemplate")
}
