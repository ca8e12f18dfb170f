//! Location of the app's unsaved drafts: always local, also for the connections of a server.

use super::Globals;
use crate::api::client::RemoteOptions;
use crate::config::{Config, short_digest};
use crate::drafts::{DraftsLocation, WithoutKey};
use crate::store;
use crate::store::etcd_options::EtcdAddress;

/// Name of the directory in the data directory.
const FOLDER: &str = "drafts";

/// Returns the location for the local store.
pub fn local(config: &Config) -> DraftsLocation {
    DraftsLocation {
        folder: config.data.join(FOLDER),
        target: "here".into(),
        config: config.config.clone(),
        key_file: config.key_file.clone(),
        // Creating the store creates its key. One that is missing later is lost and must not be replaced here.
        missing_key: WithoutKey::Refuse,
    }
}

/// Returns the location for a store on etcd.
pub fn for_etcd(config: &Config, address: &EtcdAddress) -> DraftsLocation {
    let target = address.to_string();
    DraftsLocation {
        folder: config.data.join(FOLDER).join(short_digest(&target)),
        target,
        ..local(config)
    }
}

/// Returns the location for a server; none without a home directory.
pub fn for_server(globals: &Globals, server: &RemoteOptions) -> Option<DraftsLocation> {
    let config = Config::new(
        globals.data.clone(),
        globals.config.clone(),
        globals.key_file.clone(),
    )
    .ok()?;
    let target = server.address().to_string();
    Some(DraftsLocation {
        folder: config.data.join(FOLDER).join(short_digest(&target)),
        target,
        // A new key beside an existing store would hide that the right key is missing.
        missing_key: if store::is_missing(&config.data) {
            WithoutKey::Create
        } else {
            WithoutKey::Refuse
        },
        config: config.config,
        key_file: config.key_file,
    })
}
