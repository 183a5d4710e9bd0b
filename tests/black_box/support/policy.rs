//! IAM as far as the template uses it. The twin logs what IAM would be asked; here it is asked.

use local::aws::Action;
use serde_yaml_ng::Value;

use super::template::intrinsic;

/// One statement that allows.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sid: String,
    actions: Vec<String>,
    /// What it is about, as the template writes it.
    pub(crate) resources: Vec<Value>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<Value>,
}

/// One of the things that a statement allows: an action, on what one value of its condition names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Allowed {
    pub(crate) action: String,
    /// The beginning of a partition key or the use of a key, as the template writes it; empty where nothing narrows it.
    pub(crate) on: String,
}

fn list(value: &Value) -> Vec<Value> {
    // A choice is one value, although its arguments are a sequence.
    if intrinsic(value, "If").is_some() {
        return vec![value.clone()];
    }
    value.as_sequence().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Statement {
    pub(crate) fn of(statement: &Value) -> Self {
        assert_eq!(statement["Effect"], "Allow");
        let conditions =
            statement["Condition"].as_mapping().into_iter().flatten().flat_map(|(operator, tests)| {
                let tests = tests.as_mapping().expect("a condition").iter();
                tests.map(move |(key, values)| Condition {
                    operator: text(operator),
                    key: text(key),
                    values: list(values),
                })
            });
        Self {
            sid: text(&statement["Sid"]),
            actions: list(&statement["Action"]).iter().map(text).collect(),
            resources: list(&statement["Resource"]),
            conditions: conditions.collect(),
        }
    }

    /// Whether it allows what the twin was asked to do.
    pub(crate) fn allows(&self, asked: &Action) -> bool {
        let resource = match asked.action.split_once(':').map(|(service, _)| service) {
            Some("dynamodb") if asked.index.is_some() => self.is_about_index(),
            Some("dynamodb") => self.is_about("Table.Arn"),
            Some("kms") => self.is_about("Key.Arn"),
            // It knows no resources: the list is the account's.
            Some("ses") if asked.action.ends_with("SuppressedDestination") => {
                self.resources.iter().all(|it| it.as_str() == Some("*"))
            }
            // The identity and the configuration set both have to be named.
            Some("ses") => self.resources.len() == 2,
            // The origination identity and the bus are parameters.
            Some("sms-voice" | "events") => {
                self.resources.len() == 1 && intrinsic(&self.resources[0], "Sub").is_some()
            }
            _ => false,
        };
        self.actions.contains(&asked.action) && resource && self.conditions.iter().all(|it| it.holds(asked))
    }

    /// What it allows, one by one.
    pub(crate) fn allowed(&self) -> Vec<Allowed> {
        let narrowing = self.conditions.iter().find(|condition| condition.narrows());
        let values = narrowing.map_or_else(|| vec![String::new()], |it| it.values.iter().map(text).collect());
        let each = |action: &String| {
            let action = action.clone();
            values.clone().into_iter().map(move |on| Allowed { action: action.clone(), on })
        };
        self.actions.iter().flat_map(each).collect()
    }

    /// What of it is used by what the twin was asked to do; nothing when it does not allow that.
    pub(crate) fn used_by(&self, asked: &Action) -> Vec<Allowed> {
        let key = asked.leading_key.as_deref();
        let key_use = asked.encryption_context.as_ref().and_then(|context| context.get("use"));
        let about = key.or(key_use.map(String::as_str)).unwrap_or_default();
        let mut used = if self.allows(asked) { self.allowed() } else { Vec::new() };
        used.retain(|it| it.action == asked.action && is_like(about, &it.on));
        used
    }

    /// There is one index.
    fn is_about_index(&self) -> bool {
        self.resources
            .iter()
            .any(|it| intrinsic(it, "Sub").and_then(Value::as_str) == Some("${Table.Arn}/index/listing"))
    }

    fn is_about(&self, attribute: &str) -> bool {
        self.resources.iter().any(|it| intrinsic(it, "GetAtt").and_then(Value::as_str) == Some(attribute))
    }
}

impl Condition {
    /// Whether each of its values is a thing that is allowed by itself.
    fn narrows(&self) -> bool {
        ["dynamodb:LeadingKeys", "kms:EncryptionContext:use"].contains(&&*self.key)
    }

    fn holds(&self, asked: &Action) -> bool {
        let context = asked.encryption_context.as_ref();
        let equals = |text: &str| self.values.iter().any(|value| value.as_str() == Some(text));
        match (self.operator.as_str(), self.key.as_str()) {
            ("ForAllValues:StringLike", "dynamodb:LeadingKeys") => asked
                .leading_key
                .as_deref()
                .is_some_and(|key| self.values.iter().any(|it| is_like(key, &text(it)))),
            ("StringEquals", "kms:EncryptionContext:use") => {
                context.and_then(|it| it.get("use")).is_some_and(|word| equals(word))
            }
            ("ForAllValues:StringEquals", "kms:EncryptionContextKeys") => {
                context.is_some_and(|it| it.keys().all(|key| equals(key)))
            }
            // The twin does not log these; each names one thing, which the product has only one of.
            ("StringEquals", "ses:FromAddress" | "kms:DataKeyPairSpec" | "events:source") => true,
            (operator, key) => panic!("this test does not know the condition {operator} {key}"),
        }
    }
}

/// `StringLike`, with a `*` at the end only.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => text == pattern,
    }
}
