//! The terminal: taken, reliably restored, and its input turned into events.
//!
//! A separate thread reads the input and is never joined, so that the app can end while it waits for input.

mod background;
mod decode;
mod key_grouping;
mod input_thread;
mod output;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    MouseEventKind,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    is_raw_mode_enabled,
};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

use super::burst::Burst;
use super::event::{Event, Mouse, MouseKind, PastedText};
use decode::{DecodedInput, Decoder, QUIET};
pub use input_thread::InputThread;
use input_thread::{WaitResult, read_available};
use key_grouping::{Grouping, KeyGroup};
pub use output::{TerminalOutput, give_up, is_waiting};

/// Longest time between the clicks of a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// True if the terminal is taken, so that it is restored once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Serializes changes of the terminal mode.
static MODE: Mutex<()> = Mutex::new(());

fn mode() -> MutexGuard<'static, ()> {
    MODE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the terminal: raw mode, alternate screen, mouse events and bracketed paste.
pub fn take() -> io::Result<()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = restore(); // the panic is what must be reported
            before(panic);
        }));
    });
    let _mode = mode();
    if is_raw_mode_enabled()? {
        enable_raw_mode_again()?;
    } else {
        enable_raw_mode()?;
    }
    IS_TAKEN.store(true, Ordering::SeqCst);
    crossterm::execute!(
        TerminalOutput::open()?,
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

/// Enables raw mode again after the shell changed it while the app was suspended.
///
/// In one step: a Ctrl-S that arrives in cooked mode would stop all output.
fn enable_raw_mode_again() -> io::Result<()> {
    let input = rustix::stdio::stdin();
    let mut mode = tcgetattr(input)?;
    mode.make_raw();
    Ok(tcsetattr(input, OptionalActions::Now, &mode)?)
}

/// The text with line feeds as line ends: most terminals paste carriage returns.
fn with_line_ends(text: Zeroizing<String>) -> Zeroizing<String> {
    if !text.contains('\r') {
        return text;
    }
    let mut alike = Zeroizing::new(String::with_capacity(text.len()));
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' {
            characters.next_if_eq(&'\n');
            alike.push('\n');
        } else {
            alike.push(character);
        }
    }
    alike
}

/// Restores the terminal; does nothing if it is restored already.
pub fn restore() -> io::Result<()> {
    let _mode = mode();
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    // Both are tried: a terminal that accepts no output can still leave raw mode.
    let screen = TerminalOutput::open().and_then(|mut out| {
        crossterm::execute!(
            out,
            DisableBracketedPaste,
            DisableMouseCapture,
            LeaveAlternateScreen,
            Show
        )
    });
    let mode = disable_raw_mode();
    screen.and(mode)
}

/// Restores the terminal on drop.
pub struct TerminalGuard(());

impl TerminalGuard {
    /// Takes the terminal.
    pub fn new() -> io::Result<Self> {
        let taken = Self(());
        take()?;
        Ok(taken)
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        let _ = restore(); // there is no one to report it to
    }
}

/// Input from the input thread.
#[derive(Debug)]
pub enum Input {
    /// Event for the app.
    Event(Event),
    /// Keys that arrived together.
    Burst(Burst),
    /// The terminal was lost.
    Closed,
}

/// Decision about querying the background color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryBackground {
    /// The background determines the theme.
    Yes,
    /// A theme is configured.
    No,
}

