//! The words of text messages and calls. Pure; the code is the only group of its length in each (design §9).

/// Characters of an application's name in a text message: with a code and a domain it stays within one part.
const NAME_CHARS_MAX: usize = 32;

/// The text message with a code. With a domain its last line binds the code to it, so that a browser offers the code
/// on no other site (WebOTP, "origin-bound one-time codes delivered via SMS").
#[must_use]
pub fn sms_code_text(_language: &str, application: &str, code: &str, web_otp_domain: Option<&str>) -> String {
    let application = shortened(application);
    let text = format!("{code} is your {application} code. Never share it.");
    match web_otp_domain {
        // The line before it is left empty for the human eye; only the last one is read by machines.
        Some(domain) => format!("{text}\n\n@{domain} #{code}"),
        None => text,
    }
}

/// What a call says, in SSML: the code digit by digit, slowly, and once more.
#[must_use]
pub fn voice_code_text(_language: &str, application: &str, code: &str) -> String {
    let application = escaped(&shortened(application));
    let spelled = code.chars().map(String::from).collect::<Vec<_>>().join(", ");
    format!(
        concat!(
            "<speak>Hello. Your {} code is <break time=\"500ms\"/>",
            "<prosody rate=\"slow\"><say-as interpret-as=\"digits\">{}</say-as></prosody>.",
            "<break time=\"1s\"/> Once more: <prosody rate=\"slow\">{}</prosody>.",
            "<break time=\"1s\"/> Never share it with anybody. Goodbye.</speak>"
        ),
        application, code, spelled
    )
}

fn shortened(name: &str) -> String {
    // Without an ellipsis: one character outside GSM's alphabet makes every character count double.
    name.chars().take(NAME_CHARS_MAX).collect::<String>().trim_end().to_owned()
}

/// A name as the content of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn the_text_message() {
        assert_snapshot!(sms_code_text("en", "Acme", "042917", None), @"042917 is your Acme code. Never share it.");
        assert_snapshot!(sms_code_text("en", "Acme", "042917", Some("login.acme.example")), @"
        042917 is your Acme code. Never share it.

        @login.acme.example #042917
        ");
    }

    /// One part of a text message is 160 characters of GSM's alphabet, and every part is paid for.
    #[test]
    fn a_long_name_does_not_cost_a_second_part() {
        let text = sms_code_text("en", &"a".repeat(500), "042917", Some("login.acme.example"));
        assert!(text.chars().count() <= 160, "{text}");
    }

    #[test]
    fn the_call() {
        assert_snapshot!(voice_code_text("en", "Acme <&> Co", "042917"), @r#"<speak>Hello. Your Acme &lt;&amp;&gt; Co code is <break time="500ms"/><prosody rate="slow"><say-as interpret-as="digits">042917</say-as></prosody>.<break time="1s"/> Once more: <prosody rate="slow">0, 4, 2, 9, 1, 7</prosody>.<break time="1s"/> Never share it with anybody. Goodbye.</speak>"#);
    }
}
