//! What a template is given. A name that was not given is empty instead of an error, at any depth, as it is at Auth0:
//! templates written there name things (`organization.name`) that do not exist here.

use std::collections::BTreeMap;
use std::fmt;

use liquid_core::ObjectView;
use liquid_core::model::{ArrayView, DisplayCow, KStringCow, ScalarCow, State, Value, ValueView};

/// A value for a template.
#[derive(Clone)]
pub enum Given {
    /// Nothing; so is every member of it.
    Nothing,
    /// A text, a number, a truth or a list.
    Plain(Value),
    /// Something with members.
    Members(BTreeMap<String, Given>),
}

static NOTHING: Given = Given::Nothing;

impl Given {
    /// Something with these members.
    pub fn members<const N: usize>(members: [(&str, Given); N]) -> Self {
        Self::Members(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A text, or nothing.
    #[must_use]
    pub fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Plain(Value::scalar(text.to_owned())))
    }

    /// A truth.
    #[must_use]
    pub fn truth(truth: bool) -> Self {
        Self::Plain(Value::scalar(truth))
    }

    /// A whole number.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self::Plain(Value::scalar(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    /// JSON, such as a user's metadata.
    #[must_use]
    pub fn json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Nothing,
            serde_json::Value::Object(members) => {
                Self::Members(members.iter().map(|(name, value)| (name.clone(), Self::json(value))).collect())
            }
            serde_json::Value::Array(_)
            | serde_json::Value::String(_)
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_) => liquid_core::to_value(json).map_or(Self::Nothing, Self::Plain),
        }
    }

    fn plain(&self) -> Option<&Value> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Nothing | Self::Members(_) => None,
        }
    }
}

/// Values are people's names and addresses, and codes.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(…)")
    }
}

impl ValueView for Given {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        self.plain().map_or_else(|| DisplayCow::Owned(Box::new("")), ValueView::render)
    }

    fn source(&self) -> DisplayCow<'_> {
        DisplayCow::Owned(Box::new("…"))
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Nothing => "nil",
            Self::Plain(value) => value.type_name(),
            Self::Members(_) => "object",
        }
    }

    fn query_state(&self, state: State) -> bool {
        match (self, state) {
            (Self::Plain(value), _) => value.query_state(state),
            (Self::Nothing, State::Truthy) => false,
            (Self::Nothing, _) => true,
            (Self::Members(_), State::Truthy) => true,
            (Self::Members(members), _) => members.is_empty(),
        }
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        self.plain().map_or_else(|| KStringCow::from_static(""), ValueView::to_kstr)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Nothing => Value::Nil,
            Self::Plain(value) => value.clone(),
            Self::Members(members) => Value::Object(
                members.iter().map(|(name, value)| (name.clone().into(), value.to_value())).collect(),
            ),
        }
    }

    fn as_scalar(&self) -> Option<ScalarCow<'_>> {
        self.plain().and_then(ValueView::as_scalar)
    }

    fn as_array(&self) -> Option<&dyn ArrayView> {
        self.plain().and_then(ValueView::as_array)
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        match self {
            Self::Plain(_) => None,
            Self::Nothing | Self::Members(_) => Some(self),
        }
    }

    fn is_nil(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl ObjectView for Given {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        self.keys().count().try_into().unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(self.iter().map(|(name, _)| name))
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(self.iter().map(|(_, value)| value))
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        match self {
            Self::Members(members) => Box::new(
                members.iter().map(|(name, value)| (KStringCow::from_ref(name), value as &dyn ValueView)),
            ),
            Self::Nothing | Self::Plain(_) => Box::new(std::iter::empty()),
        }
    }

    /// Every name: what is asked of it and not there is nothing.
    fn contains_key(&self, _: &str) -> bool {
        true
    }

    fn get<'s>(&'s self, name: &str) -> Option<&'s dyn ValueView> {
        match self {
            Self::Members(members) => Some(members.get(name).unwrap_or(&NOTHING)),
            Self::Nothing | Self::Plain(_) => Some(&NOTHING),
        }
    }
}
