//! Client of an etcd cluster: signs in, and goes on with the next node when one does not answer.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::sleep;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Streaming};

use super::call_error::{CallError, Refusal};
use super::node::{ATTEMPT_TIMEOUT, EtcdNode};
use super::read_tries::ReadTries;
use super::wire::{
    AlarmMember, AlarmRequest, AlarmResponse, AuthenticateRequest, AuthenticateResponse,
    LeaseGrantRequest, LeaseGrantResponse, RangeRequest, RangeResponse, StatusRequest,
    StatusResponse, TxnRequest, TxnResponse, WatchCreateRequest, WatchResponse,
};
use crate::connection::StoreError;
use crate::store::etcd_options::{EtcdOptions, EtcdUser};

/// Longest time for a page of keys from a node that answers other requests.
const PAGE_PATIENCE: Duration = Duration::from_mins(2);
const BACKOFF: Duration = Duration::from_millis(20);
const MAX_BACKOFF: Duration = Duration::from_millis(250);

const RANGE: &str = "/etcdserverpb.KV/Range";
const TXN: &str = "/etcdserverpb.KV/Txn";
const LEASE_GRANT: &str = "/etcdserverpb.Lease/LeaseGrant";
const STATUS: &str = "/etcdserverpb.Maintenance/Status";
const ALARM: &str = "/etcdserverpb.Maintenance/Alarm";
const AUTHENTICATE: &str = "/etcdserverpb.Auth/Authenticate";

/// Client of a cluster.
pub struct EtcdClient {
    nodes: Vec<EtcdNode>,
    /// Position of the node in use.
    current: AtomicUsize,
    user: Option<EtcdUser>,
    /// Token of the user.
    token: Mutex<Option<MetadataValue<Ascii>>>,
    /// Newest known term of the cluster.
    pub(super) term: AtomicU64,
}

/// Delay before the next try, which grows.
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(BACKOFF)
    }
}

impl Backoff {
    /// Waits.
    pub async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(MAX_BACKOFF);
    }
}

impl EtcdClient {
    /// Creates a client, which connects with the first call. Needs a runtime.
    pub fn new(options: &EtcdOptions) -> Result<Self, StoreError> {
        Ok(Self {
            nodes: EtcdNode::all(options)?,
            current: AtomicUsize::new(0),
            user: options.user.clone(),
            token: Mutex::new(None),
            term: AtomicU64::new(0),
        })
    }

    /// Node in use.
    pub fn node(&self) -> &EtcdNode {
        &self.nodes[self.current.load(Ordering::Relaxed)]
    }

