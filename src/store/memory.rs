//! In-memory store for tests and experiments.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::connection::query::order_of;
use crate::connection::store::{
    ChangeEvent, ChangeFeed, ChangeKind, ConnectionStore, Precondition, Revision, SaveConnection,
    StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, MaskedSecret, Page, PageRequest, StoreError, Version,
    alias,
};
use crate::text::case_fold::fold;

/// Store that lives as long as the process.
pub struct MemoryStore<S> {
    state: Arc<Mutex<MemoryState<S>>>,
    /// Newest revision; `None` when the store is closed.
    newest: watch::Sender<Option<u64>>,
}

struct MemoryState<S> {
    connections: HashMap<Uuid, MemoryRecord<S>>,
    /// Keys are in lower case.
    aliases: HashMap<String, Uuid>,
    changes: Vec<ChangeEvent>,
}

struct MemoryRecord<S> {
    connection: Connection<S>,
    versions: BTreeMap<u64, Version>,
}

impl<S> Default for MemoryStore<S> {
    fn default() -> Self {
        let state = MemoryState {
            connections: HashMap::new(),
            aliases: HashMap::new(),
            changes: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            newest: watch::Sender::new(Some(0)),
        }
    }
}

impl<S> MemoryStore<S> {
    fn open_state(&self) -> Result<MutexGuard<'_, MemoryState<S>>, StoreError> {
        if self.newest.borrow().is_none() {
            return Err(StoreError::closed());
        }
        Ok(lock(&self.state))
    }

    fn announce(&self, mut state: MutexGuard<'_, MemoryState<S>>, what: ChangeKind) -> Revision {
        let revision = Revision(state.changes.len() as u64 + 1);
        state.changes.push(ChangeEvent {
            revision,
            kind: what,
            request: None,
        });
        self.newest.send_replace(Some(revision.0));
        revision
    }
}

