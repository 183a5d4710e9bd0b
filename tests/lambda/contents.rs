//! What the binaries are made of.

use std::fs;

use crate::binaries::binary;
use crate::template::Template;

/// Texts that only the clients of who delivers to phones have: of AWS End User Messaging, of Twilio, and of the public
/// authorities' certificates, which only Twilio is reached by.
const OF_PHONES: [&str; 3] = ["PinpointSMSVoiceV2.SendTextMessage", "https://api.twilio.com", "ISRG Root X1"];

/// design §3: who sends no text messages does not contain what sends them. None of it is a part of a cold start then, nor
/// of what the function could be made to do.
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

/// What only the client of EventBridge has: of the functions one puts events.
const OF_THE_BUS: &str = "AWSEvents.PutEvents";

/// The same of the client of the tenant's event bus.
#[test]
fn who_puts_no_events_contains_no_client_for_it() {
    for function in Template::read().functions().values() {
        let puts = function.variables.contains("POSTERN_AUDIT_EVENT_BUS");
        let program = fs::read(binary(&function.binary)).unwrap();
        assert_eq!(contains(&program, OF_THE_BUS.as_bytes()), puts, "{}", function.binary);
    }
}

fn contains(program: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(program, text).is_some()
}
