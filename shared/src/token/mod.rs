//! Tokens and the keys behind them: sealed `mfa_token` and `oob_code`, RS256 JWTs, passwords, key generations.

pub mod account_ticket;
pub mod claims;
pub mod code_mac;
pub mod credentials;
pub mod enrolment_ticket;
pub mod foreign;
pub mod issue;
pub mod jwt;
pub mod key_life;
pub mod key_times;
pub mod keyring;
pub mod keys;
pub mod password;
pub mod refresh;
pub mod rotation;
pub mod sealed;
pub mod ticket;
pub mod totp_secret;
pub mod vouched;
