//! Settings of a connection as command-line options; secrets come from stdin or files.

use super::CommandLine;
use crate::appsettings::Reference;
use crate::connection::{MaskedSecret, PlainSecret, SettingValue};

/// Setting in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingArgument {
    /// Plain value.
    Open(String),
    /// Secret that the user supplies when the command runs.
    Secret,
    /// Cleared value.
    Cleared,
}

impl From<&SettingValue<PlainSecret>> for SettingArgument {
    fn from(setting: &SettingValue<PlainSecret>) -> Self {
        match setting {
            SettingValue::Null => Self::Cleared,
            SettingValue::Switch(on) => Self::Open(on.to_string()),
            SettingValue::Number(number) => Self::Open(number.to_string()),
            SettingValue::Text(text) => Self::Open(text.clone()),
            SettingValue::Secret(secret) => secret
                .expose()
                .filter(|text| Reference::read(text).is_some())
                .map_or(Self::Secret, |text| Self::Open(text.to_owned())),
        }
    }
}

impl From<&SettingValue<MaskedSecret>> for SettingArgument {
    fn from(setting: &SettingValue<MaskedSecret>) -> Self {
        match setting {
            SettingValue::Null => Self::Cleared,
            SettingValue::Switch(on) => Self::Open(on.to_string()),
            SettingValue::Number(number) => Self::Open(number.to_string()),
            SettingValue::Text(text) => Self::Open(text.clone()),
            SettingValue::Secret(_) => Self::Secret,
        }
    }
}

/// Appends the options for settings: the first secret is read from stdin, the others from files.
pub fn settings<'a>(
    mut line: CommandLine,
    parts: impl Iterator<Item = (&'a str, SettingArgument)>,
) -> CommandLine {
    let mut reads_stdin = false;
    for (key, part) in parts {
        line = match part {
            SettingArgument::Open(text) => line.option("--set", &format!("{key}={text}")),
            SettingArgument::Cleared => line.option("--unset", key),
            SettingArgument::Secret if reads_stdin => {
                line.option("--secret-file", &format!("{key}={key}.txt"))
            }
            SettingArgument::Secret => {
                reads_stdin = true;
                line.option("--secret-stdin", key)
            }
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_shown_and_secrets_requested() {
        let parts = [
            (
                "apiKey",
                SettingArgument::from(&SettingValue::Secret(PlainSecret::new("sk-x"))),
            ),
            (
                "token",
                SettingArgument::from(&SettingValue::Secret(PlainSecret::new("$Own:Token"))),
            ),
            (
                "second",
                SettingArgument::from(&SettingValue::Secret(PlainSecret::new("$$x"))),
            ),
            ("endpoint", SettingArgument::Cleared),
        ];
        let line = settings(
            CommandLine::new(&[], "connections update"),
            parts.into_iter(),
        );
        assert_eq!(
            line.to_string(),
            "umai connections update --secret-stdin apiKey --set 'token=$Own:Token' --secret-file 'second=second.txt' --unset endpoint"
        );
    }
}
