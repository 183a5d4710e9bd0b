//! What the binaries are made of.

use std::fs;

use crate::binaries::binary;
use crate::template::Template;

/// Texts that only the clients of who delivers to phones have: AWS End User Messaging, and Twilio.
const OF_PHONES: [&str; 2] = ["PinpointSMSVoiceV2.SendTextMessage", "https://api.twilio.com"];

/// design §3: who sends no text messages does not contain what sends them, down to the public authorities' certificates
/// that Twilio is reached by: none of it is a part of their cold start, nor of what they could be made to do.
#[test]
fn who_texts_nobody_contains_no_client_for_it() {
    for function in Template::read().functions().values() {
        let texts = function.variables.contains("POSTERN_TWILIO_URL");
        let program = fs::read(binary(&function.binary)).unwrap();
        for text in OF_PHONES {
            assert_eq!(contains(&program, text.as_bytes()), texts, "{}: {text}", function.binary);
        }
    }
}

fn contains(program: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(program, text).is_some()
}
