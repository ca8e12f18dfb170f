//! Runs a test on a local service and on a server over a real socket; both must render the same.

use std::ops::{Deref, DerefMut};

use ratatui::buffer::Buffer;
use umai::service::ConnectionService;
use umai::tui::event::Event;
use umai::tui::layout::Size;

use std::sync::Arc;

use super::harness::{Harness, THREE};
use crate::support::remote;
use crate::support::server::Server;

/// Local and remote harness; dereferences to the local one.
pub struct EveryTarget {
    local: Harness,
    remote: Harness,
    _server: Server,
}

impl EveryTarget {
    /// Harnesses with an empty store.
    pub fn empty(width: u16, height: u16) -> Self {
        Self::with(width, height, &[])
    }

    /// Harnesses with the connections of [`THREE`].
    pub fn three(width: u16, height: u16) -> Self {
        Self::with(width, height, &THREE)
    }

    /// Harnesses with these connections, as request bodies.
    pub fn with(width: u16, height: u16, bodies: &[&str]) -> Self {
        let behind = Harness::with(width, height, bodies);
        let runtime = Arc::clone(&behind.runtime);
        let (server, service) = runtime.block_on(async {
            let server = Server::over(behind.service).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        Self {
            local: Harness::with(width, height, bodies),
            remote: Harness::over(Size { width, height }, behind.clock, service, runtime),
            _server: server,
        }
    }

    /// Harnesses for two services that `make` creates.
    pub fn over(
        size: Size,
        make: impl Fn(&crate::support::TestClock) -> Arc<dyn ConnectionService>,
    ) -> Self {
        let (local_clock, remote_clock) = (
            crate::support::TestClock::new(),
            crate::support::TestClock::new(),
        );
        let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
        let (server, service) = runtime.block_on(async {
            let server = Server::over(make(&remote_clock)).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        let local_service = make(&local_clock);
        Self {
            local: Harness::over(size, local_clock, local_service, Arc::clone(&runtime)),
            remote: Harness::over(size, remote_clock, service, runtime),
            _server: server,
        }
    }

    /// Types the input into both.
    pub fn play(&mut self, story: &str) -> &mut Self {
        self.local.play(story);
        self.remote.play(story);
        self
    }

    /// Runs a function on both harnesses.
    pub fn each(&mut self, does: impl Fn(&mut Harness)) -> &mut Self {
        does(&mut self.local);
        does(&mut self.remote);
        self
    }

    /// Sends an event to both.
    pub fn happens(&mut self, event: Event) {
        self.local.happens(event.clone());
        self.remote.happens(event);
    }

    /// Fires all timers of both.
    pub fn time_passes(&mut self) -> &mut Self {
        self.local.time_passes();
        self.remote.time_passes();
        self
    }

    /// Advances both clocks.
    pub fn turn(&self, seconds: i64) {
        self.local.clock.turn(seconds);
        self.remote.clock.turn(seconds);
    }

    /// Runs a change by another client on both services.
    pub fn elsewhere<T>(&self, does: &impl AsyncFn(&dyn ConnectionService) -> T) -> T {
        self.remote.elsewhere(does);
        self.local.elsewhere(does)
    }

    /// Screen of both as text; panics if they differ.
    pub fn frame(&self) -> String {
        self.buffer();
        self.local.frame()
    }

    /// Cells of both screens; panics if they differ.
    pub fn buffer(&self) -> (Buffer, Option<(u16, u16)>) {
        let local = self.local.buffer();
        let remote = self.remote.buffer_in(self.local.theme);
        if local != remote {
            let (local, remote) = (self.local.frame(), self.remote.frame());
            panic!("local:\n{local}\nremote:\n{remote}");
        }
        local
    }
}

impl Deref for EveryTarget {
    type Target = Harness;

    fn deref(&self) -> &Harness {
        &self.local
    }
}

impl DerefMut for EveryTarget {
    fn deref_mut(&mut self) -> &mut Harness {
        &mut self.local
    }
}
