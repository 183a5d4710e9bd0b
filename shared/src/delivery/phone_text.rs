//! What phones are told: one segment of a text message, and a call that says the code twice.

use super::template::{escape_html, fill, name};
use crate::rules::language::Language;

/// Characters of an application's name in a text message.
const NAME_CHARS_MAX: usize = 30;

/// A text message with the second factor's code. With a domain, its last line binds the code to it (WebOTP), so that
/// browsers offer the code there and nowhere else.
#[must_use]
pub fn sms_code_text(
    language: Language,
    application: &str,
    code: &str,
    web_otp_domain: Option<&str>,
) -> String {
    bound(sms(language.texts().sms_code, application, code), code, web_otp_domain)
}

/// A text message with the code of a sign-in without password.
#[must_use]
pub fn sms_sign_in_text(
    language: Language,
    application: &str,
    code: &str,
    web_otp_domain: Option<&str>,
) -> String {
    bound(sms(language.texts().sms_sign_in, application, code), code, web_otp_domain)
}

fn sms(sentence: &str, application: &str, code: &str) -> String {
    let values = [("code", code.to_owned()), ("application", short(application))];
    fill(sentence, &values, str::to_owned)
}

fn short(application: &str) -> String {
    let name = name(application);
    let mut short: String = name.chars().take(NAME_CHARS_MAX).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// `@domain #code` on the last line (WICG, "Origin-bound one-time codes delivered via SMS").
pub(super) fn bound(text: String, code: &str, domain: Option<&str>) -> String {
    match domain {
        Some(domain) => format!("{text}\n\n@{domain} #{code}"),
        None => text,
    }
}

/// What a call says, in SSML: the code digit by digit, slowly, and once more.
#[must_use]
pub fn voice_code_text(language: Language, application: &str, code: &str) -> String {
    let slowly = |said: &str| format!(r#"<break time="500ms"/><prosody rate="slow">{said}</prosody>"#);
    let digits: Vec<_> = code.chars().map(String::from).collect();
    // Only once as one group: whoever looks for the code in what was said finds it once (design §9).
    let whole = format!(r#"<say-as interpret-as="digits">{}</say-as>"#, escape_html(code));
    let values = [
        ("code", slowly(&whole)),
        ("again", slowly(&escape_html(&digits.join(", ")))),
        ("application", escape_html(&name(application))),
    ];
    format!("<speak>{}</speak>", fill(language.texts().voice_code, &values, str::to_owned))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    /// The basic set of GSM 03.38; of its extension none is used.
    const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

    /// One segment: 160 characters of GSM-7, else 70 of UCS-2, in which some characters take two.
    #[test]
    fn every_text_message_is_one_segment() {
        for language in Language::ALL {
            for application in ["Acme Shop", "Contoso Bank 24"] {
                for text in [
                    sms_code_text(language, application, "042917", None),
                    sms_sign_in_text(language, application, "042917", None),
                ] {
                    let is_gsm = text.chars().all(|c| GSM.contains(c));
                    let (length, most) =
                        if is_gsm { (text.chars().count(), 160) } else { (text.encode_utf16().count(), 70) };
                    assert!(length <= most, "{language:?}: {length} of {most}: {text}");
                    assert!(text.starts_with("042917"), "{language:?}");
                    assert_eq!(text.split(|c: char| !c.is_numeric()).filter(|run| run.len() == 6).count(), 1);
                }
            }
        }
    }

    #[test]
    fn a_code_can_be_bound_to_a_domain() {
        assert_snapshot!(sms_code_text(Language::En, "Acme", "042917", Some("login.acme.example")), @"
        042917 is your Acme code. Never share it with anyone.

        @login.acme.example #042917
        ");
        let long = sms_code_text(Language::En, &"a".repeat(500), "042917", None);
        assert_eq!(long, format!("042917 is your {}… code. Never share it with anyone.", "a".repeat(30)));
    }

    #[test]
    fn a_call_says_the_digits_twice() {
        assert_snapshot!(voice_code_text(Language::En, "Acme <&> Co", "042917"), @r#"<speak>Hello. Your code for Acme &lt;&amp;&gt; Co is: <break time="500ms"/><prosody rate="slow"><say-as interpret-as="digits">042917</say-as></prosody>. Once more, your code is: <break time="500ms"/><prosody rate="slow">0, 4, 2, 9, 1, 7</prosody>. Goodbye.</speak>"#);
        for language in Language::ALL {
            let said = voice_code_text(language, "Acme", "042917");
            assert_eq!(said.matches("0, 4, 2, 9, 1, 7").count(), 1, "{language:?}");
            assert_eq!(said.matches("042917").count(), 1, "{language:?}");
            assert!(!said.contains("{{"), "{language:?}");
        }
    }
}
