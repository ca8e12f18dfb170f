//! Text of third-party servers as one safe line.

use serde_json::Value;

use crate::text::{is_visible_text, printable};

/// Maximum length of a text, in characters.
const MAX_COUNT: usize = 300;

/// Returns one printable line of at most 300 characters; none when nothing is visible.
pub fn line(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MAX_COUNT * 4 {
            break;
        }
    }
    if !is_visible_text(&line) {
        return None;
    }
    let shown = printable(&line);
    Some(match shown.char_indices().nth(MAX_COUNT) {
        None => shown.into_owned(),
        Some((end, _)) => format!("{}…", &shown[..end]),
    })
}

/// Returns the text of a body that is not JSON: plain text, or the visible text of a web page.
pub fn from_body(body: &[u8]) -> Option<String> {
    let beginning = &body[..body.len().min(64 * 1024)];
    let text = String::from_utf8_lossy(beginning);
    if !text.trim_start().starts_with('<') {
        return line(&text);
    }
    text_between(&text, "<title", "</title")
        .and_then(|title| title.split_once('>'))
        .and_then(|(_, title)| line(title))
        .or_else(|| line(&without_tags(&text)))
}

/// Returns the message of problem details, or of other JSON with a message under a usual name.
pub fn from_json(body: &Value) -> Option<String> {
    if let Value::String(words) = body {
        return line(words);
    }
    ["detail", "title", "message", "error_description", "error"]
        .into_iter()
        .find_map(|member| body.get(member)?.as_str().and_then(line))
}

/// Returns the part of a page between two tags, ignoring case.
fn text_between<'a>(page: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find(from)? + from.len();
    let end = start + lower[start..].find(to)?;
    Some(&page[start..end])
}

/// Returns the visible text of a page, without tags, scripts and styles.
fn without_tags(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let mut text = String::new();
    let mut at = 0;
    while let Some(open) = lower[at..].find('<').map(|open| at + open) {
        text.push_str(&page[at..open]);
        text.push(' ');
        let closing = ["script", "style"]
            .into_iter()
            .find(|name| lower[open + 1..].starts_with(name))
            .and_then(|name| lower[open..].find(&format!("</{name}")));
        let end = closing.map_or(open, |closing| open + closing);
        let Some(close) = lower[end..].find('>') else {
            return text;
        };
        at = end + close + 1;
    }
    text.push_str(&page[at..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", None)]
    #[case(" \n\u{200b}", None)]
    #[case("  Bad\r\n  gateway ", Some("Bad gateway"))]
    #[case("a\u{1b}[31mb", Some("a\\u{1b}[31mb"))]
    #[case(
        "<html><head><TITLE lang='en'>502 Bad Gateway</title></head><body><h1>x",
        Some("502 Bad Gateway")
    )]
    #[case(
        "<!doctype html><style>b{}</style><p>No <b>entry</b></p><script>if (a<b) c()</script> here",
        Some("No entry here")
    )]
    #[case("<title></title><p>Gone</p>", Some("Gone"))]
    #[case("<p", None)]
    fn body_becomes_one_safe_line(#[case] body: &str, #[case] message: Option<&str>) {
        assert_eq!(from_body(body.as_bytes()).as_deref(), message);
    }

    #[test]
    fn long_body_is_cut() {
        let message = from_body("words ".repeat(100_000).as_bytes()).unwrap();
        assert_eq!(message.chars().count(), MAX_COUNT + 1);
        let message = from_body("é".repeat(100_000).as_bytes()).unwrap();
        assert_eq!(message.chars().count(), MAX_COUNT + 1);
    }

    #[test]
    fn json_message_is_found() {
        let message = |json: &str| from_json(&serde_json::from_str(json).unwrap());
        assert_eq!(
            message(r#"{"title":"T","detail":"D"}"#).as_deref(),
            Some("D")
        );
        assert_eq!(
            message(r#"{"title":"T","detail":null}"#).as_deref(),
            Some("T")
        );
        assert_eq!(message(r#""just words""#).as_deref(), Some("just words"));
        assert_eq!(message("[1]"), None);
    }
}
