//! A folder with one file for each key, as Docker and Kubernetes mount secrets: `/run/secrets/OpenAI__ApiKey`.

use std::io::ErrorKind;
use std::path::Path;

use secrecy::SecretString;

use super::layer::{Kept, MAX_FILE_BYTES, Values};
use crate::text::file::{self, FileFlaw};

/// Most files that are read.
const MOST_FILES: usize = 10_000;

/// Start of the names of files that are passed over, as in .NET.
const IGNORED: &str = "ignore.";

/// Values of the files in a folder, and one sentence about each file that cannot be used.
pub(super) fn read(folder: &Path) -> (Result<Values, FileFlaw>, Vec<String>) {
    let names = match names(folder) {
        Ok(names) => names,
        Err(flaw) => return (Err(flaw), Vec::new()),
    };
    let mut values = Values::new();
    let mut problems = Vec::new();
    for name in names {
        let path = folder.join(&name);
        // Kubernetes keeps the files themselves in a folder beside the links to them.
        if path.is_dir() || name.starts_with(IGNORED) {
            continue;
        }
        match file::read(&path, MAX_FILE_BYTES) {
            Ok(text) => {
                let key = name.replace("__", ":");
                let value = Some(SecretString::from(without_line_end(&text)));
                values.insert(key.to_lowercase(), Kept { key, value });
            }
            Err(FileFlaw::NotThere) => {}
            Err(FileFlaw::Unusable(why)) => {
                problems.push(format!("{} {why}; the file is left out", path.display()));
            }
        }
    }
    (Ok(values), problems)
}

/// Names in a folder that are text, in order; names of other bytes cannot stand for a key.
fn names(folder: &Path) -> Result<Vec<String>, FileFlaw> {
    let entries = std::fs::read_dir(folder).and_then(|entries| {
        entries
            .take(MOST_FILES)
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .collect::<std::io::Result<Vec<_>>>()
    });
    let mut names: Vec<String> = match entries {
        Ok(names) => names.into_iter().flatten().collect(),
        Err(error) => {
            return Err(match error.kind() {
                ErrorKind::NotFound => FileFlaw::NotThere,
                ErrorKind::NotADirectory => FileFlaw::Unusable("is not a folder".into()),
                _ => FileFlaw::Unusable(format!("cannot be read: {error}")),
            });
        }
    };
    names.sort();
    Ok(names)
}

/// A value without the one line end that editors and `echo` add.
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
