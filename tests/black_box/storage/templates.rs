//! Email templates: made once, replaced as a whole, changed in part.

use postern::rules::email_template::{EmailTemplate, Syntax, TemplateName};
use postern::store::templates::TemplateChange;

use super::{at_once, subjects};

const NAME: TemplateName = TemplateName::MfaOobCode;

fn template(subject: &str) -> EmailTemplate {
    EmailTemplate {
        template: NAME,
        body: "<p>{{ code }}</p>".into(),
        from: Some("{{ friendly_name }}".into()),
        result_url: None,
        subject: subject.into(),
        syntax: Syntax::Liquid,
        url_lifetime_in_seconds: Some(600),
        include_email_in_redirect: None,
        enabled: true,
    }
}

/// Of 16 at once one is made, and is read back as it was made; another name is another template.
#[tokio::test]
async fn a_template_is_made_once() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(store.email_template(NAME).await.unwrap().is_none(), "{}", subject.name);
        let made = at_once(16, |number| {
            let store = store.clone();
            async move { store.create_email_template(&template(&number.to_string())).await.unwrap() }
        })
        .await;
        assert_eq!(made.iter().filter(|made| **made).count(), 1, "{}", subject.name);
        let winner = made.iter().position(|made| *made).unwrap().to_string();
        assert_eq!(store.email_template(NAME).await.unwrap(), Some(template(&winner)), "{}", subject.name);
        assert!(store.email_template(TemplateName::VerifyEmail).await.unwrap().is_none(), "{}", subject.name);
    }
}

/// What is not there is neither replaced nor changed into being.
#[tokio::test]
async fn only_what_is_there_is_replaced() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(!store.replace_email_template(&template("one")).await.unwrap(), "{}", subject.name);
        assert!(store.change_email_template(NAME, TemplateChange::default()).await.unwrap().is_none());
        assert!(store.email_template(NAME).await.unwrap().is_none(), "{}", subject.name);
        store.create_email_template(&template("one")).await.unwrap();
        let other = EmailTemplate { from: None, url_lifetime_in_seconds: None, ..template("two") };
        assert!(store.replace_email_template(&other).await.unwrap(), "{}", subject.name);
        assert_eq!(
            store.email_template(NAME).await.unwrap(),
            Some(other),
            "{}: nothing is left",
            subject.name
        );
    }
}

/// A change sets what it names, to nothing too, and leaves the rest; none at all is a look.
#[tokio::test]
async fn a_change_is_of_what_it_names() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_email_template(&template("one")).await.unwrap();
        let unchanged = store.change_email_template(NAME, TemplateChange::default()).await.unwrap();
        assert_eq!(unchanged, Some(template("one")), "{}", subject.name);
        let mut change = TemplateChange::default();
        change.set("subject", &"two").unwrap();
        change.set("from", &None::<String>).unwrap();
        change.set("enabled", &false).unwrap();
        let changed = store.change_email_template(NAME, change).await.unwrap();
        let expected = EmailTemplate { from: None, enabled: false, ..template("two") };
        assert_eq!(changed.as_ref(), Some(&expected), "{}", subject.name);
        assert_eq!(store.email_template(NAME).await.unwrap(), Some(expected), "{}", subject.name);
    }
}
