//! Splits a pasted command into words, by the rules of the shell it was written for.

mod cmd;
mod posix;
pub(super) mod powershell;

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

/// A word without its quotes, or the end of a command.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ShellToken {
    /// A word.
    Word(Zeroizing<String>),
    /// The output goes to another command.
    Pipe,
    /// The command ends.
    End,
}

/// A shell with its own rules for quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PastedShell {
    /// sh, bash, zsh, fish; ANSI-C quotes among them.
    Posix,
    /// The Windows command prompt: `^` escapes.
    Cmd,
    /// PowerShell: a backtick escapes.
    PowerShell,
}

/// A quotation mark that is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnclosedQuote;

/// Skips the line end after an escape, with the blanks between them, which are a copying error; returns false if there is none.
fn skip_line_end(signs: &mut Peekable<Chars<'_>>) -> bool {
    let is_blank = |character: &char| matches!(character, ' ' | '\t' | '\r' | '\u{A0}');
    let mut ahead = signs.clone();
    while ahead.next_if(is_blank).is_some() {}
    let is_line_end = matches!(ahead.next(), Some('\n') | None);
    if is_line_end {
        *signs = ahead;
    }
    is_line_end
}

impl PastedShell {
    /// The shell a command was written for, by its escapes.
    pub(super) fn detect(text: &str) -> Self {
        let ends_with = |character: char| {
            text.lines()
                .any(|line| line.trim_end().ends_with(character))
        };
        let is_windows_path = text
            .split_whitespace()
            .next()
            .is_some_and(|word| word.contains(":\\"));
        if text.contains("^\"") || ends_with('^') {
            Self::Cmd
        } else if ends_with('`') || text.contains("@{") || text.to_lowercase().contains("$env:") {
            Self::PowerShell
        } else if is_windows_path {
            if text.contains('\'') {
                Self::PowerShell
            } else {
                Self::Cmd
            }
        } else {
            Self::Posix
        }
    }

    pub(super) fn tokenize(self, text: &str) -> Result<Vec<ShellToken>, UnclosedQuote> {
        match self {
            Self::Posix => posix::tokenize(text),
            Self::Cmd => cmd::tokenize(text),
            Self::PowerShell => powershell::tokenize(text),
        }
    }
}

/// Words of one command.
pub(super) type CommandWords = Vec<Zeroizing<String>>;

/// A command, and whether it reads the output of the one before it.
pub(super) struct ShellCommand {
    pub(super) words: CommandWords,
    pub(super) is_piped: bool,
}

/// Splits tokens into commands; empty ones are left out.
pub(super) fn commands(tokens: Vec<ShellToken>) -> Vec<ShellCommand> {
    let mut commands = Vec::new();
    let mut words = CommandWords::new();
    let mut is_piped = false;
    for token in tokens.into_iter().chain([ShellToken::End]) {
        match token {
            ShellToken::Word(word) => words.push(word),
            ShellToken::Pipe | ShellToken::End => {
                if !words.is_empty() {
                    commands.push(ShellCommand {
                        words: std::mem::take(&mut words),
                        is_piped,
                    });
                }
                is_piped = token == ShellToken::Pipe;
            }
        }
    }
    commands
}

#[cfg(test)]
mod tests;
