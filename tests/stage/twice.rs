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
    here: Stage,
    far: Stage,
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
            here: Stage::with(width, height, bodies),
            far: Stage::over(Size { width, height }, behind.clock, service, runtime),
            _server: server,
        }
    }

    /// Harnesses for two services that `make` creates.
    pub fn over(
        size: Size,
        make: impl Fn(&common::TestClock) -> Arc<dyn ConnectionService>,
    ) -> Self {
        let (here, far) = (common::TestClock::new(), common::TestClock::new());
        let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
        let (server, service) = runtime.block_on(async {
            let server = Server::over(make(&far)).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        let behind = make(&here);
        Self {
            here: Stage::over(size, here, behind, Arc::clone(&runtime)),
            far: Stage::over(size, far, service, runtime),
            _server: server,
        }
    }

    /// Types the input into both.
    pub fn play(&mut self, story: &str) -> &mut Self {
        self.here.play(story);
        self.far.play(story);
        self
    }

    /// Runs a function on both harnesses.
    pub fn each(&mut self, does: impl Fn(&mut Stage)) -> &mut Self {
        does(&mut self.here);
        does(&mut self.far);
        self
    }

    /// Sends an event to both.
    pub fn happens(&mut self, event: Event) {
        self.here.happens(event.clone());
        self.far.happens(event);
    }

    /// Fires all timers of both.
    pub fn time_passes(&mut self) -> &mut Self {
        self.here.time_passes();
        self.far.time_passes();
        self
    }

    /// Advances both clocks.
    pub fn turn(&self, seconds: i64) {
        self.here.clock.turn(seconds);
        self.far.clock.turn(seconds);
    }

    /// Runs a change by another client on both services.
    pub fn elsewhere<T>(&self, does: &impl AsyncFn(&dyn ConnectionService) -> T) -> T {
        self.far.elsewhere(does);
        self.here.elsewhere(does)
    }

    /// Screen of both as text; panics if they differ.
    pub fn frame(&self) -> String {
        self.buffer();
        self.here.frame()
    }

    /// Cells of both screens; panics if they differ.
    pub fn buffer(&self) -> (Buffer, Option<(u16, u16)>) {
        let here = self.here.buffer();
        let far = self.far.buffer_in(self.here.theme);
        if here != far {
            let (here, far) = (self.here.frame(), self.far.frame());
            panic!("here:\n{here}\nfar away:\n{far}");
        }
        here
    }
}

impl Deref for Twice {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.here
    }
}

impl DerefMut for Twice {
    fn deref_mut(&mut self) -> &mut Stage {
        &mut self.here
    }
}
