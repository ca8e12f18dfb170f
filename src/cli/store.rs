//! `umai store`: copies a whole store between a data directory and etcd.

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Globals;
use super::backup::format;
use super::dry_run;
use super::exit::Failure;
use super::key::names;
use super::open_service::CliContext;
use super::output::{Audience, Output};
use super::progress::Spinner;
use super::target::{self, LOCAL_STORE};
use super::{passphrase, prompt};
use crate::store::backup::comparison::BackupComparison;
use crate::store::backup::restore::RestoreResult;
use crate::store::copy::{PreparedCopy, prepare};
use crate::store::etcd_options::SCHEME;
use crate::store::place::StorePlace;

/// Subcommands of `umai store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Copy a whole store, with history, trash and secrets, between a data directory and etcd
    #[command(
        long_about = "Copy a whole store, with history, trash and secrets, to another place: from a data directory to etcd, back, or \
            between two of a kind.\n\nThe store FROM is not changed. A store that TO already has is replaced: a local one is moved \
            aside, and one on etcd is backed up first. The change is made at once at the end, so an interrupted copy changes nothing; \
            run the command again to go on. The copy is the same store in another place, so use only one of them afterwards.",
        after_help = "FROM and TO are each the name of a target, local for the local store, the address of a store on etcd, or a data \
            directory.\n\nExamples:\n  \
            umai store copy local etcd://h1:2379,h2:2379,h3:2379/team --dry-run\n  \
            umai store copy team ./copy"
    )]
    Copy(CopyStore),
}

/// Arguments of `umai store copy`.
#[derive(Debug, Args)]
pub struct CopyStore {
    /// Store to copy: a target, local, an address or a data directory
    #[arg(value_name = "FROM")]
    from: String,
    /// Place of the copy: a target, local, an address or a data directory
    #[arg(value_name = "TO")]
    to: String,
    /// Show what would change, without changes
    #[arg(long)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
}

/// Runs a subcommand.
pub fn run(command: &StoreCommand, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
    match command {
        StoreCommand::Copy(copy) => copy.run(globals, output),
    }
}

impl CopyStore {
    fn run(&self, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
        let from = context_of(globals, &self.from)?;
        let to = context_of(globals, &self.to)?;
        to.check_write(!self.dry_run)?;
        for context in [&from, &to] {
            context.print_problems(output);
            if let Some(notice) = passphrase::unlock(context)? {
                output.note(&notice);
            }
        }
        let (source, target) = (from.store_place()?, to.store_place()?);
        if is_same_place(&source, &target) {
            return Err(Failure::Usage(format!("FROM and TO are both {source}")));
        }
        let prepared = {
            let _waiting = Spinner::start("Comparing the stores", output);
            prepare(&source, &target)?
        };
        let mut report = report(&prepared, (&source, &target));
        if prepared.is_same {
            return match output.audience() {
                Audience::Program => output.value(&report),
                Audience::Person => output.line(&format!(
                    "{target} already has the same connections; nothing to copy"
                )),
            };
        }
        if output.audience() == Audience::Person {
            print_differences(&prepared.comparison, &target, output);
        }
        if self.dry_run {
            let sentence = format!("Would copy {} to {target}", content(&prepared));
            return dry_run::write_action("copyStore", &sentence, output);
        }
        if !self.yes && replaces_connections(&prepared.comparison) && !confirm(&target, output)? {
            return output.line("Nothing changed");
        }
        let sentence = format!("Copied {} from {source} to {target}", content(&prepared));
        let copied = {
            let _waiting = Spinner::start("Copying the store", output);
            prepared.execute(&target, Utc::now())?
        };
        if output.audience() == Audience::Program {
            report["copied"] = json!(true);
            report["movedTo"] = json!(copied.aside);
            return output.value(&report);
        }
        output.line(&sentence)?;
        print_result(&copied, &source, output)
    }
}

fn print_result(
    copied: &RestoreResult,
    source: &StorePlace,
    output: &mut Output,
) -> Result<(), Failure> {
    if let Some(aside) = &copied.aside {
        output.line(&format!("Previous store: {}", aside.display()))?;
    }
    if let Some(count) = copied.unreadable.filter(|count| *count > 0) {
        output.note(&format!(
            "{count} secrets cannot be decrypted; enter them again"
        ));
    }
    output.note(&format!(
        "{source} was not changed. Use only one of the two stores from now on"
    ));
    Ok(())
}

