//! Tests of redacted responses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;

use super::*;

const KEY: &str = "sk-proj-Abc/Def+Ghi\"Jkl0123456789wxyz";

fn clean(text: &str) -> String {
    Redaction::new(&[SecretString::from(KEY)]).clean(text)
}

#[rstest]
#[case::plain(KEY.to_owned())]
#[case::upper(KEY.to_uppercase())]
#[case::lower(KEY.to_lowercase())]
#[case::base64(STANDARD.encode(KEY))]
#[case::base64_inside(STANDARD.encode(format!("x:{KEY}:y")))]
#[case::hex(KEY.bytes().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|sign| char::from_digit(sign.into(), 16)).collect())]
#[case::url(url::form_urlencoded::byte_serialize(KEY.as_bytes()).collect())]
#[case::json(serde_json::Value::from(KEY).to_string())]
#[case::reversed(KEY.chars().rev().collect())]
#[case::utf16(KEY.chars().flat_map(|sign| [sign, '\0']).collect())]
#[case::zero_width(KEY.chars().flat_map(|sign| [sign, '\u{200b}']).collect())]
fn a_secret_does_not_come_back_however_it_is_written(#[case] written: String) {
    let shown = clean(&format!(
        "Incorrect API key provided: {written}. Find it at example.com"
    ));
    assert!(shown.contains("***"), "{shown}");
    assert!(shown.starts_with("Incorrect API key provided: "), "{shown}");
    assert!(shown.ends_with("Find it at example.com"), "{shown}");
    let lowered = shown.to_lowercase();
    for piece in ["abc/def", "jkl0123", "9wxyz", "zyxw987"] {
        assert!(!lowered.contains(piece), "{shown}");
    }
}

#[rstest]
#[case("sk-pr***wxyz")]
#[case("sk-proj-*****************wxyz")]
#[case("****wxyz")]
#[case("sk-p…wxyz")]
#[case("sk-p...wxyz")]
#[case("sk-xxxxxxxxwxyz")]
#[case("wxyz")]
#[case("Jkl0123456")]
fn a_part_of_a_secret_does_not_come_back(#[case] part: &str) {
    let shown = clean(&format!("Your api key: {part} is invalid"));
    assert_eq!(shown, "Your api key: *** is invalid");
}

#[test]
fn other_words_stay_as_they_are() {
    let text =
        "You exceeded your current quota, please check your plan... see https://x.example/a-b";
    assert_eq!(clean(text), text);
}

#[test]
fn a_sentence_is_one_safe_line_of_a_sane_length() {
    let shown = clean(&format!(
        "a\r\n\u{1b}[31mb\u{202e}c {}",
        "long ".repeat(200)
    ));
    assert!(shown.starts_with("a [31mbc long"), "{shown}");
    assert!(shown.chars().count() <= MAX_MESSAGE + 1, "{shown}");
    assert!(shown.ends_with('…'));
}

#[test]
fn a_short_secret_is_taken_out_as_a_word() {
    let short = Redaction::new(&[SecretString::from("abc")]);
    assert_eq!(short.clean("key abc in abcdef"), "key *** in abcdef");
}
