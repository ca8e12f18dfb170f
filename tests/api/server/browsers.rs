//! DNS rebinding and cross-origin requests from web pages are rejected.

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, ServerHome};

#[test]
fn foreign_host_is_421_and_foreign_origin_403() {
    let home = ServerHome::new();
    let server = home.serve(&["--http", "--no-auth", "--host", "umai.example"]);
    let port = server.address.port();
    let origin = format!("http://localhost:{port}");
    let own = format!("localhost:{port}");
    for (headers, status) in [
        (vec![("Host", "evil.example")], 421),
        (vec![("Host", &*format!("evil.example:{port}"))], 421),
        (vec![("Host", "localhost.evil.example")], 421),
        (vec![("Host", "192.0.2.7")], 421),
        (vec![("Host", "umai.example")], 200),
        (vec![("Host", "UMAI.example:443")], 200),
        (vec![("Host", "[::1]:1")], 200),
        (
            vec![("Host", &own), ("Origin", "https://evil.example")],
            403,
        ),
        (vec![("Host", &own), ("Origin", "null")], 403),
        (
            vec![("Host", &own), ("Origin", "http://localhost:3000")],
            403,
        ),
        (vec![("Host", &own), ("Origin", &origin)], 200),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Sec-Fetch-Site", "same-site")], 403),
        (vec![("Sec-Fetch-Site", "same-origin")], 200),
        (vec![("Sec-Fetch-Site", "none")], 200),
    ] {
        for path in [CONNECTIONS, "/health"] {
            let reply = server.ask("GET", path, &headers, "");
            assert_eq!(reply.status, status, "{headers:?}");
            if status != 200 {
                reply.problem();
            }
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
}

#[test]
fn cross_origin_form_creates_nothing() {
    let home = ServerHome::new();
    let server = home.open_server();
    for kind in [
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
    ] {
        let headers = [("Content-Type", kind), ("Origin", "https://evil.example")];
        let reply = server.ask("POST", CONNECTIONS, &headers, DOCUMENTED);
        assert_eq!(reply.status, 403, "{kind}");
    }
    let preflight = [
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "POST"),
    ];
    assert_eq!(
        server.ask("OPTIONS", CONNECTIONS, &preflight, "").status,
        403
    );
    assert!(server.stored().contains("\"total\":0"));
}
