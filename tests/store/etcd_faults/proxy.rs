//! Proxy in front of a node, which can cut its connections.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Proxy of one node.
pub struct Proxy {
    /// `host:port`.
    pub address: String,
    /// True while connections are refused.
    is_cut: watch::Sender<bool>,
}

impl Proxy {
    /// Starts a proxy for the node at an address.
    pub async fn start(node: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (is_cut, cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, node.clone(), cut.clone()));
            }
        });
        Self { address, is_cut }
    }

    /// Ends all connections and refuses new ones, or accepts them again.
    pub fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }
}

/// Passes on what is sent until one side ends or the proxy is cut.
async fn pass(mut client: TcpStream, node: String, mut cut: watch::Receiver<bool>) {
    if *cut.borrow() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(node).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = cut.wait_for(|is_cut| *is_cut) => {}
    }
}
