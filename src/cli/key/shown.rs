//! Output of `umai key show`: location, fingerprint and state of the key, never the key itself.

use serde_json::{Value, json};

use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::passphrase;
use super::super::session::Ground;
use crate::store::backup::restore::Named;
use crate::store::key::earlier;
use crate::store::key::place::{Content, Origin, Spot};
use crate::store::survey::{KeyState, survey_key};
use crate::store::{check_key, is_missing};

/// Number of names to list before the rest is counted.
const NAMES: usize = 10;

/// Writes the output of `umai key show`.
pub fn show(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    if ground.config.passphrase_file.is_some()
        && let Some(notice) = passphrase::unlock(ground)?
    {
        output.note(&notice);
    }
    let spot = passphrase::spot(ground);
    let state = survey_key(&ground.store_options());
    if output.format() == Format::Json {
        let mut shown = key(&spot);
        shown["store"] = json!({ "folder": ground.config.data, "key": state_name(&state) });
        output.json(&shown)?;
        return verdict(&state, ground);
    }
    let mut lines = vec![
        ("Key", spot.path.display().to_string()),
        ("Source", origin(spot.origin).into()),
    ];
    match spot.read() {
        Ok(content) => {
            lines.push(("Fingerprint", fingerprint(&content)));
            lines.push(("Passphrase", cost(&content)));
            let before = content.open().map(|key| earlier::read(&spot, &key).len());
            if let Some(count @ 1..) = before {
                let keys = format!("{count}, for backups older than a rotation");
                lines.push(("Old keys", keys));
            }
        }
        Err(error) if spot.path.exists() => lines.push(("Error", error.to_string())),
        Err(_) => lines.push(("Error", "the key file does not exist".into())),
    }
    lines.push(("Store", sentence(&state, ground)));
    for (label, text) in lines {
        output.line(&format!("{:<13}{text}", format!("{label}:")))?;
    }
    verdict(&state, ground)
}

/// Returns an error if the key cannot open the store.
fn verdict(state: &KeyState, ground: &Ground) -> Result<(), Failure> {
    match state {
        // The passphrase is not prompted for here.
        KeyState::Locked(_) => Ok(()),
        KeyState::Fits(_)
        | KeyState::Foreign(_)
        | KeyState::Untried(_)
        | KeyState::Missing(_)
        | KeyState::Unread(_) => Ok(check_key(&ground.store_options())?),
    }
}

fn sentence(state: &KeyState, ground: &Ground) -> String {
    let data = ground.config.data.display();
    let has_store = !is_missing(&ground.config.data);
    match state {
        KeyState::Fits(_) => format!("{data}, encrypted with this key"),
        KeyState::Locked(_) if has_store => {
            format!("{data}; the key is protected by a passphrase and was not checked")
        }
        KeyState::Foreign(_) => format!("{data}, encrypted with a different key"),
        KeyState::Missing(_) | KeyState::Unread(_) if has_store => {
            format!("{data}, encrypted with a key that is missing")
        }
        KeyState::Untried(_) | KeyState::Missing(_) | KeyState::Locked(_) | KeyState::Unread(_) => {
            format!("{data}, no store yet")
        }
    }
}

const fn state_name(state: &KeyState) -> &'static str {
    match state {
        KeyState::Fits(_) => "fits",
        KeyState::Foreign(_) => "foreign",
        KeyState::Untried(_) => "untried",
        KeyState::Missing(_) => "missing",
        KeyState::Locked(_) => "locked",
        KeyState::Unread(_) => "unread",
    }
}

/// JSON of a key.
pub fn key(spot: &Spot) -> Value {
    let content = spot.read().ok();
    let cost = match &content {
        Some(Content::Wrapped(wrapped)) => json!({
            "algorithm": "argon2id",
            "memoryKiB": wrapped.cost.memory,
            "passes": wrapped.cost.passes,
            "lanes": wrapped.cost.lanes,
        }),
        Some(Content::Plain(_)) | None => Value::Null,
    };
    let is_in_keyring =
        matches!(&content, Some(Content::Wrapped(wrapped)) if wrapped.is_in_keyring());
    json!({
        "inKeyring": is_in_keyring,
        "path": spot.path,
        "origin": match spot.origin {
            Origin::Named => "named",
            Origin::Credentials => "credentials",
            Origin::Config => "config",
        },
        "fingerprint": content.as_ref().map(fingerprint),
        "passphrase": cost,
    })
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Named => "--key-file or UMAI_KEY_FILE",
        Origin::Credentials => "service manager",
        Origin::Config => "config directory",
    }
}

fn fingerprint(content: &Content) -> String {
    match content {
        Content::Plain(key) => key.fingerprint(),
        Content::Wrapped(wrapped) => wrapped.fingerprint,
    }
    .to_string()
}

fn cost(content: &Content) -> String {
    match content {
        Content::Plain(_) => "none".into(),
        Content::Wrapped(wrapped) if wrapped.is_in_keyring() => {
            "in the keyring of this system".into()
        }
        Content::Wrapped(wrapped) => format!(
            "yes (Argon2id, {} MiB, {} passes, {} lanes)",
            wrapped.cost.memory / 1024,
            wrapped.cost.passes,
            wrapped.cost.lanes
        ),
    }
}

/// Returns the first names and the number of the others.
pub fn names(named: &[Named]) -> String {
    let shown: Vec<&str> = named
        .iter()
        .take(NAMES)
        .map(|named| named.name.as_str())
        .collect();
    let shown = shown.join(", ");
    match named.len().checked_sub(NAMES) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}
