//! Text messages and calls, by AWS End User Messaging or by Twilio.

use std::sync::Arc;

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::operation::send_text_message::SendTextMessageError;
use aws_sdk_pinpointsmsvoicev2::operation::send_voice_message::SendVoiceMessageError;
use aws_sdk_pinpointsmsvoicev2::types::error::{ConflictException, ValidationException};
use aws_sdk_pinpointsmsvoicev2::types::{
    ConflictExceptionReason, MessageType, ValidationExceptionReason, VoiceId, VoiceMessageBodyTextType,
};

use super::code::CodeMessage;
use super::liquid::Given;
use super::occasion::Occasion;
use super::phone_text::{bound, sms_code_text, sms_sign_in_text, voice_code_text};
use super::sign_in::{Reach, SignInMessage};
use super::template::name;
use super::twilio::TwilioClient;
use super::{DeliveryFailure, classify};
use crate::aws::{OnDemand, PhoneClients};
use crate::config::{Config, Issuer};
use crate::rules::passwordless::Connection;
use crate::rules::phone::PhoneNumber;
use crate::rules::twilio::TwilioAccount;

/// In log lines.
const SERVICE: &str = "sms-voice";
/// The bounds of a message's time to live, in seconds.
const TIME_TO_LIVE: (u64, u64) = (5, 259_200);

/// Who delivers.
#[derive(Clone, Debug)]
pub enum Provider {
    /// AWS End User Messaging, with the deployment's numbers.
    Aws,
    /// Twilio, with the tenant's account.
    Twilio(Arc<TwilioAccount>),
}

/// Texts and calls phones.
#[derive(Clone, Debug)]
pub struct Texter {
    aws: OnDemand<Client>,
    twilio: TwilioClient,
    texts_from: Option<String>,
    calls_from: Option<String>,
    configuration_set: Option<String>,
    tenant_name: String,
}

impl Texter {
    /// A texter with the deployment's numbers.
    #[must_use]
    pub fn new(clients: PhoneClients, config: &Config) -> Self {
        Self {
            aws: clients.aws,
            twilio: clients.twilio,
            texts_from: config.sms_origination_identity.clone(),
            calls_from: config.voice_origination_identity.clone(),
            configuration_set: config.sms_configuration_set.clone(),
            tenant_name: config.tenant_name.clone(),
        }
    }

