//! Lists of the Management API in pages: `page`, `per_page` and `include_totals` (contract §6).

use axum::response::Response;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Params, private_json};
use crate::store::listing::{Listed, Order, Part};
use crate::wire::management::ManagementRefusal;

/// Items of a page where nothing is said.
pub const ITEMS_DEFAULT: usize = 50;
/// Most items of a page.
pub const ITEMS_MAX: usize = 100;
/// The last page: no list is that long.
pub const PAGE_MAX: usize = 1_000_000;

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

    /// The part of a list that is to be read.
    #[must_use]
    pub fn part(&self) -> Part {
        self.part_in(Order::Ascending)
    }

    /// The same, of a list that is read from either end.
    #[must_use]
    pub fn part_in(&self, order: Order) -> Part {
        Part { order, start: self.start(), size: self.size, is_counted: self.has_totals }
    }

    /// That part, read: bare, or under `name` with where it stands.
    pub fn answer_listed<T: Serialize>(&self, name: &'static str, listed: &Listed<T>) -> Response {
        match listed.total {
            Some(total) => self.answer_with_totals(name, &listed.items, total),
            None => private_json(&listed.items),
        }
    }

    /// The part of a list that is on this page: bare, or under `name` with where it stands.
    pub fn answer<T: Serialize>(&self, name: &'static str, items: &[T]) -> Response {
        let shown = self.shown(items);
        match self.has_totals {
            true => self.answer_with_totals(name, shown, items.len()),
            false => private_json(&shown),
        }
    }

    /// As [`Page::answer_listed`], with how many items the page has: as logs are answered.
    pub fn answer_measured<T: Serialize>(&self, name: &'static str, listed: &Listed<T>) -> Response {
        match listed.total {
            Some(total) => private_json(&Totals {
                length: Some(listed.items.len()),
                ..self.totals(name, &listed.items, total)
            }),
            None => private_json(&listed.items),
        }
    }

    /// The items of a list that are on this page.
    #[must_use]
    pub fn shown<'a, T>(&self, items: &'a [T]) -> &'a [T] {
        let shown = items.get(self.start()..).unwrap_or_default();
        shown.get(..self.size).unwrap_or(shown)
    }

    fn start(&self) -> usize {
        self.number.saturating_mul(self.size)
    }

    fn answer_with_totals<T: Serialize>(&self, name: &'static str, shown: &[T], total: usize) -> Response {
        private_json(&self.totals(name, shown, total))
    }

    fn totals<'a, T>(&self, name: &'static str, shown: &'a [T], total: usize) -> Totals<'a, T> {
        Totals { name, shown, total, start: self.start(), limit: self.size, length: None }
    }
}

/// A page of a list that is read on from where the last one ended: `take` and `from`.
#[derive(Clone, Debug)]
pub struct Stretch {
    size: usize,
    from: Option<String>,
}

impl Stretch {
    /// Reads what a query says of it; `None` where it says nothing, and pages are numbered.
    ///
    /// # Errors
    /// 400 in the Management API's format for numbers out of their range, and what is no number.
    pub fn of(query: &Params) -> Result<Option<Self>, ManagementRefusal> {
        let from = text(query, "from").map(ToOwned::to_owned);
        match number(query, "take", ITEMS_MAX)? {
            Some(0) => Err(invalid("take", "Value 0 is less than minimum 1")),
            None if from.is_none() => Ok(None),
            size => Ok(Some(Self { size: size.unwrap_or(ITEMS_DEFAULT), from })),
        }
    }

    /// How many items are answered at most.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The word that the last answer said, if there was one.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Those of what follows that are answered, and whether there are more.
    #[must_use]
    pub fn shown<'a, T>(&self, following: &'a [T]) -> (&'a [T], bool) {
        match following.split_at_checked(self.size) {
            Some((shown, rest)) => (shown, !rest.is_empty()),
            None => (following, false),
        }
    }

    /// The items under `name`, and where to read on, if there are more.
    pub fn answer<T: Serialize>(name: &'static str, shown: &[T], next: Option<String>) -> Response {
        private_json(&Onward { name, shown, next })
    }
}

/// What a stretch answers.
struct Onward<'a, T> {
    name: &'static str,
    shown: &'a [T],
    next: Option<String>,
}

impl<T: Serialize> Serialize for Onward<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, self.shown)?;
        if let Some(next) = &self.next {
            map.serialize_entry("next", next)?;
        }
        map.end()
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
    length: Option<usize>,
}

impl<T: Serialize> Serialize for Totals<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, self.shown)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("start", &self.start)?;
        map.serialize_entry("limit", &self.limit)?;
        if let Some(length) = self.length {
            map.serialize_entry("length", &length)?;
        }
        map.end()
    }
}
