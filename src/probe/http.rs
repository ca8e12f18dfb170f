//! Sends one HTTP request within the limits: resolves the host, checks its addresses, and connects to these addresses only.
//!
//! The proxy of the environment applies to https on public hosts; never to this computer, private networks or plain http.
//! Behind a proxy the host is also resolved locally, if possible, so that blocked addresses stay blocked; the proxy may
//! still resolve the name differently.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use http::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use rustls::crypto::{CryptoProvider, ring};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::egress_policy::{is_blocked, is_name_blocked, is_private, literal};
use super::proxy::{Proxy, ProxyName, UnusableProxy};
use super::stream::{Streamed, read_list};
use super::transport_error::{FailedRequest, TransportError};
use super::{ProbeLimits, deadline};
use crate::provider::probe::{ListAnswer, ListShape, ModelListFormat, PageOfModels, ProbeRequest};
use crate::tls::trust::client_config;

const USER_AGENT: &str = concat!("umai/", env!("CARGO_PKG_VERSION"));

/// Response of a probe.
#[derive(Debug)]
pub(super) struct ProbeResponse {
    /// HTTP status.
    pub status: u16,
    /// Time from sending the request to the last byte read.
    pub latency: Duration,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, if it is JSON and not the requested list.
    pub json: Option<Value>,
    /// Requested list, if the body is one.
    pub list: Option<PageOfModels>,
    /// Body, if it is text without markup.
    pub text: Option<String>,
}

/// HTTP client with a deadline for all its requests.
pub(super) struct ProbeClient {
    limits: ProbeLimits,
    deadline: Instant,
}

impl ProbeClient {
    /// Starts the time limit.
    pub(super) fn new(limits: ProbeLimits) -> Self {
        Self {
            limits,
            deadline: deadline(limits),
        }
    }

    /// Sends a request and reads the whole response; `reached` is called before the body of a successful response.
    pub(super) async fn call(
        &self,
        request: ProbeRequest,
        wanted: ExpectedBody<'_>,
        reached: impl FnOnce(),
    ) -> Result<ProbeResponse, FailedRequest> {
        let mut proxy = None;
        let called = timeout_at(
            self.deadline,
            self.call_in_time(request, (wanted, reached), &mut proxy),
        );
        let called = called.await.unwrap_or(Err(TransportError::Timeout));
        called.map_err(|reason| FailedRequest {
            error: reason,
            time: self.limits.time,
            proxy,
        })
    }

