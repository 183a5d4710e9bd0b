//! The rows of an export, one at a time: lines of JSON, or the elements of a JSON array, plain or compressed by gzip.
//! What is in a row is not looked at here. Nothing but the row at hand is in memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::progress::Bytes;

/// Bytes of the longest row.
const ROW_BYTES_MAX: usize = 1024 * 1024;
const BUFFER_BYTES: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A row as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawRow {
    /// The line, from 1; of an array the element.
    pub(crate) line: u64,
    /// `None` when it is longer than any row may be.
    pub(crate) json: Option<Vec<u8>>,
}

#[derive(Clone, Copy)]
enum Shape {
    Lines,
    Array { ended: bool },
}

/// Reads rows.
pub(crate) struct Rows {
    source: Box<dyn BufRead + Send>,
    shape: Shape,
    line: u64,
}

/// Counts what is read of a file, before it is unpacked.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Rows {
    /// Opens a file, whatever its name says of its form.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Bytes)> {
        let file = File::open(path)?;
        let bytes = Bytes { read: Arc::default(), total: file.metadata()?.len() };
        let counted = Counted { file, read: Arc::clone(&bytes.read) };
        Ok((Self::new(BufReader::with_capacity(BUFFER_BYTES, counted))?, bytes))
    }

    fn new(mut source: impl BufRead + Send + 'static) -> io::Result<Self> {
        let source: Box<dyn BufRead + Send> = match source.fill_buf()?.starts_with(&GZIP) {
            true => Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(source))),
            false => Box::new(source),
        };
        let mut rows = Self { source, shape: Shape::Lines, line: 0 };
        rows.find_shape()?;
        Ok(rows)
    }

    /// An array begins with its bracket; blank lines before are counted.
    fn find_shape(&mut self) -> io::Result<()> {
        if self.source.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
            self.source.consume(BYTE_ORDER_MARK.len());
        }
        while let Some(byte) = self.peek()? {
            match byte {
                b'[' => {
                    self.source.consume(1);
                    (self.shape, self.line) = (Shape::Array { ended: false }, 0);
                    return Ok(());
                }
                b'\n' => self.line += 1,
                _ if byte.is_ascii_whitespace() => {}
                _ => return Ok(()),
            }
            self.source.consume(1);
        }
        Ok(())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.source.fill_buf()?.first().copied())
    }

    /// The next row; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawRow>> {
        match self.shape {
            Shape::Lines => self.next_line(),
            Shape::Array { ended: true } => Ok(None),
            Shape::Array { ended: false } => self.next_element(),
        }
    }

    fn next_line(&mut self) -> io::Result<Option<RawRow>> {
        loop {
            let mut row = Row::default();
            let mut is_end = true;
            loop {
                let buffer = self.source.fill_buf()?;
                if buffer.is_empty() {
                    break;
                }
                is_end = false;
                let newline = buffer.iter().position(|byte| *byte == b'\n');
                let (part, taken) = match newline {
                    Some(at) => (buffer.split_at(at).0, at + 1),
                    None => (buffer, buffer.len()),
                };
                row.extend(part);
                self.source.consume(taken);
                if newline.is_some() {
                    break;
                }
            }
            if is_end {
                return Ok(None);
            }
            self.line += 1;
            if !row.is_blank() {
                return Ok(Some(RawRow { line: self.line, json: row.json() }));
            }
        }
    }

    /// An element ends at a comma or the bracket outside of all strings, objects and arrays of its own.
    fn next_element(&mut self) -> io::Result<Option<RawRow>> {
        let mut row = Row::default();
        let (mut depth, mut in_string, mut is_escaped) = (0_u32, false, false);
        loop {
            let Some(byte) = self.peek()? else {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the array has no end: is it whole?",
                ));
            };
            self.source.consume(1);
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if in_string => is_escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b',' | b']' if depth == 0 => {
                    self.shape = Shape::Array { ended: byte == b']' };
                    // Of an empty array, and behind a comma too many, there is nothing.
                    if row.is_blank() && byte == b']' {
                        return Ok(None);
                    }
                    self.line += 1;
                    return Ok(Some(RawRow { line: self.line, json: row.json() }));
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            row.extend(&[byte]);
        }
    }
}

/// A row as it comes in: kept as far as it may be long.
#[derive(Default)]
struct Row {
    kept: Vec<u8>,
    is_too_long: bool,
}

impl Row {
    fn extend(&mut self, part: &[u8]) {
        if self.kept.len() + part.len() > ROW_BYTES_MAX {
            (self.kept, self.is_too_long) = (Vec::new(), true);
        }
        if !self.is_too_long {
            self.kept.extend_from_slice(part);
        }
    }

    fn is_blank(&self) -> bool {
        !self.is_too_long && self.kept.iter().all(u8::is_ascii_whitespace)
    }

    fn json(self) -> Option<Vec<u8>> {
        (!self.is_too_long).then_some(self.kept)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Option<String>)> {
        let mut rows = Rows::new(Cursor::new(bytes.to_vec())).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push((row.line, row.json.map(|json| String::from_utf8(json).unwrap())));
        }
        all
    }

    fn row(line: u64, text: &str) -> (u64, Option<String>) {
        (line, Some(text.to_owned()))
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn lines_have_their_numbers() {
        assert_eq!(read(b"{}\n\n  \n{\"a\":1}"), [row(1, "{}"), row(4, "{\"a\":1}")]);
        assert_eq!(read(b"\xef\xbb\xbf\n \n{}\r\nnot json\n"), [row(3, "{}\r"), row(4, "not json")]);
        assert_eq!((read(b""), read(b" \n\n")), (vec![], vec![]));
    }

    #[test]
    fn an_array_has_elements() {
        let text = br#" [ {"a":"]},[\"\\"} , {"b":[1,{"c":2}]},nonsense, [] ] behind"#;
        let elements = [r#" {"a":"]},[\"\\"} "#, r#" {"b":[1,{"c":2}]}"#, "nonsense", " [] "];
        let expected: Vec<_> = (1..).zip(elements).map(|(line, text)| row(line, text)).collect();
        assert_eq!(read(text), expected);
        assert_eq!((read(b"[]"), read(b"[\n]")), (vec![], vec![]));
    }

    /// What was cut off is not taken for the whole.
    #[test]
    fn what_has_no_end_is_an_error() {
        for bytes in [b"[{}".to_vec(), b"[".to_vec(), packed(b"{}\n{}\n").split_at(18).0.to_vec()] {
            let rows = Rows::new(Cursor::new(bytes)).and_then(|mut rows| {
                while rows.next()?.is_some() {}
                Ok(())
            });
            assert_eq!(rows.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn gzip_is_known_by_its_bytes() {
        let mut twice = packed(b"{}\n");
        twice.extend(packed(b"[]"));
        assert_eq!(read(&twice), [row(1, "{}"), row(2, "[]")], "files that were put together");
        assert_eq!(read(&packed(b"[1]")), [row(1, "1")]);
    }

    #[test]
    fn a_row_that_is_too_long_is_passed_over() {
        let long = "x".repeat(ROW_BYTES_MAX + 1);
        assert_eq!(read(format!("{long}\n{{}}").as_bytes()), [(1, None), row(2, "{}")]);
        assert_eq!(read(format!("[\"{long}\",{{}}]").as_bytes()), [(1, None), row(2, "{}")]);
        let longest = "x".repeat(ROW_BYTES_MAX);
        assert_eq!(read(longest.as_bytes()), [row(1, &longest)]);
    }
}
