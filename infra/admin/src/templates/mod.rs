//! `postern templates`: the mails that users get, whose texts they are, and how they look.

mod index;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use postern::app::SENT;
use postern::delivery::Mailer;
use postern::delivery::custom::{Composed, CustomTemplate};
use postern::rules::email_template::{EmailTemplate, TemplateName};
use postern::rules::language::Language;
use serde_json::{Value, json};

use crate::CommandError;
use crate::connection::Tenant;
use crate::output::{Answer, Column, harmless};
use index::Entry;
use sample::Sample;

/// What to do with mails.
#[derive(Subcommand)]
pub(crate) enum Templates {
    /// List all templates: whether the tenant has written its own.
    #[command(after_help = "Example:\n  postern templates list")]
    List,
    /// Write every mail in every language to a directory, with an index to look at them by.
    ///
    /// Each file stands alone and is 640 pixels wide: `chromium --headless --screenshot --window-size=640,900 FILE` makes a
    /// picture of it.
    #[command(
        after_help = "Examples:\n  postern templates preview\n  postern templates preview mails --built-in --tenant-name Acme --language de,fr"
    )]
    Preview(Preview),
}

/// What to write.
#[derive(Args)]
pub(crate) struct Preview {
    /// The directory; it is made if it is not there, and files of an earlier preview are replaced.
    #[arg(default_value = "mails")]
    directory: PathBuf,
    /// Only Postern's own texts, whatever the tenant has written.
    #[arg(long)]
    built_in: bool,
    /// The tenant's friendly name: the stack's parameter `TenantName`.
    #[arg(long, env = "POSTERN_TENANT_NAME", default_value = "Postern", value_name = "NAME")]
    tenant_name: String,
    /// Only these languages, by their tags.
    #[arg(long, value_name = "TAGS", value_delimiter = ',', value_parser = language)]
    language: Vec<Language>,
}

fn language(tag: &str) -> Result<Language, String> {
    let tags = || Language::ALL.map(Language::tag).join(", ");
    Language::closest(tag).ok_or_else(|| format!("no texts in it; there are: {}", tags()))
}

const COLUMNS: [Column; 4] =
    [("TEMPLATE", "template"), ("TEXT", "text"), ("SENT", "sent"), ("SUBJECT", "subject")];

impl Templates {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        match self {
            Self::List => list(tenant).await,
            Self::Preview(preview) => preview.run(tenant).await,
        }
    }
}

/// All templates, with what the tenant has stored of each.
async fn list(tenant: &Tenant) -> Result<Answer, CommandError> {
    let mut items = Vec::new();
    for name in TemplateName::ALL {
        let stored = tenant.store.email_template(name).await?;
        let text = match &stored {
            None => "built-in",
            Some(template) if !template.enabled => "built-in (the tenant's is off)",
            Some(template) if CustomTemplate::parse(template).is_err() => "built-in (the tenant's is broken)",
            Some(_) => "the tenant's",
        };
        items.push(json!({
            "template": name.as_str(),
            "text": text,
            "sent": SENT.contains(&name),
            "subject": stored.as_ref().map(|template| template.subject.as_str()),
        }));
    }
    Ok(Answer::list(items, &COLUMNS, "There are no templates."))
}

impl Preview {
    async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let mailer = tenant.mailer(&self.tenant_name);
        fs::create_dir_all(&self.directory).map_err(CommandError::file(&self.directory))?;
        let languages = if self.language.is_empty() { Language::ALL.to_vec() } else { self.language.clone() };
        let mut entries = Vec::new();
        for sample in Sample::all() {
            let stored = match self.built_in {
                true => None,
                false => tenant.store.email_template(sample.template()).await?,
            };
            let own =
                stored.filter(|template| template.enabled).map(|template| usable(&template)).transpose()?;
            for language in &languages {
                entries.push(self.write(&mailer, sample, *language, own.as_ref())?);
            }
        }
        let path = self.directory.join("index.html");
        write(&path, &index::page(&self.tenant_name, &languages, &entries))?;
        Ok(summary(&path, &entries))
    }

    fn write(
        &self,
        mailer: &Mailer,
        sample: Sample,
        language: Language,
        own: Option<&CustomTemplate>,
    ) -> Result<Entry, CommandError> {
        let Composed { email, .. } = sample.compose(mailer, language, own);
        let file = format!("{}.{}.html", sample.name(), language.tag());
        write(&self.directory.join(&file), &index::standing_alone(&email.html))?;
        Ok(Entry { mail: sample.name(), language, file, subject: email.subject, is_own: own.is_some() })
    }
}

/// A template that would not be sent is no preview of anything.
fn usable(template: &EmailTemplate) -> Result<CustomTemplate, CommandError> {
    CustomTemplate::parse(template).map_err(|misfit| {
        let name = template.template.as_str();
        let text = format!(
            "the tenant's {name} is broken, and the built-in text is sent instead: {}; mend it by PATCH \
             /api/v2/email-templates/{name}, or give --built-in",
            harmless(&misfit.to_string())
        );
        CommandError::Setting(text)
    })
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    fs::write(path, text).map_err(CommandError::file(path))
}

fn summary(index: &Path, entries: &[Entry]) -> Answer {
    let own = entries.iter().filter(|entry| entry.is_own).count();
    let mails: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!({
                "mail": entry.mail,
                "language": entry.language.tag(),
                "file": entry.file,
                "subject": entry.subject,
                "text": if entry.is_own { "tenant" } else { "built-in" },
            })
        })
        .collect();
    let text = format!(
        "{} mails, {own} of them by the tenant's templates: open {}\n",
        entries.len(),
        index.display()
    );
    Answer::new(json!({ "index": index.display().to_string(), "mails": mails }), text)
}
