//! Reads connections from files, directories and standard input.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use zeroize::Zeroizing;

use super::super::exit::{Exit, Failure};
use super::super::output::Output;
use super::super::secret_args::unbuffered_stdin;
use super::secrets;
use crate::connection::manifest::format::{MAX_BYTES, text_of};
use crate::connection::manifest::{self, DesiredConnection, ManifestFormat};
use crate::plan::PlanEntry;
use crate::provider::ProviderCatalog;

/// File extensions that are read from directories.
const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "uda"];

/// Argument for standard input.
const STDIN: &str = "-";

/// File that was read.
pub(super) struct PlanFile {
    pub name: Arc<str>,
    pub folder: PathBuf,
    pub is_stdin: bool,
}

/// Contents of the files and folders of one command.
pub struct PlanFiles {
    /// The connections, each alias once.
    pub entries: Vec<PlanEntry>,
    /// Number of artifacts that are not connections.
    pub skipped: usize,
}

/// Reads every file, folder and standard input; reports all errors before it returns the last one.
pub fn read(
    paths: &[PathBuf],
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<PlanFiles, Failure> {
    let mut found: Vec<(Arc<PlanFile>, DesiredConnection)> = Vec::new();
    let (mut errors, mut others) = (Vec::new(), 0);
    for (path, is_in_folder) in files(paths)? {
        let is_stdin = path == Path::new(STDIN);
        let name = if is_stdin {
            "stdin".to_owned()
        } else {
            path.display().to_string()
        };
        let text = if is_stdin {
            stdin()?
        } else {
            text_of(&path).map_err(|reason| Failure::Usage(format!("{name} {reason}")))?
        };
        let format = ManifestFormat::from_path((!is_stdin).then_some(&*path), &text);
        let read = manifest::read(&text, format, catalog);
        if read.skipped > 0 && !is_in_folder {
            errors.push(format!("{name}: the artifact is not a connection"));
        }
        others += read.skipped;
        errors.extend(read.errors.iter().map(|error| format!("{name}: {error}")));
        let source = Arc::new(PlanFile {
            name: name.into(),
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            is_stdin,
        });
        let wanted = read.connections.into_iter();
        found.extend(wanted.map(|wanted| (Arc::clone(&source), wanted)));
    }
    errors.extend(repeated(&found));
    let mut entries = Vec::with_capacity(found.len());
    if errors.is_empty() {
        entries = secrets::fill(found, &mut errors);
    }
    if errors.is_empty() {
        if others > 0 {
            output.note(&format!(
                "Skipped artifacts that are not connections: {others}"
            ));
        }
        return Ok(PlanFiles {
            entries,
            skipped: others,
        });
    }
    let refused = |error: String| Failure::Partial(error, Exit::Invalid);
    let last = errors.pop().unwrap_or_default();
    for error in errors {
        output.failure(&refused(error));
    }
    Err(refused(last))
}

/// Returns the position of a connection, as a prefix of messages.
pub(super) fn position(source: &PlanFile, wanted: &DesiredConnection) -> String {
    let alias = wanted.draft.alias.as_deref().unwrap_or_default();
    format!("{}: connection {} ({alias}): ", source.name, wanted.number)
}

/// Returns the files to read, and for each whether it comes from a directory.
fn files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, bool)>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new(STDIN) || !path.is_dir() {
            files.push((path.clone(), false));
            continue;
        }
        let unreadable = |error| Failure::Usage(format!("Cannot read {}: {error}", path.display()));
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let ending = file.extension().and_then(|ending| ending.to_str());
            let is_hidden = file
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !is_hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
                inside.push((file, true));
            }
        }
        if inside.is_empty() {
            let endings = ENDINGS.join(", .");
            return Err(Failure::Usage(format!(
                "No manifests in {}: no file with the extension .{endings}",
                path.display()
            )));
        }
        inside.sort();
        files.extend(inside);
    }
    let stdin = files.iter().filter(|(path, _)| path == Path::new(STDIN));
    if stdin.count() > 1 {
        return Err(Failure::Usage("stdin can be read only once".into()));
    }
    Ok(files)
}

fn stdin() -> Result<Zeroizing<String>, Failure> {
    let stdin = unbuffered_stdin().context("cannot read stdin")?;
    let mut bytes = Zeroizing::new(Vec::new());
    stdin
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .context("cannot read stdin")?;
    if bytes.len() > MAX_BYTES {
        return Err(Failure::Usage("The input on stdin is too large".into()));
    }
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Failure::Usage(
            "The input on stdin is not UTF-8 text".into(),
        )),
    }
}

/// Returns an error for each alias and each GUID that occurs twice.
fn repeated(found: &[(Arc<PlanFile>, DesiredConnection)]) -> Vec<String> {
    let mut first: HashMap<String, (&PlanFile, usize)> = HashMap::with_capacity(found.len());
    let mut errors = Vec::new();
    for (source, wanted) in found {
        // An alias never has the form of a GUID.
        let guid = wanted.id.map(|id| ("Udi", id.to_string()));
        for (member, name) in std::iter::once(("alias", wanted.alias())).chain(guid) {
            match first.entry(name) {
                Entry::Vacant(unused) => {
                    unused.insert((source, wanted.number));
                }
                Entry::Occupied(used) => {
                    let (other, number) = used.get();
                    errors.push(format!(
                        "{}{member}: already used by connection {number} in {}",
                        position(source, wanted),
                        other.name
                    ));
                }
            }
        }
    }
    errors
}
