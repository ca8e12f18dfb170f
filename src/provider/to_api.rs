//! Providers in responses of the management API and in `--json`.

use std::borrow::Cow;

use serde::Serialize;

use super::{
    AlternativeGroup, Capability, DefaultValue, FieldKind, ProbeUrls, Provider, RequiredWhen,
    SettingsField, SettingsRule, ValueType,
};

/// Provider in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedProvider<'a> {
    id: &'a str,
    name: &'a str,
    capabilities: &'a [Capability],
}

/// Provider with its settings, as a form schema and as a plain list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderDetails<'a> {
    #[serde(flatten)]
    listed: ListedProvider<'a>,
    settings_schema: SchemaDto<'a>,
    settings: Vec<SettingDto<'a>>,
    /// Extension for umai clients, which recognize an umai server by it.
    rules: &'a [SettingsRule],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    alternatives: &'a [AlternativeGroup],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    calls: Cow<'a, [ProbeUrls]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hosts: &'a [String],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SchemaDto<'a> {
    fields: Vec<SchemaField<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SchemaField<'a> {
    key: &'a str,
    label: &'a str,
    description: &'a str,
    editor_ui_alias: &'static str,
    default_value: Option<&'a DefaultValue>,
    sort_order: usize,
    is_required: bool,
    is_sensitive: bool,
    group: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SettingDto<'a> {
    alias: &'a str,
    name: &'a str,
    description: &'a str,
    #[serde(rename = "type")]
    json_type: &'static str,
    is_required: bool,
    is_sensitive: bool,
    default_value: Option<&'a DefaultValue>,
    options: &'a [String],
    /// Extension: details that `type` does not distinguish.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<FieldKind>,
    /// Extension.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    accepted_as: &'a [String],
    /// Extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    required_when: Option<&'a RequiredWhen>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    suggestions: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    variables: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    prefixes: &'a [String],
}

impl Provider {
    /// Returns the provider for a list.
    pub fn listed(&self) -> ListedProvider<'_> {
        ListedProvider {
            id: &self.id,
            name: &self.name,
            capabilities: &self.capabilities,
        }
    }

    /// Returns the provider with its settings.
    pub fn described(&self) -> ProviderDetails<'_> {
        let fields = self.settings.iter().enumerate();
        ProviderDetails {
            listed: self.listed(),
            settings_schema: SchemaDto {
                fields: fields
                    .map(|(order, field)| field.in_schema(order))
                    .collect(),
            },
            settings: self.settings.iter().map(SettingsField::to_dto).collect(),
            rules: &self.rules,
            alternatives: &self.alternative_groups,
            calls: self.probe_urls(),
            hosts: &self.hosts,
        }
    }
}

impl SettingsField {
    fn in_schema(&self, sort_order: usize) -> SchemaField<'_> {
        SchemaField {
            key: &self.key,
            label: &self.label,
            description: &self.description,
            editor_ui_alias: self.editor(),
            default_value: self.default.as_ref(),
            sort_order,
            is_required: self.required,
            is_sensitive: self.sensitive,
            group: self.group.as_deref(),
        }
    }

    fn to_dto(&self) -> SettingDto<'_> {
        SettingDto {
            alias: &self.key,
            name: &self.label,
            description: &self.description,
            json_type: match self.kind.value_type() {
                ValueType::Switch => "boolean",
                ValueType::Number => "number",
                ValueType::Text => "string",
            },
            is_required: self.required,
            is_sensitive: self.sensitive,
            default_value: self.default.as_ref(),
            options: &self.options,
            kind: Some(self.kind).filter(|kind| *kind != kind.value_type().general_kind()),
            accepted_as: &self.accepted_as,
            required_when: self.required_when.as_ref(),
            suggestions: &self.suggestions,
            variables: &self.variables,
            prefixes: &self.prefixes,
        }
    }

    /// Returns the editor alias of the web backoffice.
    fn editor(&self) -> &'static str {
        match self.kind.value_type() {
            ValueType::Switch => "Umb.PropertyEditorUi.Toggle",
            ValueType::Number => "Umb.PropertyEditorUi.Decimal",
            ValueType::Text if !self.options.is_empty() => "Umb.PropertyEditorUi.Dropdown",
            ValueType::Text => "Umb.PropertyEditorUi.TextBox",
        }
    }
}
