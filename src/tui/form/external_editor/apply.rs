//! Applies the members of an edited document to the fields.

use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::UNCHANGED;
use crate::connection::{MaskedSecret, secret_input};
use crate::provider::ProviderCatalog;
use crate::tui::form::field::{FieldId, FieldValue, FormField};
use crate::tui::form::paste::join_names;
use crate::tui::form::{Form, FormSubject};
use crate::tui::notice::Notice;

/// Effect of a member on its field.
enum MemberEffect {
    Unchanged,
    Changed,
    Rejected(String),
}

impl Form {
    /// Applies the members and returns the result as a notice.
    pub(super) fn apply_members(
        &mut self,
        record: &Map<String, Json>,
        catalog: &ProviderCatalog,
    ) -> Notice {
        let (mut filled, mut left_out, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        let before = std::mem::take(&mut self.external_edit.before);
        let before = self.members_by_field(&before, &mut Vec::new());
        let mut filled_keys = Vec::new();
        let followed = self.alias_follows;
        for (id, name, value) in self.members_by_field(record, &mut left_out) {
            // An unedited member must not revert a change by others that arrived during the edit.
            if before
                .iter()
                .any(|(known, _, old)| *known == id && *old == value)
            {
                continue;
            }
            let Some(at) = self.fields.iter().position(|field| field.id == id) else {
                left_out.push(name);
                continue;
            };
            if self.is_surrounded_mask(&id, value) {
                wrong.push((at, "Is a mask, not a key; enter the key itself".into()));
                continue;
            }
            match apply_member(&mut self.fields[at], value) {
                MemberEffect::Unchanged => {}
                MemberEffect::Changed => {
                    filled.push(self.fields[at].label.clone());
                    self.clean_secret(at);
                    self.invalidate_reference(at);
                    self.check_key_owner(at, catalog);
                    self.alias_follows &= id != FieldId::Alias;
                    let line = self.fields[at].line();
                    if let FieldId::Setting(key) = id
                        && line.is_some_and(|line| !line.value().trim().is_empty())
                    {
                        filled_keys.push(key);
                    }
                }
                MemberEffect::Rejected(reason) => wrong.push((at, reason)),
            }
        }
        self.choose_alternatives(&filled_keys);
        if followed && self.alias_follows && self.subject == FormSubject::New {
            self.update_suggested_alias();
        }
        self.hide_secrets();
        let problem = self.show_validation(catalog);
        for (at, reason) in &wrong {
            self.fields[*at].error = Some(reason.clone());
        }
        if self.error_count() > 0 {
            self.focus_error(0);
        }
        let notice = notice(&filled, &left_out, problem);
        self.external_edit.left_out = left_out;
        notice
    }

    /// Returns whether a member is a mask with something around it, which would be removed. A mask alone keeps the stored secret.
    fn is_surrounded_mask(&self, id: &FieldId, member: &Json) -> bool {
        let (FieldId::Setting(key), Json::String(text)) = (id, member) else {
            return false;
        };
        let setting = self.provider.field(key);
        !MaskedSecret::is_mask(text.trim())
            && setting.is_some_and(|setting| secret_input::is_mask(text, setting))
    }

    /// Fields for the members, by name; members without a field are added to `left_out`.
    fn members_by_field<'a>(
        &self,
        record: &'a Map<String, Json>,
        left_out: &mut Vec<String>,
    ) -> Vec<(FieldId, String, &'a Json)> {
        let mut ids = Vec::new();
        for (name, value) in record {
            let id = match name.as_str() {
                "name" => FieldId::Name,
                "alias" => FieldId::Alias,
                "isActive" => FieldId::Status,
                "changeDescription" => FieldId::Note,
                "providerId" => {
                    let is_same = value
                        .as_str()
                        .is_some_and(|id| id.eq_ignore_ascii_case(&self.provider.id));
                    if !is_same {
                        left_out.push("providerId (cannot be changed)".into());
                    }
                    continue;
                }
                "settings" => {
                    match value {
                        Json::Object(settings) => {
                            for (key, value) in settings {
                                match self.provider.field(key) {
                                    Some(field) => {
                                        let id = FieldId::Setting(field.key.clone());
                                        ids.push((id, key.clone(), value));
                                    }
                                    None => left_out.push(key.clone()),
                                }
                            }
                        }
                        _ => left_out.push("settings (not an object)".into()),
                    }
                    continue;
                }
                _ => {
                    left_out.push(name.clone());
                    continue;
                }
            };
            ids.push((id, name.clone(), value));
        }
        ids
    }
}

/// Returns the result of the edit as a notice.
fn notice(filled: &[String], left_out: &[String], problem: Option<Notice>) -> Notice {
    let left = if left_out.is_empty() {
        String::new()
    } else {
        format!("; left out: {}", join_names(left_out))
    };
    if filled.is_empty() {
        let text = format!("No changes made in the editor{left}");
        return problem.unwrap_or_else(|| {
            if left.is_empty() {
                Notice::info(text)
            } else {
                Notice::warning(text)
            }
        });
    }
    Notice::done(format!("Applied to the form: {}{left}", join_names(filled)))
}

/// Applies a member to a field.
fn apply_member(field: &mut FormField, member: &Json) -> MemberEffect {
    let text = text_of(member).map(Zeroizing::new);
    let before = field.current();
    match (&mut field.value, text) {
        (FieldValue::Switch(on), text) => match (member, text.as_ref().map(|text| text.as_str())) {
            (Json::Bool(value), _) => *on = *value,
            (_, Some("true")) => *on = true,
            (_, Some("false")) => *on = false,
            (Json::Null, _) => return MemberEffect::Unchanged,
            _ => return MemberEffect::Rejected("Must be true or false".into()),
        },
        (FieldValue::Text(_) | FieldValue::Secret(_) | FieldValue::Choice { .. }, None) => {
            return MemberEffect::Rejected("Must be a string".into());
        }
        (FieldValue::Secret(_), Some(text))
            if *text == UNCHANGED || MaskedSecret::is_mask(&text) =>
        {
            return MemberEffect::Unchanged;
        }
        (FieldValue::Secret(secret), Some(text)) if text.is_empty() => {
            secret.input.set("");
            secret.is_cleared = secret.stored.is_some();
        }
        (FieldValue::Secret(secret), Some(text)) => {
            secret.input.set("");
            if let Some(why) = secret.input.paste(&text).refusal() {
                return MemberEffect::Rejected(format!("Not accepted: {why}"));
            }
            secret.is_cleared = false;
        }
        (FieldValue::Text(line), Some(text)) => {
            if line.value().trim() == text.as_str() {
                return MemberEffect::Unchanged;
            }
            line.set("");
            if let Some(why) = line.paste(&text).refusal() {
                return MemberEffect::Rejected(format!("Not accepted: {why}"));
            }
        }
        (FieldValue::Choice { at, .. }, Some(text)) if text.is_empty() => *at = None,
        (FieldValue::Choice { options, at }, Some(text)) => {
            match options.iter().position(|option| option == text.as_str()) {
                Some(found) => *at = Some(found),
                None => {
                    return MemberEffect::Rejected(format!(
                        "Must be one of {}",
                        options.join(", ")
                    ));
                }
            }
        }
    }
    if field.current() == before {
        return MemberEffect::Unchanged;
    }
    field.mark_filled();
    MemberEffect::Changed
}

/// Returns the text of a member; `None` for a switch, a list or an object.
fn text_of(member: &Json) -> Option<String> {
    match member {
        Json::Null => Some(String::new()),
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}
