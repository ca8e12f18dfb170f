//! Three-way merge of the form with changes by others, field by field.
//!
//! Fields that only they changed are updated, fields that only I changed are kept, and the user decides about fields that both
//! changed, so that neither side's changes are lost unnoticed.

use super::field::{EnteredValue, FieldId, FieldValue, FormField};
use super::remote_change::{MergeState, RemoteMerge, TheirChange, TheirConnection};
use super::{AliasCheck, Form, FormSubject};
use crate::tui::dialogs::merge::{MergeConflict, MergeSide};

impl Form {
    /// Merges a newer version as far as it does not conflict with unsaved changes. Returns `None` if it is the same version.
    pub fn merge_remote(&mut self, theirs: TheirConnection) -> Option<RemoteMerge> {
        let known = self.version()?;
        let version = theirs.connection.item.version;
        if version == known {
            self.remote_change = None;
            return None;
        }
        let mut taken = Vec::new();
        for (at, other) in self.their_values(&theirs) {
            match self.changed_by(at, &other, &theirs) {
                ChangedBy::Neither => self.fields[at].rebase(&other),
                ChangedBy::TheirsOnly => {
                    taken.push(self.fields[at].label.clone());
                    self.take(at, &other);
                }
                ChangedBy::MineOnly => {
                    // The typed secret replaces the one that is stored now.
                    self.fields[at].rebase(&other);
                }
                ChangedBy::Both => {}
            }
        }
        self.merge.theirs = Some(Box::new(theirs));
        let conflicts = self.conflicts().into_iter();
        let apart: Vec<String> = conflicts.map(|conflict| conflict.label).collect();
        if apart.is_empty() {
            self.finish_merge();
        }
        Some(RemoteMerge {
            version,
            updated: taken,
            conflicts: apart,
        })
    }

    /// Fields that both sides changed, as far as known.
    pub fn conflicts(&self) -> Vec<MergeConflict> {
        let Some(theirs) = &self.merge.theirs else {
            return Vec::new();
        };
        let both = self.their_values(theirs).into_iter();
        let both =
            both.filter(|(at, other)| self.changed_by(*at, other, theirs) == ChangedBy::Both);
        both.map(|(at, other)| {
            let field = &self.fields[at];
            MergeConflict {
                id: field.id.clone(),
                label: field.label.clone(),
                mine: field.current().displayed(&field.id),
                theirs: other.displayed(&field.id),
                side: MergeSide::Mine,
            }
        })
        .collect()
    }

    /// Version of the others while there are conflicts.
    pub fn their_version(&self) -> Option<u64> {
        let theirs = self.merge.theirs.as_ref()?;
        Some(theirs.connection.item.version)
    }

    /// Applies the chosen side of each conflict and bases the form on the version of the others.
    pub fn resolve(&mut self, chosen: &[MergeConflict]) {
        let Some(theirs) = self.merge.theirs.take() else {
            return;
        };
        let is_chosen = |open: &MergeConflict| chosen.iter().any(|one| one.id == open.id);
        self.merge.theirs = Some(theirs.clone());
        let is_all = self.conflicts().iter().all(is_chosen);
        let others = self.their_values(&theirs);
        for conflict in chosen {
            let found = others
                .iter()
                .find(|(at, _)| self.fields[*at].id == conflict.id);
            let Some((at, other)) = found else { continue };
            match conflict.side {
                MergeSide::Mine => self.fields[*at].rebase(other),
                MergeSide::Theirs => self.take(*at, other),
            }
        }
        if is_all {
            self.finish_merge();
        }
    }

    /// Bases the form on the version of the others after the last conflict is resolved.
    pub(super) fn finish_merge(&mut self) {
        let Some(theirs) = self.merge.theirs.take() else {
            return;
        };
        for (at, other) in self.their_values(&theirs) {
            self.fields[at].rebase(&other);
        }
        let item = theirs.connection.item;
        if let FormSubject::Stored { version, name, .. } = &mut self.subject {
            *version = item.version;
            *name = item.name;
        }
        if matches!(self.remote_change, Some(TheirChange::Saved(newer)) if newer <= item.version) {
            self.remote_change = None;
        }
    }

