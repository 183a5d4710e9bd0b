//! How a code reaches its user.

use serde::Serialize;

/// The channel of a code, as the wire names it (`oob_channel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Email.
    Email,
    /// Text message.
    Sms,
    /// Phone call.
    Voice,
}
