//! API server on a free port of this machine.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use umai::api::{BASE_PATH, server};
use umai::service::ConnectionService;

/// Server that stops when it is dropped.
pub struct Server {
    /// Origin, for example `http://127.0.0.1:49152`.
    pub origin: String,
    ending: DropGuard,
}

impl Server {
    /// Starts the server.
    pub async fn over(service: Arc<dyn ConnectionService>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let ending = CancellationToken::new();
        let router = server::router_until(service, ending.clone());
        let ended = ending.clone().cancelled_owned();
        tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(ended)
                .await
        });
        Self {
            origin,
            ending: ending.drop_guard(),
        }
    }

    /// URL of a path below the base path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{BASE_PATH}{path}", self.origin)
    }

    /// Stops gracefully.
    pub fn end(self) {
        drop(self.ending);
    }
}
