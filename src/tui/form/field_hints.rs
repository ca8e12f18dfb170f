//! Notes at a field about what was typed: an address without a scheme, a mistyped value, an incomplete sign-in.

use similar::{Algorithm, capture_diff_slices, get_diff_ratio};

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use super::layout::MessageKind;
use crate::provider::{Alternative, FieldKind};
use crate::text::address;

/// Similarity from which a value counts as a mistyped one, from 0 to 1.
const SIMILAR: f32 = 0.8;

/// Schemes of an address.
const SCHEMES: [&str; 2] = ["https://", "http://"];

impl Form {
    /// Notes about the text of a field that has no error yet.
    pub(super) fn text_notes(
        &self,
        field: &FormField,
        is_focused: bool,
    ) -> Vec<(MessageKind, String)> {
        let mut notes = Vec::new();
        if field.error.is_none() && field.reference().is_none() && field.warning.is_none() {
            notes.extend(self.scheme_note(field));
            notes.extend(mistyped(field, is_focused));
        }
        notes.extend(self.sign_in_note(field));
        notes
    }

    /// Note about an address that begins with no scheme and cannot become one.
    fn scheme_note(&self, field: &FormField) -> Option<(MessageKind, String)> {
        let FieldId::Setting(key) = &field.id else {
            return None;
        };
        let is_url = self.provider.field(key)?.kind == FieldKind::Url;
        let typed = field.line().filter(|_| is_url)?.value().trim();
        let lower = typed.to_ascii_lowercase();
        let is_beginning = SCHEMES.iter().any(|scheme| scheme.starts_with(&lower));
        if is_beginning || typed.contains("://") || typed.starts_with('$') {
            return None;
        }
        let fixed = format!("https://{typed}");
        let advice = if address::parse(&fixed).is_some() && !typed.contains(char::is_whitespace) {
            format!("; https://{typed}?")
        } else {
            String::new()
        };
        Some((
            MessageKind::Error,
            format!("✗ Must begin with https:// or http://{advice}"),
        ))
    }

    /// Note at the first empty setting of a sign-in that needs more than one. The first of the settings may stand alone.
    fn sign_in_note(&self, field: &FormField) -> Option<(MessageKind, String)> {
        let FieldId::Setting(key) = &field.id else {
            return None;
        };
        let choices = 0..self.provider.alternative_groups.len();
        let chosen = choices.filter_map(|choice| self.alternative(choice));
        let alternative = chosen.into_iter().find(|one| one.any_of.contains(key))?;
        let hint = alternative.hint.as_deref()?;
        let is_first_empty = self.first_missing(alternative) == Some(key.as_str());
        is_first_empty.then(|| (MessageKind::Warning, format!("! Incomplete: {hint}")))
    }

    /// Returns the first empty setting if some are filled, and not only the first.
    fn first_missing<'a>(&self, alternative: &'a Alternative) -> Option<&'a str> {
        let is_filled = |key: &String| {
            let field = self.field(&FieldId::Setting(key.clone()));
            field.is_some_and(has_value)
        };
        let filled = alternative.any_of.iter().filter(|key| is_filled(key));
        let filled: Vec<&String> = filled.collect();
        let is_first_alone =
            filled.len() == 1 && filled.first().copied() == alternative.any_of.first();
        if filled.is_empty() || is_first_alone {
            return None;
        }
        let missing = alternative.any_of.iter().find(|key| !is_filled(key));
        missing.map(String::as_str)
    }
}

fn has_value(field: &FormField) -> bool {
    match &field.value {
        FieldValue::Text(line) => !line.value().trim().is_empty(),
        FieldValue::Secret(secret) => {
            secret.stored_mask().is_some() || !secret.input.value().trim().is_empty()
        }
        FieldValue::Switch(_) => false,
        FieldValue::Choice { at, .. } => at.is_some(),
    }
}

