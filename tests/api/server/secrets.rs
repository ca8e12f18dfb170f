//! A planted key reaches only its provider.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::json;

use crate::server::fixture::{CONNECTIONS, LONG, Server, ServerHome};
use crate::server::raw_http::{Reply, connect, exchange, request};

const KEY: &str = "sk-planted-9Zq4vX7wQ2nL";

/// Returns the key in every encoding in which it could leak, by name.
fn writings(key: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = key.as_bytes();
    let each = |write: fn(u8) -> String| bytes.iter().map(|byte| write(*byte)).collect::<String>();
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| key.encode_utf16().flat_map(to_bytes).collect();
    let mut writings = vec![
        ("as it is", bytes.to_vec()),
        ("reversed", bytes.iter().rev().copied().collect()),
        ("UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("hex", each(|byte| format!("{byte:02x}")).into()),
        ("capital hex", each(|byte| format!("{byte:02X}")).into()),
        ("percent", each(|byte| format!("%{byte:02X}")).into()),
        ("JSON escapes", each(|byte| format!("\\u{byte:04x}")).into()),
        ("numbers", each(|byte| format!("{byte}, ")).into()),
    ];
    // The base64 of a text depends on its offset: search for the bytes fully inside.
    for before in 0..3 {
        let padded = [&b"xx"[..before], bytes].concat();
        let inside = |text: String| text[4 * before.div_ceil(3)..text.len() - 3].into();
        writings.push(("base64", inside(STANDARD_NO_PAD.encode(&padded))));
        writings.push((
            "base64 for addresses",
            inside(URL_SAFE_NO_PAD.encode(&padded)),
        ));
    }
    writings
}

/// Returns the encoding in which the key was found.
fn found(bytes: &[u8]) -> Option<&'static str> {
    let is_in = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    writings(KEY)
        .into_iter()
        .find(|(_, writing)| is_in(writing))
        .map(|(name, _)| name)
}

/// A local provider that records requests and repeats the key in its error.
struct Provider {
    address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&received);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut asked = Vec::new();
                let mut piece = [0; 4096];
                while !asked.windows(4).any(|part| part == b"\r\n\r\n") {
                    match stream.read(&mut piece) {
                        Ok(read @ 1..) => asked.extend_from_slice(&piece[..read]),
                        _ => break,
                    }
                }
                heard.lock().unwrap().extend_from_slice(&asked);
                let (status, body) = if number % 2 == 0 {
                    let echo = format!(
                        "Incorrect API key provided: {KEY} in {}",
                        String::from_utf8_lossy(&asked)
                    );
                    (
                        "401 Unauthorized",
                        json!({"error": {"message": echo, "code": KEY}}),
                    )
                } else {
                    ("200 OK", json!({"data": [{"id": KEY}, {"id": "gpt-5"}]}))
                };
                let body = body.to_string();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Echo: {KEY}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                // The client may be gone already.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, received }
    }
}

/// Everything that was recorded, by source.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.0.push((place.into(), bytes.as_ref().to_vec()));
    }

    fn reply(&mut self, place: &str, reply: &Reply) {
        self.add(place, format!("{}{}", reply.head, reply.body));
    }

    fn files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.files(&path);
            } else if path.is_file() {
                self.add(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
}

#[test]
fn search_finds_every_encoding_of_key() {
    assert_eq!(found(b"nothing of it: sk-*** sk-planted-"), None);
    for (name, writing) in writings(KEY) {
        let around = [b"before ", &writing[..], b" behind"].concat();
        assert!(found(&around).is_some(), "{name}");
    }
    for before in ["", "a", "ab", "abc"] {
        let whole = STANDARD_NO_PAD.encode(format!("{before}{KEY} and more"));
        assert_eq!(found(whole.as_bytes()), Some("base64"));
    }
}

#[test]
fn planted_key_reaches_only_its_provider() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let provider = Provider::start();
    let mut seen = Seen::default();
    let mut server = home.serve(&["--http"]);
    over_http(&server, &token, provider.address, &mut seen);
    on_the_command_line(&home, &mut seen);
    seen.add("the app's terminal", in_the_app(&home));
    seen.files(&home.path(""));
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    seen.files(&home.path(""));
    assert!(seen.0.len() > 60, "{}", seen.0.len());
    for (place, bytes) in &seen.0 {
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(found(bytes), None, "{place}: {shown}");
    }
    let received = provider.received.lock().unwrap();
    assert_eq!(found(&received), Some("as it is"));
}

