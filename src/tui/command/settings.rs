//! Settings of a connection as command-line options; secrets come from stdin or files.

use super::CommandLine;
use crate::appsettings::Reference;
use crate::connection::{Mask, Plain, Setting};

/// Setting in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain value.
    Open(String),
    /// Secret that the user supplies when the command runs.
    Secret,
    /// Cleared value.
    Cleared,
}

impl From<&Setting<Plain>> for Part {
    fn from(setting: &Setting<Plain>) -> Self {
        match setting {
            Setting::Null => Self::Cleared,
            Setting::Switch(on) => Self::Open(on.to_string()),
            Setting::Number(number) => Self::Open(number.to_string()),
            Setting::Text(text) => Self::Open(text.clone()),
            Setting::Secret(secret) => secret
                .expose()
                .filter(|text| Reference::read(text).is_some())
                .map_or(Self::Secret, |text| Self::Open(text.to_owned())),
        }
    }
}

impl From<&Setting<Mask>> for Part {
    fn from(setting: &Setting<Mask>) -> Self {
        match setting {
            Setting::Null => Self::Cleared,
            Setting::Switch(on) => Self::Open(on.to_string()),
            Setting::Number(number) => Self::Open(number.to_string()),
            Setting::Text(text) => Self::Open(text.clone()),
            Setting::Secret(_) => Self::Secret,
        }
    }
}

/// Appends the options for settings: the first secret is read from stdin, the others from files.
pub fn settings<'a>(
    mut line: CommandLine,
    parts: impl Iterator<Item = (&'a str, Part)>,
) -> CommandLine {
    let mut reads_stdin = false;
    for (key, part) in parts {
        line = match part {
            Part::Open(text) => line.option("--set", &format!("{key}={text}")),
            Part::Cleared => line.option("--unset", key),
            Part::Secret if reads_stdin => {
                line.option("--secret-file", &format!("{key}={key}.txt"))
            }
            Part::Secret => {
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
            ("apiKey", Part::from(&Setting::Secret(Plain::new("sk-x")))),
            (
                "token",
                Part::from(&Setting::Secret(Plain::new("$Own:Token"))),
            ),
            ("second", Part::from(&Setting::Secret(Plain::new("$$x")))),
            ("endpoint", Part::Cleared),
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
