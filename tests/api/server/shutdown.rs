//! Graceful stop: requests in progress finish, and no new ones start.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, Server, ServerHome, wait_for};
use crate::server::raw_http::{Reply, connect, request};

/// Sends a signal and waits until the server accepts no connections.
fn ask_to_stop(server: &Server, signal: Signal) {
    server.signal(signal);
    wait_for(|| TcpStream::connect(server.address).is_err().then_some(()));
}

/// Sends the beginning of a create and waits for `100 Continue`; returns the rest.
fn begin(stream: &mut TcpStream) -> &'static str {
    let headers = [
        ("Content-Type", "application/json"),
        ("Expect", "100-continue"),
    ];
    let text = request("POST", CONNECTIONS, &headers, DOCUMENTED);
    let head = text.strip_suffix(DOCUMENTED).unwrap();
    let (first, rest) = DOCUMENTED.split_at(20);
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(Reply::read(stream).unwrap().status, 100);
    stream.write_all(first.as_bytes()).unwrap();
    rest
}

#[test]
fn create_in_progress_finishes_on_stop() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = ServerHome::new();
        let mut server = home.open_server();
        let mut stream = connect(server.address);
        let rest = begin(&mut stream);
        let mut idle = connect(server.address);
        idle.write_all(request("GET", "/health", &[], "").as_bytes())
            .unwrap();
        Reply::read(&mut idle).unwrap();
        ask_to_stop(&server, signal);
        assert!(
            Reply::read(&mut idle).is_none(),
            "idle connections are closed"
        );
        stream.write_all(rest.as_bytes()).unwrap();
        assert_eq!(Reply::read(&mut stream).unwrap().status, 201);
        assert!(Reply::read(&mut stream).is_none());
        assert_eq!(server.ended().code(), Some(0));
        let kept = home.run(&["connections", "get", "openai-prod", "--json"]);
        assert_eq!(kept.code, Some(0), "{kept:?}");
    }
}

#[test]
fn stop_ends_event_streams() {
    let home = ServerHome::new();
    let mut server = home.open_server();
    let mut stream = connect(server.address);
    let path = "/umbraco/ai/management/api/v1/changes";
    stream
        .write_all(request("GET", path, &[], "").as_bytes())
        .unwrap();
    let mut output = String::new();
    let mut piece = [0; 1024];
    while !output.contains("event: at") {
        let read = stream.read(&mut piece).unwrap();
        output.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    }
    server.signal(Signal::TERM);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(server.ended().code(), Some(0));
    assert!(!server.log().contains("unfinished"), "{}", server.log());
}

#[test]
fn second_signal_stops_immediately() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let home = ServerHome::new();
        let mut server = home.open_server();
        let mut stream = connect(server.address);
        begin(&mut stream);
        ask_to_stop(&server, signal);
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(code));
        assert_eq!(home.run(&["connections", "list"]).code, Some(0));
    }
}

#[test]
fn acknowledged_change_survives_kill() {
    let home = ServerHome::new();
    let mut server = home.open_server();
    assert_eq!(server.create(DOCUMENTED).status, 201);
    server.signal(Signal::KILL);
    server.ended();
    let kept = home.run(&["connections", "get", "openai-prod", "--json"]);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let again = home.open_server();
    assert!(again.stored().contains("openai-prod"));
}

#[test]
fn service_manager_is_notified_of_ready_and_stop() {
    use std::os::unix::net::UnixDatagram;
    let home = ServerHome::new();
    let path = home.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(crate::server::fixture::LONG))
        .unwrap();
    let log = home.path("log");
    let mut command = home.umai(&[
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--http",
        "--no-auth",
    ]);
    command.arg("--log").arg(&log).env("NOTIFY_SOCKET", &path);
    let mut server = Server::start(command, log);
    let hear = || {
        let mut piece = [0; 64];
        let read = manager.recv(&mut piece).unwrap();
        String::from_utf8_lossy(&piece[..read]).into_owned()
    };
    assert_eq!(hear(), "READY=1");
    server.signal(Signal::TERM);
    assert_eq!(hear(), "STOPPING=1");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn slow_reader_gets_whole_response_on_stop() {
    let home = ServerHome::new();
    let mut server = home.open_server();
    let mut stream = connect(server.address);
    // More than the socket buffers hold, so that the response is incomplete when the server stops.
    let many = 400;
    let text = request("GET", "/openapi.json", &[], "").repeat(many);
    let mut writing = stream.try_clone().unwrap();
    let asking = std::thread::spawn(move || writing.write_all(text.as_bytes()));
    let first = Reply::read(&mut stream).unwrap();
    ask_to_stop(&server, Signal::TERM);
    let whole = std::iter::from_fn(|| Reply::read(&mut stream)).inspect(|reply| {
        assert_eq!(reply.body.len(), first.body.len());
    });
    assert!(
        whole.count() < many,
        "a request without its head is not processed"
    );
    assert_eq!(server.ended().code(), Some(0));
    // The client may have been disconnected.
    let _ = asking.join().unwrap();
}
