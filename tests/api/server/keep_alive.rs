//! HTTP keep-alive and pipelining.

use std::io::Write;
use std::net::Shutdown;

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, ServerHome};
use crate::server::raw_http::{Reply, connect, request};

#[test]
fn connection_is_reused() {
    let home = ServerHome::new();
    let server = home.open_server();
    let mut stream = connect(server.address);
    for number in 0..50 {
        let body = DOCUMENTED.replace("openai-prod", &format!("openai-{number}"));
        let json = [("Content-Type", "application/json")];
        let text = request("POST", CONNECTIONS, &json, &body);
        stream.write_all(text.as_bytes()).unwrap();
        assert_eq!(Reply::read(&mut stream).unwrap().status, 201, "{number}");
    }
    assert!(server.stored().contains("\"total\":50"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let home = ServerHome::new();
    let server = home.open_server();
    let mut stream = connect(server.address);
    let json = [("Content-Type", "application/json")];
    let text = [
        request("POST", CONNECTIONS, &json, DOCUMENTED),
        request("GET", "/nothing", &[], ""),
        request("POST", CONNECTIONS, &json, DOCUMENTED),
        request("GET", &format!("{CONNECTIONS}/openai-prod"), &[], ""),
        "no request at all\r\n\r\n".to_owned(),
        request("DELETE", &format!("{CONNECTIONS}/openai-prod"), &[], ""),
    ]
    .concat();
    stream.write_all(text.as_bytes()).unwrap();
    let statuses: Vec<u16> = std::iter::from_fn(|| Reply::read(&mut stream))
        .map(|reply| reply.status)
        .collect();
    assert_eq!(statuses, [201, 404, 400, 200, 400]);
    assert!(
        server.stored().contains("\"total\":1"),
        "requests after malformed bytes are ignored"
    );
}

#[test]
fn chunked_body_is_accepted() {
    let home = ServerHome::new();
    let server = home.open_server();
    let mut stream = connect(server.address);
    let head = format!(
        "POST {CONNECTIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    for chunk in DOCUMENTED.as_bytes().chunks(7) {
        let size = format!("{:x};a=b\r\n", chunk.len());
        stream
            .write_all(&[size.as_bytes(), chunk, b"\r\n"].concat())
            .unwrap();
    }
    stream.write_all(b"0\r\nDigest: none\r\n\r\n").unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().status, 201);
    stream
        .write_all(request("GET", "/health", &[], "").as_bytes())
        .unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().status, 200);
}

#[test]
fn expect_100_continue_is_answered() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    let head = |token: &str, length: usize| {
        format!(
            "POST {CONNECTIONS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let mut stream = connect(server.address);
    stream
        .write_all(head(&token, DOCUMENTED.len()).as_bytes())
        .unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().status, 100);
    stream.write_all(DOCUMENTED.as_bytes()).unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().status, 201);
    for (token, length, status) in [("umai_x", 10, 401), (&token, 10_000_000, 413)] {
        let mut stream = connect(server.address);
        stream.write_all(head(token, length).as_bytes()).unwrap();
        assert_eq!(Reply::read(&mut stream).unwrap().status, status);
    }
}

#[test]
fn half_closed_connection_gets_its_response() {
    let home = ServerHome::new();
    let server = home.open_server();
    let mut stream = connect(server.address);
    let json = [("Content-Type", "application/json")];
    let text = request("POST", CONNECTIONS, &json, DOCUMENTED);
    stream.write_all(text.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().status, 201);
    assert!(Reply::read(&mut stream).is_none());
}

#[test]
fn oversized_body_gets_readable_413() {
    let home = ServerHome::new();
    let server = home.open_server();
    for size in [256 * 1024 + 1, 3_000_000, 20_000_000] {
        let body = "x".repeat(size);
        let json = [("Content-Type", "application/json")];
        let reply = server.ask("POST", CONNECTIONS, &json, &body);
        assert_eq!(
            (reply.status, &reply.problem()["status"]),
            (413, &413.into())
        );
    }
    let fits = DOCUMENTED.replace('{', &format!("{{{}", " ".repeat(250 * 1024)));
    assert_eq!(
        server
            .create(&fits.replacen(&" ".repeat(250 * 1024), "", 1))
            .status,
        201
    );
}
