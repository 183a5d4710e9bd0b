//! Filters: the ones that mails need, each with bounded work. The crate's own are not used, for some of them can be made
//! to panic or to fill the memory (`replace` of nothing by something long), which `panic = "abort"` would not survive.

use std::fmt;

use liquid_core::model::{KString, Scalar, Value, ValueView};
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{Error, Expression, Filter, FilterReflection, Language, ParseFilter, Result, Runtime};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{VALUE_BYTES_MAX, charge};
use crate::rules::calendar::UtcTime;

/// Longest argument of a filter, in bytes.
const ARGUMENT_BYTES_MAX: usize = 1_024;
/// Longest format of `date`, in bytes.
const FORMAT_BYTES_MAX: usize = 64;
/// What RFC 3986 §2.3 lets stand.
const NOT_UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

type Apply = fn(&dyn ValueView, &[Value], &dyn Runtime) -> Result<Value>;

/// A filter: its name, how many arguments it takes, and what it does.
struct Spec {
    name: &'static str,
    arguments: (usize, usize),
    apply: Apply,
}

const fn spec(name: &'static str, arguments: (usize, usize), apply: Apply) -> Spec {
    Spec { name, arguments, apply }
}

static SPECS: [Spec; 26] = [
    spec("append", (1, 1), |input, arguments, _| word(text(input) + &argument(arguments, 0))),
    spec("capitalize", (0, 0), |input, _, _| word(capitalize(&text(input)))),
    spec("date", (1, 1), date),
    spec("default", (1, 1), default),
    spec("downcase", (0, 0), |input, _, _| word(text(input).to_lowercase())),
    spec("escape", (0, 0), |input, _, _| word(escape(&text(input), false))),
    spec("escape_once", (0, 0), |input, _, _| word(escape(&text(input), true))),
    spec("first", (0, 0), |input, _, _| Ok(end_of(input, true))),
    spec("join", (0, 1), join),
    spec("last", (0, 0), |input, _, _| Ok(end_of(input, false))),
    spec("lstrip", (0, 0), |input, _, _| word(text(input).trim_start().to_owned())),
    spec("newline_to_br", (0, 0), |input, _, _| word(text(input).replace('\n', "<br />\n"))),
    spec("prepend", (1, 1), |input, arguments, _| word(argument(arguments, 0) + &text(input))),
    spec("raw", (0, 0), |input, _, _| Ok(input.to_value())),
    spec("remove", (1, 1), |input, arguments, _| replace(&text(input), &argument(arguments, 0), "")),
    spec("replace", (1, 2), |input, arguments, _| {
        replace(&text(input), &argument(arguments, 0), &argument(arguments, 1))
    }),
    spec("rstrip", (0, 0), |input, _, _| word(text(input).trim_end().to_owned())),
    spec("size", (0, 0), size),
    spec("slice", (1, 2), slice),
    spec("split", (1, 1), split),
    spec("strip", (0, 0), |input, _, _| word(text(input).trim().to_owned())),
    spec("strip_html", (0, 0), |input, _, _| word(strip_html(&text(input)))),
    spec("strip_newlines", (0, 0), |input, _, _| word(text(input).replace(['\r', '\n'], ""))),
    spec("truncate", (0, 2), truncate),
    spec("upcase", (0, 0), |input, _, _| word(text(input).to_uppercase())),
    spec("url_encode", (0, 0), |input, _, _| {
        word(utf8_percent_encode(&text(input), &NOT_UNRESERVED).to_string())
    }),
];

/// Adds every filter to a language.
pub(super) fn register(language: &mut Language) {
    for spec in &SPECS {
        language.filters.register(spec.name.to_owned(), Box::new(Known(spec)));
    }
}

