//! A change that is only looked at: what it would come to, and what of that can be told from where it is asked.

use uuid::Uuid;

use super::core_service::{changed, merge};
use super::validate::{Examined, Stored};
use super::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, ConnectionService, Field,
    IdOrAlias, Mask, Plain, Reason, Setting, Settings, Window,
};
use crate::appsettings::Lookup;

/// A change that could be made.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// As [`ConnectionService::create`].
    Create(ConnectionDraft),
    /// As [`ConnectionService::update`].
    Update {
        /// The connection.
        key: IdOrAlias,
        /// What shall be different.
        draft: ConnectionDraft,
        /// The version it is made over.
        over: Option<u64>,
    },
    /// As [`ConnectionService::duplicate`].
    Duplicate {
        /// The connection.
        key: IdOrAlias,
        /// What is different in the copy.
        draft: ConnectionDraft,
    },
    /// As [`ConnectionService::set_active`].
    SetActive {
        /// The connection.
        key: IdOrAlias,
        /// Whether it shall be on.
        active: bool,
    },
    /// As [`ConnectionService::rollback`].
    Rollback {
        /// The connection.
        key: IdOrAlias,
        /// The version it shall be like.
        number: u64,
    },
    /// As [`ConnectionService::delete`].
    Delete {
        /// The connection.
        key: IdOrAlias,
        /// The version that was seen.
        over: Option<u64>,
    },
    /// As [`ConnectionService::restore`].
    Restore {
        /// The connection.
        id: Uuid,
        /// Another alias.
        alias: Option<String>,
    },
    /// As [`ConnectionService::purge`].
    Purge(Uuid),
}

/// What a change would come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    /// The connection after it, or the one that would go. What only the save gives, as the id of a new one, means nothing here.
    pub connection: Connection,
    /// What would be different in a connection that is there already.
    pub paths: Vec<String>,
    /// Those of the paths of which it cannot be told: a secret is given, and whether it is the one that is stored is not known.
    pub untold: Vec<String>,
    /// Whether it was told by who would make the change; otherwise a server was only read, and may refuse for reasons of its own.
    pub is_exact: bool,
}

/// What can be told of a change by reading: validation, who has the alias, what references resolve to.
pub async fn from_afar<S: ConnectionService + ?Sized>(
    service: &S,
    proposal: Proposal,
) -> Result<Foreseen, ConnectionError> {
    let catalog = service.providers();
    match proposal {
        Proposal::Create(draft) => {
            let found = draft.examine(&catalog, Stored::Nothing);
            let found = further(service, found, None).await?;
            Ok(told(&whole(found, None), Vec::new()))
        }
        Proposal::Duplicate { key, draft } => {
            let original = unreadable(service.get(&key).await?);
            let found = merge::copy(&original, &draft, &catalog);
            let found = further(service, found, None).await?;
            Ok(told(&whole(found, None), Vec::new()))
        }
        Proposal::Update { key, draft, over } => {
            let before = unreadable(service.get(&key).await?);
            let found = before.item.version;
            if let Some(expected) = over.filter(|expected| *expected != found) {
                return Err(ConnectionError::VersionMoved { expected, found });
            }
            let merged = merge::over(&before, &draft, &catalog);
            let mut found = merged.draft.examine(&catalog, Stored::Nothing);
            merged.refuse_what_moved(&mut found);
            let found = further(service, found, Some(&before)).await?;
            let mut after = whole(found, Some(&before));
            if draft.settings.is_none() {
                after.settings.clone_from(&before.settings);
            }
            let paths = changed::paths(&before, &after);
            Ok(told(&after, paths).beside(&before))
        }
        Proposal::SetActive { key, active } => {
            let before = unreadable(service.get(&key).await?);
            let mut after = before.clone();
            after.item.is_active = active;
            let paths = changed::paths(&before, &after);
            Ok(told(&after, paths))
        }
        Proposal::Rollback { key, number } => {
            let snapshot = service.version(&key, number).await?.snapshot;
            let before = unreadable(service.get(&key).await?);
            let merged = merge::back_to(&before, &snapshot, &catalog);
            let mut found = merged.draft.examine(&catalog, Stored::Nothing);
            merged.refuse_what_moved(&mut found);
            let found = further(service, found, Some(&before)).await?;
            let after = whole(found, Some(&before));
            let paths = changed::paths(&before, &after);
            Ok(told(&after, paths))
        }
        Proposal::Delete { key, over } => {
            let connection = service.get(&key).await?;
            let found = connection.item.version;
            match over.filter(|expected| *expected != found) {
                Some(expected) => Err(ConnectionError::VersionMoved { expected, found }),
                None => Ok(told(&unreadable(connection), Vec::new())),
            }
        }
        Proposal::Restore { id, alias } => {
            let mut item = in_trash(service, id).await?;
            item.date_deleted = None;
            if let Some(alias) = alias {
                item.alias = alias;
            }
            if let Some(owner) = service.alias_owner(&item.alias, Some(id)).await? {
                let reason = Reason::AliasTaken {
                    alias: item.alias,
                    by: owner.name,
                };
                return Err(ConnectionError::at(Field::Alias, reason));
            }
            Ok(told(&bare(item), Vec::new()))
        }
        Proposal::Purge(id) => Ok(told(&bare(in_trash(service, id).await?), Vec::new())),
    }
}

