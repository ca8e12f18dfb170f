//! Every screen at every size: no panic, and the focus is visible.

use crate::support::harness::Harness;
use rstest::rstest;
use umai::tui::dialogs::help::HelpDialog;
use umai::tui::dialogs::palette::PaletteDialog;
use umai::tui::event::Event;
use umai::tui::layout::Size;

/// Every screen by name, with the keys that open it.
const SCREENS: [(&str, &str); 38] = [
    ("tree", ""),
    ("table_row", "<down>"),
    ("workspace", "<down><right>"),
    ("tree_beside_workspace", "<down><right><tab>"),
    ("filter_results", "/open"),
    ("filter_without_match", "/zzzz"),
    ("unknown_key", "z"),
    ("sort_menu", "s"),
    ("copy_menu", "<down>y"),
    ("grouped", "p<down>"),
    ("provider_picker", "n"),
    ("provider_picker_without_match", "nzzzz"),
    ("create_form", "nopenai<enter>"),
    (
        "reference_not_found",
        "nopenai<enter>A<tab><tab><tab>$OpenAI:Missing<ctrl-s>",
    ),
    ("required_fields", "nmicrosoft<enter><ctrl-s><f8><f8>"),
    ("last_field", "nmicrosoft<enter><shift-tab>"),
    ("unsaved_changes", "<down>eX<esc>"),
    ("delete_dialog", "<down>D"),
    ("palette", ":"),
    ("palette_by_keyword", ":clone"),
    ("help", "?"),
    ("help_filtered", "?mark"),
    ("messages", "<down>tM"),
    ("connection_deactivated", "<down>t"),
    ("info", "<down>2<down>"),
    ("history", "<down>tH<down>"),
    ("compare_versions", "<down>tH<down><enter>"),
    ("rollback_prompt", "<down>tH<down>b"),
    ("connection_test", "<down>T"),
    ("models", "<down>m"),
    ("trash", "<down>D<tab><enter>X"),
    ("empty_trash_prompt", "<down>D<tab><enter>XE"),
    ("all_marked", "<ctrl-a>"),
    ("bulk_activate_prompt", "<ctrl-a>t"),
    ("bulk_export", "<ctrl-a>E"),
    ("bulk_delete", "<ctrl-a>D"),
    ("bulk_test", "<ctrl-a>T<enter>"),
    ("bulk_activate_result", "<ctrl-a>+<enter>"),
];

fn resize(harness: &mut Harness, width: u16, height: u16) {
    harness.happens(Event::Resize(Size { width, height }));
}

#[rstest]
fn app_draws_at_every_size(
    #[values(
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
        25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37
    )]
    screen: usize,
) {
    let mut harness = Harness::three(80, 24);
    let (_, keys) = SCREENS[screen];
    harness.play(keys);
    for height in (0..=12).chain([16, 20]) {
        for width in (0..30).chain((30..=60).step_by(3)) {
            resize(&mut harness, width, height);
            let (_, cursor) = harness.buffer();
            if let Some((x, y)) = cursor {
                assert!(
                    x <= width && y <= height,
                    "cursor {x},{y} at {width}×{height}"
                );
            }
        }
    }
}

#[rstest]
fn focused_field_is_visible_at_every_size(
    #[values("openai", "amazon", "microsoft", "compatible")] provider: &str,
    #[values(true, false)] is_refused: bool,
) {
    let mut harness = Harness::empty(80, 24);
    harness.play(&format!("n{provider}<enter>"));
    if is_refused {
        harness.play("<ctrl-s>");
    }
    let fields = harness.app.form().unwrap().fields.len();
    for (width, height) in [(20, 5), (24, 6), (40, 10), (60, 16), (80, 24), (120, 40)] {
        resize(&mut harness, width, height);
        for _ in 0..fields {
            let form = harness.app.form().unwrap();
            let field = &form.fields[form.focus];
            let label: String = field.label.chars().take(8).collect();
            let frame = harness.frame();
            let has_line = field.line().is_some();
            let (_, cursor) = harness.buffer();
            assert_eq!(
                cursor.is_some(),
                has_line,
                "{width}×{height} {label}\n{frame}"
            );
            if height >= 10 {
                assert!(
                    frame.contains(&format!("▸ {label}")),
                    "{width}×{height} {label}\n{frame}"
                );
            }
            harness.play("<tab>");
        }
        for _ in 0..fields {
            harness.play("<shift-tab>");
            let (_, cursor) = harness.buffer();
            let form = harness.app.form().unwrap();
            assert_eq!(cursor.is_some(), form.fields[form.focus].line().is_some());
        }
    }
}

