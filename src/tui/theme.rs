//! Themes: styles by role, read from TOML files.

pub mod choice;
pub mod contrast;
mod parse;

use ratatui::style::{Color, Style};

/// Embedded theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// For dark terminals.
    #[default]
    Dark,
    /// For light terminals.
    Light,
    /// Without colours.
    Mono,
    /// For colour-blind users, on dark terminals.
    ColorblindDark,
    /// For colour-blind users, on light terminals.
    ColorblindLight,
    /// High contrast on dark terminals.
    ContrastDark,
    /// High contrast on light terminals.
    ContrastLight,
    /// Catppuccin Mocha.
    Catppuccin,
    /// Gruvbox dark.
    Gruvbox,
    /// Nord.
    Nord,
}

impl ThemeName {
    /// All embedded themes.
    pub const ALL: [Self; 10] = [
        Self::Dark,
        Self::Light,
        Self::Mono,
        Self::ColorblindDark,
        Self::ColorblindLight,
        Self::ContrastDark,
        Self::ContrastLight,
        Self::Catppuccin,
        Self::Gruvbox,
        Self::Nord,
    ];

    /// Returns the name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
            Self::ColorblindDark => "colorblind-dark",
            Self::ColorblindLight => "colorblind-light",
            Self::ContrastDark => "contrast-dark",
            Self::ContrastLight => "contrast-light",
            Self::Catppuccin => "catppuccin",
            Self::Gruvbox => "gruvbox",
            Self::Nord => "nord",
        }
    }

    /// Returns the theme with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name)
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
            Self::Catppuccin => include_str!("../../assets/themes/catppuccin.toml"),
            Self::Gruvbox => include_str!("../../assets/themes/gruvbox.toml"),
            Self::Nord => include_str!("../../assets/themes/nord.toml"),
        }
    }
}

/// Styles of all roles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Theme {
    /// Text without another role.
    pub text: RoleStyle,
    /// Secondary text.
    pub dim: RoleStyle,
    /// Title of a pane.
    pub title: RoleStyle,
    /// Heading.
    pub heading: RoleStyle,
    /// Border of a pane.
    pub border: RoleStyle,
    /// Border of the focused pane.
    pub border_focus: RoleStyle,
    /// Selection in the focused pane.
    pub selected: RoleStyle,
    /// Selection in another pane.
    pub selected_away: RoleStyle,
    /// Symbol of an active connection.
    pub on: RoleStyle,
    /// Symbol of an inactive connection.
    pub off: RoleStyle,
    /// Error.
    pub error: RoleStyle,
    /// Warning.
    pub warning: RoleStyle,
    /// Success.
    pub success: RoleStyle,
    /// Removed in the newer version.
    pub removed: RoleStyle,
    /// Added in the newer version.
    pub added: RoleStyle,
    /// Key in a hint.
    pub key: RoleStyle,
    /// Text of a hint.
    pub hint: RoleStyle,
    /// Label of a field.
    pub label: RoleStyle,
    /// Label of the focused field.
    pub label_focus: RoleStyle,
    /// Value of a field.
    pub input: RoleStyle,
    /// Value of the focused field.
    pub input_focus: RoleStyle,
    /// Placeholder of an empty field.
    pub placeholder: RoleStyle,
    /// Button.
    pub button: RoleStyle,
    /// Focused button.
    pub button_focus: RoleStyle,
    /// Badge of the target.
    pub badge: RoleStyle,
}

impl Theme {
    /// Returns an embedded theme.
    pub fn embedded(name: ThemeName) -> Self {
        // A test reads the embedded files; a role without a style is drawn plain.
        Self::read(name.file(), name.as_str()).0
    }

    /// Returns every role with its name in a file.
    pub fn roles_mut(&mut self) -> [(&'static str, &mut RoleStyle); 25] {
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
            ("error", &mut self.error),
            ("warning", &mut self.warning),
            ("success", &mut self.success),
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

    /// Returns the style of the badge in a colour; themes without colours ignore it.
    pub fn badge_in(&self, color: Option<&str>) -> Style {
        let style = self.badge.style();
        let own = color.and_then(|name| name.parse::<Color>().ok());
        match own.filter(|_| style.bg.is_some()) {
            Some(own) => style.bg(own).fg(contrast::text_color_on(own)),
            None => style,
        }
    }
}

/// Style of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoleStyle(Style);

impl From<RoleStyle> for Style {
    fn from(role: RoleStyle) -> Self {
        role.0
    }
}

impl RoleStyle {
    /// Returns this style with another applied on top.
    #[must_use]
    pub fn patch(self, over: Self) -> Style {
        self.0.patch(over.0)
    }

    /// Returns the style.
    pub const fn style(self) -> Style {
        self.0
    }
}