fn told(connection: &Connection<Plain>, paths: Vec<String>) -> Foreseen {
    Foreseen {
        connection: connection.masked(),
        paths,
        untold: Vec::new(),
        is_exact: false,
    }
}

impl Foreseen {
    /// The same, saying which secrets may be those that are stored.
    fn beside(mut self, before: &Connection<Plain>) -> Self {
        let settings = before.settings.as_ref();
        let is_untold = |path: &&String| {
            let key = path.strip_prefix("settings.");
            let before = key.and_then(|key| settings?.get(key));
            let after = key.and_then(|key| self.connection.settings.as_ref()?.get(key));
            matches!(
                (before, after),
                (Some(Setting::Secret(_)), Some(Setting::Secret(_)))
            )
        };
        self.untold = self.paths.iter().filter(is_untold).cloned().collect();
        self
    }
}

/// A connection whose secrets are there and cannot be read, as they are for who only asks.
fn unreadable(connection: Connection<Mask>) -> Connection<Plain> {
    let settings = connection.settings.map(|settings| {
        let pairs = settings.iter().map(|(key, value)| {
            let value = match value {
                Setting::Null => Setting::Null,
                Setting::Switch(on) => Setting::Switch(*on),
                Setting::Number(number) => Setting::Number(number.clone()),
                Setting::Text(text) => Setting::Text(text.clone()),
                Setting::Secret(_) => Setting::Secret(Plain::unreadable()),
            };
            (key.to_owned(), value)
        });
        pairs.collect::<Settings<Plain>>()
    });
    Connection {
        item: connection.item,
        settings,
    }
}

const fn bare(item: ConnectionItem) -> Connection<Plain> {
    Connection {
        item,
        settings: None,
    }
}

/// Adds what has to be asked for: who has the alias, and whether references that are new resolve.
async fn further<S: ConnectionService + ?Sized>(
    service: &S,
    mut found: Examined,
    before: Option<&Connection<Plain>>,
) -> Result<Examined, ConnectionError> {
    if let Some(alias) = found.alias.clone() {
        let except = before.map(|before| before.item.id);
        if let Some(owner) = service.alias_owner(&alias, except).await? {
            let by = owner.name;
            found.refuse(Field::Alias, Reason::AliasTaken { alias, by });
        }
    }
    for (field, reference) in std::mem::take(&mut found.references) {
        let settings = before.and_then(|before| before.settings.as_ref());
        let old = field.setting_key().and_then(|key| settings?.get(key));
        if old.and_then(Setting::text) == Some(reference.to_string().as_str()) {
            continue;
        }
        let key = reference.key().to_owned();
        // A server of another making may not tell; it was not asked whether it takes the change either.
        let Ok(lookup) = service.lookup(&reference).await else {
            continue;
        };
        match lookup {
            Lookup::Found { .. } => {}
            Lookup::Missing { looked_in } => {
                found.refuse(field, Reason::ReferenceMissing { key, looked_in });
            }
            Lookup::Refused { allowed } => {
                found.refuse(field, Reason::ReferenceRefused { key, allowed });
            }
        }
    }
    if found.errors.is_empty() {
        Ok(found)
    } else {
        Err(ConnectionError::Invalid(found.errors))
    }
}

/// The connection that an examination came to; `before` gives what it leaves as it is.
fn whole(found: Examined, before: Option<&Connection<Plain>>) -> Connection<Plain> {
    let never = chrono::DateTime::UNIX_EPOCH;
    let item = before.map_or_else(
        || ConnectionItem {
            id: Uuid::nil(),
            alias: String::new(),
            name: String::new(),
            provider_id: found.provider_id.clone(),
            is_active: true,
            date_created: never,
            date_modified: never,
            version: 1,
            date_deleted: None,
            endpoint: None,
        },
        |before| before.item.clone(),
    );
    Connection {
        item: ConnectionItem {
            alias: found.alias.unwrap_or(item.alias),
            name: found.name,
            is_active: found.is_active,
            ..item
        },
        settings: found.settings,
    }
}

async fn in_trash<S: ConnectionService + ?Sized>(
    service: &S,
    id: Uuid,
) -> Result<ConnectionItem, ConnectionError> {
    let everything = Window {
        skip: 0,
        take: usize::MAX,
    };
    let trash = service.trash(everything).await?.items;
    let found = trash.into_iter().find(|item| item.id == id);
    found.ok_or(ConnectionError::NotFound(IdOrAlias::Id(id)))
}
