//! Writes values as YAML that every parser reads the same way and that is safe for a terminal.
//!
//! Implemented by hand: a text is unquoted only when it is unambiguous (`no` and `1e3` differ between YAML 1.1 and 1.2), and
//! hidden characters are always escaped.

use std::fmt::Write;

use serde_json::Value;

use super::is_hidden;

/// Formats a value as a YAML document with a final line end.
pub fn document(value: &Value) -> String {
    let mut text = String::new();
    if is_block(value) {
        put_block(value, 0, &mut text);
    } else {
        put_flow(value, &mut text);
        text.push('\n');
    }
    text
}

/// Formats a value as an element of a list in the first column.
pub fn element(value: &Value) -> String {
    let mut text = String::from("- ");
    put_after(value, 1, &mut text, true);
    text
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn put_block(value: &Value, level: usize, text: &mut String) {
    match value {
        Value::Array(values) => {
            for value in values {
                indent(level, text);
                text.push_str("- ");
                put_after(value, level + 1, text, true);
            }
        }
        Value::Object(members) => put_members(members, level, text, false),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn put_members(
    members: &serde_json::Map<String, Value>,
    level: usize,
    text: &mut String,
    is_first_indented: bool,
) {
    for (place, (key, value)) in members.iter().enumerate() {
        if place > 0 || !is_first_indented {
            indent(level, text);
        }
        put_text(key, text);
        text.push(':');
        put_after(value, level, text, false);
    }
}

/// Appends a value after a key or a dash.
fn put_after(value: &Value, level: usize, text: &mut String, is_element: bool) {
    match value {
        Value::Object(members) if is_element && !members.is_empty() => {
            put_members(members, level, text, true);
        }
        Value::Array(values) if values.iter().all(|value| !is_block(value)) => {
            if !is_element {
                text.push(' ');
            }
            put_flow(value, text);
            text.push('\n');
        }
        value if is_block(value) => {
            if is_element {
                text.truncate(text.trim_end_matches(' ').len());
            }
            text.push('\n');
            put_block(value, level + usize::from(!is_element), text);
        }
        value => {
            if !is_element {
                text.push(' ');
            }
            put_flow(value, text);
            text.push('\n');
        }
    }
}

fn put_flow(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(on) => text.push_str(if *on { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(words) => put_text(words, text),
        Value::Array(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                put_flow(value, text);
            }
            text.push(']');
        }
        // Objects with members are never written inline.
        Value::Object(_) => text.push_str("{}"),
    }
}

fn indent(level: usize, text: &mut String) {
    text.extend(std::iter::repeat_n("  ", level));
}

/// Unquoted words with a special meaning in some parser.
const SPECIAL_WORDS: [&str; 11] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan",
];

fn is_plain(words: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b" _-".contains(&byte);
    words
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphabetic)
        && words.bytes().all(is_inner)
        && !words.ends_with(' ')
        && !SPECIAL_WORDS
            .iter()
            .any(|meant| words.eq_ignore_ascii_case(meant))
}

fn put_text(words: &str, text: &mut String) {
    if is_plain(words) {
        text.push_str(words);
        return;
    }
    text.push('"');
    for character in words.chars() {
        // Writing into a String cannot fail.
        let _ = match character {
            '"' => text.write_str("\\\""),
            '\\' => text.write_str("\\\\"),
            '\n' => text.write_str("\\n"),
            '\t' => text.write_str("\\t"),
            '\r' => text.write_str("\\r"),
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                write!(text, "\\u{:04x}", u32::from(character))
            }
            character if character.is_control() || is_hidden(character) => {
                match u32::from(character) {
                    code @ ..=0xffff => write!(text, "\\u{code:04x}"),
                    code => write!(text, "\\U{code:08x}"),
                }
            }
            character => text.write_char(character),
        };
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn written_yaml_is_parsed_back() {
        let value = json!({
            "kind": "umai.connections",
            "connections": [
                {"alias": "a", "name": "no", "isActive": true, "settings": {"apiKey": "", "organization": null, "n": 1.5}, "blank": ["apiKey"]},
                {"alias": "b: c", "settings": {}, "list": [], "deep": [[1, {"x": [2]}], "y"]},
                "- dash", "", "1e3", "a\u{202e}b\u{e0041}\u{7}", "# no comment", "$A:B", "two\nlines", " space "
            ]
        });
        let text = document(&value);
        let back: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(back, value, "{text}");
        assert!(!text.contains(['\u{202e}', '\u{7}']), "{text}");
    }

    #[test]
    fn any_text_is_parsed_back() {
        proptest::proptest!(|(words in ".*", key in "\\PC{1,12}")| {
            let value = json!([{ key: words.clone() }, words]);
            let text = document(&value);
            let back: Value = serde_saphyr::from_str(&text).unwrap();
            proptest::prop_assert_eq!(back, value);
        });
    }

    #[test]
    fn yaml_layout_is_readable() {
        let value = json!({"version": 1, "connections": [{"alias": "a", "settings": {"apiKey": "$A:B"}, "blank": ["x"]}]});
        assert_eq!(
            document(&value),
            "version: 1\nconnections:\n  - alias: a\n    settings:\n      apiKey: \"$A:B\"\n    blank: [x]\n"
        );
    }
}
