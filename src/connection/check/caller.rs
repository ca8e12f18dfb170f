//! Makes one HTTP call within the limits: resolves, checks, connects to what was checked, reads so much and no more.
//!
//! The proxy of the environment is used for https to far hosts, because companies want it so; never for this computer and
//! private networks, nor for plain http. Through a proxy the name is resolved here too where it can be,
//! and a forbidden address is refused all the same; what the proxy resolves it to is the proxy's.

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

use super::address::{is_name_refused, is_near, is_refused, literal};
use super::proxy::{Proxy, ProxyName, UnusableProxy};
use super::stream::{Streamed, read_list};
use super::unreached::{NoAnswer, Unreached};
use super::{Limits, deadline};
use crate::provider::probe::{ListAnswer, ListShape, Listing, PageOfModels, ProbeRequest};
use crate::tls::trust::client_config;

const USER_AGENT: &str = concat!("umai/", env!("CARGO_PKG_VERSION"));

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// From the first byte that was sent to the last that was read.
    pub latency: Duration,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, when it is JSON and not a list that was asked for.
    pub json: Option<Value>,
    /// The list, when one was asked for and came.
    pub list: Option<PageOfModels>,
    /// The body, when it is a text of no markup.
    pub text: Option<String>,
}

/// Makes calls until a deadline.
pub(super) struct Caller {
    limits: Limits,
    deadline: Instant,
}

