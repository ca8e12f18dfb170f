//! Concurrent creates, at most one per alias at a time.
//!
//! Creates finish in any order, but of two elements with the same alias the first must win.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Context;
use tokio::task::{JoinError, JoinSet};

use super::super::exit::Failure;
use super::Intent;
use super::elements::Unit;
use super::incoming::Incoming;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionService, Field, Foreseen, Proposal,
    Reason,
};

/// Maximum number of concurrent creates; the store syncs concurrent changes together.
pub const MOST: usize = 256;

/// Result of one element.
pub struct Outcome {
    /// Number of elements before it.
    pub order: u64,
    /// Unit of the number.
    pub unit: Unit,
    /// Number, from 1.
    pub number: u64,
    /// Created connection, or the error.
    pub created: Result<Created, ConnectionError>,
    alias: Option<String>,
}

/// Connection that was created, or would be.
pub enum Created {
    /// Created.
    Kept(Box<Connection>),
    /// Checked only.
    Foreseen(Box<Foreseen>),
}

/// Creates in flight.
pub struct UnderWay {
    creates: JoinSet<Outcome>,
    aliases: HashSet<String>,
    intent: Intent,
    /// Aliases that a dry run would have taken; none otherwise, because the store knows them.
    foreseen: HashSet<String>,
}

impl UnderWay {
    /// Creates an empty set.
    pub fn new(intent: Intent) -> Self {
        Self {
            creates: JoinSet::new(),
            aliases: HashSet::new(),
            intent,
            foreseen: HashSet::new(),
        }
    }

    /// Returns true if another create can start.
    pub fn has_room(&self) -> bool {
        self.creates.len() < MOST
    }

    /// Returns true if no create is in flight.
    pub fn is_empty(&self) -> bool {
        self.creates.is_empty()
    }

    /// Returns true if no create with the same alias is in flight.
    pub fn admits(&self, next: &Incoming) -> bool {
        next.alias()
            .is_none_or(|alias| !self.aliases.contains(&alias))
    }

    /// Starts a create.
    pub fn begin(&mut self, service: &Arc<dyn ConnectionService>, next: Incoming) {
        let service = Arc::clone(service);
        let alias = next.alias();
        self.aliases.extend(alias.clone());
        let intent = self.intent;
        let is_taken = alias
            .as_ref()
            .is_some_and(|alias| self.foreseen.contains(alias));
        self.creates.spawn(async move {
            let created = match next.draft {
                Ok(draft) if is_taken => Err(alias_taken(draft)),
                Ok(draft) if intent == Intent::Foresee => service
                    .foresee(Proposal::Create(draft))
                    .await
                    .map(|foreseen| Created::Foreseen(Box::new(foreseen))),
                Ok(draft) => service
                    .create(draft)
                    .await
                    .map(|connection| Created::Kept(Box::new(connection))),
                Err(error) => Err(error),
            };
            Outcome {
                order: next.order,
                unit: next.unit,
                number: next.number,
                created,
                alias,
            }
        });
    }

    /// Returns a create that has finished, without waiting.
    pub fn try_next(&mut self) -> Result<Option<Outcome>, Failure> {
        let joined = self.creates.try_join_next();
        joined.map(|joined| self.finish(joined)).transpose()
    }

    /// Waits for the next create to finish; none if nothing is in flight.
    pub async fn next_finished(&mut self) -> Option<Result<Outcome, Failure>> {
        let joined = self.creates.join_next().await?;
        Some(self.finish(joined))
    }

    fn finish(&mut self, joined: Result<Outcome, JoinError>) -> Result<Outcome, Failure> {
        let outcome = joined.context("A create ended without a result")?;
        if let Some(alias) = &outcome.alias {
            self.aliases.remove(alias);
            if let Ok(Created::Foreseen(_)) = outcome.created {
                self.foreseen.insert(alias.clone());
            }
        }
        Ok(outcome)
    }
}

/// Returns the error for an alias that an earlier element of the same input has.
fn alias_taken(draft: ConnectionDraft) -> ConnectionError {
    let reason = Reason::AliasTaken {
        alias: draft.alias.unwrap_or_default(),
        by: draft.name.unwrap_or_default(),
    };
    ConnectionError::at(Field::Alias, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appsettings::AppSettings;
    use crate::connection::{CoreService, Plain};
    use crate::provider::ProviderCatalog;
    use crate::store::memory::MemoryStore;

    fn incoming(alias: &str) -> Incoming {
        let body = format!(r#"{{"alias":"{alias}","name":"A","providerId":"openai"}}"#);
        Incoming {
            order: 0,
            unit: Unit::Line,
            number: 1,
            draft: ConnectionDraft::from_json(body.as_bytes()),
        }
    }

    #[tokio::test]
    async fn creates_with_the_same_alias_run_one_after_the_other() {
        let service: Arc<dyn ConnectionService> = Arc::new(CoreService::new(
            Arc::new(MemoryStore::<Plain>::default()),
            Arc::new(ProviderCatalog::embedded()),
            AppSettings::default(),
            Arc::new(chrono::Utc::now),
        ));
        let mut under_way = UnderWay::new(Intent::Create);
        under_way.begin(&service, incoming("same"));
        assert!(!under_way.admits(&incoming("Same")));
        assert!(under_way.admits(&incoming("other")));
        let outcome = under_way.next_finished().await.unwrap().unwrap();
        assert!(outcome.created.is_ok() && under_way.is_empty());
        assert!(under_way.admits(&incoming("same")));
    }
}
