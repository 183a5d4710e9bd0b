//! Why a row is refused, in words that hold nothing of what is in the row but names of properties.

use postern::store::import::Arrival;

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    #[error("the row is not a JSON object")]
    NotAnObject,
    #[error("the row is longer than 1 MiB")]
    TooLong,
    #[error("{property}: expected {expected}")]
    WrongType { property: &'static str, expected: &'static str },
    #[error("{0}: it is empty, too long, or not what it should be")]
    Text(&'static str),
    #[error("user_id: letters, digits and -._@| are taken, 64 of them at most")]
    UserId,
    #[error("user_id: users of this provider cannot move in, only those of a database, and of email and sms")]
    Provider,
    #[error("email: not an address")]
    Email,
    #[error("phone_number: not a number in E.164 form")]
    PhoneNumber,
    #[error("neither email nor phone_number: there is nothing to sign in by")]
    NoLogin,
    #[error("{0}: it is larger than 4096 bytes, too deep, or has a nameless member")]
    Metadata(&'static str),
    #[error(
        "multifactor: the user had second factors, and mfa_factors has none: --without-factors takes the row"
    )]
    FactorsMissing,
    #[error("created_at: not a time as ISO 8601 has it")]
    CreatedAt,
    #[error("{0}: not a hash of this algorithm")]
    HashMalformed(&'static str),
    #[error("{0}: the hash would take too long at each sign-in: bcrypt is taken up to cost 14")]
    HashTooCostly(&'static str),
    #[error("custom_password_hash: of the algorithms bcrypt and argon2 are taken")]
    HashAlgorithm,
    #[error("custom_password_hash: salts, keys and encodings are not taken beside a hash")]
    HashDetail,
    #[error("password_hash and custom_password_hash: one of them at most")]
    TwoHashes,
    #[error("mfa_factors: there are more than 10")]
    TooManyFactors,
    #[error("mfa_factors: expected objects with totp, phone or email")]
    Factor,
    #[error("mfa_factors: one of them is there twice")]
    FactorTwice,
    #[error("mfa_factors: the secret of totp is not base32 of 128 to 512 bits")]
    TotpSecret,
    #[error("mfa_factors: the value of phone is not a number in E.164 form")]
    FactorPhone,
    #[error("mfa_factors: codes are not sent to numbers of that kind")]
    FactorPhoneCostly,
    #[error("mfa_factors: the value of email is not an address")]
    FactorEmail,
    #[error("an earlier row has this id, address or number")]
    Repeated,
    #[error("a user of another address has this id")]
    IdTaken,
    #[error("another user has this address or number")]
    AddressTaken,
}

impl Reason {
    /// Of what was refused by the table.
    pub(crate) fn of(arrival: Arrival) -> Option<Self> {
        match arrival {
            Arrival::Done | Arrival::Known => None,
            Arrival::IdTaken => Some(Self::IdTaken),
            Arrival::AddressTaken => Some(Self::AddressTaken),
        }
    }
}