/// Reads the terminal in a thread; first reports a light background, if there is one.
pub fn read(
    inputs: UnboundedSender<Input>,
    background: QueryBackground,
) -> io::Result<InputThread> {
    let known = match background {
        QueryBackground::Yes => background::from_environment(),
        QueryBackground::No => Some(false),
    };
    let asks = known.is_none() && background::can_ask();
    if asks {
        background::query()?;
    }
    let (handle, mut state) = InputThread::new()?;
    std::thread::Builder::new()
        .name("terminal".into())
        .spawn(move || {
            let mut terminal = InputDecoder::default();
            if asks {
                let answer = background::listen();
                if known.or(answer.is_light) == Some(true)
                    && inputs.send(Input::Event(Event::LightBackground)).is_err()
                {
                    return;
                }
                terminal.read(&Zeroizing::new(answer.bytes));
            } else if known == Some(true) {
                terminal.inputs.push(Input::Event(Event::LightBackground));
            }
            loop {
                for input in terminal.inputs.drain(..) {
                    if inputs.send(input).is_err() {
                        return;
                    }
                }
                match state.wait(terminal.escape_timeout()) {
                    WaitResult::Input => {
                        let mut bytes = Zeroizing::new(Vec::new());
                        if read_available(&mut bytes).is_err() {
                            break;
                        }
                        terminal.read(&bytes);
                    }
                    WaitResult::Quiet => terminal.quiet(),
                    // Input before a pause is not continued by input after it.
                    WaitResult::Paused => terminal = InputDecoder::default(),
                    WaitResult::Closed => break,
                }
            }
            // A closed channel means that the app has ended.
            let _ = inputs.send(Input::Closed);
        })?;
    Ok(handle)
}

/// Turns bytes into inputs.
#[derive(Default)]
struct InputDecoder {
    decoder: Decoder,
    grouping: Grouping,
    last_click: Option<(Instant, u16, u16)>,
    /// Inputs that are ready to be sent.
    inputs: Vec<Input>,
}

impl InputDecoder {
    /// Handles the bytes of one read.
    fn read(&mut self, bytes: &[u8]) {
        let (mut decoded, mut groups) = (Vec::new(), Vec::new());
        self.decoder.feed(bytes, &mut decoded);
        self.grouping.read(decoded, &mut groups);
        self.translate(groups);
    }

    /// Time to wait for more bytes before [`Self::quiet`]; `None` if nothing is incomplete.
    fn escape_timeout(&self) -> Option<Duration> {
        if self.grouping.is_waiting() {
            return Some(QUIET);
        }
        self.decoder.escape_timeout()
    }

    /// Ends an incomplete sequence or burst.
    fn quiet(&mut self) {
        let (mut decoded, mut groups) = (Vec::new(), Vec::new());
        if self.decoder.escape_timeout() <= self.escape_timeout() {
            self.decoder.quiet(&mut decoded);
        }
        self.grouping.read(decoded, &mut groups);
        self.grouping.quiet(&mut groups);
        self.translate(groups);
    }

    fn translate(&mut self, groups: Vec<KeyGroup>) {
        for group in groups {
            let input = match group {
                KeyGroup::Burst(burst) => Some(Input::Burst(burst)),
                KeyGroup::Single(DecodedInput::Key(key)) => Some(Input::Event(Event::Key(key))),
                KeyGroup::Single(DecodedInput::Paste(text)) => {
                    Some(Input::Event(Event::Paste(PastedText(with_line_ends(text)))))
                }
                KeyGroup::Single(DecodedInput::Mouse(kind, x, y)) => {
                    self.mouse(kind, x, y).map(Event::Mouse).map(Input::Event)
                }
            };
            self.inputs.extend(input);
        }
    }

    fn mouse(&mut self, kind: MouseEventKind, x: u16, y: u16) -> Option<Mouse> {
        let kind = match kind {
            MouseEventKind::ScrollUp => MouseKind::WheelUp,
            MouseEventKind::ScrollDown => MouseKind::WheelDown,
            MouseEventKind::Down(_) => {
                let now = Instant::now();
                let is_second = self.last_click.take().is_some_and(|(then, was_x, was_y)| {
                    (was_x, was_y) == (x, y) && now.duration_since(then) < DOUBLE
                });
                if is_second {
                    MouseKind::DoubleClick
                } else {
                    self.last_click = Some((now, x, y));
                    MouseKind::Click
                }
            }
            _ => return None,
        };
        Some(Mouse { kind, x, y })
    }
}
