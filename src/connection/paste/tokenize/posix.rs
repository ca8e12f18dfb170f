//! Words as POSIX shells split them, with the ANSI-C quotes of bash and zsh.

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use super::{ShellToken, UnclosedQuote, skip_line_end};

/// The most characters between `<` and `>` of a placeholder: a bound, since every `<` looks ahead.
const LONGEST_PLACEHOLDER: usize = 128;

/// Splits a text into words.
pub(super) fn tokenize(text: &str) -> Result<Vec<ShellToken>, UnclosedQuote> {
    let mut reader = PosixTokenizer {
        signs: text.chars().peekable(),
        word: None,
        tokens: Vec::new(),
        drops_next: false,
    };
    reader.read()?;
    Ok(reader.tokens)
}

struct PosixTokenizer<'a> {
    signs: Peekable<Chars<'a>>,
    word: Option<Zeroizing<String>>,
    tokens: Vec<ShellToken>,
    /// `true` if the next word is the file of a redirection.
    drops_next: bool,
}

impl PosixTokenizer<'_> {
    fn read(&mut self) -> Result<(), UnclosedQuote> {
        while let Some(character) = self.signs.next() {
            match character {
                '\\' => self.escape(),
                '\'' => self.single('\'')?,
                '"' => self.double('"')?,
                // Word processors turn quotes into these; within a word ’ is an apostrophe.
                '“' | '”' | '„' => self.curly(&['”', '“'])?,
                '‘' | '’' if self.word.is_none() => self.curly(&['’', '‘'])?,
                '$' if self.signs.peek() == Some(&'\'') => {
                    self.signs.next();
                    self.ansi_c()?;
                }
                '$' if self.signs.peek() == Some(&'"') => {
                    self.signs.next();
                    self.double('"')?;
                }
                '#' if self.word.is_none() => {
                    while self.signs.next_if(|character| *character != '\n').is_some() {}
                }
                '\n' | ';' => self.end(ShellToken::End),
                '|' => {
                    let is_or = self.signs.next_if_eq(&'|').is_some();
                    self.end(if is_or {
                        ShellToken::End
                    } else {
                        ShellToken::Pipe
                    });
                }
                '&' => self.ampersand(),
                '<' if self.is_placeholder() => {
                    self.push('<');
                    while let Some(character) = self.signs.next() {
                        self.push(character);
                        if character == '>' {
                            break;
                        }
                    }
                }
                '<' | '>' => {
                    if self.redirect(character) {
                        return Ok(());
                    }
                }
                character if character.is_whitespace() => self.finish_word(),
                character => self.push(character),
            }
        }
        self.finish_word();
        Ok(())
    }

    fn push(&mut self, character: char) {
        self.word
            .get_or_insert_with(Zeroizing::default)
            .push(character);
    }

    fn finish_word(&mut self) {
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.drops_next)
        {
            self.tokens.push(ShellToken::Word(word));
        }
    }

    fn end(&mut self, token: ShellToken) {
        self.finish_word();
        self.drops_next = false;
        self.tokens.push(token);
    }

    /// A line end after a backslash continues the line.
    fn escape(&mut self) {
        if skip_line_end(&mut self.signs) {
            if self.signs.peek().is_none_or(|character| *character == '-') {
                self.finish_word();
            }
        } else if let Some(character) = self.signs.next() {
            self.push(character);
        }
    }

    fn single(&mut self, close: char) -> Result<(), UnclosedQuote> {
        let word = self.word.get_or_insert_with(Zeroizing::default);
        loop {
            match self.signs.next().ok_or(UnclosedQuote)? {
                character if character == close => return Ok(()),
                character => word.push(character),
            }
        }
    }

    fn double(&mut self, close: char) -> Result<(), UnclosedQuote> {
        let word = self.word.get_or_insert_with(Zeroizing::default);
        loop {
            match self.signs.next().ok_or(UnclosedQuote)? {
                character if character == close => return Ok(()),
                '\\' => match self.signs.next().ok_or(UnclosedQuote)? {
                    '\n' => {}
                    character @ ('"' | '\\' | '$' | '`') => word.push(character),
                    character => {
                        word.push('\\');
                        word.push(character);
                    }
                },
                character => word.push(character),
            }
        }
    }

    fn curly(&mut self, close: &[char]) -> Result<(), UnclosedQuote> {
        let word = self.word.get_or_insert_with(Zeroizing::default);
        loop {
            match self.signs.next().ok_or(UnclosedQuote)? {
                character if close.contains(&character) => return Ok(()),
                character => word.push(character),
            }
        }
    }

    /// `$'…'`.
    fn ansi_c(&mut self) -> Result<(), UnclosedQuote> {
        loop {
            let character = match self.signs.next().ok_or(UnclosedQuote)? {
                '\'' => {
                    self.word.get_or_insert_with(Zeroizing::default);
                    return Ok(());
                }
                '\\' => match self.signs.next().ok_or(UnclosedQuote)? {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'e' | 'E' => '\u{1B}',
                    'f' => '\u{C}',
                    'v' => '\u{B}',
                    'x' => self.number(16, 2),
                    'u' => self.number(16, 4),
                    'U' => self.number(16, 8),
                    'c' => {
                        self.signs.next();
                        continue;
                    }
                    digit @ '0'..='7' => self.octal(digit),
                    character => character,
                },
                character => character,
            };
            self.push(character);
        }
    }

    fn octal(&mut self, first: char) -> char {
        let mut value = first.to_digit(8).unwrap_or_default();
        for _ in 0..2 {
            let Some(digit) = self
                .signs
                .peek()
                .and_then(|character| character.to_digit(8))
            else {
                break;
            };
            self.signs.next();
            value = value * 8 + digit;
        }
        char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn number(&mut self, radix: u32, most: usize) -> char {
        let mut value = 0_u32;
        for _ in 0..most {
            let Some(digit) = self
                .signs
                .peek()
                .and_then(|character| character.to_digit(radix))
            else {
                break;
            };
            self.signs.next();
            value = value.wrapping_mul(radix).wrapping_add(digit);
        }
        char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// `&` ends a command, except within an address that was not quoted.
    fn ampersand(&mut self) {
        let is_double = self.signs.next_if_eq(&'&').is_some();
        let is_last = self
            .signs
            .peek()
            .is_none_or(|character| character.is_whitespace());
        if is_double || is_last || self.word.is_none() {
            self.end(ShellToken::End);
        } else {
            self.push('&');
        }
    }

    /// `<your-key>` without quotes.
    fn is_placeholder(&self) -> bool {
        let inner = self.signs.clone().take(LONGEST_PLACEHOLDER);
        let mut inner = inner.take_while(|character| !character.is_whitespace());
        inner.next().is_some_and(char::is_alphabetic) && inner.any(|character| character == '>')
    }

    /// Drops a redirection and its file; true for a here-document, whose text follows.
    fn redirect(&mut self, character: char) -> bool {
        let is_descriptor = self
            .word
            .as_ref()
            .is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        if is_descriptor {
            self.word = None;
        }
        self.finish_word();
        if character == '<' && self.signs.peek() == Some(&'<') {
            return true;
        }
        while self
            .signs
            .next_if(|character| matches!(character, '>' | '&'))
            .is_some()
        {}
        self.drops_next = true;
        false
    }
}
