//! Sends a request, and takes in an answer that is neither endless nor led elsewhere.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::body::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::sync::Semaphore;
use url::Url;
use zeroize::Zeroizing;

use super::options::TokenSource;
use super::{Address, RemoteOptions, trouble};
use crate::connection::ServerError;
use crate::tls::trust::client_config;

/// So long a whole answer may take, unless the server itself asks somebody.
const ANSWER: Duration = Duration::from_secs(30);

/// So long a server may take until it begins to answer; one that takes a connection and says nothing is given up on then.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// What is said of a server that says nothing.
const SILENT: &str = "it takes too long to answer";

/// So long a test of credentials may take: the server asks a provider meanwhile.
pub const TEST: Duration = Duration::from_secs(90);

/// The most bytes an answer has; a page of five thousand connections is a tenth of it.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The most requests that are under way at once; each has a connection of its own, and servers take only so many.
const MOST_AT_ONCE: usize = 32;

/// One server, and the connections to it that are kept open.
pub struct Wire {
    client: Client,
    /// A place for each request under way.
    places: Semaphore,
    address: Address,
    token: RwLock<Option<HeaderValue>>,
    token_source: Option<TokenSource>,
}

/// A request.
pub struct Asking {
    pub method: Method,
    pub url: Url,
    pub body: Option<Zeroizing<Vec<u8>>>,
    pub over: Option<u64>,
    /// So long the whole answer may take.
    pub within: Duration,
    /// So long its beginning may take.
    pub begins_within: Duration,
}

impl Asking {
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            body: None,
            over: None,
            within: ANSWER,
            begins_within: FIRST_WORD,
        }
    }

    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    #[must_use]
    pub fn with(mut self, body: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(body);
        self
    }

    /// Only when it is at this version. Nobody is at version 0: it stands for a server that does not count.
    #[must_use]
    pub fn over(mut self, version: Option<u64>) -> Self {
        self.over = version.filter(|version| *version > 0);
        self
    }

    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self.begins_within = time;
        self
    }
}

/// An answer, whatever it says.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Wiped: a server of another making may answer with a secret.
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The version in the `ETag`.
    pub fn version(&self) -> Option<u64> {
        let tag = self.headers.get(ETAG)?.to_str().ok()?;
        tag.trim_start_matches("W/").trim_matches('"').parse().ok()
    }

    /// Where it leads.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}

impl Wire {
    /// A client for one server. Nothing is sent yet.
    pub fn new(options: &RemoteOptions) -> Result<Self, ServerError> {
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("umai/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(trouble::CONNECT_SECONDS));
        let unreachable = |why| ServerError::Unreachable {
            server: options.address.to_string(),
            why,
        };
        builder = if options.address.is_tls() {
            let config = client_config(&options.roots);
            let config = config.map_err(|why| {
                unreachable(format!("{why}; name its certificate with --ca-file"))
            })?;
            builder.tls_backend_preconfigured(config)
        } else {
            // The system's certificates are many, and reading them takes longer than the request.
            builder.tls_certs_only([])
        };
        let client = builder
            .build()
            .map_err(|_| unreachable("the HTTP client cannot be set up".into()))?;
        Ok(Self {
            client,
            places: Semaphore::new(MOST_AT_ONCE),
            address: options.address.clone(),
            token: RwLock::new(options.token.clone()),
            token_source: options.token_source.clone(),
        })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a request and takes in the whole answer.
    pub async fn send(&self, asking: Asking) -> Result<Answer, ServerError> {
        // Nobody closes it.
        let _place = self.places.acquire().await.ok();
        let is_read = asking.method == Method::GET;
        let within = asking.within;
        let begins_within = asking.begins_within;
        let begun = self.begin(
            asking,
            HeaderValue::from_static("application/json"),
            Some(within),
        );
        let response = tokio::time::timeout(begins_within, begun)
            .await
            .map_err(|_| self.uncertain(SILENT, is_read))??;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.body(response, is_read).await?;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Opens a stream; it may stay open for ever.
    pub async fn open(&self, url: Url) -> Result<Response, ServerError> {
        let accepted = HeaderValue::from_static("text/event-stream");
        // A server that takes the connection and says nothing is noticed all the same.
        tokio::time::timeout(FIRST_WORD, self.begin(Asking::get(url), accepted, None))
            .await
            .map_err(|_| self.lost(SILENT))?
    }

    /// The answer to a stream that was refused.
    pub async fn refused(&self, response: Response) -> Result<Answer, ServerError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = tokio::time::timeout(ANSWER, self.body(response, true))
            .await
            .map_err(|_| self.lost("it takes too long to answer"))??;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    async fn begin(
        &self,
        asking: Asking,
        accepted: HeaderValue,
        within: Option<Duration>,
    ) -> Result<Response, ServerError> {
        let is_read = asking.method == Method::GET;
        let body = asking.body.map(Bytes::from_owner);
        let send = async |token: Option<HeaderValue>| {
            let mut request = self
                .client
                .request(asking.method.clone(), asking.url.clone())
                .header(ACCEPT, accepted.clone());
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, token);
            }
            if let Some(version) = asking.over {
                request = request.header(IF_MATCH, format!("\"{version}\""));
            }
            if let Some(body) = &body {
                request = request
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.clone());
            }
            if let Some(within) = within {
                request = request.timeout(within);
            }
            let sent = request.send().await;
            sent.map_err(|error| self.broken(&error, is_read))
        };
        let token = self.token();
        let response = send(token.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match self.newer_token(token.as_ref()).await {
            Some(token) => send(Some(token)).await,
            None => Ok(response),
        }
    }

    fn token(&self) -> Option<HeaderValue> {
        let token = self.token.read();
        token.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the token again after the server refused `refused`; none when it is still the same.
    async fn newer_token(&self, refused: Option<&HeaderValue>) -> Option<HeaderValue> {
        let current = self.token();
        if current.as_ref() != refused {
            // Another request has read it meanwhile.
            return current;
        }
        let source = self.token_source.clone()?;
        let read = tokio::task::spawn_blocking(move || source()).await;
        let token = read.ok().flatten()?;
        if Some(&token) == refused {
            return None;
        }
        let mut current = self.token.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(token.clone());
        Some(token)
    }

    async fn body(
        &self,
        mut response: Response,
        is_read: bool,
    ) -> Result<Zeroizing<Vec<u8>>, ServerError> {
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.broken(&error, is_read))?
        {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(self.lost("its answer has no end"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The server is out of reach for a reason that is known.
    pub fn lost(&self, why: impl Into<String>) -> ServerError {
        ServerError::Unreachable {
            server: self.address.to_string(),
            why: why.into(),
        }
    }

    fn broken(&self, error: &reqwest::Error, is_read: bool) -> ServerError {
        let why = trouble::why(error);
        self.uncertain(why, is_read || trouble::is_unsent(error))
    }

    /// The server is out of reach; what was asked may be done all the same, unless that makes no difference.
    fn uncertain(&self, why: impl Into<String>, is_certain: bool) -> ServerError {
        let why = why.into();
        if is_certain {
            return self.lost(why);
        }
        self.lost(format!("{why}; it may be done"))
    }
}

/// A wire is shared by everything that is asked at once.
pub type SharedWire = Arc<Wire>;
