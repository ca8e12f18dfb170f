//! Terminal input as it reaches the app: pastes without brackets, keys typed ahead, replies for other programs, and API keys in
//! visible fields.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;
mod terminal;

use rstest::rstest;
use stage::Stage;
use terminal::{KIND, Terminal, started};
use umai::tui::action::KeyContext;
use umai::tui::dialog::Dialog;
use umai::tui::effect::Effect;

const CURL: &str = "curl https://api.openai.com/v1/models -H 'Authorization: Bearer sk-planted'";
const KEY: &str = "sk-abc123def456ghi789jkl0";

fn names(stage: &Stage) -> Vec<String> {
    let page = stage.wait_for(stage.service.list(umai::connection::ListQuery::all(
        umai::connection::PageRequest { skip: 0, take: 100 },
    )));
    let items = page.unwrap().items;
    items.into_iter().map(|item| item.name).collect()
}

#[rstest]
#[case("qDyqDyqDyqDyqDyqDy")]
#[case("qqqqqqqqqqqqqqqqqqqqqqqq")]
#[case("D<enter>y")]
#[case("<enter><enter>")]
#[case("D<enter><tab>y<enter>q")]
#[case("DDDDD <ctrl-c> yyyyyyyyyyyyyyyyyyy")]
fn burst_in_the_tree_runs_no_action(#[case] keys: &str) {
    let mut stage = Stage::three(100, 30);
    stage.play("<end>");
    stage.burst(keys);
    assert!(stage.app.dialogs.is_empty(), "{}", stage.frame());
    assert!(!stage.effects.contains(&Effect::Quit));
    assert_eq!(names(&stage).len(), 3);
    let frame = stage.frame();
    assert!(frame.contains("Paste ignored"), "{frame}");
}

#[rstest]
#[case::delete("D", "qyqyqyqyqyqyqyqyqyqy<enter>y")]
#[case::help("?", "qDyqDyqDyqDyqDyqDyqDy")]
#[case::copy("y", "njaicnjaicnjaicnjaicnjaic")]
#[case::trash("X", "DDDDDDEyEyEyEyEyEyEyEy<enter>y")]
fn burst_in_a_dialog_runs_no_action(#[case] open: &str, #[case] keys: &str) {
    let mut stage = Stage::three(100, 30);
    stage.play("<end>").play(open);
    let layers = stage.app.dialogs.len();
    stage.burst(keys);
    assert_eq!(stage.app.dialogs.len(), layers, "{}", stage.frame());
    assert_eq!(names(&stage).len(), 3);
    let notice = &stage.app.notice.as_ref().unwrap().text;
    assert!(notice.contains("no text field has the focus"), "{notice}");
}

#[test]
fn held_movement_key_keeps_moving() {
    let mut stage = Stage::three(100, 30);
    stage.burst(&"j".repeat(40));
    assert!(stage.app.notice.is_none());
    let mut other = Stage::three(100, 30);
    other.play(&"j".repeat(40));
    assert_eq!(stage.frame(), other.frame());
}

#[test]
fn curl_in_the_tree_opens_the_filled_create_form() {
    for is_burst in [true, false] {
        let mut stage = Stage::three(100, 30);
        if is_burst {
            stage.burst(&format!("{CURL}<enter>"));
        } else {
            stage.play(&format!("<paste:{CURL}>"));
        }
        let frame = stage.frame();
        assert!(frame.contains("Create Connection"), "{frame}");
        assert!(frame.contains("Filled"), "{frame}");
        assert!(!frame.contains("planted"), "{frame}");
        let form = stage.app.form().unwrap();
        assert_eq!(form.provider.id, "openai");
    }
}

#[test]
fn burst_in_a_text_field_never_submits() {
    // In Select AI Provider, Enter would choose.
    let mut stage = Stage::empty(100, 30);
    stage.play("n").burst("openai<enter>x");
    assert!(matches!(stage.app.dialogs.last(), Some(Dialog::Picker(_))));
    // In the filter, Enter would close it.
    let mut stage = Stage::three(100, 30);
    stage.play("/").burst("name:production active<enter>");
    assert_eq!(stage.app.context(), KeyContext::List);
    assert!(stage.frame().contains("name:production active"));
    // In the name, Enter would go to the next field.
    let mut stage = Stage::three(100, 30);
    stage.play("n").play("openai<enter>");
    stage.burst("OpenAI Production 2<enter>");
    assert_eq!(names(&stage).len(), 3);
    assert_eq!(stage.app.form().unwrap().name(), "OpenAI Production 2");
}

#[test]
fn keys_typed_ahead_into_a_form_stay_keys() {
    let mut stage = Stage::empty(100, 30);
    stage.play("nopenai<enter>");
    stage.burst("Team in Berlin<tab><tab><tab>sk-planted<ctrl-s>");
    assert_eq!(names(&stage), ["Team in Berlin"]);
}

#[test]
fn lines_into_a_form_are_one_paste() {
    let mut stage = Stage::empty(100, 30);
    stage.play("nopenai<enter>");
    stage.burst("OPENAI_API_KEY=sk-planted<enter>OPENAI_ORG_ID=org-77<enter>");
    let frame = stage.frame();
    assert!(
        frame.contains("org-77") && frame.contains("Filled"),
        "{frame}"
    );
    assert!(!frame.contains("planted"), "{frame}");
}

