//! Tests of the characters that may reach a terminal.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case("OpenAI Production")]
#[case("Zoë Müller-Łukasiewicz")]
#[case("日本語　テスト")]
#[case("한국어")]
#[case("שלום")]
#[case("ไม้เอก")]
#[case("हिन्दी")]
#[case("e\u{301}")]
#[case("👩‍👩‍👧‍👦 family")]
#[case("👩🏽‍🚀")]
#[case("🏴‍☠️")]
#[case("❤️")]
#[case("1️⃣")]
#[case("🇩🇪🇫🇷")]
#[case("a\u{A0}b")]
#[case("`~!@#$%^&*()\\\"'")]
fn ordinary_text_is_borrowed(#[case] text: &str) {
    assert!(
        matches!(printable(text), Cow::Borrowed(same) if same == text),
        "{:?}",
        printable(text)
    );
}

#[rstest]
#[case("a\u{1b}[31mred", r"a\u{1b}[31mred")]
#[case("\u{9b}31m", r"\u{9b}31m")]
#[case("a\u{7f}b\r\n\t\0", r"a\u{7f}b\u{d}\u{a}\u{9}\u{0}")]
#[case("\u{202e}gpj.exe\u{2066}", r"\u{202e}gpj.exe\u{2066}")]
#[case("\u{61c}\u{200e}\u{200f}", r"\u{61c}\u{200e}\u{200f}")]
#[case(
    "open\u{200b}ai\u{200c}\u{2060}\u{feff}\u{ad}",
    r"open\u{200b}ai\u{200c}\u{2060}\u{feff}\u{ad}"
)]
#[case("a\u{200d}b", r"a\u{200d}b")]
#[case("👩\u{200d}", r"👩\u{200d}")]
#[case("👩\u{200d}\u{200d}👧", r"👩\u{200d}\u{200d}👧")]
#[case("。\u{200d}。", r"。\u{200d}。")]
#[case("a\u{fe0f}1\u{fe0f}", r"a\u{fe0f}1\u{fe0f}")]
#[case("a\u{fe00}", r"a\u{fe00}")]
#[case("a\u{2028}b\u{2029}c\u{85}d", r"a\u{2028}b\u{2029}c\u{85}d")]
#[case("🏴\u{e0067}\u{e007f}", r"🏴\u{e0067}\u{e007f}")]
#[case(
    "\u{3164}\u{115f}\u{1160}\u{ffa0}\u{34f}",
    r"\u{3164}\u{115f}\u{1160}\u{ffa0}\u{34f}"
)]
#[case(
    "\u{e000}\u{fffe}\u{10ffff}\u{f8ff}",
    r"\u{e000}\u{fffe}\u{10ffff}\u{f8ff}"
)]
#[case("\u{378}", r"\u{378}")]
#[case("\u{301}a", r"\u{301}a")]
#[case("\u{1b}\u{301}", r"\u{1b}\u{301}")]
fn hidden_characters_are_escaped(#[case] text: &str, #[case] shown: &str) {
    assert_eq!(printable(text), shown);
    assert_eq!(Printable(text).to_string(), shown);
}

#[test]
fn marks_on_letter_are_limited() {
    let stacked = format!("a{}b", "\u{301}".repeat(200));
    assert_eq!(printable(&stacked), format!("a{}b", "\u{301}".repeat(8)));
    let jamo = format!("\u{1100}{}", "\u{1161}".repeat(200));
    assert_eq!(printable(&jamo).chars().count(), 9);
}

#[test]
fn long_joiner_chain_is_escaped() {
    let chain = vec!["👩"; 40].join("\u{200d}");
    assert!(printable(&chain).contains(r"\u{200d}"));
    assert!(printable(&chain).matches(JOINER).count() <= MAX_JOINERS);
}

#[test]
fn family_emoji_is_two_columns_wide() {
    assert_eq!(columns("👩‍👩‍👧‍👦"), 2);
    assert_eq!(columns("日本"), 4);
    assert_eq!(columns("plain"), 5);
}

#[rstest]
#[case("a", true)]
#[case(" \u{200b}\u{3000}\u{2800}\u{3164}", false)]
#[case("\u{301}", false)]
#[case("", false)]
#[case("日", true)]
#[case("👩", true)]
fn visible_text_needs_visible_character(#[case] text: &str, #[case] visible: bool) {
    assert_eq!(is_visible_text(text), visible);
}

/// Generates text with many hostile characters.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '\u{1b}',
        '\u{9b}',
        '\u{202e}',
        '\u{2066}',
        '\u{200d}',
        '\u{200b}',
        '\u{fe0f}',
        '\u{301}',
        '\u{1161}',
        '\u{1100}',
        '👩',
        '🏽',
        '❤',
        '1',
        '\u{20e3}',
        '\u{e0041}',
        '🇩',
        'a',
        'ل',
        'ا',
        '日',
        '\u{94d}',
        'क',
    ]);
    prop::collection::vec(prop_oneof![3 => nasty, 1 => any::<char>()], 0..40)
        .prop_map(|characters| characters.into_iter().collect())
}

#[rstest]
#[case("\u{1b}\u{1F3FD}\u{200d}\u{1F3FD}")]
#[case("\u{1b}\u{301}\u{1F3FD}\u{200d}\u{1F3FD}")]
#[case("👩\u{fe00}\u{1F3FD}\u{200d}👩")]
fn lone_skin_tone_is_not_joined(#[case] text: &str) {
    let once = printable(text).into_owned();
    assert!(!once.contains(JOINER), "{once:?}");
    assert_eq!(printable(&once), once);
}

proptest! {
    #[test]
    fn printable_text_has_no_control_characters(text in hostile()) {
        let shown = printable(&text).into_owned();
        prop_assert!(!shown.chars().any(is_unprintable), "{:?}", shown);
        let hidden = |character| matches!(character, '\u{200b}' | '\u{200c}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
        prop_assert!(!shown.chars().any(hidden), "{:?}", shown);
    }

    #[test]
    fn printable_is_idempotent(text in hostile()) {
        let once = printable(&text).into_owned();
        prop_assert_eq!(printable(&once).into_owned(), once);
    }

    #[test]
    fn cluster_length_is_limited(text in hostile()) {
        for cluster in printable(&text).graphemes(true) {
            prop_assert!(cluster.chars().filter(|character| is_mark(*character) && *character != JOINER).count() <= 4 * (MAX_MARKS + 1), "{:?}", cluster);
        }
    }
}

#[rstest]
#[case("\u{feff} a\u{200b}b \u{ad}\u{2060}\r\n", "a\u{200b}b")]
#[case("\u{e0001}a\u{fe0f}", "a")]
#[case("\u{200e}\u{2066}", "")]
#[case("\u{1b}a\u{0}", "\u{1b}a\u{0}")]
fn trim_removes_invisible_but_keeps_controls(#[case] text: &str, #[case] trimmed: &str) {
    assert_eq!(trim_invisible(text), trimmed);
}

#[test]
fn simple_characters_are_printable_in_one_column() {
    for character in ('\0'..='\u{FFFF}').filter(|character| is_simple(&character.to_string())) {
        let text = character.to_string();
        assert_eq!(character.width(), Some(1), "{text}");
        assert!(is_shown(character) && !is_mark(character), "{text}");
        for other in ["a", "●", "✓"] {
            let pair = [&text, other].concat();
            assert_eq!(pair.graphemes(true).count(), 2, "{pair}");
        }
    }
}
