//! Available themes: embedded themes, families that follow the terminal background, and user files.

use std::path::{Path, PathBuf};

use super::{Theme, ThemeName};
use crate::text::file::trust::FileTrust;
use crate::text::file::{self, FileFlaw};
use crate::text::printable;

/// Maximum size of a theme file in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Maximum number of theme files.
const MAX_FILES: usize = 64;

/// Available theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Family: name, dark theme and light theme; the terminal background decides.
    Family(&'static str, ThemeName, ThemeName),
    /// Embedded theme.
    Embedded(ThemeName),
    /// User theme: name and file.
    User(String, PathBuf),
}

/// Default: the dark or light theme that fits the terminal.
pub const AUTO: ThemeChoice = ThemeChoice::Family("auto", ThemeName::Dark, ThemeName::Light);

/// Families and single embedded themes.
const EMBEDDED: [ThemeChoice; 13] = [
    AUTO,
    ThemeChoice::Family(
        "colorblind",
        ThemeName::ColorblindDark,
        ThemeName::ColorblindLight,
    ),
    ThemeChoice::Family(
        "contrast",
        ThemeName::ContrastDark,
        ThemeName::ContrastLight,
    ),
    ThemeChoice::Embedded(ThemeName::Mono),
    ThemeChoice::Embedded(ThemeName::Dark),
    ThemeChoice::Embedded(ThemeName::Light),
    ThemeChoice::Embedded(ThemeName::ColorblindDark),
    ThemeChoice::Embedded(ThemeName::ColorblindLight),
    ThemeChoice::Embedded(ThemeName::ContrastDark),
    ThemeChoice::Embedded(ThemeName::ContrastLight),
    ThemeChoice::Embedded(ThemeName::Catppuccin),
    ThemeChoice::Embedded(ThemeName::Gruvbox),
    ThemeChoice::Embedded(ThemeName::Nord),
];

/// Returns the names of the embedded themes in a sentence, without names that end in `-dark` or `-light`: they belong to a family.
pub fn names() -> String {
    let is_member = |name: &str| name.ends_with("-dark") || name.ends_with("-light");
    let names = EMBEDDED.iter().map(ThemeChoice::name);
    let names: Vec<_> = names.filter(|name| !is_member(name)).collect();
    names.join(", ")
}

impl ThemeChoice {
    /// Returns the name.
    pub fn name(&self) -> &str {
        match self {
            Self::Family(word, ..) => word,
            Self::Embedded(name) => name.as_str(),
            Self::User(name, _) => name,
        }
    }

    /// Returns true if the terminal background decides.
    pub const fn follows_the_terminal(&self) -> bool {
        match self {
            Self::Family(..) => true,
            Self::Embedded(_) | Self::User(..) => false,
        }
    }

    /// Returns the styles for a background, and the problems in the file.
    pub fn theme(&self, is_light: bool) -> (Theme, Vec<String>) {
        match self {
            Self::Family(_, dark, light) => {
                let name = if is_light { *light } else { *dark };
                (Theme::embedded(name), Vec::new())
            }
            Self::Embedded(name) => (Theme::embedded(*name), Vec::new()),
            Self::User(name, path) => load_user_theme(name, path, is_light),
        }
    }

    /// Returns all available themes, user themes last.
    pub fn all(folder: Option<&Path>) -> Vec<Self> {
        let mut all = EMBEDDED.to_vec();
        let files = folder.map(files).unwrap_or_default();
        all.extend(files.into_iter().filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let is_new = EMBEDDED.iter().all(|known| known.name() != name);
            is_new.then_some(Self::User(name, path))
        }));
        all
    }
}

/// Reads a theme file; missing roles, or all if the file is unreadable, come from the default theme.
fn load_user_theme(name: &str, path: &Path, is_light: bool) -> (Theme, Vec<String>) {
    let shown = format!("themes/{}.toml", printable(name));
    match file::read_trusted(path, MAX_BYTES, FileTrust::Group) {
        Ok(text) => {
            let (theme, problems) = Theme::read(&text, &shown);
            if theme == Theme::default() {
                return (AUTO.theme(is_light).0, problems);
            }
            (theme, problems)
        }
        Err(FileFlaw::NotFound) => (
            AUTO.theme(is_light).0,
            vec![format!("{shown} no longer exists")],
        ),
        Err(FileFlaw::Unusable(reason)) => (
            AUTO.theme(is_light).0,
            vec![format!("{shown} {reason}; using the default theme")],
        ),
    }
}

/// Returns the theme files of a directory by name; none if it does not exist.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    paths.sort();
    paths.truncate(MAX_FILES);
    paths
}

/// Returns the index of a theme by name, or an error that lists the themes.
pub fn find(name: &str, all: &[ThemeChoice]) -> Result<usize, String> {
    all.iter()
        .position(|choice| choice.name() == name)
        .ok_or_else(|| {
            let words: Vec<_> = all.iter().map(ThemeChoice::name).map(printable).collect();
            format!(
                "Unknown theme '{}'; available: {}",
                printable(name),
                words.join(", ")
            )
        })
}
