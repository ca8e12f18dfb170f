//! Reads lines, one when it is asked for; a secret without showing what is typed.
//!
//! Why a thread: reading a terminal cannot be broken off, and signals and answers must be heard meanwhile. Why without the
//! standard library's buffer: it would keep a copy of a secret that nobody wipes.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, channel};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeroize::Zeroizing;

/// The most bytes a line has; nothing longer is a name, an address or a key.
const LONGEST: usize = 64 * 1024;

/// What stands before what is typed.
const PROMPT: &[u8] = b"> ";

/// What came in.
pub(super) enum Given {
    /// A line, without its end.
    Line(Zeroizing<String>),
    /// A line that cannot be taken, and why.
    Unreadable(&'static str),
    /// Nothing more comes.
    End,
}

/// The lines of stdin.
pub(super) struct Lines {
    asking: Sender<()>,
    given: UnboundedReceiver<Given>,
    /// Whether a line was asked for and is not there yet.
    is_asked: bool,
    /// The terminal as it was, when somebody types at one.
    shown: Option<Termios>,
    /// Whether what is typed is not shown now.
    is_hidden: bool,
}

impl Lines {
    /// Reads stdin on a thread of its own, which nobody waits for.
    pub(super) fn read() -> io::Result<Self> {
        let source: File = io::stdin().as_fd().try_clone_to_owned()?.into();
        let (asking, asked) = channel();
        let (giving, given) = unbounded_channel();
        std::thread::Builder::new()
            .name("lines".into())
            .spawn(move || give(source, &asked, &giving))?;
        let shown = if io::stdin().is_terminal() {
            tcgetattr(io::stdin()).ok()
        } else {
            None
        };
        Ok(Self {
            asking,
            given,
            is_asked: false,
            shown,
            is_hidden: false,
        })
    }

    /// Asks for the next line, once; what is typed into a secret is not shown.
    pub(super) fn ask(&mut self, is_secret: bool) -> io::Result<()> {
        if self.is_asked {
            return Ok(());
        }
        self.is_asked = true;
        // Before the prompt: what is typed at once must not be shown.
        self.hide_what_is_typed(is_secret)?;
        self.prompt()?;
        // A thread that is gone has said that nothing more comes.
        let _ = self.asking.send(());
        Ok(())
    }

    /// Whether somebody sees that a line is asked for.
    pub(super) const fn is_prompting(&self) -> bool {
        self.is_asked && self.shown.is_some()
    }

    /// Shows that a line is asked for, where somebody types.
    pub(super) fn prompt(&self) -> io::Result<()> {
        if self.shown.is_none() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(PROMPT)?;
        out.flush()
    }

    /// Waits for the line that was asked for.
    pub(super) async fn next(&mut self) -> Given {
        if !self.is_asked {
            return std::future::pending().await;
        }
        let given = self.given.recv().await.unwrap_or(Given::End);
        self.is_asked = false;
        if self.is_hidden {
            self.show_what_is_typed();
            // The end of the line was not shown either.
            let _ = io::stdout().write_all(b"\n");
        }
        given
    }

    /// Hides what is typed, or shows it.
    pub(super) fn hide_what_is_typed(&mut self, is_secret: bool) -> io::Result<()> {
        let Some(shown) = self.shown.as_ref().filter(|_| is_secret) else {
            return Ok(());
        };
        let mut quiet = shown.clone();
        quiet.local_modes -= LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        self.is_hidden = true;
        Ok(())
    }

    /// Shows what is typed, as before.
    pub(super) fn show_what_is_typed(&mut self) {
        if let Some(shown) = &self.shown
            && std::mem::take(&mut self.is_hidden)
        {
            // Nothing more can be done for a terminal that is gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, shown);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.show_what_is_typed();
    }
}

/// Reads a line whenever one is asked for.
fn give(mut source: File, asked: &Receiver<()>, giving: &UnboundedSender<Given>) {
    while asked.recv().is_ok() {
        let given = line(&mut source);
        let is_end = matches!(given, Given::End);
        if giving.send(given).is_err() || is_end {
            return;
        }
    }
}

fn line(source: &mut File) -> Given {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    let mut is_too_long = false;
    let mut byte = [0];
    loop {
        match source.read(&mut byte) {
            Ok(0) if bytes.is_empty() && !is_too_long => return Given::End,
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if bytes.len() == LONGEST => is_too_long = true,
            Ok(_) => push(&mut bytes, byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Given::End,
        }
    }
    if is_too_long {
        return Given::Unreadable("Line ignored: longer than 64 KiB.");
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Given::Line(Zeroizing::new(text.to_owned())),
        Err(_) => Given::Unreadable("Line ignored: not valid UTF-8."),
    }
}

/// One more byte; what grows out of its room is wiped where it was.
fn push(bytes: &mut Zeroizing<Vec<u8>>, byte: u8) {
    if bytes.len() == bytes.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(bytes.len() * 2));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.push(byte);
}
