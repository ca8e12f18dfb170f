//! Shows the settings of the chosen alternative only; input for the others is kept until the form is saved.

use super::field::{FieldId, FieldValue, FormField};
use super::{Form, FormSubject};
use crate::connection::{DraftField, FieldError, FieldReason};
use crate::provider::{Alternative, AlternativeGroup, Provider, SettingsField};

impl Form {
    /// Fields of a provider's settings, each choice before the first setting that depends on it. `has` returns whether a
    /// setting is stored.
    pub(super) fn settings(
        provider: &Provider,
        make: impl Fn(&SettingsField) -> FormField,
        has: impl Fn(&str) -> bool,
    ) -> Vec<FormField> {
        let mut fields = Vec::new();
        for setting in &provider.settings {
            let choice = provider.choice_of(&setting.key);
            if let Some((index, choice)) = choice
                && !fields
                    .iter()
                    .any(|field: &FormField| field.id == FieldId::AlternativeGroup(index))
            {
                let chosen = choice.in_use(&has).unwrap_or(choice.preferred());
                fields.push(FormField::alternative(index, choice, chosen));
            }
            let mut field = make(setting);
            if let Some((_, choice)) = choice
                && let Some(alternative) = choice.alternative_of(&setting.key)
                && choice.alternatives[alternative].always_needs(&setting.key)
            {
                field.is_required = true;
            }
            fields.push(field);
        }
        fields
    }

    /// Chosen alternative.
    pub(super) fn alternative(&self, choice: usize) -> Option<&Alternative> {
        let FieldValue::Choice { at, .. } = &self.field(&FieldId::AlternativeGroup(choice))?.value
        else {
            return None;
        };
        self.provider
            .alternative_groups
            .get(choice)?
            .alternatives
            .get((*at)?)
    }

    /// Returns whether a field belongs to an alternative that is not chosen.
    pub fn is_hidden(&self, field: &FormField) -> bool {
        let FieldId::Setting(key) = &field.id else {
            return false;
        };
        let Some((choice, _)) = self.provider.choice_of(key) else {
            return false;
        };
        !self
            .alternative(choice)
            .is_some_and(|alternative| alternative.settings.contains(key))
    }

    /// Indexes of the visible fields.
    pub fn visible_fields(&self) -> Vec<usize> {
        let fields = self.fields.iter().enumerate();
        fields
            .filter(|(_, field)| !self.is_hidden(field))
            .map(|(at, _)| at)
            .collect()
    }

    /// Chooses the alternatives that these settings belong to.
    pub(super) fn choose_alternatives(&mut self, filled: &[String]) {
        let choices: Vec<_> = self
            .provider
            .alternative_groups
            .iter()
            .enumerate()
            .collect();
        let to_choose = choices.into_iter().filter_map(|(index, choice)| {
            let alternative = choice.in_use(|key| filled.iter().any(|one| one == key))?;
            Some((FieldId::AlternativeGroup(index), alternative))
        });
        for (id, alternative) in to_choose.collect::<Vec<_>>() {
            if let Some(field) = self.fields.iter_mut().find(|field| field.id == id)
                && let FieldValue::Choice { at, .. } = &mut field.value
            {
                *at = Some(alternative);
            }
        }
    }

    /// Index of the first visible field from `from` on, in steps of one in either direction, wrapping around.
    pub(super) fn shown_from(&self, from: usize, step: isize) -> usize {
        let count = self.fields.len().max(1);
        let step = step.rem_euclid(isize::try_from(count).unwrap_or(isize::MAX));
        let step = usize::try_from(step).unwrap_or(1);
        let ids = std::iter::successors(Some(from % count), |at| Some((at + step) % count));
        let is_shown = |at: &usize| {
            let field = self.fields.get(*at);
            field.is_some_and(|field| !self.is_hidden(field))
        };
        ids.take(count).find(is_shown).unwrap_or(from)
    }

    /// Labels of stored values of alternatives that are not chosen; a save removes them.
    pub fn removed_by_save(&self, choice: usize) -> Vec<&str> {
        if self.subject == FormSubject::New {
            return Vec::new();
        }
        let is_of_choice = |field: &FormField| {
            let FieldId::Setting(key) = &field.id else {
                return false;
            };
            let of = self.provider.choice_of(key);
            of.is_some_and(|(index, _)| index == choice)
        };
        self.fields
            .iter()
            .filter(|field| is_of_choice(field) && self.is_hidden(field) && field.had_value())
            .map(|field| field.label.as_str())
            .collect()
    }

    /// Visible field for an error, and the message with the name of the alternative.
    pub(super) fn alternative_error(&self, problem: &FieldError) -> Option<(FieldId, String)> {
        let DraftField::Setting { key, .. } = &problem.field else {
            return None;
        };
        let (index, choice) = self.provider.choice_of(&self.provider.field(key)?.key)?;
        let alternative = self.alternative(index)?;
        if matches!(problem.reason, FieldReason::OneOf(_)) {
            let first = alternative.any_of.first()?;
            return Some((
                FieldId::Setting(first.clone()),
                self.requirement(alternative),
            ));
        }
        let own = choice
            .alternative_of(key)
            .and_then(|alternative| choice.alternatives.get(alternative))?;
        (own != alternative).then(|| {
            let id = FieldId::AlternativeGroup(index);
            (id, format!("\"{}\": {problem}", own.label))
        })
    }

    fn requirement(&self, alternative: &Alternative) -> String {
        let labels = |keys: &[String]| {
            let fields = keys.iter().filter_map(|key| self.provider.field(key));
            fields.map(|field| field.label.clone()).collect::<Vec<_>>()
        };
        if !alternative.all_of.is_empty() {
            let all = labels(&alternative.all_of).join(" and the ");
            return format!("\"{}\" needs the {all}", alternative.label);
        }
        if let Some(hint) = &alternative.hint {
            return format!("\"{}\": {hint}", alternative.label);
        }
        match labels(&alternative.any_of).as_slice() {
            [only] => format!("\"{}\" needs the {only}", alternative.label),
            several => format!(
                "\"{}\" needs at least one of {}",
                alternative.label,
                several.join(", ")
            ),
        }
    }
}

impl Provider {
    /// Choice that a setting depends on.
    fn choice_of(&self, key: &str) -> Option<(usize, &AlternativeGroup)> {
        let mut choices = self.alternative_groups.iter().enumerate();
        choices.find(|(_, choice)| choice.alternative_of(key).is_some())
    }
}
