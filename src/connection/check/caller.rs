//! Makes one HTTP call within the limits: resolves, checks, connects to what was checked, reads so much and no more.
//!
//! Proxies of the environment (`HTTPS_PROXY`, `NO_PROXY`) are asked for https to far hosts, because companies want it so; never
//! for this computer and private networks, nor for plain http. Through a proxy the name is resolved here too where it can be,
//! and a forbidden address is refused all the same; what the proxy resolves it to is the proxy's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use http::HeaderMap;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use rustls::crypto::{CryptoProvider, ring};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::address::{is_name_refused, is_near, is_refused, literal};
use super::unreached::Unreached;
use super::{Limits, deadline};
use crate::provider::probe::ProbeRequest;

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
    /// The body, when it is JSON.
    pub json: Option<Value>,
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
    pub(super) async fn call(&self, request: ProbeRequest) -> Result<Answer, (Unreached, Limits)> {
        let called = timeout_at(self.deadline, self.call_in_time(request)).await;
        called
            .unwrap_or(Err(Unreached::Time))
            .map_err(|why| (why, self.limits))
    }

    async fn call_in_time(&self, request: ProbeRequest) -> Result<Answer, Unreached> {
        let way = Way::to(&request.url).await?;
        let client = way.client(&request.url).map_err(|_| Unreached::Unable)?;
        let begun = Clock::now();
        let mut call = client
            .request(request.method, request.url)
            .headers(request.headers);
        if let Some(form) = request.body {
            call = call.body(form.expose_secret().to_owned());
        }
        let response = call.send().await.map_err(|error| Unreached::of(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = self.body(response).await?;
        let json = serde_json::from_slice(&body).ok();
        let text = match &json {
            Some(_) => None,
            None => String::from_utf8(body)
                .ok()
                .filter(|text| !text.trim_start().starts_with('<')),
        };
        Ok(Answer {
            status,
            latency: begun.elapsed(),
            headers,
            json,
            text,
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Unreached> {
        let most = self.limits.bytes;
        if response
            .content_length()
            .is_some_and(|length| length > most as u64)
        {
            return Err(Unreached::TooLarge);
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                    return Err(Unreached::TooLarge);
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) if error.is_timeout() => return Err(Unreached::Time),
                Err(_) => return Err(Unreached::Cut),
            }
        }
    }
}

/// How a host is reached.
enum Way {
    /// Only at these addresses, which were looked at.
    Straight(Vec<SocketAddr>),
    /// Through the environment's proxy.
    Proxy,
}

impl Way {
    async fn to(url: &Url) -> Result<Self, Unreached> {
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
        match addresses {
            Ok(found) if found.iter().any(|address| is_refused(address.ip())) => {
                Err(Unreached::Forbidden)
            }
            Ok(found) if found.iter().all(|address| is_near(address.ip())) => {
                Ok(Self::Straight(found))
            }
            Ok(_) if is_plain => Err(Unreached::Unencrypted),
            Ok(_) | Err(_) if !is_plain && has_proxy(url) => Ok(Self::Proxy),
            Ok(found) => Ok(Self::Straight(found)),
            Err(why) => Err(why),
        }
    }

    /// A client of its own for each call: roots, proxies and addresses are those of now.
    fn client(&self, url: &Url) -> Result<Client, reqwest::Error> {
        choose_cryptography();
        let mut builder = ClientBuilder::new()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only();
        if url.scheme() != "https" {
            // No certificate is looked at, so none has to be there.
            builder = builder.tls_certs_only([]);
        }
        match self {
            Self::Straight(addresses) => {
                builder = builder.no_proxy();
                if let Some(name) = url.domain() {
                    builder = builder.resolve_to_addrs(name, addresses);
                }
            }
            Self::Proxy => {}
        }
        builder.build()
    }
}

/// Whether the environment names a proxy for this address.
fn has_proxy(url: &Url) -> bool {
    let Ok(uri) = url.as_str().parse() else {
        return false;
    };
    Matcher::from_system().intercept(&uri).is_some()
}

/// Chooses the process's cryptography where nobody has: the client wants one and would else give up.
fn choose_cryptography() {
    if CryptoProvider::get_default().is_none() {
        // Somebody else may have been quicker, and then it is chosen.
        let _: Result<(), Arc<CryptoProvider>> = ring::default_provider().install_default();
    }
}
