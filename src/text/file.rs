//! Reads text files of limited size, with errors in plain sentences.

pub mod trust;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use self::trust::FileTrust;

/// Error of reading a text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFlaw {
    /// The file does not exist.
    NotFound,
    /// The file cannot be used. Completes a sentence that begins with the file name: `is larger than 64 KiB`.
    Unusable(String),
}

/// Reads a regular file of at most `limit` bytes as UTF-8, without a byte order mark. The text is zeroized, because it may hold
/// secrets.
pub fn read(path: &Path, limit: usize) -> Result<Zeroizing<String>, FileFlaw> {
    read_trusted(path, limit, FileTrust::Anyone)
}

/// Reads a file like [`read`], unless users that `trust` excludes can change it.
pub fn read_trusted(
    path: &Path,
    limit: usize,
    trust: FileTrust,
) -> Result<Zeroizing<String>, FileFlaw> {
    let bytes = read_bytes(path, limit, trust)?;
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match std::str::from_utf8(body) {
        Ok(text) if text.contains('\0') => Err(FileFlaw::Unusable(
            "has a NUL byte, so it is not text".into(),
        )),
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let good = body.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.split(|byte| *byte == b'\n').count();
            Err(FileFlaw::Unusable(format!(
                "is not UTF-8 text (line {line}); save it as UTF-8"
            )))
        }
    }
}

/// Reads a regular file of at most `limit` bytes. The bytes are zeroized, because they may hold secrets.
pub fn read_bytes(
    path: &Path,
    limit: usize,
    trust: FileTrust,
) -> Result<Zeroizing<Vec<u8>>, FileFlaw> {
    let file = open(path).map_err(|error| read_error(&error))?;
    let metadata = file.metadata().map_err(|error| read_error(&error))?;
    if !metadata.is_file() {
        return Err(FileFlaw::Unusable("is not a regular file".into()));
    }
    trust::check_file(path, &metadata, trust).map_err(FileFlaw::Unusable)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(metadata.len()).unwrap_or(limit).min(limit) + 1,
    ));
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(&error))?;
    if bytes.len() > limit {
        return Err(FileFlaw::Unusable(format!(
            "is larger than {} KiB",
            limit / 1024
        )));
    }
    Ok(bytes)
}

/// Opens a file for reading; a named pipe does not block.
pub fn open(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

/// Returns line and column of a byte offset, both from 1; columns count characters.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn read_error(error: &std::io::Error) -> FileFlaw {
    match error.kind() {
        ErrorKind::NotFound => FileFlaw::NotFound,
        ErrorKind::PermissionDenied => {
            FileFlaw::Unusable("cannot be read: permission denied; check its permissions".into())
        }
        _ => FileFlaw::Unusable(format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_offset_becomes_line_and_column() {
        assert_eq!(line_and_column("ab\ncä-d", 7), (2, 4));
        assert_eq!(line_and_column("", 9), (1, 1));
        assert_eq!(line_and_column("ä", 1), (1, 1));
    }

    #[test]
    fn unusable_files_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(read(&path, 1024), Err(FileFlaw::NotFound));
        std::fs::write(&path, "\u{feff}text").unwrap();
        assert_eq!(read(&path, 1024).unwrap().as_str(), "text");
        std::fs::write(&path, [b'a'; 1025]).unwrap();
        assert_eq!(
            read(&path, 1024),
            Err(FileFlaw::Unusable("is larger than 1 KiB".into()))
        );
        std::fs::write(&path, b"a\nb\xff").unwrap();
        assert!(
            matches!(read(&path, 1024), Err(FileFlaw::Unusable(why)) if why.contains("line 2"))
        );
        assert!(matches!(
            read(folder.path(), 1024),
            Err(FileFlaw::Unusable(_))
        ));
    }
}
