//! Store decorator that seals secrets on write and opens them on read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use super::key::{SealContext, SealDestination, StoreKey};
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, PlainSecret, SealedSecret,
    SettingValue, Settings, StoreError, Version,
};

/// Store with plain secrets on top of a store with sealed ones, which never sees a plain secret.
pub struct SealedStore<T> {
    inner: T,
    key: Arc<StoreKey>,
    store: Uuid,
    /// Notices of the inner store and about secrets that cannot be opened, in order of arrival.
    notices: Mutex<Vec<StoreNotice>>,
}

/// Maximum number of notices.
const MAX_NOTICES: usize = 100;

impl<T: ConnectionStore<SealedSecret>> SealedStore<T> {
    /// Wraps a store. `key` seals the secrets; `store` is the ID that every seal is bound to.
    pub fn new(inner: T, key: impl Into<Arc<StoreKey>>, store: Uuid) -> Self {
        Self {
            inner,
            key: key.into(),
            store,
            notices: Mutex::default(),
        }
    }

    fn open(&self, sealed: Connection<SealedSecret>) -> Connection<PlainSecret> {
        let connection = sealed.item.id;
        let name = sealed.item.name.clone();
        let destination = SealDestination::of(&sealed);
        let opened = sealed.try_map(|field, secret| {
            let place = SealContext {
                store: self.store,
                connection,
                field,
                destination,
            };
            let opened = self.key.open(&place, &secret);
            if opened.expose().is_none() {
                self.add_notice(&name, field);
            }
            Ok::<_, std::convert::Infallible>(opened)
        });
        match opened {
            Ok(opened) => opened,
        }
    }

    fn add_notice(&self, name: &str, field: &str) {
        let mut notices = self.lock_notices();
        let sentence = format!(
            "The {field} of {name} cannot be decrypted: another key encrypted it, or the connection was changed outside umai. \
             Check its endpoint, then enter the {field} again"
        );
        if notices.len() < MAX_NOTICES && !notices.contains(&sentence) {
            notices.push(sentence);
        }
    }

    fn lock_notices(&self) -> MutexGuard<'_, Vec<StoreNotice>> {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for notice in self.inner.notices() {
            if !notices.contains(&notice) {
                notices.push(notice);
            }
        }
        notices
    }

    /// Seals a connection. A secret that could not be opened keeps its stored seal, so that a rename does not lose it.
    async fn seal(
        &self,
        plain: Connection<PlainSecret>,
    ) -> Result<Connection<SealedSecret>, StoreError> {
        let connection = plain.item.id;
        let destination = SealDestination::of(&plain);
        let stored = if has_unreadable(&plain) {
            self.inner.get(connection).await?
        } else {
            None
        };
        plain.try_map(|field, secret| match secret.expose() {
            Some(text) => {
                let place = SealContext {
                    store: self.store,
                    connection,
                    field,
                    destination,
                };
                self.key.seal(&place, text)
            }
            None => stored_seal(stored.as_ref(), field).ok_or_else(|| {
                StoreError::Key(format!(
                    "The stored {field} cannot be decrypted; enter it again"
                ))
            }),
        })
    }
}

fn has_unreadable(connection: &Connection<PlainSecret>) -> bool {
    connection.settings.iter().flat_map(Settings::iter).any(
        |(_, value)| matches!(value, SettingValue::Secret(secret) if secret.expose().is_none()),
    )
}

fn stored_seal(stored: Option<&Connection<SealedSecret>>, field: &str) -> Option<SealedSecret> {
    match stored?.settings.as_ref()?.get(field)? {
        SettingValue::Secret(sealed) => Some(sealed.clone()),
        SettingValue::Null
        | SettingValue::Switch(_)
        | SettingValue::Number(_)
        | SettingValue::Text(_) => None,
    }
}

#[async_trait]
impl<T: ConnectionStore<SealedSecret>> ConnectionStore<PlainSecret> for SealedStore<T> {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<PlainSecret>>, StoreError> {
        let found = self.inner.get(id).await?;
        Ok(found.map(|sealed| self.open(sealed)))
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<PlainSecret>>, StoreError> {
        let found = self.inner.find(alias).await?;
        Ok(found.map(|sealed| self.open(sealed)))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        self.inner.list(query).await
    }

