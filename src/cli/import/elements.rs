//! Splits JSON into the connections it holds, while it is still being read.
//!
//! One object, an array of objects, JSON lines, or objects one after the other: what comes is told from how it begins. Only
//! quotes and brackets are looked at; whether an element is a connection is for whoever reads it.
//!
//! Why by hand: a JSON reader stops at the first element that is wrong, and here the others go on.

use std::io::{ErrorKind, Read};

use zeroize::Zeroizing;

use super::shape::Shape;

/// The most bytes of one connection, as in the API.
pub const MAX_BYTES: usize = 256 * 1024;

const CHUNK: usize = 64 * 1024;

/// One connection's text, and where it was.
pub struct Element {
    /// What the number counts.
    pub unit: Unit,
    /// From 1.
    pub number: u64,
    /// The text, or why it was not kept.
    pub body: Result<Zeroizing<Vec<u8>>, &'static str>,
}

impl Element {
    fn on_line(number: u64, body: Result<Zeroizing<Vec<u8>>, &'static str>) -> Self {
        Self {
            unit: Unit::Line,
            number,
            body,
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Lines of the input.
    Line,
    /// Elements of an array.
    Element,
}

impl Unit {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Element => "element",
        }
    }
}

/// How the input goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Nothing was read yet.
    Start,
    /// Each line is one.
    Lines,
    /// Each object is one, over as many lines as it takes.
    Objects,
    /// Between the brackets of an array.
    Array,
    /// Behind them.
    Behind,
    /// At the end.
    End,
}

/// The elements of an input.
pub struct Elements<R> {
    source: R,
    chunk: Zeroizing<Vec<u8>>,
    at: usize,
    end: usize,
    line: u64,
    element: u64,
    layout: Layout,
}

impl<R: Read> Elements<R> {
    /// Reads from a source, and no further than needed for what is asked next.
    pub fn new(source: R) -> Self {
        Self {
            source,
            chunk: Zeroizing::new(vec![0; CHUNK]),
            at: 0,
            end: 0,
            line: 1,
            element: 0,
            layout: Layout::Start,
        }
    }

    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        while self.at == self.end {
            match self.source.read(&mut self.chunk) {
                Ok(0) => return Ok(None),
                Ok(length) => (self.at, self.end) = (0, length),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.chunk.get(self.at).copied())
    }

    fn take(&mut self) {
        if self.chunk.get(self.at) == Some(&b'\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    /// Passes over white space, and answers what comes then.
    fn skip_space(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.take(),
                byte => return Ok(byte),
            }
        }
    }

    fn skip_mark(&mut self) -> std::io::Result<()> {
        for expected in *b"\xEF\xBB\xBF" {
            if self.peek()? != Some(expected) {
                break;
            }
            self.take();
        }
        Ok(())
    }

    fn step(&mut self) -> std::io::Result<Option<Element>> {
        loop {
            match self.layout {
                Layout::Start => {
                    self.skip_mark()?;
                    match self.skip_space()? {
                        Some(b'[') => {
                            self.take();
                            self.layout = Layout::Array;
                            if self.skip_space()? == Some(b']') {
                                self.take();
                                self.layout = Layout::Behind;
                            }
                        }
                        Some(_) => return self.first().map(Some),
                        // Nothing at all is one that is malformed, not none.
                        None => {
                            self.layout = Layout::End;
                            return Ok(Some(Element::on_line(1, Ok(Zeroizing::default()))));
                        }
                    }
                }
                Layout::Lines => return self.whole_line(),
                Layout::Objects => return self.object(),
                Layout::Array => return self.in_array().map(Some),
                Layout::Behind => {
                    self.layout = Layout::End;
                    if self.skip_space()?.is_some() {
                        self.element += 1;
                        let why = "There is text after the end of the array";
                        return Ok(Some(Element {
                            unit: Unit::Element,
                            number: self.element,
                            body: Err(why),
                        }));
                    }
                }
                Layout::End => return Ok(None),
            }
        }
    }

    /// The first element, which tells lines from objects.
    fn first(&mut self) -> std::io::Result<Element> {
        let line = self.line;
        let mut shape = Shape::new();
        let mut body = Body::new();
        while let Some(byte) = self.peek()? {
            if self.line > line && shape.is_new_object(byte) {
                // A line that broke off, and the next one begins.
                self.layout = Layout::Lines;
                return Ok(Element::on_line(line, body.end()));
            }
            if byte == b'\n' && shape.is_in_text() {
                self.layout = Layout::Lines;
                return Ok(Element::on_line(line, body.end()));
            }
            self.take();
            body.push(byte);
            shape.see(byte);
            if shape.is_whole() {
                break;
            }
        }
        if self.line > line {
            self.layout = Layout::Objects;
        } else {
            self.layout = Layout::Lines;
            self.rest_of_line(&mut body)?;
        }
        Ok(Element::on_line(line, body.end()))
    }

    fn whole_line(&mut self) -> std::io::Result<Option<Element>> {
        if self.skip_space()?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut body = Body::new();
        self.rest_of_line(&mut body)?;
        Ok(Some(Element::on_line(line, body.end())))
    }

    fn object(&mut self) -> std::io::Result<Option<Element>> {
        if self.skip_space()?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut shape = Shape::new();
        let mut body = Body::new();
        while let Some(byte) = self.peek()? {
            self.take();
            body.push(byte);
            shape.see(byte);
            if shape.is_whole() {
                break;
            }
        }
        Ok(Some(Element::on_line(line, body.end())))
    }

    fn rest_of_line(&mut self, body: &mut Body) -> std::io::Result<()> {
        while let Some(byte) = self.peek()? {
            self.take();
            if byte == b'\n' {
                break;
            }
            body.push(byte);
        }
        Ok(())
    }

    fn in_array(&mut self) -> std::io::Result<Element> {
        self.element += 1;
        let mut shape = Shape::new();
        let mut body = Body::new();
        self.skip_space()?;
        let body = loop {
            let Some(byte) = self.peek()? else {
                self.layout = Layout::End;
                break Err("The array is not closed");
            };
            self.take();
            if shape.is_outside() && matches!(byte, b',' | b']') {
                if byte == b']' {
                    self.layout = Layout::Behind;
                }
                break body.end();
            }
            body.push(byte);
            shape.see(byte);
        };
        Ok(Element {
            unit: Unit::Element,
            number: self.element,
            body,
        })
    }
}

impl<R: Read> Iterator for Elements<R> {
    type Item = std::io::Result<Element>;

    fn next(&mut self) -> Option<Self::Item> {
        let stepped = self.step();
        if stepped.is_err() {
            self.layout = Layout::End;
        }
        stepped.transpose()
    }
}

/// The bytes of one element, as many as are allowed.
struct Body {
    bytes: Zeroizing<Vec<u8>>,
    is_too_large: bool,
}

impl Body {
    fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(1024)),
            is_too_large: false,
        }
    }

    fn push(&mut self, byte: u8) {
        if self.bytes.len() == MAX_BYTES {
            self.is_too_large = true;
        } else {
            self.grow();
            self.bytes.push(byte);
        }
    }

    /// Makes room without leaving a copy behind that nobody wipes.
    fn grow(&mut self) {
        if self.bytes.len() == self.bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(self.bytes.capacity() * 4));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
    }

    fn end(self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        if self.is_too_large {
            Err("A connection must not exceed 256 KiB")
        } else {
            Ok(self.bytes)
        }
    }
}

#[cfg(test)]
mod tests;
