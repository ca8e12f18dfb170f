//! Words as the Windows command prompt passes them to a program: first `^` is taken off, then quotes.

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use super::{ShellToken, UnclosedQuote};

/// Splits a text into words.
pub(super) fn tokenize(text: &str) -> Result<Vec<ShellToken>, UnclosedQuote> {
    let mut tokens = Vec::new();
    let mut line = Zeroizing::new(String::with_capacity(text.len()));
    let mut is_quoted = false;
    let mut characters = text
        .chars()
        .filter(|character| *character != '\r')
        .peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                line.push(character);
            }
            '^' if !is_quoted => match characters.next() {
                // The line goes on, and its first character is taken as it is.
                Some('\n') => line.extend(characters.next()),
                escaped => line.extend(escaped),
            },
            '\n' | '&' | '|' if !is_quoted => {
                split(&line, &mut tokens)?;
                line.clear();
                tokens.push(if character == '|' {
                    ShellToken::Pipe
                } else {
                    ShellToken::End
                });
            }
            character => line.push(character),
        }
    }
    split(&line, &mut tokens)?;
    Ok(tokens)
}

/// Splits a command line as the C runtime of Windows does.
fn split(line: &str, tokens: &mut Vec<ShellToken>) -> Result<(), UnclosedQuote> {
    let mut characters = line.chars().peekable();
    let mut word: Option<Zeroizing<String>> = None;
    let mut is_quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let word = word.get_or_insert_with(Zeroizing::default);
                backslashes(word, &mut characters);
            }
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                word.get_or_insert_with(Zeroizing::default).push('"');
            }
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_with(Zeroizing::default);
            }
            character if character.is_whitespace() && !is_quoted => {
                tokens.extend(word.take().map(ShellToken::Word));
            }
            character => word.get_or_insert_with(Zeroizing::default).push(character),
        }
    }
    tokens.extend(word.map(ShellToken::Word));
    if is_quoted {
        Err(UnclosedQuote)
    } else {
        Ok(())
    }
}

/// Backslashes escape only in front of a quote: two are one, an odd one makes the quote a character.
fn backslashes(word: &mut String, characters: &mut Peekable<Chars<'_>>) {
    let mut count = 1;
    while characters.next_if_eq(&'\\').is_some() {
        count += 1;
    }
    let is_before_quote = characters.peek() == Some(&'"');
    let kept = if is_before_quote { count / 2 } else { count };
    word.extend(std::iter::repeat_n('\\', kept));
    if is_before_quote && count % 2 == 1 {
        word.extend(characters.next());
    }
}
