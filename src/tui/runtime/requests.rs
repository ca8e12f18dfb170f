//! Concurrent requests to the service. Saves stay in order; a test or list whose dialog was closed is aborted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::connecting::{OpenedService, ServiceHandle, ServiceOpening};
use super::save_queue::{SaveOrdering, SaveQueue};
use crate::connection::{TestProgress, TestStage};
use crate::service::ConnectionService;
use crate::tui::app::App;
use crate::tui::effect::{ServiceReply, ServiceRequest, Ticket};
use crate::tui::perform::perform;

/// Reply to a request, or the error of its task.
pub(super) type TaskResult = Result<(Ticket, ServiceReply), JoinError>;

/// Both ends of the channel with the stages of running tests.
type StageChannel = (
    UnboundedSender<(Ticket, TestStage)>,
    UnboundedReceiver<(Ticket, TestStage)>,
);

/// Event of the service.
pub(super) enum ServiceEvent {
    /// The service was opened, or opening failed.
    Opened(OpenedService),
    /// A request was completed.
    Reply(TaskResult),
    /// A stage of a running test succeeded.
    Stage(Ticket, TestStage),
}

/// Requests to the service.
pub(super) struct RequestPool {
    service: ServiceHandle,
    running: JoinSet<(Ticket, ServiceReply)>,
    /// Replies that were available at once.
    immediate: VecDeque<(Ticket, ServiceReply)>,
    /// Saves in progress; quitting waits for them.
    saves: HashSet<Ticket>,
    /// Requests that are aborted when no dialog waits for them.
    stoppable: HashMap<Ticket, AbortHandle>,
    save_queue: SaveQueue,
    /// Stages of running tests.
    stages: StageChannel,
}

impl RequestPool {
    /// Creates the pool for a service that is still opening; requests wait for it.
    pub(super) fn new(opening: ServiceOpening) -> Self {
        Self {
            service: ServiceHandle::start(opening),
            running: JoinSet::new(),
            immediate: VecDeque::new(),
            saves: HashSet::new(),
            stoppable: HashMap::new(),
            save_queue: SaveQueue::default(),
            stages: unbounded_channel(),
        }
    }

    /// Waits until the service is open; afterwards it never returns.
    pub(super) async fn opened(&mut self) -> OpenedService {
        self.service.opened().await
    }

    /// The service, once it is open.
    pub(super) const fn service(&self) -> Option<&Arc<dyn ConnectionService>> {
        match &self.service {
            ServiceHandle::Open(service) => Some(service),
            ServiceHandle::Opening(..) => None,
        }
    }

    /// Sends the requests that waited for the service.
    pub(super) fn open(&mut self, service: Arc<dyn ConnectionService>) {
        let before = std::mem::replace(&mut self.service, ServiceHandle::Open(service));
        if let ServiceHandle::Opening(_, waiting) = before {
            for (ticket, request) in waiting {
                self.send((ticket, request), SaveOrdering::Exclusive);
            }
        }
    }

    /// Starts a request; a save is queued.
    pub(super) fn send(
        &mut self,
        (ticket, request): (Ticket, ServiceRequest),
        ordering: SaveOrdering,
    ) {
        if request.is_save() {
            self.saves.insert(ticket);
        }
        match &mut self.service {
            ServiceHandle::Opening(_, waiting) => waiting.push((ticket, request)),
            ServiceHandle::Open(service) => {
                let service = Arc::clone(service);
                if request.is_quick() {
                    self.send_quick(service, ticket, request);
                    return;
                }
                let position = request.is_save().then(|| self.save_queue.next(ordering));
                let is_stoppable = request.is_stoppable();
                let stages = self.stages.0.clone();
                let progress = TestProgress::new(move |stage| {
                    // The receiver is gone only when the app ends.
                    let _ = stages.send((ticket, stage));
                });
                let call = self.running.spawn(async move {
                    let performed = perform(&*service, request, &progress);
                    let reply = match position {
                        Some(position) => position.run(performed).await,
                        None => performed.await,
                    };
                    (ticket, reply)
                });
                if is_stoppable {
                    self.stoppable.insert(ticket, call);
                }
            }
        }
    }

    /// Starts a request here, so that the reply of a local store needs neither another thread nor another frame. A service that
    /// has to wait continues in a task.
    fn send_quick(
        &mut self,
        service: Arc<dyn ConnectionService>,
        ticket: Ticket,
        request: ServiceRequest,
    ) {
        let mut call = Box::pin(async move {
            let no_stages = TestProgress::default();
            (ticket, perform(&*service, request, &no_stages).await)
        });
        match (&mut call).now_or_never() {
            Some(reply) => self.immediate.push_back(reply),
            None => {
                self.running.spawn(call);
            }
        }
    }

    /// Returns whether only requests that can be aborted are in progress.
    pub(super) fn is_only_stoppable(&self) -> bool {
        self.immediate.is_empty()
            && self.running.len() == self.stoppable.len()
            && self.service().is_some()
    }

    /// Returns whether no request is in progress.
    pub(super) fn is_idle(&self) -> bool {
        self.immediate.is_empty() && self.running.is_empty() && self.service().is_some()
    }

    /// Waits for the service or a reply; never returns if no request is in progress.
    pub(super) async fn next(&mut self) -> ServiceEvent {
        if let Some(reply) = self.immediate.pop_front() {
            return ServiceEvent::Reply(Ok(reply));
        }
        tokio::select! {
            biased;
            opened = self.service.opened() => ServiceEvent::Opened(opened),
            Some((ticket, stage)) = self.stages.1.recv() => ServiceEvent::Stage(ticket, stage),
            Some(answered) = self.running.join_next() => ServiceEvent::Reply(answered),
        }
    }

    /// A reply that has already arrived.
    pub(super) fn ready(&mut self) -> Option<TaskResult> {
        let immediate = self.immediate.pop_front().map(Ok);
        immediate.or_else(|| self.running.try_join_next())
    }

    /// Ticket and reply; `None` for an aborted request.
    pub(super) fn take(
        &mut self,
        answered: TaskResult,
    ) -> Result<Option<(Ticket, ServiceReply)>, JoinError> {
        let (ticket, reply) = match answered {
            Ok(answer) => answer,
            Err(error) if error.is_cancelled() => return Ok(None),
            Err(error) => return Err(error),
        };
        self.saves.remove(&ticket);
        self.stoppable.remove(&ticket);
        Ok(Some((ticket, reply)))
    }

    /// Aborts requests that no dialog waits for.
    pub(super) fn abort_unawaited(&mut self, app: &App) {
        self.stoppable.retain(|ticket, call| {
            let is_awaited = app.awaits(*ticket);
            if !is_awaited {
                call.abort();
            }
            is_awaited
        });
    }

    /// Waits for saves in progress, or until Ctrl-C; passes the replies to `tell`.
    pub(super) async fn finish(&mut self, mut tell: impl FnMut(Ticket, ServiceReply)) {
        while !self.saves.is_empty() {
            tokio::select! {
                answer = self.running.join_next() => match answer {
                    Some(Ok((ticket, reply))) => {
                        self.saves.remove(&ticket);
                        tell(ticket, reply);
                    }
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(Err(_)) | None => return,
                },
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
}
