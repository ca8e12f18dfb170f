//! Reads a call of `fetch` in JavaScript: the address, and the object of headers.

use zeroize::Zeroizing;

use super::request::PastedRequest;
use super::{PasteKind, PasteResult};
use crate::provider::{Provider, ProviderCatalog};

const KIND: PasteKind = PasteKind::Fetch;

/// Reads a call; `None` for a text without one at its beginning.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    let (before, arguments) = text.split_once("fetch(")?;
    if !is_start(before) {
        return None;
    }
    let Some(tokens) = tokens(arguments) else {
        return Some(PasteResult::unreadable(
            KIND,
            "a quotation mark is not closed",
        ));
    };
    let mut request = PastedRequest::default();
    if let Some(JsToken::Text(address)) = tokens.first() {
        request.address.clone_from(address);
    }
    read_headers(&tokens, &mut request);
    Some(match request.connection(KIND, catalog, wanted) {
        Ok(connection) => PasteResult::Connection(connection),
        Err(reason) => PasteResult::unreadable(KIND, reason),
    })
}

/// Words that may stand before the call on its line: `const response = await`.
fn is_start(before: &str) -> bool {
    let line = before.lines().next_back().unwrap_or_default();
    let is_plain = |word: &str| {
        matches!(
            word,
            "const" | "let" | "var" | "=" | "await" | "return" | "(await" | "window." | ">"
        ) || word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let words = line.split_whitespace();
    words.clone().count() <= 4 && words.clone().all(is_plain) && {
        let has_keyword = words
            .clone()
            .any(|word| matches!(word, "=" | "await" | "(await" | "return"));
        has_keyword || words.count() == 0 || line.trim() == "window."
    }
}

#[derive(Debug, PartialEq)]
enum JsToken {
    /// A string in quotes.
    Text(Zeroizing<String>),
    /// A word outside quotes, for example a keyword or the key of an object.
    Word(String),
    /// Any other character.
    Sign(char),
}

/// Strings, words and signs; `None` when a string is not closed.
fn tokens(text: &str) -> Option<Vec<JsToken>> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' | '\'' | '`' => {
                let mut value = Zeroizing::new(String::new());
                loop {
                    match characters.next()? {
                        end if end == character => break,
                        '\\' => match characters.next()? {
                            'n' => value.push('\n'),
                            't' => value.push('\t'),
                            'r' => value.push('\r'),
                            '\n' => {}
                            other => value.push(other),
                        },
                        other => value.push(other),
                    }
                }
                tokens.push(JsToken::Text(value));
            }
            '/' if characters.peek() == Some(&'/') => {
                while characters.next_if(|character| *character != '\n').is_some() {}
            }
            character if character.is_alphanumeric() || matches!(character, '_' | '$') => {
                let mut word = String::from(character);
                while let Some(next) = characters.next_if(|character| {
                    character.is_alphanumeric() || matches!(character, '_' | '$' | '.')
                }) {
                    word.push(next);
                }
                tokens.push(JsToken::Word(word));
            }
            character if character.is_whitespace() => {}
            character => tokens.push(JsToken::Sign(character)),
        }
    }
    Some(tokens)
}

/// Reads `headers: { … }`, `headers: [[…], …]` and `headers: new Headers(…)`. Headers that are somewhere else are named.
fn read_headers(tokens: &[JsToken], request: &mut PastedRequest) {
    let is_key = |token: &JsToken| match token {
        JsToken::Text(text) => text.as_str() == "headers",
        JsToken::Word(word) => word == "headers",
        JsToken::Sign(_) => false,
    };
    let start = tokens
        .windows(2)
        .position(|pair| matches!(pair, [key, JsToken::Sign(':')] if is_key(key)));
    let Some(start) = start else { return };
    let mut rest = tokens.get(start + 2..).unwrap_or_default();
    while let Some((token, following)) = rest.split_first() {
        rest = following;
        match token {
            JsToken::Sign('{') => break,
            JsToken::Sign('[') => return read_pairs(rest, request),
            JsToken::Sign('(') | JsToken::Word(_) => {}
            JsToken::Text(_) | JsToken::Sign(_) => {
                return request.left_out.credential(UNREAD_HEADERS);
            }
        }
    }
    loop {
        let (name, following) = match rest {
            [JsToken::Text(name), JsToken::Sign(':'), following @ ..] => {
                (name.as_str().to_owned(), following)
            }
            [JsToken::Word(name), JsToken::Sign(':'), following @ ..] => (name.clone(), following),
            [JsToken::Sign(','), following @ ..] => {
                rest = following;
                continue;
            }
            [JsToken::Sign('}'), ..] | [] => return,
            // A spread, a name that is computed, or a variable alone.
            [_, following @ ..] => {
                request.left_out.credential(UNREAD_HEADERS);
                let is_end = |token: &JsToken| matches!(token, JsToken::Sign(',' | '}'));
                let end = following.iter().position(is_end).unwrap_or(following.len());
                rest = following.get(end..).unwrap_or_default();
                continue;
            }
        };
        let end = following
            .iter()
            .position(|token| matches!(token, JsToken::Sign(',' | '}')))
            .unwrap_or(following.len());
        let (value, following) = following.split_at(end);
        request.headers.push((name, value_of(value)));
        rest = following;
    }
}

/// Name of headers whose values are not in the call.
const UNREAD_HEADERS: &str = "headers";

/// Reads `["name", value], …]`.
fn read_pairs(tokens: &[JsToken], request: &mut PastedRequest) {
    let mut rest = tokens;
    loop {
        rest = match rest {
            [JsToken::Sign(']'), ..] => return,
            [JsToken::Sign(','), following @ ..] => following,
            [
                JsToken::Sign('['),
                JsToken::Text(name),
                JsToken::Sign(','),
                following @ ..,
            ] => {
                let is_end = |token: &JsToken| matches!(token, JsToken::Sign(']'));
                let end = following.iter().position(is_end).unwrap_or(following.len());
                let (value, following) = following.split_at(end);
                let name = name.as_str().to_owned();
                request.headers.push((name, value_of(value)));
                following.get(1..).unwrap_or_default()
            }
            _ => return request.left_out.credential(UNREAD_HEADERS),
        };
    }
}

/// The value of a header; that of an expression is not known.
fn value_of(tokens: &[JsToken]) -> Zeroizing<String> {
    match tokens {
        [JsToken::Text(value)] => value.clone(),
        [JsToken::Text(scheme), ..] if scheme.trim().eq_ignore_ascii_case("bearer") => {
            Zeroizing::new("Bearer $expression".to_owned())
        }
        _ => Zeroizing::new("$expression".to_owned()),
    }
}
