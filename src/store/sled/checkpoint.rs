//! Writes a snapshot from the view, proves that it is right, and lets go of what it makes needless.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::rows;
use super::view::View;
use crate::store::journal::entry::Kind;
use crate::store::journal::fold::Fold;
use crate::store::journal::head::{Head, Identity};
use crate::store::journal::retention;
use crate::store::journal::snapshot;

/// Writes a snapshot of `view`; `stop` ends it early.
///
/// It is read again and added up with the journal after it; only one that then amounts to what the journal says is kept.
pub fn take(data: &Path, identity: &Identity, view: &View, stop: &AtomicBool) -> io::Result<()> {
    let applied = view
        .applied()
        .map_err(|broken| io::Error::other(broken.0))?
        .ok_or_else(damaged)?;
    let head = Head {
        identity: identity.clone(),
        revision: applied.revision,
        digest: applied.digest,
    };
    let path = snapshot::write(data, &head, |writer| write_rows(view, writer, stop))?;
    let fold = Fold::read(data, |_| ())?;
    if !fold.agrees() {
        std::fs::remove_file(&path)?;
        return Err(io::Error::other(
            "it does not amount to what the journal says",
        ));
    }
    retention::tidy(data)
}

fn write_rows(view: &View, writer: &mut snapshot::Writer<'_>, stop: &AtomicBool) -> io::Result<()> {
    let mut written = Ok(());
    for prefix in [rows::RECORDS, rows::VERSIONS] {
        view.walk(prefix, |key, value| {
            written = if stop.load(Ordering::Acquire) {
                Err(io::Error::other("the store was closed"))
            } else {
                write_row(key, value, writer)
            };
            written.is_ok()
        })
        .map_err(|broken| io::Error::other(broken.0))?;
    }
    written
}

fn write_row(key: &[u8], value: &[u8], writer: &mut snapshot::Writer<'_>) -> io::Result<()> {
    let body = rows::unseal(key, value).ok_or_else(damaged)?;
    if key.starts_with(rows::RECORDS) {
        let id = rows::id_in_key(key).ok_or_else(damaged)?;
        let row = rows::RecordRow::read(body).ok_or_else(damaged)?;
        writer.add(Kind::Record, row.revision, id, row.number, row.json)
    } else {
        let (id, number) = rows::version_in_key(key).ok_or_else(damaged)?;
        let (revision, json) = rows::read_version(body).ok_or_else(damaged)?;
        writer.add(Kind::Version, revision, id, number, json)
    }
}

fn damaged() -> io::Error {
    io::Error::other("a row of the view is damaged")
}
