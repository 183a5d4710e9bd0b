//! Authentication methods as the Management API shows them.

use postern::id::{AuthenticatorId, DeviceId};
use postern::rules::channel::PhoneChannel;
use postern::store::users::{Authenticator, Recovery, Source, UserState};
use postern::time::Timestamp;
use postern::wire::management::instant;
use serde::Serialize;

/// A confirmed authenticator; of a phone both channels, which are one method (contract §3).
pub(crate) struct Method<'a> {
    main: &'a Authenticator,
    twin: Option<&'a Authenticator>,
}

/// Whether an address or a number is shown whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destinations {
    Masked,
    Whole,
}

/// A method on the wire. What there is nothing of is left out.
#[derive(Serialize)]
pub(crate) struct MethodItem {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_auth_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_authentication_method: Option<PhoneChannel>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authentication_methods: Vec<ChannelItem>,
}

/// A channel of a phone.
#[derive(Serialize)]
struct ChannelItem {
    id: String,
    #[serde(rename = "type")]
    channel: PhoneChannel,
}

/// The confirmed methods of a user, oldest first. The one that a verified address is by itself is none of them: Auth0
/// does not show it here.
pub(crate) fn methods(user: &UserState) -> impl Iterator<Item = Method<'_>> {
    user.active().filter_map(|main| {
        let twin = user.twin_of(main);
        // The text channel stands for a phone that has both.
        let is_main = twin.is_none() || main.id == main.id.of_device();
        is_main.then_some(Method { main, twin })
    })
}

/// The methods and the recovery code, oldest first.
pub(crate) fn listed(user: &UserState) -> Vec<MethodItem> {
    let methods = methods(user).map(|method| (method.main.created_at, method.confirmed()));
    let recovery = user.recovery.as_ref().map(|recovery| (recovery.created_at, recovery_code(recovery)));
    let mut items: Vec<_> = methods.chain(recovery).collect();
    items.sort_by_key(|(created_at, _)| *created_at);
    items.into_iter().map(|(_, item)| item).collect()
}

impl<'a> Method<'a> {
    /// The method of an id, by itself or by a channel of it.
    pub(crate) fn find(user: &'a UserState, id: &str) -> Option<Self> {
        methods(user).find(|method| method.id() == id || method.ids().any(|own| own.as_str() == id))
    }

    /// New authenticators that are one method.
    pub(crate) fn made(authenticators: &'a [Authenticator]) -> Option<Self> {
        let (main, others) = authenticators.split_first()?;
        Some(Self { main, twin: others.first() })
    }

    /// The authenticators of it.
    pub(crate) fn authenticators(&self) -> impl Iterator<Item = &'a Authenticator> {
        [Some(self.main), self.twin].into_iter().flatten()
    }

    fn ids(&self) -> impl Iterator<Item = &'a AuthenticatorId> {
        self.authenticators().map(|authenticator| &authenticator.id)
    }

    fn id(&self) -> String {
        match self.kind() {
            "phone" => format!("phone|{}", self.main.id.device()),
            _ => self.main.id.to_string(),
        }
    }

    /// Whether it is that phone or app.
    pub(crate) fn is_of(&self, device: &DeviceId) -> bool {
        self.main.id.device() == device.as_str()
    }

    /// Its type on the wire.
    pub(crate) fn kind(&self) -> &'static str {
        match self.main.source {
            Source::Email { .. } => "email",
            Source::Sms { .. } | Source::Voice { .. } => "phone",
            Source::Otp { .. } => "totp",
        }
    }

    /// The factor it belongs to.
    pub(crate) fn factor(&self) -> postern::rules::policy::Factor {
        self.main.factor()
    }

    /// Whether it can be reached by a channel.
    pub(crate) fn has(&self, channel: PhoneChannel) -> bool {
        self.authenticators().any(|authenticator| channel_of(authenticator) == Some(channel))
    }

    /// When it was made.
    pub(crate) fn created_at(&self) -> Timestamp {
        self.main.created_at
    }

    /// When its last code was accepted.
    pub(crate) fn last_used_at(&self) -> Option<Timestamp> {
        self.authenticators().filter_map(Authenticator::last_used_at).max()
    }

    /// The channel that was used last; texts where none was.
    fn last_channel(&self) -> Option<PhoneChannel> {
        let texts_last = [self.twin, Some(self.main)].into_iter().flatten();
        texts_last.max_by_key(|authenticator| authenticator.last_used_at()).and_then(channel_of)
    }

    /// As lists show it.
    pub(crate) fn confirmed(&self) -> MethodItem {
        MethodItem { confirmed: Some(true), ..self.item(Destinations::Masked) }
    }

    /// As answers to a change show it.
    pub(crate) fn item(&self, destinations: Destinations) -> MethodItem {
        let labels = &self.main.labels;
        let destination = self.main.source.destination().map(|to| match destinations {
            Destinations::Masked => to.masked(),
            Destinations::Whole => to.as_str().to_owned(),
        });
        let (email, phone_number) = match self.kind() {
            "phone" => (None, destination),
            _ => (destination, None),
        };
        let channels = self.authenticators().filter_map(|authenticator| {
            let id = authenticator.id.to_string();
            Some(ChannelItem { id, channel: channel_of(authenticator)? })
        });
        MethodItem {
            id: self.id(),
            kind: self.kind(),
            confirmed: None,
            name: labels.name.as_ref().map(|name| name.as_str().to_owned()),
            email,
            phone_number,
            created_at: instant(self.main.created_at),
            last_auth_at: self.last_used_at().map(instant),
            preferred_authentication_method: labels.preferred.or_else(|| self.last_channel()),
            authentication_methods: channels.collect(),
        }
    }
}

fn channel_of(authenticator: &Authenticator) -> Option<PhoneChannel> {
    match authenticator.source {
        Source::Sms { .. } => Some(PhoneChannel::Sms),
        Source::Voice { .. } => Some(PhoneChannel::Voice),
        Source::Email { .. } | Source::Otp { .. } => None,
    }
}

/// The recovery code, which is listed as a method.
pub(crate) fn recovery_code(recovery: &Recovery) -> MethodItem {
    MethodItem {
        id: recovery.id.to_string(),
        kind: "recovery-code",
        confirmed: Some(true),
        name: None,
        email: None,
        phone_number: None,
        created_at: instant(recovery.created_at),
        last_auth_at: None,
        preferred_authentication_method: None,
        authentication_methods: Vec::new(),
    }
}