#[derive(Clone, Copy)]
struct Known(&'static Spec);

impl FilterReflection for Known {
    fn name(&self) -> &str {
        self.0.name
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Known {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let given: Vec<_> = arguments.positional.collect();
        let (least, most) = self.0.arguments;
        if arguments.keyword.count() > 0 || !(least..=most).contains(&given.len()) {
            let expected = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return Err(Error::with_msg(format!("{} takes {expected} argument(s)", self.0.name)));
        }
        Ok(Box::new(Applied { spec: self.0, arguments: given }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

/// A filter with its arguments, as a template uses it.
struct Applied {
    spec: &'static Spec,
    arguments: Vec<Expression>,
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)
    }
}

impl Filter for Applied {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for expression in &self.arguments {
            let value = expression.evaluate(runtime)?.to_value();
            if value.to_kstr().len() > ARGUMENT_BYTES_MAX {
                return Err(Error::with_msg("an argument is too long"));
            }
            arguments.push(value);
        }
        charge(runtime, input.to_kstr().len())?;
        let output = (self.spec.apply)(input, &arguments, runtime)?;
        let length = output.to_kstr().len();
        charge(runtime, length)?;
        if length > VALUE_BYTES_MAX { Err(Error::with_msg("a value is too long")) } else { Ok(output) }
    }
}

fn text(value: &dyn ValueView) -> String {
    value.to_kstr().into_owned().into_string()
}

fn argument(arguments: &[Value], index: usize) -> String {
    arguments.get(index).map(|value| text(value)).unwrap_or_default()
}

fn number(arguments: &[Value], index: usize) -> Result<Option<i64>> {
    let Some(value) = arguments.get(index) else { return Ok(None) };
    let number = value.as_scalar().and_then(|scalar| scalar.to_integer());
    number.map(Some).ok_or_else(|| Error::with_msg("a whole number is expected"))
}

#[allow(clippy::unnecessary_wraps, reason = "the common shape of filters")]
fn word(text: String) -> Result<Value> {
    Ok(Value::scalar(KString::from_string(text)))
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// For element content and quoted attributes alike; `once` lets the entities stand that this makes itself.
fn escape(text: &str, once: bool) -> String {
    const ENTITIES: [&str; 5] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
    let mut escaped = String::with_capacity(text.len());
    for (index, c) in text.char_indices() {
        let is_entity = || {
            let rest = text.get(index..).unwrap_or_default();
            ENTITIES.iter().any(|entity| rest.starts_with(entity))
        };
        match c {
            '&' if once && is_entity() => escaped.push('&'),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn default(input: &dyn ValueView, arguments: &[Value], _: &dyn Runtime) -> Result<Value> {
    match input.query_state(liquid_core::model::State::DefaultValue) {
        true => Ok(arguments.first().cloned().unwrap_or(Value::Nil)),
        false => Ok(input.to_value()),
    }
}

fn end_of(input: &dyn ValueView, first: bool) -> Value {
    let array = input.as_array();
    let end = array.and_then(|array| if first { array.first() } else { array.last() });
    end.map_or(Value::Nil, ValueView::to_value)
}

fn join(input: &dyn ValueView, arguments: &[Value], _: &dyn Runtime) -> Result<Value> {
    let separator = arguments.first().map_or_else(|| " ".to_owned(), |value| text(value));
    let Some(array) = input.as_array() else { return Ok(input.to_value()) };
    let mut joined = String::new();
    for (index, item) in array.values().enumerate() {
        if index > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&text(item));
        within(joined.len())?;
    }
    word(joined)
}

/// An empty pattern would match everywhere.
fn replace(text: &str, pattern: &str, by: &str) -> Result<Value> {
    if pattern.is_empty() {
        return word(text.to_owned());
    }
    let found = text.matches(pattern).count();
    within(text.len().saturating_add(found.saturating_mul(by.len())))?;
    word(text.replace(pattern, by))
}

fn within(bytes: usize) -> Result<()> {
    if bytes > VALUE_BYTES_MAX { Err(Error::with_msg("a value is too long")) } else { Ok(()) }
}

fn size(input: &dyn ValueView, _: &[Value], _: &dyn Runtime) -> Result<Value> {
    let size = match input.as_array() {
        Some(array) => array.size(),
        None => i64::try_from(text(input).chars().count()).unwrap_or(i64::MAX),
    };
    Ok(Value::scalar(size))
}

/// From a character (counted from the end when negative) so many, else one.
fn slice(input: &dyn ValueView, arguments: &[Value], _: &dyn Runtime) -> Result<Value> {
    let characters: Vec<char> = text(input).chars().collect();
    let length = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let offset = number(arguments, 0)?.unwrap_or(0);
    let offset = if offset < 0 { offset.saturating_add(length) } else { offset };
    let Ok(offset) = usize::try_from(offset) else { return word(String::new()) };
    let count = usize::try_from(number(arguments, 1)?.unwrap_or(1)).unwrap_or(0);
    word(characters.into_iter().skip(offset).take(count).collect())
}

fn split(input: &dyn ValueView, arguments: &[Value], _: &dyn Runtime) -> Result<Value> {
    let (text, separator) = (text(input), argument(arguments, 0));
    let scalar = |part: &str| Value::Scalar(Scalar::new(part.to_owned()));
    Ok(Value::Array(match separator.is_empty() {
        true => text.chars().map(|c| scalar(c.encode_utf8(&mut [0; 4]))).collect(),
        false => text.split(&separator).map(scalar).collect(),
    }))
}

fn strip_html(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => stripped.push(c),
            _ => {}
        }
    }
    stripped
}

fn truncate(input: &dyn ValueView, arguments: &[Value], _: &dyn Runtime) -> Result<Value> {
    let most = usize::try_from(number(arguments, 0)?.unwrap_or(50)).unwrap_or(0);
    let ellipsis = arguments.get(1).map_or_else(|| "...".to_owned(), |value| text(value));
    let text = text(input);
    if text.chars().count() <= most {
        return word(text);
    }
    let kept = most.saturating_sub(ellipsis.chars().count());
    word(text.chars().take(kept).collect::<String>() + &ellipsis)
}

/// Of epoch seconds, of a date with or without a time, taken as UTC, and of `now`, which is the time the template was
/// given: nothing here looks at a clock. What is no date stays as it is.
fn date(input: &dyn ValueView, arguments: &[Value], runtime: &dyn Runtime) -> Result<Value> {
    let format = argument(arguments, 0);
    if format.len() > FORMAT_BYTES_MAX {
        return Err(Error::with_msg("the format of a date is too long"));
    }
    let asked = text(input);
    let now =
        if matches!(asked.as_str(), "now" | "today") { runtime.try_get(&[Scalar::new("now")]) } else { None };
    match UtcTime::parse(&now.map_or(asked, |now| text(now.as_view()))) {
        Some(time) => {
            word(time.format(&format).ok_or_else(|| Error::with_msg("the format of a date is wrong"))?)
        }
        None => Ok(input.to_value()),
    }
}
