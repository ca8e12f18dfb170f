//! Splits a text into lines, statements and words, as shells do.

use zeroize::Zeroizing;

use super::is_name;

/// Longer names are not looked for after a comma.
const LONGEST_NAME: usize = 64;

/// A word without its quotes.
pub(super) struct StatementWord {
    pub text: Zeroizing<String>,
    pub is_quoted: bool,
}

/// The text with every line that ends with `\`, `^` or a backtick joined to the next.
pub(super) fn joined_lines(text: &str) -> Zeroizing<String> {
    let mut joined = Zeroizing::new(String::with_capacity(text.len() + 1));
    for line in text.lines() {
        let line = line.trim_end();
        let blank = |character: char| {
            line.strip_suffix(character)
                .filter(|rest| rest.ends_with(char::is_whitespace))
        };
        if let Some(rest) = ['\\', '^', '`'].into_iter().find_map(blank) {
            joined.push_str(rest);
            joined.push(' ');
        } else {
            joined.push_str(line);
            joined.push('\n');
        }
    }
    joined
}

/// The statements of a line, each as words: quotes are taken off, comments are left out.
pub(super) fn statements(line: &str) -> Vec<Vec<StatementWord>> {
    let line = line.trim();
    if line.starts_with('#') && !line.starts_with("#!") || line.starts_with("//") {
        return Vec::new();
    }
    let mut statements = vec![Vec::new()];
    let mut characters = line.chars().peekable();
    let mut word: Option<StatementWord> = None;
    let mut is_after_quote = false;
    while let Some(character) = characters.next() {
        let is_start = word.is_none();
        // Quoted parts side by side are one value.
        let is_joined = std::mem::take(&mut is_after_quote);
        match character {
            ';' => end(&mut statements, &mut word, true),
            '&' if characters.peek() == Some(&'&') => {
                characters.next();
                end(&mut statements, &mut word, true);
            }
            '#' if is_start => break,
            character if character.is_whitespace() => end(&mut statements, &mut word, false),
            ',' if joins_assignments(word.as_ref(), characters.clone()) => {
                end(&mut statements, &mut word, false);
            }
            '"' | '\'' | '“' | '”' | '‘' if is_start || is_joined || opens_value(word.as_ref()) =>
            {
                let word = word.get_or_insert_with(|| StatementWord {
                    text: Zeroizing::default(),
                    is_quoted: true,
                });
                // `$'…'`: the dollar belongs to the quotes.
                if word.text.ends_with("=$") {
                    word.text.pop();
                }
                quoted(character, &mut characters, &mut word.text);
                is_after_quote = true;
            }
            character => {
                let word = word.get_or_insert_with(|| StatementWord {
                    text: Zeroizing::default(),
                    is_quoted: false,
                });
                word.text.push(character);
            }
        }
    }
    end(&mut statements, &mut word, false);
    statements.retain(|words| !words.is_empty());
    statements
}

/// A quote opens a value after `NAME=`, and inside brackets and parentheses.
fn opens_value(word: Option<&StatementWord>) -> bool {
    word.is_some_and(|word| {
        word.text.ends_with(['=', ':', '(', '[', ',']) || word.text.ends_with("=$")
    })
}

/// Returns whether a comma stands between two assignments, as `gcloud --set-env-vars` lists them.
fn joins_assignments(
    before: Option<&StatementWord>,
    following: std::iter::Peekable<std::str::Chars<'_>>,
) -> bool {
    if before.is_none_or(|word| word.is_quoted || !word.text.contains('=')) {
        return false;
    }
    let mut name = String::new();
    for character in following.take(LONGEST_NAME) {
        if character == '=' {
            return is_name(&name) && name.contains('_');
        }
        name.push(character);
    }
    false
}

fn end(
    statements: &mut Vec<Vec<StatementWord>>,
    word: &mut Option<StatementWord>,
    is_statement: bool,
) {
    if let Some(words) = statements.last_mut() {
        words.extend(word.take());
    }
    if is_statement {
        statements.push(Vec::new());
    }
}

/// Reads up to the closing quote; without one, the rest of the line.
fn quoted(
    open: char,
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    text: &mut String,
) {
    let close = match open {
        '“' => '”',
        '‘' => '’',
        other => other,
    };
    while let Some(character) = characters.next() {
        if character == close {
            return;
        }
        if character == '\\' && open == '"' && matches!(characters.peek(), Some('"' | '\\' | '$')) {
            text.extend(characters.next());
        } else {
            text.push(character);
        }
    }
}