    async fn call_in_time(
        &self,
        request: ProbeRequest,
        (wanted, reached): (ExpectedBody<'_>, impl FnOnce()),
        proxy: &mut Option<ProxyName>,
    ) -> Result<ProbeResponse, TransportError> {
        let route = HostRoute::to(&request.url, proxy).await?;
        let client = route.client(&request.url)?;
        let started = Clock::now();
        // A path may contain a secret, so only the origin is logged.
        let (method, origin) = (request.method.clone(), request.url.origin());
        let mut call = client
            .request(request.method, request.url)
            .headers(request.headers);
        if let Some(form) = request.body {
            call = call.body(form.expose_secret().to_owned());
        }
        let sent = call.send().await;
        tracing::debug!(
            target: "umai::requests",
            %method,
            url = origin.ascii_serialization(),
            status = sent.as_ref().map_or(0, |response| response.status().as_u16()),
            ms = started.elapsed().as_millis(),
        );
        let response = sent.map_err(|error| TransportError::from_reqwest(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            reached();
        }
        let content = self.content(response, wanted).await?;
        Ok(ProbeResponse {
            status: status.as_u16(),
            latency: started.elapsed(),
            headers,
            json: content.json,
            list: content.list,
            text: content.text,
        })
    }

    async fn content(
        &self,
        response: Response,
        wanted: ExpectedBody<'_>,
    ) -> Result<ParsedBody, TransportError> {
        let (max, list) = match wanted {
            ExpectedBody::List(listing, shape) if response.status().is_success() => {
                (self.limits.list_bytes, Some((listing, shape)))
            }
            ExpectedBody::List(..) | ExpectedBody::Document => (self.limits.bytes, None),
        };
        if response
            .content_length()
            .is_some_and(|length| length > max as u64)
        {
            return Err(TransportError::TooLarge(max));
        }
        if let Some((listing, shape)) = list {
            return Ok(
                match read_list(response, listing.clone(), shape, max).await? {
                    Streamed::Json(ListAnswer::Page(page)) => ParsedBody {
                        list: Some(page),
                        ..ParsedBody::default()
                    },
                    Streamed::Json(ListAnswer::Other(json)) => ParsedBody {
                        json: Some(json),
                        ..ParsedBody::default()
                    },
                    Streamed::Other(start) => ParsedBody::from_text(start),
                },
            );
        }
        let body = self.body(response).await?;
        Ok(match serde_json::from_slice(&body) {
            Ok(json) => ParsedBody {
                json: Some(json),
                ..ParsedBody::default()
            },
            Err(_) => ParsedBody::from_text(body),
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, TransportError> {
        let max = self.limits.bytes;
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() > max => {
                    return Err(TransportError::TooLarge(max));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) if error.is_timeout() => return Err(TransportError::Timeout),
                Err(_) => return Err(TransportError::Truncated),
            }
        }
    }
}

/// Expected kind of body.
#[derive(Clone, Copy)]
pub(super) enum ExpectedBody<'a> {
    /// A JSON document.
    Document,
    /// A list of models.
    List(&'a ModelListFormat, ListShape),
}

/// Parsed body; at most one member is set.
#[derive(Default)]
struct ParsedBody {
    json: Option<Value>,
    list: Option<PageOfModels>,
    text: Option<String>,
}

impl ParsedBody {
    fn from_text(body: Vec<u8>) -> Self {
        let text = match String::from_utf8(body) {
            Ok(text) => Some(text),
            // The kept start of a list may end inside a character.
            Err(error) if error.utf8_error().error_len().is_none() => {
                Some(String::from_utf8_lossy(error.as_bytes()).into_owned())
            }
            Err(_) => None,
        };
        Self {
            text: text.filter(|text| !text.trim_start().starts_with('<')),
            ..Self::default()
        }
    }
}

/// Route to a host.
enum HostRoute {
    /// Direct, to these checked addresses only.
    Direct(Vec<SocketAddr>),
    /// Through the proxy of the environment.
    Proxy(Proxy),
}

impl HostRoute {
    /// Chooses the route to a URL. Stores the name of its proxy in `used`, even if the proxy is unusable.
    async fn to(url: &Url, used: &mut Option<ProxyName>) -> Result<Self, TransportError> {
        let is_plain = url.scheme() != "https";
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(TransportError::Dns);
        };
        let addresses = match (literal(&host), url.host_str()) {
            (Some(address), _) => Ok(vec![SocketAddr::new(address, port)]),
            (None, Some(name)) if is_name_blocked(name) => return Err(TransportError::Forbidden),
            (None, Some(name)) => tokio::net::lookup_host((name, port))
                .await
                .map(Vec::from_iter)
                .map_err(|_| TransportError::Dns),
            (None, None) => Err(TransportError::Dns),
        };
        let addresses = addresses.and_then(|found| {
            if found.is_empty() {
                Err(TransportError::Dns)
            } else {
                Ok(found)
            }
        });
        match &addresses {
            Ok(found) if found.iter().any(|address| is_blocked(address.ip())) => {
                Err(TransportError::Forbidden)
            }
            Ok(found) if found.iter().all(|address| is_private(address.ip())) => {
                Ok(Self::Direct(found.clone()))
            }
            Ok(_) if is_plain => Err(TransportError::Unencrypted),
            Err(reason) if is_plain => Err(reason.clone()),
            Ok(_) | Err(_) => {
                let proxy = Proxy::for_url(url, |name| std::env::var(name).ok());
                let proxy = proxy.map_err(|UnusableProxy { name, reason }| {
                    *used = Some(name);
                    reason
                })?;
                if let Some(proxy) = proxy {
                    *used = Some(proxy.name.clone());
                    return Ok(Self::Proxy(proxy));
                }
                addresses.map(Self::Direct)
            }
        }
    }

    /// Creates a client for one request, with the current root certificates, proxy and addresses.
    fn client(&self, url: &Url) -> Result<Client, TransportError> {
        install_crypto_provider();
        let mut builder = ClientBuilder::new()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only();
        builder = if url.scheme() == "https" {
            let config = client_config(&[]).map_err(TransportError::NoRootCertificates)?;
            builder.tls_backend_preconfigured(config)
        } else {
            // Plain http needs no certificates; a system without any must work.
            builder.tls_certs_only([])
        };
        match self {
            Self::Direct(addresses) => {
                if let Some(name) = url.domain() {
                    builder = builder.resolve_to_addrs(name, addresses);
                }
            }
            Self::Proxy(proxy) => {
                let proxy = reqwest::Proxy::all(proxy.url.as_str());
                builder = builder.proxy(proxy.map_err(|_| TransportError::ProxyAddress)?);
            }
        }
        builder.build().map_err(|_| TransportError::ClientSetup)
    }
}

/// Installs the default crypto provider of the process, which the HTTP client requires, unless there is one.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Fails if another thread installed one first, which is fine.
        let _: Result<(), Arc<CryptoProvider>> = ring::default_provider().install_default();
    }
}
