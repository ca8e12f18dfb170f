//! Event loop of plain mode: print what is new, read a line, update, perform, until nothing is left to do.
//!
//! From a terminal, lines are handled as they come, and results are printed as they arrive. From a pipe, each line is completed
//! before the next one is read, so that the same lines always print the same.

mod line_reader;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use super::connecting::ServiceOpening;
use super::requests::ServiceEvent;
use super::runtime_core::{EventLoop, RuntimeCore};
use super::signals::{EndSignal, SignalStreams};
use super::{AppEnd, LoopControl, TuiError, TuiOptions};
use crate::provider::ProviderCatalog;
use crate::text::printable;
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::form::Form;
use crate::tui::plain;
use crate::tui::plain::narration::{self, Narration};
use crate::tui::plain::parse::{ParsedLine, parse_line};
use line_reader::{PlainEvent, StdinLines};

/// Greeting.
const FIRST: &str = "umai, plain mode. ? lists the commands, quit exits.";

/// Runs plain mode until the user quits or the input ends.
pub async fn run(
    catalog: Arc<ProviderCatalog>,
    opening: ServiceOpening,
    mut options: TuiOptions,
) -> Result<AppEnd, TuiError> {
    let app = options.new_app(catalog);
    let signals = SignalStreams::new()?;
    let is_interactive = io::stdin().is_terminal();
    let mut runtime = PlainRuntime {
        core: RuntimeCore::new(app, opening, &mut options, is_interactive)?,
        lines: StdinLines::read()?,
        narrated: Narration::default(),
        known: 0,
    };
    runtime.update(Event::Resize(plain::SIZE))?;
    let ended = runtime.run_loop(signals).await;
    let PlainRuntime { core, lines, .. } = runtime;
    drop(lines);
    let RuntimeCore {
        mut app,
        requests: mut calls,
        draft_saver,
        end,
        ..
    } = core;
    draft_saver.keep_all(&mut app);
    calls
        .finish(|ticket, reply| {
            // Effects are not performed any longer, but the app learns which saves succeeded.
            let _ = app.update(Event::Reply(ticket, reply));
        })
        .await;
    draft_saver.keep_all(&mut app);
    match ended {
        // The reader of the output has closed it.
        Err(TuiError::Terminal(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(AppEnd::Quit)
        }
        ended => ended.map(|()| end),
    }
}

struct PlainRuntime {
    core: RuntimeCore,
    lines: StdinLines,
    /// Last narration.
    narrated: Narration,
    /// Number of printed notices for the user.
    known: usize,
}

impl EventLoop for PlainRuntime {
    fn core(&mut self) -> &mut RuntimeCore {
        &mut self.core
    }

    fn perform_own(&mut self, effect: Effect) -> Result<LoopControl, TuiError> {
        match effect {
            Effect::OpenEditor(ticket, _) => {
                let reason = "Plain mode has no editor; enter each field as a line".to_owned();
                self.update(Event::Edited(ticket, Err(reason)))
            }
            Effect::CopyToClipboard(text) => {
                // There is no clipboard in plain mode: the text is printed instead.
                self.core.app.notices.current = None;
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                print_lines(&lines)?;
                Ok(LoopControl::Continue)
            }
            Effect::Suspend => self.suspend(),
            // Nothing is drawn.
            _ => Ok(LoopControl::Continue),
        }
    }
}

impl PlainRuntime {
    async fn run_loop(&mut self, mut signals: SignalStreams) -> Result<(), TuiError> {
        print_lines(&[FIRST.to_owned()])?;
        let first = self.core.app.service.target.sentence();
        print_lines(first.as_slice())?;
        loop {
            while self.idle()? {}
            if self.is_settled() {
                self.print_changes()?;
                self.lines.request_line(self.is_on_secret())?;
            }
            let turn = tokio::select! {
                biased;
                ended = signals.ending.next() => return self.end_by(ended),
                _ = signals.interrupt.recv() => return self.end_by(EndSignal::Interrupted),
                _ = signals.quit.recv() => return self.end_by(EndSignal::Quit),
                _ = signals.stop.recv() => self.suspend()?,
                happened = self.core.requests.next() => match happened {
                    ServiceEvent::Opened(opened) => self.begin(opened)?,
                    ServiceEvent::Reply(answer) => self.accept_reply(answer)?,
                    // The report at the end names the stages.
                    ServiceEvent::Stage(..) => LoopControl::Continue,
                },
                given = self.lines.next() => self.take_line(given)?,
                feed_event = self.core.feed.next() => self.update(Event::Feed(feed_event))?,
                result = self.core.draft_saver.next() => self.update(result.into())?,
                Some(Ok(ticket)) = self.core.wakes.join_next() => self.update(Event::TimerExpired(ticket))?,
            };
            if turn == LoopControl::Quit {
                return self.print_unsaved();
            }
        }
    }

    /// Names what is unsaved, where there is still a terminal, and ends.
    fn end_by(&mut self, signal: EndSignal) -> Result<(), TuiError> {
        // The signal is the reason for the end, also when nothing can be printed.
        let _ = self.print_unsaved();
        Err(TuiError::Signal(signal))
    }

    /// Performs the next idle work; returns false if there is none.
    fn idle(&mut self) -> Result<bool, TuiError> {
        let effect = self.core.app.update(Event::Idle);
        let is_more = effect.is_some();
        self.perform(effect)?;
        Ok(is_more)
    }

    /// Returns whether the next line can be handled.
    fn is_settled(&self) -> bool {
        if self.core.is_interactive {
            self.core.requests.is_only_stoppable()
        } else {
            self.core.requests.is_idle()
        }
    }

    fn is_on_secret(&self) -> bool {
        self.core.app.dialogs.top().is_some_and(Form::is_on_secret)
    }

    fn take_line(&mut self, given: PlainEvent) -> Result<LoopControl, TuiError> {
        let line = match given {
            PlainEvent::Line(line) => line,
            PlainEvent::Unreadable(reason) => {
                print_lines(&[reason.to_owned()])?;
                return Ok(LoopControl::Continue);
            }
            PlainEvent::End if !self.core.is_interactive && self.has_unsaved() => {
                return Err(TuiError::UnsavedForm);
            }
            PlainEvent::End => return Ok(LoopControl::Quit),
        };
        match parse_line(&self.core.app, &line) {
            ParsedLine::Input(event) => self.update(event),
            ParsedLine::Reply(lines) => {
                print_lines(&lines)?;
                Ok(LoopControl::Continue)
            }
        }
    }

    /// Prints the differences since the last narration.
    fn print_changes(&mut self) -> Result<(), TuiError> {
        let mut lines: Vec<String> = self.core.app.notices.received[self.known..]
            .iter()
            .map(|sentence| format!("Note: {sentence}"))
            .collect();
        // Notices for the user are printed completely, without the app's notice about them.
        let notice = self
            .core
            .app
            .notices
            .current
            .take()
            .filter(|_| lines.is_empty());
        lines.extend(notice.as_ref().map(narration::notice));
        self.known = self.core.app.notices.received.len();
        let now = Narration::new(&self.core.app);
        lines.extend(now.since(&self.narrated));
        self.narrated = now;
        let is_between = !lines.is_empty() && self.lines.is_prompting();
        if is_between {
            print_lines(&[String::new()])?;
        }
        print_lines(&lines)?;
        if is_between {
            self.lines.prompt()?;
        }
        Ok(())
    }

    fn has_unsaved(&self) -> bool {
        self.core.app.form().is_some_and(Form::has_unsaved_input)
    }

    fn print_unsaved(&mut self) -> Result<(), TuiError> {
        if self.has_unsaved() {
            let message = if self.core.is_interactive {
                "Unsaved changes are kept as a draft; the next start offers it."
            } else {
                "Unsaved changes are discarded."
            };
            print_lines(&[message.to_owned()])?;
        }
        Ok(())
    }

    /// Suspends the app, and resumes when the shell continues it.
    fn suspend(&mut self) -> Result<LoopControl, TuiError> {
        self.core.draft_saver.keep_all(&mut self.core.app);
        let paused = self.core.before_suspend.release();
        self.lines.show_input();
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)
            .map_err(io::Error::from)?;
        drop(paused);
        self.lines.hide_input(self.is_on_secret())?;
        Ok(LoopControl::Continue)
    }
}

/// Prints lines, with control characters escaped.
fn print_lines(lines: &[String]) -> Result<(), TuiError> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(&printable(line));
        text.push('\n');
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
