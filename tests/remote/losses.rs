//! Connection loss: the app reports it, keeps the input, and recovers.

use std::sync::Arc;

use tokio::runtime::Runtime;
use umai::connection::ConnectionService;
use umai::tui::layout::Size;

use crate::common::server::Server;
use crate::common::{TestClock, draft, remote, service_at};
use crate::gate::{Cut, Gate};
use crate::stage::{Stage, THREE};

/// An app on a server that can be disconnected.
struct Far {
    stage: Stage,
    gate: Gate,
    runtime: Arc<Runtime>,
    store: Arc<dyn ConnectionService>,
    _server: Server,
}

const TYPED: &str = "nopenai<enter>Team B<tab><tab><tab>sk-planted";

impl Far {
    fn new() -> Self {
        let runtime = Arc::new(Runtime::new().unwrap());
        let clock = TestClock::new();
        let store = service_at(&clock);
        let (server, gate, service) = runtime.block_on(async {
            for body in THREE {
                store.create(draft(body)).await.unwrap();
            }
            let server = Server::over(Arc::clone(&store)).await;
            let gate = Gate::before(&server.origin).await;
            let service = remote(&gate.origin()).await;
            (server, gate, service)
        });
        let size = Size {
            width: 100,
            height: 30,
        };
        Self {
            stage: Stage::over(size, clock, service, Arc::clone(&runtime)),
            gate,
            runtime,
            store,
            _server: server,
        }
    }

    fn shut(&mut self) {
        self.runtime.block_on(self.gate.shut());
    }

    fn open(&mut self) {
        self.runtime.block_on(self.gate.open());
    }

    fn is_stored(&self, alias: &str) -> bool {
        let key = alias.parse().unwrap();
        self.runtime.block_on(self.store.get(&key)).is_ok()
    }

    /// Asserts that the input is still there and the secret is hidden.
    fn assert_typed(&self) {
        let frame = self.stage.frame();
        assert!(
            frame.contains("Create Connection") && frame.contains("Team B"),
            "{frame}"
        );
        assert!(!frame.contains("planted"), "{frame}");
    }
}

#[test]
fn save_succeeds_after_reconnect() {
    let mut far = Far::new();
    far.stage.play(TYPED);
    far.shut();
    far.stage.play("<ctrl-s>");
    let frame = far.stage.frame();
    assert!(frame.contains("cannot be reached"), "{frame}");
    far.assert_typed();
    far.stage.play("<ctrl-s>");
    far.assert_typed();
    far.open();
    far.stage.play("<ctrl-s>");
    let frame = far.stage.frame();
    assert!(frame.contains("Created \"Team B\""), "{frame}");
    assert!(far.is_stored("team-b"));
}

#[test]
fn save_lost_before_server_can_be_retried() {
    let mut far = Far::new();
    far.stage.play(TYPED);
    *far.gate.cut.lock().unwrap() = Cut::Request;
    far.stage.play("<ctrl-s>");
    let frame = far.stage.frame();
    assert!(frame.contains("cannot be reached"), "{frame}");
    assert!(!far.is_stored("team-b"));
    far.assert_typed();
    *far.gate.cut.lock().unwrap() = Cut::Nothing;
    far.stage.play("<ctrl-s>");
    assert!(
        far.stage.frame().contains("Created \"Team B\""),
        "{}",
        far.stage.frame()
    );
}

#[test]
fn save_with_lost_response_is_not_repeated() {
    let mut far = Far::new();
    far.stage.play(TYPED);
    *far.gate.cut.lock().unwrap() = Cut::Answer;
    far.stage.play("<ctrl-s>");
    let frame = far.stage.frame();
    assert!(frame.contains("the change may be saved"), "{frame}");
    far.assert_typed();
    assert!(far.is_stored("team-b"), "the save succeeded");
    *far.gate.cut.lock().unwrap() = Cut::Nothing;
    far.stage.play("<ctrl-s>");
    let frame = far.stage.frame();
    assert!(
        frame.contains("An item with this alias") && !frame.contains("cannot be reached"),
        "{frame}"
    );
    far.assert_typed();
}

#[test]
fn failed_toggle_is_reverted_on_screen() {
    let mut far = Far::new();
    far.stage.play("<down>");
    let before = far.stage.frame();
    far.shut();
    far.stage.play("t");
    let frame = far.stage.frame();
    assert!(frame.contains("cannot be reached"), "{frame}");
    assert_eq!(frame.contains("inactive"), before.contains("inactive"));
    far.open();
    far.stage.play("t");
    assert!(
        far.stage.frame().contains("is inactive"),
        "{}",
        far.stage.frame()
    );
}

#[test]
fn failed_alias_check_is_repeated_on_save() {
    let mut far = Far::new();
    far.shut();
    far.stage
        .play("nopenai<enter>OpenAI Prod<tab><tab><tab>$Not:There");
    let frame = far.stage.frame();
    assert!(!frame.contains("✓ available"), "{frame}");
    far.open();
    far.stage.play("<ctrl-s>");
    let frame = far.stage.frame();
    assert!(
        frame.contains("already exists") && frame.contains("not found"),
        "{frame}"
    );
}
