//! The shape of a template: what is text, output and tag, where it stands, and whether it keeps within limits. The crate
//! tells positions of some mistakes only, and is not made for hostile input; every piece is looked at here before it
//! gets to see it.

use liquid_core::parser::Language;

use super::Escaping;

/// Longest `{{ … }}` or `{% … %}`, in bytes.
const PIECE_BYTES_MAX: usize = 1_000;
/// Most of them in a template, with the texts between them: what a round of a loop can do at most.
const PIECES_MAX: usize = 500;
/// Deepest nesting of blocks, and of brackets in an expression.
const BLOCK_DEPTH_MAX: usize = 16;
const BRACKET_DEPTH_MAX: usize = 4;
/// Longest number, in digits: more does not fit the crate's integers.
const DIGITS_MAX: usize = 15;
/// Longest run of blanks, which the crate's parser looks at once per blank.
const BLANKS_MAX: usize = 500;
/// Longest word that is repeated in a message, in characters.
const WORD_SHOWN_MAX: usize = 40;

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at line {line}, column {column}")]
pub struct Flaw {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// In English, for the operator who wrote it.
    pub problem: String,
}

impl Flaw {
    fn at(text: &str, offset: usize, problem: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: in_line.chars().count() + 1,
            problem: problem.into(),
        }
    }
}

/// What a piece of a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// The inside of `{% raw %}`.
    Verbatim,
    Output,
    Tag,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    kind: Kind,
    text: &'a str,
    /// Where it begins, in bytes.
    at: usize,
}

/// Cuts a template into pieces. Comments are left out.
pub(super) fn scan(text: &str) -> Result<Vec<Piece<'_>>, Flaw> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let start = [rest.find("{{"), rest.find("{%")].into_iter().flatten().min().unwrap_or(rest.len());
        if start > 0 {
            let plain = rest.get(..start).unwrap_or_default();
            check_blanks(text, at, plain)?;
            pieces.push(Piece { kind: Kind::Text, text: plain, at });
            at += start;
            continue;
        }
        let piece = delimited(text, at, rest)?;
        at += piece.text.len();
        match tag_name(piece) {
            Some(name @ ("raw" | "comment")) => {
                let inside = text.get(at..).unwrap_or_default();
                let (length, closing) = closing_tag(inside, name)
                    .ok_or_else(|| Flaw::at(text, piece.at, format!("{{% {name} %}} is never closed")))?;
                if name == "raw" {
                    let verbatim = inside.get(..length).unwrap_or_default();
                    check_blanks(text, at, verbatim)?;
                    pieces.push(Piece { kind: Kind::Verbatim, text: verbatim, at });
                }
                at += length + closing;
            }
            _ => pieces.push(piece),
        }
        if pieces.len() > PIECES_MAX {
            return Err(Flaw::at(text, at, "Too many tags"));
        }
    }
    Ok(pieces)
}

/// The piece that begins at `at`. A closing delimiter inside a string is part of the string.
fn delimited<'a>(text: &str, at: usize, rest: &'a str) -> Result<Piece<'a>, Flaw> {
    let (kind, closing) = if rest.starts_with("{{") { (Kind::Output, "}}") } else { (Kind::Tag, "%}") };
    let mut quote = None;
    let (mut brackets, mut digits) = (0_usize, 0_usize);
    for (index, c) in rest.char_indices().skip(2).take_while(|(index, _)| *index < PIECE_BYTES_MAX) {
        digits = if c.is_ascii_digit() && quote.is_none() { digits + 1 } else { 0 };
        match (quote, c) {
            (Some(opened), _) if opened == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => brackets += 1,
            (None, ']' | ')') => brackets = brackets.saturating_sub(1),
            (None, _) if rest.get(index..).is_some_and(|tail| tail.starts_with(closing)) => {
                let piece = rest.get(..index + closing.len()).unwrap_or_default();
                return Ok(Piece { kind, text: piece, at });
            }
            (None, _) => {}
        }
        if brackets > BRACKET_DEPTH_MAX {
            return Err(Flaw::at(text, at + index, "Too many brackets"));
        }
        if digits > DIGITS_MAX {
            return Err(Flaw::at(text, at + index, "The number is too long"));
        }
    }
    let opening = rest.get(..2).unwrap_or_default();
    Err(Flaw::at(text, at, format!("{opening} is not closed by {closing} within {PIECE_BYTES_MAX} bytes")))
}

fn check_blanks(text: &str, at: usize, plain: &str) -> Result<(), Flaw> {
    let mut blanks = 0;
    for (index, c) in plain.char_indices() {
        blanks = if c.is_ascii_whitespace() { blanks + 1 } else { 0 };
        if blanks > BLANKS_MAX {
            return Err(Flaw::at(text, at + index, "Too many blanks in a row"));
        }
    }
    Ok(())
}

/// Where `{% end<name> %}` begins in `inside`, and how long it is.
fn closing_tag(inside: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let start = from + inside.get(from..)?.find("{%")?;
        let tag = inside.get(start..)?;
        let end = tag.find("%}")? + "%}".len();
        if word_of(tag.get(..end)?) == format!("end{name}") {
            return Some((start, end));
        }
        from = start + "{%".len();
    }
}