#[test]
fn key_in_the_name_is_masked_and_moved() {
    let mut stage = Stage::empty(140, 30);
    stage.play("nopenai<enter>").play(KEY);
    let frame = stage.frame();
    assert!(frame.contains("F6 moves it to OpenAI API Key"), "{frame}");
    assert!(!frame.contains("abc123def456"), "{frame}");
    stage.play("<ctrl-s>");
    assert!(names(&stage).is_empty());
    stage.play("<f6>");
    let frame = stage.frame();
    assert!(frame.contains("moved to OpenAI API Key"), "{frame}");
    assert_eq!(stage.app.form().unwrap().name(), "");
    stage.play("Team<ctrl-s>");
    assert_eq!(names(&stage), ["Team"]);
    assert!(!stage.frame().contains("abc123"));
}

/// A key that only the catalogue's prefixes tell.
const PREFIXED: &str = "bedrock-api-key-abc123def456ghi789";

#[test]
fn key_with_a_prefix_of_a_provider_is_masked_and_moved() {
    let mut stage = Stage::empty(140, 30);
    stage.play("namazon<enter>").play(PREFIXED);
    let frame = stage.frame();
    assert!(frame.contains("This looks like an API key"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
    assert_eq!(stage.app.form().unwrap().title(), "Untitled");
    stage.play("<f6>");
    let frame = stage.frame();
    assert!(frame.contains("moved to"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
    assert_eq!(stage.app.form().unwrap().name(), "");
}

#[rstest]
#[case::providers("n")]
#[case::filter("/")]
#[case::palette(":")]
fn key_with_a_prefix_of_a_provider_is_masked_in_a_filter(#[case] open: &str) {
    let mut stage = Stage::three(100, 30);
    stage.play(open).play(PREFIXED);
    let frame = stage.frame();
    assert!(frame.contains("•••••"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
}

#[test]
fn key_in_the_alias_is_refused_at_once() {
    let mut stage = Stage::empty(100, 30);
    stage.play("nopenai<enter>Team<tab><ctrl-x>").play(KEY);
    let frame = stage.frame();
    assert!(frame.contains("looks like an API key"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
}

#[rstest]
#[case::providers("n")]
#[case::filter("/")]
#[case::palette(":")]
fn key_in_a_filter_is_masked(#[case] open: &str) {
    for text in [KEY.to_owned(), format!("<paste:{KEY}>")] {
        let mut stage = Stage::three(100, 30);
        stage.play(open).play(&text);
        let frame = stage.frame();
        assert!(
            frame.contains("•••••") && !frame.contains("abc123"),
            "{frame}"
        );
    }
}

/// Terminal with one connection, which is selected.
fn with_connection() -> Terminal {
    let line = format!(
        "{0} connections create --name One --provider openai > created 2>&1; exec {0}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections (1)");
    terminal.press("\u{1b}[F");
    terminal.shows("› One");
    terminal
}

#[test]
fn bytes_of_a_paste_without_brackets_run_nothing() {
    let mut terminal = with_connection();
    terminal.press("Dear team,\rplease quit \"q\" and Delete \"D\"\ny\r\nyes\r");
    terminal.shows("Paste ignored");
    terminal.press("?");
    terminal.shows("Tree");
    terminal.press("\u{1b}");
    terminal.shows("Connections (1)");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn bytes_of_a_curl_command_open_the_form() {
    let mut terminal = with_connection();
    terminal.press(&format!("{CURL}\r"));
    terminal.shows("Create Connection");
    terminal.shows("Filled");
    assert!(!terminal.has_written("planted"));
    terminal.press("\u{3}");
    terminal.ends();
}

#[test]
fn answers_of_the_terminal_run_nothing() {
    let mut terminal = with_connection();
    for answer in [
        "\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\",
        "\u{1b}]52;c;cUR5\u{7}",
        "\u{1b}]lDyq\u{1b}\\",
        "\u{1b}P1$r0m\u{1b}\\",
        "\u{1b}P>|term(D)q\u{1b}\\",
        "\u{1b}_Gi=31;q\u{1b}\\",
        "\u{1b}[>0;276;0c",
        "\u{1b}[?2026;1$y",
        "\u{1b}[?997;1n",
    ] {
        terminal.press(answer);
        // The next key is handled as a key.
        terminal.press("/");
        terminal.shows(" / ");
        terminal.press("\u{1b}");
        terminal.until("the filter gone", |terminal| {
            !terminal.contents().contains(" / ")
        });
        assert!(terminal.contents().contains("Connections (1)"));
    }
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn unfinished_and_huge_answers_end() {
    let mut terminal = with_connection();
    terminal.press("\u{1b}]52;c;qDyqDyqDy");
    // Longer than the pause that ends a reply.
    while terminal
        .bytes
        .recv_timeout(std::time::Duration::from_millis(300))
        .is_ok()
    {}
    terminal.press("/");
    terminal.shows(" / ");
    terminal.press("\u{1b}");
    terminal.until("the filter gone", |terminal| {
        !terminal.contents().contains(" / ")
    });
    let huge = "qDy".repeat(5 * 1024 / 3);
    terminal.press(&format!("\u{1b}]52;c;{huge}\u{7}"));
    terminal.shows("Paste ignored");
    terminal.press("/");
    terminal.shows(" / ");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn lone_openers_of_answers_are_keys() {
    let line = format!(
        "mkdir -p .config/umai && printf '[tree]\\nhelp = [\"alt-]\"]\\nnew = [\"alt-shift-p\"]\\n' > .config/umai/keymap.toml; exec {}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("\u{1b}P");
    terminal.shows("Select AI Provider");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
    let mut terminal = terminal.beside(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("\u{1b}]");
    terminal.shows("Tree");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn held_arrow_keys_and_few_keys_typed_ahead_are_keys() {
    let mut terminal = started();
    terminal.press(&"\u{1b}[B".repeat(40));
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
}
