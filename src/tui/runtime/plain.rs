//! Event loop of plain mode: print what is new, read a line, update, perform, until nothing is left to do.
//!
//! From a terminal, lines are handled as they come, and results are printed as they arrive. From a pipe, each line is completed
//! before the next one is read, so that the same lines always print the same.

mod lines;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use chrono::Local;
use tokio::task::JoinSet;

use super::calls::{Answered, Calls, Happened};
use super::feed::Feed;
use super::keeper::{Keeper, Task, Told};
use super::options::keymap;
use super::order::Place;
use super::service::{Opened, Opening};
use super::signals::Signals;
use super::stop::BeforeStop;
use super::{TuiError, TuiOptions, Turn};
use crate::provider::ProviderCatalog;
use crate::text::printable;
use crate::tui::app::App;
use crate::tui::effect::{Effect, Ticket};
use crate::tui::event::Event;
use crate::tui::form::Form;
use crate::tui::layer::Layer;
use crate::tui::plain;
use crate::tui::plain::command::{Meant, parse_line};
use crate::tui::plain::saying::{self, Saying};
use lines::{Given, Lines};

/// Greeting.
const FIRST: &str = "umai, plain mode. ? lists the commands, quit exits.";

/// Runs plain mode until the user quits or the input ends.
pub async fn run(
    catalog: Arc<ProviderCatalog>,
    opening: Opening,
    options: TuiOptions,
) -> Result<(), TuiError> {
    let (keymap, problems) = keymap(&options);
    let mut notices = options.notices;
    notices.extend(problems);
    let mut app = App::new(catalog, keymap, notices);
    app.set_target(options.site);
    let signals = Signals::new()?;
    let is_interactive = io::stdin().is_terminal();
    let mut speaker = Speaker {
        app,
        calls: Calls::new(opening),
        feed: Feed::default(),
        reported: 0,
        wakes: JoinSet::new(),
        lines: Lines::read()?,
        is_interactive,
        before_stop: options.before_stop,
        narrated: Saying::default(),
        known: 0,
        // A script that ends in a form does so on purpose.
        keeper: Keeper::new(options.drafts.filter(|_| is_interactive))?,
    };
    speaker.update(Event::Resize(plain::SIZE))?;
    let ended = speaker.turn(signals).await;
    let Speaker {
        mut app,
        mut calls,
        lines,
        keeper,
        ..
    } = speaker;
    drop(lines);
    keeper.keep_all(&mut app);
    calls
        .finish(|ticket, reply| {
            // Effects are not performed any longer, but the app learns which saves succeeded.
            let _ = app.update(Event::Reply(ticket, reply));
        })
        .await;
    keeper.keep_all(&mut app);
    match ended {
        // The reader of the output has closed it.
        Err(TuiError::Terminal(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

struct Speaker {
    app: App,
    calls: Calls,
    feed: Feed,
    /// Number of reported notices of the service.
    reported: usize,
    wakes: JoinSet<Ticket>,
    lines: Lines,
    /// True if stdin is a terminal.
    is_interactive: bool,
    before_stop: BeforeStop,
    /// Last narration.
    narrated: Saying,
    /// Number of printed notices for the user.
    known: usize,
    keeper: Keeper,
}

impl Speaker {
    async fn turn(&mut self, mut signals: Signals) -> Result<(), TuiError> {
        print_lines(&[FIRST.to_owned()])?;
        let first = self.app.site.sentence();
        print_lines(first.as_slice())?;
        loop {
            while self.idle()? {}
            if self.is_settled() {
                self.print_changes()?;
                self.lines.ask(self.is_on_secret())?;
            }
            let turn = tokio::select! {
                biased;
                _ = signals.terminate.recv() => Turn::End,
                _ = signals.hang_up.recv() => Turn::End,
                _ = signals.interrupt.recv() => Turn::End,
                _ = signals.stop.recv() => self.suspend()?,
                happened = self.calls.next() => match happened {
                    Happened::Opened(opened) => self.begin(opened)?,
                    Happened::Answered(answer) => self.take_answer(answer)?,
                },
                given = self.lines.next() => self.take_line(given)?,
                heard = self.feed.next() => self.update(Event::Heard(heard))?,
                result = self.keeper.next() => self.update(match result {
                    Told::Found(found) => Event::Found(found),
                    Told::Refused(why) => Event::Noticed(vec![why]),
                })?,
                Some(Ok(ticket)) = self.wakes.join_next() => self.update(Event::Woken(ticket))?,
            };
            if turn == Turn::End {
                return self.print_unsaved();
            }
        }
    }

    /// Performs the next idle work; returns false if there is none.
    fn idle(&mut self) -> Result<bool, TuiError> {
        let effect = self.app.update(Event::Idle);
        let is_more = effect.is_some();
        self.perform(effect)?;
        Ok(is_more)
    }

    /// Returns whether the next line can be handled.
    fn is_settled(&self) -> bool {
        if self.is_interactive {
            self.calls.is_only_stoppable()
        } else {
            self.calls.is_idle()
        }
    }

    fn is_on_secret(&self) -> bool {
        matches!(self.app.layers.last(), Some(Layer::Form(form)) if form.is_on_secret())
    }

    fn take_line(&mut self, given: Given) -> Result<Turn, TuiError> {
        let line = match given {
            Given::Line(line) => line,
            Given::Unreadable(why) => {
                print_lines(&[why.to_owned()])?;
                return Ok(Turn::On);
            }
            Given::End => return Ok(Turn::End),
        };
        match parse_line(&self.app, &line) {
            Meant::Happens(event) => self.update(event),
            Meant::Answer(lines) => {
                print_lines(&lines)?;
                Ok(Turn::On)
            }
        }
    }

    fn take_answer(&mut self, answer: Answered) -> Result<Turn, TuiError> {
        let Some((ticket, reply)) = self.calls.take(answer).map_err(TuiError::Broken)? else {
            return Ok(Turn::On);
        };
        self.report_notices()?;
        self.update(Event::Reply(ticket, reply))
    }

    fn begin(&mut self, opened: Opened) -> Result<Turn, TuiError> {
        let (service, since) = opened
            .map_err(TuiError::Broken)?
            .map_err(TuiError::Unopened)?;
        self.feed.open(Arc::clone(&service), since);
        self.update(Event::Opened(service.providers(), service.features()))?;
        self.calls.open(service);
        self.keeper.tell(Task::Find);
        self.report_notices()
    }

    /// Reports new notices of the service.
    fn report_notices(&mut self) -> Result<Turn, TuiError> {
        let Some(service) = self.calls.service() else {
            return Ok(Turn::On);
        };
        let notices = service.notices();
        if notices.len() <= self.reported {
            return Ok(Turn::On);
        }
        let fresh = notices[self.reported..].to_vec();
        self.reported = notices.len();
        self.update(Event::Noticed(fresh))
    }

    fn update(&mut self, event: Event) -> Result<Turn, TuiError> {
        let effect = self.app.update(event);
        self.app.log.date(Local::now().time());
        self.calls.abort_unawaited(&self.app);
        self.perform(effect)
    }

    fn perform(&mut self, effect: Option<Effect>) -> Result<Turn, TuiError> {
        match effect {
            None | Some(Effect::Continue | Effect::Redraw) => {}
            Some(Effect::Call(ticket, request)) => {
                self.calls.ask((ticket, request), Place::Exclusive);
            }
            Some(Effect::CallConcurrent(ticket, request)) => {
                self.calls.ask((ticket, request), Place::Concurrent);
            }
            Some(Effect::Wake(ticket, after)) => {
                self.wakes.spawn(async move {
                    tokio::time::sleep(after).await;
                    ticket
                });
            }
            Some(Effect::Keep(slot, kept)) => self.keeper.tell(Task::Keep(slot, kept)),
            Some(Effect::Forget(slot)) => self.keeper.tell(Task::Forget(slot)),
            Some(Effect::ReleaseDrafts(ids)) => self.keeper.tell(Task::ReleaseDrafts(ids)),
            Some(Effect::Find) => self.keeper.tell(Task::Find),
            Some(Effect::Edit(ticket, _)) => {
                let why = "Plain mode has no editor; enter each field as a line".to_owned();
                return self.update(Event::Edited(ticket, Err(why)));
            }
            Some(Effect::Copy(text)) => {
                // There is no clipboard in plain mode: the text is printed instead.
                self.app.notice = None;
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                print_lines(&lines)?;
            }
            Some(Effect::Suspend) => return self.suspend(),
            Some(Effect::Quit) => return Ok(Turn::End),
        }
        Ok(Turn::On)
    }

    /// Prints the differences since the last narration.
    fn print_changes(&mut self) -> Result<(), TuiError> {
        let mut lines: Vec<String> = self.app.startup_notices[self.known..]
            .iter()
            .map(|sentence| format!("Note: {sentence}"))
            .collect();
        // Notices for the user are printed completely, without the app's notice about them.
        let notice = self.app.notice.take().filter(|_| lines.is_empty());
        lines.extend(notice.as_ref().map(saying::notice));
        self.known = self.app.startup_notices.len();
        let now = Saying::of(&self.app);
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

    fn print_unsaved(&mut self) -> Result<(), TuiError> {
        if self.app.form().is_some_and(Form::is_changed) {
            let message = if self.is_interactive {
                "Unsaved changes are kept as a draft; the next start offers it."
            } else {
                "Unsaved changes are discarded."
            };
            print_lines(&[message.to_owned()])?;
        }
        Ok(())
    }

    /// Suspends the app, and resumes when the shell continues it.
    fn suspend(&mut self) -> Result<Turn, TuiError> {
        self.keeper.keep_all(&mut self.app);
        let rest = self.before_stop.release();
        self.lines.show_input();
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)
            .map_err(io::Error::from)?;
        drop(rest);
        self.lines.hide_input(self.is_on_secret())?;
        Ok(Turn::On)
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