fn word_of(tag: &str) -> &str {
    let inside = tag.trim_start_matches("{%").trim_start_matches('-').trim_start();
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    inside.get(..end).unwrap_or_default()
}

fn tag_name<'a>(piece: Piece<'a>) -> Option<&'a str> {
    (piece.kind == Kind::Tag).then(|| word_of(piece.text))
}

/// Checks that blocks are closed in order, and has the crate parse each piece by itself, so that a mistake is told where
/// it is.
pub(super) fn check_pieces(text: &str, pieces: &[Piece<'_>], language: &Language) -> Result<(), Flaw> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    for piece in pieces {
        let Some(name) = tag_name(*piece) else {
            if piece.kind == Kind::Output {
                check_alone(text, *piece, ("", ""), language)?;
            }
            continue;
        };
        let around = match name {
            "if" | "unless" | "for" | "capture" | "case" => {
                open.push((name, piece.at));
                match name {
                    "if" => ("", "{% endif %}"),
                    "unless" => ("", "{% endunless %}"),
                    "for" => ("", "{% endfor %}"),
                    "capture" => ("", "{% endcapture %}"),
                    _ => ("", "{% when 1 %}{% endcase %}"),
                }
            }
            "assign" | "break" | "continue" => ("", ""),
            "elsif" | "else" => ("{% if true %}", "{% endif %}"),
            "when" => ("{% case 1 %}", "{% endcase %}"),
            _ => match name.strip_prefix("end") {
                Some(closes) if open.last().is_some_and(|(last, _)| *last == closes) => {
                    open.pop();
                    continue;
                }
                _ => {
                    let shown: String = name.chars().take(WORD_SHOWN_MAX).collect();
                    return Err(Flaw::at(text, piece.at, format!("Unknown or misplaced tag '{shown}'")));
                }
            },
        };
        if open.len() > BLOCK_DEPTH_MAX {
            return Err(Flaw::at(text, piece.at, "Blocks are nested too deeply"));
        }
        check_alone(text, *piece, around, language)?;
    }
    match open.last() {
        Some((name, at)) => Err(Flaw::at(text, *at, format!("{{% {name} %}} is never closed"))),
        None => Ok(()),
    }
}

fn check_alone(
    text: &str,
    piece: Piece<'_>,
    (before, after): (&str, &str),
    language: &Language,
) -> Result<(), Flaw> {
    let alone = format!("{before}{}{after}", piece.text);
    let Err(error) = liquid_core::parser::parse(&alone, language) else { return Ok(()) };
    let message = error.to_string();
    if let Some(filter) = context(&message, "requested filter=") {
        let offset = piece.text.rfind(filter).unwrap_or(0);
        let shown: String = filter.chars().take(WORD_SHOWN_MAX).collect();
        return Err(Flaw::at(text, piece.at + offset, format!("Unknown filter '{shown}'")));
    }
    Err(Flaw::at(text, piece.at, reason(&message)))
}

/// A value that the crate's message names.
fn context<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.trim().strip_prefix(name))
}

/// The crate's message in one line: of its drawings of the source only the last line says what is wrong.
fn reason(message: &str) -> String {
    let drawn = message.lines().find_map(|line| line.trim().strip_prefix("= "));
    let first = message.lines().next().and_then(|line| line.strip_prefix("liquid: "));
    let plain = first.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("-->"));
    match drawn.or(plain) {
        Some(problem) => format!("Syntax error: {}", problem.chars().take(160).collect::<String>()),
        None => "Syntax error".to_owned(),
    }
}

/// A mistake of the whole, at the place the crate names.
pub(super) fn whole(error: &liquid_core::Error) -> Flaw {
    let message = error.to_string();
    let place = message.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let place = place.or_else(|| message.split_once("--> ").and_then(|(_, rest)| rest.lines().next()));
    let numbers = place.and_then(|place| place.split_once(':'));
    let (line, column) = numbers
        .and_then(|(line, column)| Some((line.trim().parse().ok()?, column.trim().parse().ok()?)))
        .unwrap_or((1, 1));
    Flaw { line, column, problem: reason(&message) }
}

/// Puts the pieces together as the crate is to read them: verbatim text as strings, and values escaped.
pub(super) fn compose(pieces: &[Piece<'_>], escaping: Escaping) -> String {
    let mut composed = String::new();
    for piece in pieces {
        match (piece.kind, escaping) {
            (Kind::Verbatim, _) => composed.push_str(&piece.text.replace('{', "{{ '{' }}")),
            (Kind::Output, Escaping::Html) => composed.push_str(&escaped(piece.text)),
            _ => composed.push_str(piece.text),
        }
    }
    composed
}

/// `{{ x }}` as `{{ x | escape_once }}`, unless it ends in `| raw`.
fn escaped(output: &str) -> String {
    let (inside, closing) = match output.strip_suffix("-}}") {
        Some(inside) => (inside, "-}}"),
        None => (output.strip_suffix("}}").unwrap_or(output), "}}"),
    };
    let last = inside.rsplit_once('|').map(|(_, last)| last.trim());
    match last {
        Some("raw") => output.to_owned(),
        _ => format!("{inside} | escape_once {closing}"),
    }
}
