//! The terminal: taken in, surely given back, and what comes from it turned into events.
//!
//! Why: reading stands on a thread of its own that nobody waits for. When the terminal goes away crossterm may spin in there;
//! the app leaves from another thread all the same.

mod background;
mod reading;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    Event as Happening, KeyCode, KeyEventKind, MouseButton, MouseEvent, MouseEventKind,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

use super::event::{Event, Mouse, MouseKind, Pasted};
use super::key::Key;
use super::layout::Size;
pub use reading::Reading;
use reading::{Ready, next, nudge};

/// Two clicks within this time are one double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// How many keys a late answer about the background can look like.
const LONGEST_ANSWER: u8 = 32;

/// Whether the terminal is ours now, so that it is given back once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// How the terminal is set is changed by one thread at a time.
static MODE: Mutex<()> = Mutex::new(());

fn mode() -> MutexGuard<'static, ()> {
    MODE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the terminal: raw, its other screen, mouse and pastes told apart.
pub fn take() -> io::Result<()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = give_back(); // the panic itself is what has to be told
            before(panic);
        }));
    });
    let _mode = mode();
    // A shell that let us go on has made the terminal its own meanwhile, which is not known here: raw is set once more.
    disable_raw_mode()?;
    enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    crossterm::execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

/// Gives the terminal back as it was; does nothing when that was done.
pub fn give_back() -> io::Result<()> {
    let _mode = mode();
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    // Both are tried: a terminal that takes no bytes can still be made cooked again.
    let screen = crossterm::execute!(
        io::stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let mode = disable_raw_mode();
    io::stdout().flush().and(screen).and(mode)
}

/// Gives the terminal back when it goes out of scope, on whatever way.
pub struct Taken(());

impl Taken {
    /// Takes the terminal.
    pub fn new() -> io::Result<Self> {
        let taken = Self(());
        take()?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let _ = give_back(); // nobody is left to be told
    }
}

/// What the reading thread says.
#[derive(Debug)]
pub enum Input {
    /// Something happened.
    Event(Event),
    /// Nothing more will come.
    Gone,
}

/// Whether to find out what the background is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// It decides the theme.
    Matters,
    /// The theme was chosen.
    DoesNotMatter,
}

/// Reads the terminal for ever, on a thread of its own; says first that the background is light, when it is.
pub fn read(inputs: UnboundedSender<Input>, background: Background) -> io::Result<Reading> {
    let told = match background {
        Background::Matters => background::from_environment(),
        Background::DoesNotMatter => Some(false),
    };
    let asks = told.is_none() && background::can_ask();
    if asks {
        background::ask()?;
    }
    let (reading, mut ears) = Reading::new()?;
    std::thread::Builder::new()
        .name("terminal".into())
        .spawn(move || {
            let mut translator = Translator::default();
            let answer = if asks {
                background::listen()
            } else {
                background::Answer::default()
            };
            translator.may_come_late = answer.may_come_late;
            let mut first = Vec::new();
            if told.or(answer.is_light) == Some(true) {
                first.push(Event::LightBackground);
            }
            first.extend(answer.typed.into_iter().map(Event::Key));
            for event in first {
                if inputs.send(Input::Event(event)).is_err() {
                    return;
                }
            }
            let mut in_vain = 0;
            while matches!(ears.wait(), Ready::Input) {
                in_vain += 1;
                loop {
                    match next(in_vain) {
                        Ok(Some(happening)) => {
                            in_vain = 0;
                            let Some(event) = translator.event(happening) else {
                                continue;
                            };
                            if inputs.send(Input::Event(event)).is_err() {
                                return;
                            }
                        }
                        Ok(None) => break,
                        Err(_) => {
                            // That nobody listens any more is the end, too.
                            let _ = inputs.send(Input::Gone);
                            return;
                        }
                    }
                }
                if in_vain > 0 {
                    nudge();
                }
            }
            // As above.
            let _ = inputs.send(Input::Gone);
        })?;
    Ok(reading)
}

/// Turns what crossterm says into events.
#[derive(Default)]
struct Translator {
    last_click: Option<(Instant, u16, u16)>,
    /// Whether an answer about the background may still come, looking like keys.
    may_come_late: bool,
    /// How many more keys of such an answer there can be.
    swallows: u8,
}

impl Translator {
    fn event(&mut self, happening: Happening) -> Option<Event> {
        match happening {
            Happening::Key(key) if key.kind == KeyEventKind::Release => None,
            Happening::Key(key) if self.is_late_answer(key.into()) => None,
            Happening::Key(key) => Some(Event::Key(key.into())),
            Happening::Paste(text) => Some(Event::Paste(Pasted(Zeroizing::new(text)))),
            Happening::Resize(width, height) => Some(Event::Resize(Size { width, height })),
            Happening::Mouse(mouse) => self.mouse(mouse),
            Happening::FocusGained | Happening::FocusLost => None,
        }
    }

    /// `Alt-] 1 1 ; r g b : …` up to `Ctrl-G` or `Alt-\\` is no typing.
    fn is_late_answer(&mut self, key: Key) -> bool {
        if !self.may_come_late {
            return false;
        }
        if self.swallows > 0 {
            let is_end = matches!(key.code(), KeyCode::Char('g')) && key.has_control()
                || matches!(key.code(), KeyCode::Char('\\')) && key.has_alt();
            self.swallows -= 1;
            if is_end {
                self.swallows = 0;
                self.may_come_late = false;
            }
            return true;
        }
        if key.has_alt() && key.code() == KeyCode::Char(']') {
            self.swallows = LONGEST_ANSWER;
            return true;
        }
        false
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Option<Event> {
        let (x, y) = (mouse.column, mouse.row);
        let kind = match mouse.kind {
            MouseEventKind::ScrollUp => MouseKind::WheelUp,
            MouseEventKind::ScrollDown => MouseKind::WheelDown,
            MouseEventKind::Down(MouseButton::Left) => {
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
        Some(Event::Mouse(Mouse { kind, x, y }))
    }
}
