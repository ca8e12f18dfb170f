//! Error messages for people: each line begins with `error:` and names options instead of API fields.

use std::io::Write;

use super::style::Style;
use crate::connection::{ConnectionError, DraftField, FieldError, FieldReason};
use crate::provider::{ProviderCatalog, is_sensitive};
use crate::text::printable;

/// Start of an error message.
const ERROR: &str = "error:";

/// Prints errors to stderr.
#[derive(Debug, Clone, Copy)]
pub struct ErrorMessages {
    /// True to color the start of each message.
    pub has_colors: bool,
}

impl ErrorMessages {
    /// Prints a message; its further lines are printed as they are.
    pub fn print(self, message: &str) {
        let message = message.strip_prefix(ERROR).map_or(message, str::trim_start);
        let mut lines = message.lines();
        let first = lines.next().unwrap_or_default();
        let start = Style::Bad.paint(ERROR, self.has_colors);
        print_line(&format!("{start} {}", printable(first)));
        lines.for_each(|line| print_line(&printable(line)));
    }

    /// Prints one message per invalid field, or the message of the error.
    pub fn print_fields(self, error: &ConnectionError, before: &str) {
        if error.fields().is_empty() {
            self.print(&format!("{before}{error}"));
        }
        for error in error.fields() {
            self.print(&format!("{before}{}: {error}", error.field.path()));
        }
    }

    /// Prints one message per invalid field, with the options in place of the fields.
    pub fn print_options(self, errors: &[FieldError]) {
        let is_unnamed = errors
            .iter()
            .any(|error| error.field == DraftField::Name && error.reason == FieldReason::Required);
        for error in errors {
            // The alias is derived from the name.
            let is_derived =
                error.field == DraftField::Alias && error.reason == FieldReason::Required;
            if !(is_derived && is_unnamed) {
                self.print(&in_options(error));
            }
        }
    }
}

/// Returns the error with the option that sets the field.
fn in_options(error: &FieldError) -> String {
    let option = match &error.field {
        DraftField::Alias => "--alias",
        DraftField::Name => "--name",
        DraftField::ProviderId => "--provider",
        DraftField::IsActive => "--inactive",
        DraftField::Settings => "--set",
        DraftField::Setting {
            key,
            label,
            provider,
        } => {
            return match &error.reason {
                FieldReason::Required if is_secret(provider, key) => format!(
                    "{label} is required: add --secret-stdin {key}, --secret-file {key}=PATH, or a reference: --set '{key}=$Section:Key'"
                ),
                FieldReason::Required => {
                    format!("{label} is required: add --set {key}=VALUE")
                }
                FieldReason::OneOf(labels) => {
                    one_of(provider, labels).unwrap_or_else(|| format!("--set {key}: {error}"))
                }
                FieldReason::EndpointChanged => format!(
                    "Changing the endpoint requires the key again: add --secret-stdin {key}"
                ),
                // It may come from --set, --unset or another option.
                FieldReason::UnknownSetting(_) => error.to_string(),
                // It may come from stdin, a file, or --set with a reference.
                _ if is_known_secret(provider, key) => format!("{key}: {error}"),
                _ => format!("--set {key}: {error}"),
            };
        }
    };
    match error.reason {
        FieldReason::Required if error.field == DraftField::Alias => {
            "--alias is required: no alias can be derived from this name".into()
        }
        FieldReason::Required => format!("{option} is required"),
        _ => format!("{option}: {error}"),
    }
}

/// Returns the options of settings of which one must have a value; none if a label is not of a built-in provider.
fn one_of(provider: &str, labels: &[String]) -> Option<String> {
    let catalog = ProviderCatalog::embedded();
    let known = catalog.get(provider)?;
    let options: Option<Vec<_>> = labels
        .iter()
        .map(|label| {
            let field = known.settings.iter().find(|field| field.label == *label)?;
            let key = &field.key;
            Some(if field.sensitive {
                format!("--secret-stdin {key} ({label})")
            } else {
                format!("--set {key}=VALUE ({label})")
            })
        })
        .collect();
    Some(format!(
        "{} requires one of {}",
        known.name,
        options?.join(", ")
    ))
}

/// Returns whether a setting is a secret; one that is not of a built-in provider is judged by its name.
fn is_secret(provider: &str, key: &str) -> bool {
    is_sensitive(ProviderCatalog::embedded().get(provider), key)
}

fn is_known_secret(provider: &str, key: &str) -> bool {
    let catalog = ProviderCatalog::embedded();
    let known = catalog.get(provider).and_then(|known| known.field(key));
    known.is_some_and(|field| field.sensitive)
}

/// Prints one line to stderr; errors are ignored because they cannot be reported.
pub fn print_line(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(format!("{line}\n").as_bytes());
}
