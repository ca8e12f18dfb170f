//! Splits JSON into the connections it holds, while it is still being read.
//!
//! One object, an array of objects, JSON lines, or objects one after the other: what comes is told from how it begins. Only
//! quotes and brackets are looked at; whether an element is a connection is for whoever reads it.
//!
//! Why by hand: a JSON reader stops at the first element that is wrong, and here the others go on.

use std::io::Read;

use zeroize::Zeroizing;

use super::body::Body;
use super::bytes::Bytes;
use super::shape::Shape;

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
    bytes: Bytes<R>,
    element: u64,
    layout: Layout,
}

impl<R: Read> Elements<R> {
    /// Reads from a source, and no further than needed for what is asked next.
    pub fn new(source: R) -> Self {
        Self {
            bytes: Bytes::new(source),
            element: 0,
            layout: Layout::Start,
        }
    }

    fn step(&mut self) -> std::io::Result<Option<Element>> {
        loop {
            match self.layout {
                Layout::Start => {
                    self.bytes.skip_mark()?;
                    match self.bytes.skip_space()? {
                        Some(b'[') => {
                            self.bytes.take();
                            self.layout = Layout::Array;
                            if self.bytes.skip_space()? == Some(b']') {
                                self.bytes.take();
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
                    if self.bytes.skip_space()?.is_some() {
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
        let line = self.bytes.line();
        let mut shape = Shape::new();
        let mut body = Body::new();
        while let Some(byte) = self.bytes.peek()? {
            if self.bytes.line() > line && shape.is_new_object(byte) {
                // A line that broke off, and the next one begins.
                self.layout = Layout::Lines;
                return Ok(Element::on_line(line, body.end()));
            }
            if byte == b'\n' && shape.is_in_text() {
                self.layout = Layout::Lines;
                return Ok(Element::on_line(line, body.end()));
            }
            self.bytes.take();
            body.push(byte);
            shape.see(byte);
            if shape.is_whole() {
                break;
            }
        }
        if self.bytes.line() > line {
            self.layout = Layout::Objects;
        } else {
            self.layout = Layout::Lines;
            self.rest_of_line(&mut body)?;
        }
        Ok(Element::on_line(line, body.end()))
    }

    fn whole_line(&mut self) -> std::io::Result<Option<Element>> {
        if self.bytes.skip_space()?.is_none() {
            return Ok(None);
        }
        let line = self.bytes.line();
        let mut body = Body::new();
        self.rest_of_line(&mut body)?;
        Ok(Some(Element::on_line(line, body.end())))
    }

    fn object(&mut self) -> std::io::Result<Option<Element>> {
        if self.bytes.skip_space()?.is_none() {
            return Ok(None);
        }
        let line = self.bytes.line();
        let mut shape = Shape::new();
        let mut body = Body::new();
        while let Some(byte) = self.bytes.peek()? {
            self.bytes.take();
            body.push(byte);
            shape.see(byte);
            if shape.is_whole() {
                break;
            }
        }
        Ok(Some(Element::on_line(line, body.end())))
    }

    fn rest_of_line(&mut self, body: &mut Body) -> std::io::Result<()> {
        while let Some(byte) = self.bytes.peek()? {
            self.bytes.take();
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
        self.bytes.skip_space()?;
        let body = loop {
            let Some(byte) = self.bytes.peek()? else {
                self.layout = Layout::End;
                break Err("The array is not closed");
            };
            self.bytes.take();
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

#[cfg(test)]
mod tests;
