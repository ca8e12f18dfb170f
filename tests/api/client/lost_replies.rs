//! Connection loss: the app reports it, keeps the input, and recovers.

use std::sync::Arc;

use tokio::runtime::Runtime;
use umai::service::ConnectionService;
use umai::tui::layout::Size;

use crate::fault_proxy::{Cut, FaultProxy};
use crate::support::harness::{Harness, THREE};
use crate::support::server::Server;
use crate::support::{TestClock, draft, remote, service_at};

/// An app on a server that can be disconnected.
struct RemoteServer {
    harness: Harness,
    proxy: FaultProxy,
    runtime: Arc<Runtime>,
    store: Arc<dyn ConnectionService>,
    /// Client of the app.
    client: Arc<dyn ConnectionService>,
    _server: Server,
}

const TYPED: &str = "nopenai<enter>Team B<tab><tab><tab>sk-planted";

impl RemoteServer {
    fn new() -> Self {
        let runtime = Arc::new(Runtime::new().unwrap());
        let clock = TestClock::new();
        let store = service_at(&clock);
        let (server, proxy, service) = runtime.block_on(async {
            for body in THREE {
                store.create(draft(body)).await.unwrap();
            }
            let server = Server::over(Arc::clone(&store)).await;
            let proxy = FaultProxy::before(&server.origin).await;
            let service = remote(&proxy.origin()).await;
            (server, proxy, service)
        });
        let size = Size {
            width: 100,
            height: 30,
        };
        Self {
            harness: Harness::over(size, clock, Arc::clone(&service), Arc::clone(&runtime)),
            client: service,
            proxy,
            runtime,
            store,
            _server: server,
        }
    }

    fn shut(&mut self) {
        self.runtime.block_on(self.proxy.shut_down());
        // A read takes the connections that are closed now out of the client's pool: a save that is sent on one may have arrived.
        for _ in 0..4 {
            let unknown = "not-there".parse().unwrap();
            self.runtime
                .block_on(self.client.get(&unknown))
                .unwrap_err();
        }
    }

    fn open(&mut self) {
        self.runtime.block_on(self.proxy.open());
    }

    fn is_stored(&self, alias: &str) -> bool {
        let key = alias.parse().unwrap();
        self.runtime.block_on(self.store.get(&key)).is_ok()
    }

    /// Asserts that the input is still there and the secret is hidden.
    fn assert_typed(&self) {
        let frame = self.harness.frame();
        assert!(
            frame.contains("Create Connection") && frame.contains("Team B"),
            "{frame}"
        );
        assert!(!frame.contains("planted"), "{frame}");
    }
}

#[test]
fn save_succeeds_after_reconnect() {
    let mut server = RemoteServer::new();
    server.harness.play(TYPED);
    server.shut();
    server.harness.play("<ctrl-s>");
    let frame = server.harness.frame();
    assert!(frame.contains("cannot be reached"), "{frame}");
    server.assert_typed();
    server.harness.play("<ctrl-s>");
    server.assert_typed();
    server.open();
    server.harness.play("<ctrl-s>");
    let frame = server.harness.frame();
    assert!(frame.contains("Created \"Team B\""), "{frame}");
    assert!(server.is_stored("team-b"));
}

#[test]
fn save_lost_before_server_can_be_retried() {
    let mut server = RemoteServer::new();
    server.harness.play(TYPED);
    *server.proxy.cut.lock().unwrap() = Cut::Request;
    server.harness.play("<ctrl-s>");
    let frame = server.harness.frame();
    assert!(frame.contains("may have been saved"), "{frame}");
    assert!(!server.is_stored("team-b"));
    server.assert_typed();
    *server.proxy.cut.lock().unwrap() = Cut::Nothing;
    server.harness.play("<ctrl-s>");
    assert!(
        server.harness.frame().contains("Created \"Team B\""),
        "{}",
        server.harness.frame()
    );
}

#[test]
fn save_with_lost_response_is_not_repeated() {
    let mut server = RemoteServer::new();
    server.harness.play(TYPED);
    *server.proxy.cut.lock().unwrap() = Cut::Answer;
    server.harness.play("<ctrl-s>");
    let frame = server.harness.frame();
    assert!(frame.contains("may have been saved"), "{frame}");
    server.assert_typed();
    assert!(server.is_stored("team-b"), "the save succeeded");
    *server.proxy.cut.lock().unwrap() = Cut::Nothing;
    server.harness.play("<ctrl-s>");
    let frame = server.harness.frame();
    assert!(
        frame.contains("A connection with this alias") && !frame.contains("may have been saved"),
        "{frame}"
    );
    server.assert_typed();
}

#[test]
fn failed_toggle_is_reverted_on_screen() {
    let mut server = RemoteServer::new();
    server.harness.play("<down>");
    let before = server.harness.frame();
    server.shut();
    server.harness.play("t");
    let frame = server.harness.frame();
    assert!(frame.contains("cannot be reached"), "{frame}");
    assert_eq!(frame.contains("inactive"), before.contains("inactive"));
    server.open();
    server.harness.play("t");
    assert!(
        server.harness.frame().contains("is inactive"),
        "{}",
        server.harness.frame()
    );
}

#[test]
fn failed_alias_check_is_repeated_on_save() {
    let mut server = RemoteServer::new();
    server.shut();
    server
        .harness
        .play("nopenai<enter>OpenAI Prod<tab><tab><tab>$Not:There");
    let frame = server.harness.frame();
    assert!(!frame.contains("✓ available"), "{frame}");
    server.open();
    server.harness.play("<ctrl-s>");
    let frame = server.harness.frame();
    assert!(frame.contains("already exists"), "{frame}");
    server.harness.play("<f8>");
    let frame = server.harness.frame();
    assert!(frame.contains("not found"), "{frame}");
}
