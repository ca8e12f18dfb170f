//! `--verbose`: logs the requests to servers and providers to stderr, without secrets.

use anyhow::Context;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::exit::Failure;

/// Target of the log events of requests.
const REQUESTS: &str = "umai::requests";

/// Starts the log. Only events of requests are written: those of libraries could contain secrets.
pub fn start() -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt::layer()
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .with_filter(Targets::new().with_target(REQUESTS, LevelFilter::DEBUG));
    let started = tracing_subscriber::registry().with(lines).try_init();
    started.context("Cannot start the log of requests")?;
    Ok(())
}
