//! Words, hash tables and assignments as PowerShell reads them.

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use super::{ShellToken, UnclosedQuote, skip_line_end};

/// A part of a PowerShell script.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::connection::paste) enum ScriptPart {
    /// A word without its quotes; a group in parentheses keeps them.
    Word(Zeroizing<String>),
    /// `@{`.
    Open,
    /// `}`.
    Close,
    /// `=` of an assignment or of an entry of a hash table.
    Equals,
    /// The end of a statement, or of an entry.
    End,
    /// `|`.
    Pipe,
}

/// The longest variable that can be assigned to, in bytes: a bound, since every `=` looks at the whole word.
const LONGEST_VARIABLE: usize = 256;

/// Splits a command for a program that is not PowerShell's own; `$env:NAME = value` becomes one word.
pub(super) fn tokenize(text: &str) -> Result<Vec<ShellToken>, UnclosedQuote> {
    let mut tokens: Vec<ShellToken> = Vec::new();
    let mut joins = false;
    for part in parts(text)? {
        match part {
            ScriptPart::Word(word) => match tokens.last_mut() {
                Some(ShellToken::Word(last)) if joins => {
                    last.push('=');
                    last.push_str(&word);
                }
                _ => tokens.push(ShellToken::Word(word)),
            },
            ScriptPart::Pipe => tokens.push(ShellToken::Pipe),
            ScriptPart::End => tokens.push(ShellToken::End),
            ScriptPart::Equals => {
                joins = true;
                continue;
            }
            ScriptPart::Open | ScriptPart::Close => {}
        }
        joins = false;
    }
    Ok(tokens)
}

/// Splits a script into its parts.
pub(in crate::connection::paste) fn parts(text: &str) -> Result<Vec<ScriptPart>, UnclosedQuote> {
    let mut reader = PowerShellTokenizer {
        signs: text.chars().peekable(),
        word: None,
        parts: Vec::new(),
        depth: 0,
        is_key: false,
    };
    reader.read()?;
    Ok(reader.parts)
}

struct PowerShellTokenizer<'a> {
    signs: Peekable<Chars<'a>>,
    word: Option<Zeroizing<String>>,
    parts: Vec<ScriptPart>,
    /// Number of open hash tables.
    depth: usize,
    /// `true` if the key of an entry is expected.
    is_key: bool,
}

impl PowerShellTokenizer<'_> {
    fn read(&mut self) -> Result<(), UnclosedQuote> {
        while let Some(character) = self.signs.next() {
            match character {
                '`' => self.backtick(),
                '\'' | '‘' | '’' => self.single()?,
                '"' | '“' | '”' => self.double()?,
                '@' if self.word.is_none() && self.signs.peek() == Some(&'{') => {
                    self.signs.next();
                    self.push_part(ScriptPart::Open);
                    self.depth += 1;
                    self.is_key = true;
                }
                '@' if self.word.is_none() && matches!(self.signs.peek(), Some('\'' | '"')) => {
                    self.here_string()?;
                }
                '}' if self.depth > 0 => {
                    self.push_part(ScriptPart::Close);
                    self.depth -= 1;
                    self.is_key = false;
                }
                '=' if self.is_assignment() => {
                    self.push_part(ScriptPart::Equals);
                    self.is_key = false;
                }
                ';' | '\n' => {
                    self.push_part(ScriptPart::End);
                    self.is_key = self.depth > 0;
                }
                '|' => self.push_part(ScriptPart::Pipe),
                '&' if self.word.is_none() => {}
                '(' => self.group()?,
                '#' if self.word.is_none() => {
                    while self.signs.next_if(|character| *character != '\n').is_some() {}
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
        self.parts.extend(self.word.take().map(ScriptPart::Word));
    }

    fn push_part(&mut self, part: ScriptPart) {
        self.finish_word();
        self.parts.push(part);
    }

    /// `=` between words, after the key of an entry, and after `$name`; elsewhere it is part of a word.
    fn is_assignment(&self) -> bool {
        let Some(word) = &self.word else { return true };
        (self.depth > 0 && self.is_key)
            || (word.starts_with('$')
                && word.len() <= LONGEST_VARIABLE
                && !word.contains(['(', '/', '?']))
    }

    fn backtick(&mut self) {
        if skip_line_end(&mut self.signs) {
            self.finish_word();
        } else if let Some(character) = self.signs.next() {
            self.push(escaped(character));
        }
    }

    fn single(&mut self) -> Result<(), UnclosedQuote> {
        let word = self.word.get_or_insert_with(Zeroizing::default);
        loop {
            match self.signs.next().ok_or(UnclosedQuote)? {
                '\'' | '‘' | '’' => {
                    if self
                        .signs
                        .next_if(|character| matches!(character, '\'' | '‘' | '’'))
                        .is_none()
                    {
                        return Ok(());
                    }
                    word.push('\'');
                }
                character => word.push(character),
            }
        }
    }

    fn double(&mut self) -> Result<(), UnclosedQuote> {
        let word = self.word.get_or_insert_with(Zeroizing::default);
        loop {
            match self.signs.next().ok_or(UnclosedQuote)? {
                '"' | '“' | '”' => {
                    if self
                        .signs
                        .next_if(|character| matches!(character, '"' | '“' | '”'))
                        .is_none()
                    {
                        return Ok(());
                    }
                    word.push('"');
                }
                '`' => word.push(escaped(self.signs.next().ok_or(UnclosedQuote)?)),
                character => word.push(character),
            }
        }
    }

    /// `@'` or `@"`, lines, and the same quote with `@` on a line of its own.
    fn here_string(&mut self) -> Result<(), UnclosedQuote> {
        let quote = self.signs.next().ok_or(UnclosedQuote)?;
        let mut text = Zeroizing::new(String::new());
        let mut is_line_start = false;
        loop {
            let character = self.signs.next().ok_or(UnclosedQuote)?;
            if is_line_start && character == quote && self.signs.next_if_eq(&'@').is_some() {
                self.word = Some(Zeroizing::new(text.trim_matches(['\r', '\n']).to_owned()));
                return Ok(());
            }
            is_line_start = character == '\n';
            text.push(character);
        }
    }

    /// Keeps an expression in parentheses as it is, since its value is not known.
    fn group(&mut self) -> Result<(), UnclosedQuote> {
        let mut depth = 1_usize;
        let mut quote = None;
        self.push('(');
        while depth > 0 {
            let character = self.signs.next().ok_or(UnclosedQuote)?;
            match (quote, character) {
                (Some(open), character) if character == open => quote = None,
                (None, '"' | '\'') => quote = Some(character),
                (None, '(') => depth += 1,
                (None, ')') => depth -= 1,
                _ => {}
            }
            self.push(character);
        }
        Ok(())
    }
}

const fn escaped(character: char) -> char {
    match character {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        character => character,
    }
}
