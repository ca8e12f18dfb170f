//! Reads the terminal in a thread that pauses while another program has the terminal.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use zeroize::Zeroize;

/// Longest wait for the thread to pause.
const PAUSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Size of one system call in bytes.
const PIECE: usize = 4 * 1024;

/// Limit of the bytes that are handled as one read.
const LARGEST_READ: usize = 64 * 1024;

/// Handle of the input thread.
pub struct InputThread {
    wake: PipeWriter,
    paused: Receiver<()>,
    resume: Sender<()>,
}

/// State of the input thread.
pub(super) struct InputThreadState {
    wake: PipeReader,
    paused: Sender<()>,
    resume: Receiver<()>,
}

/// Result of a wait.
pub(super) enum WaitResult {
    /// Input is available.
    Input,
    /// No input arrived in time.
    Quiet,
    /// The thread paused while another program had the terminal.
    Paused,
    /// The terminal was lost, or the app has ended.
    Closed,
}

impl InputThread {
    pub(super) fn new() -> io::Result<(Self, InputThreadState)> {
        let (wake_receiver, wake) = io::pipe()?;
        let (paused_sender, paused) = channel();
        let (resume, resume_receiver) = channel();
        let handle = Self {
            wake,
            paused,
            resume,
        };
        let state = InputThreadState {
            wake: wake_receiver,
            paused: paused_sender,
            resume: resume_receiver,
        };
        Ok((handle, state))
    }

    /// Pauses reading; returns false if the thread does not react in time.
    pub fn pause(&mut self) -> bool {
        self.wake.write_all(&[0]).is_ok() && self.paused.recv_timeout(PAUSE_TIMEOUT).is_ok()
    }

    /// Resumes reading.
    pub fn resume(&self) {
        // A thread that has ended has reported it.
        let _ = self.resume.send(());
    }
}

impl InputThreadState {
    /// Waits until input is available, with an optional time limit, and pauses in between on request.
    pub(super) fn wait(&mut self, at_most: Option<Duration>) -> WaitResult {
        let timeout = at_most.and_then(|time| Timespec::try_from(time).ok());
        loop {
            let stdin = io::stdin();
            let mut wanted = [
                PollFd::new(&stdin, PollFlags::IN),
                PollFd::new(&self.wake, PollFlags::IN),
            ];
            match rustix::event::poll(&mut wanted, timeout.as_ref()) {
                Ok(0) => return WaitResult::Quiet,
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return WaitResult::Closed,
            }
            let (terminal, wake) = (wanted[0].revents(), wanted[1].revents());
            if !wake.is_empty() {
                let mut byte = [0];
                let is_pause_requested = matches!(self.wake.read(&mut byte), Ok(1));
                if !is_pause_requested
                    || self.paused.send(()).is_err()
                    || self.resume.recv().is_err()
                {
                    return WaitResult::Closed;
                }
                return WaitResult::Paused;
            }
            if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return WaitResult::Closed;
            }
            if terminal.contains(PollFlags::IN) {
                return WaitResult::Input;
            }
        }
    }
}

/// Reads all available input up to a limit; an error means that the terminal was lost.
pub(super) fn read_available(bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; PIECE];
    loop {
        match rustix::io::read(io::stdin(), &mut piece) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        }
        if bytes.len() >= LARGEST_READ || !has_more() {
            break;
        }
    }
    piece.zeroize();
    Ok(())
}

fn has_more() -> bool {
    let stdin = io::stdin();
    let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
    rustix::event::poll(&mut wanted, Some(&Timespec::default()))
        .is_ok_and(|_| wanted[0].revents().contains(PollFlags::IN))
}
