//! Reads the terminal on a thread of its own, which rests while another program has the terminal.
//!
//! Why it waits by itself before it lets crossterm read: what waits in there cannot be told to stop, and spins when the
//! terminal goes away.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crossterm::event::{Event as Happening, poll, read};
use rustix::event::{PollFd, PollFlags};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// The longest wait for the thread to rest.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often something that can be read may be looked for in vain.
const MOST_IN_VAIN: usize = 8;

/// The thread that reads, from outside.
pub struct Reading {
    wake: PipeWriter,
    rests: Receiver<()>,
    go_on: Sender<()>,
}

/// The same from inside.
pub(super) struct Ears {
    woken: PipeReader,
    resting: Sender<()>,
    goes_on: Receiver<()>,
}

/// What there is to do.
pub(super) enum Ready {
    /// Something can be read.
    Input,
    /// The terminal is gone, or nobody listens any more.
    Gone,
}

impl Reading {
    pub(super) fn new() -> io::Result<(Self, Ears)> {
        let (woken, wake) = io::pipe()?;
        let (resting, rests) = channel();
        let (go_on, goes_on) = channel();
        let reading = Self { wake, rests, go_on };
        let ears = Ears {
            woken,
            resting,
            goes_on,
        };
        Ok((reading, ears))
    }

    /// Reads nothing more until it is told to; false when it cannot be reached.
    pub fn rest(&mut self) -> bool {
        self.wake.write_all(&[0]).is_ok() && self.rests.recv_timeout(PATIENCE).is_ok()
    }

    /// Reads again.
    pub fn go_on(&self) {
        // A thread that is gone has said so already.
        let _ = self.go_on.send(());
    }
}

impl Ears {
    /// Waits until something can be read, and rests meanwhile when it is told to.
    pub(super) fn wait(&mut self) -> Ready {
        loop {
            let stdin = io::stdin();
            let mut wanted = [
                PollFd::new(&stdin, PollFlags::IN),
                PollFd::new(&self.woken, PollFlags::IN),
            ];
            match rustix::event::poll(&mut wanted, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return Ready::Gone,
            }
            let (terminal, wake) = (wanted[0].revents(), wanted[1].revents());
            if !wake.is_empty() {
                let mut told = [0];
                let is_told = matches!(self.woken.read(&mut told), Ok(1));
                if !is_told || self.resting.send(()).is_err() || self.goes_on.recv().is_err() {
                    return Ready::Gone;
                }
                continue;
            }
            if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Ready::Gone;
            }
            if terminal.contains(PollFlags::IN) {
                return Ready::Input;
            }
        }
    }
}

/// The next thing that happened, when there is one; waits for it when it was looked for in vain too often.
pub(super) fn next(in_vain: usize) -> io::Result<Option<Happening>> {
    if in_vain > MOST_IN_VAIN || poll(Duration::ZERO)? {
        return read().map(Some);
    }
    Ok(None)
}

/// Something can be read, and crossterm does not see it: it is told once for each thing that arrives, forgets that while it is
/// busy with a new size, and reads a long text by the piece. Setting the terminal to what it is set to tells it once more.
pub(super) fn nudge() {
    let _mode = super::mode();
    if !super::IS_TAKEN.load(Ordering::SeqCst) {
        return;
    }
    let stdin = io::stdin();
    // A terminal that is gone is noticed by whoever waits for it.
    let _ = tcgetattr(&stdin).and_then(|mode| tcsetattr(&stdin, OptionalActions::Now, &mode));
}
