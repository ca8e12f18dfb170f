//! What is generated in the documents is what the program says now. `UMAI_WRITE_DOCS=1 cargo test --test docs` writes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

mod common;
mod stage;

use std::path::{Path, PathBuf};

use stage::Stage;
use umai::connection::{ConnectionService, TestReport};
use umai::tui::action::{Context, key_table, key_tables};
use umai::tui::command;
use umai::tui::effect::{Effect, Reply, Request};
use umai::tui::event::Event;

#[path = "common/svg.rs"]
mod svg;

#[test]
fn the_documents_have_the_keys_of_the_action_table() {
    for document in ["README.md", "docs/screens.md", "docs/commands.md"] {
        let file = path(document);
        let text = std::fs::read_to_string(&file).unwrap();
        hold(&file, &with_keys(&text));
    }
}

/// The text with every block between `<!-- keys: place -->` and `<!-- /keys -->` written anew; `all` is every place.
fn with_keys(text: &str) -> String {
    let mut parts = text.split("<!-- keys: ");
    let mut wanted = parts.next().unwrap().to_owned();
    for part in parts {
        let (place, rest) = part.split_once(" -->\n").expect("where its name ends");
        let (_, after) = rest.split_once("<!-- /keys -->").expect("where keys end");
        let context = Context::ALL.into_iter().find(|it| it.id() == place);
        let keys = match context {
            Some(context) => key_table(context),
            None if place == "all" => key_tables(),
            None if place == "commands" => command::table(),
            None => panic!("there is no place {place}"),
        };
        let keys = format!("<!-- keys: {place} -->\n{keys}\n<!-- /keys -->");
        wanted.push_str(&keys);
        wanted.push_str(after);
    }
    wanted
}

/// A picture of a screen: its file, what it shows, and the keys that lead there.
type Picture = (&'static str, &'static str, fn() -> Stage, &'static str);

const PICTURES: [Picture; 10] = [
    (
        "tree",
        "Three connections, one of them selected",
        three,
        "<down><down><down>",
    ),
    (
        "provider",
        "Select AI Provider, narrowed by typing",
        three,
        "nfo",
    ),
    (
        "form",
        "Create Connection: the errors stand at their fields",
        three,
        "nopenai<enter>OpenAI Prod<tab><tab><tab>sk-ant-1<ctrl-s>",
    ),
    ("test", "A test that failed, and what to do", refused, ""),
    ("info", "The info of a connection", three, "<end>2"),
    ("history", "The history of a connection", changed, "r<end>3"),
    (
        "compare",
        "Two versions compared",
        changed,
        "r<end>3<down><down><enter>",
    ),
    (
        "many",
        "Two connections are marked, and would be switched off",
        three,
        "<end><space><home><down><down><down><space>t",
    ),
    (
        "trash",
        "What is in the trash",
        three,
        "<end>D<tab><enter>X",
    ),
    ("palette", "Every action with its key", three, "<end>:hist"),
];

#[test]
fn the_pictures_are_what_the_app_draws() {
    for (name, title, stage, story) in PICTURES {
        let mut stage = stage();
        stage.play(story);
        let (buffer, _) = stage.buffer();
        let picture = svg::picture(&buffer, &format!("umai: {title}"));
        hold(&path(&format!("assets/screens/{name}.svg")), &picture);
    }
}

#[test]
fn every_picture_stands_in_the_page_of_screens() {
    let page = std::fs::read_to_string(path("docs/screens.md")).unwrap();
    for (name, title, ..) in PICTURES {
        let link = format!("![{title}](../assets/screens/{name}.svg)");
        assert!(page.contains(&link), "docs/screens.md has no {link}");
    }
    let known = PICTURES.map(|(name, ..)| format!("{name}.svg"));
    for file in std::fs::read_dir(path("assets/screens")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&file), "nothing draws {file}");
    }
}

fn three() -> Stage {
    Stage::three(110, 26)
}

/// One of the three, with some history.
fn changed() -> Stage {
    let stage = three();
    let key = "openai-prod".parse().unwrap();
    for body in [
        r#"{"name":"OpenAI Production EU","changeDescription":"moved to Europe"}"#,
        r#"{"settings":{"organization":"org-1"}}"#,
        r#"{"settings":{"apiKey":"sk-another"}}"#,
    ] {
        let draft = common::draft(body);
        stage
            .elsewhere(&async |service: &dyn ConnectionService| {
                service.update(&key, draft.clone(), None).await
            })
            .unwrap();
    }
    stage
}

const REFUSED: &str = r#"{
    "success": false,
    "errorMessage": "api.openai.com does not accept the credentials (401)",
    "steps": [
        {"stage": "complete", "passed": true},
        {"stage": "reached", "passed": true, "detail": "api.openai.com answers"},
        {"stage": "signedIn", "passed": false, "detail": "401"}
    ],
    "advice": "Check that the key is whole, not revoked and of this provider; or make a new one there",
    "said": "Incorrect API key provided: ***.",
    "address": "https://api.openai.com/v1/models",
    "status": 401,
    "latencyMs": 98
}"#;

/// A test that the provider answered with no.
fn refused() -> Stage {
    let mut stage = three();
    stage.play("<end>T");
    let Some(Effect::Call(ticket, Request::Test(_))) = stage.effects.pop() else {
        panic!("a test was to be asked for");
    };
    let report: TestReport = serde_json::from_str(REFUSED).unwrap();
    stage.happens(Event::Reply(ticket, Reply::Tested(Ok(report))));
    stage
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Holds that a file says this; or writes it, where that is asked for.
fn hold(file: &Path, wanted: &str) {
    if std::env::var_os("UMAI_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, wanted).unwrap();
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is behind; write it with UMAI_WRITE_DOCS=1 cargo test --test docs",
        file.display()
    );
}
