//! Writes a whole connection as a request body, into a zeroized buffer that never reallocates.

use zeroize::Zeroizing;

use super::{RawConnection, RawSetting};
use crate::connection::ConnectionItem;
use crate::connection::draft::body::{
    MAX_PER_BYTE, SETTING_OVERHEAD, max_setting_bytes, put, put_setting,
};

/// Size of the member names and punctuation.
const ENVELOPE_BYTES: usize = 256;

/// Writes the request body with every member; a missing member would be cleared.
pub fn body(
    raw: &RawConnection,
    item: &ConnectionItem,
    note: Option<&str>,
    entries: &[RawSetting<'_>],
) -> Zeroizing<Vec<u8>> {
    let texts = [&item.alias, &item.name, &item.provider_id];
    let texts: usize = texts.into_iter().map(String::len).sum();
    let texts = texts + note.map_or(0, str::len);
    let settings: usize = entries.iter().map(most_bytes).sum();
    let room = ENVELOPE_BYTES + MAX_PER_BYTE * texts + settings + raw.body.len();
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    body.extend_from_slice(b"{\"alias\":");
    put(&mut body, &item.alias);
    body.extend_from_slice(b",\"name\":");
    put(&mut body, &item.name);
    body.extend_from_slice(b",\"providerId\":");
    put(&mut body, &item.provider_id);
    if let Some(note) = note {
        body.extend_from_slice(b",\"changeDescription\":");
        put(&mut body, note);
    }
    body.extend_from_slice(b",\"isActive\":");
    put(&mut body, &item.is_active);
    body.extend_from_slice(b",\"settings\":");
    if raw.settings.is_none() && entries.is_empty() {
        body.extend_from_slice(b"null}");
        return body;
    }
    let mut separator = b'{';
    for entry in entries {
        body.push(separator);
        separator = b',';
        match entry {
            RawSetting::Kept(member) | RawSetting::Replaced(member, _) => {
                let name = raw.body.get(member.name.clone()).unwrap_or_default();
                body.extend_from_slice(name.as_bytes());
            }
            RawSetting::Added(key, _) => put(&mut body, key),
        }
        body.push(b':');
        match entry {
            RawSetting::Kept(member) => body.extend_from_slice(member.value(&raw.body).as_bytes()),
            RawSetting::Replaced(_, value) | RawSetting::Added(_, value) => {
                put_setting(&mut body, value);
            }
        }
    }
    if separator == b'{' {
        body.push(separator);
    }
    body.extend_from_slice(b"}}");
    body
}

fn most_bytes(entry: &RawSetting<'_>) -> usize {
    match entry {
        RawSetting::Kept(_) => SETTING_OVERHEAD,
        RawSetting::Replaced(_, value) => max_setting_bytes("", value),
        RawSetting::Added(key, value) => max_setting_bytes(key, value),
    }
}