/// Note about a value that is almost a common one, unless it can still become one.
fn mistyped(field: &FormField, is_focused: bool) -> Option<(MessageKind, String)> {
    let FieldValue::Text(line) = &field.value else {
        return None;
    };
    let typed = line.value().trim().to_lowercase();
    let known = || field.suggestions.iter();
    let can_become = |known: &String| is_focused && known.to_lowercase().starts_with(&typed);
    if typed.is_empty() || known().any(|one| one.eq_ignore_ascii_case(&typed) || can_become(one)) {
        return None;
    }
    let similarity = |known: &String| {
        let (one, other): (Vec<char>, Vec<char>) =
            (typed.chars().collect(), known.chars().collect());
        let changes = capture_diff_slices(Algorithm::Myers, &one, &other);
        get_diff_ratio(&changes, one.len(), other.len())
    };
    let begun = known().find(|known| known.to_lowercase().starts_with(&typed));
    let most_similar = known().max_by(|one, other| similarity(one).total_cmp(&similarity(other)));
    let best = begun.or(most_similar)?;
    (begun.is_some() || similarity(best) >= SIMILAR).then(|| {
        (
            MessageKind::Warning,
            format!("! '{typed}' is not known; did you mean '{best}'?"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::FormSubject;
    use super::*;
    use crate::provider::ProviderCatalog;

    fn notes(provider: &str, values: &[(&str, &str)], at: &str) -> Vec<String> {
        let catalog = ProviderCatalog::embedded();
        let mut form = Form::new(catalog.get(provider).unwrap());
        assert_eq!(form.subject, FormSubject::New);
        for (key, value) in values {
            let target = FieldId::Setting((*key).to_owned());
            let field = form.fields.iter_mut().find(|field| field.id == target);
            field.unwrap().line_mut().unwrap().set(value);
        }
        let field = form.field(&FieldId::Setting(at.to_owned())).unwrap();
        let notes = form.text_notes(field, false);
        notes.into_iter().map(|(_, text)| text).collect()
    }

    #[rstest::rstest]
    #[case("api.example/v1", &["✗ Must begin with https:// or http://; https://api.example/v1?"])]
    #[case("not an address", &["✗ Must begin with https:// or http://"])]
    #[case("https://api.example", &[])]
    #[case("htt", &[])]
    #[case("$OpenAI:Endpoint", &[])]
    fn address_without_a_scheme_is_flagged(#[case] typed: &str, #[case] want: &[&str]) {
        assert_eq!(notes("openai", &[("endpoint", typed)], "endpoint"), want);
    }

    #[rstest::rstest]
    #[case("eu-centrl-1", &["! 'eu-centrl-1' is not known; did you mean 'eu-central-1'?"])]
    #[case::only_begun("eu-c", &["! 'eu-c' is not known; did you mean 'eu-central-1'?"])]
    #[case("eu-central-1", &[])]
    #[case("EU-CENTRAL-1", &[])]
    #[case("somewhere-else", &[])]
    fn mistyped_region_is_flagged(#[case] typed: &str, #[case] want: &[&str]) {
        assert_eq!(notes("amazon", &[("region", typed)], "region"), want);
    }

    #[test]
    fn entra_sign_in_needs_the_tenant_alone_or_all_three() {
        let incomplete = "! Incomplete: a tenant ID alone uses the web server's Azure identity; a service principal needs all three";
        let at = |values: &[(&str, &str)], at| notes("microsoft-foundry", values, at);
        assert!(at(&[("tenantId", "t")], "clientId").is_empty());
        let two = [("tenantId", "t"), ("clientId", "c")];
        assert_eq!(at(&two, "clientSecret"), [incomplete]);
        assert_eq!(at(&[("clientId", "c")], "tenantId"), [incomplete]);
        assert!(
            at(&[("clientId", "c")], "clientSecret").is_empty(),
            "shown once"
        );
        let three = [("tenantId", "t"), ("clientId", "c"), ("clientSecret", "s")];
        assert!(at(&three, "tenantId").is_empty());
    }
}
