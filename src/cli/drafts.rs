//! Where the app keeps what is typed and not saved: on this machine, also when the connections are a server's.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Globals;
use crate::api::client::RemoteOptions;
use crate::config::Config;
use crate::drafts::{Place, WithoutKey};
use crate::store;

/// The name of the folder in the data folder.
const FOLDER: &str = "drafts";

/// How many bytes of a digest tell servers apart.
const TELLING: usize = 8;

/// The drafts about the connections here.
pub fn here(config: &Config) -> Place {
    Place {
        folder: config.data.join(FOLDER),
        target: "here".into(),
        config: config.config.clone(),
        key_file: config.key_file.clone(),
        // The store made it when it was made itself.
        missing_key: WithoutKey::Refuse,
    }
}

/// The drafts about the connections of a server; none where there is no home for them.
pub fn of_server(globals: &Globals, server: &RemoteOptions) -> Option<Place> {
    let config = Config::new(
        globals.data.clone(),
        globals.config.clone(),
        globals.key_file.clone(),
    )
    .ok()?;
    let target = server.address().to_string();
    let digest = Sha256::digest(target.as_bytes());
    let mut name = String::new();
    for byte in digest.iter().take(TELLING) {
        let _ = write!(name, "{byte:02x}"); // a String takes every write
    }
    Some(Place {
        folder: config.data.join(FOLDER).join(name),
        target,
        // A new key beside an old store would only look like the one that is missing.
        missing_key: if store::is_missing(&config.data) {
            WithoutKey::Create
        } else {
            WithoutKey::Refuse
        },
        config: config.config,
        key_file: config.key_file,
    })
}
