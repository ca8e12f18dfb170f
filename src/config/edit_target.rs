//! Removes and renames sections of targets in `config.toml` and leaves its other text as it is.

use std::fs;
use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::file::{ConfigFile, NAME};
use super::new_target::{key, replace_text};
use crate::text::case_fold::nfc;
use crate::text::printable;

/// Change of the section of a target.
#[derive(Clone, Copy)]
pub enum TargetEdit<'a> {
    /// Remove it, and `target` if it is the default.
    Remove,
    /// Rename it, and `target` if it is the default.
    Rename(&'a str),
}

/// Changes the section of a target in the file of the config directory `folder`. The error is a sentence.
pub fn edit(folder: &Path, name: &str, change: TargetEdit<'_>) -> Result<(), String> {
    let path = folder.join(NAME);
    // A symbolic link to a file elsewhere stays one.
    let path = fs::canonicalize(&path).unwrap_or(path);
    let before = fs::read_to_string(&path)
        .map_err(|error| format!("Cannot read {}: {error}", path.display()))?;
    let refused = || {
        format!(
            "Cannot change the section of '{}' in {NAME}. Change it yourself",
            printable(name)
        )
    };
    let after = edited(&before, name, change).ok_or_else(refused)?;
    if !is_equal(&before, &after, folder, name, change) {
        return Err(refused());
    }
    replace_text(folder, &path, &after)
}

/// Returns true if the new text has the same targets but for the changed one.
fn is_equal(before: &str, after: &str, folder: &Path, name: &str, change: TargetEdit<'_>) -> bool {
    let (before, after) = (
        ConfigFile::parse(before, folder),
        ConfigFile::parse(after, folder),
    );
    let expected = before.targets().iter().filter_map(|(known, target)| {
        let target = target.as_ref().ok().cloned();
        match change {
            _ if nfc(known) != nfc(name) => Some((known.clone(), target)),
            TargetEdit::Remove => None,
            TargetEdit::Rename(new) => Some((
                new.to_owned(),
                target.map(|target| super::target::Target {
                    name: new.to_owned(),
                    ..target
                }),
            )),
        }
    });
    let found = after
        .targets()
        .iter()
        .map(|(known, target)| (known.clone(), target.as_ref().ok().cloned()));
    let is_default_kept = match (before.is_default(name), change) {
        (true, TargetEdit::Remove) => matches!(after.default_target(), Ok(None)),
        (true, TargetEdit::Rename(new)) => after.is_default(new),
        (false, _) => true,
    };
    expected.eq(found)
        && is_default_kept
        && before.read_only.is_some() == after.read_only.is_some()
        && before.run_forbidden.is_some() == after.run_forbidden.is_some()
        && before.problems.len() >= after.problems.len()
}

/// Returns the text with the change; none if the target has no section of its own.
fn edited(text: &str, name: &str, change: TargetEdit<'_>) -> Option<String> {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let section = section(text, name)?;
    edits.push(match change {
        TargetEdit::Remove => (section.lines, String::new()),
        TargetEdit::Rename(new) => (section.key, key(new)),
    });
    let table = DeTable::parse(text).ok()?.into_inner();
    if let Some((default, value)) = table.get_key_value("target")
        && value
            .get_ref()
            .as_str()
            .is_some_and(|known| nfc(known.trim()) == nfc(name))
    {
        edits.push(match change {
            TargetEdit::Remove => (
                lines_of(text, default.span().start, value.span().end),
                String::new(),
            ),
            TargetEdit::Rename(new) => (value.span(), toml::Value::from(new).to_string()),
        });
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut text = text.to_owned();
    for (range, new) in edits.into_iter().rev() {
        text.get(range.clone())?;
        text.replace_range(range, &new);
    }
    Some(text)
}

/// Position of a section.
struct SectionRange {
    /// Name in the heading.
    key: Range<usize>,
    /// Heading and lines, up to the next section or the comments above it.
    lines: Range<usize>,
}

fn section(text: &str, name: &str) -> Option<SectionRange> {
    let mut found: Option<SectionRange> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let is_heading = line.trim_start().starts_with('[');
        if let Some(section) = &mut found {
            if is_heading {
                break;
            }
            let is_content = !line.trim().is_empty() && !line.trim_start().starts_with('#');
            if is_content {
                section.lines.end = at;
            }
        } else if is_heading && let Some(key) = heading(line, name) {
            found = Some(SectionRange {
                key: start + key.start..start + key.end,
                lines: start..at,
            });
        }
    }
    let mut section = found?;
    // Empty lines after it would pile up.
    let rest = text.get(section.lines.end..)?;
    let is_empty = |line: &&str| line.trim().is_empty();
    let empty: usize = rest
        .split_inclusive('\n')
        .take_while(is_empty)
        .map(str::len)
        .sum();
    section.lines.end += empty;
    Some(section)
}

/// Returns the position of the name in the heading `[targets.NAME]`.
fn heading(line: &str, name: &str) -> Option<Range<usize>> {
    let table = DeTable::parse(line).ok()?.into_inner();
    let targets = table.get("targets")?.get_ref().as_table()?;
    let mut names = targets.iter();
    let (known, _) = names.find(|(known, _)| nfc(known.get_ref()) == nfc(name))?;
    Some(known.span())
}

/// Returns the lines from one position to another.
fn lines_of(text: &str, start: usize, end: usize) -> Range<usize> {
    let start = text
        .get(..start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let rest = text.get(end..).and_then(|rest| rest.find('\n'));
    start..rest.map_or(text.len(), |at| end + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TEXT: &str = "target = 'dev' # mine\nplain = true\n\n# first\n[targets.dev]\ndata = 'd' # here\n\n# second\n[ targets . \"try it\" ]\ndata = 't'\nbadge = 'TRY'\n";

    #[rstest]
    #[case::default(
        "dev",
        TargetEdit::Remove,
        "plain = true\n\n# first\n# second\n[ targets . \"try it\" ]\ndata = 't'\nbadge = 'TRY'\n"
    )]
    #[case::last(
        "try it",
        TargetEdit::Remove,
        "target = 'dev' # mine\nplain = true\n\n# first\n[targets.dev]\ndata = 'd' # here\n\n# second\n"
    )]
    #[case::renamed_default(
        "dev",
        TargetEdit::Rename("new name"),
        "target = \"new name\" # mine\nplain = true\n\n# first\n[targets.\"new name\"]\ndata = 'd' # here\n\n# second\n[ targets . \"try it\" ]\ndata = 't'\nbadge = 'TRY'\n"
    )]
    #[case::renamed(
        "try it",
        TargetEdit::Rename("b"),
        "target = 'dev' # mine\nplain = true\n\n# first\n[targets.dev]\ndata = 'd' # here\n\n# second\n[ targets . b ]\ndata = 't'\nbadge = 'TRY'\n"
    )]
    fn other_text_is_kept(
        #[case] name: &str,
        #[case] change: TargetEdit<'_>,
        #[case] expected: &str,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, TEXT).unwrap();
        edit(folder.path(), name, change).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }

    #[rstest]
    #[case::inline("targets = { dev = { data = 'd' } }\n")]
    #[case::dotted("targets.dev.data = 'd'\n")]
    #[case::two_places("[targets.dev]\ndata = 'd'\n[targets.dev.more]\n")]
    fn target_without_one_section_is_refused(#[case] text: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, text).unwrap();
        let error = edit(folder.path(), "dev", TargetEdit::Remove).unwrap_err();
        assert!(error.contains("Change it yourself"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
