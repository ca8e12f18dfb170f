//! Checks the server: whether it answers, its version, and whether it accepts the token. An Umbraco site is checked step by step.

use super::super::exit::{Failure, exit_of};
use super::super::open_service::{WORKERS, runtime};
use super::super::signals::StopSignals;
use super::finding::Findings;
use crate::api::client::{RemoteOptions, RemoteService, check_site};
use crate::connection::{ListQuery, PageRequest};
use crate::service::ConnectionService;

const AREA: &str = "server";

pub(super) fn check(options: &RemoteOptions, findings: &mut Findings) -> Result<(), Failure> {
    let runtime = runtime(WORKERS)?;
    let looked = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        tokio::select! {
            () = query(options, findings) => Ok(()),
            exit = signals.next() => Err(Failure::Signal(exit)),
        }
    });
    runtime.shutdown_background();
    looked
}

async fn query(options: &RemoteOptions, findings: &mut Findings) {
    if options.is_site() {
        for step in check_site(options).await {
            match step {
                Ok(says) => findings.ok("site", says),
                Err(error) => findings.problem("site", error.to_string(), None, exit_of(&error)),
            }
        }
        return;
    }
    let address = options.address();
    let service = match RemoteService::connect(options).await {
        Ok(service) => service,
        Err(error) => {
            findings.problem(AREA, error.to_string(), None, exit_of(&error));
            return;
        }
    };
    let itself = service.server_version().await;
    let itself = itself.unwrap_or_else(|| "version unknown".into());
    findings.ok(AREA, format!("{address} answers: {itself}"));
    let first = ListQuery::all(PageRequest { skip: 0, take: 1 });
    match service.list(first).await {
        Ok(page) => findings.ok(
            AREA,
            format!(
                "read access: {} connections, {} providers",
                page.total,
                service.providers().all().len()
            ),
        ),
        Err(error) => findings.problem(AREA, error.to_string(), None, exit_of(&error)),
    }
    for notice in service.notices() {
        findings.warning(AREA, notice, None);
    }
}
