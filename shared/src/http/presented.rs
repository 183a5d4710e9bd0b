//! The ticket that the page behind a link is asked with.

use axum::http::Uri;

use super::Params;
use crate::app::App;
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::token::keyring::KeyRing;
use crate::token::sealed::{self, NotSealed};

/// Why a ticket does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is none, or it does not open, is over, or is void. There is one answer to all of it.
    NoTicket,
    /// AWS fails.
    Unavailable,
}

impl Problem {
    /// In the audit log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTicket => "no_ticket",
            Self::Unavailable => "unavailable",
        }
    }
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

/// A ticket as it came.
#[derive(Clone)]
pub struct Presented(pub String);

/// It is as good as a password.
impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented(…)")
    }
}

impl Presented {
    /// Opens the ticket among the parameters.
    ///
    /// # Errors
    /// See [`Problem`].
    pub async fn open<T>(
        app: &App,
        params: Option<&Params>,
        now: Timestamp,
        open: fn(&KeyRing, &str, Timestamp) -> Result<T, NotSealed>,
    ) -> Result<(Self, T), Problem> {
        let text = params.and_then(|params| params.required("ticket").ok()).ok_or(Problem::NoTicket)?;
        let kid = sealed::kid_of(text).ok_or(Problem::NoTicket)?;
        let ring = app.keys.ring_with(Some(&kid), now).await?;
        let ticket = open(&ring, text, now).map_err(|_| Problem::NoTicket)?;
        Ok((Self(text.to_owned()), ticket))
    }
}

/// The parameters of a link.
#[must_use]
pub fn of_link(uri: &Uri) -> Option<Params> {
    Params::parse(uri.query().unwrap_or_default().as_bytes()).ok()
}
