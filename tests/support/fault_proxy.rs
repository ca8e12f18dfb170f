//! Proxy in front of a server that can be closed or cut a save off.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Fate of the next save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It succeeds.
    Nothing,
    /// It does not reach the server.
    Request,
    /// It succeeds, but the response is lost.
    Answer,
}

/// A proxy that can be closed and opened again at the same address.
pub struct FaultProxy {
    address: SocketAddr,
    behind: SocketAddr,
    pub cut: Arc<Mutex<Cut>>,
    /// Number of connections.
    pub passed: Arc<AtomicUsize>,
    open: Option<JoinHandle<()>>,
}

impl FaultProxy {
    pub async fn before(origin: &str) -> Self {
        let mut gate = Self {
            address: "127.0.0.1:0".parse().unwrap(),
            behind: origin.trim_start_matches("http://").parse().unwrap(),
            cut: Arc::new(Mutex::new(Cut::Nothing)),
            passed: Arc::default(),
            open: None,
        };
        gate.open().await;
        gate
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens the proxy again.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let (behind, cut) = (self.behind, Arc::clone(&self.cut));
        let passed = Arc::clone(&self.passed);
        self.open = Some(tokio::spawn(async move {
            // Dropping it closes every connection.
            let mut passing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                passed.fetch_add(1, Ordering::Relaxed);
                passing.spawn(pass(client, behind, Arc::clone(&cut)));
            }
        }));
    }

    /// Closes the proxy and its connections.
    pub async fn shut_down(&mut self) {
        let open = self.open.take().unwrap();
        open.abort();
        let _ = open.await;
    }
}

async fn pass(mut client: TcpStream, behind: SocketAddr, cut: Arc<Mutex<Cut>>) {
    let mut server = TcpStream::connect(behind).await.unwrap();
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    let mut is_save = false;
    loop {
        asked.clear();
        answered.clear();
        tokio::select! {
            read = client.read_buf(&mut asked) => {
                if !matches!(read, Ok(1..)) {
                    return;
                }
                is_save = asked.starts_with(b"POST") || is_save && !asked.starts_with(b"GET");
                if is_save && *cut.lock().unwrap() == Cut::Request {
                    return;
                }
                server.write_all(&asked).await.unwrap();
            }
            read = server.read_buf(&mut answered) => {
                if !matches!(read, Ok(1..)) || is_save && *cut.lock().unwrap() == Cut::Answer {
                    return;
                }
                if client.write_all(&answered).await.is_err() {
                    return;
                }
            }
        }
    }
}
