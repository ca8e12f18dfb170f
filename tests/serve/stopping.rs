//! A server that is asked to stop finishes what is under way, and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::house::{CONNECTIONS, DOCUMENTED, House, Server, wait_for};
use crate::raw::{Reply, connect, request};

/// Asks it to stop, and waits until it lets nobody in any more.
fn ask_to_stop(server: &Server, signal: Signal) {
    server.signal(signal);
    wait_for(|| TcpStream::connect(server.address).is_err().then_some(()));
}

/// Sends the beginning of a create, and waits until the server waits for the rest, which is answered.
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
fn a_create_under_way_is_finished_and_kept() {
    for signal in [Signal::TERM, Signal::INT] {
        let house = House::new();
        let mut server = house.open_server();
        let mut stream = connect(server.address);
        let rest = begin(&mut stream);
        let mut idle = connect(server.address);
        idle.write_all(request("GET", "/health", &[], "").as_bytes())
            .unwrap();
        Reply::read(&mut idle).unwrap();
        ask_to_stop(&server, signal);
        assert!(
            Reply::read(&mut idle).is_none(),
            "who waits for nothing leaves"
        );
        stream.write_all(rest.as_bytes()).unwrap();
        assert_eq!(Reply::read(&mut stream).unwrap().status, 201);
        assert!(Reply::read(&mut stream).is_none());
        assert_eq!(server.ended().code(), Some(0));
        let kept = house.run(&["connections", "get", "openai-prod", "--json"]);
        assert_eq!(kept.code, Some(0), "{kept:?}");
    }
}

#[test]
fn a_stream_of_events_ends_at_once() {
    let house = House::new();
    let mut server = house.open_server();
    let mut stream = connect(server.address);
    let path = "/umbraco/ai/management/api/v1/changes";
    stream
        .write_all(request("GET", path, &[], "").as_bytes())
        .unwrap();
    let mut told = String::new();
    let mut piece = [0; 1024];
    while !told.contains("event: at") {
        let read = stream.read(&mut piece).unwrap();
        told.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    }
    server.signal(Signal::TERM);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(server.ended().code(), Some(0));
    assert!(!server.log().contains("unfinished"), "{}", server.log());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let house = House::new();
        let mut server = house.open_server();
        let mut stream = connect(server.address);
        begin(&mut stream);
        ask_to_stop(&server, signal);
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(code));
        assert_eq!(house.run(&["connections", "list"]).code, Some(0));
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let house = House::new();
    let mut server = house.open_server();
    assert_eq!(server.create(DOCUMENTED).status, 201);
    server.signal(Signal::KILL);
    server.ended();
    let kept = house.run(&["connections", "get", "openai-prod", "--json"]);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let again = house.open_server();
    assert!(again.stored().contains("openai-prod"));
}

#[test]
fn a_service_manager_is_told_when_the_ports_are_open_and_when_it_stops() {
    use std::os::unix::net::UnixDatagram;
    let house = House::new();
    let path = house.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(crate::house::LONG)).unwrap();
    let log = house.path("log");
    let mut command = house.umai(&[
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
fn an_answer_that_is_taken_slowly_is_given_to_its_end() {
    let house = House::new();
    let mut server = house.open_server();
    let mut stream = connect(server.address);
    // More than the system keeps between two sockets, so that the rest is still to be written when it stops.
    let many = 400;
    let text = request("GET", "/openapi.json", &[], "").repeat(many);
    let mut writing = stream.try_clone().unwrap();
    let asking = std::thread::spawn(move || writing.write_all(text.as_bytes()));
    let first = Reply::read(&mut stream).unwrap();
    ask_to_stop(&server, Signal::TERM);
    let whole = std::iter::from_fn(|| Reply::read(&mut stream)).inspect(|reply| {
        assert_eq!(reply.body.len(), first.body.len());
    });
    assert!(whole.count() < many, "what was not begun is not begun");
    assert_eq!(server.ended().code(), Some(0));
    // It may have been cut off in the middle of asking.
    let _ = asking.join().unwrap();
}