    /// Texts a code.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn text(
        &self,
        provider: &Provider,
        to: &PhoneNumber,
        message: &CodeMessage<'_>,
    ) -> Result<(), DeliveryFailure> {
        let domain = message.occasion.settings.web_otp_domain.as_deref();
        let language = message.occasion.language();
        let text =
            sms_code_text(language, &self.application(&message.occasion), message.code.as_str(), domain);
        let seconds = message.seconds_valid;
        self.deliver_text(provider, to, text, seconds, Reach::Somebody).await
    }

    /// Texts the code of a sign-in without password: by the operator's template if there is one that works, else by the
    /// built-in text.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn send_sign_in(
        &self,
        provider: &Provider,
        to: &PhoneNumber,
        message: &SignInMessage<'_>,
        issuer: &Issuer,
    ) -> Result<(), DeliveryFailure> {
        let (occasion, code) = (&message.occasion, message.code.as_str());
        let domain = occasion.settings.web_otp_domain.as_deref();
        let by_template = || {
            let own = [
                SignInMessage::connection(Connection::Sms),
                ("code", Given::text(Some(code))),
                ("phone_number", Given::text(Some(to.as_str()))),
                ("minutes_valid", Given::number(message.seconds_valid / 60)),
            ];
            let values = occasion.values(&self.tenant_name, issuer.as_str()).into_iter().chain(own);
            let values = values.map(|(name, value)| (name.to_owned(), value)).collect();
            occasion.template?.render_text(&Given::Members(values), code)
        };
        let text = match by_template() {
            Some(text) => bound(text, code, domain),
            None => sms_sign_in_text(occasion.language(), &self.application(occasion), code, domain),
        };
        self.deliver_text(provider, to, text, message.seconds_valid, message.reach).await
    }

    async fn deliver_text(
        &self,
        provider: &Provider,
        to: &PhoneNumber,
        text: String,
        seconds: u64,
        reach: Reach,
    ) -> Result<(), DeliveryFailure> {
        match (provider, reach) {
            (Provider::Aws, reach) => self.text_by_aws(to, text, seconds, reach).await,
            (Provider::Twilio(account), Reach::Somebody) => {
                self.twilio.message(account, to, &text, seconds).await
            }
            (Provider::Twilio(account), Reach::Nobody) => {
                self.twilio.message_to_nobody(account, &text, seconds).await
            }
        }
    }

    /// Calls and speaks a code.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn call(
        &self,
        provider: &Provider,
        to: &PhoneNumber,
        message: &CodeMessage<'_>,
    ) -> Result<(), DeliveryFailure> {
        let language = message.occasion.language();
        let voice = voice_of(language.tag());
        let speech = voice_code_text(language, &self.application(&message.occasion), message.code.as_str());
        match provider {
            Provider::Aws => self.call_by_aws(to, speech, voice.0, message.seconds_valid).await,
            Provider::Twilio(account) => self.twilio.call(account, to, &say(&voice, &speech)).await,
        }
    }

    async fn text_by_aws(
        &self,
        to: &PhoneNumber,
        text: String,
        seconds: u64,
        reach: Reach,
    ) -> Result<(), DeliveryFailure> {
        let from = sender(self.texts_from.as_deref(), "POSTERN_SMS_ORIGINATION_IDENTITY")?;
        let call = self
            .aws
            .send_text_message()
            .destination_phone_number(to.as_str())
            .origination_identity(from)
            .message_type(MessageType::Transactional)
            .message_body(text)
            .time_to_live(time_to_live(seconds))
            .set_dry_run((reach == Reach::Nobody).then_some(true))
            .set_configuration_set_name(self.configuration_set.clone());
        call.send().await.map(|_| ()).map_err(|error| {
            let about_number = match error.as_service_error() {
                Some(SendTextMessageError::ConflictException(it)) => protected(it),
                Some(SendTextMessageError::ValidationException(it)) => barred(it),
                _ => None,
            };
            classify(SERVICE, "SendTextMessage", &error, about_number)
        })
    }

    async fn call_by_aws(
        &self,
        to: &PhoneNumber,
        speech: String,
        voice: VoiceId,
        seconds: u64,
    ) -> Result<(), DeliveryFailure> {
        let from = sender(self.calls_from.as_deref(), "POSTERN_VOICE_ORIGINATION_IDENTITY")?;
        let call = self
            .aws
            .send_voice_message()
            .destination_phone_number(to.as_str())
            .origination_identity(from)
            .message_body(speech)
            .message_body_text_type(VoiceMessageBodyTextType::Ssml)
            .voice_id(voice)
            .time_to_live(time_to_live(seconds))
            .set_configuration_set_name(self.configuration_set.clone());
        call.send().await.map(|_| ()).map_err(|error| {
            let about_number = match error.as_service_error() {
                Some(SendVoiceMessageError::ConflictException(it)) => protected(it),
                Some(SendVoiceMessageError::ValidationException(it)) => barred(it),
                _ => None,
            };
            classify(SERVICE, "SendVoiceMessage", &error, about_number)
        })
    }

    /// What the message calls the application: its name or, when it is blank, the tenant's, as one harmless line.
    fn application(&self, occasion: &Occasion<'_>) -> String {
        let application = name(occasion.application);
        if application.is_empty() { name(&self.tenant_name) } else { application }
    }
}

fn sender<'a>(identity: Option<&'a str>, variable: &'static str) -> Result<&'a str, DeliveryFailure> {
    identity.ok_or_else(|| {
        tracing::error!(event = "no_sender", variable, "the origination identity is not set");
        DeliveryFailure::Refused
    })
}

/// Whoever has the number replied STOP, or the account protects it, or its country, from messages, as AWS says it.
fn protected(conflict: &ConflictException) -> Option<DeliveryFailure> {
    use ConflictExceptionReason as Reason;
    match conflict.reason()? {
        Reason::DestinationPhoneNumberOptedOut
        | Reason::DestinationPhoneNumberBlockedByProtectNumberOverride => Some(DeliveryFailure::Unreachable),
        Reason::DestinationCountryBlockedByProtectConfiguration => Some(DeliveryFailure::Barred),
        _ => None,
    }
}

/// Nothing is sent to the number's country, or not from where it would come, as AWS says it.
fn barred(invalid: &ValidationException) -> Option<DeliveryFailure> {
    use ValidationExceptionReason as Reason;
    let by_country = [Reason::DestinationCountryBlocked, Reason::InvalidIdentityForDestinationCountry];
    invalid.reason().filter(|reason| by_country.contains(reason)).map(|_| DeliveryFailure::Barred)
}

