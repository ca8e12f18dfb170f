//! What is said of a key: where it is, which one it is, whether the store is its own; never the key.

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

/// So many names are told before the rest is counted.
const NAMES: usize = 10;

/// `umai key show`.
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
        shown["store"] = json!({ "folder": ground.config.data, "key": word(&state) });
        output.json(&shown)?;
        return verdict(&state, ground);
    }
    let mut lines = vec![
        ("Key", spot.path.display().to_string()),
        ("Found", origin(spot.origin).into()),
    ];
    match spot.read() {
        Ok(content) => {
            lines.push(("Fingerprint", fingerprint(&content)));
            lines.push(("Passphrase", cost(&content)));
            let before = content.open().map(|key| earlier::read(&spot, &key).len());
            if let Some(count @ 1..) = before {
                let keys = format!("{count}, for backups from before a rotation");
                lines.push(("Keys before", keys));
            }
        }
        Err(error) if spot.path.exists() => lines.push(("Trouble", error.to_string())),
        Err(_) => lines.push(("Trouble", "it is not there".into())),
    }
    lines.push(("Store", sentence(&state, ground)));
    for (label, text) in lines {
        output.line(&format!("{:<13}{text}", format!("{label}:")))?;
    }
    verdict(&state, ground)
}

/// Whether the store can be opened with it.
fn verdict(state: &KeyState, ground: &Ground) -> Result<(), Failure> {
    match state {
        // Nobody gave the passphrase: that is not asked for here.
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
        KeyState::Fits(_) => format!("{data}, sealed with this key"),
        KeyState::Locked(_) if has_store => {
            format!("{data}; whether this is its key shows with the passphrase")
        }
        KeyState::Foreign(_) => format!("{data}, sealed with another key"),
        KeyState::Missing(_) | KeyState::Unread(_) if has_store => {
            format!("{data}, sealed with a key that is not at hand")
        }
        KeyState::Untried(_) | KeyState::Missing(_) | KeyState::Locked(_) | KeyState::Unread(_) => {
            format!("{data}, where there is none yet")
        }
    }
}

const fn word(state: &KeyState) -> &'static str {
    match state {
        KeyState::Fits(_) => "fits",
        KeyState::Foreign(_) => "foreign",
        KeyState::Untried(_) => "untried",
        KeyState::Missing(_) => "missing",
        KeyState::Locked(_) => "locked",
        KeyState::Unread(_) => "unread",
    }
}

/// A key, to programs.
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
        Origin::Named => "named with --key-file or UMAI_KEY_FILE",
        Origin::Credentials => "handed over by the service manager",
        Origin::Config => "in the config folder",
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
            "kept by the keyring of this system".into()
        }
        Content::Wrapped(wrapped) => format!(
            "asked for (Argon2id, {} MiB, {} passes, {} lanes)",
            wrapped.cost.memory / 1024,
            wrapped.cost.passes,
            wrapped.cost.lanes
        ),
    }
}

/// The first names, and how many more there are.
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
