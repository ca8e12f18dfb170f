//! A third-party server that returns predefined bytes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use umai::api::client::{RemoteOptions, RemoteService};

/// A received request.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// `GET /path?query`
    pub line: String,
    pub head: String,
    pub body: String,
}

/// A predefined response.
pub enum ScriptedResponse {
    /// These bytes, then the end.
    Whole(Vec<u8>),
    /// These bytes, followed by endless data.
    Endless(Vec<u8>),
}

/// Returns a response with a status, a type and a body.
pub fn response(status: u16, kind: &str, body: &str) -> ScriptedResponse {
    ScriptedResponse::Whole(
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// Returns a JSON response.
pub fn json(status: u16, body: &str) -> ScriptedResponse {
    response(status, "application/json", body)
}

/// A server that answers with a function.
pub struct ThirdPartyServer {
    pub origin: String,
    heard: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl ThirdPartyServer {
    pub async fn new(
        answer: impl Fn(&ReceivedRequest) -> ScriptedResponse + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (all, answer) = (Arc::clone(&heard), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut socket = socket;
                    let Some(request) = hear(&mut socket).await else {
                        return;
                    };
                    let output = answer(&request);
                    all.lock().unwrap().push(request);
                    // The client may be gone already.
                    let _ = say(&mut socket, output).await;
                });
            }
        });
        Self { origin, heard }
    }

    /// Answers below `/connections`, and with 404 elsewhere.
    pub async fn with_connections(
        answer: impl Fn(&ReceivedRequest) -> ScriptedResponse + Send + Sync + 'static,
    ) -> (Self, RemoteService) {
        let stranger = Self::new(move |heard| {
            if heard.line.contains("/api/v1/connection") || heard.line.contains("/api/v1/changes") {
                answer(heard)
            } else {
                response(404, "text/html", "<title>Not here</title>")
            }
        })
        .await;
        let service = stranger.service().await;
        (stranger, service)
    }

    /// Lists providers as umai does, and answers everything else with this.
    pub async fn with_umai_providers(
        answer: impl Fn(&ReceivedRequest) -> ScriptedResponse + Send + Sync + 'static,
    ) -> (Self, RemoteService) {
        const PROVIDERS: &str = r#"[{"id":"openai","name":"OpenAI","capabilities":["Chat"],"rules":[],"settings":[{"alias":"apiKey","name":"Key","isSensitive":true}]}]"#;
        let stranger = Self::new(move |heard| {
            if heard.line.contains("/api/v1/providers") {
                json(200, PROVIDERS)
            } else {
                answer(heard)
            }
        })
        .await;
        let service = stranger.service().await;
        (stranger, service)
    }

    /// Connects a client.
    pub async fn service(&self) -> RemoteService {
        let options = RemoteOptions::new(self.origin.parse().unwrap());
        let options = options.with_token("planted-token").unwrap();
        RemoteService::connect(&options).await.unwrap()
    }

    /// Returns the received requests about connections.
    pub fn heard(&self) -> Vec<ReceivedRequest> {
        let heard = self.heard.lock().unwrap();
        let about = |heard: &&ReceivedRequest| heard.line.contains("/connection");
        heard.iter().filter(about).cloned().collect()
    }
}

async fn hear(socket: &mut TcpStream) -> Option<ReceivedRequest> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while bytes.len() < end + length {
        socket.read_buf(&mut bytes).await.ok()?;
    }
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
    Some(ReceivedRequest {
        line: line.to_owned(),
        body: String::from_utf8(bytes[end..].to_vec()).unwrap(),
        head,
    })
}

async fn say(socket: &mut TcpStream, output: ScriptedResponse) -> std::io::Result<()> {
    match output {
        ScriptedResponse::Whole(bytes) => {
            socket.write_all(&bytes).await?;
            socket.shutdown().await
        }
        ScriptedResponse::Endless(bytes) => {
            socket.write_all(&bytes).await?;
            loop {
                socket.write_all(&[b' '; 8 * 1024]).await?;
            }
        }
    }
}