fn over_http(server: &Server, token: &str, provider: SocketAddr, seen: &mut Seen) {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", &*bearer),
        ("Content-Type", "application/json"),
    ];
    let mut ask = |method: &str, path: &str, body: &str| {
        let reply = server.ask(method, path, &headers, body);
        seen.reply(&format!("{method} {path} {body}"), &reply);
        reply.status
    };
    let whole = json!({
        "alias": "planted", "name": "Planted", "providerId": "openai",
        "settings": {"apiKey": KEY, "endpoint": format!("http://{provider}/v1")},
    });
    let one = format!("{CONNECTIONS}/planted");
    assert_eq!(ask("POST", CONNECTIONS, &whole.to_string()), 201);
    assert_eq!(
        ask(
            "PUT",
            &one,
            &json!({"name": "P", "settings": {"apiKey": KEY}}).to_string()
        ),
        200
    );
    for _ in 0..4 {
        assert_eq!(ask("POST", &format!("{one}/test"), ""), 200);
        ask("GET", &format!("{one}/models"), "");
        ask(
            "POST",
            &CONNECTIONS.replace("/connections", "/connection-tests"),
            &whole.to_string(),
        );
    }
    for path in ["", "/exists", "/capabilities", "?filter=planted", "/test"] {
        ask("GET", &format!("{one}{path}"), "");
    }
    let versions = CONNECTIONS.replace("/connections", "/versions/connection/planted");
    for path in ["", "/1", "/2", "/1/compare/2", "?expand=snapshot"] {
        ask("GET", &format!("{versions}{path}"), "");
    }
    ask("POST", &format!("{versions}/1/rollback"), "");
    for path in [
        "/providers",
        "/providers/openai",
        "/notices",
        "/changes/latest",
    ] {
        ask("GET", &CONNECTIONS.replace("/connections", path), "");
    }
    ask("GET", CONNECTIONS, "");
    // Rejected for every reason, with the key in the body.
    let wrong = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = whole.clone();
        change(&mut body);
        body.to_string()
    };
    for body in [
        whole.to_string(),
        wrong(&|body| body["alias"] = "NOT AN ALIAS".into()),
        wrong(&|body| body["providerId"] = "missing".into()),
        wrong(&|body| body["settings"]["organisation"] = KEY.into()),
        wrong(&|body| body["settings"]["endpoint"] = "ftp://example.com".into()),
        wrong(&|body| body["settings"]["apiKey"] = json!([KEY])),
        wrong(&|body| body["settings"]["apiKey"] = json!({"a": KEY})),
        wrong(&|body| body["settings"]["endpoint"] = format!("https://{KEY}@example.com").into()),
        wrong(&|body| body["isActive"] = KEY.into()),
        whole.to_string().replace("}}", "}"),
        whole
            .to_string()
            .replace("{\"alias\"", "{\"settings\":{\"apiKey\":1},\"alias\""),
        format!("[{whole}]"),
        format!("\"{KEY}\""),
        KEY.to_owned(),
    ] {
        assert_eq!(ask("POST", CONNECTIONS, &body), 400, "{body}");
    }
    // The key in a wrong place.
    ask("GET", &format!("{CONNECTIONS}?skip={KEY}"), "");
    ask("GET", &format!("{one}/models?capability={KEY}"), "");
    for headers in [
        vec![("Authorization", KEY)],
        vec![("Authorization", &*format!("Bearer {KEY}"))],
        vec![("Host", KEY)],
        vec![("Origin", KEY)],
        vec![("X-Request-Id", KEY)],
        vec![("If-Match", KEY), ("Authorization", &bearer)],
        vec![("Last-Event-ID", KEY), ("Authorization", &bearer)],
        vec![("Content-Type", KEY), ("Authorization", &bearer)],
        vec![("Transfer-Encoding", KEY)],
    ] {
        for (method, path) in [
            ("POST", CONNECTIONS),
            ("GET", "/umbraco/ai/management/api/v1/changes/latest"),
        ] {
            let reply = server.ask(method, path, &headers, "{}");
            seen.reply(&format!("{method} with {headers:?}"), &reply);
        }
    }
    for bytes in [
        format!("{KEY}\r\n\r\n"),
        format!("GET / {KEY}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{KEY}\r\n\r\n"),
    ] {
        let reply = exchange(server.address, bytes.as_bytes()).unwrap();
        seen.reply("nonsense", &reply);
    }
    follow(server, &bearer, seen);
}

/// Records the change feed from its start.
fn follow(server: &Server, bearer: &str, seen: &mut Seen) {
    let mut stream = connect(server.address);
    let path = CONNECTIONS.replace("/connections", "/changes?since=0");
    let text = request("GET", &path, &[("Authorization", bearer)], "");
    stream.write_all(text.as_bytes()).unwrap();
    let mut output = Vec::new();
    let mut piece = [0; 4096];
    while String::from_utf8_lossy(&output).matches("planted").count() < 3 {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&output));
        output.extend_from_slice(&piece[..read]);
    }
    seen.add("the feed", output);
}

fn on_the_command_line(server: &ServerHome, seen: &mut Seen) {
    for arguments in [
        &["connections", "list"][..],
        &["connections", "get", "planted"],
        &["connections", "test", "planted"],
        &["connections", "test", "planted"],
        &["connections", "deactivate", "planted"],
        &["providers", "get", "openai"],
        &["token", "list"],
    ] {
        for format in [&[][..], &["--json"]] {
            let output = server.run(&[arguments, format].concat());
            seen.add(
                format!("{arguments:?}"),
                format!("{}{}", output.out, output.err),
            );
        }
    }
}

/// Returns the terminal output of the app while the connection is opened, edited and tested.
fn in_the_app(server: &ServerHome) -> Vec<u8> {
    let size = PtySize {
        rows: 40,
        cols: 120,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_umai"));
    command.cwd(server.path(""));
    command.env_clear();
    command.env("TERM", "xterm-256color");
    command.env("HOME", server.path(""));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let (sender, bytes) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut piece) {
            if sender.send(piece[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut all = Vec::new();
    let mut screen = vt100::Parser::new(40.try_into().unwrap(), 120.try_into().unwrap(), 0);
    // A key, and a text of the screen after it.
    for (keys, shown) in [
        ("", "Quit"),
        ("\x1b[B", "Activate"),
        ("e", "Ctrl-S"),
        ("\x1b", "Activate"),
        ("q", ""),
    ] {
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
        let end = std::time::Instant::now() + LONG;
        while !shown.is_empty() && !screen.screen().contents().contains(shown) {
            assert!(
                std::time::Instant::now() < end,
                "{shown}: {}",
                screen.screen().contents()
            );
            if let Ok(piece) = bytes.recv_timeout(Duration::from_millis(50)) {
                screen.process(&piece);
                all.extend(piece);
            }
        }
    }
    child.wait().unwrap();
    drop(pair.master);
    while let Ok(piece) = bytes.recv_timeout(LONG) {
        all.extend(piece);
    }
    all
}