/// Returns the context of a place: a target, the local store, an address or a data directory.
fn context_of(globals: &Globals, place: &str) -> Result<CliContext, Failure> {
    let context = if place.starts_with(SCHEME) {
        CliContext::new(&Globals {
            store: Some(place.to_owned()),
            explicit: globals.explicit.for_place("store"),
            ..without_place(globals)
        })
    } else if place == LOCAL_STORE || target::exists(globals, place)? {
        CliContext::new(&super::targets::content::globals_of(globals, place))
    } else if place.contains("://") {
        return Err(Failure::Usage(format!(
            "'{place}' is not the address of a store on etcd; write {SCHEME}HOST:PORT,HOST:PORT/NAME. Connections of a server are copied with umai targets copy"
        )));
    } else if is_folder(place) {
        CliContext::new(&Globals {
            data: Some(PathBuf::from(place)),
            explicit: globals.explicit.for_place("data"),
            etcd: super::etcd_args::EtcdArgs::default(),
            ..without_place(globals)
        })
    } else {
        return Err(Failure::Usage(format!(
            "'{place}' is no target, no address of a store on etcd and no directory. Write local for the local store, and a new directory with a slash, for example ./{place}"
        )));
    }?;
    match &context.server {
        Some(server) => Err(Failure::Usage(format!(
            "'{place}' is a server ({}), which does not give its store away. Copy its connections with umai targets copy",
            server.address()
        ))),
        None => Ok(context),
    }
}

fn without_place(globals: &Globals) -> Globals {
    Globals {
        data: None,
        store: None,
        server: None,
        umbraco: None,
        target: None,
        ..globals.clone()
    }
}

fn is_folder(place: &str) -> bool {
    let path = Path::new(place);
    path.is_dir() || place.contains('/')
}

fn is_same_place(from: &StorePlace, to: &StorePlace) -> bool {
    if from.is_local() != to.is_local() {
        return false;
    }
    let folder = |place: &StorePlace| {
        let data = &place.options.data;
        data.canonicalize().unwrap_or_else(|_| data.clone())
    };
    if from.is_local() {
        folder(from) == folder(to)
    } else {
        from.to_string() == to.to_string()
    }
}

/// Returns true if the copy replaces connections that the other store has or had in a newer version.
fn replaces_connections(comparison: &BackupComparison) -> bool {
    let has_connections =
        !comparison.only_in_store.is_empty() || !comparison.newer_in_store.is_empty();
    has_connections || comparison.trouble.is_some()
}

fn confirm(target: &StorePlace, output: &Output) -> Result<bool, Failure> {
    if output.audience() == Audience::Program || !prompt::is_possible() {
        return Err(Failure::Usage(format!(
            "{target} has connections that the copy would replace. Nothing changed. Add --yes to confirm, or --dry-run to see the changes."
        )));
    }
    prompt::ask_yes_no(&format!("Replace the store in {target}?"))
}

/// Returns the number of connections and versions in words.
fn content(prepared: &PreparedCopy) -> String {
    let versions = match prepared.versions {
        1 => "1 earlier version".to_owned(),
        count => format!("{count} earlier versions"),
    };
    format!(
        "{}, with {versions}",
        format::with_trash(prepared.connections)
    )
}

fn print_differences(comparison: &BackupComparison, target: &StorePlace, output: &Output) {
    if !comparison.has_store {
        output.note(&format!("No store in {target} yet"));
        return;
    }
    let lists = [
        (format!("only in {target}"), &comparison.only_in_store),
        (format!("newer in {target}"), &comparison.newer_in_store),
        ("newer in the copy".to_owned(), &comparison.newer_in_backup),
        ("only in the copy".to_owned(), &comparison.only_in_backup),
    ];
    for (what, named) in lists {
        if !named.is_empty() {
            let count = format::connections(named.len() as u64);
            output.note(&format!("{count} {what}: {}", names(named)));
        }
    }
    if let Some(reason) = &comparison.trouble {
        output.note(&format!(
            "The store in {target} is only partly readable: {reason}"
        ));
    }
    output.note(if target.is_local() {
        "The store there is moved aside, not deleted"
    } else if comparison.trouble.is_some() {
        "What can be read of the store there is saved first"
    } else {
        "A backup of the store there is created first"
    });
}

fn report(
    prepared: &PreparedCopy,
    (source, target): (&StorePlace, &StorePlace),
) -> serde_json::Value {
    json!({
        "from": source.to_string(),
        "to": target.to_string(),
        "connections": prepared.connections,
        "versions": prepared.versions,
        "changes": format::changes_json(&prepared.comparison),
        "isSame": prepared.is_same,
        "copied": false,
    })
}
