//! Parser of server-sent events, for input in chunks of any size.

/// Maximum size of an event, in bytes; a change is about 100 times smaller.
const MAX_BYTES: usize = 256 * 1024;

/// An event with data.
#[derive(Debug, PartialEq, Eq)]
pub struct ServerEvent {
    /// Event type; `message` by default.
    pub kind: String,
    /// Data, lines joined.
    pub data: String,
}

/// Error of a malformed stream.
#[derive(Debug, PartialEq, Eq)]
pub struct MalformedStream;

/// Parser state of an incomplete event.
#[derive(Default)]
pub struct EventParser {
    line: Vec<u8>,
    kind: String,
    data: String,
    /// True after a carriage return: a following line feed belongs to the same line end.
    is_after_return: bool,
}

impl EventParser {
    /// Parses the next bytes and returns the events that they complete.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<ServerEvent>, MalformedStream> {
        let mut events = Vec::new();
        for &byte in bytes {
            let is_second_half = byte == b'\n' && std::mem::take(&mut self.is_after_return);
            self.is_after_return = byte == b'\r';
            match byte {
                b'\n' if is_second_half => {}
                b'\n' | b'\r' => events.extend(self.end_line()?),
                _ if self.line.len() + self.data.len() >= MAX_BYTES => return Err(MalformedStream),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<ServerEvent>, MalformedStream> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).map_err(|_| MalformedStream)?;
        let line = line.trim_start_matches('\u{feff}');
        if line.is_empty() {
            let kind = std::mem::take(&mut self.kind);
            let data = std::mem::take(&mut self.data);
            return Ok((!data.is_empty()).then(|| ServerEvent {
                kind: if kind.is_empty() {
                    "message".into()
                } else {
                    kind
                },
                data,
            }));
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // A comment, an ID that the data repeats, or an unknown field.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "\u{feff}: hello\r\nevent: at\r\nid: 4\r\ndata: {\"revision\":4}\r\n\r\n:\n\ndata: a\ndata:b\rid: 5\r\revent:x\n\nretry: 3\nnonsense\ndata: é\n\n";

    fn all(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut events = EventParser::default();
        let read = pieces.iter().flat_map(|piece| events.take(piece).unwrap());
        read.map(|event| (event.kind, event.data)).collect()
    }

    #[test]
    fn events_do_not_depend_on_chunks() {
        let pair = |kind: &str, data: &str| (kind.to_owned(), data.to_owned());
        let expected = [
            pair("at", "{\"revision\":4}"),
            pair("message", "a\nb"),
            pair("message", "é"),
        ];
        assert_eq!(all(&[STREAM.as_bytes()]), expected);
        for at in 0..STREAM.len() {
            let (first, second) = STREAM.as_bytes().split_at(at);
            assert_eq!(all(&[first, second]), expected, "cut at {at}");
        }
        let bytes: Vec<_> = STREAM.as_bytes().chunks(1).collect();
        assert_eq!(all(&bytes), expected);
    }

    #[test]
    fn endless_event_is_rejected() {
        let mut events = EventParser::default();
        let long = vec![b'x'; MAX_BYTES + 1];
        assert_eq!(events.take(&long), Err(MalformedStream));
        let mut events = EventParser::default();
        let line = format!("data: {}\n", "x".repeat(1000));
        let taken = (0..1000).find_map(|_| events.take(line.as_bytes()).err());
        assert_eq!(taken, Some(MalformedStream));
    }

    #[test]
    fn invalid_utf8_event_is_rejected() {
        assert_eq!(
            EventParser::default().take(b"data: \xff\n\n"),
            Err(MalformedStream)
        );
    }
}
