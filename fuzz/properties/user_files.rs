//! User-written files: errors are reported with their line, valid parts work, and safety rules hold.

use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use umai::config::file::ConfigFile;
use umai::config::target::TargetLocation;
use umai::provider::ProviderCatalog;
use umai::text::{columns, is_unprintable, is_visible_text, printable};
use umai::tui::action::{ACTIONS, Action, KeyContext};
use umai::tui::form::Form;
use umai::tui::keymap::Keymap;
use umai::tui::theme::{Theme, ThemeName};

use super::folder::folder;

/// The first byte selects the file.
pub fn holds(input: &[u8]) {
    let Some((which, rest)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    match which % 4 {
        0 => keys(text),
        1 => config(text),
        2 => theme(text),
        _ => provider(text),
    }
}

/// Messages are printable, and each has a valid line number.
fn are_problems_of(text: &str, name: &str, problems: &[String]) {
    for problem in problems {
        assert!(!problem.chars().any(is_unprintable), "{problem:?}");
        let Some(rest) = problem
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(", line "))
        else {
            assert!(problem.contains(name), "{problem:?}");
            continue;
        };
        let line: usize = rest.split(':').next().unwrap().parse().unwrap();
        assert!(
            (1..=text.split('\n').count()).contains(&line),
            "{problem:?}"
        );
    }
}

fn keys(text: &str) {
    static EMBEDDED: OnceLock<Keymap> = OnceLock::new();
    let (keymap, problems) = Keymap::with(text, "keymap.toml");
    are_problems_of(text, "keymap.toml", &problems);
    let quits = |place| {
        let mut keys = [Action::Quit, Action::QuitNow]
            .into_iter()
            .flat_map(|action| keymap.keys(place, action));
        keys.any(|key| {
            matches!(
                keymap.find(KeyContext::Tree, key),
                Some(Action::Quit | Action::QuitNow)
            )
        })
    };
    assert!(
        quits(KeyContext::Tree) || quits(KeyContext::Global),
        "no key quits"
    );
    let embedded = EMBEDDED.get_or_init(Keymap::embedded);
    let table = DeTable::parse(text)
        .map(Spanned::into_inner)
        .unwrap_or_default();
    let is_quitting_kept = problems
        .iter()
        .any(|problem| problem.ends_with("Ctrl-C keeps doing so"));
    for entry in ACTIONS {
        for place in entry.contexts.iter().copied() {
            for key in keymap.keys(place, entry.action) {
                assert_eq!(
                    keymap.find(place, key),
                    Some(entry.action),
                    "{key} in {}",
                    place.id()
                );
            }
            if let Some(key) = keymap.first_key(place, entry.action) {
                assert_eq!(keymap.find(place, key), Some(entry.action));
            }
            let is_said =
                section(&table, place.id()).is_some_and(|lines| lines.contains_key(entry.id));
            if !is_said && !is_quitting_kept {
                let now: Vec<_> = keymap.keys(place, entry.action).collect();
                let before: Vec<_> = embedded.keys(place, entry.action).collect();
                assert_eq!(now, before, "{} in {}", entry.id, place.id());
            }
        }
    }
}

fn config(text: &str) {
    let file = ConfigFile::parse(text, Path::new("/etc/umai"));
    are_problems_of(text, "config.toml", &file.problems);
    assert_eq!(ConfigFile::parse(text, Path::new("/etc/umai")), file);
    for (name, target) in file.targets() {
        assert_eq!(file.target(name).is_ok(), target.is_ok());
        let Ok(target) = target else { continue };
        if let TargetLocation::Server { address, .. } = &target.location {
            assert!(!address.contains('@'), "a password may be shown: {address}");
        }
        if let Some(badge) = &target.badge {
            assert!(is_visible_text(badge) && printable(badge) == *badge && columns(badge) <= 16);
        }
    }
    let Ok(table) = DeTable::parse(text).map(Spanned::into_inner) else {
        assert_eq!(file.problems.len(), 1, "nothing of it is used");
        return;
    };
    let mut read_only = spellings(&table, "read-only");
    assert_eq!(
        file.read_only.is_some(),
        read_only.any(|(key, value)| key != "read-only" || value.as_bool() != Some(false)),
        "what keeps everything unchanged is not passed over"
    );
    let default = file.default_target();
    assert_eq!(
        spellings(&table, "target").next().is_some(),
        default != Ok(None),
        "no target is guessed"
    );
    for (name, target) in section(&table, "targets").into_iter().flatten() {
        let read_only = target
            .get_ref()
            .as_table()
            .and_then(|lines| lines.get("read-only"));
        if read_only.is_some_and(|outcome| outcome.get_ref().as_bool() != Some(false)) {
            let target = file.target(name.get_ref());
            assert!(
                !target.is_ok_and(|target| !target.is_read_only),
                "it can be changed"
            );
        }
    }
}

/// Returns the lines whose key has the letters of a setting.
fn spellings<'a, 'i>(
    table: &'a DeTable<'i>,
    name: &str,
) -> impl Iterator<Item = (&'a str, &'a DeValue<'i>)> {
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let meant = letters(name);
    table
        .iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()))
        .filter(move |(key, _)| letters(key) == meant)
}

fn section<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a DeTable<'i>> {
    table.get(name)?.get_ref().as_table()
}

fn theme(text: &str) {
    let (theme, problems) = Theme::read(text, "mine.toml");
    are_problems_of(text, "mine.toml", &problems);
    assert_eq!(Theme::read(text, "mine.toml").0, theme);
    let Ok(table) = DeTable::parse(text).map(Spanned::into_inner) else {
        assert_eq!((theme, problems.len()), (Theme::default(), 1));
        return;
    };
    let base = table
        .get("base")
        .and_then(|base| base.get_ref().as_str())
        .and_then(ThemeName::from_name);
    let mut beneath = base.map_or_else(Theme::default, Theme::embedded);
    let mut theme = theme;
    for ((name, role), (_, under)) in theme.roles_mut().into_iter().zip(beneath.roles_mut()) {
        assert!(
            table.contains_key(name) || role == under,
            "{name} is another"
        );
    }
}

fn provider(text: &str) {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static EMBEDDED: OnceLock<ProviderCatalog> = OnceLock::new();
    let folder = folder(&FOLDER);
    std::fs::write(folder.join("mine.toml"), text).unwrap();
    let (catalog, problems) = ProviderCatalog::load(Some(folder));
    are_problems_of(text, "mine.toml", &problems);
    let embedded = EMBEDDED.get_or_init(ProviderCatalog::embedded);
    for known in embedded.all() {
        assert!(catalog.get(&known.id).is_some(), "{} is gone", known.id);
    }
    let more = catalog.all().len() - embedded.all().len();
    assert!(problems.len() + more <= 1, "{problems:?}");
    for provider in catalog.all() {
        let form = Form::new(provider);
        assert!(form.focus < form.fields.len());
    }
}
