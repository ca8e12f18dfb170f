//! Keymap: the embedded file with the user's changes.

use std::collections::HashMap;
use std::path::Path;

use crossterm::event::{KeyCode, KeyModifiers};

use super::action::{ACTIONS, Action, ActionEntry, KeyContext};
use super::key::KeyPress;
use crate::text::file::trust::FileTrust;
use crate::text::file::{self, FileFlaw};

/// Default keymap, which also documents the file format.
const EMBEDDED: &str = include_str!("../../assets/keymap.toml");

/// Name of the user's file in the config directory.
pub const NAME: &str = "keymap.toml";

/// Size in bytes above which a file is not even read.
const LARGEST_FILE: usize = 256 * 1024;

/// Size in bytes above which a keymap file is ignored: no keymap is that long.
const LARGEST: usize = 64 * 1024;

/// Bindings of keys to actions by context.
#[derive(Debug, Clone, Default)]
pub struct Keymap {
    bindings: HashMap<(KeyContext, KeyPress), Action>,
    order: Vec<(KeyContext, Action, KeyPress)>,
}

/// Replaces the IDs of actions in braces.
pub fn with_names(
    text: &str,
    context: KeyContext,
    name: impl Fn(&ActionEntry) -> String,
) -> String {
    let mut text = text.to_owned();
    for entry in ACTIONS.iter().filter(|entry| context.has(entry)) {
        if text.contains('{') {
            text = text.replace(&format!("{{{}}}", entry.id), &name(entry));
        }
    }
    text
}

/// Line, context, action and keys in a file.
type Binding = (usize, KeyContext, Action, Vec<KeyPress>);

impl Keymap {
    /// Default keymap.
    pub fn embedded() -> Self {
        Self::default()
            .with_user_file(EMBEDDED, "the embedded key file")
            .0
    }

    /// Default keymap with the changes of the file in the config directory, and the problems in that file.
    pub fn read(config: &Path) -> (Self, Vec<String>) {
        match file::read_trusted(&config.join(NAME), LARGEST_FILE, FileTrust::Group) {
            Ok(text) => Self::with(&text, NAME),
            Err(FileFlaw::NotFound) => (Self::embedded(), Vec::new()),
            Err(FileFlaw::Unusable(why)) => (
                Self::embedded(),
                vec![format!("{NAME} {why}; using the default keys")],
            ),
        }
    }

    /// Default keymap with the changes of a user's file, and the problems in that file with line numbers.
    pub fn with(file: &str, name: &str) -> (Self, Vec<String>) {
        let (mut keymap, mut problems) = Self::embedded().with_user_file(file, name);
        if !keymap.can_quit() {
            keymap.bind_ctrl_c();
            problems.push(format!("{name}: no key quits umai; Ctrl-C keeps doing so"));
        }
        (keymap, problems)
    }

    /// Returns whether a key quits from the tree, which every context leads back to.
    fn can_quit(&self) -> bool {
        [KeyContext::Tree, KeyContext::Global]
            .into_iter()
            .any(|place| {
                [Action::Quit, Action::QuitNow]
                    .into_iter()
                    .flat_map(|action| self.keys(place, action))
                    .any(|key| {
                        self.find(KeyContext::Tree, key)
                            .is_some_and(|found| matches!(found, Action::Quit | Action::QuitNow))
                    })
            })
    }

    /// Hides the keys of all actions that change something; pressing one explains why nothing happens.
    pub fn hide_writes(&mut self) {
        self.order
            .retain(|(place, action, _)| *place != KeyContext::Form && !action.is_write());
    }

    /// Hides the keys of an action; pressing one explains why nothing happens.
    pub fn hide(&mut self, hidden: Action) {
        self.order.retain(|(_, action, _)| *action != hidden);
    }

    /// Binds Ctrl-C to quit again, replacing other bindings.
    fn bind_ctrl_c(&mut self) {
        let key = KeyPress::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        self.bindings.retain(|(_, other), _| *other != key);
        self.order.retain(|(_, _, other)| *other != key);
        self.bindings
            .insert((KeyContext::Global, key), Action::QuitNow);
        self.order.push((KeyContext::Global, Action::QuitNow, key));
    }

    /// Action of a key in a context, or anywhere.
    pub fn find(&self, context: KeyContext, key: KeyPress) -> Option<Action> {
        let places = [Some(context), context.inherited(), Some(KeyContext::Global)];
        let mut places = places.into_iter().flatten();
        places.find_map(|place| self.bindings.get(&(place, key)).copied())
    }

    /// Keys of an action in a context, in the order of the file.
    pub fn keys(&self, context: KeyContext, action: Action) -> impl Iterator<Item = KeyPress> {
        self.order
            .iter()
            .filter(move |(place, what, _)| *place == context && *what == action)
            .map(|(_, _, key)| *key)
    }

