//! The blocks that could run away: `for` takes a step for every round of every loop, `capture` keeps a bounded text.

use std::io::Write;

use liquid_core::model::{KString, Object, Value, ValueCow, ValueView};
use liquid_core::parser::{BlockElement, TryMatchToken};
use liquid_core::runtime::{Interrupt, InterruptRegister, StackFrame};
use liquid_core::{
    BlockReflection, Error, Expression, Language, ParseBlock, Renderable, Result, Runtime, TagBlock,
    TagTokenIter, Template,
};

use super::assign::weight;
use super::{Bounded, STEPS_MAX, VALUE_BYTES_MAX, charge};

/// What begins and what ends a block.
struct Tags(&'static str, &'static str);

impl BlockReflection for Tags {
    fn start_tag(&self) -> &str {
        self.0
    }

    fn end_tag(&self) -> &str {
        self.1
    }

    fn description(&self) -> &str {
        ""
    }
}

/// `{% for x in array %}`, `{% for i in (1..5) %}`, with `limit`, `offset`, `reversed` and `{% else %}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForBlock;

/// What a loop goes over.
#[derive(Debug)]
enum Over {
    Array(Expression),
    Numbers(Expression, Expression),
}

#[derive(Debug)]
struct For {
    variable: KString,
    over: Over,
    limit: Option<Expression>,
    offset: Option<Expression>,
    reversed: bool,
    body: Template,
    otherwise: Template,
}

impl ParseBlock for ForBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let variable =
            arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?.to_owned();
        let word = arguments.expect_next("\"in\" expected.")?.expect_str("in");
        word.into_result_custom_msg("\"in\" expected.")?;
        let over = match arguments.expect_next("Array or range expected.")?.expect_value() {
            TryMatchToken::Matches(array) => Over::Array(array),
            TryMatchToken::Fails(token) => {
                let (first, last) = token.expect_range().into_result()?;
                Over::Numbers(first, last)
            }
        };
        let (mut limit, mut offset, mut reversed) = (None, None, false);
        while let Some(token) = arguments.next() {
            match token.as_str() {
                "limit" => limit = Some(argument(&mut arguments)?),
                "offset" => offset = Some(argument(&mut arguments)?),
                "reversed" => reversed = true,
                _ => return Err(token.raise_custom_error("\"limit\", \"offset\" or \"reversed\" expected.")),
            }
        }
        let (body, otherwise) = bodies(&mut block, options)?;
        block.assert_empty();
        let variable = KString::from_string(variable);
        Ok(Box::new(For { variable, over, limit, offset, reversed, body, otherwise }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags("for", "endfor")
    }
}

fn argument(arguments: &mut TagTokenIter<'_>) -> Result<Expression> {
    let colon = arguments.expect_next("\":\" expected.")?.expect_str(":");
    colon.into_result_custom_msg("\":\" expected.")?;
    arguments.expect_next("Value expected.")?.expect_value().into_result()
}

/// What stands before and after `{% else %}`.
fn bodies(block: &mut TagBlock<'_, '_>, options: &Language) -> Result<(Template, Template)> {
    let (mut body, mut otherwise) = (Vec::new(), Vec::new());
    while let Some(element) = block.next()? {
        match element {
            BlockElement::Tag(mut tag) if tag.name() == "else" => {
                tag.tokens().expect_nothing()?;
                otherwise = block.parse_all(options)?;
                break;
            }
            element => body.push(element.parse(block, options)?),
        }
    }
    Ok((Template::new(body), Template::new(otherwise)))
}

impl For {
    /// What the loop goes over, never more than could ever be looked at.
    fn items(&self, runtime: &dyn Runtime) -> Result<Vec<Value>> {
        let most = STEPS_MAX as usize + 1;
        let mut items: Vec<Value> = match &self.over {
            Over::Array(array) => {
                let array = array.evaluate(runtime)?;
                elements(&array).take(most).collect()
            }
            Over::Numbers(first, last) => {
                let (first, last) = (number(first, runtime)?, number(last, runtime)?);
                (first..=last).take(most).map(Value::scalar).collect()
            }
        };
        let count = |expression: &Option<Expression>| {
            expression.as_ref().map(|expression| number(expression, runtime)).transpose()
        };
        let offset = count(&self.offset)?.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
        items.drain(..offset.min(items.len()));
        if let Some(limit) = count(&self.limit)? {
            items.truncate(usize::try_from(limit).unwrap_or(0));
        }
        if self.reversed {
            items.reverse();
        }
        Ok(items)
    }
}

fn elements<'a>(value: &'a ValueCow<'_>) -> impl Iterator<Item = Value> + 'a {
    value.as_array().into_iter().flat_map(|array| array.values().map(ValueView::to_value))
}

fn number(expression: &Expression, runtime: &dyn Runtime) -> Result<i64> {
    let value = expression.evaluate(runtime)?;
    let number = value.as_scalar().and_then(|scalar| scalar.to_integer());
    number.ok_or_else(|| Error::with_msg("a whole number is expected"))
}

/// `forloop` of one round.
fn forloop(index: usize, length: usize) -> Value {
    let number = |number: usize| Value::scalar(i64::try_from(number).unwrap_or(i64::MAX));
    let mut object = Object::new();
    object.insert("length".into(), number(length));
    object.insert("index0".into(), number(index));
    object.insert("index".into(), number(index + 1));
    object.insert("rindex0".into(), number(length - index - 1));
    object.insert("rindex".into(), number(length - index));
    object.insert("first".into(), Value::scalar(index == 0));
    object.insert("last".into(), Value::scalar(index + 1 == length));
    Value::Object(object)
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let items = self.items(runtime)?;
        charge(runtime, items.iter().map(weight).sum())?;
        if items.is_empty() {
            return self.otherwise.render_to(writer, runtime);
        }
        let length = items.len();
        for (index, item) in items.into_iter().enumerate() {
            charge(runtime, 0)?;
            let mut names = Object::new();
            names.insert("forloop".into(), forloop(index, length));
            names.insert(self.variable.clone(), item);
            let scope = StackFrame::new(runtime, names);
            self.body.render_to(writer, &scope)?;
            let interrupt = scope.registers().get_mut::<InterruptRegister>().reset();
            if interrupt == Some(Interrupt::Break) {
                break;
            }
        }
        Ok(())
    }
}

/// `{% capture x %}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct CaptureBlock;

#[derive(Debug)]
struct Capture {
    variable: KString,
    body: Template,
}

impl ParseBlock for CaptureBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let variable =
            arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?.to_owned();
        arguments.expect_nothing()?;
        let body = Template::new(block.parse_all(options)?);
        block.assert_empty();
        Ok(Box::new(Capture { variable: KString::from_string(variable), body }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags("capture", "endcapture")
    }
}

impl Renderable for Capture {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let mut captured = Bounded::new(VALUE_BYTES_MAX);
        self.body.render_to(&mut captured, runtime)?;
        charge(runtime, captured.bytes.len())?;
        let text = String::from_utf8(captured.bytes).map_err(|_| Error::with_msg("not UTF-8"))?;
        runtime.set_global(self.variable.clone(), Value::scalar(text));
        Ok(())
    }
}
