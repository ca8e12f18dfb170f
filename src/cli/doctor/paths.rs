//! Checks the directories and their permissions.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::Access;

use super::super::exit::Exit;
use super::finding::Findings;
use crate::config::Config;
use crate::text::file::trust::{self, FileTrust};

const AREA: &str = "paths";

const WRITABLE_BY_GROUP: u32 = 0o020;
const OPEN_TO_OTHERS: u32 = 0o077;

pub(super) fn check(config: &Config, findings: &mut Findings) {
    folder("data", &config.data, FileTrust::OwnerOnly, findings);
    check_config(&config.config, findings);
}

pub(super) fn check_config(config: &Path, findings: &mut Findings) {
    folder("config", config, FileTrust::Group, findings);
}

/// Reports whether a directory that does not exist can be created.
fn absent(what: &str, path: &Path, is_needed: bool, findings: &mut Findings) {
    let shown = path.display();
    let parent = path.ancestors().skip(1).find(|parent| parent.exists());
    let parent = parent.unwrap_or(Path::new("."));
    // An empty path is the working directory.
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    match rustix::fs::access(parent, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => findings.ok(
            AREA,
            format!("{what}: {shown} (does not exist yet; created when needed)"),
        ),
        Err(error) => {
            let error = std::io::Error::from(error);
            let says = format!(
                "{what}: {shown} does not exist and cannot be created: {}: {error}",
                parent.display()
            );
            let todo = Some(format!("set another directory with --{what}"));
            if is_needed {
                findings.problem(AREA, says, todo, Exit::Store);
            } else {
                findings.warning(AREA, says, todo);
            }
        }
    }
}

fn folder(what: &str, path: &Path, trust: FileTrust, findings: &mut Findings) {
    let shown = path.display();
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            absent(what, path, trust == FileTrust::OwnerOnly, findings);
            return;
        }
        Err(error) => {
            let todo = format!("check the owner: ls -ld {shown}");
            findings.problem(
                AREA,
                format!("{what}: {shown}: {error}"),
                Some(todo),
                Exit::Store,
            );
            return;
        }
    };
    let mode = found.permissions().mode() & 0o777;
    let says = format!("{what}: {shown} ({mode:03o})");
    if !found.is_dir() {
        let todo = format!("move the file away, or set another directory with --{what}");
        findings.problem(
            AREA,
            format!("{says} is not a directory"),
            Some(todo),
            Exit::Store,
        );
    } else if let Err(why) = trust::check_folder(path, trust) {
        findings.problem(AREA, format!("{says} {why}"), None, Exit::Store);
    } else if mode & WRITABLE_BY_GROUP != 0 {
        let todo = format!("chmod go-w {shown}");
        let says =
            format!("{says} is writable by its group, so keys and providers in it are refused");
        findings.warning(AREA, says, Some(todo));
    } else if mode & OPEN_TO_OTHERS != 0 {
        let todo = format!("chmod go-rwx {shown}");
        findings.warning(AREA, format!("{says} is readable by others"), Some(todo));
    } else {
        findings.ok(AREA, says);
    }
}