    /// Uses the next node that may answer, unless another call already did.
    pub fn fail_over(&self, from: &EtcdNode) {
        let others = (1..self.nodes.len()).map(|step| (from.position + step) % self.nodes.len());
        let next = others.clone().find(|node| !self.nodes[*node].is_avoided());
        let next = next
            .or_else(|| others.clone().next())
            .unwrap_or(from.position);
        // An error means that another node is in use already.
        let _ = self.current.compare_exchange(
            from.position,
            next,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    /// Reads keys.
    pub async fn range(&self, request: &RangeRequest) -> Result<RangeResponse, CallError> {
        self.read(RANGE, request).await
    }

    /// Reads keys from one node, in one try.
    pub async fn range_at(
        &self,
        node: &EtcdNode,
        request: &RangeRequest,
    ) -> Result<RangeResponse, CallError> {
        self.call(node, RANGE, request).await
    }

    /// Reads a page of keys. It may take long on a slow connection, as long as the node answers other requests.
    pub async fn page(&self, request: &RangeRequest) -> Result<RangeResponse, CallError> {
        let mut tries = ReadTries::new(self);
        loop {
            let node = self.node();
            match self.page_at(node, request).await {
                Err(error) => tries.wait_after(node, error).await?,
                answer => return answer,
            }
        }
    }

    async fn page_at(
        &self,
        node: &EtcdNode,
        request: &RangeRequest,
    ) -> Result<RangeResponse, CallError> {
        let page = self.call_within(PAGE_PATIENCE, node, RANGE, request);
        let mut page = std::pin::pin!(page);
        loop {
            let ping = async {
                sleep(ATTEMPT_TIMEOUT).await;
                self.status(node).await
            };
            tokio::select! {
                page = &mut page => return page,
                ping = ping => drop(ping?),
            }
        }
    }

    /// Runs a transaction that only reads.
    pub async fn read_txn(&self, request: &TxnRequest) -> Result<TxnResponse, CallError> {
        self.read(TXN, request).await
    }

    /// Runs a transaction in one try: the caller decides what a failure means.
    pub async fn txn(&self, request: &TxnRequest) -> Result<TxnResponse, CallError> {
        let node = self.node();
        let call = self.call(node, TXN, request);
        let answer: Result<TxnResponse, CallError> = self.unless_lost(node, call).await;
        match &answer {
            Ok(answer) => self.learn_term(answer.header.as_ref()),
            Err(CallError::NoAnswer(_)) => self.fail_over(node),
            Err(CallError::Refused(_)) => {}
        }
        answer
    }

    /// Creates a lease.
    pub async fn grant_lease(&self, ttl: Duration) -> Result<i64, CallError> {
        let request = LeaseGrantRequest {
            ttl: ttl.as_secs().try_into().unwrap_or(i64::MAX),
        };
        // A lease that was granted without an answer expires unused.
        let granted: LeaseGrantResponse = self.read(LEASE_GRANT, &request).await?;
        Ok(granted.id)
    }

    /// All nodes.
    pub fn nodes(&self) -> &[EtcdNode] {
        &self.nodes
    }

    /// Returns the state of a node.
    pub async fn status(&self, node: &EtcdNode) -> Result<StatusResponse, CallError> {
        self.call(node, STATUS, &StatusRequest {}).await
    }

    /// Returns the alarms of the cluster.
    pub async fn alarms(&self) -> Result<Vec<AlarmMember>, CallError> {
        let found: AlarmResponse = self.read(ALARM, &AlarmRequest {}).await?;
        Ok(found.alarms)
    }

    /// Opens a watch on a node.
    pub async fn watch(
        &self,
        node: &EtcdNode,
        create: WatchCreateRequest,
    ) -> Result<Streaming<WatchResponse>, CallError> {
        let request = self.signed(node, create).await?;
        node.watch(request).await
    }

    /// Forgets the token, so that the next call signs in again.
    pub fn forget_token(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Calls a method that changes nothing of the store, on the next nodes too.
    async fn read<Q, A>(&self, path: &'static str, request: &Q) -> Result<A, CallError>
    where
        Q: prost::Message + Clone + 'static,
        A: prost::Message + Default + 'static,
    {
        let mut tries = ReadTries::new(self);
        loop {
            let node = self.node();
            let call = self.call(node, path, request);
            match self.unless_lost(node, call).await {
                Err(error) => tries.wait_after(node, error).await?,
                answer => return answer,
            }
        }
    }

    /// Calls a method of a node in one try.
    async fn call<Q, A>(
        &self,
        node: &EtcdNode,
        path: &'static str,
        request: &Q,
    ) -> Result<A, CallError>
    where
        Q: prost::Message + Clone + 'static,
        A: prost::Message + Default + 'static,
    {
        self.call_within(ATTEMPT_TIMEOUT, node, path, request).await
    }

    /// Calls a method of a node in one try, with a new token if the token has expired.
    async fn call_within<Q, A>(
        &self,
        limit: Duration,
        node: &EtcdNode,
        path: &'static str,
        request: &Q,
    ) -> Result<A, CallError>
    where
        Q: prost::Message + Clone + 'static,
        A: prost::Message + Default + 'static,
    {
        let signed = self.signed(node, request.clone()).await?;
        let answer = node.unary(path, signed, limit).await;
        if self.user.is_none() || !matches!(answer, Err(CallError::Refused(Refusal::Token))) {
            return answer;
        }
        self.forget_token();
        let signed = self.signed(node, request.clone()).await?;
        node.unary(path, signed, limit).await
    }

    /// Returns a request with the token, signing in if necessary.
    async fn signed<Q>(&self, node: &EtcdNode, message: Q) -> Result<Request<Q>, CallError> {
        let mut request = with_leader(message);
        let Some(user) = &self.user else {
            return Ok(request);
        };
        let token = self
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let token = match token {
            Some(token) => token,
            None => self.sign_in(node, user).await?,
        };
        request.metadata_mut().insert("token", token);
        Ok(request)
    }

    async fn sign_in(
        &self,
        node: &EtcdNode,
        user: &EtcdUser,
    ) -> Result<MetadataValue<Ascii>, CallError> {
        let request = with_leader(AuthenticateRequest {
            name: user.name.clone(),
            password: user.password.expose_secret().to_owned(),
        });
        let answer: AuthenticateResponse =
            node.unary(AUTHENTICATE, request, ATTEMPT_TIMEOUT).await?;
        let mut token = MetadataValue::try_from(answer.token)
            .map_err(|_| CallError::NoAnswer("etcd sent an invalid token".into()))?;
        token.set_sensitive(true);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }
}

/// Returns a request that a node without a leader refuses at once, and ends if it is a watch.
fn with_leader<Q>(message: Q) -> Request<Q> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("hasleader", MetadataValue::from_static("true"));
    request
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// Serves TLS with a certificate of its own; returns the address, and the number of connections so far.
    async fn tls_server() -> (String, Arc<AtomicUsize>) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                drop(acceptor.accept(client).await);
            }
        });
        (address, connections)
    }

    #[tokio::test]
    async fn refused_certificate_of_every_node_is_final() {
        let (one, to_one) = tls_server().await;
        let (other, to_other) = tls_server().await;
        let address = format!("etcd://{one},{other}/t?tls=on");
        let mut options = EtcdOptions::new(address.parse().unwrap());
        let key = KeyPair::generate().unwrap();
        let ca = CertificateParams::new(Vec::new()).unwrap();
        options.ca = Some(ca.self_signed(&key).unwrap().pem().into_bytes());
        let client = EtcdClient::new(&options).unwrap();

        let error = client.range(&RangeRequest::default()).await.unwrap_err();
        let CallError::NoAnswer(why) = error else {
            panic!("{error:?}");
        };
        assert!(why.contains("invalid peer certificate"), "{why}");
        let connections = [to_one, to_other].map(|count| count.load(Ordering::Relaxed));
        assert!(connections.iter().all(|count| (1..=4).contains(count)));
    }
}