    async fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.inner.aliases(prefix, limit).await
    }

    async fn save(&self, save: SaveConnection<PlainSecret>) -> Result<Revision, StoreError> {
        let connection = self.seal(save.connection).await?;
        self.inner
            .save(SaveConnection {
                connection,
                precondition: save.precondition,
                change: save.change,
            })
            .await
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        self.inner.purge(id, version).await
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        self.inner.versions(id, window).await
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        self.inner.version(id, number).await
    }

    fn revision(&self) -> Revision {
        self.inner.revision()
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        self.inner.changes(since).await
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.lock_notices().clone()
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::VersionChange;
    use crate::connection::store::Precondition;
    use crate::store::memory::MemoryStore;

    const STORE: Uuid = Uuid::from_u128(1);

    fn connection(version: u64) -> Connection<PlainSecret> {
        let json = format!(
            r#"{{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A name","providerId":"openai","isActive":true,
            "dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":{version},"settings":{{"endpoint":"https://api.example"}}}}"#
        );
        let shown: Connection<SealedSecret> = serde_json::from_str(&json).unwrap();
        let mut plain = shown
            .try_map(|_, _| Ok::<_, std::convert::Infallible>(PlainSecret::unreadable()))
            .unwrap();
        let secret = SettingValue::Secret(PlainSecret::new("sk-planted"));
        plain.settings.get_or_insert_default().set("apiKey", secret);
        plain
    }

    fn save<S>(connection: Connection<S>, precondition: Precondition) -> SaveConnection<S> {
        SaveConnection {
            connection,
            precondition,
            change: VersionChange::default(),
        }
    }

    fn key_of(connection: &Connection<PlainSecret>) -> Option<&str> {
        let settings = connection.settings.as_ref().unwrap();
        settings.get("apiKey").and_then(SettingValue::text)
    }

    /// Sets the endpoint below the sealing, as someone without the key would.
    async fn set_endpoint_below_sealing(
        store: &SealedStore<MemoryStore<SealedSecret>>,
        to: &str,
        version: u64,
    ) {
        let id = connection(1).item.id;
        let mut sealed = store.inner.get(id).await.unwrap().unwrap();
        sealed.item.version = version;
        let settings = sealed.settings.as_mut().unwrap();
        settings.set("endpoint", SettingValue::Text(to.into()));
        let change = save(sealed, Precondition::Version(version - 1));
        store.inner.save(change).await.unwrap();
    }

    #[tokio::test]
    async fn secret_of_moved_connection_is_unreadable_and_named() {
        let key = StoreKey::random().unwrap();
        let store = SealedStore::new(MemoryStore::default(), key, STORE);
        let id = connection(1).item.id;
        store
            .save(save(connection(1), Precondition::Absent))
            .await
            .unwrap();
        set_endpoint_below_sealing(&store, "https://api.example/v1", 2).await;
        let found = store.get(id).await.unwrap().unwrap();
        assert_eq!(key_of(&found), Some("sk-planted"), "same origin");
        set_endpoint_below_sealing(&store, "https://evil.example", 3).await;
        let mut found = store.get(id).await.unwrap().unwrap();
        assert_eq!(key_of(&found), None);
        let notices = store.notices().join(" ");
        assert!(notices.contains("The apiKey of A name"), "{notices}");
        // A save keeps the seal, and does not bind it to the other origin.
        found.item.version = 4;
        store
            .save(save(found, Precondition::Version(3)))
            .await
            .unwrap();
        assert_eq!(key_of(&store.get(id).await.unwrap().unwrap()), None);
        set_endpoint_below_sealing(&store, "https://api.example", 5).await;
        let found = store.get(id).await.unwrap().unwrap();
        assert_eq!(key_of(&found), Some("sk-planted"), "moved back");
        // The service may move it: it seals the secret again.
        let mut change = connection(6);
        let settings = change.settings.as_mut().unwrap();
        settings.set("endpoint", SettingValue::Text("https://new.example".into()));
        store
            .save(save(change, Precondition::Version(5)))
            .await
            .unwrap();
        let found = store.get(id).await.unwrap().unwrap();
        assert_eq!(key_of(&found), Some("sk-planted"));
    }
}
