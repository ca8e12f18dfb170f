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

/// How to serve.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai token create --name laptop --scope write\n  umai serve\n  umai serve --http --no-auth\n  \
        umai serve --listen 0.0.0.0:44331 --host umai.example --cert fullchain.pem --key privkey.pem"
)]
pub struct Serve {
    /// Where to listen; may be repeated, port 0 takes any that is free [default: localhost:44331]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<Place>,
    /// A name this server goes by, beside localhost; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Plain HTTP, on loopback only: behind a reverse proxy, or to try it out
    #[arg(long, conflicts_with_all = ["cert", "key"])]
    http: bool,
    /// Let everyone ask who reaches this machine's loopback
    #[arg(long)]
    no_auth: bool,
    /// Your own certificate with its chain, in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The certificate's key, in PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Where the log goes, one JSON object to a line [default: stderr]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// What stands behind the `https` of an address.
enum Security {
    /// Nothing.
    Plain,
    /// The development certificate; what clients trust it by.
    Development(TlsAcceptor, PathBuf),
    /// A certificate that was given, when it expires, and what clients will refuse it for.
    Own(TlsAcceptor, Option<DateTime<Utc>>, Vec<String>),
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Serves until a signal says otherwise.
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
        open_up(serve, service, (places, security, keeper), output, signals).await
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

    /// Nobody beyond this machine is let in unencrypted or unasked.
    fn refuse_open_doors(&self, places: &[Place]) -> Result<(), Failure> {
        if places.iter().all(Place::is_loopback) {
            return Ok(());
        }
        if self.http {
            return Err(Failure::Usage(
                "Plain HTTP is for loopback only. Leave --http out; or listen on 127.0.0.1, behind a reverse proxy on this machine".into(),
            ));
        }
        if self.no_auth {
            return Err(Failure::Usage(
                "--no-auth is for loopback only. Leave it out, and make a token: umai token create --name laptop --scope write".into(),
            ));
        }
        if self.cert.is_none() {
            return Err(Failure::Usage(
                "The certificate that umai makes is good for this machine only. For others give one for the server's name: --cert FILE --key FILE".into(),
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

    /// Says what will not go well, and yet is no reason not to start.
    fn warn(&self, places: &[Place], security: &Security, output: &Output) {
        match security {
            Security::Plain => {}
            Security::Development(..) => {
                if !places.iter().all(Place::is_loopback) || !self.host.is_empty() {
                    output.note(
                        "The development certificate is good for localhost only; for other names give --cert and --key",
                    );
                }
            }
            Security::Own(_, expires, flaws) => {
                for flaw in flaws {
                    output.note(flaw);
                }
                if let Some(end) = expires.filter(|end| *end < Utc::now()) {
                    output.note(&format!(
                        "The certificate expired on {}; clients will refuse it",
                        end.format("%Y-%m-%d")
                    ));
                }
            }
        }
    }

    /// Where others can ask, who may write can have every configuration key of this machine sent to an address of their choice.
    fn warn_of_references(&self, places: &[Place], ground: &Ground, output: &Output) {
        let is_for_others = !places.iter().all(Place::is_loopback) || !self.host.is_empty();
        if is_for_others && ground.read_only.is_none() && ground.appsettings.allowed().is_empty() {
            output.note(
                "There is no allow-list: who has a token to write can refer to every configuration key and environment variable \
                 here. Name those that may be, in Umbraco:AI:AllowedConfigurationKeyPrefixes of appsettings.json",
            );
        }
    }

    fn keeper(&self, book: TokenBook) -> Keeper {
        if self.no_auth {
            return Keeper::Nobody;
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
            "Nobody could ask: there is no token. Make one with umai token create --name laptop --scope write; \
             or say --no-auth, which lets everyone ask on this machine"
                .into(),
        ));
    }
    let now = Utc::now();
    if tokens.iter().all(|token| token.is_expired(now)) {
        output.note(
            "Every token is expired; make one with umai token create --name laptop --scope write",
        );
    }
    Ok(())
}

async fn open_up(
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
        let opened = opened.map_err(|sentence| Failure::Trouble(anyhow::Error::msg(sentence)))?;
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
    tell(&urls, &doors, authority.as_deref(), output)?;
    let stop = CancellationToken::new();
    let router = router_until(Arc::clone(service), stop.clone());
    let gate = Gate::new(
        router,
        Hosts::new(serve.host.iter().cloned()),
        keeper,
        &limits,
    );
    supervisor::tell(supervisor::State::Ready);
    let mut serving = std::pin::pin!(transport::serve(doors, gate, tls, limits, stop.clone()));
    tokio::select! {
        _ = &mut serving => return Ok(()),
        _ = signals.next() => {}
    }
    supervisor::tell(supervisor::State::Stopping);
    tracing::info!("stopping: what is under way is finished");
    stop.cancel();
    tokio::select! {
        is_finished = &mut serving => {
            if !is_finished {
                tracing::warn!("something was still under way and is left unfinished");
            }
            Ok(())
        }
        exit = signals.next() => Err(Failure::Signal(exit)),
    }
}

/// How a place is written into an address.
fn address(place: Place, doors: &[Door]) -> String {
    match (place, doors) {
        (Place::Localhost(_), [door, _]) => format!("localhost:{}", door.address.port()),
        (_, [door, ..]) => door.address.to_string(),
        (_, []) => String::new(),
    }
}

/// Says where the server is, and how to get through to it.
fn tell(
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
