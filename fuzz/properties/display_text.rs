//! Displayed text never moves the cursor, keeps its fitted width, and keeps its visible characters.

use umai::connection::alias;
use umai::search::query::FilterQuery;
use umai::text::{
    Printable, columns, file::line_and_column, is_hidden, is_unprintable, json, printable,
    secret_detector,
};
use umai::tui::{clipboard, text_width, word_diff};
use unicode_segmentation::UnicodeSegmentation;

/// Invisible character that is kept because it joins two characters.
const OF_PICTURES: [char; 2] = ['\u{200d}', '\u{fe0f}'];

/// The first byte is the available width, the rest is the text.
pub fn holds(input: &[u8]) {
    let Some((room, rest)) = input.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    is_harmless(&text);
    fits(&text, usize::from(*room % 80));
    stays_the_same_as_json(&text);
    is_taken_apart_without_loss(&text);
}

fn is_harmless(text: &str) {
    let shown = printable(text);
    assert_eq!(Printable(text).to_string(), shown);
    assert_eq!(printable(&shown), shown, "once more changes it");
    for sign in shown.chars() {
        assert!(!is_unprintable(sign) && !sign.is_control(), "{sign:?}");
        assert!(!is_hidden(sign) || OF_PICTURES.contains(&sign), "{sign:?}");
    }
    let mut seen = shown.chars();
    for sign in text.chars().filter(char::is_ascii_graphic) {
        assert!(seen.any(|shown| shown == sign), "{sign} is gone");
    }
}

fn fits(text: &str, room: usize) {
    let shown = printable(text);
    let wide = columns(&shown);
    assert_eq!(text_width::width(&shown), wide);
    assert_eq!(text_width::safe(text), shown);

    let cut = text_width::cut(text, room);
    assert!(text_width::width(&cut) <= room, "{cut:?} in {room}");
    if wide <= room {
        assert_eq!(cut, shown);
    } else if room > 0 {
        let kept = cut.strip_suffix('…').expect("what was cut says so");
        assert!(shown.starts_with(kept), "{kept:?} of {shown:?}");
    }
    assert_eq!(text_width::width(&text_width::pad(text, room)), room);
    assert_eq!(printable(&cut), cut);

    let end = text_width::suffix(text, room);
    assert!(text.ends_with(end));
    assert!(wide > room || end == text, "{end:?} of {text:?} in {room}");

    let lines = text_width::wrap(text, room);
    if room > 0 {
        let is_black = |sign: &char| !sign.is_whitespace();
        let wrapped: String = lines
            .iter()
            .flat_map(|line| line.chars())
            .filter(is_black)
            .collect();
        let whole: String = shown.chars().filter(is_black).collect();
        assert_eq!(wrapped, whole, "in {room}");
    }
    for line in lines {
        let is_one = line.graphemes(true).count() == 1;
        assert!(
            text_width::width(&line) <= room || is_one,
            "{line:?} in {room}"
        );
    }
}

fn stays_the_same_as_json(text: &str) {
    let written = serde_json::to_string(text).unwrap();
    let harmless = json::harmless(&written);
    assert!(!harmless.chars().any(is_hidden), "{harmless:?}");
    assert_eq!(serde_json::from_str::<String>(&harmless).unwrap(), text);
}

fn is_taken_apart_without_loss(text: &str) {
    let alias = alias::suggest(text);
    assert!(
        alias.is_empty() || alias::is_well_formed(&alias),
        "{alias:?}"
    );
    assert_eq!(alias::suggest(&alias), alias);
    assert!(alias.len() <= alias::MAX_LENGTH);

    let middle = text.floor_char_boundary(text.len() / 2);
    let (old, new) = text.split_at(middle);
    let (removed, added) = word_diff::compare(old, new);
    let joined = |parts: &[word_diff::WordDiffPart]| {
        parts.iter().map(|part| &*part.text).collect::<String>()
    };
    assert_eq!(
        (joined(&removed), joined(&added)),
        (old.to_owned(), new.to_owned())
    );

    let (line, column) = line_and_column(text, middle);
    assert!(line <= text.split('\n').count() && column <= text.len() + 1);

    for carrier in [
        clipboard::Multiplexer::Terminal,
        clipboard::Multiplexer::Tmux,
        clipboard::Multiplexer::Screen,
    ] {
        assert!(carrier.sequence(text).is_ascii());
    }
    let _ = FilterQuery::read(text);
    assert!(!secret_detector::looks_like_secret(&text[..0]));
    let _ = (
        secret_detector::looks_like_secret(text),
        secret_detector::has_key_prefix(text),
    );
}
