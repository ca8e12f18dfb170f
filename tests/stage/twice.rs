//! Runs a test on a local service and on a server over a real socket; both must render the same.

use std::ops::{Deref, DerefMut};

use ratatui::buffer::Buffer;
use umai::connection::ConnectionService;
use umai::tui::event::Event;
use umai::tui::layout::Size;

use super::{Arc, Stage, THREE};
use crate::common::server::Server;
use crate::common::{self, remote};

/// Local and remote harness; dereferences to the local one.
pub struct Twice {
    local: Stage,
    remote: Stage,
    _server: Server,
}

impl Twice {
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
        let behind = Stage::with(width, height, bodies);
        let runtime = Arc::clone(&behind.runtime);
        let (server, service) = runtime.block_on(async {
            let server = Server::over(behind.service).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        Self {
            local: Stage::with(width, height, bodies),
            remote: Stage::over(Size { width, height }, behind.clock, service, runtime),
            _server: server,
        }
    }

    /// Harnesses for two services that `make` creates.
    pub fn over(
        size: Size,
        make: impl Fn(&common::TestClock) -> Arc<dyn ConnectionService>,
    ) -> Self {
        let (local_clock, remote_clock) = (common::TestClock::new(), common::TestClock::new());
        let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
        let (server, service) = runtime.block_on(async {
            let server = Server::over(make(&remote_clock)).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        let behind = make(&local_clock);
        Self {
            local: Stage::over(size, local_clock, behind, Arc::clone(&runtime)),
            remote: Stage::over(size, remote_clock, service, runtime),
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
    pub fn each(&mut self, does: impl Fn(&mut Stage)) -> &mut Self {
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

impl Deref for Twice {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.local
    }
}

impl DerefMut for Twice {
    fn deref_mut(&mut self) -> &mut Stage {
        &mut self.local
    }
}