/// A code that arrives after it is over is worth nothing: the carriers may drop it then.
fn time_to_live(seconds_valid: u64) -> i32 {
    let (least, most) = TIME_TO_LIVE;
    i32::try_from(seconds_valid.clamp(least, most)).unwrap_or(i32::MAX)
}

/// A voice, and the language it speaks as Twilio writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Voice(VoiceId, &'static str);

/// A voice that speaks the language, of those the service has; an English one for the rest.
fn voice_of(language: &str) -> Voice {
    let mut parts = language.split(['-', '_']).map(str::to_ascii_lowercase);
    let (language, region) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    match (language.as_str(), region.as_str()) {
        ("de", _) => Voice(VoiceId::Vicki, "de-DE"),
        ("es", "mx") => Voice(VoiceId::Mia, "es-MX"),
        ("es", _) => Voice(VoiceId::Lucia, "es-ES"),
        ("fr", "ca") => Voice(VoiceId::Chantal, "fr-CA"),
        ("fr", _) => Voice(VoiceId::Lea, "fr-FR"),
        ("it", _) => Voice(VoiceId::Bianca, "it-IT"),
        ("pt", "pt") => Voice(VoiceId::Ines, "pt-PT"),
        ("pt", _) => Voice(VoiceId::Camila, "pt-BR"),
        ("nl", _) => Voice(VoiceId::Lotte, "nl-NL"),
        ("pl", _) => Voice(VoiceId::Ewa, "pl-PL"),
        ("tr", _) => Voice(VoiceId::Filiz, "tr-TR"),
        ("ja", _) => Voice(VoiceId::Mizuki, "ja-JP"),
        ("zh", _) => Voice(VoiceId::Zhiyu, "cmn-CN"),
        ("ko", _) => Voice(VoiceId::Seoyeon, "ko-KR"),
        ("ar", _) => Voice(VoiceId::Zeina, "arb"),
        ("en", "gb") => Voice(VoiceId::Amy, "en-GB"),
        // No voice of the service speaks Hindi.
        ("en", "in") | ("hi", _) => Voice(VoiceId::Raveena, "en-IN"),
        _ => Voice(VoiceId::Joanna, "en-US"),
    }
}

/// The same speech in TwiML: Twilio has the voices of AWS, and takes within `Say` what SSML has within `speak`. It
/// spells their names as Polly does (`Vicki`), where End User Messaging has capitals (`VICKI`).
fn say(Voice(voice, language): &Voice, ssml: &str) -> String {
    let speech = ssml.strip_prefix("<speak>").and_then(|text| text.strip_suffix("</speak>")).unwrap_or(ssml);
    let (initial, rest) = voice.as_str().split_at_checked(1).unwrap_or_default();
    let voice = format!("{initial}{}", rest.to_ascii_lowercase());
    format!(r#"<Response><Say voice="Polly.{voice}" language="{language}">{speech}</Say></Response>"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::language::Language;

    #[test]
    fn a_voice_speaks_the_language_asked_for() {
        for (language, voice) in [
            ("de", VoiceId::Vicki),
            ("de-AT", VoiceId::Vicki),
            ("pt-BR", VoiceId::Camila),
            ("pt_PT", VoiceId::Ines),
            ("zh-Hant-TW", VoiceId::Zhiyu),
            ("EN-gb", VoiceId::Amy),
            ("en", VoiceId::Joanna),
            ("", VoiceId::Joanna),
            ("xx", VoiceId::Joanna),
        ] {
            assert_eq!(voice_of(language).0, voice, "{language}");
        }
    }

    #[test]
    fn twiml_says_what_ssml_says() {
        let said = say(&voice_of("de"), r#"<speak>Hallo &amp; <break time="1s"/></speak>"#);
        assert_eq!(
            said,
            r#"<Response><Say voice="Polly.Vicki" language="de-DE">Hallo &amp; <break time="1s"/></Say></Response>"#
        );
        for language in Language::ALL {
            let Voice(_, spoken) = voice_of(language.tag());
            let expected = match &language.tag()[..2] {
                "zh" => "cmn",
                "ar" => "arb",
                // Read by a voice of India that speaks English.
                "hi" => "en-IN",
                language => language,
            };
            assert!(spoken.starts_with(expected), "{language:?}: {spoken}");
        }
    }

    #[test]
    fn a_message_lives_as_long_as_its_code() {
        assert_eq!([0, 300, 1_000_000].map(time_to_live), [5, 300, 259_200]);
    }
}
