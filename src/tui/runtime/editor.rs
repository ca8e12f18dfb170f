//! The user's editor: which it is, the private file it is given, and what came back.
//!
//! Why a folder for one file: editors leave copies beside the file they edit, and all of it goes with the folder.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::task::JoinHandle;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::disk;
use crate::tui::effect::Ticket;
use crate::tui::form::Document;

/// What others may do with a folder.
const OF_OTHERS: u32 = 0o077;

/// What is asked for the editor, in this order.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];

/// Those that are tried when nothing is said.
const USUAL: [&str; 2] = ["vi", "nano"];

/// The name of the file; its ending tells editors that JSON may have comments here.
const FILE: &str = "connection.jsonc";

/// Longer texts are not read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// An editor, and the words that come before the file.
pub(super) struct Editor {
    program: String,
    arguments: Vec<String>,
}

/// The file of one edit; it and its folder go when this does.
struct PrivateFile {
    folder: PathBuf,
    path: PathBuf,
}

/// An edit under way.
pub(super) struct Editing {
    /// What it was asked with.
    pub ticket: Ticket,
    program: String,
    file: PrivateFile,
    process: Pid,
    ended: JoinHandle<io::Result<ExitStatus>>,
    /// How the terminal was before: an editor that breaks off may leave it otherwise.
    mode: Option<Termios>,
}

impl Editor {
    /// The editor that people chose, or one that is usually there; else what to do.
    pub(super) fn find() -> Result<Self, String> {
        for variable in VARIABLES {
            let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else {
                continue;
            };
            let words = value.to_str().and_then(shlex::split);
            let Some((program, arguments)) = words.as_deref().and_then(<[_]>::split_first) else {
                return Err(format!(
                    "{variable} is not a command; set it, for example {variable}=vi"
                ));
            };
            return Ok(Self {
                program: program.clone(),
                arguments: arguments.to_vec(),
            });
        }
        let usual = USUAL.into_iter().find(|name| is_installed(name));
        usual
            .map(|program| Self {
                program: program.to_owned(),
                arguments: Vec::new(),
            })
            .ok_or_else(|| "No editor found; set EDITOR, for example EDITOR=nano".into())
    }

    /// Hands it the terminal, which is the shell's again, and the text.
    pub(super) fn begin(self, ticket: Ticket, document: &Document) -> Result<Editing, String> {
        let file = PrivateFile::with(document.0.as_bytes())
            .map_err(|error| format!("Cannot create the file for the editor: {error}"))?;
        // One that does not know how it was leaves it as it is afterwards.
        let mode = tcgetattr(io::stdin()).ok();
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(&file.path)
            .spawn();
        let mut child = child.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!(
                "Editor '{}' not found; set another one in EDITOR",
                self.program
            ),
            _ => format!("Cannot start the editor '{}': {error}", self.program),
        })?;
        let process = Pid::from_child(&child);
        Ok(Editing {
            ticket,
            program: self.program,
            file,
            process,
            ended: tokio::task::spawn_blocking(move || child.wait()),
            mode,
        })
    }
}

/// Waits for the end of an edit; where there is none, for ever.
pub(super) async fn end(editing: &mut Option<Editing>) -> io::Result<ExitStatus> {
    let Some(editing) = editing else {
        return std::future::pending().await;
    };
    match (&mut editing.ended).await {
        Ok(ended) => ended,
        Err(error) => Err(io::Error::other(error)),
    }
}

impl Editing {
    /// What came back, or a sentence why nothing is taken in.
    pub(super) fn result(&self, ended: io::Result<ExitStatus>) -> Result<Document, String> {
        if let Some(mode) = &self.mode {
            // As good as it goes: taking the terminal again tells what is wrong with it.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, mode);
        }
        let program = &self.program;
        let status = ended.map_err(|error| format!("Cannot wait for the editor '{program}': {error}"))?;
        if !status.success() {
            return Err(format!(
                "The editor '{program}' failed ({status}); the form was not changed"
            ));
        }
        self.file.read()
    }

    /// The app ends while it is under way: it is asked to end, too.
    pub(super) fn stop(&self) {
        // One that ended by itself cannot be asked any more.
        let _ = kill_process(self.process, Signal::TERM);
    }
}

impl PrivateFile {
    fn with(content: &[u8]) -> io::Result<Self> {
        let folder = parent().join(format!("umai-{}", Uuid::new_v4().simple()));
        // Not with those above it, and never one that is there already.
        DirBuilder::new().mode(0o700).create(&folder)?;
        let file = Self {
            path: folder.join(FILE),
            folder,
        };
        disk::create_file(&file.path)?.write_all(content)?;
        Ok(file)
    }

    fn read(&self) -> Result<Document, String> {
        let unreadable = |why: &dyn std::fmt::Display| {
            format!("Cannot read the edited file: {why}; the form was not changed")
        };
        let file = File::open(&self.path).map_err(|error| unreadable(&error))?;
        let mut text = Zeroizing::new(String::new());
        let read = file.take(LONGEST + 1).read_to_string(&mut text);
        read.map_err(|error| unreadable(&error))?;
        if text.len() as u64 > LONGEST {
            return Err(unreadable(&"it is too long"));
        }
        Ok(Document(text))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // Nobody is left to be told; the folder is its owner's alone.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Where private files go: where the system keeps none of them longer than the session, when it is ours alone.
fn parent() -> PathBuf {
    let is_ours = |folder: &PathBuf| {
        folder.is_absolute()
            && std::fs::metadata(folder).is_ok_and(|found| {
                found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & OF_OTHERS == 0
            })
    };
    std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(is_ours)
        .unwrap_or_else(std::env::temp_dir)
}

fn is_installed(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| is_program(&folder.join(name)))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
}
