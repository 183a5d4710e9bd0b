//! Whom a mail is for, and where it comes from: everything that decides its language and that a template may show.

use std::collections::BTreeMap;

use super::custom::CustomTemplate;
use super::liquid::Given;
use crate::id::ClientId;
use crate::rules::language::{Language, RequestedLanguages};
use crate::rules::metadata::MetadataKind;
use crate::rules::policy::TenantSettings;
use crate::store::logins::DEFAULT_CONNECTION;
use crate::store::users::Profile;
use crate::time::Timestamp;

/// The occasion of a message.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The user it is sent to.
    pub profile: &'a Profile,
    /// The client it happens through, where there is one.
    pub client: Option<&'a ClientId>,
    /// That client's name; empty when the request did not name it.
    pub application: &'a str,
    /// What the operator notes of that client.
    pub client_metadata: Option<&'a BTreeMap<String, String>>,
    /// The languages the request asks for.
    pub languages: &'a RequestedLanguages,
    /// The tenant's settings, for its language.
    pub settings: &'a TenantSettings,
    /// The operator's template, if there is one to be used.
    pub template: Option<&'a CustomTemplate>,
    /// The time.
    pub now: Timestamp,
}

impl Occasion<'_> {
    /// The language to write in.
    #[must_use]
    pub fn language(&self) -> Language {
        let of_tenant = self.settings.default_language.as_deref().and_then(Language::closest);
        self.languages.choose(self.profile.lang(), of_tenant.unwrap_or_default())
    }

    /// What a template may show (contract §6), but for the code or the link.
    pub(super) fn values(&self, tenant: &str, issuer: &str) -> [(&'static str, Given); 17] {
        let profile = self.profile;
        let email = profile.email.as_ref().map(|address| address.as_str());
        let metadata = |kind| profile.metadata(kind).map_or(Given::Nothing, |it| Given::json(&it.to_json()));
        let user = Given::members([
            ("user_id", Given::text(Some(profile.user_id.as_str()))),
            ("email", Given::text(email)),
            ("email_verified", Given::truth(profile.email_verified)),
            ("name", Given::text(profile.shown_name())),
            ("nickname", Given::text(profile.shown_nickname())),
            ("given_name", Given::text(profile.given_name.as_deref())),
            ("family_name", Given::text(profile.family_name.as_deref())),
            ("picture", Given::text(profile.picture.as_deref())),
            ("user_metadata", metadata(MetadataKind::User)),
            ("app_metadata", metadata(MetadataKind::App)),
        ]);
        let application = Given::members([
            ("name", Given::text(Some(self.application))),
            ("clientID", Given::text(self.client.map(ClientId::as_str))),
            ("client_metadata", self.client_metadata.map_or(Given::Nothing, noted)),
        ]);
        let raw = Given::text(self.languages.raw());
        let host = issuer.split("://").last().map(|host| host.trim_end_matches('/'));
        [
            ("user", user),
            ("email", Given::text(email)),
            ("user_metadata", metadata(MetadataKind::User)),
            ("application", application),
            ("client_name", Given::text(Some(self.application))),
            ("connection", Given::members([("name", Given::text(Some(DEFAULT_CONNECTION)))])),
            ("tenant", Given::text(Some(tenant))),
            ("friendly_name", Given::text(Some(tenant))),
            ("support_email", Given::Nothing),
            ("support_url", Given::Nothing),
            ("organization", Given::Nothing),
            ("custom_domain", Given::members([("domain", Given::text(host))])),
            ("request_language", raw.clone()),
            ("locale", raw),
            ("language", Given::text(Some(self.language().tag()))),
            ("rtl", Given::truth(self.language().is_right_to_left())),
            ("now", Given::number(self.now.0)),
        ]
    }
}

fn noted(metadata: &BTreeMap<String, String>) -> Given {
    Given::Members(metadata.iter().map(|(name, value)| (name.clone(), Given::text(Some(value)))).collect())
}
