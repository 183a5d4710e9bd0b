//! The properties of a template as a request names them, each of its type and within its bounds.

use postern::http::properties::{nullable, string, truth};
use postern::rules::email_template::{
    BODY_BYTES_MAX, EmailTemplate, LINE_BYTES_MAX, Syntax, TemplateName, URL_BYTES_MAX,
};
use postern::store::StoreError;
use postern::store::templates::TemplateChange;
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value};

/// What a request names. An optional property can be named and be nothing.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    template: Option<TemplateName>,
    body: Option<String>,
    from: Option<Option<String>>,
    result_url: Option<Option<String>>,
    subject: Option<String>,
    syntax: Option<Syntax>,
    url_lifetime_in_seconds: Option<Option<u64>>,
    include_email_in_redirect: Option<Option<bool>>,
    enabled: Option<bool>,
}

impl Properties {
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let mut properties = Self::default();
        for (name, value) in body {
            match name.as_str() {
                "template" => properties.template = Some(template(value)?),
                "body" => properties.body = Some(text("body", value, BODY_BYTES_MAX)?),
                "from" => properties.from = Some(nullable(value, |it| text("from", it, LINE_BYTES_MAX))?),
                "resultUrl" => {
                    properties.result_url = Some(nullable(value, |it| text("resultUrl", it, URL_BYTES_MAX))?);
                }
                "subject" => properties.subject = Some(text("subject", value, LINE_BYTES_MAX)?),
                "syntax" => properties.syntax = Some(syntax(value)?),
                "urlLifetimeInSeconds" => {
                    let number = |it: &Value| {
                        it.as_u64().ok_or_else(|| {
                            ManagementRefusal::property("urlLifetimeInSeconds", "Expected type integer")
                        })
                    };
                    properties.url_lifetime_in_seconds = Some(nullable(value, number)?);
                }
                "includeEmailInRedirect" => {
                    properties.include_email_in_redirect =
                        Some(nullable(value, |it| truth("includeEmailInRedirect", it))?);
                }
                "enabled" => properties.enabled = Some(truth("enabled", value)?),
                _ => return Err(ManagementRefusal::additional(name)),
            }
        }
        Ok(properties)
    }

    /// A whole template; `name` is the path's, which need not be repeated.
    pub(crate) fn whole(self, name: Option<TemplateName>) -> Result<EmailTemplate, ManagementRefusal> {
        if let Some(name) = name {
            self.must_be(name)?;
        }
        let missing = |property: &'static str| {
            move || ManagementRefusal::property(property, &format!("Missing required property: {property}"))
        };
        Ok(EmailTemplate {
            template: self.template.or(name).ok_or_else(missing("template"))?,
            body: self.body.ok_or_else(missing("body"))?,
            from: self.from.flatten(),
            result_url: self.result_url.flatten(),
            subject: self.subject.ok_or_else(missing("subject"))?,
            syntax: self.syntax.ok_or_else(missing("syntax"))?,
            url_lifetime_in_seconds: self.url_lifetime_in_seconds.flatten(),
            include_email_in_redirect: self.include_email_in_redirect.flatten(),
            enabled: self.enabled.ok_or_else(missing("enabled"))?,
        })
    }

    /// A template keeps its name.
    pub(crate) fn must_be(&self, name: TemplateName) -> Result<(), ManagementRefusal> {
        match self.template {
            Some(other) if other != name => {
                Err(ManagementRefusal::property("template", "A template cannot be renamed"))
            }
            _ => Ok(()),
        }
    }

    /// The properties beside values that are right for every template.
    pub(crate) fn beside_harmless(&self, name: TemplateName) -> EmailTemplate {
        EmailTemplate {
            template: name,
            body: self.body.clone().unwrap_or_else(|| "{{ code }} {{ link }}".to_owned()),
            from: self.from.clone().flatten(),
            result_url: None,
            subject: self.subject.clone().unwrap_or_default(),
            syntax: Syntax::Liquid,
            url_lifetime_in_seconds: None,
            include_email_in_redirect: None,
            enabled: true,
        }
    }

    pub(crate) fn write_to(&self, change: &mut TemplateChange) -> Result<(), StoreError> {
        macro_rules! write {
            ($($property:literal: $value:expr),*) => {
                $(if let Some(value) = &$value {
                    change.set($property, value)?;
                })*
            };
        }
        write!(
            "body": self.body,
            "from": self.from,
            "resultUrl": self.result_url,
            "subject": self.subject,
            "syntax": self.syntax,
            "urlLifetimeInSeconds": self.url_lifetime_in_seconds,
            "includeEmailInRedirect": self.include_email_in_redirect,
            "enabled": self.enabled
        );
        Ok(())
    }
}

fn text(property: &str, value: &Value, bytes_max: usize) -> Result<String, ManagementRefusal> {
    let text = string(property, value)?;
    if text.len() > bytes_max {
        return Err(ManagementRefusal::property(
            property,
            &format!("String is too long, maximum {bytes_max} bytes"),
        ));
    }
    Ok(text.to_owned())
}

fn template(value: &Value) -> Result<TemplateName, ManagementRefusal> {
    value
        .as_str()
        .and_then(TemplateName::parse)
        .ok_or_else(|| ManagementRefusal::property("template", "No enum match"))
}

fn syntax(value: &Value) -> Result<Syntax, ManagementRefusal> {
    match value.as_str() {
        Some("liquid") => Ok(Syntax::Liquid),
        _ => Err(ManagementRefusal::property("syntax", "No enum match, expected liquid")),
    }
}