    /// First key of an action in a context, or anywhere.
    pub fn first_key(&self, context: KeyContext, action: Action) -> Option<KeyPress> {
        let places = [Some(context), context.inherited(), Some(KeyContext::Global)];
        let mut keys = places
            .into_iter()
            .flatten()
            .flat_map(|place| self.keys(place, action));
        keys.find(|key| self.find(context, *key) == Some(action))
    }

    /// Replaces the IDs of actions in braces by their keys: `{clear}` by `Ctrl-X`.
    pub fn with_keys(&self, context: KeyContext, text: &str) -> String {
        with_names(text, context, |entry| {
            let key = self.first_key(context, entry.action);
            key.map_or_else(|| entry.title.to_owned(), |key| key.to_string())
        })
    }

    /// First key of an action in parentheses with a leading space; empty if it has none.
    pub fn in_parentheses(&self, context: KeyContext, action: Action) -> String {
        let key = self.first_key(context, action);
        key.map_or_else(String::new, |key| format!(" ({key})"))
    }

    fn with_user_file(mut self, file: &str, name: &str) -> (Self, Vec<String>) {
        if file.len() > LARGEST {
            return (self, vec![format!("{name}: larger than 64 KiB; ignored")]);
        }
        let (bindings, mut problems) = read_bindings(file);
        for (_, context, action, _) in &bindings {
            self.unbind(*context, *action);
        }
        for (at, context, action, keys) in bindings {
            for key in keys {
                if let Some(other) = self.bindings.get(&(context, key)).copied()
                    && other != action
                {
                    let problem = format!(
                        "{key} is already bound to '{}' in [{}]; not bound to '{}'",
                        other.entry().id,
                        context.id(),
                        action.entry().id
                    );
                    problems.push((at, problem));
                } else {
                    self.bindings.insert((context, key), action);
                    self.order.push((context, action, key));
                }
            }
        }
        let problems = problems.into_iter();
        let problems = problems.map(|(at, problem)| format!("{name}, line {at}: {problem}"));
        (self, problems.collect())
    }

    fn unbind(&mut self, context: KeyContext, action: Action) {
        self.bindings
            .retain(|(place, _), what| (*place, *what) != (context, action));
        self.order
            .retain(|(place, what, _)| (*place, *what) != (context, action));
    }
}

/// Reads the bindings of a file, in the order of its lines, and its problems; all with their line numbers.
fn read_bindings(file: &str) -> (Vec<Binding>, Vec<(usize, String)>) {
    let (mut bindings, mut problems) = (Vec::new(), Vec::new());
    let line_ends: Vec<usize> = file.match_indices('\n').map(|(end, _)| end).collect();
    let line_of = |at: usize| 1 + line_ends.partition_point(|end| *end < at);
    let table = match toml::de::DeTable::parse(file) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let at = error.span().map_or(1, |span| line_of(span.start));
            return (bindings, vec![(at, error.message().to_owned())]);
        }
    };
    for (section, lines) in &table {
        let context = KeyContext::from_id(section.get_ref());
        let (Some(context), Some(lines)) = (context, lines.get_ref().as_table()) else {
            let at = line_of(section.span().start);
            problems.push((at, format!("unknown section '{}'", section.get_ref())));
            continue;
        };
        for (id, keys) in lines {
            let at = line_of(id.span().start);
            match (
                Action::from_id(id.get_ref(), context),
                read_keys(keys.get_ref()),
            ) {
                (Some(action), Ok(keys)) => bindings.push((at, context, action, keys)),
                (Some(_), Err(problem)) => problems.push((at, problem)),
                (None, _) => {
                    let (id, section) = (id.get_ref(), context.id());
                    problems.push((at, format!("unknown action '{id}' in [{section}]")));
                }
            }
        }
    }
    bindings.sort_by_key(|(at, ..)| *at);
    (bindings, problems)
}