    /// Turns the form of a deleted connection into a new one. Returns the labels of secrets that only the store had.
    pub fn detach_from_stored(&mut self) -> Vec<String> {
        self.subject = FormSubject::New;
        self.remote_change = None;
        self.merge = MergeState::default();
        self.is_unsure = false;
        self.alias_check = AliasCheck::Unknown(String::new());
        self.fields.retain(|field| field.id != FieldId::Note);
        let hidden: Vec<bool> = self
            .fields
            .iter()
            .map(|field| self.is_hidden(field))
            .collect();
        let mut lost = Vec::new();
        let mut first = None;
        for (at, field) in self.fields.iter_mut().enumerate() {
            if field.detach_from_stored() && !hidden[at] {
                lost.push(field.label.clone());
                first = first.or(Some(at));
            }
        }
        self.focus_on(first.unwrap_or(self.focus));
        lost
    }

    /// Labels of the secrets that only the store has.
    pub fn stored_only_secrets(&self) -> Vec<String> {
        let kept = self.fields.iter().filter(|field| !self.is_hidden(field));
        let kept = kept.filter(
            |field| matches!(&field.value, FieldValue::Secret(secret) if secret.stored_mask().is_some()),
        );
        kept.map(|field| field.label.clone()).collect()
    }

    /// Values of the fields in the connection of the others.
    fn their_values(&self, theirs: &TheirConnection) -> Vec<(usize, EnteredValue)> {
        let other = Self::edit(&theirs.connection, &self.provider);
        let fields = self.fields.iter().enumerate();
        fields
            .filter(|(_, field)| field.id != FieldId::Note)
            .filter_map(|(at, field)| Some((at, other.field(&field.id)?.current())))
            .collect()
    }

    fn take(&mut self, at: usize, other: &EnteredValue) {
        let field = &mut self.fields[at];
        field.set(other);
        field.rebase(other);
        field.warning = None;
        self.invalidate_reference(at);
    }

    /// Returns which side changed a field.
    fn changed_by(&self, at: usize, other: &EnteredValue, theirs: &TheirConnection) -> ChangedBy {
        let field = &self.fields[at];
        let (was, is) = (field.baseline(), field.current());
        if is_removed(&is) && is_removed(other) {
            return ChangedBy::Neither;
        }
        if is.equals_trimmed(other) && !is_typed_secret(&is) {
            let is_another_secret =
                is_stored_secret(&is) && self.was_changed(field, theirs) == Some(true);
            return if is_another_secret {
                ChangedBy::TheirsOnly
            } else {
                ChangedBy::Neither
            };
        }
        let they = match (&was, other) {
            // Two stored secrets look the same; if it is unknown whether they differ, the user decides.
            _ if is_stored_secret(&was) && is_stored_secret(other) => {
                self.was_changed(field, theirs).unwrap_or(true)
            }
            (was, other) => !was.equals_trimmed(other),
        };
        match (they, field.is_changed()) {
            (true, true) => ChangedBy::Both,
            (true, false) => ChangedBy::TheirsOnly,
            (false, true) => ChangedBy::MineOnly,
            (false, false) => ChangedBy::Neither,
        }
    }

    fn was_changed(&self, field: &FormField, theirs: &TheirConnection) -> Option<bool> {
        let FieldId::Setting(key) = &field.id else {
            return Some(false);
        };
        let changed = theirs.changed.as_ref()?;
        let is_it = |path: &String| {
            let found = self.provider.field(path);
            found.is_some_and(|found| found.key == *key)
        };
        Some(changed.iter().any(is_it))
    }
}

/// Side that changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangedBy {
    /// Neither side, or both with the same result.
    Neither,
    /// The others.
    TheirsOnly,
    /// The user.
    MineOnly,
    /// Both, with different results.
    Both,
}

/// Returns whether it is a typed secret, which cannot be compared.
fn is_typed_secret(value: &EnteredValue) -> bool {
    matches!(value, EnteredValue::Secret { typed, .. } if !typed.0.trim().is_empty() && !typed.0.trim().starts_with('$'))
}

/// Returns whether it has no secret, or loses it with the next save.
fn is_removed(value: &EnteredValue) -> bool {
    matches!(value, EnteredValue::Secret { typed, stored, is_cleared } if typed.0.trim().is_empty() && (stored.is_none() || *is_cleared))
}

/// Returns whether it is a secret whose value only the store has.
fn is_stored_secret(value: &EnteredValue) -> bool {
    matches!(value, EnteredValue::Secret { typed, stored: Some(_), is_cleared: false } if typed.0.trim().is_empty())
}
