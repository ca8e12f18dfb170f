//! Asks on the terminal: for a secret without showing it, or for a yes.

use std::io::{ErrorKind, IsTerminal, Read, Stdin, Write};

use anyhow::Context;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};
use super::output::{Format, Output};
use super::secret::{self, MAX_BYTES};
use super::signals;
use crate::connection::Plain;
use crate::text::printable;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];

/// Whether there is someone to ask.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// What was typed after the label; nothing when it was left empty.
pub fn secret(label: &str) -> Result<Option<Plain>, Failure> {
    typed_after(&format!(
        "{} (not shown; Enter leaves it out): ",
        printable(label)
    ))
}

/// What was typed after the label, which nothing goes on without; nothing when it was left empty.
pub fn hidden(label: &str) -> Result<Option<Plain>, Failure> {
    typed_after(&format!("{} (not shown): ", printable(label)))
}

/// Says something between two questions.
pub fn say(text: &str) -> Result<(), Failure> {
    prompt(text)
}

fn typed_after(question: &str) -> Result<Option<Plain>, Failure> {
    let question = question.to_owned();
    let typed = signals::unless_stopped(|| {
        // Quiet before the question: what is typed at once must not be shown, nor be thrown away.
        let quiet = Quiet::new(std::io::stdin())?;
        prompt(&question)?;
        let source = secret::unbuffered_stdin().context(UNASKABLE)?;
        Ok((quiet, move || read_line(source)))
    });
    prompt("\n")?;
    let typed = typed?;
    let text = std::str::from_utf8(&typed)
        .map_err(|_| Failure::Usage("What was typed is not text in UTF-8".into()))?
        .trim();
    Ok((!text.is_empty()).then(|| Plain::new(text)))
}

/// Whether it shall be, as somebody says; where nobody can answer, a sentence about `--yes`.
pub fn is_certain(question: &str, output: &Output) -> Result<bool, Failure> {
    is_agreed(
        question,
        "Nothing was deleted: repeat the command with --yes if it shall be",
        output,
    )
}

/// Whether the answer is yes; where nobody can answer, the sentence that says how it is said beforehand.
pub fn is_agreed(question: &str, otherwise: &str, output: &Output) -> Result<bool, Failure> {
    // Programs are asked nothing, even where somebody could answer.
    if output.format() == Format::Json || !is_possible() {
        return Err(Failure::Usage(otherwise.into()));
    }
    yes_or_no(question)
}

/// Whether the answer is yes; anything else, and no answer, is no.
pub fn yes_or_no(question: &str) -> Result<bool, Failure> {
    prompt(&format!("{} [y/N] ", printable(question)))?;
    let answer = read_line(secret::unbuffered_stdin().context(UNASKABLE)?)?;
    let answer = answer.trim_ascii();
    Ok(answer.eq_ignore_ascii_case(b"y") || answer.eq_ignore_ascii_case(b"yes"))
}

const UNASKABLE: &str = "The terminal cannot be asked";

fn prompt(text: &str) -> Result<(), Failure> {
    let mut stderr = std::io::stderr();
    stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush())
        .context(UNASKABLE)?;
    Ok(())
}

/// Byte by byte, because the terminal's own line editing stops at 4095.
fn read_line(mut source: impl Read) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    let mut byte = [0];
    loop {
        match source.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(anyhow::Error::from(error).context(UNASKABLE).into()),
        }
        match byte[0] {
            b'\r' | b'\n' | CTRL_D => break,
            CTRL_C => return Err(Failure::Signal(Exit::Interrupted)),
            CTRL_U => typed.clear(),
            byte if BACKSPACE.contains(&byte) => {
                while typed.pop().is_some_and(|last| last & 0xC0 == 0x80) {}
            }
            _ if typed.len() == MAX_BYTES => {
                return Err(Failure::Usage(
                    "What was typed is too long for a secret".into(),
                ));
            }
            byte => typed.push(byte),
        }
    }
    Ok(typed)
}

/// A terminal that shows nothing of what is typed until this is dropped.
struct Quiet {
    stdin: Stdin,
    before: Termios,
}

impl Quiet {
    fn new(stdin: Stdin) -> Result<Self, Failure> {
        let before = tcgetattr(&stdin).context(UNASKABLE)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(&stdin, OptionalActions::Flush, &quiet).context(UNASKABLE)?;
        Ok(Self { stdin, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that is gone.
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_enter_and_can_be_mended() {
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
