//! Manifests and dry runs with `--server`.

use crate::client::commands::RemoteServer;
use crate::home::{Answer, Home};

const DOCUMENT: &str = "\
- alias: a
  name: A
  providerId: openai
  settings: {apiKey: {file: key.txt}}
- {alias: b, name: B, providerId: openai, settings: {apiKey: $OpenAI:ApiKey}}
";

fn run(server: &RemoteServer, home: &Home, arguments: &[&str]) -> Answer {
    let origin = server.origin();
    home.run(&[&["--server", &origin, "connections"], arguments].concat())
}

#[test]
fn remote_apply_is_idempotent() {
    let (server, home) = (RemoteServer::new(), Home::new());
    home.write("all.yaml", DOCUMENT);
    home.write("key.txt", "sk-planted\n");
    let apply = ["apply", "-f", "all.yaml", "--yes"];
    let done = run(&server, &home, &apply);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.ends_with("2 created\n"), "{done:?}");

    // Only the server knows whether the file holds the stored key; the same key makes no new version.
    let again = run(&server, &home, &apply);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        again
            .out
            .contains("settings.apiKey: sk-*** → sk-*** (possibly unchanged)"),
        "{again:?}"
    );
    assert!(again.out.ends_with("2 unchanged\n"), "{again:?}");
    assert!(
        again.err.contains("Cannot compare the secrets"),
        "{again:?}"
    );
    for alias in ["a", "b"] {
        let one = run(&server, &home, &["get", alias, "--json"]).json();
        assert_eq!(one["version"], 1);
    }
    let exported = run(&server, &home, &["export", "--format", "yaml"]);
    home.write("exported.yaml", exported.out);
    let same = run(&server, &home, &["apply", "-f", "exported.yaml", "--prune"]);
    assert_eq!((same.code, same.out.as_str()), (0, ""), "{same:?}");
    assert!(!done.output().contains("planted") && !again.output().contains("planted"));
}

#[test]
fn remote_dry_run_states_what_it_cannot_check() {
    let (server, home) = (RemoteServer::new(), Home::new());
    home.write("all.yaml", DOCUMENT);
    home.write("key.txt", "sk-planted\n");
    assert_eq!(
        run(&server, &home, &["apply", "-f", "all.yaml", "--yes"]).code,
        0
    );
    for (arguments, code, output) in [
        (
            &[
                "create",
                "--name",
                "C",
                "--provider",
                "openai",
                "--allow-incomplete",
            ][..],
            0,
            "Would create C (c)\n",
        ),
        (
            &[
                "create",
                "--name",
                "A",
                "--provider",
                "openai",
                "--allow-incomplete",
            ],
            5,
            "",
        ),
        (
            &["update", "a", "--name", "Z"],
            0,
            "Would save Z (a): name\n",
        ),
        (&["update", "b", "--set", "apiKey=$No:Key"], 4, ""),
        (
            &["duplicate", "a", "--name", "D"],
            0,
            "Would create D (d)\n",
        ),
        (&["deactivate", "a"], 0, "Would deactivate A (a)\n"),
        (&["delete", "missing"], 3, ""),
        (&["delete", "a"], 0, "Would delete A (a)\n"),
        (&["rollback", "a", "1"], 0, "Nothing to change: A (a)\n"),
    ] {
        let dry = run(&server, &home, &[arguments, &["--dry-run"]].concat());
        assert_eq!(
            (dry.code, dry.out.as_str()),
            (code, output),
            "{arguments:?}: {dry:?}"
        );
        assert_eq!(dry.err.contains("Checked locally"), code == 0, "{dry:?}");
    }
    let page = run(&server, &home, &["list", "--json"]).json();
    assert_eq!(page["total"], 2);
    assert!(
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["version"] == 1)
    );
}
