//! Output of `umai key show`: location, fingerprint and state of the key, never the key itself.

use serde_json::{Value, json};

use super::super::exit::Failure;
use super::super::open_service::CliContext;
use super::super::output::{Audience, Output};
use super::super::passphrase;
use crate::store::backup::comparison::NamedConnection;
use crate::store::inspect::{KeyState, survey_key};
use crate::store::key::key_file::{KeyFileContent, KeyFileLocation, KeyFileOrigin};
use crate::store::key::previous_keys;
use crate::store::{check_key, is_missing};

/// Number of names to list before the rest is counted.
const NAMES: usize = 10;

/// Writes the output of `umai key show`.
pub fn show(context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    if context.config.passphrase_file.is_some()
        && let Some(notice) = passphrase::unlock(context)?
    {
        output.note(&notice);
    }
    let location = passphrase::key_file_location(context);
    let state = survey_key(&context.store_options());
    if output.audience() == Audience::Program {
        let mut shown = key(&location);
        shown["store"] = json!({ "folder": context.config.data, "key": state_name(&state) });
        output.value(&shown)?;
        return check_state(&state, context);
    }
    let mut lines = vec![
        ("Key", location.path.display().to_string()),
        ("Source", origin(location.origin).into()),
    ];
    match location.read() {
        Ok(key_file) => {
            lines.push(("Fingerprint", fingerprint(&key_file)));
            lines.push(("Passphrase", cost(&key_file)));
            let before = key_file
                .open()
                .map(|key| previous_keys::read(&location, &key).len());
            if let Some(count @ 1..) = before {
                let keys = format!("{count}, for backups older than a rotation");
                lines.push(("Old keys", keys));
            }
        }
        Err(error) if location.path.exists() => lines.push(("Error", error.to_string())),
        Err(_) => lines.push(("Error", "the key file does not exist".into())),
    }
    lines.push(("Store", sentence(&state, context)));
    for (label, text) in lines {
        output.line(&format!("{:<13}{text}", format!("{label}:")))?;
    }
    check_state(&state, context)
}

/// Returns an error if the key cannot open the store.
fn check_state(state: &KeyState, context: &CliContext) -> Result<(), Failure> {
    match state {
        // The passphrase is not prompted for here.
        KeyState::Locked(_) => Ok(()),
        _ => Ok(check_key(&context.store_options())?),
    }
}

fn sentence(state: &KeyState, context: &CliContext) -> String {
    let data = context.config.data.display();
    let has_store = !is_missing(&context.config.data);
    match state {
        KeyState::Matches(_) => format!("{data}, encrypted with this key"),
        KeyState::Pending(path) => {
            format!("{data}, encrypted with the new key in {}", path.display())
        }
        KeyState::Locked(_) if has_store => {
            format!("{data}; the key is protected by a passphrase and was not checked")
        }
        KeyState::Mismatched(_) => format!("{data}, encrypted with a different key"),
        KeyState::Missing(_) | KeyState::Unreadable(_) if has_store => {
            format!("{data}, encrypted with a key that is missing")
        }
        KeyState::NotTried(_)
        | KeyState::Missing(_)
        | KeyState::Locked(_)
        | KeyState::Unreadable(_) => {
            format!("{data}, no store yet")
        }
    }
}

const fn state_name(state: &KeyState) -> &'static str {
    match state {
        KeyState::Matches(_) => "fits",
        KeyState::Pending(_) => "pending",
        KeyState::Mismatched(_) => "foreign",
        KeyState::NotTried(_) => "untried",
        KeyState::Missing(_) => "missing",
        KeyState::Locked(_) => "locked",
        KeyState::Unreadable(_) => "unread",
    }
}

/// JSON of a key.
pub fn key(location: &KeyFileLocation) -> Value {
    let key_file = location.read().ok();
    let cost = match &key_file {
        Some(KeyFileContent::Wrapped(wrapped)) => json!({
            "algorithm": "argon2id",
            "memoryKiB": wrapped.cost.memory,
            "passes": wrapped.cost.passes,
            "lanes": wrapped.cost.lanes,
        }),
        Some(KeyFileContent::Plain(_)) | None => Value::Null,
    };
    let is_in_keyring =
        matches!(&key_file, Some(KeyFileContent::Wrapped(wrapped)) if wrapped.is_in_keyring());
    json!({
        "inKeyring": is_in_keyring,
        "path": location.path,
        "origin": match location.origin {
            KeyFileOrigin::Option => "named",
            KeyFileOrigin::Credentials => "credentials",
            KeyFileOrigin::Config => "config",
        },
        "fingerprint": key_file.as_ref().map(fingerprint),
        "passphrase": cost,
    })
}

const fn origin(origin: KeyFileOrigin) -> &'static str {
    match origin {
        KeyFileOrigin::Option => "--key-file or UMAI_KEY_FILE",
        KeyFileOrigin::Credentials => "service manager",
        KeyFileOrigin::Config => "config directory",
    }
}

fn fingerprint(key_file: &KeyFileContent) -> String {
    key_file.fingerprint().to_string()
}

fn cost(key_file: &KeyFileContent) -> String {
    match key_file {
        KeyFileContent::Plain(_) => "none".into(),
        KeyFileContent::Wrapped(wrapped) if wrapped.is_in_keyring() => {
            "in the keyring of this system".into()
        }
        KeyFileContent::Wrapped(wrapped) => format!(
            "yes (Argon2id, {} MiB, {} passes, {} lanes)",
            wrapped.cost.memory / 1024,
            wrapped.cost.passes,
            wrapped.cost.lanes
        ),
    }
}

/// Returns the first names and the number of the others.
pub fn names(named: &[NamedConnection]) -> String {
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
