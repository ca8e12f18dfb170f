//! Names of the fields that a rollback changes, shown in its prompt.

use serde_json::Value;

use crate::connection::{MaskedSecret, VersionComparison};
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
    /// The comparison failed, for this reason.
    Failed(String),
    /// Labels of the fields that differ from the current version.
    Known {
        /// Number of the current version.
        current: u64,
        /// Labels of the fields.
        labels: Vec<String>,
        /// True if one of them is a secret that no version contains.
        has_secrets: bool,
    },
}

impl RollbackChanges {
    /// Ticket of the pending comparison.
    pub const fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Pending(ticket) => Some(*ticket),
            Self::Failed(_) | Self::Known { .. } => None,
        }
    }

    /// Line of the prompt.
    pub fn sentence(&self) -> String {
        match self {
            Self::Pending(_) => "Comparing with the current version…".into(),
            Self::Failed(reason) => format!("The changes cannot be shown: {reason}"),
            Self::Known {
                current, labels, ..
            } if labels.is_empty() => format!("Nothing differs from v{current}."),
            Self::Known {
                current, labels, ..
            } => {
                format!("Differs from v{current}: {}.", labels.join(", "))
            }
        }
    }

    /// Returns whether the rollback changes a secret that no version contains; none while that is not known.
    pub const fn has_secrets(&self) -> Option<bool> {
        match self {
            Self::Pending(_) | Self::Failed(_) => None,
            Self::Known { has_secrets, .. } => Some(*has_secrets),
        }
    }

    /// Reads the comparison of the version to roll back to with the current one.
    pub fn from_reply(
        reply: ServiceReply,
        provider: Option<&Provider>,
        features: ServiceFeatures,
    ) -> Self {
        let comparison: VersionComparison = match reply {
            ServiceReply::Compared(Ok(found)) => *found,
            ServiceReply::Compared(Err(error)) => return Self::Failed(error.to_string()),
            other => return Self::Failed(failure(other)),
        };
        let current = comparison.to_version;
        let changes = comparison.changes.into_iter();
        let changes: Vec<_> = changes
            .map(|difference| ChangedValue::new(difference, provider))
            .collect();
        Self::of(&changes, current, features)
    }

    /// Names the changed fields of a comparison with the current version. Where the earlier value is a mask, the stored secret is kept.
    pub fn of(changes: &[ChangedValue], current: u64, features: ServiceFeatures) -> Self {
        let is_secret = |changed: &ChangedValue| matches!(changed.kind, DiffKind::Secret(_));
        let is_kept = |changed: &ChangedValue| {
            features.rollback_keeps_secrets
                && is_secret(changed)
                && changed
                    .difference
                    .from_value
                    .as_ref()
                    .and_then(Value::as_str)
                    .is_some_and(|text| MaskedSecret::read(text).is_some())
        };
        let differing: Vec<_> = changes.iter().filter(|changed| !is_kept(changed)).collect();
        Self::Known {
            current,
            labels: differing
                .iter()
                .map(|changed| changed.label.clone())
                .collect(),
            has_secrets: features.rollback_keeps_secrets
                && differing.iter().any(|changed| is_secret(changed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::RollbackChanges;
    use crate::connection::{ChangeType, Difference};
    use crate::provider::ProviderCatalog;
    use crate::service::ServiceFeatures;
    use crate::tui::changed_value::ChangedValue;

    fn sentence(
        earlier: &Value,
        current: &Value,
        features: ServiceFeatures,
    ) -> (String, Option<bool>) {
        let catalog = ProviderCatalog::embedded();
        let value = |value: &Value| (!value.is_null()).then(|| value.clone());
        let difference = Difference {
            path: "settings.apiKey".into(),
            change_type: ChangeType::Modified,
            from_value: value(earlier),
            to_value: value(current),
        };
        let changed = [ChangedValue::new(difference, catalog.get("openai"))];
        let found = RollbackChanges::of(&changed, 3, features);
        (found.sentence(), found.has_secrets())
    }

    #[test]
    fn secret_is_named_only_where_a_rollback_changes_it() {
        let mask = json!("sk-***");
        let kept = ("Nothing differs from v3.".to_owned(), Some(false));
        let changed = ("Differs from v3: OpenAI API Key.".to_owned(), Some(true));
        let umai = ServiceFeatures::ALL;
        assert_eq!(sentence(&mask, &json!("$OpenAI:Key"), umai), kept);
        assert_eq!(sentence(&mask, &Value::Null, umai), kept);
        assert_eq!(sentence(&Value::Null, &mask, umai), changed);
        assert_eq!(sentence(&json!("$OpenAI:Key"), &mask, umai), changed);
        let restored = ("Differs from v3: OpenAI API Key.".to_owned(), Some(false));
        let third_party = ServiceFeatures::THIRD_PARTY;
        assert_eq!(sentence(&mask, &json!("***"), third_party), restored);
    }
}
