//! Concurrent creates, at most one per alias at a time.
//!
//! Creates finish in any order, but of two elements with the same alias the first must win.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Context;
use tokio::task::{JoinError, JoinSet};

use super::super::exit::Failure;
use super::json_splitter::PositionUnit;
use super::parsed_element::ParsedElement;
use crate::connection::{
    Command, ConnectionDraft, ConnectionError, DraftField, FieldReason, Mode, Outcome,
};
use crate::service::ConnectionService;

/// Maximum number of concurrent creates; the store syncs concurrent changes together.
pub const MAX_IN_FLIGHT: usize = 256;

/// Result of one element.
pub struct ElementOutcome {
    /// Number of elements before it.
    pub order: u64,
    /// Unit of the number.
    pub unit: PositionUnit,
    /// Number, from 1.
    pub number: u64,
    /// Created connection or its preview, or the error.
    pub created: Result<Outcome, ConnectionError>,
    alias: Option<String>,
}

/// Creates in flight.
pub struct InFlight {
    creates: JoinSet<ElementOutcome>,
    aliases: HashSet<String>,
    mode: Mode,
    /// Aliases that a dry run would have taken; none otherwise, because the store knows them.
    previewed: HashSet<String>,
}

impl InFlight {
    /// Creates an empty set.
    pub fn new(mode: Mode) -> Self {
        Self {
            creates: JoinSet::new(),
            aliases: HashSet::new(),
            mode,
            previewed: HashSet::new(),
        }
    }

    /// Returns true if another create can start.
    pub fn has_room(&self) -> bool {
        self.creates.len() < MAX_IN_FLIGHT
    }

    /// Returns true if no create is in flight.
    pub fn is_empty(&self) -> bool {
        self.creates.is_empty()
    }

    /// Returns true if no create with the same alias is in flight.
    pub fn is_alias_idle(&self, next: &ParsedElement) -> bool {
        next.alias()
            .is_none_or(|alias| !self.aliases.contains(&alias))
    }

    /// Starts a create.
    pub fn begin(&mut self, service: &Arc<dyn ConnectionService>, next: ParsedElement) {
        let service = Arc::clone(service);
        let alias = next.alias();
        self.aliases.extend(alias.clone());
        let mode = self.mode;
        let is_taken = alias
            .as_ref()
            .is_some_and(|alias| self.previewed.contains(alias));
        self.creates.spawn(async move {
            let created = match next.draft {
                Ok(draft) if is_taken => Err(alias_taken(draft)),
                Ok(draft) => service.run(Command::create(draft), mode).await,
                Err(error) => Err(error),
            };
            ElementOutcome {
                order: next.order,
                unit: next.unit,
                number: next.number,
                created,
                alias,
            }
        });
    }

    /// Returns a create that has finished, without waiting.
    pub fn try_next(&mut self) -> Result<Option<ElementOutcome>, Failure> {
        let joined = self.creates.try_join_next();
        joined.map(|joined| self.finish(joined)).transpose()
    }

    /// Waits for the next create to finish; none if nothing is in flight.
    pub async fn next_finished(&mut self) -> Option<Result<ElementOutcome, Failure>> {
        let joined = self.creates.join_next().await?;
        Some(self.finish(joined))
    }

    fn finish(
        &mut self,
        joined: Result<ElementOutcome, JoinError>,
    ) -> Result<ElementOutcome, Failure> {
        let outcome = joined.context("A create ended without a result")?;
        if let Some(alias) = &outcome.alias {
            self.aliases.remove(alias);
            if let Ok(Outcome::Previewed(_)) = outcome.created {
                self.previewed.insert(alias.clone());
            }
        }
        Ok(outcome)
    }
}

/// Returns the error for an alias that an earlier element of the same input has.
fn alias_taken(draft: ConnectionDraft) -> ConnectionError {
    let reason = FieldReason::AliasTaken {
        alias: draft.alias.unwrap_or_default(),
        by: draft.name.unwrap_or_default(),
    };
    ConnectionError::at(DraftField::Alias, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appsettings::AppSettings;
    use crate::connection::PlainSecret;
    use crate::provider::ProviderCatalog;
    use crate::service::CoreService;
    use crate::store::memory::MemoryStore;

    fn incoming(alias: &str) -> ParsedElement {
        let body = format!(r#"{{"alias":"{alias}","name":"A","providerId":"openai"}}"#);
        ParsedElement {
            order: 0,
            unit: PositionUnit::Line,
            number: 1,
            draft: ConnectionDraft::from_json(body.as_bytes()),
        }
    }

    #[tokio::test]
    async fn creates_with_the_same_alias_run_one_after_the_other() {
        let service: Arc<dyn ConnectionService> = Arc::new(CoreService::new(
            Arc::new(MemoryStore::<PlainSecret>::default()),
            Arc::new(ProviderCatalog::embedded()),
            AppSettings::default(),
            Arc::new(chrono::Utc::now),
        ));
        let mut under_way = InFlight::new(Mode::Commit);
        under_way.begin(&service, incoming("same"));
        assert!(!under_way.is_alias_idle(&incoming("Same")));
        assert!(under_way.is_alias_idle(&incoming("other")));
        let outcome = under_way.next_finished().await.unwrap().unwrap();
        assert!(outcome.created.is_ok() && under_way.is_empty());
        assert!(under_way.is_alias_idle(&incoming("same")));
    }
}
