//! The creates that are under way, no two of one alias.
//!
//! Why: they end in any order, and of two lines with one alias the first must be the one that is kept.

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

/// How many are under way at once; the store makes those durable together that come together.
pub const MOST: usize = 256;

/// What became of one element.
pub struct Outcome {
    /// How many came before it.
    pub order: u64,
    /// What the number counts.
    pub unit: Unit,
    /// From 1.
    pub number: u64,
    /// What was made of it.
    pub created: Result<Created, ConnectionError>,
    alias: Option<String>,
}

/// A connection that is new, or would be.
pub enum Created {
    /// It is kept.
    Kept(Box<Connection>),
    /// It is not.
    Foreseen(Box<Foreseen>),
}

/// The creates that are under way.
pub struct UnderWay {
    creates: JoinSet<Outcome>,
    aliases: HashSet<String>,
    intent: Intent,
    /// The aliases that would be taken by now; none where those that are taken are in the store.
    foreseen: HashSet<String>,
}

impl UnderWay {
    /// None yet.
    pub fn of(intent: Intent) -> Self {
        Self {
            creates: JoinSet::new(),
            aliases: HashSet::new(),
            intent,
            foreseen: HashSet::new(),
        }
    }

    /// Whether one more may begin.
    pub fn has_room(&self) -> bool {
        self.creates.len() < MOST
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.creates.is_empty()
    }

    /// Whether this one may begin: no other of its alias is under way.
    pub fn admits(&self, next: &Incoming) -> bool {
        next.alias()
            .is_none_or(|alias| !self.aliases.contains(&alias))
    }

    /// Begins to create.
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
                Ok(draft) if is_taken => Err(taken(draft)),
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

    /// One that has ended already.
    pub fn ended_by_now(&mut self) -> Result<Option<Outcome>, Failure> {
        let joined = self.creates.try_join_next();
        joined.map(|joined| self.ended(joined)).transpose()
    }

    /// The next that ends; none when nothing is under way.
    pub async fn next_to_end(&mut self) -> Option<Result<Outcome, Failure>> {
        let joined = self.creates.join_next().await?;
        Some(self.ended(joined))
    }

    fn ended(&mut self, joined: Result<Outcome, JoinError>) -> Result<Outcome, Failure> {
        let outcome = joined.context("A create ended without an answer")?;
        if let Some(alias) = &outcome.alias {
            self.aliases.remove(alias);
            if let Ok(Created::Foreseen(_)) = outcome.created {
                self.foreseen.insert(alias.clone());
            }
        }
        Ok(outcome)
    }
}

/// One before it in the same input would have the alias.
fn taken(draft: ConnectionDraft) -> ConnectionError {
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
    async fn one_alias_is_under_way_once() {
        let service: Arc<dyn ConnectionService> = Arc::new(CoreService::new(
            Arc::new(MemoryStore::<Plain>::default()),
            Arc::new(ProviderCatalog::embedded()),
            AppSettings::default(),
            Arc::new(chrono::Utc::now),
        ));
        let mut under_way = UnderWay::of(Intent::Create);
        under_way.begin(&service, incoming("same"));
        assert!(!under_way.admits(&incoming("Same")));
        assert!(under_way.admits(&incoming("other")));
        let outcome = under_way.next_to_end().await.unwrap().unwrap();
        assert!(outcome.created.is_ok() && under_way.is_empty());
        assert!(under_way.admits(&incoming("same")));
    }
}
