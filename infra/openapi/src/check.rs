//! Whether a value is what a schema of the document says, as far as this crate's schemas say anything: a keyword that is
//! not known here is a misfit, so that nothing passes unlooked at.
//!
//! It is stricter than JSON Schema in one thing. Objects are open there, and clients should take them so; but a member
//! that the document does not have is one that somebody forgot to write down.

use std::fmt;

use serde_json::{Map, Value};

/// What does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    at: String,
    problem: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.at.is_empty() { "(whole)" } else { &self.at }, self.problem)
    }
}

impl Misfit {
    fn new(at: &str, problem: impl Into<String>) -> Self {
        Self { at: at.to_owned(), problem: problem.into() }
    }

    /// Not as many alternatives fit as should.
    fn of_each(at: &str, keyword: &str, misfits: &[Self]) -> Self {
        let each: Vec<_> = misfits.iter().map(ToString::to_string).collect();
        Self::new(at, format!("{keyword} has {} misfits: {}", each.len(), each.join("; ")))
    }
}

/// Keywords that say nothing of what fits, and two that are left to real validators.
const SAID: [&str; 5] = ["description", "default", "format", "pattern", "$comment"];

/// Checks values by a document.
#[derive(Clone, Copy, Debug)]
pub struct Checker<'a> {
    document: &'a Value,
}

impl<'a> Checker<'a> {
    /// By a whole document, to which references lead.
    #[must_use]
    pub fn new(document: &'a Value) -> Self {
        Self { document }
    }

    /// What a reference names, or the object itself.
    #[must_use]
    pub fn resolved(&self, object: &'a Value) -> Option<&'a Value> {
        object.get("$ref").map_or(Some(object), |reference| self.definition(reference))
    }

    fn definition(&self, reference: &Value) -> Option<&'a Value> {
        self.document.pointer(reference.as_str()?.strip_prefix('#')?)
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(&self, schema: &'a Value, value: &Value) -> Result<(), Misfit> {
        self.fits(schema, value, "")
    }

    fn fits(&self, schema: &'a Value, value: &Value, at: &str) -> Result<(), Misfit> {
        let Value::Object(keywords) = schema else { return Err(Misfit::new(at, "the schema is no object")) };
        for (keyword, argument) in keywords {
            self.keyword(keywords, keyword, argument, value, at)?;
        }
        Ok(())
    }

    fn keyword(
        &self,
        keywords: &'a Map<String, Value>,
        keyword: &str,
        argument: &'a Value,
        value: &Value,
        at: &str,
    ) -> Result<(), Misfit> {
        let demand = |fits: bool| match fits {
            true => Ok(()),
            false => Err(Misfit::new(at, format!("{value} does not fit {keyword} {argument}"))),
        };
        let each = || argument.as_array().into_iter().flatten();
        match keyword {
            "$ref" => match self.definition(argument) {
                Some(definition) => self.fits(definition, value, at),
                None => Err(Misfit::new(at, format!("{argument} leads nowhere"))),
            },
            "type" => {
                demand(each().chain([argument]).filter_map(Value::as_str).any(|kind| is_of(kind, value)))
            }
            "const" => demand(value == argument),
            "enum" => demand(each().any(|word| word == value)),
            "allOf" => each().try_for_each(|schema| self.fits(schema, value, at)),
            "anyOf" | "oneOf" => {
                let misfits: Vec<_> =
                    each().filter_map(|schema| self.fits(schema, value, at).err()).collect();
                let fitting = each().count() - misfits.len();
                let fits = if keyword == "oneOf" { fitting == 1 } else { fitting > 0 };
                if fits { Ok(()) } else { Err(Misfit::of_each(at, keyword, &misfits)) }
            }
            "properties" | "additionalProperties" | "required" | "maxProperties" | "propertyNames" => {
                self.member_keyword(keywords, keyword, argument, value, at)
            }
            "items" => {
                let mut items = value.as_array().into_iter().flatten().enumerate();
                items.try_for_each(|(index, item)| self.fits(argument, item, &format!("{at}/{index}")))
            }
            "minItems" => demand(counted(value.as_array().map(Vec::len), argument, |n, bound| n >= bound)),
            "maxItems" => demand(counted(value.as_array().map(Vec::len), argument, |n, bound| n <= bound)),
            "minLength" => demand(counted(characters(value), argument, |n, bound| n >= bound)),
            "maxLength" => demand(counted(characters(value), argument, |n, bound| n <= bound)),
            "minimum" => demand(value.as_f64().zip(argument.as_f64()).is_none_or(|(n, bound)| n >= bound)),
            "maximum" => demand(value.as_f64().zip(argument.as_f64()).is_none_or(|(n, bound)| n <= bound)),
            other if SAID.contains(&other) => Ok(()),
            other => Err(Misfit::new(at, format!("nobody checks {other}"))),
        }
    }

    fn member_keyword(
        &self,
        keywords: &'a Map<String, Value>,
        keyword: &str,
        argument: &'a Value,
        value: &Value,
        at: &str,
    ) -> Result<(), Misfit> {
        let Value::Object(members) = value else { return Ok(()) };
        let known = keywords.get("properties").and_then(Value::as_object);
        let mut others =
            members.iter().filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
        let inside = |name: &str| format!("{at}/{name}");
        match keyword {
            "properties" => {
                let declared = argument.as_object().into_iter().flatten();
                let mut present =
                    declared.filter_map(|(name, schema)| Some((name, schema, members.get(name)?)));
                present.try_for_each(|(name, schema, member)| self.fits(schema, member, &inside(name)))?;
                // What narrows another schema has no type, and does not list the members.
                let lists_all =
                    keywords.contains_key("type") && !keywords.contains_key("additionalProperties");
                match others.next().filter(|_| lists_all) {
                    Some((name, _)) => Err(Misfit::new(at, format!("{name} is not in the document"))),
                    None => Ok(()),
                }
            }
            "additionalProperties" => others.try_for_each(|(name, member)| match argument {
                Value::Bool(true) => Ok(()),
                Value::Bool(false) => Err(Misfit::new(at, format!("{name} is not allowed"))),
                schema => self.fits(schema, member, &inside(name)),
            }),
            "required" => {
                let names = argument.as_array().into_iter().flatten().filter_map(Value::as_str);
                match names.into_iter().find(|name| !members.contains_key(*name)) {
                    Some(name) => Err(Misfit::new(at, format!("{name} is missing"))),
                    None => Ok(()),
                }
            }
            "maxProperties" if !counted(Some(members.len()), argument, |n, bound| n <= bound) => {
                Err(Misfit::new(at, format!("more members than {argument}")))
            }
            "propertyNames" => members
                .keys()
                .try_for_each(|name| self.fits(argument, &Value::String(name.clone()), &inside(name))),
            _ => Ok(()),
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn characters(value: &Value) -> Option<usize> {
    value.as_str().map(|text| text.chars().count())
}

/// A bound on a count; values that have none fit.
fn counted(count: Option<usize>, bound: &Value, fits: fn(u64, u64) -> bool) -> bool {
    let count = count.and_then(|count| u64::try_from(count).ok());
    count.zip(bound.as_u64()).is_none_or(|(count, bound)| fits(count, bound))
}
