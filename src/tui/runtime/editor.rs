//! The external editor: its command, the private file, and the edited text.
//!
//! The file has a directory of its own because editors write copies next to it; all of them are deleted with the directory.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::task::JoinHandle;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::atomic_file;
use crate::tui::effect::Ticket;
use crate::tui::form::EditorDocument;

/// Permission bits of group and others.
const GROUP_AND_OTHERS: u32 = 0o077;

/// Environment variables with the editor, by precedence.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];

/// Editors to try if no variable is set.
const DEFAULT_EDITORS: [&str; 2] = ["vi", "nano"];

/// Name of the file; editors allow comments in JSON with this extension.
const FILE: &str = "connection.jsonc";

/// Size limit of the edited file in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Command of an editor, with the arguments before the file.
pub(super) struct Editor {
    program: String,
    arguments: Vec<String>,
}

/// File of one edit; deleted with its directory on drop.
struct PrivateFile {
    folder: PathBuf,
    path: PathBuf,
}

/// Edit in progress.
pub(super) struct Editing {
    /// Ticket of the edit.
    pub ticket: Ticket,
    program: String,
    file: PrivateFile,
    process: Pid,
    ended: JoinHandle<io::Result<ExitStatus>>,
    /// Terminal mode before the edit, since an editor that fails may change it.
    mode: Option<Termios>,
}

impl Editor {
    /// Finds the configured editor or a usual one; otherwise returns what to do.
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
        let usual = DEFAULT_EDITORS.into_iter().find(|name| is_installed(name));
        usual
            .map(|program| Self {
                program: program.to_owned(),
                arguments: Vec::new(),
            })
            .ok_or_else(|| "No editor found; set EDITOR, for example EDITOR=nano".into())
    }

    /// Starts the editor with the text, in a restored terminal.
    pub(super) fn begin(
        self,
        ticket: Ticket,
        document: &EditorDocument,
    ) -> Result<Editing, String> {
        let file = PrivateFile::with(document.0.as_bytes())
            .map_err(|error| format!("Cannot create the file for the editor: {error}"))?;
        // An unknown mode is left as the editor leaves it.
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

/// Waits for the end of the edit; never returns if there is none.
pub(super) async fn end(editing: &mut Option<Editing>) -> io::Result<ExitStatus> {
    let Some(editing) = editing else {
        return std::future::pending().await;
    };
    match (&mut editing.ended).await {
        Ok(ended) => ended,
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Edits the document for a command without the app; `None` if `stop` ended first, which terminates the editor.
pub async fn edit(
    document: &EditorDocument,
    stop: impl Future<Output = ()>,
) -> Option<Result<EditorDocument, String>> {
    let begun = Editor::find().and_then(|editor| editor.begin(Ticket(0), document));
    let mut editing = match begun {
        Ok(editing) => Some(editing),
        Err(reason) => return Some(Err(reason)),
    };
    let ended = tokio::select! {
        ended = end(&mut editing) => Some(ended),
        () = stop => None,
    };
    let editing = editing?;
    let Some(ended) = ended else {
        editing.stop();
        return None;
    };
    Some(editing.result(ended))
}

/// Keeps a text that could not be saved in a private file; returns its path.
pub fn keep(document: &EditorDocument) -> io::Result<PathBuf> {
    // Not dropped, which would delete the file.
    let file = ManuallyDrop::new(PrivateFile::with(document.0.as_bytes())?);
    Ok(file.path.clone())
}

/// Reads a text that was kept or edited; the error is the reason.
pub fn read(path: &Path) -> Result<EditorDocument, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = Zeroizing::new(String::new());
    let read = file.take(LONGEST + 1).read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    if text.len() as u64 > LONGEST {
        return Err("it is too long".to_owned());
    }
    Ok(EditorDocument(text))
}

impl Editing {
    /// Edited text, or the error as a sentence.
    pub(super) fn result(&self, ended: io::Result<ExitStatus>) -> Result<EditorDocument, String> {
        if let Some(mode) = &self.mode {
            // Best effort: taking the terminal again reports a problem with it.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, mode);
        }
        let program = &self.program;
        let status =
            ended.map_err(|error| format!("Cannot wait for the editor '{program}': {error}"))?;
        if !status.success() {
            return Err(format!(
                "The editor '{program}' failed ({status}); nothing was changed"
            ));
        }
        self.file.read()
    }

    /// Terminates the editor when the app ends.
    pub(super) fn stop(&self) {
        // It fails if the editor has already ended.
        let _ = kill_process(self.process, Signal::TERM);
    }
}

impl PrivateFile {
    fn with(content: &[u8]) -> io::Result<Self> {
        let folder = parent().join(format!("umai-{}", Uuid::new_v4().simple()));
        // Without parent directories, and never an existing directory.
        DirBuilder::new().mode(0o700).create(&folder)?;
        let file = Self {
            path: folder.join(FILE),
            folder,
        };
        atomic_file::create_file(&file.path)?.write_all(content)?;
        Ok(file)
    }

    fn read(&self) -> Result<EditorDocument, String> {
        read(&self.path)
            .map_err(|reason| format!("Cannot read the edited file: {reason}; nothing was changed"))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // There is no one to report it to; only the owner can read the directory.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Parent of private directories: the runtime directory of the session if it is private, otherwise the temporary directory.
fn parent() -> PathBuf {
    let is_ours = |folder: &PathBuf| {
        folder.is_absolute()
            && std::fs::metadata(folder).is_ok_and(|found| {
                found.is_dir()
                    && found.uid() == geteuid().as_raw()
                    && found.mode() & GROUP_AND_OTHERS == 0
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
