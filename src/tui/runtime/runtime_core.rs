//! Part of the event loop that the screen and plain mode share: the app, its requests, drafts and timers, and the effects on them.

use std::io;
use std::sync::Arc;

use chrono::Local;
use tokio::task::JoinSet;

use super::connecting::{OpenedService, ServiceOpening};
use super::draft_saver::{DraftSaver, DraftTask, DraftTaskResult};
use super::feed::OpenFeed;
use super::options::{AppEnd, TuiOptions};
use super::requests::{RequestPool, TaskResult};
use super::save_queue::SaveOrdering;
use super::suspend::SuspendHandler;
use super::{LoopControl, TuiError};
use crate::tui::app::App;
use crate::tui::effect::{Effect, Ticket};
use crate::tui::event::Event;
use crate::tui::key_backup::KeyBackupsHandle;

/// App with what it waits for.
pub(super) struct RuntimeCore {
    pub app: App,
    pub requests: RequestPool,
    pub feed: OpenFeed,
    pub wakes: JoinSet<Ticket>,
    pub draft_saver: DraftSaver,
    pub before_suspend: SuspendHandler,
    /// Record of the backups of the key.
    pub key_backups: KeyBackupsHandle,
    /// True if a person can answer a reminder.
    pub is_interactive: bool,
    /// Next step after the end of the app.
    pub end: AppEnd,
    /// Number of reported notices of the service.
    pub reported: usize,
}

impl From<DraftTaskResult> for Event {
    fn from(result: DraftTaskResult) -> Self {
        match result {
            DraftTaskResult::Loaded(found) => Self::DraftsLoaded(found),
            DraftTaskResult::Failed(reason) => Self::Notices(vec![reason]),
        }
    }
}

impl RuntimeCore {
    pub(super) fn new(
        app: App,
        opening: ServiceOpening,
        options: &mut TuiOptions,
        is_interactive: bool,
    ) -> io::Result<Self> {
        // A script that ends in a form does so on purpose.
        let drafts = options.drafts.take().filter(|_| is_interactive);
        Ok(Self {
            app,
            requests: RequestPool::new(opening),
            feed: OpenFeed::default(),
            wakes: JoinSet::new(),
            draft_saver: DraftSaver::new(drafts)?,
            before_suspend: std::mem::take(&mut options.before_suspend),
            key_backups: std::mem::take(&mut options.key_backups),
            is_interactive,
            end: AppEnd::Quit,
            reported: 0,
        })
    }
}

/// Event loop around a [`RuntimeCore`].
pub(super) trait EventLoop {
    fn core(&mut self) -> &mut RuntimeCore;

    /// Performs an effect on the terminal or the clipboard.
    fn perform_own(&mut self, effect: Effect) -> Result<LoopControl, TuiError>;

    /// Called before each update of the app.
    fn before_update(&mut self) {}

    fn update(&mut self, event: Event) -> Result<LoopControl, TuiError> {
        self.before_update();
        let core = self.core();
        let effect = core.app.update(event);
        // The app has no clock.
        let now = Local::now();
        core.app.set_missing_times(now.to_utc(), now.time());
        core.requests.abort_unawaited(&core.app);
        self.perform(effect)
    }

    fn accept_reply(&mut self, answer: TaskResult) -> Result<LoopControl, TuiError> {
        let reply = self
            .core()
            .requests
            .take(answer)
            .map_err(TuiError::Broken)?;
        let Some((ticket, reply)) = reply else {
            return Ok(LoopControl::Continue);
        };
        self.report_notices()?;
        self.update(Event::Reply(ticket, reply))
    }

    /// Handles the opened service: sends it the requests that waited.
    fn begin(&mut self, opened: OpenedService) -> Result<LoopControl, TuiError> {
        let (service, since) = opened
            .map_err(TuiError::Broken)?
            .map_err(TuiError::ServiceUnavailable)?;
        if service.features().change_feed {
            self.core().feed.open(Arc::clone(&service), since);
        }
        self.update(Event::ServiceOpened(
            service.providers(),
            service.features(),
        ))?;
        if let Some(reason) = service.read_only_reason() {
            self.update(Event::ServiceReadOnly(reason.to_owned()))?;
        }
        let core = self.core();
        core.requests.open(service);
        core.draft_saver.queue_task(DraftTask::Load);
        self.report_notices()
    }

    /// Reports new notices of the service.
    fn report_notices(&mut self) -> Result<LoopControl, TuiError> {
        let core = self.core();
        let Some(service) = core.requests.service() else {
            return Ok(LoopControl::Continue);
        };
        let notices = service.notices();
        if notices.len() <= core.reported {
            return Ok(LoopControl::Continue);
        }
        let fresh = notices[core.reported..].to_vec();
        core.reported = notices.len();
        self.update(Event::Notices(fresh))
    }

    fn perform(&mut self, effect: Option<Effect>) -> Result<LoopControl, TuiError> {
        let Some(effect) = effect else {
            return Ok(LoopControl::Continue);
        };
        let core = self.core();
        match effect {
            Effect::Call(ticket, request) => {
                core.requests
                    .send((ticket, request), SaveOrdering::Exclusive);
            }
            Effect::CallConcurrent(ticket, request) => {
                core.requests
                    .send((ticket, request), SaveOrdering::Concurrent);
            }
            Effect::Wake(ticket, after) => {
                core.wakes.spawn(async move {
                    tokio::time::sleep(after).await;
                    ticket
                });
            }
            Effect::StoreDraft(slot, kept) => {
                core.draft_saver.queue_task(DraftTask::Store(slot, kept));
            }
            Effect::DeleteDraft(slot) => core.draft_saver.queue_task(DraftTask::Delete(slot)),
            Effect::ReleaseDrafts(ids) => {
                core.draft_saver.queue_task(DraftTask::ReleaseDrafts(ids));
            }
            Effect::LoadDrafts => core.draft_saver.queue_task(DraftTask::Load),
            Effect::CheckKeyBackup => {
                let is_interactive = core.is_interactive;
                let key = core.key_backups.0.as_ref().filter(|_| is_interactive);
                if let Some(path) = key.and_then(|key| key.remind()) {
                    return self.update(Event::KeyNeedsBackup(path));
                }
            }
            Effect::ConfirmKeyBackup => {
                if let Some(key) = &core.key_backups.0 {
                    let done = key.confirm();
                    return self.update(Event::KeyBackupConfirmed(done));
                }
            }
            Effect::Quit => return Ok(LoopControl::Quit),
            Effect::SwitchTarget(name) => {
                core.end = AppEnd::SwitchTarget(name);
                return Ok(LoopControl::Quit);
            }
            own @ (Effect::Continue
            | Effect::Redraw
            | Effect::OpenEditor(..)
            | Effect::CopyToClipboard(_)
            | Effect::Suspend) => return self.perform_own(own),
        }
        Ok(LoopControl::Continue)
    }
}
