//! Lists of the Management API in pages: `page`, `per_page` and `include_totals` (contract §6).

use axum::response::Response;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Params, private_json};
use crate::wire::management::ManagementRefusal;

/// Items of a page where nothing is said.
const ITEMS_DEFAULT: usize = 50;
/// Most items of a page.
const ITEMS_MAX: usize = 100;
/// The last page: no list is that long.
const PAGE_MAX: usize = 1_000_000;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: usize,
    size: usize,
    has_totals: bool,
}

impl Page {
    /// Reads what a query says of it.
    ///
    /// # Errors
    /// 400 in the Management API's format for numbers out of their range, and what is no number or no truth value.
    pub fn of(query: &Params) -> Result<Self, ManagementRefusal> {
        Ok(Self {
            number: number(query, "page", PAGE_MAX)?.unwrap_or(0),
            size: number(query, "per_page", ITEMS_MAX)?.unwrap_or(ITEMS_DEFAULT),
            has_totals: match text(query, "include_totals") {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => return Err(invalid("include_totals", "Expected type boolean")),
            },
        })
    }

    /// The place of its first item.
    #[must_use]
    pub fn start(&self) -> usize {
        self.number.saturating_mul(self.size)
    }

    /// How many items it has at most.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The place behind its last item.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start().saturating_add(self.size)
    }

    /// Whether it is asked how long the list is.
    #[must_use]
    pub fn has_totals(&self) -> bool {
        self.has_totals
    }

    /// What the store read of a list for this page, of which there are `total` in all.
    pub fn answer_part<T: Serialize>(&self, name: &'static str, shown: &[T], total: usize) -> Response {
        match self.has_totals {
            true => private_json(&Totals { name, shown, total, start: self.start(), limit: self.size }),
            false => private_json(&shown),
        }
    }

    /// The part of a list that is on this page: bare, or under `name` with where it stands.
    pub fn answer<T: Serialize>(&self, name: &'static str, items: &[T]) -> Response {
        let shown = items.get(self.start()..).unwrap_or_default();
        self.answer_part(name, shown.get(..self.size).unwrap_or(shown), items.len())
    }
}

fn text<'a>(query: &'a Params, name: &'static str) -> Option<&'a str> {
    query.optional(name).ok().flatten()
}

fn number(query: &Params, name: &'static str, max: usize) -> Result<Option<usize>, ManagementRefusal> {
    let Some(text) = text(query, name) else { return Ok(None) };
    // The standard parser takes a sign as well.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(invalid(name, "Expected type integer"));
    }
    match text.parse() {
        Ok(number) if number <= max => Ok(Some(number)),
        _ => Err(invalid(name, &format!("Value is greater than maximum {max}"))),
    }
}

fn invalid(name: &str, problem: &str) -> ManagementRefusal {
    ManagementRefusal::InvalidQuery(format!("'{problem}' on property {name}."))
}

/// A page with where it stands.
struct Totals<'a, T> {
    name: &'static str,
    shown: &'a [T],
    total: usize,
    start: usize,
    limit: usize,
}

impl<T: Serialize> Serialize for Totals<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry(self.name, self.shown)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("start", &self.start)?;
        map.serialize_entry("limit", &self.limit)?;
        map.end()
    }
}
