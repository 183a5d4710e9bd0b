//! Liquid as operators write it in email templates: parsed with line and column of what is wrong, rendered within
//! limits that no template and no user's data can exceed.
//!
//! The language is the crate's (`liquid-core`, `liquid-lib`); what could run away is ours: loops and captures
//! ([`blocks`]), copies ([`assign`]), filters ([`filters`]), the shape of the source ([`source`]). There is no `include` and no `render`: a
//! template is one text. Variables that do not exist are empty, as they are at Auth0.

mod assign;
mod blocks;
mod filters;
mod source;
mod values;

use std::io::{self, Write};

use liquid_core::parser::Language;
use liquid_core::runtime::{Renderable, Runtime, RuntimeBuilder, Template};
use liquid_core::{Error, ParseBlock, ParseTag, Result as LiquidResult};
use liquid_lib::stdlib;

pub use source::Flaw;
pub use values::Given;

/// Longest text that a template may come to, in bytes.
pub const OUTPUT_BYTES_MAX: usize = 128 * 1024;
/// Longest value that a filter or a `capture` may make, in bytes.
const VALUE_BYTES_MAX: usize = 32 * 1024;
/// Rounds of all loops, values assigned and filters applied, of one rendering together.
const STEPS_MAX: u32 = 5_000;
/// Bytes that all filters, assignments and loops of one rendering may read and write together.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Whether values are escaped as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escaping {
    /// For HTML: every `{{ … }}` that does not end in `| raw`. What is escaped already (`| escape`) stays as it is.
    Html,
    /// None: for subjects and senders.
    None,
}

/// A template ready to be rendered.
pub struct Liquid(Template);

/// Never shows the text, which may be an operator's secret joke.
impl std::fmt::Debug for Liquid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Liquid(…)")
    }
}

/// A template that could not be rendered: too much of something, or a value it cannot do with. What exactly is not
/// told, for the crate's messages repeat values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template could not be rendered")]
pub struct NotRendered;

impl Liquid {
    /// Parses a template.
    ///
    /// # Errors
    /// With line and column of the first thing that is wrong.
    pub fn parse(text: &str, escaping: Escaping) -> Result<Self, Flaw> {
        let language = language();
        let pieces = source::scan(text)?;
        source::check_pieces(text, &pieces, &language)?;
        let composed = source::compose(&pieces, escaping);
        let parsed = liquid_core::parser::parse(&composed, &language);
        // Piece by piece it was right, so what is left is a tag in the wrong place, such as an `elsif` of nothing.
        parsed.map(|elements| Self(Template::new(elements))).map_err(|error| source::whole(&error))
    }

    /// Renders it.
    ///
    /// # Errors
    /// See [`NotRendered`].
    pub fn render(&self, values: &Given) -> Result<String, NotRendered> {
        let runtime = RuntimeBuilder::new().set_globals(values).build();
        let mut output = Bounded::new(OUTPUT_BYTES_MAX);
        self.0.render_to(&mut output, &runtime).map_err(|_| NotRendered)?;
        String::from_utf8(output.bytes).map_err(|_| NotRendered)
    }
}

fn language() -> Language {
    let mut language = Language::empty();
    for tag in [
        Box::new(assign::AssignTag) as Box<dyn ParseTag>,
        Box::new(stdlib::BreakTag),
        Box::new(stdlib::ContinueTag),
    ] {
        let name = tag.reflection().tag().to_owned();
        language.tags.register(name, tag);
    }
    for block in [
        Box::new(stdlib::IfBlock) as Box<dyn ParseBlock>,
        Box::new(stdlib::UnlessBlock),
        Box::new(stdlib::CaseBlock),
        Box::new(blocks::ForBlock),
        Box::new(blocks::CaptureBlock),
    ] {
        let name = block.reflection().start_tag().to_owned();
        language.blocks.register(name, block);
    }
    filters::register(&mut language);
    language
}

/// What one rendering has used up; it begins at nothing.
#[derive(Debug, Default)]
struct Spent {
    steps: u32,
    bytes: usize,
}

/// Takes one step, of so many bytes, from what a rendering may use.
fn charge(runtime: &dyn Runtime, bytes: usize) -> LiquidResult<()> {
    let mut spent = runtime.registers().get_mut::<Spent>();
    spent.steps += 1;
    spent.bytes = spent.bytes.saturating_add(bytes);
    match spent.steps > STEPS_MAX || spent.bytes > BYTES_MAX {
        true => Err(Error::with_msg("the template does too much")),
        false => Ok(()),
    }
}

/// A buffer that refuses more than it may hold.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
}

impl Bounded {
    fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), max }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.max {
            return Err(io::Error::other("the text is too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
