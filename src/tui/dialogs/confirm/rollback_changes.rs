//! Names of the fields that a rollback changes, shown in its prompt.

use crate::connection::VersionComparison;
use crate::provider::Provider;
use crate::service::ServiceFeatures;
use crate::tui::changed_value::{ChangedValue, DiffKind};
use crate::tui::dialog::failure;
use crate::tui::effect::{ServiceReply, Ticket};

/// Fields that a rollback changes.
#[derive(Debug)]
pub enum RollbackChanges {
    /// The comparison with the current version is requested.
    Pending(Ticket),
    /// Sentence with the labels of the fields, or with the error.
    Known(String),
}

impl RollbackChanges {
    /// Ticket of the pending comparison.
    pub const fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Pending(ticket) => Some(*ticket),
            Self::Known(_) => None,
        }
    }

    /// Line of the prompt.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Pending(_) => "Comparing with the current version…",
            Self::Known(sentence) => sentence,
        }
    }

    /// Reads the comparison.
    pub fn from_reply(
        reply: ServiceReply,
        provider: Option<&Provider>,
        features: ServiceFeatures,
    ) -> Self {
        let comparison: VersionComparison = match reply {
            ServiceReply::Compared(Ok(found)) => *found,
            ServiceReply::Compared(Err(error)) => {
                return Self::Known(format!("The changes cannot be shown: {error}"));
            }
            other => {
                return Self::Known(format!("The changes cannot be shown: {}", failure(other)));
            }
        };
        let changes = comparison.changes.into_iter();
        let changes: Vec<_> = changes
            .map(|difference| ChangedValue::new(difference, provider))
            .collect();
        Self::of(&changes, features)
    }

    /// Names the changed fields; secrets only where a rollback changes them.
    pub fn of(changes: &[ChangedValue], features: ServiceFeatures) -> Self {
        let changed = changes.iter().filter(|changed| {
            !features.rollback_keeps_secrets || !matches!(changed.kind, DiffKind::Secret(_))
        });
        let labels: Vec<_> = changed.map(|changed| changed.label.as_str()).collect();
        Self::Known(if labels.is_empty() {
            "No field would change.".to_owned()
        } else {
            format!("Changes {}.", labels.join(", "))
        })
    }
}
