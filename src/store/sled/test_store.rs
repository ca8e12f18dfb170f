//! Store of the unit tests in this module.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::SledStore;
use crate::connection::store::{Precondition, SaveConnection};
use crate::connection::{Connection, ConnectionItem, SealedSecret, VersionChange};
use crate::store::backup::BackupConfig;
use crate::store::journal::header::StoreIdentity;
use crate::store::key::{StoreKey, UnlockedStore};

/// First version of a connection with this number.
pub fn save(number: u64) -> SaveConnection<SealedSecret> {
    let at = chrono::DateTime::UNIX_EPOCH;
    SaveConnection {
        connection: Connection {
            item: ConnectionItem {
                id: Uuid::from_u64_pair(1, number),
                alias: format!("c{number}"),
                name: format!("Connection {number}"),
                provider_id: "openai".into(),
                is_active: true,
                date_created: at,
                date_modified: at,
                version: 1,
                date_deleted: None,
                endpoint: None,
            },
            settings: None,
        },
        precondition: Precondition::Absent,
        change: VersionChange::default(),
    }
}

/// Identity and key of all stores of the tests.
pub fn unlocked() -> UnlockedStore {
    static UNLOCKED: OnceLock<UnlockedStore> = OnceLock::new();
    let new = || UnlockedStore {
        identity: StoreIdentity::new(Uuid::from_u128(7), [3; 40]),
        key: Arc::new(StoreKey::random().unwrap()),
    };
    UNLOCKED.get_or_init(new).clone()
}

/// Opens a store, or creates it.
pub fn open(data: &Path) -> SledStore {
    let unlock = |_: Option<&StoreIdentity>| Ok(unlocked());
    SledStore::open(data, unlock, BackupConfig::default()).unwrap()
}
