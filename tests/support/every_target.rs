//! Runs a test on a local service, on a server over a real socket, and on a store on etcd; all must render the same.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use umai::service::ConnectionService;
use umai::tui::event::Event;
use umai::tui::layout::Size;

use super::harness::{Harness, THREE};
use crate::support::server::Server;
use crate::support::{TestClock, remote};

/// Harness of each target; dereferences to the local one.
pub struct EveryTarget {
    local: Harness,
    /// Harnesses of the other targets, with their names.
    others: Vec<(&'static str, Harness)>,
    _server: Server,
    /// Config directory with the key of the store on etcd.
    _home: tempfile::TempDir,
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
        let (size, home) = (Size { width, height }, tempfile::tempdir().unwrap());
        let behind = Harness::with(width, height, bodies);
        let runtime = Arc::clone(&behind.runtime);
        let (server, service) = runtime.block_on(async {
            let server = Server::over(behind.service).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        let remote = Harness::over(size, behind.clock, service, runtime);
        let on_etcd = on_etcd(size, home.path(), bodies);
        Self {
            local: Harness::with(width, height, bodies),
            others: std::iter::once(("server", remote))
                .chain(on_etcd.map(|harness| ("etcd", harness)))
                .collect(),
            _server: server,
            _home: home,
        }
    }

    /// Harnesses for two services that `make` creates, one of them behind a server.
    pub fn over(size: Size, make: impl Fn(&TestClock) -> Arc<dyn ConnectionService>) -> Self {
        let (local_clock, remote_clock) = (TestClock::new(), TestClock::new());
        let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
        let (server, service) = runtime.block_on(async {
            let server = Server::over(make(&remote_clock)).await;
            let service = remote(&server.origin).await;
            (server, service)
        });
        let local_service = make(&local_clock);
        let remote = Harness::over(size, remote_clock, service, Arc::clone(&runtime));
        Self {
            local: Harness::over(size, local_clock, local_service, runtime),
            others: vec![("server", remote)],
            _server: server,
            _home: tempfile::tempdir().unwrap(),
        }
    }

    /// Types the input into all.
    pub fn play(&mut self, story: &str) -> &mut Self {
        self.each(|harness| {
            harness.play(story);
        })
    }

    /// Runs a function on all harnesses.
    pub fn each(&mut self, does: impl Fn(&mut Harness)) -> &mut Self {
        does(&mut self.local);
        self.others.iter_mut().for_each(|(_, other)| does(other));
        self
    }

    /// Sends an event to all.
    pub fn happens(&mut self, event: Event) {
        let others = self.others.iter_mut();
        others.for_each(|(_, other)| other.happens(event.clone()));
        self.local.happens(event);
    }

    /// Fires all timers.
    pub fn time_passes(&mut self) -> &mut Self {
        self.each(|harness| {
            harness.time_passes();
        })
    }

    /// Advances all clocks.
    pub fn turn(&self, seconds: i64) {
        self.local.clock.turn(seconds);
        let others = self.others.iter();
        others.for_each(|(_, other)| other.clock.turn(seconds));
    }

    /// Runs a change by another client on all services.
    pub fn elsewhere<T>(&self, does: &impl AsyncFn(&dyn ConnectionService) -> T) -> T {
        for (_, other) in &self.others {
            other.elsewhere(does);
        }
        self.local.elsewhere(does)
    }

    /// Screen of all as text; panics if they differ.
    pub fn frame(&self) -> String {
        self.buffer();
        self.local.frame()
    }

    /// Cells of all screens; panics if they differ.
    pub fn buffer(&self) -> (Buffer, Option<(u16, u16)>) {
        let local = self.local.buffer();
        for (name, other) in &self.others {
            if local != other.buffer_in(self.local.theme) {
                let (local, other) = (self.local.frame(), other.frame());
                panic!("local:\n{local}\n{name}:\n{other}");
            }
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

#[cfg(feature = "etcd")]
use self::etcd::on_etcd;

/// Without the feature there is no such target.
#[cfg(not(feature = "etcd"))]
fn on_etcd(_: Size, _: &std::path::Path, _: &[&str]) -> Option<Harness> {
    None
}

#[cfg(feature = "etcd")]
mod etcd {
    use std::path::Path;
    use std::sync::Arc;

    use tokio::runtime::Runtime;
    use umai::store::etcd_options::EtcdOptions;
    use umai::store::{StoreHandle, StoreOptions, WithoutStore};

    use super::{Harness, Size, TestClock, etcd_node};
    use crate::support::{draft, service_over};

    /// Harness of a new store on etcd, with its key in a folder; none without the program.
    pub fn on_etcd(size: Size, config: &Path, bodies: &[&str]) -> Option<Harness> {
        let address = etcd_node::shared_address()?;
        let address = format!("{address}/ui/{}", uuid::Uuid::new_v4());
        let handle = StoreHandle::etcd(EtcdOptions::new(address.parse().unwrap()));
        let files = StoreOptions {
            data: config.join("data"),
            config: config.to_owned(),
            key_file: None,
        };
        let (clock, runtime) = (TestClock::new(), Runtime::new().unwrap());
        let service = runtime.block_on(async {
            let store = handle.open(&files, WithoutStore::Create).await.unwrap();
            let service = service_over(store, &clock);
            for body in bodies {
                service.create(draft(body)).await.unwrap();
            }
            service
        });
        Some(Harness::over(size, clock, service, Arc::new(runtime)))
    }
}

#[cfg(feature = "etcd")]
#[path = "etcd.rs"]
mod etcd_node;