/// A poisoned lock is safe to use: no code panics in the middle of an update.
fn lock<S>(state: &Mutex<MemoryState<S>>) -> MutexGuard<'_, MemoryState<S>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S> MemoryState<S> {
    fn check(&self, save: &SaveConnection<S>) -> Result<(), StoreError> {
        let item = &save.connection.item;
        let found = self
            .connections
            .get(&item.id)
            .map(|record| record.connection.item.version);
        match (save.precondition, found) {
            (Precondition::Absent, None) => {}
            (Precondition::Absent, Some(_)) => return Err(StoreError::IdTaken(item.id)),
            (Precondition::Version(_), None) => return Err(StoreError::NotFound(item.id)),
            (Precondition::Version(expected), Some(found)) => {
                if found != expected || item.version <= found {
                    return Err(StoreError::VersionConflict { expected, found });
                }
            }
        }
        let owner = self.aliases.get(&item.alias.to_lowercase());
        match owner.and_then(|owner| self.connections.get(owner)) {
            Some(record) if record.connection.item.id != item.id => Err(StoreError::AliasTaken {
                alias: item.alias.clone(),
                by: Box::new(record.connection.listed()),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

impl<S: Clone> MemoryState<S> {
    fn insert(&mut self, save: SaveConnection<S>) {
        let item = &save.connection.item;
        let id = item.id;
        let version = Version {
            snapshot: masked(&save.connection),
            change: save.change,
        };
        self.aliases.insert(item.alias.to_lowercase(), id);
        let mut versions = BTreeMap::new();
        if let Some(before) = self.connections.remove(&id) {
            let (old, new) = (&before.connection.item.alias, &item.alias);
            if old.to_lowercase() != new.to_lowercase() {
                self.aliases.remove(&old.to_lowercase());
            }
            versions = before.versions;
        }
        versions.insert(item.version, version);
        let record = MemoryRecord {
            connection: save.connection,
            versions,
        };
        self.connections.insert(id, record);
    }
}

/// Masks like the store on disk, which cannot read sealed secrets: all masks are equal.
fn masked<S: Clone>(connection: &Connection<S>) -> Connection<MaskedSecret> {
    let masked = connection
        .clone()
        .try_map(|_, _| Ok::<_, Infallible>(MaskedSecret::Any));
    match masked {
        Ok(masked) => masked,
    }
}

#[async_trait]
impl<S: Clone + Send + Sync + 'static> ConnectionStore<S> for MemoryStore<S> {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<S>>, StoreError> {
        let state = self.open_state()?;
        Ok(state
            .connections
            .get(&id)
            .map(|record| record.connection.clone()))
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<S>>, StoreError> {
        let state = self.open_state()?;
        let id = state.aliases.get(&alias.to_lowercase());
        let record = id.and_then(|id| state.connections.get(id));
        Ok(record.map(|record| record.connection.clone()))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        let query = query.clone().lowered();
        let state = self.open_state()?;
        let mut found: Vec<&Connection<S>> = state
            .connections
            .values()
            .map(|record| &record.connection)
            .filter(|connection| query.contains(&connection.item))
            .collect();
        found.sort_by_cached_key(|connection| {
            let (name, alias) = order_of(&connection.item);
            (name, alias.to_owned())
        });
        let total = found.len();
        let mut window = query.window;
        if let Some(after) = query.cursor() {
            let place = (fold(&after.name), after.alias.as_str());
            window.skip = found.partition_point(|connection| order_of(&connection.item) <= place);
        }
        let page = page(found, window);
        Ok(Page {
            items: page.items.into_iter().map(Connection::listed).collect(),
            total,
        })
    }

    async fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_lowercase();
        let state = self.open_state()?;
        let mut found: Vec<&String> = state
            .aliases
            .keys()
            .filter(|alias| alias.starts_with(&prefix) && !alias::is_in_trash(alias))
            .collect();
        found.sort();
        Ok(found.into_iter().take(limit).cloned().collect())
    }

    async fn save(&self, save: SaveConnection<S>) -> Result<Revision, StoreError> {
        let mut state = self.open_state()?;
        state.check(&save)?;
        let item = save.connection.listed();
        state.insert(save);
        Ok(self.announce(state, ChangeKind::new_state(item)))
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        let mut state = self.open_state()?;
        let record = state.connections.get(&id).ok_or(StoreError::NotFound(id))?;
        let item = &record.connection.item;
        if item.version != version {
            return Err(StoreError::VersionConflict {
                expected: version,
                found: item.version,
            });
        }
        let alias = item.alias.to_lowercase();
        state.aliases.remove(&alias);
        state.connections.remove(&id);
        Ok(self.announce(state, ChangeKind::Deleted(id)))
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        let state = self.open_state()?;
        let versions = state.connections.get(&id).map_or_else(Vec::new, |record| {
            record.versions.values().rev().cloned().collect()
        });
        Ok(page(versions, window))
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        let state = self.open_state()?;
        let record = state.connections.get(&id);
        Ok(record.and_then(|record| record.versions.get(&number).cloned()))
    }

    fn revision(&self) -> Revision {
        Revision(lock(&self.state).changes.len() as u64)
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        if since > self.revision() {
            return Err(StoreError::FeedTooOld(since.0));
        }
        let start = (Arc::clone(&self.state), self.newest.subscribe(), since.0);
        Ok(Box::pin(futures_util::stream::unfold(
            start,
            |(state, mut updates, seen)| async move {
                loop {
                    let newest = *updates.borrow_and_update();
                    let next = usize::try_from(seen)
                        .ok()
                        .and_then(|seen| lock(&state).changes.get(seen).cloned());
                    if let Some(changed) = next {
                        let seen = changed.revision.0;
                        return Some((Ok(changed), (state, updates, seen)));
                    }
                    if newest.is_none() || updates.changed().await.is_err() {
                        return None;
                    }
                }
            },
        )))
    }

    fn notices(&self) -> Vec<StoreNotice> {
        Vec::new()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.newest.send_replace(None);
        Ok(())
    }
}

fn page<T>(all: Vec<T>, window: PageRequest) -> Page<T> {
    let total = all.len();
    let items = all
        .into_iter()
        .skip(window.skip)
        .take(window.take)
        .collect();
    Page { items, total }
}
