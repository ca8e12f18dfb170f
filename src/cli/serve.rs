//! `umai serve`: the management API over HTTPS.

mod log;
mod sd_notify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use super::open_service::{self, CliContext, WORKERS};
use super::output::{Audience, Output};
use super::passphrase;
#[cfg(feature = "etcd")]
use super::shared_tokens::SharedTokens;
use super::signals::StopSignals;
use super::token_place::TokenPlace;
use crate::api::http_server;
use crate::api::http_server::allowed_hosts::AllowedHosts;
use crate::api::http_server::auth::{Authentication, BearerTokens};
use crate::api::http_server::dev_certificate::development;
use crate::api::http_server::failed_attempts::FailedAttempts;
use crate::api::http_server::limits::ServerLimits;
use crate::api::http_server::listener::{self, BoundListener, ListenAddress, PORT};
use crate::api::http_server::pipeline::RequestPipeline;
use crate::api::http_server::tls::{TlsError, TlsIdentity};
use crate::api::server::router_until;
use crate::api::token::cache::TokenCache;
use crate::api::token::file::TokenFile;
#[cfg(feature = "etcd")]
use crate::connection::StoreError;
use crate::service::ConnectionService;

/// Arguments of `umai serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai token create --name laptop --scope write\n  umai serve\n  umai serve --http --no-auth\n  \
        umai serve --listen 0.0.0.0:44331 --host umai.example --cert fullchain.pem --key privkey.pem"
)]
pub struct Serve {
    /// Address to listen on; may be repeated, port 0 selects a free port [default: localhost:44331]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<ListenAddress>,
    /// Host name of this server besides localhost; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Serve plain HTTP, on loopback only: behind a reverse proxy, or for a trial
    #[arg(long, conflicts_with_all = ["cert", "key"])]
    http: bool,
    /// Disable authentication (loopback only)
    #[arg(long)]
    no_auth: bool,
    /// Certificate with its chain, in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Log file, one JSON object per line [default: stderr]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// TLS setup of the listeners.
enum Security {
    /// Plain HTTP.
    Http,
    /// Development certificate, with its CA file for clients.
    DevelopmentTls(TlsAcceptor, PathBuf),
    /// User's certificate, with its expiry and the problems that clients will reject it for.
    Tls(TlsAcceptor, Option<DateTime<Utc>>, Vec<String>),
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Serves until a signal stops it.
pub fn run(serve: &Serve, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    let places = serve.listen_addresses();
    serve.reject_public_addresses(&places)?;
    if !serve.no_auth {
        if let Some(notice) = passphrase::unlock(context)? {
            output.note(&notice);
        }
        require_token(
            &TokenPlace::open(&context.clone().reading(), output)?,
            output,
        )?;
    }
    let security = serve.security(&context.config.config)?;
    serve.warn(&places, &security, output);
    serve.warn_of_references(&places, context, output);
    let _guard = log::start(serve.log.as_deref())?;
    let workers =
        std::thread::available_parallelism().map_or(WORKERS, |cores| cores.get().max(WORKERS));
    open_service::while_open(
        context,
        output,
        workers,
        async |service, output, signals| {
            let auth = serve.authentication(context).await?;
            listen_and_serve(serve, service, (places, security, auth), output, signals).await
        },
    )
}

impl Serve {
    fn listen_addresses(&self) -> Vec<ListenAddress> {
        if self.listen.is_empty() {
            vec![ListenAddress::Localhost(PORT)]
        } else {
            self.listen.clone()
        }
    }

    /// Refuses unencrypted or unauthenticated access from other machines.
    fn reject_public_addresses(&self, places: &[ListenAddress]) -> Result<(), Failure> {
        if places.iter().all(ListenAddress::is_loopback) {
            return Ok(());
        }
        if self.http {
            return Err(Failure::Usage(
                "--http is for loopback only. Remove it, or listen on 127.0.0.1 behind a reverse proxy".into(),
            ));
        }
        if self.no_auth {
            return Err(Failure::Usage(
                "--no-auth is for loopback only. Remove it and create a token: umai token create --name laptop --scope write".into(),
            ));
        }
        if self.cert.is_none() {
            return Err(Failure::Usage(
                "The development certificate is valid on this machine only. For other machines, use a certificate for the server's name: --cert FILE --key FILE".into(),
            ));
        }
        Ok(())
    }

    fn security(&self, config: &Path) -> Result<Security, Failure> {
        if self.http {
            return Ok(Security::Http);
        }
        let (Some(certificate), Some(key)) = (&self.cert, &self.key) else {
            let (identity, authority) = development(config)?;
            return Ok(Security::DevelopmentTls(identity.acceptor()?, authority));
        };
        let identity = TlsIdentity::read(certificate, key)?;
        let (expires, errors) = (identity.expires(), identity.identity_errors());
        Ok(Security::Tls(identity.acceptor()?, expires, errors))
    }

    /// Prints warnings that do not prevent the start.
    fn warn(&self, places: &[ListenAddress], security: &Security, output: &Output) {
        match security {
            Security::Http => {}
            Security::DevelopmentTls(..) => {
                if !places.iter().all(ListenAddress::is_loopback) || !self.host.is_empty() {
                    output.note(
                        "The development certificate is valid for localhost only; for other names, use --cert and --key",
                    );
                }
            }
            Security::Tls(_, expires, errors) => {
                for error in errors {
                    output.note(error);
                }
                if let Some(end) = expires.filter(|end| *end < Utc::now()) {
                    output.note(&format!(
                        "The certificate expired on {}; clients will reject it",
                        end.format("%Y-%m-%d")
                    ));
                }
            }
        }
    }

