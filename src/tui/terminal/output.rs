//! Output to the terminal, which may take none: after Ctrl-S, or when the connection to it hangs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// Time after which waiting output checks whether the app is ending.
const RECHECK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// True once the app ends and must not wait for the terminal any longer.
static GIVES_UP: AtomicBool = AtomicBool::new(false);

/// True while output waits for the terminal.
static IS_WAITING: AtomicBool = AtomicBool::new(false);

/// Returns true while output waits for the terminal.
pub fn is_waiting() -> bool {
    IS_WAITING.load(Ordering::SeqCst)
}

/// Lets output that waits for the terminal fail, now and from now on.
pub fn give_up() {
    GIVES_UP.store(true, Ordering::SeqCst);
}

/// Writer to the terminal.
pub struct TerminalOutput(File);

impl TerminalOutput {
    /// Opens the terminal of stdout once more, so that other processes keep a blocking one.
    ///
    /// A terminal that belongs to another user, as after `su`, cannot be opened; writing to it may then block.
    pub fn open() -> io::Result<Self> {
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits());
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags(flags.map_err(io::Error::other)?)
            .open("/proc/self/fd/1");
        if let Ok(file) = opened {
            return Ok(Self(file));
        }
        let copy: OwnedFd = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Self(copy.into()))
    }

    /// Waits until the terminal takes output.
    fn wait(&self) -> io::Result<()> {
        IS_WAITING.store(true, Ordering::SeqCst);
        let waited = self.poll();
        IS_WAITING.store(false, Ordering::SeqCst);
        waited
    }

    fn poll(&self) -> io::Result<()> {
        loop {
            if GIVES_UP.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut wanted = [PollFd::new(&self.0, PollFlags::OUT)];
            match poll(&mut wanted, Some(&RECHECK)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Write for TerminalOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.0, bytes) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
