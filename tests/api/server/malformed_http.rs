//! Malformed and unusual requests: the right status or a closed connection, and the server keeps running.

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, ServerHome};
use crate::server::raw_http::exchange;

/// Name, bytes, and the expected status; none when the connection is closed without a response.
type Oddity = (&'static str, Vec<u8>, Option<u16>);

fn get(more: &str) -> Vec<u8> {
    format!("GET {CONNECTIONS} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n").into_bytes()
}

fn post(more: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {CONNECTIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}\r\n{body}"
    )
    .into_bytes()
}

fn line(first: &str) -> Vec<u8> {
    format!("{first}\r\nHost: localhost\r\n\r\n").into_bytes()
}

fn heads() -> Vec<Oddity> {
    let base = CONNECTIONS;
    vec![
        (
            "no host",
            format!("GET {base} HTTP/1.1\r\n\r\n").into(),
            Some(400),
        ),
        (
            "no host, old",
            format!("GET {base} HTTP/1.0\r\n\r\n").into(),
            Some(400),
        ),
        ("two hosts", get("Host: localhost\r\n"), Some(400)),
        (
            "two hosts, one foreign",
            get("Host: evil.example\r\n"),
            Some(400),
        ),
        (
            "host with a list",
            format!("GET {base} HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n").into(),
            Some(400),
        ),
        (
            "empty host",
            format!("GET {base} HTTP/1.1\r\nHost:\r\n\r\n").into(),
            Some(400),
        ),
        (
            "host with a user",
            format!("GET {base} HTTP/1.1\r\nHost: a@localhost\r\n\r\n").into(),
            Some(400),
        ),
        (
            "bare line feeds",
            format!("GET {base} HTTP/1.1\nHost: localhost\n\n").into(),
            Some(400),
        ),
        (
            "one bare line feed",
            format!("GET {base} HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n").into(),
            Some(400),
        ),
        (
            "bare carriage returns",
            format!("GET {base} HTTP/1.1\rHost: localhost\r\r\n\r\n").into(),
            Some(400),
        ),
        ("folded header", get("A: b\r\n c\r\n"), Some(400)),
        ("folded with a tab", get("A: b\r\n\tc\r\n"), Some(400)),
        (
            "folded first header",
            b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n".into(),
            Some(400),
        ),
        ("space before the colon", get("A : b\r\n"), Some(400)),
        ("header without a colon", get("nonsense\r\n"), Some(400)),
        ("header without a name", get(": b\r\n"), Some(400)),
        ("header name with a bracket", get("A(b): c\r\n"), Some(400)),
        ("NUL in a header", get("A: b\0c\r\n"), Some(400)),
        ("NUL in a name", get("A\0: b\r\n"), Some(400)),
        ("escape in a header", get("A: \u{1b}[2J\r\n"), Some(400)),
        ("101 headers", get(&"A: b\r\n".repeat(101)), Some(431)),
        (
            "a megabyte of header",
            get(&format!("A: {}\r\n", "b".repeat(1_000_000))),
            Some(431),
        ),
        (
            "a megabyte of headers",
            get(&format!("A: {}\r\n", "b".repeat(10_000)).repeat(90)),
            Some(431),
        ),
        (
            "a long address",
            line(&format!("GET /{} HTTP/1.1", "a".repeat(9000))),
            Some(414),
        ),
        (
            "a megabyte of address",
            line(&format!("GET /{} HTTP/1.1", "a".repeat(1_000_000))),
            Some(414),
        ),
        (
            "a megabyte of method",
            "G".repeat(1_000_000).into(),
            Some(414),
        ),
        ("HTTP/0.9", format!("GET {base}\r\n").into(), Some(400)),
        ("HTTP/1.2", line("GET / HTTP/1.2"), Some(400)),
        ("HTTP/2.0", line("GET / HTTP/2.0"), Some(400)),
        (
            "HTTP/2 preface",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".into(),
            Some(400),
        ),
        ("no version", line("GET /"), Some(400)),
        ("another protocol", line("GET / RTSP/1.0"), Some(400)),
        ("two spaces", line("GET  / HTTP/1.1"), Some(400)),
        ("a tab", line("GET\t/\tHTTP/1.1"), Some(400)),
        (
            "a space in the address",
            line("GET /a b HTTP/1.1"),
            Some(400),
        ),
        (
            "a control character in the address",
            line("GET /a\u{1}b HTTP/1.1"),
            Some(400),
        ),
        (
            "raw UTF-8 in the address",
            line("GET /ä HTTP/1.1"),
            Some(400),
        ),
        ("a fragment", line("GET /health#a HTTP/1.1"), Some(400)),
        ("no slash", line("GET health HTTP/1.1"), Some(400)),
        ("nothing for an address", line("GET  HTTP/1.1"), Some(400)),
        (
            "a foreign scheme",
            line("GET file:///etc/passwd HTTP/1.1"),
            Some(400),
        ),
        (
            "lower-case method",
            line(&format!("get {base} HTTP/1.1")),
            Some(405),
        ),
        (
            "unknown method",
            line(&format!("BREW {base} HTTP/1.1")),
            Some(405),
        ),
        ("method with a slash", line("GET/ / HTTP/1.1"), Some(400)),
        ("TRACE", line(&format!("TRACE {base} HTTP/1.1")), Some(405)),
        ("CONNECT", line("CONNECT localhost:443 HTTP/1.1"), Some(405)),
        ("OPTIONS *", line("OPTIONS * HTTP/1.1"), Some(405)),
        ("GET *", line("GET * HTTP/1.1"), Some(400)),
        (
            "an absolute address",
            line("GET http://localhost/health HTTP/1.1"),
            Some(200),
        ),
        (
            "a foreign absolute address",
            line("GET http://evil.example/health HTTP/1.1"),
            Some(421),
        ),
        (
            "an absolute address that is not the host",
            line("GET http://127.0.0.1/health HTTP/1.1"),
            Some(400),
        ),
        (
            "an upgrade",
            get("Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
            Some(200),
        ),
        (
            "a web socket",
            get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"),
            Some(200),
        ),
        (
            "an empty line first",
            [b"\r\n", &get("")[..]].concat(),
            Some(200),
        ),
        (
            "a handshake",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".into(),
            Some(400),
        ),
        ("noise", b"\0\x01\x02\x03\xff\xfe\n\n\n".into(), Some(400)),
        ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n".into(), Some(400)),
    ]
}

fn bodies() -> Vec<Oddity> {
    let length = DOCUMENTED.len();
    let chunked = "Transfer-Encoding: chunked\r\n";
    vec![
        ("two lengths", post(&format!("Content-Length: {length}\r\nContent-Length: 5\r\n"), DOCUMENTED), Some(400)),
        ("one length twice", post(&format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"), DOCUMENTED), Some(400)),
        ("a list of lengths", post(&format!("Content-Length: {length}, {length}\r\n"), DOCUMENTED), Some(400)),
        ("a negative length", post("Content-Length: -1\r\n", DOCUMENTED), Some(400)),
        ("a length with a plus", post(&format!("Content-Length: +{length}\r\n"), DOCUMENTED), Some(400)),
        ("a length in hex", post("Content-Length: 0x10\r\n", DOCUMENTED), Some(400)),
        ("a length beyond all numbers", post("Content-Length: 99999999999999999999999999\r\n", DOCUMENTED), Some(400)),
        ("a huge length", post("Content-Length: 999999999999999999\r\n", ""), Some(413)),
        ("length and chunks", post(&format!("Content-Length: {length}\r\n{chunked}"), "0\r\n\r\n"), Some(400)),
        ("chunks and length", post(&format!("{chunked}Content-Length: {length}\r\n"), "0\r\n\r\n"), Some(400)),
        ("chunks twice", post(&chunked.repeat(2), "0\r\n\r\n"), Some(400)),
        ("a disguised encoding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), Some(400)),
        ("gzip in chunks", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), Some(400)),
        ("chunks of identity", post("Transfer-Encoding: identity\r\n", DOCUMENTED), Some(400)),
        ("a chunk without a size", post(chunked, "\r\n\r\n"), Some(400)),
        ("a chunk of no number", post(chunked, "zz\r\n"), Some(400)),
        ("a negative chunk", post(chunked, "-5\r\nhello\r\n"), Some(400)),
        ("a chunk in 0x", post(chunked, "0x5\r\nhello\r\n"), Some(400)),
        ("a huge chunk", post(chunked, "ffffffffffffffff\r\n"), Some(400)),
        ("a chunk longer than its size", post(chunked, "2\r\nhello\r\n0\r\n\r\n"), Some(400)),
        ("chunks with bare line feeds", post(chunked, "5\nhello\n0\n\n"), Some(400)),
        ("an endless extension", post(chunked, &format!("5;{}", "a".repeat(100_000))), Some(400)),
        ("endless trailers", post(chunked, &format!("0\r\n{}", "A: b\r\n".repeat(10_000))), Some(400)),
        ("chunks in HTTP/1.0", format!("POST {CONNECTIONS} HTTP/1.0\r\nHost: localhost\r\n{chunked}\r\n0\r\n\r\n").into(), Some(400)),
        ("no body", post("", ""), Some(400)),
        ("another type", format!("POST {CONNECTIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{DOCUMENTED}").into(), Some(415)),
    ]
}

fn addresses() -> Vec<Oddity> {
    let base = CONNECTIONS;
    [
        ("%00", 404),
        ("a%00b", 404),
        ("%2e%2e", 404),
        ("..", 404),
        ("../../../../../etc/passwd", 404),
        ("%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404),
        ("%", 400),
        ("%zz", 400),
        ("%ff", 400),
        ("a;b", 404),
        ("a//b", 404),
        ("%0d%0aSet-Cookie:%20a=b", 404),
    ]
    .map(|(path, status)| {
        (
            "an odd path",
            line(&format!("GET {base}/{path} HTTP/1.1")),
            Some(status),
        )
    })
    .into()
}

#[test]
fn malformed_requests_get_the_right_status() {
    let home = ServerHome::new();
    let server = home.open_server();
    assert_eq!(server.create(DOCUMENTED).status, 201);
    let before = server.stored();
    let oddities = [heads(), bodies(), addresses()].concat();
    assert!(oddities.len() >= 40);
    for (name, bytes, status) in &oddities {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let reply = exchange(server.address, bytes);
        let output = reply.as_ref().map(|reply| reply.status);
        assert_eq!(output, *status, "{name}: {shown:?} {reply:?}");
        if let Some(reply) = reply.filter(|reply| reply.status >= 400) {
            reply.problem();
            assert!(!reply.head.contains("Set-Cookie"), "{name}: {reply:?}");
        }
        assert_eq!(server.get("/health").status, 200, "after {name}");
    }
    assert_eq!(server.stored(), before, "the store is unchanged");
    let log = server.log();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["status"].as_u64().unwrap() < 500, "{line}");
    }
    assert!(!log.contains(['\u{1b}', '\0']));
}

#[test]
fn aborted_request_stores_nothing() {
    use std::io::Write;
    let home = ServerHome::new();
    let server = home.open_server();
    let length = DOCUMENTED.len();
    let whole = post(&format!("Content-Length: {length}\r\n"), DOCUMENTED);
    for cut in 0..whole.len() {
        let mut stream = crate::server::raw_http::connect(server.address);
        stream.write_all(&whole[..cut]).unwrap();
    }
    assert!(server.stored().contains("\"total\":0"));
    assert_eq!(exchange(server.address, &whole).unwrap().status, 201);
}
