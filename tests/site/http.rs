//! Minimal HTTP server for tests: one request per connection.

use std::io::{Read, Write};

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Below the base path of the API, or the whole path elsewhere; without the query.
    pub path: String,
    /// True for a path of the API.
    pub is_api: bool,
    pub query: String,
    pub authorization: String,
    pub body: String,
}

impl Request {
    /// A value of the query, in any case of its name.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        let mut pairs = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        pairs.next().map(|(_, value)| value.into_owned())
    }
}

impl Request {
    /// A value of a form body.
    pub fn form(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    }
}

/// A response.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Response {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json".into())],
            body: body.to_string(),
        }
    }

    pub fn html(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "text/html".into())],
            body: format!("<!DOCTYPE html><html><title>{body}</title></html>"),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Reads a request; none if the connection ends first.
pub fn read(socket: &mut impl Read, base: &str) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        match socket.read(&mut piece).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let length: usize = header("content-length").map_or(0, |text| text.parse().unwrap());
    while bytes.len() < end + length {
        match socket.read(&mut piece).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
    let mut words = head.lines().next()?.split(' ');
    let method = words.next()?.to_owned();
    let target = words.next()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Request {
        method,
        path: path.strip_prefix(base).unwrap_or(path).to_owned(),
        is_api: path.starts_with(base),
        query: query.to_owned(),
        authorization: header("authorization").unwrap_or_default(),
        body: String::from_utf8(bytes[end..].to_vec()).ok()?,
    })
}

/// Writes a response and ends the connection.
pub fn write(socket: &mut impl Write, response: &Response) -> std::io::Result<()> {
    write!(
        socket,
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        response.status,
        response.body.len()
    )?;
    for (name, value) in &response.headers {
        write!(socket, "{name}: {value}\r\n")?;
    }
    write!(socket, "\r\n{}", response.body)
}