    /// Warns if other machines have access and no allow-list exists: a write token can then send any configuration key to any
    /// URL.
    fn warn_of_references(&self, places: &[ListenAddress], context: &CliContext, output: &Output) {
        let is_for_others = !places.iter().all(ListenAddress::is_loopback) || !self.host.is_empty();
        if is_for_others && context.read_only.is_none() && context.appsettings.allowed().is_empty()
        {
            output.note(
                "No allow-list: every write token can reference all configuration keys and environment variables \
                 of this machine. Set Umbraco:AI:AllowedConfigurationKeyPrefixes in appsettings.json",
            );
        }
    }

    async fn authentication(&self, context: &CliContext) -> Result<Authentication, Failure> {
        if self.no_auth {
            return Ok(Authentication::Disabled);
        }
        let limits = ServerLimits::default();
        Ok(Authentication::Tokens(Box::new(BearerTokens {
            tokens: token_cache(context).await?,
            failed_attempts: FailedAttempts::new(
                limits.max_failed_attempts,
                limits.failed_attempts_window,
            ),
        })))
    }
}

/// Returns the tokens of the file in the data directory, or those in the store on etcd, which are kept up to date.
#[cfg_attr(
    not(feature = "etcd"),
    expect(clippy::unused_async, reason = "as with the feature")
)]
async fn token_cache(context: &CliContext) -> Result<TokenCache, Failure> {
    #[cfg(feature = "etcd")]
    if let Some(etcd) = &context.etcd {
        let tokens = SharedTokens::open(context, etcd).await?;
        // The server has created the store.
        let tokens = tokens.ok_or(StoreError::Replaced)?;
        return Ok(TokenCache::of(tokens.follow().await?));
    }
    Ok(TokenCache::new(TokenFile::in_folder(&context.config.data)))
}

fn require_token(tokens: &TokenPlace, output: &Output) -> Result<(), Failure> {
    let tokens = tokens.read()?;
    if tokens.is_empty() {
        return Err(Failure::Usage(
            "No access token yet. Create one: umai token create --name laptop --scope write. \
             Or disable authentication on loopback: --no-auth"
                .into(),
        ));
    }
    let now = Utc::now();
    if tokens.iter().all(|token| token.is_expired(now)) {
        output.note(
            "All access tokens have expired. Create one: umai token create --name laptop --scope write",
        );
    }
    Ok(())
}

async fn listen_and_serve(
    serve: &Serve,
    service: &Arc<dyn ConnectionService>,
    (places, security, auth): (Vec<ListenAddress>, Security, Authentication),
    output: &mut Output,
    signals: &mut StopSignals,
) -> Result<(), Failure> {
    let limits = ServerLimits::default();
    let mut listeners = Vec::new();
    let mut addresses = Vec::new();
    for place in places {
        let opened = listener::open(place);
        let opened = opened.map_err(|sentence| Failure::Other(anyhow::Error::msg(sentence)))?;
        addresses.push(address(place, &opened));
        listeners.extend(opened);
    }
    let (tls, authority) = match security {
        Security::Http => (None, None),
        Security::DevelopmentTls(tls, authority) => (Some(tls), Some(authority)),
        Security::Tls(tls, ..) => (Some(tls), None),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let urls: Vec<String> = addresses
        .iter()
        .map(|address| format!("{scheme}://{address}"))
        .collect();
    print_urls(&urls, &listeners, authority.as_deref(), output)?;
    let stop = CancellationToken::new();
    let router = router_until(Arc::clone(service), stop.clone());
    let pipeline = RequestPipeline::new(
        router,
        AllowedHosts::new(serve.host.iter().cloned()),
        auth,
        &limits,
    );
    sd_notify::notify(sd_notify::ServiceState::Ready);
    let mut serving = std::pin::pin!(http_server::serve(
        listeners,
        pipeline,
        tls,
        limits,
        stop.clone()
    ));
    tokio::select! {
        _ = &mut serving => return Ok(()),
        _ = signals.next() => {}
    }
    sd_notify::notify(sd_notify::ServiceState::Stopping);
    tracing::info!("stopping; finishing active requests");
    stop.cancel();
    tokio::select! {
        is_finished = &mut serving => {
            if !is_finished {
                tracing::warn!("stopped with unfinished requests");
            }
            Ok(())
        }
        exit = signals.next() => Err(Failure::Signal(exit)),
    }
}

/// Returns the host and port of a listener for URLs.
fn address(place: ListenAddress, listeners: &[BoundListener]) -> String {
    match (place, listeners) {
        (ListenAddress::Localhost(_), [listener, _]) => {
            format!("localhost:{}", listener.address.port())
        }
        (_, [listener, ..]) => listener.address.to_string(),
        (_, []) => String::new(),
    }
}

/// Prints the URLs of the server and how clients trust its certificate.
fn print_urls(
    urls: &[String],
    listeners: &[BoundListener],
    authority: Option<&Path>,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.audience() {
        Audience::Program => {
            let addresses: Vec<_> = listeners.iter().map(|listener| listener.address).collect();
            output.value_line(&json!({
                "listening": urls,
                "addresses": addresses,
                "certificate": authority,
            }))?;
        }
        Audience::Person => {
            for url in urls {
                output.line(&format!("Listening on {url}"))?;
            }
            if let (Some(authority), Some(url)) = (authority, urls.first()) {
                let authority = authority.display();
                output.line(&format!("Certificate: {authority}"))?;
                output.line(&format!("  curl --cacert '{authority}' {url}/health"))?;
                output.line(&format!("  NODE_EXTRA_CA_CERTS='{authority}' node"))?;
            }
        }
    }
    output.flush()
}
