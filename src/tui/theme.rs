//! Styles by role, read from data.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

const DARK: &str = include_str!("../../assets/themes/dark.toml");
const LIGHT: &str = include_str!("../../assets/themes/light.toml");
const MONO: &str = include_str!("../../assets/themes/mono.toml");

/// Which embedded theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// For dark terminals.
    #[default]
    Dark,
    /// For light terminals.
    Light,
    /// Without colours.
    Mono,
}

impl ThemeName {
    /// Every embedded theme.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Mono];

    /// What the command line calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }

    /// The theme of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == name)
    }
}

/// A style for every role.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Theme {
    /// What has no other role.
    pub text: Role,
    /// What matters less.
    pub dim: Role,
    /// The title of a pane.
    pub title: Role,
    /// A heading among lines.
    pub heading: Role,
    /// The border of a pane.
    pub border: Role,
    /// The border of the pane that keys go to.
    pub border_focus: Role,
    /// What is selected in the pane that keys go to.
    pub selected: Role,
    /// What is selected in another pane.
    pub selected_away: Role,
    /// The mark of an active connection.
    pub on: Role,
    /// The mark of an inactive connection.
    pub off: Role,
    /// Something that is wrong.
    pub wrong: Role,
    /// Something to look at.
    pub warning: Role,
    /// Something that is right.
    pub right: Role,
    /// What an older version had and a newer one has not.
    pub removed: Role,
    /// What a newer version has and an older one had not.
    pub added: Role,
    /// A key in a hint.
    pub key: Role,
    /// What a key does.
    pub hint: Role,
    /// The label of a field.
    pub label: Role,
    /// The label of the field that keys go to.
    pub label_focus: Role,
    /// What a field says.
    pub input: Role,
    /// What the field that keys go to says.
    pub input_focus: Role,
    /// What stands in an empty field.
    pub placeholder: Role,
    /// A button.
    pub button: Role,
    /// The button that Enter takes.
    pub button_focus: Role,
}

impl Theme {
    /// An embedded theme.
    pub fn embedded(name: ThemeName) -> Self {
        let file = match name {
            ThemeName::Dark => DARK,
            ThemeName::Light => LIGHT,
            ThemeName::Mono => MONO,
        };
        // The embedded files are read in a test; a role without a style is drawn plain.
        toml::from_str(file).unwrap_or_default()
    }
}

/// The style of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "Written")]
pub struct Role(Style);

impl From<Role> for Style {
    fn from(role: Role) -> Self {
        role.0
    }
}

impl Role {
    /// This style with another over it.
    #[must_use]
    pub fn patch(self, over: Self) -> Style {
        self.0.patch(over.0)
    }

    /// The style.
    pub const fn style(self) -> Style {
        self.0
    }
}

/// A style as a theme file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    modifiers: Vec<String>,
}

impl TryFrom<Written> for Role {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let color = |name: Option<String>| match name {
            None => Ok(None),
            Some(name) => name
                .parse::<Color>()
                .map(Some)
                .map_err(|_| format!("'{name}' is no colour")),
        };
        let mut style = Style::new();
        style.fg = color(written.fg)?;
        style.bg = color(written.bg)?;
        for name in &written.modifiers {
            style = style.add_modifier(match name.as_str() {
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "italic" => Modifier::ITALIC,
                "underlined" => Modifier::UNDERLINED,
                "reversed" => Modifier::REVERSED,
                _ => return Err(format!("'{name}' is no modifier")),
            });
        }
        Ok(Self(style))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_themes_are_without_fault() {
        for file in [DARK, LIGHT, MONO] {
            toml::from_str::<Theme>(file).unwrap();
        }
    }

    #[test]
    fn mono_has_no_colour() {
        assert!(!MONO.contains("fg =") && !MONO.contains("bg ="));
    }
}
