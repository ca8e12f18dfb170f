//! Reads `Invoke-RestMethod` and `Invoke-WebRequest`, with the variables and hash tables before them.

use zeroize::Zeroizing;

use super::request::PastedRequest;
use super::tokenize::powershell::{ScriptPart, parts};
use super::value::clean;
use super::{PasteKind, PasteResult};
use crate::provider::{Provider, ProviderCatalog};

const KIND: PasteKind = PasteKind::PowerShell;

const COMMANDS: [&str; 6] = [
    "invoke-restmethod",
    "invoke-webrequest",
    "irm",
    "iwr",
    "curl",
    "wget",
];

/// Parameters without a value.
const SWITCHES: [&str; 15] = [
    "-allowinsecureredirect",
    "-allowunencryptedauthentication",
    "-disablekeepalive",
    "-followrellink",
    "-noproxy",
    "-passthru",
    "-preserveauthorizationonredirect",
    "-preservehttpmethodonredirect",
    "-proxyusedefaultcredentials",
    "-resume",
    "-skipcertificatecheck",
    "-skipheadervalidation",
    "-skiphttperrorcheck",
    "-usebasicparsing",
    "-usedefaultcredentials",
];

/// A value of a parameter, of a variable or of an entry.
#[derive(Clone)]
enum PowerShellValue {
    Text(Zeroizing<String>),
    Table(PowerShellTable),
}

type PowerShellTable = Vec<(Zeroizing<String>, PowerShellValue)>;

/// Reads a script; `None` for a text without one of the commands.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    if !has_command(text) {
        return None;
    }
    let Ok(parts) = parts(text) else {
        return Some(PasteResult::unreadable(
            KIND,
            "a quotation mark is not closed",
        ));
    };
    let mut script = PowerShellScript {
        request: PastedRequest::default(),
        tables: Vec::new(),
        is_found: false,
    };
    for statement in statements(&parts) {
        script.run(statement);
    }
    if !script.is_found {
        return None;
    }
    Some(match script.request.connection(KIND, catalog, wanted) {
        Ok(connection) => PasteResult::Connection(connection),
        Err(reason) => PasteResult::unreadable(KIND, reason),
    })
}

/// A command as a word of its own, followed by a parameter or an address.
fn has_command(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_long = ["invoke-restmethod", "invoke-webrequest"]
        .iter()
        .any(|name| lower.contains(name));
    let is_short = || {
        let mut words = lower.split_whitespace();
        let first = words.find(|word| !matches!(*word, "ps" | ">" | "$" | "="));
        first.is_some_and(|word| matches!(word, "irm" | "iwr"))
    };
    let is_alias = || lower.starts_with("curl ") && lower.contains("@{");
    let has_parameter = lower.contains(" -") || lower.contains("://");
    has_parameter && (is_long || is_alias() || is_short())
}

