//! Parser of request heads that rejects ambiguous input.
//!
//! A proxy in front of this server must see the same requests in the same bytes. The accepted subset of HTTP/1.1 has one
//! interpretation: lines end in CRLF, a body has one length, and a header has one line.

use http::Uri;

use crate::api::Problem;

/// Maximum number of headers, as in hyper.
const MAX_HEADERS: usize = 100;

/// Maximum length of a method.
const MAX_METHOD_LENGTH: usize = 32;

/// Maximum number of digits of a content length.
const MAX_LENGTH_DIGITS: usize = 18;

/// Framing of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Number of bytes.
    Sized(u64),
    /// Chunked coding.
    Chunked,
}

/// Parser state.
#[derive(Debug, Default)]
pub struct HeadParser {
    has_request_line: bool,
    is_http_1_0: bool,
    headers: usize,
    length: Option<u64>,
    is_chunked: bool,
}

impl HeadParser {
    /// Returns whether the request line was read.
    pub const fn has_request_line(&self) -> bool {
        self.has_request_line
    }

    /// Parses a line with its line end; returns the framing of the body after the last line.
    pub fn parse_line(&mut self, line: &[u8]) -> Result<Option<Framing>, Box<Problem>> {
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return Err(malformed("A line must end in CR LF"));
        };
        if !self.has_request_line {
            // Some clients send an empty line after a body.
            if !line.is_empty() {
                self.parse_request_line(line)?;
            }
            return Ok(None);
        }
        if line.is_empty() {
            return self.end().map(Some);
        }
        self.header(line)?;
        Ok(None)
    }

    fn parse_request_line(&mut self, line: &[u8]) -> Result<(), Box<Problem>> {
        self.has_request_line = true;
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(malformed(
                "The request line must be a method, a target and HTTP/1.1, separated by single spaces",
            ));
        };
        if method.len() > MAX_METHOD_LENGTH || !is_token(method) {
            return Err(malformed("The method is malformed"));
        }
        self.is_http_1_0 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            version if version.starts_with(b"HTTP/") => {
                let sentence = "Only HTTP/1.1 is supported";
                return Err(Box::new(Problem::new(400, sentence, "httpVersion")));
            }
            _ => return Err(malformed("The request line must end in HTTP/1.1")),
        };
        if method == b"CONNECT" {
            let sentence = "CONNECT is not supported: this server is not a proxy";
            return Err(Box::new(Problem::new(405, sentence, "methodNotAllowed")));
        }
        if is_target(method, target) {
            Ok(())
        } else {
            Err(malformed("The request target is malformed"))
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Box<Problem>> {
        self.headers += 1;
        if self.headers > MAX_HEADERS {
            let sentence = format!("A request must not have more than {MAX_HEADERS} headers");
            return Err(Box::new(Problem::new(431, sentence, "headTooLarge")));
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err(malformed("A header must not span several lines"));
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(malformed("A header has no colon"));
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if !is_token(name) {
            return Err(malformed("A header name is malformed"));
        }
        if !value.iter().all(|byte| is_text(*byte)) {
            return Err(malformed("A header value contains a control character"));
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            return self.parse_content_length(value);
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return self.parse_transfer_encoding(value);
        }
        Ok(())
    }

    fn parse_content_length(&mut self, value: &[u8]) -> Result<(), Box<Problem>> {
        if self.length.is_some() {
            return Err(malformed("Content-Length is given twice"));
        }
        let is_number = value.len() <= MAX_LENGTH_DIGITS
            && !value.is_empty()
            && value.iter().all(u8::is_ascii_digit);
        self.length = std::str::from_utf8(value)
            .ok()
            .filter(|_| is_number)
            .and_then(|digits| digits.parse().ok());
        if self.length.is_none() {
            return Err(malformed("Content-Length must be a number of bytes"));
        }
        Ok(())
    }

    fn parse_transfer_encoding(&mut self, value: &[u8]) -> Result<(), Box<Problem>> {
        if self.is_chunked {
            return Err(malformed("Transfer-Encoding is given twice"));
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(malformed("Transfer-Encoding must be chunked"));
        }
        self.is_chunked = true;
        Ok(())
    }

    fn end(&self) -> Result<Framing, Box<Problem>> {
        match (self.is_chunked, self.length) {
            (true, Some(_)) => Err(malformed(
                "A request must not have both Content-Length and Transfer-Encoding",
            )),
            (true, None) if self.is_http_1_0 => {
                Err(malformed("HTTP/1.0 does not support Transfer-Encoding"))
            }
            (true, None) => Ok(Framing::Chunked),
            (false, length) => Ok(Framing::Sized(length.unwrap_or(0))),
        }
    }
}

/// Creates a 400 for malformed requests.
pub fn malformed(detail: &str) -> Box<Problem> {
    Box::new(Problem::new(400, detail, "malformedRequest"))
}

/// Returns whether a byte may occur in a header value.
pub const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

fn is_token(word: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !word.is_empty() && word.iter().all(is_sign)
}

fn is_target(method: &[u8], target: &[u8]) -> bool {
    if target == b"*" {
        return method == b"OPTIONS";
    }
    if !target.iter().all(u8::is_ascii_graphic) || target.contains(&b'#') {
        return false;
    }
    let Ok(uri) = Uri::try_from(target) else {
        return false;
    };
    let is_web = |scheme: &str| scheme == "http" || scheme == "https";
    target.starts_with(b"/") || uri.scheme_str().is_some_and(is_web)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Option<Framing>, u16> {
        let mut reader = HeadParser::default();
        let mut end = Ok(None);
        for line in head.split_inclusive('\n') {
            end = Ok(reader
                .parse_line(line.as_bytes())
                .map_err(|problem| problem.status)?);
        }
        end
    }

    #[test]
    fn head_determines_body_framing() {
        let request = "POST /a?b=c HTTP/1.1\r\nHost: localhost\r\n";
        for (more, framing) in [
            ("", Framing::Sized(0)),
            ("Content-Length: 12\r\n", Framing::Sized(12)),
            ("transfer-encoding: Chunked\r\n", Framing::Chunked),
        ] {
            assert_eq!(read(&format!("{request}{more}\r\n")), Ok(Some(framing)));
        }
        assert_eq!(
            read("\r\nGET http://localhost/ HTTP/1.0\r\n\r\n"),
            Ok(Some(Framing::Sized(0)))
        );
    }

    #[test]
    fn ambiguous_heads_are_rejected() {
        for head in [
            "GET / HTTP/1.1\n\n",
            "GET /\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1 \r\n\r\n",
            "GET / HTTP/2.0\r\n\r\n",
            "GET / http/1.1\r\n\r\n",
            "G@T / HTTP/1.1\r\n\r\n",
            "GET a HTTP/1.1\r\n\r\n",
            "GET * HTTP/1.1\r\n\r\n",
            "GET /#a HTTP/1.1\r\n\r\n",
            "GET ftp://localhost/ HTTP/1.1\r\n\r\n",
            "GET /\u{e4} HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\n: a\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(read(head), Err(400), "{head:?}");
        }
        assert_eq!(read("CONNECT a:1 HTTP/1.1\r\n\r\n"), Err(405));
        let many = "A: b\r\n".repeat(MAX_HEADERS + 1);
        assert_eq!(read(&format!("GET / HTTP/1.1\r\n{many}\r\n")), Err(431));
    }
}
