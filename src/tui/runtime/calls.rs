//! What the service is asked: side by side, saves in their order, and what nobody waits for any more stopped.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::order::{Order, Place};
use super::service::{Opened, Opening, Service};
use crate::connection::ConnectionService;
use crate::tui::app::App;
use crate::tui::effect::{Reply, Request, Ticket};
use crate::tui::perform::perform;

/// An answer, or how its task ended without one.
pub(super) type Answered = Result<(Ticket, Reply), JoinError>;

/// What happened to what was asked.
pub(super) enum Happened {
    /// The service is there, or will never be.
    Opened(Opened),
    /// Something was answered.
    Answered(Answered),
}

/// What the service is asked.
pub(super) struct Calls {
    service: Service,
    under_way: JoinSet<(Ticket, Reply)>,
    /// Saves under way: quitting waits for them.
    saves: HashSet<Ticket>,
    /// What is under way and stops when nobody waits for it any more.
    stoppable: HashMap<Ticket, AbortHandle>,
    order: Order,
}

impl Calls {
    /// Asks a service that is still on its way: what is asked until then waits for it.
    pub(super) fn of(opening: Opening) -> Self {
        Self {
            service: Service::on_its_way(opening),
            under_way: JoinSet::new(),
            saves: HashSet::new(),
            stoppable: HashMap::new(),
            order: Order::default(),
        }
    }

    /// Waits until the service is there; once it is, for ever.
    pub(super) async fn opened(&mut self) -> Opened {
        self.service.opened().await
    }

    /// The service, once it is there.
    pub(super) const fn service(&self) -> Option<&Arc<dyn ConnectionService>> {
        match &self.service {
            Service::Open(service) => Some(service),
            Service::Opening(..) => None,
        }
    }

    /// The service is there: asks it what was asked meanwhile.
    pub(super) fn open(&mut self, service: Arc<dyn ConnectionService>) {
        let before = std::mem::replace(&mut self.service, Service::Open(service));
        if let Service::Opening(_, waiting) = before {
            for (ticket, request) in waiting {
                self.ask((ticket, request), Place::Behind);
            }
        }
    }

    /// Asks for something; a save has its place among the others.
    pub(super) fn ask(&mut self, (ticket, request): (Ticket, Request), place: Place) {
        if request.is_save() {
            self.saves.insert(ticket);
        }
        match &mut self.service {
            Service::Opening(_, waiting) => waiting.push((ticket, request)),
            Service::Open(service) => {
                let service = Arc::clone(service);
                let turn = request.is_save().then(|| self.order.next(place));
                let is_stoppable = request.is_stoppable();
                let call = self.under_way.spawn(async move {
                    let performed = perform(&*service, request);
                    let reply = match turn {
                        Some(turn) => turn.run(performed).await,
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

    /// Whether nothing is under way but what may take long, and can be stopped.
    pub(super) fn is_at_rest(&self) -> bool {
        self.under_way.len() == self.stoppable.len() && self.service().is_some()
    }

    /// Whether nothing is under way at all.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.service().is_some()
    }

    /// Waits until the service is there or answers, whichever is first; for ever when nothing is under way.
    pub(super) async fn next(&mut self) -> Happened {
        tokio::select! {
            biased;
            opened = self.service.opened() => Happened::Opened(opened),
            Some(answered) = self.under_way.join_next() => Happened::Answered(answered),
        }
    }

    /// An answer that is there already.
    pub(super) fn ready(&mut self) -> Option<Answered> {
        self.under_way.try_join_next()
    }

    /// What an answer says; nothing when it was stopped, and nobody waits for it.
    pub(super) fn take(
        &mut self,
        answered: Answered,
    ) -> Result<Option<(Ticket, Reply)>, JoinError> {
        let (ticket, reply) = match answered {
            Ok(answer) => answer,
            Err(error) if error.is_cancelled() => return Ok(None),
            Err(error) => return Err(error),
        };
        self.saves.remove(&ticket);
        self.stoppable.remove(&ticket);
        Ok(Some((ticket, reply)))
    }

    /// Stops what nobody waits for any more.
    pub(super) fn stop_unawaited(&mut self, app: &App) {
        self.stoppable.retain(|ticket, call| {
            let is_awaited = app.awaits(*ticket);
            if !is_awaited {
                call.abort();
            }
            is_awaited
        });
    }

    /// Waits for the saves under way, or until Ctrl-C says that it shall not; tells what was answered.
    pub(super) async fn finish(&mut self, mut tell: impl FnMut(Ticket, Reply)) {
        while !self.saves.is_empty() {
            tokio::select! {
                answer = self.under_way.join_next() => match answer {
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
