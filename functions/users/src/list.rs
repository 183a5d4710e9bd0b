//! `GET /api/v2/users`: the tenant's users in pages, and the one who is searched for.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use postern::app::App;
use postern::http::Params;
use postern::http::fields::Fields;
use postern::http::management::{authorize, query};
use postern::http::paging::Page;
use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::store::listing::{Listed, Order};
use postern::store::users::Profile;
use postern::wire::management::ManagementRefusal;

use crate::by_address;
use crate::view;

/// Users that pages reach, as at Auth0: what is beyond is found by search, and read by an export.
const REACHED_MAX: usize = 1_000;

/// What is searched for: no index holds anything else of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Search {
    Address(EmailAddress),
    Id(UserId),
    /// Something that no user can be.
    Nobody,
}

pub(crate) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:users").await?;
    let query = query(&uri)?;
    let (page, fields) = (Page::of(&query)?, Fields::of(&query)?);
    let shown = |users: &[Profile]| -> Result<Vec<_>, ManagementRefusal> {
        users.iter().map(|profile| Ok(fields.of_object(view::shown(profile)?))).collect()
    };
    if let Some(search) = Search::of(&query)? {
        let found = match search {
            Search::Address(address) => by_address(&app, &address).await?,
            Search::Id(user) => app.store.profile(&user).await?.into_iter().collect(),
            Search::Nobody => Vec::new(),
        };
        return Ok(page.answer("users", &shown(&found)?));
    }
    let order = order_of(&query)?;
    let part = page.part_in(order);
    if part.start.saturating_add(part.size) > REACHED_MAX {
        let text =
            format!("Pages reach the first {REACHED_MAX} users: search for others by q, or export all");
        return Err(ManagementRefusal::InvalidQuery(text));
    }
    let Listed { items, total } = app.store.users_in(part).await?;
    Ok(page.answer_listed("users", &Listed { items: shown(&items)?, total }))
}

/// `sort`: by the time of creation, the oldest first where nothing is said.
fn order_of(query: &Params) -> Result<Order, ManagementRefusal> {
    match query.optional("sort").ok().flatten() {
        None | Some("created_at:1") => Ok(Order::Ascending),
        Some("created_at:-1") => Ok(Order::Descending),
        Some(_) => {
            let text = "'Expected created_at:1 or created_at:-1' on property sort.";
            Err(ManagementRefusal::InvalidQuery(text.to_owned()))
        }
    }
}

impl Search {
    /// `q`, in the one form of Lucene's language that is answered here: a field, a colon and the whole value, which may
    /// stand in quotes.
    fn of(query: &Params) -> Result<Option<Self>, ManagementRefusal> {
        let text = |name| query.optional(name).ok().flatten();
        if text("search_engine").is_some_and(|engine| engine != "v3") {
            let text = "'No enum match, expected v3' on property search_engine.";
            return Err(ManagementRefusal::InvalidQuery(text.to_owned()));
        }
        let Some(q) = text("q").map(str::trim) else { return Ok(None) };
        Self::parse(q).map(Some).ok_or_else(|| {
            let text = r#"'Only email:"the whole address" and user_id:"the whole id" are searched for' on property q."#;
            ManagementRefusal::InvalidQuery(text.to_owned())
        })
    }

    fn parse(q: &str) -> Option<Self> {
        let (field, value) = q.split_once(':')?;
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = quoted.unwrap_or(value);
        // Several terms, wildcards, ranges and escapes would all mean something else.
        let is_plain =
            !value.is_empty() && !value.contains([' ', '*', '?', '"', '\\', '(', '[', '{', '~', '^']);
        match (is_plain, field) {
            (true, "email") => Some(EmailAddress::parse(value).map_or(Self::Nobody, Self::Address)),
            (true, "user_id") => Some(UserId::parse(value).map_or(Self::Nobody, Self::Id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_whole_value_is_searched_for() {
        let ada = EmailAddress::parse("ada@example.com").map(Search::Address);
        for q in [r#"email:"ada@example.com""#, "email:ada@example.com", "email:ADA@example.com"] {
            assert_eq!(Search::parse(q), ada, "{q}");
        }
        assert_eq!(Search::parse(r#"user_id:"auth0|1""#), UserId::parse("auth0|1").map(Search::Id));
        assert_eq!(Search::parse("email:nobody"), Some(Search::Nobody));
        for q in [
            "",
            "ada",
            "ada@example.com",
            "email:",
            r#"email:"""#,
            "email:a*",
            r#"email:"a@example.com" OR email:"b@example.com""#,
            "email:a@example.com OR blocked:true",
            "name:ada",
            "NOT email:a@example.com",
            "user_id:[a TO b]",
        ] {
            assert_eq!(Search::parse(q), None, "{q}");
        }
    }
}
