//! `umai serve`: the management API over HTTPS.

mod log;
mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use super::output::{Format, Output};
use super::session::{self, Ground, WORKERS};
use super::signals::Signals;
use crate::api::server::router_until;
use crate::api::token::book::TokenBook;
use crate::api::token::live::LiveTokens;
use crate::api::transport;
use crate::api::transport::certificate::development;
use crate::api::transport::gate::Gate;
use crate::api::transport::host::Hosts;
use crate::api::transport::keeper::{Keeper, Tokens};
use crate::api::transport::limits::Limits;
use crate::api::transport::listen::{self, Door, PORT, Place};
use crate::api::transport::tls::{Identity, TlsError};
use crate::api::transport::tries::Tries;
use crate::connection::ConnectionService;

/// Arguments of `umai serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai token create --name laptop --scope write\n  umai serve\n  umai serve --http --no-auth\n  \
        umai serve --listen 0.0.0.0:44331 --host umai.example --cert fullchain.pem --key privkey.pem"
)]
pub struct Serve {
    /// Address to listen on; may be repeated, port 0 selects a free port [default: localhost:44331]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<Place>,
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
    Plain,
    /// Development certificate, with its CA file for clients.
    Development(TlsAcceptor, PathBuf),
    /// User's certificate, with its expiry and the problems that clients will reject it for.
    Own(TlsAcceptor, Option<DateTime<Utc>>, Vec<String>),
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Serves until a signal stops it.
pub fn run(serve: &Serve, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let places = serve.places();
    serve.refuse_open_doors(&places)?;
    let book = TokenBook::in_folder(&ground.config.data);
    if !serve.no_auth {
        refuse_without_token(&book, output)?;
    }
    let security = serve.security(&ground.config.config)?;
    serve.warn(&places, &security, output);
    serve.warn_of_references(&places, ground, output);
    let _guard = log::start(serve.log.as_deref())?;
    let workers =
        std::thread::available_parallelism().map_or(WORKERS, |cores| cores.get().max(WORKERS));
    session::while_open(ground, output, workers, async |service, output, signals| {
        let keeper = serve.keeper(book);
        listen_and_serve(serve, service, (places, security, keeper), output, signals).await
    })
}

impl Serve {
    fn places(&self) -> Vec<Place> {
        if self.listen.is_empty() {
            vec![Place::Localhost(PORT)]
        } else {
            self.listen.clone()
        }
    }

    /// Refuses unencrypted or unauthenticated access from other machines.
    fn refuse_open_doors(&self, places: &[Place]) -> Result<(), Failure> {
        if places.iter().all(Place::is_loopback) {
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
            return Ok(Security::Plain);
        }
        let (Some(certificate), Some(key)) = (&self.cert, &self.key) else {
            let (identity, authority) = development(config)?;
            return Ok(Security::Development(identity.acceptor()?, authority));
        };
        let identity = Identity::read(certificate, key)?;
        let (expires, flaws) = (identity.expires(), identity.flaws());
        Ok(Security::Own(identity.acceptor()?, expires, flaws))
    }

    /// Prints warnings that do not prevent the start.
    fn warn(&self, places: &[Place], security: &Security, output: &Output) {
        match security {
            Security::Plain => {}
            Security::Development(..) => {
                if !places.iter().all(Place::is_loopback) || !self.host.is_empty() {
                    output.note(
                        "The development certificate is valid for localhost only; for other names, use --cert and --key",
                    );
                }
            }
            Security::Own(_, expires, flaws) => {
                for flaw in flaws {
                    output.note(flaw);
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
    fn warn_of_references(&self, places: &[Place], ground: &Ground, output: &Output) {
        let is_for_others = !places.iter().all(Place::is_loopback) || !self.host.is_empty();
        if is_for_others && ground.read_only.is_none() && ground.appsettings.allowed().is_empty() {
            output.note(
                "No allow-list: every write token can reference all configuration keys and environment variables \
                 of this machine. Set Umbraco:AI:AllowedConfigurationKeyPrefixes in appsettings.json",
            );
        }
    }

    fn keeper(&self, book: TokenBook) -> Keeper {
        if self.no_auth {
            return Keeper::Disabled;
        }
        let limits = Limits::default();
        Keeper::Tokens(Box::new(Tokens {
            tokens: LiveTokens::new(book),
            tries: Tries::new(limits.tries, limits.tries_window),
        }))
    }
}

fn refuse_without_token(book: &TokenBook, output: &Output) -> Result<(), Failure> {
    let tokens = book.read()?;
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
    (places, security, keeper): (Vec<Place>, Security, Keeper),
    output: &mut Output,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let limits = Limits::default();
    let mut doors = Vec::new();
    let mut addresses = Vec::new();
    for place in places {
        let opened = listen::open(place);
        let opened = opened.map_err(|sentence| Failure::Other(anyhow::Error::msg(sentence)))?;
        addresses.push(address(place, &opened));
        doors.extend(opened);
    }
    let (tls, authority) = match security {
        Security::Plain => (None, None),
        Security::Development(tls, authority) => (Some(tls), Some(authority)),
        Security::Own(tls, ..) => (Some(tls), None),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let urls: Vec<String> = addresses
        .iter()
        .map(|address| format!("{scheme}://{address}"))
        .collect();
    print_urls(&urls, &doors, authority.as_deref(), output)?;
    let stop = CancellationToken::new();
    let router = router_until(Arc::clone(service), stop.clone());
    let gate = Gate::new(
        router,
        Hosts::new(serve.host.iter().cloned()),
        keeper,
        &limits,
    );
    supervisor::notify(supervisor::State::Ready);
    let mut serving = std::pin::pin!(transport::serve(doors, gate, tls, limits, stop.clone()));
    tokio::select! {
        _ = &mut serving => return Ok(()),
        _ = signals.next() => {}
    }
    supervisor::notify(supervisor::State::Stopping);
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
fn address(place: Place, doors: &[Door]) -> String {
    match (place, doors) {
        (Place::Localhost(_), [door, _]) => format!("localhost:{}", door.address.port()),
        (_, [door, ..]) => door.address.to_string(),
        (_, []) => String::new(),
    }
}

/// Prints the URLs of the server and how clients trust its certificate.
fn print_urls(
    urls: &[String],
    doors: &[Door],
    authority: Option<&Path>,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.format() {
        Format::Json => {
            let addresses: Vec<_> = doors.iter().map(|door| door.address).collect();
            output.json_line(&json!({
                "listening": urls,
                "addresses": addresses,
                "certificate": authority,
            }))?;
        }
        Format::Text => {
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
