//! What is asked of the log: which part of it, in which order, and what is searched for.

use postern::audit::LogId;
use postern::audit::record::named;
use postern::http::Params;
use postern::http::paging::Page;
use postern::id::UserId;
use postern::store::listing::{Order, Part};
use postern::store::logs::Search;
use postern::wire::management::ManagementRefusal;

/// Records that pages reach, as at Auth0: what is beyond is read on from record to record.
const REACHED_MAX: usize = 1_000;

/// Hexadecimal digits that stand for a user whose id may be an address, see [`named`].
const DIGEST_DIGITS: usize = 24;

/// `sort`: by time, the newest first where nothing is said.
pub(crate) fn order_of(query: &Params) -> Result<Order, ManagementRefusal> {
    match query.optional("sort").ok().flatten() {
        None | Some("date:-1") => Ok(Order::Descending),
        Some("date:1") => Ok(Order::Ascending),
        Some(_) => {
            Err(ManagementRefusal::InvalidQuery("'Expected date:1 or date:-1' on property sort.".into()))
        }
    }
}

/// The part of the log that a page is.
pub(crate) fn part_of(page: &Page, order: Order) -> Result<Part, ManagementRefusal> {
    let part = page.part_in(order);
    if part.start.saturating_add(part.size) > REACHED_MAX {
        let text =
            format!("Pages reach {REACHED_MAX} records: search for fewer by q, or read on by from and take");
        return Err(ManagementRefusal::InvalidQuery(text));
    }
    Ok(part)
}

/// `from`: a record, whether it is still kept or not.
pub(crate) fn position_of(from: &str) -> Result<LogId, ManagementRefusal> {
    LogId::parse(from).ok_or_else(|| ManagementRefusal::malformed_in_query("from", "log-id"))
}

/// `q`, which was called `search`: in the one form of Lucene's language that is answered here, a field, a colon and the
/// whole value, which may stand in quotes.
pub(crate) fn search_of(query: &Params) -> Result<Option<Search>, ManagementRefusal> {
    let text = |name| query.optional(name).ok().flatten();
    let (name, q) = match (text("q"), text("search")) {
        (None, None) => return Ok(None),
        (Some(q), None) => ("q", q),
        (None, Some(search)) => ("search", search),
        (Some(_), Some(_)) => {
            let text = "'q and search are the same: only one of them' on property search.";
            return Err(ManagementRefusal::InvalidQuery(text.to_owned()));
        }
    };
    parse(q.trim()).map(Some).ok_or_else(|| {
        let text =
            r#"Only type:<code>, user_id:"the whole id" and client_id:"the whole id" are searched for"#;
        ManagementRefusal::InvalidQuery(format!("'{text}' on property {name}."))
    })
}

fn parse(q: &str) -> Option<Search> {
    let (field, value) = q.split_once(':')?;
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let value = quoted.unwrap_or(value);
    // Several terms, wildcards, ranges and escapes would all mean something else.
    let is_plain = !value.is_empty() && !value.contains([' ', '*', '?', '"', '\\', '(', '[', '{', '~', '^']);
    match (is_plain, field) {
        (true, "type") => Some(Search::Code(value.to_owned())),
        (true, "client_id") => Some(Search::Client(value.to_owned())),
        (true, "user_id") => Some(Search::User(user(value))),
        _ => None,
    }
}

/// As records have it. Some have a digest in its place, which is searched for as it stands.
fn user(value: &str) -> String {
    let is_digest = value.len() == DIGEST_DIGITS
        && value.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    match is_digest {
        true => value.to_owned(),
        false => named(&UserId::new(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_whole_value_is_searched_for() {
        for q in ["type:sapi", r#"type:"sapi""#] {
            assert_eq!(parse(q), Some(Search::Code("sapi".into())), "{q}");
        }
        for q in ["user_id:auth0|1", r#"user_id:"auth0|1""#] {
            assert_eq!(parse(q), Some(Search::User("auth0|1".into())), "{q}");
        }
        assert_eq!(parse(r#"client_id:"app""#), Some(Search::Client("app".into())));
        for q in [
            "",
            "sapi",
            "type:",
            r#"type:"""#,
            "type:s*",
            "type:(sapi OR fapi)",
            "type:sapi AND user_id:auth0|1",
            "NOT type:sapi",
            "date:[2030-01-01 TO *]",
            "ip:192.0.2.1",
            "user_id:auth0|*",
        ] {
            assert_eq!(parse(q), None, "{q}");
        }
    }

    /// SEC-34: an id that is an address is not in the log, and what is in its place leads to the same records.
    #[test]
    fn a_user_is_found_by_what_the_log_calls_it() {
        let address = UserId::new("email|ada@example.com");
        let digest = named(&address);
        for value in [address.as_str(), &digest] {
            assert_eq!(
                parse(&format!(r#"user_id:"{value}""#)),
                Some(Search::User(digest.clone())),
                "{value}"
            );
        }
    }
}