/// Statements with their hash tables whole.
fn statements(parts: &[ScriptPart]) -> Vec<&[ScriptPart]> {
    let mut statements = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, part) in parts.iter().enumerate() {
        match part {
            ScriptPart::Open => depth += 1,
            ScriptPart::Close => depth = depth.saturating_sub(1),
            ScriptPart::End | ScriptPart::Pipe if depth == 0 => {
                statements.extend(parts.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    statements.extend(parts.get(start..));
    statements.retain(|statement: &&[ScriptPart]| !statement.is_empty());
    statements
}

struct PowerShellScript {
    request: PastedRequest,
    tables: Vec<(String, PowerShellTable)>,
    is_found: bool,
}

impl PowerShellScript {
    fn run(&mut self, statement: &[ScriptPart]) {
        // Behind a prompt: `PS C:\> `.
        let statement = match statement {
            [ScriptPart::Word(_), ScriptPart::Word(before), rest @ ..] if before.ends_with('>') => {
                rest
            }
            other => other,
        };
        match statement {
            [ScriptPart::Word(name), ScriptPart::Equals, rest @ ..] if name.starts_with('$') => {
                match rest {
                    [ScriptPart::Word(word), arguments @ ..] if is_command(word) => {
                        self.call(arguments);
                    }
                    rest => self.assign(name, rest),
                }
            }
            [ScriptPart::Word(word), arguments @ ..] if is_command(word) => self.call(arguments),
            [ScriptPart::Word(call)] => self.add_entry(call),
            _ => {}
        }
    }

    /// `$name = value`, `$env:NAME = value`, `$headers["Name"] = value`.
    fn assign(&mut self, name: &str, value: &[ScriptPart]) {
        let name = name.trim_start_matches('$');
        if let Some((table, key)) = name.split_once('[') {
            if let [ScriptPart::Word(value)] = value {
                let key = clean(key.trim_end_matches(']'));
                self.add(table, key, value);
            }
            return;
        }
        let name = name
            .get(..4)
            .filter(|scope| scope.eq_ignore_ascii_case("env:"))
            .map_or(name, |_| &name[4..]);
        match value {
            [ScriptPart::Word(text)] => self.request.variables.set(name, text),
            [ScriptPart::Open, inner @ ..] => {
                let (table, _) = table(inner, 0);
                self.tables.push((name.to_lowercase(), table));
            }
            _ => {}
        }
    }

    /// `$headers.Add("Name", "value")`.
    fn add_entry(&mut self, call: &str) {
        let Some((table, arguments)) = call.strip_prefix('$').and_then(|call| call.split_once('.'))
        else {
            return;
        };
        let Some(arguments) = arguments
            .get(..4)
            .filter(|add| add.eq_ignore_ascii_case("add("))
            .and(arguments.get(4..))
        else {
            return;
        };
        if let Some((key, value)) = arguments.trim_end_matches(')').split_once(',') {
            self.add(table, clean(key), clean(value));
        }
    }

    fn add(&mut self, table: &str, key: &str, value: &str) {
        let table = table.to_lowercase();
        let entry = (
            Zeroizing::new(key.to_owned()),
            PowerShellValue::Text(Zeroizing::new(value.to_owned())),
        );
        match self.tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, entries)) => entries.push(entry),
            None => self.tables.push((table, vec![entry])),
        }
    }

    fn call(&mut self, arguments: &[ScriptPart]) {
        if self.is_found {
            self.request.left_out.credential("another command");
            return;
        }
        self.is_found = true;
        let mut rest = arguments;
        while let Some((part, following)) = rest.split_first() {
            rest = following;
            let ScriptPart::Word(word) = part else {
                continue;
            };
            let lower = word.to_lowercase();
            if let Some(name) = word.strip_prefix('@') {
                for (key, value) in self.table(name) {
                    self.take(&format!("-{}", key.to_lowercase()), value);
                }
            } else if lower.starts_with('-') && lower.len() > 1 {
                if SWITCHES.contains(&lower.as_str()) {
                    if lower == "-skipcertificatecheck" {
                        self.request.left_out.other("-SkipCertificateCheck");
                    }
                    continue;
                }
                let (value, following) = value(rest, 0);
                rest = following;
                if let Some(value) = value {
                    self.take(&lower, value);
                }
            } else if self.request.address.is_empty() {
                self.request.address = self.request.variables.expand(word);
            } else {
                self.request.left_out.other("another address");
            }
        }
    }

    fn table(&self, name: &str) -> PowerShellTable {
        let name = name.to_lowercase();
        let found = self.tables.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, table)| table.clone()).unwrap_or_default()
    }

    fn take(&mut self, parameter: &str, value: PowerShellValue) {
        let is = |name: &str| name.starts_with(parameter) && parameter.len() > 2;
        match value {
            PowerShellValue::Text(text) if is("-uri") || parameter == "-url" => {
                self.request.address = self.request.variables.expand(&text);
            }
            PowerShellValue::Table(entries) if is("-headers") => self.take_headers(entries),
            PowerShellValue::Text(text) if is("-headers") => {
                let entries = self.table(text.trim_start_matches('$'));
                self.take_headers(entries);
            }
            PowerShellValue::Text(text) if is("-token") => {
                // ConvertTo-SecureString "x" -AsPlainText has the token in quotes.
                let inner = text
                    .split(['"', '\''])
                    .nth(1)
                    .filter(|_| text.starts_with('('));
                let token = Zeroizing::new(inner.unwrap_or(&text).to_owned());
                self.request.bearer = Some(("-Token", token));
            }
            _ if is("-credential") => self.request.left_out.credential("-Credential"),
            _ if parameter.starts_with("-cert") => self.request.left_out.credential("-Certificate"),
            _ if is("-proxycredential") && parameter.len() > 6 => {
                self.request.left_out.credential("-ProxyCredential");
            }
            _ if is("-proxy") => self.request.left_out.other("-Proxy"),
            _ if parameter.starts_with("-timeout") => self.request.left_out.other("-TimeoutSec"),
            _ => {}
        }
    }

    fn take_headers(&mut self, entries: PowerShellTable) {
        for (name, value) in entries {
            if let PowerShellValue::Text(value) = value {
                self.request.headers.push((name.as_str().to_owned(), value));
            }
        }
    }
}

fn is_command(word: &str) -> bool {
    let lower = word.to_lowercase();
    COMMANDS.contains(&lower.as_str())
}

/// Deeper hash tables are not read.
const DEEPEST: usize = 16;

/// The value at the start of the parts, and the parts after it.
fn value(parts: &[ScriptPart], depth: usize) -> (Option<PowerShellValue>, &[ScriptPart]) {
    match parts.split_first() {
        Some((ScriptPart::Word(text), rest)) => (Some(PowerShellValue::Text(text.clone())), rest),
        Some((ScriptPart::Open, rest)) if depth < DEEPEST => {
            let (table, rest) = table(rest, depth + 1);
            (Some(PowerShellValue::Table(table)), rest)
        }
        Some((_, rest)) => (None, rest),
        None => (None, parts),
    }
}

/// The entries up to the closing brace, and the parts after it.
fn table(parts: &[ScriptPart], depth: usize) -> (PowerShellTable, &[ScriptPart]) {
    let mut entries = PowerShellTable::new();
    let mut rest = parts;
    while let Some((part, following)) = rest.split_first() {
        rest = following;
        match part {
            ScriptPart::Close => return (entries, rest),
            ScriptPart::Word(key) => {
                if let Some((ScriptPart::Equals, following)) = rest.split_first() {
                    let (found, following) = value(following, depth);
                    rest = following;
                    entries.extend(found.map(|found| (key.clone(), found)));
                }
            }
            ScriptPart::Open | ScriptPart::Equals | ScriptPart::End | ScriptPart::Pipe => {}
        }
    }
    (entries, rest)
}
