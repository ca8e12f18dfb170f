//! Node of an etcd cluster: calls with a time limit.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use http::uri::PathAndQuery;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::call_error::{CallError, root_cause};
use super::wire::{WatchCreateRequest, WatchRequest, WatchResponse};
use crate::connection::StoreError;
use crate::store::etcd_options::EtcdOptions;

/// Time limit of a try. A node that was stopped and resumed may answer late, so the next one is tried.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_millis(800);
/// Time for which a node that did not answer is passed over.
const AVOIDED: Duration = Duration::from_secs(3);
/// Interval of pings while requests wait, which end the connection to a host that is gone. etcd refuses pings below 5 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Maximum size of a response; a page of connections is larger than tonic's 4 MiB.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;
/// HTTP/2 window; a page of connections should not wait for it.
const WINDOW: u32 = 4 * 1024 * 1024;

/// Node of a cluster.
#[derive(Clone)]
pub struct EtcdNode {
    /// `host:port`.
    pub name: String,
    /// Position in the address.
    pub position: usize,
    channel: Channel,
    /// Time of the last call that it did not answer itself.
    silent: Arc<Mutex<Option<Instant>>>,
    /// Possible cause of a connection that etcd closes.
    closed_hint: Option<&'static str>,
}

impl EtcdNode {
    /// Returns the nodes of an address. They are connected with their first call; needs a runtime.
    pub fn all(options: &EtcdOptions) -> Result<Vec<Self>, StoreError> {
        let tls = tls(options);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let names = options.address.nodes().iter().enumerate();
        let nodes: Result<Vec<Self>, tonic::transport::Error> = names
            .map(|(position, name)| {
                let mut endpoint = Endpoint::from_shared(format!("{scheme}://{name}"))?
                    .connect_timeout(CONNECT)
                    .http2_keep_alive_interval(KEEP_ALIVE)
                    .keep_alive_timeout(KEEP_ALIVE)
                    .initial_stream_window_size(WINDOW)
                    .initial_connection_window_size(WINDOW);
                if let Some(tls) = &tls {
                    endpoint = endpoint.tls_config(tls.clone())?;
                }
                Ok(Self {
                    name: name.clone(),
                    position,
                    channel: endpoint.connect_lazy(),
                    silent: Arc::default(),
                    closed_hint: closed_hint(options),
                })
            })
            .collect();
        nodes.map_err(|error| {
            StoreError::Other(format!(
                "The certificates for etcd cannot be used: {}",
                root_cause(&error)
            ))
        })
    }

    /// Calls a method.
    pub async fn unary<Q, A>(
        &self,
        path: &'static str,
        request: Request<Q>,
        limit: Duration,
    ) -> Result<A, CallError>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.within(limit, async {
            let mut grpc = self.ready().await?;
            let path = PathAndQuery::from_static(path);
            let answer = grpc.unary(request, path, ProstCodec::default()).await;
            let answer = answer.map_err(|status| self.failed(status))?;
            Ok(Response::into_inner(answer))
        })
        .await
    }

    /// Opens a watch. Its first response says whether it was created.
    pub async fn watch(
        &self,
        request: Request<WatchCreateRequest>,
    ) -> Result<Streaming<WatchResponse>, CallError> {
        // The stream of requests stays open: its end would end the watch.
        let request = request.map(|create| {
            let first = WatchRequest {
                create: Some(create),
            };
            stream::iter([first]).chain(stream::pending())
        });
        self.within(ATTEMPT_TIMEOUT, async {
            let mut grpc = self.ready().await?;
            let path = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
            let answer = grpc.streaming(request, path, ProstCodec::default()).await;
            let answer = answer.map_err(|status| self.failed(status))?;
            Ok(Response::into_inner(answer))
        })
        .await
    }

    async fn ready(&self) -> Result<Grpc<Channel>, CallError> {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE);
        match grpc.ready().await {
            Ok(()) => Ok(grpc),
            Err(error) => {
                self.was_silent();
                Err(CallError::NoAnswer(root_cause(&error)))
            }
        }
    }

    async fn within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let answer = timeout(limit, call).await.unwrap_or_else(|_| {
            self.was_silent();
            let why = format!("no answer within {} s", limit.as_secs());
            Err(CallError::NoAnswer(why))
        });
        answer.map_err(|error| match error {
            CallError::NoAnswer(why) => CallError::NoAnswer(self.reason(&why)),
            refused @ CallError::Refused(_) => refused,
        })
    }

    /// Notes that the node did not answer.
    pub fn was_silent(&self) {
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns true if the node did not answer a moment ago: another one probably does.
    pub fn is_avoided(&self) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.is_some_and(|at| at.elapsed() < AVOIDED)
    }

    /// Returns the error of a call; one with a source is not from etcd, but from the connection.
    fn failed(&self, status: Status) -> CallError {
        if status.source().is_some() {
            self.was_silent();
        }
        status.into()
    }

    fn reason(&self, why: &str) -> String {
        // A server that refuses the handshake closes the connection before or after its alert arrives.
        let is_closed = ["closed", "frame", "reset", "fatal alert"]
            .iter()
            .any(|word| why.contains(word));
        match self.closed_hint.filter(|_| is_closed) {
            Some(hint) => format!("{}: {why}; {hint}", self.name),
            None => format!("{}: {why}", self.name),
        }
    }
}

/// Returns true if one side refused the certificate of the other, or the lack of one. HTTP/2 keeps only the text of an error.
pub fn is_certificate_refused(why: &str) -> bool {
    let alert = why.split_once("fatal alert: ").map(|(_, alert)| alert);
    // A hint may follow.
    let alert = alert.and_then(|alert| alert.split(';').next());
    let is_about_certificate = |alert: &str| {
        ["Certificate", "UnknownCA", "AccessDenied"]
            .iter()
            .any(|word| alert.contains(word))
    };
    why.contains("invalid peer certificate") || alert.is_some_and(is_about_certificate)
}

fn closed_hint(options: &EtcdOptions) -> Option<&'static str> {
    if !options.is_encrypted() {
        return Some("if etcd uses TLS, add ?tls=on to the address or set --store-ca-file");
    }
    options
        .identity
        .is_none()
        .then_some("if etcd requires a client certificate, set --store-cert-file")
}

/// Returns the TLS setup; none for plain connections.
fn tls(options: &EtcdOptions) -> Option<ClientTlsConfig> {
    if !options.is_encrypted() {
        return None;
    }
    let tls = match &options.ca {
        Some(ca) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    Some(match &options.identity {
        Some(own) => {
            let key = own.key.expose_secret();
            tls.identity(Identity::from_pem(&own.certificate, key))
        }
        None => tls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_certificates_are_told_from_other_errors() {
        for (why, is_refused) in [
            ("h:1: invalid peer certificate: Expired", true),
            ("received fatal alert: CertificateRequired", true),
            (
                "received fatal alert: BadCertificate; if etcd requires it",
                true,
            ),
            ("received fatal alert: UnknownCA", true),
            ("received fatal alert: HandshakeFailure; Certificate", false),
            ("connection closed; set the Certificate", false),
        ] {
            assert_eq!(is_certificate_refused(why), is_refused, "{why}");
        }
    }
}
