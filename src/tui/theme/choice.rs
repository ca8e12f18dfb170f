//! Which themes can be chosen: those that come with the program, the families that follow the terminal, and the user's own.

use std::path::{Path, PathBuf};

use super::{Theme, ThemeName};
use crate::text::file::{self, FileFlaw};
use crate::text::printable;

/// The most bytes a theme file has.
const MAX_BYTES: usize = 64 * 1024;

/// The most theme files that are offered.
const MAX_FILES: usize = 64;

/// A theme that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Two themes, of which the terminal's background takes one: the word for both, the dark and the light one.
    Family(&'static str, ThemeName, ThemeName),
    /// One that comes with the program.
    One(ThemeName),
    /// One of the user's own: its name and its file.
    Own(String, PathBuf),
}

/// What fits the terminal.
pub const FITTING: Choice = Choice::Family("auto", ThemeName::Dark, ThemeName::Light);

/// The families, and the themes that stand for themselves.
const EMBEDDED: [Choice; 10] = [
    FITTING,
    Choice::Family(
        "colorblind",
        ThemeName::ColorblindDark,
        ThemeName::ColorblindLight,
    ),
    Choice::Family(
        "contrast",
        ThemeName::ContrastDark,
        ThemeName::ContrastLight,
    ),
    Choice::One(ThemeName::Mono),
    Choice::One(ThemeName::Dark),
    Choice::One(ThemeName::Light),
    Choice::One(ThemeName::ColorblindDark),
    Choice::One(ThemeName::ColorblindLight),
    Choice::One(ThemeName::ContrastDark),
    Choice::One(ThemeName::ContrastLight),
];

impl Choice {
    /// What it is called.
    pub fn word(&self) -> &str {
        match self {
            Self::Family(word, ..) => word,
            Self::One(name) => name.word(),
            Self::Own(name, _) => name,
        }
    }

    /// Whether the terminal's background decides.
    pub const fn follows_the_terminal(&self) -> bool {
        match self {
            Self::Family(..) => true,
            Self::One(_) | Self::Own(..) => false,
        }
    }

    /// Its styles on such a background, and what is wrong with its file.
    pub fn theme(&self, is_light: bool) -> (Theme, Vec<String>) {
        match self {
            Self::Family(_, dark, light) => {
                let name = if is_light { *light } else { *dark };
                (Theme::embedded(name), Vec::new())
            }
            Self::One(name) => (Theme::embedded(*name), Vec::new()),
            Self::Own(name, path) => own(name, path, is_light),
        }
    }

    /// Everything that can be chosen, the user's own behind the embedded ones.
    pub fn all(folder: Option<&Path>) -> Vec<Self> {
        let mut all = EMBEDDED.to_vec();
        let files = folder.map(files).unwrap_or_default();
        all.extend(files.into_iter().filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let is_new = EMBEDDED.iter().all(|known| known.word() != name);
            is_new.then_some(Self::Own(name, path))
        }));
        all
    }
}

/// The theme of a file; what it leaves out, and all of it when it cannot be read, fits the terminal.
fn own(name: &str, path: &Path, is_light: bool) -> (Theme, Vec<String>) {
    let shown = format!("themes/{}.toml", printable(name));
    match file::read(path, MAX_BYTES) {
        Ok(text) => {
            let (theme, problems) = Theme::read(&text, &shown);
            if theme == Theme::default() {
                return (FITTING.theme(is_light).0, problems);
            }
            (theme, problems)
        }
        Err(FileFlaw::NotThere) => (
            FITTING.theme(is_light).0,
            vec![format!("{shown} no longer exists")],
        ),
        Err(FileFlaw::Unusable(why)) => (
            FITTING.theme(is_light).0,
            vec![format!("{shown} {why}; using the default theme")],
        ),
    }
}

/// The theme files of a folder by name; a folder that is not there has none.
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

/// The choice of this name, or a sentence with those that there are.
pub fn named(name: &str, all: &[Choice]) -> Result<usize, String> {
    all.iter()
        .position(|choice| choice.word() == name)
        .ok_or_else(|| {
            let words: Vec<_> = all.iter().map(Choice::word).map(printable).collect();
            format!(
                "Unknown theme '{}'; available: {}",
                printable(name),
                words.join(", ")
            )
        })
}
