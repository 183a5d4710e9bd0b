//! Email templates: an item each (design §3).

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::expression::{Write, value_of};
use super::{Outcome, Store, StoreError, read};
use crate::rules::email_template::{EmailTemplate, TemplateName};

const PK: &str = "TENANT";

fn sk(name: TemplateName) -> String {
    format!("TEMPLATE#{}", name.as_str())
}

/// A change of some of a template's properties.
#[derive(Default)]
pub struct TemplateChange(Vec<(&'static str, AttributeValue)>);

impl TemplateChange {
    /// Sets a property, to nothing by `None`.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn set<T: Serialize>(&mut self, property: &'static str, value: &T) -> Result<(), StoreError> {
        self.0.push((property, value_of(value)?));
        Ok(())
    }
}

impl Store {
    /// The template of that name, if the operator ever made one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn email_template(&self, name: TemplateName) -> Result<Option<EmailTemplate>, StoreError> {
        self.get(PK, &sk(name)).await?.map(read).transpose()
    }

    /// Creates a template; `false` when there is one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_email_template(&self, template: &EmailTemplate) -> Result<bool, StoreError> {
        let write = Write::put(PK, &sk(template.template), template)?.when("attribute_not_exists(pk)");
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }

    /// Replaces a template; `false` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn replace_email_template(&self, template: &EmailTemplate) -> Result<bool, StoreError> {
        let write = Write::put(PK, &sk(template.template), template)?.when("attribute_exists(pk)");
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }

    /// Changes some properties of a template and gives it as it is now; `None` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_email_template(
        &self,
        name: TemplateName,
        change: TemplateChange,
    ) -> Result<Option<EmailTemplate>, StoreError> {
        // Setting the name to itself makes an expression even of no change at all.
        let mut sets = "SET #template = :template".to_owned();
        for index in 0..change.0.len() {
            sets.push_str(&format!(", #p{index} = :v{index}"));
        }
        let mut write = Write::update(PK, &sk(name), sets)
            .name("#template", "template")
            .value(":template", value_of(&name)?)
            .when("attribute_exists(pk)");
        for (index, (property, value)) in change.0.into_iter().enumerate() {
            write = write.name(&format!("#p{index}"), property).value(&format!(":v{index}"), value);
        }
        match self.write(&write).await? {
            Outcome::Done(item) => read(item).map(Some),
            Outcome::Refused(_) => Ok(None),
        }
    }
}
