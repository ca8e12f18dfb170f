//! Commands print the same with `--server` as for a local store.

use crate::home::{Answer, DOCUMENTED, Home};
use crate::support::server::Server;
use crate::support::{APPSETTINGS, service};

/// A server over an empty store, in its own threads.
pub struct RemoteServer {
    server: Option<Server>,
    runtime: tokio::runtime::Runtime,
}

impl RemoteServer {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = Some(runtime.block_on(Server::over(service())));
        Self { server, runtime }
    }

    pub fn origin(&self) -> String {
        self.server.as_ref().unwrap().origin.clone()
    }

    /// Stops the server and returns its URL.
    fn gone(mut self) -> String {
        let origin = self.origin();
        self.server.take().unwrap().end();
        self.runtime
            .shutdown_timeout(std::time::Duration::from_secs(5));
        origin
    }
}

/// Removes IDs and dates.
fn without_chance(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word: usize = rest
            .find(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '-' | ':' | '.')))
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(word);
        let is_date = word.len() >= 10 && word.starts_with("20") && word.as_bytes()[4] == b'-';
        let is_time = word.len() == 9 && word.ends_with('Z') && word.as_bytes()[2] == b':';
        if uuid::Uuid::try_parse(word).is_ok() {
            shown.push_str("<id>");
        } else if is_date || is_time {
            shown.push_str("<date>");
        } else {
            shown.push_str(word);
        }
        let mut signs = behind.chars();
        shown.extend(signs.next());
        rest = signs.as_str();
    }
    shown
}

#[test]
fn remote_commands_print_like_local_ones() {
    let server = RemoteServer::new();
    let (near_home, far_home) = (Home::new(), Home::new());
    near_home.write("appsettings.json", APPSETTINGS);
    near_home.write("many.jsonl", MANY);
    far_home.write("many.jsonl", MANY);
    near_home.write("key", "sk-planted\n");
    far_home.write("key", "sk-planted\n");
    let origin = server.origin();
    for (arguments, stdin) in SCRIPT {
        let near = near_home.pipe(arguments, *stdin);
        let with_server: Vec<_> = ["--server", &origin]
            .iter()
            .chain(*arguments)
            .copied()
            .collect();
        let server = far_home.pipe(&with_server, *stdin);
        let plain = |answer: &Answer| {
            let (out, err) = (without_chance(&answer.out), without_chance(&answer.err));
            // Results of a bulk create are printed as they complete.
            let mut out: Vec<_> = out.lines().map(str::to_owned).collect();
            if arguments.contains(&"many.jsonl") {
                out.sort_unstable();
            }
            let out = out.join("\n");
            let err = err.replace("appsettings.json", "<appsettings>");
            format!("{}\n{out}\n{err}", answer.code)
        };
        assert_eq!(plain(&server), plain(&near), "{arguments:?}");
        assert!(!server.output().contains("planted"), "{server:?}");
    }
    assert!(
        far_home.files_with("sk-planted").len() == 2,
        "only the files that were read"
    );
    let near: Vec<_> = std::fs::read_dir(far_home.path(".local"))
        .into_iter()
        .collect();
    assert!(near.is_empty(), "a remote command stores nothing locally");
}

/// Lines of which one is rejected and one is malformed.
const MANY: &str = r#"{"alias":"many-1","name":"Many 1","providerId":"openai"}
{"alias":"many-2","name":"Many 2","providerId":"openai","settings":{"apiKey":"sk-planted"}}
{"alias":"many-1","name":"Again","providerId":"openai"}
{"alias":5,"name":"Misread","providerId":"openai"}
{"alias":"many-3","name":"Many 3","providerId":"missing"}
"#;

