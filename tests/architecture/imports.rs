//! Imports between the files of the source, and the cycles among them.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// Code of each module by its path, such as `store::sled`.
pub type Modules = BTreeMap<String, String>;

/// Returns the groups of modules that import each other, directly or through other modules of the group.
///
/// An import of the direct parent does not count, nor does the re-export of a module inside. An import of a re-exported name counts as an
/// import of the module that defines it.
pub fn cycles(modules: &Modules) -> BTreeSet<BTreeSet<&str>> {
    let imports = imports(modules);
    let reached: BTreeMap<&str, _> = imports
        .keys()
        .map(|from| (*from, reached(&imports, from)))
        .collect();
    let group = |module: &&str| {
        let others = reached[module].iter().copied();
        others
            .filter(|other| reached[other].contains(module))
            .collect()
    };
    let groups = imports.keys().map(group);
    groups
        .filter(|group: &BTreeSet<_>| group.len() > 1)
        .collect()
}

/// Returns the modules that a module imports, directly or through others.
fn reached<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = vec![from];
    while let Some(module) = next.pop() {
        for other in &imports[module] {
            if found.insert(*other) {
                next.push(other);
            }
        }
    }
    found
}

/// Path of an item without `crate`, one name after the other.
type ItemPath = Vec<String>;

fn imports(modules: &Modules) -> BTreeMap<&str, BTreeSet<&str>> {
    let statement = Regex::new(r"(?m)^\s*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);").unwrap();
    let in_code = Regex::new(r"\b(?:crate|super)(?:::\w+)+").unwrap();
    let mut imported: BTreeMap<&str, Vec<ItemPath>> = BTreeMap::new();
    let mut exported: BTreeMap<(&str, String), ItemPath> = BTreeMap::new();
    for (module, code) in modules {
        let paths = imported.entry(module).or_default();
        for found in statement.captures_iter(code) {
            for path in expand(&found[2]) {
                let Some(path) = absolute(modules, module, &path) else {
                    continue;
                };
                let is_inside = path.join("::").starts_with(&format!("{module}::"));
                if let (Some(_), Some(name)) = (found.get(1), path.last()) {
                    exported.insert((module, name.clone()), path.clone());
                }
                if found.get(1).is_none() || !is_inside {
                    paths.push(path);
                }
            }
        }
        let rest = statement.replace_all(code, "");
        let rest = in_code.find_iter(&rest);
        paths.extend(rest.filter_map(|path| absolute(modules, module, path.as_str())));
    }
    let resolved = imported.into_iter().map(|(module, paths)| {
        let parent = module.rsplit_once("::").map(|(parent, _)| parent);
        let others = paths
            .iter()
            .filter_map(|path| defining(modules, &exported, path));
        let others = others.filter(|other| *other != module && Some(*other) != parent);
        (module, others.collect())
    });
    resolved.collect()
}

/// Returns the paths of a `use` tree.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, inside)) = tree.split_once('{') else {
        let path = tree
            .split(" as ")
            .next()
            .unwrap()
            .trim_end_matches("::self");
        return vec![path.to_owned()];
    };
    let inside = inside
        .trim_end()
        .trim_end_matches(',')
        .strip_suffix('}')
        .unwrap();
    let mut depth = 0;
    let parts = inside.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts
        .flat_map(|part| expand(&format!("{head}{part}")))
        .collect()
}

/// Returns the path of an item of this crate.
fn absolute(modules: &Modules, module: &str, path: &str) -> Option<ItemPath> {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut rest = path.split("::").peekable();
    match rest.peek().copied()? {
        start @ ("crate" | "self") => {
            if start == "crate" {
                base.clear();
            }
            rest.next();
        }
        "super" => {
            while rest.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        name if modules.contains_key(&format!("{module}::{name}")) => {}
        _ => return None,
    }
    Some(base.into_iter().chain(rest).map(str::to_owned).collect())
}

/// Returns the module that defines an item.
fn defining<'a>(
    modules: &'a Modules,
    exported: &BTreeMap<(&str, String), ItemPath>,
    path: &[String],
) -> Option<&'a str> {
    let (length, module) = (1..=path.len()).rev().find_map(|length| {
        let (module, _) = modules.get_key_value(&path[..length].join("::"))?;
        Some((length, module.as_str()))
    })?;
    let name = path.get(length);
    let target = name.and_then(|name| exported.get(&(module, name.clone())));
    match target {
        Some(target) if *target != path => {
            let target = [target, &path[length + 1..]].concat();
            defining(modules, exported, &target)
        }
        _ => Some(module),
    }
}

#[test]
fn cycle_through_a_re_export_is_found() {
    let modules = [
        (
            "a",
            "mod inside;\npub use inside::{Item, Other as Renamed};",
        ),
        (
            "a::inside",
            "use super::Parent;\nuse crate::{c, d::{self, Item}};",
        ),
        ("b", "use crate::a::Item;"),
        ("c", "fn call() { crate::b::call(); }"),
        ("d", "use super::c;"),
    ];
    let modules = modules.map(|(path, code)| (path.to_owned(), code.to_owned()));
    let modules = Modules::from(modules);
    let found = cycles(&modules).into_iter().map(Vec::from_iter);
    let found: Vec<_> = found.collect();
    assert_eq!(found, [["a::inside", "b", "c", "d"]]);
}
