//! Prompts on the terminal: for a secret without echo, or for a confirmation.

use std::io::{ErrorKind, IsTerminal, Read, Stdin, Write};

use anyhow::Context;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};
use super::output::{Audience, Output};
use super::secret_args::{self, MAX_BYTES};
use super::signals;
use crate::connection::PlainSecret;
use crate::text::printable;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];

/// Returns true if stdin and stderr are a terminal.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Prompts for a secret; empty input returns none, which the caller rejects or takes as an empty secret.
pub fn secret(label: &str) -> Result<Option<PlainSecret>, Failure> {
    read_hidden(&format!("{} (hidden): ", printable(label)))
}

/// Prints text between two prompts.
pub fn print(text: &str) -> Result<(), Failure> {
    prompt(text)
}

fn read_hidden(question: &str) -> Result<Option<PlainSecret>, Failure> {
    let question = question.to_owned();
    let typed = signals::unless_stopped(|| {
        // Echo is disabled before the prompt: early input must neither be shown nor be lost.
        let quiet = EchoGuard::new(std::io::stdin())?;
        prompt(&question)?;
        let source = secret_args::unbuffered_stdin().context(NO_PROMPT)?;
        Ok((quiet, move || read_line(source)))
    });
    prompt("\n")?;
    let typed = typed?;
    let text = std::str::from_utf8(&typed)
        .map_err(|_| Failure::Usage("The input is not valid UTF-8".into()))?
        .trim();
    Ok((!text.is_empty()).then(|| PlainSecret::new(text)))
}

/// Prompts for a line on a terminal, else reads one from standard input.
pub fn line(label: &str) -> Result<Zeroizing<String>, Failure> {
    let source = secret_args::unbuffered_stdin().context(NO_PROMPT)?;
    if is_possible() {
        return prompted_line(label, &source);
    }
    let mut typed = read_line(&source)?;
    if typed.is_empty() {
        // The rest of the line end of Windows before it.
        typed = read_line(&source)?;
    }
    required(label, std::str::from_utf8(&typed).unwrap_or_default())
}

/// Prompts until a line with text is entered; Ctrl-D ends it without one.
fn prompted_line(label: &str, source: impl Read) -> Result<Zeroizing<String>, Failure> {
    let label = printable(label);
    let mut source = source;
    loop {
        prompt(&format!("{label}: "))?;
        let (typed, end) = read_until_end(&mut source)?;
        let typed = std::str::from_utf8(&typed).unwrap_or_default();
        if end == InputEnd::Input || !crate::text::trim_invisible(typed).is_empty() {
            return required(&label, typed);
        }
        prompt(&format!("{label} is required; Ctrl-C cancels\n"))?;
    }
}

/// Prompts for a line on a terminal; an empty one returns the default.
pub fn optional_line(label: &str, default: &str) -> Result<String, Failure> {
    let shown = match default {
        "" => String::new(),
        default => format!(" [{default}]"),
    };
    prompt(&printable(&format!("{label}{shown}: ")))?;
    let typed = read_line(secret_args::unbuffered_stdin().context(NO_PROMPT)?)?;
    let text = crate::text::trim_invisible(std::str::from_utf8(&typed).unwrap_or_default());
    Ok(if text.is_empty() { default } else { text }.to_owned())
}

/// Same as [`line()`], without echo.
pub fn hidden_line(label: &str) -> Result<Zeroizing<String>, Failure> {
    if !is_possible() {
        return line(label);
    }
    let typed = secret(label)?;
    let text = typed.as_ref().and_then(PlainSecret::expose);
    required(label, text.unwrap_or_default())
}

fn required(label: &str, text: &str) -> Result<Zeroizing<String>, Failure> {
    let text = crate::text::trim_invisible(text);
    if text.is_empty() {
        return Err(Failure::NoSecret(format!("{label} is empty")));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Prompts for the confirmation of a deletion; without a terminal, fails with a hint about `--yes`.
pub fn confirm_deletion(question: &str, output: &Output) -> Result<bool, Failure> {
    confirm(question, "Nothing deleted. Add --yes to confirm.", output)
}

/// Prompts for a confirmation; without a terminal, fails with the given message.
pub fn confirm(question: &str, otherwise: &str, output: &Output) -> Result<bool, Failure> {
    // Programs are not prompted, even on a terminal.
    if output.audience() == Audience::Program || !is_possible() {
        return Err(Failure::Usage(otherwise.into()));
    }
    ask_yes_no(question)
}

/// Returns true if the answer is yes; any other answer, or none, is no.
pub fn ask_yes_no(question: &str) -> Result<bool, Failure> {
    prompt(&format!("{} [y/N] ", printable(question)))?;
    let answer = read_line(secret_args::unbuffered_stdin().context(NO_PROMPT)?)?;
    let answer = answer.trim_ascii();
    Ok(answer.eq_ignore_ascii_case(b"y") || answer.eq_ignore_ascii_case(b"yes"))
}

const NO_PROMPT: &str = "Cannot prompt on the terminal";

fn prompt(text: &str) -> Result<(), Failure> {
    let mut stderr = std::io::stderr();
    stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush())
        .context(NO_PROMPT)?;
    Ok(())
}

/// End of a line.
#[derive(PartialEq, Eq)]
enum InputEnd {
    /// Enter.
    Line,
    /// Ctrl-D, or the end of the input.
    Input,
}

fn read_line(mut source: impl Read) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_until_end(&mut source).map(|(typed, _)| typed)
}

/// Reads byte by byte, because the line editing of the terminal stops at 4095 bytes.
fn read_until_end(source: &mut impl Read) -> Result<(Zeroizing<Vec<u8>>, InputEnd), Failure> {
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    let mut byte = [0];
    loop {
        match source.read(&mut byte) {
            Ok(0) => return Ok((typed, InputEnd::Input)),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(anyhow::Error::from(error).context(NO_PROMPT).into()),
        }
        match byte[0] {
            b'\r' | b'\n' => return Ok((typed, InputEnd::Line)),
            CTRL_D => return Ok((typed, InputEnd::Input)),
            CTRL_C => return Err(Failure::Signal(Exit::Interrupted)),
            CTRL_U => typed.clear(),
            byte if BACKSPACE.contains(&byte) => {
                while typed.pop().is_some_and(|last| last & 0xC0 == 0x80) {}
            }
            _ if typed.len() == MAX_BYTES => {
                return Err(Failure::Usage("The input is too long for a secret".into()));
            }
            byte => typed.push(byte),
        }
    }
}

/// Disables the echo of the terminal until it is dropped.
struct EchoGuard {
    stdin: Stdin,
    saved: Termios,
}

impl EchoGuard {
    fn new(stdin: Stdin) -> Result<Self, Failure> {
        let before = tcgetattr(&stdin).context(NO_PROMPT)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(&stdin, OptionalActions::Flush, &quiet).context(NO_PROMPT)?;
        Ok(Self {
            stdin,
            saved: before,
        })
    }
}

impl Drop for EchoGuard {
    fn drop(&mut self) {
        // A terminal that is gone needs no reset.
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_ends_a_line_and_backspace_edits_it() {
        let typed = |keys: &str| {
            read_line(keys.as_bytes()).map(|typed| String::from_utf8_lossy(&typed).into_owned())
        };
        assert_eq!(typed("sk-1\nrest").unwrap(), "sk-1");
        assert_eq!(typed("wrong\u{15}sk-ä\u{7f}2\r").unwrap(), "sk-2");
        assert!(matches!(
            typed("sk-\u{3}"),
            Err(Failure::Signal(Exit::Interrupted))
        ));
    }
}
