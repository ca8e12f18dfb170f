//! `umai doctor`: checks terminal, files, key, store, providers, reference sources, targets and server.
//!
//! It opens and changes nothing, so it works beside a running app and with a damaged store. Its output contains names, sizes
//! and states, but no secrets.

mod backups;
mod etcd;
mod reference_sources;
mod finding;
mod keymap;
mod paths;
mod providers;
mod server;
mod store;
mod targets;
mod terminal;
mod tokens;

use serde_json::json;

use super::context::location;
use super::exit::{Exit, Failure};
use super::output::{Audience, Output};
use super::{Globals, target};
use crate::api::client::RemoteOptions;
use crate::config::Config;
use crate::config::file::ConfigFile;
use crate::config::target::Target;
use crate::store::etcd_options::EtcdOptions;
use finding::{Finding, FindingSeverity, Findings};

/// Runs all checks and prints the findings; fails if there is a problem.
pub fn run(globals: &Globals, output: &mut Output) -> Result<(), Failure> {
    let findings = check(globals)?;
    match output.audience() {
        Audience::Program => output.value(&json!({
            "problems": findings.count(FindingSeverity::Problem),
            "warnings": findings.count(FindingSeverity::Warning),
            "findings": findings.all(),
        }))?,
        Audience::Person => {
            for finding in findings.all() {
                show(finding, output)?;
            }
        }
    }
    let summary = |count: usize| match count {
        1 => "1 problem found".to_owned(),
        count => format!("{count} problems found"),
    };
    match findings.first_exit() {
        None => Ok(()),
        Some(exit) => Err(Failure::Partial(
            summary(findings.count(FindingSeverity::Problem)),
            exit,
        )),
    }
}

fn show(finding: &Finding, output: &mut Output) -> Result<(), Failure> {
    let Finding {
        area, state, says, ..
    } = finding;
    output.line(&format!("{:<8} {area:<10} {says}", state.as_str()))?;
    match &finding.todo {
        Some(todo) => output.line(&format!("{:<19} fix: {todo}", "")),
        None => Ok(()),
    }
}

fn check(globals: &Globals) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let folder = match Config::folder(globals.config.clone()) {
        Ok(folder) => folder,
        Err(reason) => {
            terminal::check(globals, &ConfigFile::default(), &mut findings);
            findings.problem("paths", reason, None, Exit::Usage);
            return Ok(findings);
        }
    };
    let file = ConfigFile::read(&folder);
    if let Some(why) = &file.refused {
        findings.problem("paths", why.clone(), None, Exit::Store);
    }
    terminal::check(globals, &file, &mut findings);
    keymap::check(&folder, &mut findings);
    let selected = with_target(globals, &file, &mut findings);
    let meant = selected.as_ref().and_then(|(_, target)| target.as_ref());
    targets::check(&file, meant, &mut findings);
    let place = selected.and_then(|(globals, _)| place(globals, &file, &mut findings));
    let (globals, on_etcd) = match place {
        // Another store than the one that is meant would say nothing.
        None => {
            paths::check_config(&folder, &mut findings);
            return Ok(findings);
        }
        Some((_, _, Some(options))) => {
            paths::check_config(&folder, &mut findings);
            server::check(&options, &mut findings)?;
            return Ok(findings);
        }
        Some((globals, on_etcd, None)) => (globals, on_etcd),
    };
    let config = Config::new(globals.data.clone(), Some(folder), globals.key_file.clone());
    let config = match config {
        Ok(config) => config,
        Err(reason) => {
            findings.problem("paths", reason, None, Exit::Usage);
            return Ok(findings);
        }
    };
    paths::check(&config, &mut findings);
    if let Some(options) = &on_etcd {
        etcd::check(options, &store::options(&config), &mut findings)?;
    } else {
        store::check(&config, &mut findings);
        tokens::check(&config, &mut findings);
    }
    providers::check(&config, &mut findings);
    reference_sources::check(&globals, &mut findings);
    Ok(findings)
}

/// Adds the options of the selected target, and returns it; none if it cannot be used.
fn with_target(
    globals: &Globals,
    file: &ConfigFile,
    findings: &mut Findings,
) -> Option<(Globals, Option<Target>)> {
    match target::selected(globals, file) {
        Ok(Some((target, _))) => {
            let globals = target::with_target_options(globals, &target);
            Some((globals, Some(target)))
        }
        Ok(None) => Some((globals.clone(), None)),
        Err(failure) => {
            findings.problem("target", failure.to_string(), None, failure.exit());
            None
        }
    }
}

/// Returns the options with the store on etcd or the server, neither for a data directory; none if the location is invalid.
fn place(
    mut globals: Globals,
    file: &ConfigFile,
    findings: &mut Findings,
) -> Option<(Globals, Option<EtcdOptions>, Option<RemoteOptions>)> {
    if globals.data.is_none() {
        globals.data.clone_from(&file.data);
    }
    let mut notices = Vec::new();
    let asked = location(&mut globals, &mut notices);
    for notice in notices {
        findings.warning("server", notice, None);
    }
    let (etcd, server) = match asked {
        Ok(found) => found,
        Err(failure) => {
            findings.problem("server", failure.to_string(), None, failure.exit());
            return None;
        }
    };
    if etcd.is_none() && server.is_none() && globals.data.is_none() && file.check_data().is_err() {
        findings.problem(
            "data",
            "the default data directory is unknown, because a line of config.toml is invalid",
            Some("fix the line, or name the location with --data or --target".into()),
            Exit::Usage,
        );
        return None;
    }
    Some((globals, etcd, server))
}