#[rstest]
fn selected_row_is_visible_at_every_size(
    #[values((20, 5), (40, 10), (60, 16), (80, 24), (120, 40))] size: (u16, u16),
) {
    let bodies: Vec<String> = (0..100)
        .map(|number| {
            format!(r#"{{"alias":"c{number:03}","name":"Name {number:03}","providerId":"openai"}}"#)
        })
        .collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let mut harness = Harness::with(size.0, size.1, &bodies);
    for keys in [
        "G",
        "<up><up>",
        "<pageup>",
        "g",
        "<pagedown><pagedown>",
        "<down>",
    ] {
        harness.play(keys);
        let row = harness.app.tree.selected_row();
        let layout = harness.app.layout();
        let top = harness.app.tree.top;
        assert!(
            row >= top && row < top + layout.tree_rows(),
            "{keys} at {size:?}"
        );
    }
}

#[rstest]
#[case(40, 10)]
#[case(60, 16)]
#[case(80, 24)]
#[case(120, 40)]
#[case(200, 60)]
fn screens_match_their_snapshots(#[case] width: u16, #[case] height: u16) {
    for (name, keys) in SCREENS {
        let mut harness = Harness::three(width, height);
        harness.play(keys);
        insta::assert_snapshot!(format!("{name}@{width}x{height}"), harness.frame());
    }
}

/// Sizes of the named snapshots.
const SIZES: [(u16, u16); 5] = [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)];

#[rstest]
fn footer_ends_with_the_keys_of_palette_and_help(#[values(0, 1, 2, 3, 4)] size: usize) {
    let (width, height) = SIZES[size];
    for (name, keys) in SCREENS {
        let mut harness = Harness::three(width, height);
        harness.play(keys);
        let frame = harness.frame();
        let footer = frame.lines().last().unwrap();
        let (palette, help) = if footer.ends_with(" : Actions  ? Help") {
            (":", "?")
        } else {
            assert!(
                footer.ends_with(" Ctrl-P Actions  F1 Help"),
                "{name} at {width}×{height}: {footer}"
            );
            ("<ctrl-p>", "<f1>")
        };
        let is_palette = |harness: &Harness| harness.app.dialogs.is_on::<PaletteDialog>();
        let is_help = |harness: &Harness| harness.app.dialogs.is_on::<HelpDialog>();
        let before = [is_palette(&harness), is_help(&harness)];
        for (at, key) in [palette, help].into_iter().enumerate() {
            let mut harness = Harness::three(width, height);
            harness.play(keys).play(key);
            // The key that opens one closes it.
            let now = [is_palette(&harness), is_help(&harness)];
            assert!(
                now[at] || before[at],
                "{name} at {width}×{height}: {key}\n{}",
                harness.frame()
            );
        }
    }
}

#[rstest]
fn no_line_names_a_connection_twice(#[values(0, 1, 2, 3, 4)] size: usize) {
    let (width, height) = SIZES[size];
    for (name, keys) in SCREENS {
        let mut harness = Harness::three(width, height);
        harness.play(keys);
        for line in harness.frame().lines() {
            for connection in [
                "Anthropic Team A",
                "OpenAI Development",
                "OpenAI Production",
            ] {
                assert!(
                    line.matches(connection).count() < 2,
                    "{name} at {width}×{height}: {line}"
                );
            }
        }
    }
}

/// Symbols of the app outside ASCII. `fc-query` lists all of them in the font `DejaVu` Sans Mono.
const GLYPHS: &str = "─━│┃╭╮╰╯├└●○◆◐◓◑◒✓✗▸▾◂▲▼▏•…·›←→↑↓×“”–−";

#[test]
fn symbols_are_few_and_in_a_common_font() {
    for (width, height) in SIZES {
        for (name, keys) in SCREENS {
            let mut harness = Harness::three(width, height);
            harness.play(keys);
            let unknown = harness
                .frame()
                .chars()
                .find(|symbol| !symbol.is_ascii() && !GLYPHS.contains(*symbol));
            assert_eq!(unknown, None, "{name} at {width}×{height}");
        }
    }
}

#[test]
fn ascii_screen_has_no_other_symbol() {
    for (name, keys) in SCREENS {
        let mut harness = Harness::three(80, 24);
        harness.app.screen.is_ascii = true;
        harness.play(keys);
        let (buffer, _) = harness.buffer();
        let other = buffer.content.iter().find(|cell| !cell.symbol().is_ascii());
        assert_eq!(other, None, "{name}");
    }
}