const SCRIPT: &[(&[&str], &str)] = &[
    (&["connections", "list"], ""),
    (&["connections", "list", "--json"], ""),
    (
        &["connections", "create", "--from-json", "-", "--json"],
        DOCUMENTED,
    ),
    (
        &["connections", "create", "--from-json", "-", "--json"],
        DOCUMENTED,
    ),
    (&["connections", "create", "--from-json", "-"], DOCUMENTED),
    (&["connections", "create", "--from-json", "-"], "{\"name\":"),
    (
        &["connections", "create", "--from-json", "-", "--json"],
        "[]",
    ),
    (&["connections", "get", "openai-prod"], ""),
    (&["connections", "get", "OpenAI-Prod", "--json"], ""),
    (&["connections", "get", "missing"], ""),
    (&["connections", "get", "missing", "--json"], ""),
    (&["connections", "get", "capabilities"], ""),
    (&["connections", "get", ".."], ""),
    (&["connections", "get", ""], ""),
    (&["connections", "get", "a/b?c#d é"], ""),
    (
        &[
            "connections",
            "get",
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "--json",
        ],
        "",
    ),
    (
        &[
            "connections",
            "create",
            "--name",
            "Team B",
            "--provider",
            "openai",
            "--secret-stdin",
            "apiKey",
        ],
        "sk-planted\n",
    ),
    (
        &[
            "connections",
            "create",
            "--name",
            "Team C",
            "--provider",
            "OpenAI",
            "--secret-file",
            "apiKey=key",
            "--json",
        ],
        "",
    ),
    (
        &[
            "connections",
            "create",
            "--name",
            "Team D",
            "--provider",
            "openai",
            "--set",
            "apiKey=$OpenAI:ApiKey",
        ],
        "",
    ),
    (
        &[
            "connections",
            "create",
            "--name",
            "Team E",
            "--provider",
            "openai",
            "--set",
            "apiKey=$Not:There",
            "--json",
        ],
        "",
    ),
    (
        &[
            "connections",
            "create",
            "--name",
            "Team F",
            "--provider",
            "openai",
            "--set",
            "unheardOf=x",
            "--inactive",
        ],
        "",
    ),
    (
        &[
            "connections",
            "create",
            "--name",
            "Team G",
            "--provider",
            "missing",
        ],
        "",
    ),
    (&["connections", "create", "--provider", "openai"], ""),
    (
        &[
            "connections",
            "create",
            "--name",
            "Bare",
            "--provider",
            "amazon",
            "--allow-incomplete",
        ],
        "",
    ),
    (&["connections", "create", "--from-json", "many.jsonl"], ""),
    (&["connections", "list"], ""),
    (
        &[
            "connections",
            "list",
            "--json",
            "--skip",
            "2",
            "--take",
            "3",
        ],
        "",
    ),
    (&["connections", "list", "--take", "50000"], ""),
    (&["connections", "list", "--skip", "99999999999"], ""),
    (
        &["connections", "list", "--filter", "TEAM", "--inactive"],
        "",
    ),
    (
        &[
            "connections",
            "list",
            "--provider",
            "OPENAI",
            "--active",
            "--json",
        ],
        "",
    ),
    (&["connections", "list", "--provider", ""], ""),
    (&["connections", "list", "--provider", "missing"], ""),
    (
        &["connections", "list", "--filter", "no such name & all"],
        "",
    ),
    (
        &[
            "connections",
            "deactivate",
            "openai-prod",
            "missing",
            "team-b",
        ],
        "",
    ),
    (&["connections", "deactivate", "openai-prod", "--json"], ""),
    (&["connections", "activate", "openai-prod"], ""),
    (&["connections", "get", "openai-prod"], ""),
    (
        &[
            "connections",
            "create",
            "--name",
            "Near",
            "--provider",
            "openai-compatible",
            "--set",
            "endpoint=http://127.0.0.1:9/v1",
        ],
        "",
    ),
    (&["connections", "test", "near"], ""),
    (&["connections", "test", "near", "--json"], ""),
    (&["connections", "test", "missing"], ""),
    (&["connections", "test", "bare"], ""),
    (&["connections", "models", "near"], ""),
    (&["connections", "models", "near", "--json"], ""),
    (&["connections", "models", "missing"], ""),
    (
        &[
            "connections",
            "update",
            "team-b",
            "--name",
            "Team BB",
            "--set",
            "endpoint=https://elsewhere.example",
        ],
        "",
    ),
    (
        &[
            "connections",
            "update",
            "team-b",
            "--name",
            "Team BB",
            "--secret-stdin",
            "apiKey",
        ],
        "sk-planted-2\n",
    ),
    (
        &[
            "connections",
            "update",
            "team-b",
            "--unset",
            "apiKey",
            "--json",
        ],
        "",
    ),
    (
        &[
            "connections",
            "update",
            "team-b",
            "--name",
            "X",
            "--if-version",
            "1",
        ],
        "",
    ),
    (
        &[
            "connections",
            "update",
            "team-b",
            "--alias",
            "many-1",
            "--json",
        ],
        "",
    ),
    (&["connections", "update", "missing", "--name", "X"], ""),
    (
        &["connections", "duplicate", "team-b", "--name", "Team B 2"],
        "",
    ),
    (
        &["connections", "duplicate", "missing", "--name", "Team B 2"],
        "",
    ),
    (
        &[
            "connections",
            "duplicate",
            "team-b",
            "--name",
            "Other",
            "--alias",
            "many-1",
        ],
        "",
    ),
    (&["connections", "history", "team-b"], ""),
    (
        &["connections", "history", "team-b", "--take", "1", "--json"],
        "",
    ),
    (&["connections", "history", "missing"], ""),
    (&["connections", "diff", "team-b", "1"], ""),
    (&["connections", "diff", "team-b", "1", "2", "--json"], ""),
    (&["connections", "diff", "team-b", "1", "9"], ""),
    (
        &[
            "connections",
            "rollback",
            "team-b",
            "1",
            "--note",
            "As it was",
        ],
        "",
    ),
    (&["connections", "rollback", "team-b", "9", "--json"], ""),
    (&["connections", "rollback", "missing", "1"], ""),
    (&["connections", "delete", "openai-prod"], ""),
    (
        &["connections", "delete", "openai-prod", "missing", "--yes"],
        "",
    ),
    (
        &["connections", "delete", "openai-prod", "--yes", "--json"],
        "",
    ),
    (&["connections", "restore", "openai-prod", "--json"], ""),
    (&["connections", "restore", "openai-prod"], ""),
    (
        &["connections", "delete", "openai-prod", "team-c", "--yes"],
        "",
    ),
    (&["connections", "purge", "missing", "--yes"], ""),
    (&["connections", "purge", "openai-prod"], ""),
    (
        &["connections", "purge", "openai-prod", "--yes", "--json"],
        "",
    ),
    (&["connections", "purge", "--all", "--yes"], ""),
    (&["connections", "restore", "team-c"], ""),
    (&["connections", "list", "--json"], ""),
    (&["providers", "list"], ""),
    (&["providers", "list", "--json"], ""),
    (&["providers", "get", "microsoft-foundry"], ""),
    (&["providers", "get", "openai", "--json"], ""),
    (&["providers", "get", "missing"], ""),
];

#[test]
fn stopped_server_exits_with_code_7() {
    let origin = RemoteServer::new().gone();
    let home = Home::new();
    let answer = home.run(&["--server", &origin, "connections", "list"]);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer.err.contains(&origin) && answer.err.contains("connection refused"),
        "{answer:?}"
    );
    assert_eq!(answer.out, "");
}
