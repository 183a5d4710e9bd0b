//! `templates`: whose texts are mailed, and how they look.

use std::fs;

use insta::assert_snapshot;
use postern::rules::email_template::{EmailTemplate, Syntax, TemplateName};

use crate::support::Deployment;

impl Deployment {
    async fn write_template(&self, body: &str, enabled: bool) {
        let template = EmailTemplate {
            template: TemplateName::MfaOobCode,
            body: body.to_owned(),
            from: None,
            result_url: None,
            subject: "{{ code }} in {{ language }}".to_owned(),
            syntax: Syntax::Liquid,
            url_lifetime_in_seconds: None,
            include_email_in_redirect: None,
            enabled,
        };
        let store = &self.twin.app.store;
        if !store.create_email_template(&template).await.unwrap() {
            assert!(store.replace_email_template(&template).await.unwrap());
        }
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap()
    }
}

/// Every mail in every language is a file, and the index leads to each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_mails_are_written() {
    let deployment = Deployment::new().await;
    let text = deployment.shown(&["templates", "preview", "out/mails", "--tenant-name", "Acme"]).await;
    assert_snapshot!(text, @"210 mails, 0 of them by the tenant's templates: open out/mails/index.html");
    let index = deployment.file("out/mails/index.html");
    let files = fs::read_dir(deployment.directory.path().join("out/mails")).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files.len(), 211);
    for file in files.iter().filter(|file| *file != "index.html") {
        assert!(index.contains(&format!("href=\"{file}\"")), "{file}");
        let mail = deployment.file(&format!("out/mails/{file}"));
        assert!(mail.contains("html { width: 640px") && mail.contains("default-src 'none'"), "{file}");
    }
    let german = deployment.file("out/mails/mfa_oob_code.de.html");
    assert!(german.contains("lang=\"de\"") && german.contains("Acme") && german.contains("042917"));
    assert!(deployment.file("out/mails/security_notice-password_blocked.en.html").contains("192.0.2.7"));
}

/// What the tenant wrote is previewed as it is mailed: if it is on, and if it works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenants_texts_are_previewed() {
    let deployment = Deployment::new().await;
    let only = ["templates", "preview", "--language", "fr"];
    let subject = async || {
        let report = deployment.json(&only).await;
        format!(
            "{} {}",
            report["mails"][0]["text"].as_str().unwrap(),
            report["mails"][0]["subject"].as_str().unwrap()
        )
    };
    deployment.write_template("<p>Own {{ code }} for {{ user.name }}</p>", true).await;
    assert_eq!(subject().await, "tenant 042917 in fr");
    assert!(deployment.file("mails/mfa_oob_code.fr.html").ends_with("<p>Own 042917 for Ada Lovelace</p>"));
    let listed = deployment.json(&["templates", "list"]).await;
    let code = listed.as_array().unwrap().iter().find(|it| it["template"] == "mfa_oob_code").unwrap();
    assert_eq!((&code["text"], &code["sent"]), (&"the tenant's".into(), &true.into()));
    let built_in = deployment.json(&[&only[..], &["--built-in"]].concat()).await;
    assert_eq!(built_in["mails"][0]["text"], "built-in");

    deployment.write_template("<p>{{ code }}</p>", false).await;
    assert!(subject().await.starts_with("built-in 042917"), "{}", subject().await);
    deployment.write_template("{{ code", true).await;
    let broken = deployment.ran(&only, "").await;
    assert!(broken.refusal().starts_with("postern: the tenant's mfa_oob_code is broken"), "{}", broken.err);
    let unknown = deployment.ran(&["templates", "preview", "--language", "xx"], "").await;
    assert!(unknown.err.contains("no texts in it; there are: en, de,"), "{}", unknown.err);
}
