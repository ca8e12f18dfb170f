//! Appsettings resolve as in .NET: every JSON value is found, the highest source wins, comments are ignored, and messages
//! never contain values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use tempfile::TempDir;
use umai::appsettings::{
    AppSettings, EnvironmentVariables, MAX_DEPTH, MAX_KEYS, Reference, ReferenceLookup,
};

use super::PLANTED;
use super::folder::folder;

const PREFIXES: &str = "umbraco:ai:allowedconfigurationkeyprefixes";

/// Separator of the parts of an input: `appsettings.json`, the environment file, lines of `NAME=value`.
const BETWEEN: u8 = 0;

pub fn holds(input: &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == BETWEEN);
    let files = [
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or(b"{}"),
    ];
    let lines = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let pairs: Vec<(&str, &str)> = lines
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let settings = written(files, &pairs);
    let problems = settings.problems();
    for problem in &problems {
        // Duplicate keys are reported.
        assert!(
            problem.contains("the key '") || !problem.contains(PLANTED),
            "{problem}"
        );
    }
    agrees_with_itself(&settings);
    if !pairs.iter().any(|(name, _)| name.ends_with("_ENVIRONMENT")) {
        is_as_json_says(&settings, files, &pairs, problems.is_empty());
    }
    if problems.is_empty() {
        let listed = settings.keys(|_| true);
        let commented =
            files.map(|file| [b"// {\n/* \" */", without_mark(file), b"\n// }"].concat());
        let commented = written([&commented[0], &commented[1]], &pairs);
        assert_eq!(commented.problems(), Vec::<String>::new());
        assert_eq!(
            commented.keys(|_| true),
            listed,
            "comments change something"
        );
    }
}

fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file)
}

fn written(files: [&[u8]; 2], pairs: &[(&str, &str)]) -> AppSettings {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = folder(&FOLDER);
    std::fs::write(folder.join("appsettings.json"), files[0]).unwrap();
    std::fs::write(folder.join("appsettings.Production.json"), files[1]).unwrap();
    AppSettings::in_folder(
        folder,
        EnvironmentVariables::from_pairs(pairs.iter().copied()),
    )
}

/// Listed keys resolve, and blocked keys are not listed.
fn agrees_with_itself(settings: &AppSettings) {
    let (keys, total) = settings.keys(|_| true);
    assert!(keys.len() == total.min(MAX_KEYS));
    for listed in keys.iter().take(64) {
        let reference =
            Reference::read(&format!("${}", listed.key)).expect("it can be referred to");
        let value = settings.resolve(&reference);
        assert!(
            value.is_some_and(|value| !value.expose_secret().trim().is_empty()),
            "{listed:?}"
        );
        assert_eq!(
            settings.lookup(&reference),
            ReferenceLookup::Found {
                source: listed.source.clone()
            }
        );
        let section = listed.key.split(':').next().unwrap_or_default();
        assert!(
            !section.eq_ignore_ascii_case("connectionstrings"),
            "{listed:?}"
        );
    }
}

/// Value in plain JSON: a text, any number, or nothing.
#[derive(Debug, Clone, PartialEq)]
enum LookupOutcome {
    Text(String),
    Number,
    Nothing,
}

type Flat = BTreeMap<String, LookupOutcome>;

fn is_as_json_says(
    settings: &AppSettings,
    files: [&[u8]; 2],
    pairs: &[(&str, &str)],
    is_fine: bool,
) {
    let read = files.map(|file| serde_json::from_slice::<Node>(without_mark(file)).ok());
    let [Some(base), Some(over)] = read else {
        return;
    };
    let flat = [base, over].map(|file| flat(&file));
    let [Some(base), Some(over)] = flat else {
        assert!(
            !is_fine,
            "expected one object within the depth limit without duplicate keys"
        );
        return;
    };
    assert!(is_fine, "{:?}", settings.problems());
    let mut all = base;
    all.extend(over);
    for (name, value) in pairs {
        let key = name.replace("__", ":").to_ascii_lowercase();
        all.insert(key, LookupOutcome::Text((*value).to_owned()));
    }
    let (listed, _) = settings.keys(|_| true);
    for listed in listed {
        let key = listed.key.to_lowercase();
        assert!(all.contains_key(&key), "{key} is nowhere");
    }
    let is_narrowed = all.keys().any(|key| key.starts_with(PREFIXES));
    for (key, outcome) in all.iter().take(64) {
        let Some(reference) = Reference::read(&format!("${key}")) else {
            continue;
        };
        let found = settings.resolve(&reference);
        let is_never = key.split(':').next() == Some("connectionstrings");
        match (found, outcome) {
            (Some(_), _) if is_never => panic!("{key} may be read"),
            (None, _) if is_never || is_narrowed => {}
            (Some(value), LookupOutcome::Text(text)) => {
                assert_eq!(value.expose_secret(), text, "{key}");
            }
            (Some(_), LookupOutcome::Number) | (None, LookupOutcome::Nothing) => {}
            (None, LookupOutcome::Text(text)) => {
                assert!(text.trim().is_empty(), "{key} is {text:?}");
            }
            (Some(_), LookupOutcome::Nothing) | (None, LookupOutcome::Number) => {
                panic!("{key} is {outcome:?}")
            }
        }
    }
}

/// Values by lowercase key, flattened as in .NET; none if .NET refuses the file.
fn flat(file: &Node) -> Option<Flat> {
    let Node::Object(_) = file else {
        return None;
    };
    let mut flat = Flat::new();
    put(&mut flat, None, file, 1).then_some(flat)
}

fn put(flat: &mut Flat, key: Option<&str>, node: &Node, level: usize) -> bool {
    if level > MAX_DEPTH + 1 {
        return false;
    }
    let join = |name: &str| key.map_or(name.to_owned(), |key| format!("{key}:{name}"));
    let outcome = match node {
        Node::Object(members) => {
            return members
                .iter()
                .all(|(name, node)| put(flat, Some(&join(name)), node, level + 1));
        }
        Node::List(nodes) => {
            return (0..).zip(nodes).all(|(at, node): (usize, _)| {
                put(flat, Some(&join(&at.to_string())), node, level + 1)
            });
        }
        Node::Nothing => LookupOutcome::Nothing,
        Node::Switch(true) => LookupOutcome::Text("True".into()),
        Node::Switch(false) => LookupOutcome::Text("False".into()),
        Node::Number => LookupOutcome::Number,
        Node::Text(text) => LookupOutcome::Text(text.clone()),
    };
    let key = key.unwrap_or_default().to_lowercase();
    flat.insert(key, outcome).is_none()
}

/// JSON that keeps duplicate members.
enum Node {
    Nothing,
    Switch(bool),
    Number,
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Node, E> {
        Ok(Node::Switch(on))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}