fn read_keys(value: &toml::de::DeValue<'_>) -> Result<Vec<KeyPress>, String> {
    let names = match value {
        toml::de::DeValue::String(name) => vec![name.as_ref()],
        toml::de::DeValue::Array(list) => list
            .iter()
            .map(|name| {
                name.get_ref()
                    .as_str()
                    .ok_or("a key must be a string such as \"ctrl-s\"")
            })
            .collect::<Result<_, _>>()?,
        _ => return Err("keys must be a list of strings such as [\"ctrl-s\"]".into()),
    };
    names
        .into_iter()
        .map(|name| KeyPress::read(name).ok_or_else(|| format!("'{name}' is not a key")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> KeyPress {
        KeyPress::read(name).unwrap()
    }

    #[test]
    fn embedded_keymap_has_no_problems() {
        assert_eq!(
            Keymap::default().with_user_file(EMBEDDED, "keys").1,
            Vec::<String>::new()
        );
    }

    #[test]
    fn user_binding_replaces_the_embedded_one() {
        let (keymap, problems) = Keymap::with("[tree]\nnew = [\"a\", \"ctrl-n\"]\n", "keys");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(keymap.find(KeyContext::Tree, key("a")), Some(Action::New));
        assert_eq!(
            keymap.find(KeyContext::Tree, key("ctrl-n")),
            Some(Action::New)
        );
        assert_eq!(keymap.find(KeyContext::Tree, key("n")), None);
        assert_eq!(
            keymap.find(KeyContext::Tree, key("t")),
            Some(Action::Toggle)
        );
    }

    #[test]
    fn two_actions_can_swap_keys() {
        let (keymap, problems) = Keymap::with("[tree]\nnew = \"t\"\ntoggle = \"n\"\n", "keys");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            keymap.find(KeyContext::Tree, key("n")),
            Some(Action::Toggle)
        );
    }

    #[test]
    fn problems_are_reported_with_lines_and_the_rest_works() {
        let file = "[tree]\nnew = [\"a\"]\nfly = [\"f\"]\nsort = [\"ctrl-nonsense\"]\ntoggle = [\"e\"]\n[sky]\nup = [\"x\"]\n";
        let (keymap, problems) = Keymap::with(file, "keymap.toml");
        assert_eq!(
            problems,
            [
                "keymap.toml, line 6: unknown section 'sky'",
                "keymap.toml, line 3: unknown action 'fly' in [tree]",
                "keymap.toml, line 4: 'ctrl-nonsense' is not a key",
                "keymap.toml, line 5: e is already bound to 'edit' in [tree]; not bound to 'toggle'",
            ]
        );
        assert_eq!(keymap.find(KeyContext::Tree, key("a")), Some(Action::New));
        assert_eq!(keymap.find(KeyContext::Tree, key("s")), Some(Action::Sort));
    }

    #[test]
    fn invalid_toml_keeps_the_embedded_keys() {
        let (keymap, problems) = Keymap::with("[tree\n", "keymap.toml");
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].starts_with("keymap.toml, line 1: "),
            "{problems:?}"
        );
        assert_eq!(keymap.find(KeyContext::Tree, key("n")), Some(Action::New));
    }

    #[test]
    fn names_of_version_0_1_are_accepted() {
        let file = "[tree]\nenable = [\"6\"]\nturn = [\"7\"]\n[many]\nhide = [\"8\"]\n[anywhere]\nredraw = [\"9\"]\n";
        let (keymap, problems) = Keymap::with(file, "keymap.toml");
        assert!(problems.is_empty(), "{problems:?}");
        let bound = |context, key: char| keymap.find(context, self::key(&key.to_string()));
        assert_eq!(bound(KeyContext::Tree, '6'), Some(Action::Activate));
        assert_eq!(bound(KeyContext::Tree, '7'), Some(Action::ReverseSort));
        assert_eq!(bound(KeyContext::Bulk, '8'), Some(Action::Hide));
        assert_eq!(bound(KeyContext::Form, '9'), Some(Action::Redraw));
    }

    #[rstest::rstest]
    #[case("[tree]\nleave = []\n[global]\nquit = []\n")]
    #[case("[tree]\nleave = []\nnew = [\"ctrl-c\"]\n")]
    fn keymap_without_a_quit_key_keeps_ctrl_c(#[case] file: &str) {
        let (keymap, problems) = Keymap::with(file, "keymap.toml");
        assert_eq!(
            problems,
            ["keymap.toml: no key quits umai; Ctrl-C keeps doing so"]
        );
        for place in KeyContext::ALL {
            assert_eq!(keymap.find(place, key("ctrl-c")), Some(Action::QuitNow));
        }
    }

    #[rstest::rstest]
    #[case("[tree]\nleave = []\n")]
    #[case("[global]\nquit = []\n")]
    fn one_quit_key_is_enough(#[case] file: &str) {
        assert_eq!(Keymap::with(file, "keys").1, Vec::<String>::new());
    }

    #[test]
    fn context_binding_precedes_global_binding() {
        let (keymap, _) = Keymap::with("[form]\nsave = [\"ctrl-c\"]\n", "keys");
        assert_eq!(
            keymap.find(KeyContext::Form, key("ctrl-c")),
            Some(Action::Save)
        );
        assert_eq!(
            keymap.find(KeyContext::Tree, key("ctrl-c")),
            Some(Action::QuitNow)
        );
    }
}
