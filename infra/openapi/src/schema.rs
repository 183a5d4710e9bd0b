//! Schemas (JSON Schema 2020-12), each with an example of what it describes. A schema that has a name brings its
//! definition along wherever it is used, so that nothing has to be registered.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

/// What a value may be.
#[derive(Clone, Debug)]
pub struct Schema {
    json: Map<String, Value>,
    example: Value,
    /// Definitions that it refers to, itself included where it has a name.
    named: BTreeMap<&'static str, Value>,
    /// Whether an object's example has it.
    is_shown: bool,
}

impl Schema {
    fn of(kind: &str, example: Value) -> Self {
        let json = Map::from_iter([("type".to_owned(), kind.into())]);
        Self { json, example, named: BTreeMap::new(), is_shown: true }
    }

    /// A text.
    #[must_use]
    pub fn text(example: impl Into<String>) -> Self {
        Self::of("string", Value::String(example.into()))
    }

    /// One of some words; the first is the example.
    #[must_use]
    pub fn word(words: &[&str]) -> Self {
        Self::text(words.first().copied().unwrap_or_default()).with("enum", json!(words))
    }

    /// The one value there is.
    #[must_use]
    pub fn only(value: Value) -> Self {
        let json = Map::from_iter([("const".to_owned(), value.clone())]);
        Self { json, example: value, named: BTreeMap::new(), is_shown: true }
    }

    /// A truth value.
    #[must_use]
    pub fn truth(example: bool) -> Self {
        Self::of("boolean", Value::Bool(example))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(bounds: RangeInclusive<u64>, example: u64) -> Self {
        let least = Self::of("integer", example.into()).with("minimum", (*bounds.start()).into());
        // The bound of the type is no bound of the contract.
        if *bounds.end() == u64::MAX { least } else { least.with("maximum", (*bounds.end()).into()) }
    }

    /// A list.
    #[must_use]
    pub fn list(item: Self) -> Self {
        let Self { json, example, named, .. } = item;
        let mut list = Self::of("array", Value::Array(vec![example])).with("items", Value::Object(json));
        list.named = named;
        list
    }

    /// An object, whose members follow.
    #[must_use]
    pub fn object() -> Self {
        Self::of("object", Value::Object(Map::new()))
    }

    /// An object of an operator's or an application's own making.
    #[must_use]
    pub fn free_object(example: Value) -> Self {
        Self::of("object", example)
    }

    /// One of several; the first has the example.
    #[must_use]
    pub fn any_of(schemas: impl IntoIterator<Item = Self>) -> Self {
        Self::joined("anyOf", schemas)
    }

    /// Exactly one of several; the first has the example.
    #[must_use]
    pub fn one_of(schemas: impl IntoIterator<Item = Self>) -> Self {
        Self::joined("oneOf", schemas)
    }

    fn joined(keyword: &str, schemas: impl IntoIterator<Item = Self>) -> Self {
        let (mut each, mut example, mut named) = (Vec::new(), None, BTreeMap::new());
        for schema in schemas {
            named.extend(schema.named);
            example = example.or(Some(schema.example));
            each.push(Value::Object(schema.json));
        }
        let json = Map::from_iter([(keyword.to_owned(), Value::Array(each))]);
        Self { json, example: example.unwrap_or_default(), named, is_shown: true }
    }

    /// A member that must be there.
    #[must_use]
    pub fn must(mut self, name: &str, schema: Self) -> Self {
        let required = self.json.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(names) = required {
            names.push(name.into());
        }
        self.may(name, schema)
    }

    /// A member that may be there.
    #[must_use]
    pub fn may(mut self, name: &str, schema: Self) -> Self {
        let Self { json, example, named, is_shown } = schema;
        self.named.extend(named);
        let properties = self.json.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            properties.insert(name.to_owned(), Value::Object(json));
        }
        if let Value::Object(members) = &mut self.example
            && is_shown
        {
            members.insert(name.to_owned(), example);
        }
        self
    }

    /// The same members, none of which must be there: what `fields` leave of an answer, or what a change may name.
    #[must_use]
    pub fn with_nothing_required(mut self) -> Self {
        self.json.remove("required");
        self
    }

    /// No other members: a request that names another is refused.
    #[must_use]
    pub fn closed(self) -> Self {
        self.with("additionalProperties", Value::Bool(false))
    }

    /// Any keyword.
    #[must_use]
    pub fn with(mut self, keyword: &str, value: Value) -> Self {
        self.json.insert(keyword.to_owned(), value);
        self
    }

    /// What it means.
    #[must_use]
    pub fn about(self, text: impl Into<String>) -> Self {
        self.with("description", Value::String(text.into()))
    }

    /// How many characters it has.
    #[must_use]
    pub fn length(self, bounds: RangeInclusive<usize>) -> Self {
        let least = if *bounds.start() > 0 { self.with("minLength", (*bounds.start()).into()) } else { self };
        least.with("maxLength", (*bounds.end()).into())
    }

    /// How many items it has.
    #[must_use]
    pub fn items(self, bounds: RangeInclusive<usize>) -> Self {
        let least = if *bounds.start() > 0 { self.with("minItems", (*bounds.start()).into()) } else { self };
        least.with("maxItems", (*bounds.end()).into())
    }

    /// What it looks like.
    #[must_use]
    pub fn matching(self, pattern: &str) -> Self {
        self.with("pattern", pattern.into())
    }

    /// A format of JSON Schema.
    #[must_use]
    pub fn format(self, name: &str) -> Self {
        self.with("format", name.into())
    }

    /// Null as well.
    #[must_use]
    pub fn or_null(mut self) -> Self {
        match self.json.get("type").cloned() {
            Some(kind @ Value::String(_)) => {
                if let Some(Value::Array(words)) = self.json.get_mut("enum") {
                    words.push(Value::Null);
                }
                self.with("type", Value::Array(vec![kind, "null".into()]))
            }
            _ => Self::any_of([self, Self::of("null", Value::Null)]),
        }
    }

    /// Another example.
    #[must_use]
    pub fn such_as(mut self, example: Value) -> Self {
        self.example = example;
        self
    }

    /// Left out of the examples of objects: an alternative, or what few need.
    #[must_use]
    pub fn unshown(mut self) -> Self {
        self.is_shown = false;
        self
    }

    /// The same under a name among the document's components.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        let Self { json, example, mut named, is_shown } = self;
        named.insert(name, Value::Object(json));
        let reference = format!("#/components/schemas/{name}");
        let json = Map::from_iter([("$ref".to_owned(), reference.into())]);
        Self { json, example, named, is_shown }
    }

    /// This, and what another schema says beside it.
    #[must_use]
    pub fn narrowed(self, by: Value) -> Self {
        let json = Map::from_iter([("allOf".to_owned(), json!([self.json, by]))]);
        Self { json, ..self }
    }

    /// The schema.
    #[must_use]
    pub fn json(&self) -> Value {
        Value::Object(self.json.clone())
    }

    /// An example of it.
    #[must_use]
    pub fn example(&self) -> &Value {
        &self.example
    }

    /// The definitions it refers to.
    #[must_use]
    pub fn definitions(&self) -> &BTreeMap<&'static str, Value> {
        &self.named
    }
}
