//! Reads lines on request; a secret without echo.
//!
//! A thread reads because reading a terminal cannot be interrupted while signals and replies arrive. It does not use the buffer
//! of the standard library, which would keep a copy of secrets that is never zeroized.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, channel};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeroize::Zeroizing;

/// Size limit of a line in bytes; names, addresses and keys are shorter.
const LONGEST: usize = 64 * 1024;

/// Prompt before the input.
const PROMPT: &[u8] = b"> ";

/// Input event.
pub(super) enum PlainEvent {
    /// Line without its line end.
    Line(Zeroizing<String>),
    /// Unusable line, with the reason.
    Unreadable(&'static str),
    /// End of the input.
    End,
}

/// Reader of stdin.
pub(super) struct StdinLines {
    requests: Sender<()>,
    events: UnboundedReceiver<PlainEvent>,
    /// True if a line was requested and has not arrived yet.
    is_asked: bool,
    /// Original terminal mode, if stdin is a terminal.
    shown: Option<Termios>,
    /// True if echo is off.
    is_hidden: bool,
}

impl StdinLines {
    /// Reads stdin in a thread that is never joined.
    pub(super) fn read() -> io::Result<Self> {
        let source: File = io::stdin().as_fd().try_clone_to_owned()?.into();
        let (asking, asked) = channel();
        let (giving, given) = unbounded_channel();
        std::thread::Builder::new()
            .name("lines".into())
            .spawn(move || send_event(source, &asked, &giving))?;
        let shown = if io::stdin().is_terminal() {
            tcgetattr(io::stdin()).ok()
        } else {
            None
        };
        Ok(Self {
            requests: asking,
            events: given,
            is_asked: false,
            shown,
            is_hidden: false,
        })
    }

    /// Requests the next line, once; without echo for a secret.
    pub(super) fn request_line(&mut self, is_secret: bool) -> io::Result<()> {
        if self.is_asked {
            return Ok(());
        }
        self.is_asked = true;
        // Before the prompt, so that immediate typing is not echoed.
        self.hide_input(is_secret)?;
        self.prompt()?;
        // A thread that has ended has reported the end of the input.
        let _ = self.requests.send(());
        Ok(())
    }

    /// Returns whether a prompt is visible.
    pub(super) const fn is_prompting(&self) -> bool {
        self.is_asked && self.shown.is_some()
    }

    /// Prints the prompt if stdin is a terminal.
    pub(super) fn prompt(&self) -> io::Result<()> {
        if self.shown.is_none() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(PROMPT)?;
        out.flush()
    }

    /// Waits for the requested line.
    pub(super) async fn next(&mut self) -> PlainEvent {
        if !self.is_asked {
            return std::future::pending().await;
        }
        let given = self.events.recv().await.unwrap_or(PlainEvent::End);
        self.is_asked = false;
        if self.is_hidden {
            self.show_input();
            // The line end was not echoed either.
            let _ = io::stdout().write_all(b"\n");
        }
        given
    }

    /// Turns echo off or on.
    pub(super) fn hide_input(&mut self, is_secret: bool) -> io::Result<()> {
        let Some(shown) = self.shown.as_ref().filter(|_| is_secret) else {
            return Ok(());
        };
        let mut quiet = shown.clone();
        quiet.local_modes -= LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        self.is_hidden = true;
        Ok(())
    }

    /// Restores echo.
    pub(super) fn show_input(&mut self) {
        if let Some(shown) = &self.shown
            && std::mem::take(&mut self.is_hidden)
        {
            // Nothing more can be done for a lost terminal.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, shown);
        }
    }
}

impl Drop for StdinLines {
    fn drop(&mut self) {
        self.show_input();
    }
}

/// Reads a line for each request.
fn send_event(mut source: File, asked: &Receiver<()>, giving: &UnboundedSender<PlainEvent>) {
    while asked.recv().is_ok() {
        let given = line(&mut source);
        let is_end = matches!(given, PlainEvent::End);
        if giving.send(given).is_err() || is_end {
            return;
        }
    }
}

fn line(source: &mut File) -> PlainEvent {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    let mut is_too_long = false;
    let mut byte = [0];
    loop {
        match source.read(&mut byte) {
            Ok(0) if bytes.is_empty() && !is_too_long => return PlainEvent::End,
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if bytes.len() == LONGEST => is_too_long = true,
            Ok(_) => push(&mut bytes, byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return PlainEvent::End,
        }
    }
    if is_too_long {
        return PlainEvent::Unreadable("Line ignored: longer than 64 KiB.");
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => PlainEvent::Line(Zeroizing::new(text.to_owned())),
        Err(_) => PlainEvent::Unreadable("Line ignored: not valid UTF-8."),
    }
}

/// Appends a byte; zeroizes the old buffer when it grows.
fn push(bytes: &mut Zeroizing<Vec<u8>>, byte: u8) {
    if bytes.len() == bytes.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(bytes.len() * 2));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.push(byte);
}
