//! Splits JSON into connections while it is being read.
//!
//! The layout (one object, an array, JSON lines, or concatenated objects) is recognized by the beginning of the input. Only
//! quotes and brackets are parsed here; the elements are parsed by the caller.
//!
//! Hand-written, because a JSON reader stops at the first invalid element, and here the others are still read.

use std::io::Read;

use zeroize::Zeroizing;

use super::bracket_scanner::BracketScanner;
use super::byte_reader::ByteReader;
use super::element_buffer::ElementBuffer;

/// Text of one connection with its position.
pub struct Element {
    /// Unit of the number.
    pub unit: PositionUnit,
    /// Number, from 1.
    pub number: u64,
    /// Text, or the reason why it was dropped.
    pub body: Result<Zeroizing<Vec<u8>>, &'static str>,
}

impl Element {
    fn on_line(number: u64, body: Result<Zeroizing<Vec<u8>>, &'static str>) -> Self {
        Self {
            unit: PositionUnit::Line,
            number,
            body,
        }
    }
}

/// Unit of the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionUnit {
    /// Line of the input.
    Line,
    /// Element of an array.
    Element,
}

impl PositionUnit {
    /// Returns the word for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Element => "element",
        }
    }
}

/// Layout of the input and position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputLayout {
    /// Nothing was read yet.
    Start,
    /// One element per line.
    Lines,
    /// One object after the other, each over one or more lines.
    Objects,
    /// Inside the brackets of an array.
    Array,
    /// After the array.
    AfterArray,
    /// At the end of the input.
    End,
}

/// Elements of an input.
pub struct Elements<R> {
    bytes: ByteReader<R>,
    element: u64,
    layout: InputLayout,
}

impl<R: Read> Elements<R> {
    /// Creates a splitter that reads no further than the next element needs.
    pub fn new(source: R) -> Self {
        Self {
            bytes: ByteReader::new(source),
            element: 0,
            layout: InputLayout::Start,
        }
    }

    fn step(&mut self) -> std::io::Result<Option<Element>> {
        loop {
            match self.layout {
                InputLayout::Start => {
                    self.bytes.skip_mark()?;
                    match self.bytes.skip_space()? {
                        Some(b'[') => {
                            self.bytes.take();
                            self.layout = InputLayout::Array;
                            if self.bytes.skip_space()? == Some(b']') {
                                self.bytes.take();
                                self.layout = InputLayout::AfterArray;
                            }
                        }
                        Some(_) => return self.first().map(Some),
                        // Empty input is one malformed element, not zero elements.
                        None => {
                            self.layout = InputLayout::End;
                            return Ok(Some(Element::on_line(1, Ok(Zeroizing::default()))));
                        }
                    }
                }
                InputLayout::Lines => return self.whole_line(),
                InputLayout::Objects => return self.object(),
                InputLayout::Array => return self.in_array().map(Some),
                InputLayout::AfterArray => {
                    self.layout = InputLayout::End;
                    if self.bytes.skip_space()?.is_some() {
                        self.element += 1;
                        let reason = "Unexpected text after the end of the array";
                        return Ok(Some(Element {
                            unit: PositionUnit::Element,
                            number: self.element,
                            body: Err(reason),
                        }));
                    }
                }
                InputLayout::End => return Ok(None),
            }
        }
    }

    /// Reads the first element and decides between lines and objects.
    fn first(&mut self) -> std::io::Result<Element> {
        let line = self.bytes.line();
        let mut shape = BracketScanner::new();
        let mut body = ElementBuffer::new();
        while let Some(byte) = self.bytes.peek()? {
            if self.bytes.line() > line && shape.is_new_object(byte) {
                // The object on the previous line is incomplete, and the next line starts another.
                self.layout = InputLayout::Lines;
                return Ok(Element::on_line(line, body.end()));
            }
            if byte == b'\n' && shape.is_in_text() {
                self.layout = InputLayout::Lines;
                return Ok(Element::on_line(line, body.end()));
            }
            self.bytes.take();
            body.push(byte);
            shape.advance(byte);
            if shape.is_whole() {
                break;
            }
        }
        if self.bytes.line() > line {
            self.layout = InputLayout::Objects;
        } else {
            self.layout = InputLayout::Lines;
            self.rest_of_line(&mut body)?;
        }
        Ok(Element::on_line(line, body.end()))
    }

    fn whole_line(&mut self) -> std::io::Result<Option<Element>> {
        if self.bytes.skip_space()?.is_none() {
            return Ok(None);
        }
        let line = self.bytes.line();
        let mut body = ElementBuffer::new();
        self.rest_of_line(&mut body)?;
        Ok(Some(Element::on_line(line, body.end())))
    }

    fn object(&mut self) -> std::io::Result<Option<Element>> {
        if self.bytes.skip_space()?.is_none() {
            return Ok(None);
        }
        let line = self.bytes.line();
        let mut shape = BracketScanner::new();
        let mut body = ElementBuffer::new();
        while let Some(byte) = self.bytes.peek()? {
            self.bytes.take();
            body.push(byte);
            shape.advance(byte);
            if shape.is_whole() {
                break;
            }
        }
        Ok(Some(Element::on_line(line, body.end())))
    }

    fn rest_of_line(&mut self, body: &mut ElementBuffer) -> std::io::Result<()> {
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
        let mut shape = BracketScanner::new();
        let mut body = ElementBuffer::new();
        self.bytes.skip_space()?;
        let body = loop {
            let Some(byte) = self.bytes.peek()? else {
                self.layout = InputLayout::End;
                break Err("The array is not closed");
            };
            self.bytes.take();
            if shape.is_outside() && matches!(byte, b',' | b']') {
                if byte == b']' {
                    self.layout = InputLayout::AfterArray;
                }
                break body.end();
            }
            body.push(byte);
            shape.advance(byte);
        };
        Ok(Element {
            unit: PositionUnit::Element,
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
            self.layout = InputLayout::End;
        }
        stepped.transpose()
    }
}

#[cfg(test)]
mod tests;
