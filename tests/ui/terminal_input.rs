//! Terminal input as it reaches the app: pastes without brackets, keys typed ahead, replies for other programs, and API keys in
//! visible fields.

use crate::pty::{KIND, Terminal, started};
use crate::support::harness::Harness;
use rstest::rstest;
use umai::tui::action::KeyContext;
use umai::tui::dialogs::provider_picker::ProviderPicker;
use umai::tui::effect::Effect;

const CURL: &str = "curl https://api.openai.com/v1/models -H 'Authorization: Bearer sk-planted'";
const KEY: &str = "sk-abc123def456ghi789jkl0";

fn names(harness: &Harness) -> Vec<String> {
    let page = harness.wait_for(harness.service.list(umai::connection::ListQuery::all(
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
    let mut harness = Harness::three(100, 30);
    harness.play("<end>");
    harness.burst(keys);
    assert!(harness.app.dialogs.is_empty(), "{}", harness.frame());
    assert!(!harness.effects.contains(&Effect::Quit));
    assert_eq!(names(&harness).len(), 3);
    let frame = harness.frame();
    assert!(frame.contains("Paste ignored"), "{frame}");
}

#[rstest]
#[case::delete("D", "qyqyqyqyqyqyqyqyqyqy<enter>y")]
#[case::copy("y", "njaicnjaicnjaicnjaicnjaic")]
#[case::trash("X", "DDDDDDEyEyEyEyEyEyEyEy<enter>y")]
fn burst_in_a_dialog_runs_no_action(#[case] open: &str, #[case] keys: &str) {
    let mut harness = Harness::three(100, 30);
    harness.play("<end>").play(open);
    let layers = harness.app.dialogs.len();
    harness.burst(keys);
    assert_eq!(harness.app.dialogs.len(), layers, "{}", harness.frame());
    assert_eq!(names(&harness).len(), 3);
    let notice = &harness.app.notices.current.as_ref().unwrap().text;
    assert!(notice.contains("no text field has the focus"), "{notice}");
}

#[test]
fn held_movement_key_keeps_moving() {
    let mut harness = Harness::three(100, 30);
    harness.burst(&"j".repeat(40));
    assert!(harness.app.notices.current.is_none());
    let mut other = Harness::three(100, 30);
    other.play(&"j".repeat(40));
    assert_eq!(harness.frame(), other.frame());
}

#[test]
fn curl_in_the_tree_opens_the_filled_create_form() {
    for is_burst in [true, false] {
        let mut harness = Harness::three(100, 30);
        if is_burst {
            harness.burst(&format!("{CURL}<enter>"));
        } else {
            harness.play(&format!("<paste:{CURL}>"));
        }
        let frame = harness.frame();
        assert!(frame.contains("Create Connection"), "{frame}");
        assert!(frame.contains("Filled"), "{frame}");
        assert!(!frame.contains("planted"), "{frame}");
        let form = harness.app.form().unwrap();
        assert_eq!(form.provider.id, "openai");
    }
}

#[test]
fn burst_in_a_text_field_never_submits() {
    // In Select AI Provider, Enter would choose.
    let mut harness = Harness::empty(100, 30);
    harness.play("n").burst("openai<enter>x");
    assert!(harness.app.dialogs.is_on::<ProviderPicker>());
    // In the filter, Enter would close it.
    let mut harness = Harness::three(100, 30);
    harness.play("/").burst("name:production active<enter>");
    assert_eq!(harness.app.context(), KeyContext::List);
    assert!(harness.frame().contains("name:production active"));
    // In the name, Enter would go to the next field.
    let mut harness = Harness::three(100, 30);
    harness.play("n").play("openai<enter>");
    harness.burst("OpenAI Production 2<enter>");
    assert_eq!(names(&harness).len(), 3);
    assert_eq!(harness.app.form().unwrap().name(), "OpenAI Production 2");
}

#[test]
fn keys_typed_ahead_into_a_form_stay_keys() {
    let mut harness = Harness::empty(100, 30);
    harness.play("nopenai<enter>");
    harness.burst("Team in Berlin<tab><tab><tab>sk-planted<ctrl-s>");
    assert_eq!(names(&harness), ["Team in Berlin"]);
}

#[test]
fn lines_into_a_form_are_one_paste() {
    let mut harness = Harness::empty(100, 30);
    harness.play("nopenai<enter>");
    harness.burst("OPENAI_API_KEY=sk-planted<enter>OPENAI_ORG_ID=org-77<enter>");
    let frame = harness.frame();
    assert!(
        frame.contains("org-77") && frame.contains("Filled"),
        "{frame}"
    );
    assert!(!frame.contains("planted"), "{frame}");
}

#[test]
fn key_in_the_name_is_masked_and_moved() {
    let mut harness = Harness::empty(140, 30);
    harness.play("nopenai<enter>").play(KEY);
    let frame = harness.frame();
    assert!(frame.contains("F6 moves it to OpenAI API Key"), "{frame}");
    assert!(!frame.contains("abc123def456"), "{frame}");
    harness.play("<ctrl-s>");
    assert!(names(&harness).is_empty());
    harness.play("<f6>");
    let frame = harness.frame();
    assert!(frame.contains("moved to OpenAI API Key"), "{frame}");
    assert_eq!(harness.app.form().unwrap().name(), "");
    harness.play("Team<ctrl-s>");
    assert_eq!(names(&harness), ["Team"]);
    assert!(!harness.frame().contains("abc123"));
}

/// A key that only the catalog's prefixes tell.
const PREFIXED: &str = "bedrock-api-key-abc123def456ghi789";

#[test]
fn key_with_a_prefix_of_a_provider_is_masked_and_moved() {
    let mut harness = Harness::empty(140, 30);
    harness.play("namazon<enter>").play(PREFIXED);
    let frame = harness.frame();
    assert!(frame.contains("This looks like an API key"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
    assert_eq!(harness.app.form().unwrap().title(), "Untitled");
    harness.play("<f6>");
    let frame = harness.frame();
    assert!(frame.contains("moved to"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
    assert_eq!(harness.app.form().unwrap().name(), "");
}

#[rstest]
#[case::providers("n")]
#[case::filter("/")]
#[case::palette(":")]
fn key_with_a_prefix_of_a_provider_is_masked_in_a_filter(#[case] open: &str) {
    let mut harness = Harness::three(100, 30);
    harness.play(open).play(PREFIXED);
    let frame = harness.frame();
    assert!(frame.contains("•••••"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
}

#[test]
fn key_in_the_alias_is_refused_at_once() {
    let mut harness = Harness::empty(100, 30);
    harness.play("nopenai<enter>Team<tab><ctrl-x>").play(KEY);
    let frame = harness.frame();
    assert!(frame.contains("looks like an API key"), "{frame}");
    assert!(!frame.contains("abc123"), "{frame}");
}

#[rstest]
#[case::providers("n")]
#[case::filter("/")]
#[case::palette(":")]
fn key_in_a_filter_is_masked(#[case] open: &str) {
    for text in [KEY.to_owned(), format!("<paste:{KEY}>")] {
        let mut harness = Harness::three(100, 30);
        harness.play(open).play(&text);
        let frame = harness.frame();
        assert!(
            frame.contains("•••••") && !frame.contains("abc123"),
            "{frame}"
        );
    }
}

/// Terminal with one connection, which is selected.
fn with_connection() -> Terminal {
    let line = format!(
        "{0} connections create --name One --provider openai --allow-incomplete > created 2>&1; exec {0}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections 1");
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
    terminal.shows("Change");
    terminal.press("\u{1b}");
    terminal.shows("Connections 1");
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
        assert!(terminal.contents().contains("Connections 1"));
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
    assert_eq!(terminal.ends(), 130);
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
    assert_eq!(terminal.ends(), 130);
    let mut terminal = terminal.beside(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("\u{1b}]");
    terminal.shows("Change");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 130);
}

#[test]
fn held_arrow_keys_and_few_keys_typed_ahead_are_keys() {
    let mut terminal = started();
    terminal.press(&"\u{1b}[B".repeat(40));
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 130);
}
