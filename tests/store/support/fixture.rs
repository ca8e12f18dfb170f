//! Fixture for tests of the store on disk: connections, a folder, and a complete check of the content.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use umai::connection::store::{ConnectionStore, Precondition, SaveConnection};
use umai::connection::{
    Connection, ConnectionItem, ListQuery, PageRequest, PlainSecret, SettingValue, Settings,
    StoreError, VersionChange,
};
use umai::store::{StoreOptions, open};
use uuid::Uuid;

pub type Store = Arc<dyn ConnectionStore<PlainSecret>>;

pub const EVERYTHING: PageRequest = PageRequest {
    skip: 0,
    take: usize::MAX,
};

/// Number from which connections have long names, so that few of them fill the journal.
pub const LONG: u64 = 1 << 40;
const LONG_NAME: usize = 40_000;

/// First half of the IDs of these connections.
const FAMILY: u64 = 7;

pub fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(FAMILY, number)
}

/// Connection in a version; all its fields are derived from the two numbers.
pub fn connection(number: u64, version: u64) -> Connection<PlainSecret> {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Connection {
        item: ConnectionItem {
            id: id(number),
            // Every version has a different alias, to exercise the alias index.
            alias: format!("alias-{number}-{version}"),
            name: name(number, version),
            provider_id: "openai".into(),
            is_active: version % 2 == 1,
            date_created: at,
            date_modified: at,
            version,
            date_deleted: None,
            endpoint: None,
        },
        settings: Some(Settings::from_iter([
            (
                "apiKey".to_owned(),
                SettingValue::Secret(PlainSecret::new(format!("sk-planted-{number}-{version}"))),
            ),
            (
                "endpoint".to_owned(),
                SettingValue::Text("https://api.example".to_owned()),
            ),
        ])),
    }
}

fn name(number: u64, version: u64) -> String {
    let name = format!("Connection {number}, version {version}");
    if number >= LONG {
        format!("{name:-<LONG_NAME$}")
    } else {
        name
    }
}

#[allow(dead_code, reason = "each test uses a part of this")]
pub fn save(number: u64, version: u64) -> SaveConnection<PlainSecret> {
    SaveConnection {
        connection: connection(number, version),
        precondition: if version == 1 {
            Precondition::Absent
        } else {
            Precondition::Version(version - 1)
        },
        change: VersionChange::default(),
    }
}

#[allow(dead_code, reason = "each test uses a part of this")]
pub fn options(folder: &Path) -> StoreOptions {
    StoreOptions {
        data: folder.join("data"),
        config: folder.join("config"),
        key_file: None,
    }
}

#[allow(dead_code, reason = "each test uses a part of this")]
pub async fn open_in(folder: &Path) -> Result<Store, StoreError> {
    open(&options(folder)).await
}

/// Expected store content: connection numbers with their versions.
pub type Content = BTreeMap<u64, u64>;

/// Reads the complete content; panics when list, connections, aliases, versions and secrets are inconsistent.
#[allow(dead_code, reason = "each test uses a part of this")]
pub async fn content(store: &Store) -> Content {
    content_from(store, 0).await
}

/// Reads the content, fully checking the connections from a number on. Connections with smaller numbers are only counted, and
/// other connections are skipped.
pub async fn content_from(store: &Store, first: u64) -> Content {
    let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
    assert_eq!(page.items.len(), page.total);
    let mut content = Content::new();
    for item in page.items {
        let (family, number) = item.id.as_u64_pair();
        if family != FAMILY {
            continue;
        }
        if number < first {
            content.insert(number, item.version);
            continue;
        }
        let expected = connection(number, item.version);
        let got = store.get(item.id).await.unwrap();
        assert_eq!(got.as_ref(), Some(&expected), "{}", item.alias);
        assert_eq!(item, expected.listed());
        let found = store.find(&item.alias.to_uppercase()).await.unwrap();
        assert_eq!(found, got, "{}", item.alias);
        for version in 1..item.version {
            let old = connection(number, version).item.alias;
            assert_eq!(store.find(&old).await.unwrap(), None, "{old}");
        }
        let versions = store.versions(item.id, EVERYTHING).await.unwrap();
        assert_eq!(versions.total as u64, item.version, "{}", item.alias);
        content.insert(number, item.version);
    }
    content
}

/// Names with their secrets, as left by commands.
#[allow(dead_code, reason = "each test uses a part of this")]
pub type Names = BTreeMap<String, String>;

/// Reads the names with their secrets.
#[allow(dead_code, reason = "each test uses a part of this")]
pub async fn names(store: &Store) -> Names {
    let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
    let mut names = Names::new();
    for item in page.items {
        let found = store.get(item.id).await.unwrap().unwrap();
        let secret = match found.settings.unwrap().get("apiKey").unwrap() {
            SettingValue::Secret(secret) => secret.expose().unwrap_or("unreadable").to_owned(),
            _ => "no secret".to_owned(),
        };
        names.insert(item.name, secret);
    }
    names
}

/// Random number below `end`.
#[allow(dead_code, reason = "each test uses a part of this")]
pub fn random(end: u64) -> u64 {
    Uuid::new_v4().as_u64_pair().1 % end
}
