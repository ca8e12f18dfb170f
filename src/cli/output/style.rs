//! Colors and width of the output on a terminal.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

/// Choice of colors in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is dumb
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Returns true if this stream gets colors.
    pub fn applies_to(self, stream: &impl IsTerminal) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let is_dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
                stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb
            }
        }
    }
}

/// Meaning of a text, which decides its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Title of a table.
    Heading,
    /// Success, Active.
    Good,
    /// Failure.
    Bad,
    /// Less important than the rest.
    Faint,
}

impl Style {
    /// Returns the style of a cell that is only a status.
    pub fn of_status(cell: &str) -> Option<Self> {
        match cell {
            "Active" => Some(Self::Good),
            "Inactive" => Some(Self::Faint),
            "expired" => Some(Self::Bad),
            _ => None,
        }
    }

    /// Returns the text between the escape sequences of this style; unchanged without colors.
    pub fn paint(self, text: &str, has_colors: bool) -> Cow<'_, str> {
        let code = match self {
            _ if !has_colors => return Cow::Borrowed(text),
            Self::Heading => "1",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Faint => "2",
        };
        Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m"))
    }
}

/// Returns the width of the terminal in columns; none if the stream is no terminal or its width is unknown.
pub fn width(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let size = tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}
