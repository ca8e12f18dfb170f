//! Folder with one file for each key, as Docker and Kubernetes mount secrets: `/run/secrets/OpenAI__ApiKey`.

use std::io::ErrorKind;
use std::path::Path;

use secrecy::SecretString;

use super::json_file::{FileEntry, FileValues, MAX_FILE_BYTES};
use crate::text::file::{self, FileFlaw};

/// Maximum number of files.
const MAX_FILES: usize = 10_000;

/// Prefix of ignored file names, as in .NET.
const IGNORED: &str = "ignore.";

/// Reads the values of a folder, with one message for each unusable file.
pub(super) fn read(folder: &Path) -> (Result<FileValues, FileFlaw>, Vec<String>) {
    let names = match names(folder) {
        Ok(names) => names,
        Err(flaw) => return (Err(flaw), Vec::new()),
    };
    let mut values = FileValues::new();
    let mut problems = Vec::new();
    for name in names {
        let path = folder.join(&name);
        // Kubernetes keeps the files in a folder next to the links.
        if path.is_dir() || name.starts_with(IGNORED) {
            continue;
        }
        match file::read(&path, MAX_FILE_BYTES) {
            Ok(text) => {
                let key = name.replace("__", ":");
                let value = Some(SecretString::from(without_line_end(&text)));
                values.insert(key.to_lowercase(), FileEntry { key, value });
            }
            Err(FileFlaw::NotFound) => {}
            Err(FileFlaw::Unusable(why)) => {
                problems.push(format!("{} {why}; the file is ignored", path.display()));
            }
        }
    }
    (Ok(values), problems)
}

/// Returns the file names in order. Names that are not UTF-8 cannot be keys and are skipped.
fn names(folder: &Path) -> Result<Vec<String>, FileFlaw> {
    let entries = std::fs::read_dir(folder).and_then(|entries| {
        entries
            .take(MAX_FILES)
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .collect::<std::io::Result<Vec<_>>>()
    });
    let mut names: Vec<String> = match entries {
        Ok(names) => names.into_iter().flatten().collect(),
        Err(error) => {
            return Err(match error.kind() {
                ErrorKind::NotFound => FileFlaw::NotFound,
                ErrorKind::NotADirectory => FileFlaw::Unusable("is not a folder".into()),
                _ => FileFlaw::Unusable(format!("cannot be read: {error}")),
            });
        }
    };
    names.sort();
    Ok(names)
}

/// Removes the single line end that editors and `echo` append.
fn without_line_end(text: &str) -> &str {
    let ended = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'));
    ended.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_trimmed() {
        for (text, value) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a ", " a "),
            ("\n", ""),
        ] {
            assert_eq!(without_line_end(text), value, "{text:?}");
        }
    }
}
