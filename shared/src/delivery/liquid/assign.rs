//! `{% assign x = y %}`: it copies its value, so it takes from the budget what that weighs.

use std::io::Write;

use liquid_core::model::{KString, Value, ValueView};
use liquid_core::parser::FilterChain;
use liquid_core::{Language, ParseTag, Renderable, Result, Runtime, TagReflection, TagTokenIter};

use super::charge;

#[derive(Clone, Copy, Debug)]
pub(super) struct AssignTag;

impl TagReflection for AssignTag {
    fn tag(&self) -> &str {
        "assign"
    }

    fn description(&self) -> &str {
        ""
    }
}

#[derive(Debug)]
struct Assign {
    variable: KString,
    value: FilterChain,
}

impl ParseTag for AssignTag {
    fn parse(&self, mut arguments: TagTokenIter<'_>, options: &Language) -> Result<Box<dyn Renderable>> {
        let variable =
            arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?.to_owned();
        let equals = arguments.expect_next("\"=\" expected.")?.expect_str("=");
        equals.into_result_custom_msg("\"=\" expected.")?;
        let value = arguments.expect_next("Value expected.")?.expect_filter_chain(options).into_result()?;
        arguments.expect_nothing()?;
        Ok(Box::new(Assign { variable: KString::from_string(variable), value }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

impl Renderable for Assign {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let value = self.value.evaluate(runtime)?.into_owned();
        charge(runtime, weight(&value))?;
        runtime.set_global(self.variable.clone(), value);
        Ok(())
    }
}

/// What a value beside its text weighs, in bytes: about what it takes in memory.
const VALUE_BYTES: usize = 32;

/// How much is copied with a value, in bytes.
pub(super) fn weight(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::Scalar(scalar) => scalar.to_kstr().len(),
            Value::Array(values) => values.iter().map(weight).sum(),
            Value::Object(object) => object.iter().map(|(name, value)| name.len() + weight(value)).sum(),
            Value::State(_) | Value::Nil => 0,
        }
}
