//! `umai connections test` with several connections: one line each, in order, with the kind of failure and a summary.

use serde_json::json;

use crate::home::Home;

fn home() -> Home {
    let home = Home::new();
    for (alias, endpoint) in [
        ("closed", "http://127.0.0.1:1/v1"),
        ("metadata", "http://169.254.169.254/v1"),
    ] {
        let body = json!({
            "alias": alias, "name": alias, "providerId": "openai-compatible",
            "settings": { "endpoint": endpoint, "apiKey": "planted-0123" },
        });
        assert_eq!(home.create(&body.to_string()).code, 0);
    }
    home
}

#[test]
fn results_are_lines_in_order_with_a_summary() {
    let answer = home().run(&["connections", "test", "closed", "none", "metadata"]);
    assert_eq!(answer.code, 8, "{answer:?}");
    let lines: Vec<&str> = answer.out.lines().collect();
    assert_eq!(lines.len(), 3, "{answer:?}");
    assert!(
        lines[0].starts_with("✗ closed: unreachable: "),
        "{answer:?}"
    );
    assert!(
        lines[1].starts_with("✗ none: Connection 'none' not found"),
        "{answer:?}"
    );
    assert!(
        lines[2].starts_with("✗ metadata: refused address: "),
        "{answer:?}"
    );
    assert_eq!(
        answer.err,
        "error: 3 of 3 connection tests did not pass: 1 unreachable, 1 not tested, 1 refused address\n"
    );
}

#[test]
fn one_result_has_its_stages() {
    let answer = home().run(&["connections", "test", "closed"]);
    assert!(
        answer.out.starts_with("✗ closed: unreachable: "),
        "{answer:?}"
    );
    assert!(answer.out.contains("✗  reached"), "{answer:?}");
    assert!(answer.out.contains("What to do: "), "{answer:?}");
    assert!(answer.err.starts_with("error: "), "{answer:?}");
}

#[test]
fn verbose_prints_requests_without_secrets() {
    let home = home();
    let answer = home.run(&["connections", "test", "closed", "-v"]);
    assert!(answer.err.contains("http://127.0.0.1:1"), "{answer:?}");
    assert!(answer.err.contains("method=GET"), "{answer:?}");
    assert!(!answer.output().contains("planted"), "{answer:?}");
    let plain = home.run(&["connections", "test", "closed"]);
    assert!(!plain.err.contains("method=GET"), "{plain:?}");
}
