//! Styles by role, read from data.

pub mod choice;
pub mod contrast;
mod read;

use ratatui::style::{Color, Style};

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
    /// For eyes that confuse colours, on dark terminals.
    ColorblindDark,
    /// For eyes that confuse colours, on light terminals.
    ColorblindLight,
    /// High contrast on dark terminals.
    ContrastDark,
    /// High contrast on light terminals.
    ContrastLight,
}

impl ThemeName {
    /// Every embedded theme.
    pub const ALL: [Self; 7] = [
        Self::Dark,
        Self::Light,
        Self::Mono,
        Self::ColorblindDark,
        Self::ColorblindLight,
        Self::ContrastDark,
        Self::ContrastLight,
    ];

    /// What the command line calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
            Self::ColorblindDark => "colorblind-dark",
            Self::ColorblindLight => "colorblind-light",
            Self::ContrastDark => "contrast-dark",
            Self::ContrastLight => "contrast-light",
        }
    }

    /// The theme of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == name)
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Dark => include_str!("../../assets/themes/dark.toml"),
            Self::Light => include_str!("../../assets/themes/light.toml"),
            Self::Mono => include_str!("../../assets/themes/mono.toml"),
            Self::ColorblindDark => include_str!("../../assets/themes/colorblind-dark.toml"),
            Self::ColorblindLight => include_str!("../../assets/themes/colorblind-light.toml"),
            Self::ContrastDark => include_str!("../../assets/themes/contrast-dark.toml"),
            Self::ContrastLight => include_str!("../../assets/themes/contrast-light.toml"),
        }
    }
}

/// A style for every role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// The mark of the place that the app is at.
    pub badge: Role,
}

impl Theme {
    /// An embedded theme.
    pub fn embedded(name: ThemeName) -> Self {
        // The embedded files are read in a test; a role without a style is drawn plain.
        Self::read(name.file(), name.word()).0
    }

    /// Every role by its name in a file.
    pub fn roles_mut(&mut self) -> [(&'static str, &mut Role); 25] {
        [
            ("text", &mut self.text),
            ("dim", &mut self.dim),
            ("title", &mut self.title),
            ("heading", &mut self.heading),
            ("border", &mut self.border),
            ("border-focus", &mut self.border_focus),
            ("selected", &mut self.selected),
            ("selected-away", &mut self.selected_away),
            ("on", &mut self.on),
            ("off", &mut self.off),
            ("wrong", &mut self.wrong),
            ("warning", &mut self.warning),
            ("right", &mut self.right),
            ("removed", &mut self.removed),
            ("added", &mut self.added),
            ("key", &mut self.key),
            ("hint", &mut self.hint),
            ("label", &mut self.label),
            ("label-focus", &mut self.label_focus),
            ("input", &mut self.input),
            ("input-focus", &mut self.input_focus),
            ("placeholder", &mut self.placeholder),
            ("button", &mut self.button),
            ("button-focus", &mut self.button_focus),
            ("badge", &mut self.badge),
        ]
    }

    /// The style of the mark of a place: in its own colour, unless this theme has none.
    pub fn badge_in(&self, color: Option<&str>) -> Style {
        let style = self.badge.style();
        let own = color.and_then(|name| name.parse::<Color>().ok());
        match own.filter(|_| style.bg.is_some()) {
            Some(own) => style.bg(own).fg(contrast::ink_on(own)),
            None => style,
        }
    }
}

/// The style of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
