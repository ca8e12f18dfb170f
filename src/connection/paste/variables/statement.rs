//! Reads assignments as shells, `.env` files, YAML, Dockerfiles and PowerShell write them.

use zeroize::Zeroizing;

use super::words::{StatementWord, joined_lines, statements};
use super::{PastedVariables, is_known, is_name};
use crate::connection::paste::left_out::LeftOut;
use crate::connection::paste::value::clean;
use crate::provider::ProviderCatalog;

/// Words before an assignment.
const KEYWORDS: [&str; 15] = [
    "export", "declare", "typeset", "readonly", "local", "set", "setx", "setenv", "env", "arg",
    "let", "const", "var", "-e", "--env",
];

/// Keywords that are followed by a name and a value without `=` between them.
const WITH_SPACE: [&str; 5] = ["set", "setx", "setenv", "env", "arg"];

/// Commands that set one value: the words before the name.
const COMMANDS: [&[&str]; 2] = [
    &["aws", "configure", "set"],
    &["dotnet", "user-secrets", "set"],
];

/// Reads every assignment of a text, and reports how many lines have none.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    left_out: &mut LeftOut,
) -> PastedVariables {
    let mut reader = StatementReader {
        catalog,
        variables: PastedVariables::default(),
        left_out,
        skipped: 0,
        listed: None,
    };
    for line in joined_lines(text).lines() {
        for statement in statements(line) {
            reader.read(&statement);
        }
    }
    match reader.skipped {
        0 => {}
        1 => reader.left_out.other("1 line that is not an assignment"),
        count => reader
            .left_out
            .other(format!("{count} lines that are not assignments")),
    }
    reader.variables
}

struct StatementReader<'a> {
    catalog: &'a ProviderCatalog,
    variables: PastedVariables,
    left_out: &'a mut LeftOut,
    skipped: usize,
    /// The name of a YAML list entry whose value is on the next line.
    listed: Option<String>,
}

impl StatementReader<'_> {
    fn read(&mut self, words: &[StatementWord]) {
        let mut words = words;
        while let Some((first, rest)) = words.split_first()
            && !first.is_quoted
            && matches!(first.text.as_str(), "-" | "$" | ">" | "%" | "&")
        {
            words = rest;
        }
        if self.read_list_entry(words) || is_structure(words) {
            return;
        }
        let before = self.variables.names().count();
        let is_read = self.read_command(words) || self.read_assignments(words);
        if !is_read && !self.read_known(words) && before == self.variables.names().count() {
            self.skipped += 1;
        }
    }

    /// `- name: X` and `value: v` on the next line, as Kubernetes lists variables.
    fn read_list_entry(&mut self, words: &[StatementWord]) -> bool {
        match words {
            [key, name] if key.text.as_str() == "name:" && is_name(&name.text) => {
                self.listed = Some(name.text.as_str().to_owned());
                true
            }
            [key, value] if key.text.as_str() == "value:" && self.listed.is_some() => {
                if let Some(name) = self.listed.take() {
                    self.variables.set(&name, &value.text);
                }
                true
            }
            _ => false,
        }
    }

    /// `aws configure set NAME value`, `[Environment]::SetEnvironmentVariable("NAME", "value")`.
    fn read_command(&mut self, words: &[StatementWord]) -> bool {
        for command in COMMANDS {
            let is_this = words.len() > command.len() + 1
                && command
                    .iter()
                    .zip(words)
                    .all(|(part, word)| word.text.as_str() == *part);
            if let (true, [name, value, ..]) =
                (is_this, words.get(command.len()..).unwrap_or_default())
            {
                self.variables.set(&name.text, &value.text);
                return true;
            }
        }
        let Some(first) = words.first() else {
            return false;
        };
        let Some((_, arguments)) = first.text.split_once("SetEnvironmentVariable(") else {
            return false;
        };
        let rest = words.iter().skip(1).map(|word| word.text.as_str());
        let whole = Zeroizing::new(
            [arguments]
                .into_iter()
                .chain(rest)
                .collect::<Vec<_>>()
                .join(" "),
        );
        let mut parts = whole
            .split(',')
            .map(|part| clean(part.trim_end_matches([')', ';'])));
        match (parts.next(), parts.next()) {
            (Some(name), Some(value)) if is_name(name) => {
                self.variables.set(name, value);
                true
            }
            _ => false,
        }
    }

    /// Assignments from the first word on, after a keyword and its options.
    fn read_assignments(&mut self, words: &[StatementWord]) -> bool {
        let mut words = words;
        let mut keyword = None;
        while let Some((first, rest)) = words.split_first() {
            let lower = first.text.to_lowercase();
            if first.is_quoted || !KEYWORDS.contains(&lower.as_str()) || rest.is_empty() {
                break;
            }
            keyword = Some(lower);
            words = rest;
            while let Some((option, following)) = words.split_first()
                && !option.text.contains('=')
                && option.text.starts_with('-')
            {
                words = following;
            }
        }
        if let (Some(keyword), [name, value, ..]) = (&keyword, words)
            && WITH_SPACE.contains(&keyword.as_str())
            && is_name(&name.text)
            && !value.text.starts_with('=')
        {
            self.variables.set(&name.text, &value.text);
            return true;
        }
        let mut is_any = false;
        while let Some((name, value, rest)) = assignment(words, self.catalog) {
            self.variables.set(&name, &value);
            is_any = true;
            words = rest;
            while let Some((first, following)) = words.split_first()
                && matches!(first.text.as_str(), "," | "-e" | "--env")
            {
                words = following;
            }
        }
        let is_comment = words.first().is_none_or(|word| word.text.starts_with('#'));
        let is_option = words.first().is_some_and(|word| word.text.starts_with('/'));
        if is_any && !is_comment && !is_option && !self.read_known(words) {
            self.left_out.other("what follows an assignment");
        }
        is_any
    }

    /// `NAME=value` anywhere in a command, where a provider knows the name.
    fn read_known(&mut self, words: &[StatementWord]) -> bool {
        let mut is_any = false;
        for word in words {
            let mut text = word.text.as_str();
            for _ in 0..2 {
                let Some((name, value)) = text.split_once('=') else {
                    break;
                };
                let name = name.trim_start_matches("-e");
                if is_name(name) && is_known(self.catalog, name) {
                    self.variables.set(name, clean(value));
                    is_any = true;
                    break;
                }
                text = value;
            }
        }
        is_any
    }
}