impl Caller {
    /// The time begins now.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            deadline: deadline(limits),
        }
    }

    /// One call and its whole answer.
    pub(super) async fn call(
        &self,
        request: ProbeRequest,
        wanted: Wanted<'_>,
    ) -> Result<Answer, NoAnswer> {
        let mut proxy = None;
        let called = timeout_at(
            self.deadline,
            self.call_in_time(request, wanted, &mut proxy),
        );
        let called = called.await.unwrap_or(Err(Unreached::Time));
        called.map_err(|why| NoAnswer {
            why,
            time: self.limits.time,
            proxy,
        })
    }

    async fn call_in_time(
        &self,
        request: ProbeRequest,
        wanted: Wanted<'_>,
        proxy: &mut Option<ProxyName>,
    ) -> Result<Answer, Unreached> {
        let way = Way::to(&request.url, proxy).await?;
        let client = way.client(&request.url)?;
        let begun = Clock::now();
        let mut call = client
            .request(request.method, request.url)
            .headers(request.headers);
        if let Some(form) = request.body {
            call = call.body(form.expose_secret().to_owned());
        }
        let response = call.send().await.map_err(|error| Unreached::of(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let content = self.content(response, wanted).await?;
        Ok(Answer {
            status: status.as_u16(),
            latency: begun.elapsed(),
            headers,
            json: content.json,
            list: content.list,
            text: content.text,
        })
    }

    async fn content(&self, response: Response, wanted: Wanted<'_>) -> Result<Content, Unreached> {
        let (most, list) = match wanted {
            Wanted::List(listing, shape) if response.status().is_success() => {
                (self.limits.list_bytes, Some((listing, shape)))
            }
            Wanted::List(..) | Wanted::Document => (self.limits.bytes, None),
        };
        if response
            .content_length()
            .is_some_and(|length| length > most as u64)
        {
            return Err(Unreached::TooLarge(most));
        }
        if let Some((listing, shape)) = list {
            return Ok(
                match read_list(response, listing.clone(), shape, most).await? {
                    Streamed::Json(ListAnswer::Page(page)) => Content {
                        list: Some(page),
                        ..Content::default()
                    },
                    Streamed::Json(ListAnswer::Other(json)) => Content {
                        json: Some(json),
                        ..Content::default()
                    },
                    Streamed::Other(start) => Content::of_text(start),
                },
            );
        }
        let body = self.body(response).await?;
        Ok(match serde_json::from_slice(&body) {
            Ok(json) => Content {
                json: Some(json),
                ..Content::default()
            },
            Err(_) => Content::of_text(body),
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Unreached> {
        let most = self.limits.bytes;
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                    return Err(Unreached::TooLarge(most));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) if error.is_timeout() => return Err(Unreached::Time),
                Err(_) => return Err(Unreached::Cut),
            }
        }
    }
}

/// What an answer is to be.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// A JSON document.
    Document,
    /// A list of models.
    List(&'a Listing, ListShape),
}

/// A body, as what it turned out to be.
#[derive(Default)]
struct Content {
    json: Option<Value>,
    list: Option<PageOfModels>,
    text: Option<String>,
}

impl Content {
    fn of_text(body: Vec<u8>) -> Self {
        let text = match String::from_utf8(body) {
            Ok(text) => Some(text),
            // What is kept of a list may end inside a character.
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

/// How a host is reached.
enum Way {
    /// Only at these addresses, which were looked at.
    Straight(Vec<SocketAddr>),
    /// Through the environment's proxy.
    Proxy(Proxy),
}

impl Way {
    /// The way to an address. A proxy that belongs to it is named in `used`, also where it cannot be used.
    async fn to(url: &Url, used: &mut Option<ProxyName>) -> Result<Self, Unreached> {
        let is_plain = url.scheme() != "https";
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Unreached::Name);
        };
        let addresses = match (literal(&host), url.host_str()) {
            (Some(address), _) => Ok(vec![SocketAddr::new(address, port)]),
            (None, Some(name)) if is_name_refused(name) => return Err(Unreached::Forbidden),
            (None, Some(name)) => tokio::net::lookup_host((name, port))
                .await
                .map(Vec::from_iter)
                .map_err(|_| Unreached::Name),
            (None, None) => Err(Unreached::Name),
        };
        let addresses = addresses.and_then(|found| {
            if found.is_empty() {
                Err(Unreached::Name)
            } else {
                Ok(found)
            }
        });
        match &addresses {
            Ok(found) if found.iter().any(|address| is_refused(address.ip())) => {
                Err(Unreached::Forbidden)
            }
            Ok(found) if found.iter().all(|address| is_near(address.ip())) => {
                Ok(Self::Straight(found.clone()))
            }
            Ok(_) if is_plain => Err(Unreached::Unencrypted),
            Err(why) if is_plain => Err(why.clone()),
            Ok(_) | Err(_) => {
                let proxy = Proxy::for_address(url, |name| std::env::var(name).ok());
                let proxy = proxy.map_err(|UnusableProxy { name, why }| {
                    *used = Some(name);
                    why
                })?;
                if let Some(proxy) = proxy {
                    *used = Some(proxy.name.clone());
                    return Ok(Self::Proxy(proxy));
                }
                addresses.map(Self::Straight)
            }
        }
    }

    /// A client of its own for each call: roots, proxies and addresses are those of now.
    fn client(&self, url: &Url) -> Result<Client, Unreached> {
        choose_cryptography();
        let mut builder = ClientBuilder::new()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only();
        builder = if url.scheme() == "https" {
            let config = client_config(&[]).map_err(Unreached::NoTrust)?;
            builder.tls_backend_preconfigured(config)
        } else {
            // No certificate is looked at, so none has to be there.
            builder.tls_certs_only([])
        };
        match self {
            Self::Straight(addresses) => {
                if let Some(name) = url.domain() {
                    builder = builder.resolve_to_addrs(name, addresses);
                }
            }
            Self::Proxy(proxy) => {
                let proxy = reqwest::Proxy::all(proxy.url.as_str());
                builder = builder.proxy(proxy.map_err(|_| Unreached::ProxyAddress)?);
            }
        }
        builder.build().map_err(|_| Unreached::Unable)
    }
}

/// Chooses the process's cryptography where nobody has: the client wants one and would else give up.
fn choose_cryptography() {
    if CryptoProvider::get_default().is_none() {
        // Somebody else may have been quicker, and then it is chosen.
        let _: Result<(), Arc<CryptoProvider>> = ring::default_provider().install_default();
    }
}