/// Name and value of an assignment, and the words after it.
type Assignment<'w> = (String, Zeroizing<String>, &'w [StatementWord]);

/// An assignment at the start of the words.
fn assignment<'w>(words: &'w [StatementWord], catalog: &ProviderCatalog) -> Option<Assignment<'w>> {
    let (first, rest) = words.split_first()?;
    let text = first.text.trim_start_matches(['{', ',']);
    if let Some((name, value)) = text.split_once('=')
        && let Some(name) = name_in(name)
    {
        return Some(with_equals_sign(name, value, rest, catalog));
    }
    if let Some(name) = text.strip_suffix(':').and_then(name_in) {
        let (value, following) = rest.split_first()?;
        return Some((name, value_of(value), following));
    }
    if let (Some(name), Some((character, following))) = (name_in(text), rest.split_first())
        && matches!(character.text.as_str(), "=" | ":" | ":=" | "=>")
    {
        return match following.split_first() {
            Some((value, following)) => Some((name, value_of(value), following)),
            None => Some((name, Zeroizing::default(), following)),
        };
    }
    if let (Some(name), Some((value, following))) = (name_in(text), rest.split_first())
        && let Some(value) = value.text.strip_prefix('=')
    {
        return Some((name, Zeroizing::new(clean(value).to_owned()), following));
    }
    let (name, value) = text.split_once(':')?;
    let name = name_in(name).filter(|name| is_known(catalog, name))?;
    Some((name, Zeroizing::new(clean(value).to_owned()), rest))
}

/// The assignment whose first word is `name=value`.
fn with_equals_sign<'w>(
    name: String,
    value: &str,
    rest: &'w [StatementWord],
    catalog: &ProviderCatalog,
) -> Assignment<'w> {
    let value = clean(value.trim_end_matches([',', ';']));
    // systemd: `Environment=NAME=value`.
    if let Some((inner, value)) = value.split_once('=')
        && is_name(inner)
        && is_known(catalog, inner)
        && !is_known(catalog, &name)
    {
        let value = Zeroizing::new(clean(value).to_owned());
        return (inner.to_owned(), value, rest);
    }
    if let Some((next, following)) = rest.split_first()
        && !next.text.contains('=')
    {
        // `NAME=Bearer value`, and `NAME= value`.
        let is_next =
            value.eq_ignore_ascii_case("bearer") || value.is_empty() && !next.text.starts_with('#');
        if is_next {
            return (name, value_of(next), following);
        }
    }
    (name, Zeroizing::new(value.to_owned()), rest)
}

/// The value that a word is, without quotes and the separator after it.
fn value_of(word: &StatementWord) -> Zeroizing<String> {
    Zeroizing::new(clean(word.text.trim_end_matches([',', ';'])).to_owned())
}

/// The variable's name in `NAME`, `$env:NAME`, `${env:NAME}`, `os.environ["NAME"]`, `process.env.NAME`,
/// `Environment=NAME` and `OpenAI:ApiKey`.
fn name_in(text: &str) -> Option<String> {
    let text = clean(text.trim_start_matches("-e"));
    let scoped = text.strip_prefix('$').and_then(|rest| {
        let rest = rest
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .unwrap_or(rest);
        let scope = rest
            .get(..4)
            .filter(|scope| scope.eq_ignore_ascii_case("env:"))?;
        rest.get(scope.len()..)
    });
    let indexed = ["os.environ[", "ENV[", "process.env[", "process.env."]
        .iter()
        .find_map(|source| text.strip_prefix(source))
        .map(|rest| clean(rest.trim_end_matches(']')));
    let name = scoped.or(indexed).unwrap_or(text);
    let is_path = name.split(':').all(is_name);
    is_path.then(|| name.to_owned())
}

/// Returns whether a line only gives structure: a section, a YAML parent, braces, a document mark.
fn is_structure(words: &[StatementWord]) -> bool {
    match words {
        [] => true,
        [one] => {
            let text = one.text.as_str();
            !one.is_quoted
                && (text.ends_with(':')
                    || (text.starts_with('[') && text.ends_with(']'))
                    || text.starts_with("---")
                    || text.starts_with("#!")
                    || text.chars().all(|character| !character.is_alphanumeric()))
        }
        _ => false,
    }
}
