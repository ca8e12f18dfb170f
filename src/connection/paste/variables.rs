//! Variables: as assignments in a paste, as names that providers know, and inside other texts.

mod statement;
mod words;

use zeroize::Zeroizing;

use super::left_out::LeftOut;
use super::settings::CollectedSettings;
use super::value::PastedValue;
use super::{PasteKind, PasteResult, PastedConnection};
use crate::connection::PlainSecret;
use crate::provider::{Provider, ProviderCatalog, SettingsField};

/// Further variables are not read.
const MOST_VARIABLES: usize = 1000;

/// Names and values in the order of the paste, each name once.
#[derive(Default)]
pub(super) struct PastedVariables(Vec<PastedVariable>);

struct PastedVariable {
    name: String,
    value: PlainSecret,
    /// `true` if another text refers to it.
    is_used: bool,
}

impl PastedVariables {
    /// Sets a variable; the last value of a name wins.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = PlainSecret::new(value);
        let is_full = self.0.len() >= MOST_VARIABLES;
        match self.0.iter_mut().find(|variable| variable.name == name) {
            Some(variable) => variable.value = value,
            None if is_full => {}
            None => self.0.push(PastedVariable {
                name: name.to_owned(),
                value,
                is_used: false,
            }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names, values, and whether another text refers to them.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (String, PlainSecret, bool)> {
        self.0
            .into_iter()
            .map(|variable| (variable.name, variable.value, variable.is_used))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|variable| variable.name.as_str())
    }

    /// The text with `$NAME`, `${NAME}`, `$env:NAME` and `%NAME%` replaced, where the name is set here.
    pub(super) fn expand(&mut self, text: &str) -> Zeroizing<String> {
        let mut used = Vec::new();
        let expanded = self.expanded(text, &mut used);
        for at in used {
            if let Some(variable) = self.0.get_mut(at) {
                variable.is_used = true;
            }
        }
        expanded
    }

    /// The same, without a note of which variables are used.
    pub(super) fn peek(&self, text: &str) -> Zeroizing<String> {
        self.expanded(text, &mut Vec::new())
    }

    fn expanded(&self, text: &str, used: &mut Vec<usize>) -> Zeroizing<String> {
        let mut expanded = Zeroizing::new(String::with_capacity(text.len()));
        let mut rest = text;
        while let Some(start) = rest.find(['$', '%']) {
            let (before, reference) = rest.split_at(start);
            expanded.push_str(before);
            let found = reference_at(reference).and_then(|(name, length)| {
                let at = self
                    .0
                    .iter()
                    .position(|variable| variable.name.eq_ignore_ascii_case(name))?;
                Some((at, self.0.get(at)?, length))
            });
            if let Some((at, variable, length)) = found
                && expanded.len() < super::LONGEST
            {
                used.push(at);
                expanded.push_str(variable.value.expose().unwrap_or_default());
                rest = reference.get(length..).unwrap_or_default();
            } else {
                let mut characters = reference.chars();
                expanded.extend(characters.next());
                rest = characters.as_str();
            }
        }
        expanded.push_str(rest);
        expanded
    }
}

/// The name a reference at the start of a text has, and the length of the reference.
fn reference_at(text: &str) -> Option<(&str, usize)> {
    if let Some(rest) = text.strip_prefix('%') {
        let name = rest
            .split('%')
            .next()
            .filter(|name| is_name(name) && rest.len() > name.len())?;
        return Some((name, name.len() + 2));
    }
    let rest = text.strip_prefix('$')?;
    let (inner, is_braced) = match rest.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (rest, false),
    };
    let scope = inner
        .get(..4)
        .filter(|scope| scope.eq_ignore_ascii_case("env:"))
        .map_or(0, str::len);
    let inner = inner.get(scope..)?;
    let end = inner
        .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .unwrap_or(inner.len());
    let name = inner.get(..end).filter(|name| is_name(name))?;
    let following = inner.get(end..)?;
    if is_braced && !following.starts_with('}') {
        return None;
    }
    Some((name, 1 + scope + end + if is_braced { 2 } else { 0 }))
}

/// Returns whether a text can be the name of a shell variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The field a name belongs to: a variable of the provider in any notation (`OPENAI_API_KEY`, `openai-api-key`,
/// `OpenAI:ApiKey`, `OpenAI__ApiKey`), or the provider's name and the key of a setting.
pub(super) fn field_of<'a>(provider: &'a Provider, name: &str) -> Option<&'a SettingsField> {
    if let Some(field) = provider.field_of_variable(name) {
        return Some(field);
    }
    let last = last_sections(name);
    provider.settings.iter().find(|field| {
        let mut variables = field.variables.iter();
        let mut keys = field.accepted_as.iter().chain([&field.key]);
        variables.any(|variable| alphanumerics(variable).eq(last.chars()))
            || keys.any(|key| {
                let owned = |owner: &str| {
                    alphanumerics(owner)
                        .chain(alphanumerics(key))
                        .eq(last.chars())
                };
                owned(&provider.id) || owned(&provider.name)
            })
    })
}

/// The field whose key is a name, in any case and notation.
pub(super) fn field_named<'a>(provider: &'a Provider, name: &str) -> Option<&'a SettingsField> {
    provider.field(name).or_else(|| {
        let name = packed(name);
        provider.settings.iter().find(|field| {
            field
                .accepted_as
                .iter()
                .chain([&field.key])
                .any(|key| packed(key) == name)
        })
    })
}

/// Returns whether any provider has a field for a name.
pub(super) fn is_known(catalog: &ProviderCatalog, name: &str) -> bool {
    catalog
        .all()
        .iter()
        .any(|provider| field_of(provider, name).is_some())
}

/// The last two sections of `A:B:C` or `A__B__C`, without separators and capitals.
fn last_sections(name: &str) -> String {
    let name = name.replace("__", ":");
    let mut sections = name.rsplit(':');
    let last = sections.next().unwrap_or_default();
    let before = sections.next().unwrap_or_default();
    packed(before) + &packed(last)
}

fn packed(text: &str) -> String {
    alphanumerics(text).collect()
}

/// Letters and digits of a name, without capitals.
fn alphanumerics(text: &str) -> impl Iterator<Item = char> {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|character| character.to_ascii_lowercase())
}

/// Reads assignments, one or several on a line; lines that are not assignments are counted as left out.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> PasteResult {
    let mut left_out = LeftOut::default();
    let variables = statement::read(text, catalog, &mut left_out);
    if variables.is_empty() {
        return PasteResult::NotAConnection;
    }
    connection(variables, left_out, PasteKind::Variables, catalog, wanted)
}

/// The connection that variables describe: of the provider that is wanted, or of the one that has the most values.
pub(super) fn connection(
    variables: PastedVariables,
    left_out: LeftOut,
    kind: PasteKind,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> PasteResult {
    if !variables.names().any(|name| is_known(catalog, name)) {
        return PasteResult::NotAConnection;
    }
    let score = |provider: &Provider| VariableScore::new(provider, &variables);
    let mut best = None;
    for provider in wanted.into_iter().chain(catalog.all()) {
        let score = score(provider);
        if wanted.is_some_and(|wanted| wanted.id == provider.id) && score.named > 0 {
            best = Some((provider, score));
            break;
        }
        if score.named > 0 && best.is_none_or(|(_, best)| score > best) {
            best = Some((provider, score));
        }
    }
    let Some((provider, _)) = best else {
        return PasteResult::unreadable(kind, "none of its variables has a value");
    };
    PasteResult::Connection(collect(provider, variables, left_out, kind, catalog))
}

fn collect(
    provider: &Provider,
    variables: PastedVariables,
    left_out: LeftOut,
    kind: PasteKind,
    catalog: &ProviderCatalog,
) -> PastedConnection {
    let mut collected = CollectedSettings::new(provider);
    collected.left_out = left_out;
    for (name, value, _) in variables.into_entries() {
        let value = value.expose().unwrap_or_default();
        let shown = name.rsplit(':').next().unwrap_or_default().to_owned();
        match field_of(provider, &name) {
            Some(field) if !collected.has(field) => collected.take(field, &shown, value),
            Some(field) => collected.leave_out(field.sensitive, &shown, "given already"),
            None if is_secret(catalog, &name) => collected.left_out.credential(shown),
            None => collected.left_out.named(&shown),
        }
    }
    collected.finish(kind)
}

fn is_secret(catalog: &ProviderCatalog, name: &str) -> bool {
    let mut fields = catalog
        .all()
        .iter()
        .filter_map(|provider| field_of(provider, name));
    fields.any(|field| field.sensitive)
}

/// Match of variables with a provider, compared member by member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct VariableScore {
    secrets: usize,
    values: usize,
    /// Names with any value, placeholders among them.
    named: usize,
}

impl VariableScore {
    fn new(provider: &Provider, variables: &PastedVariables) -> Self {
        let mut score = Self {
            secrets: 0,
            values: 0,
            named: 0,
        };
        for variable in &variables.0 {
            let Some(field) = field_of(provider, &variable.name) else {
                continue;
            };
            match PastedValue::plain(variable.value.expose().unwrap_or_default()) {
                PastedValue::LeftOut("empty") => {}
                PastedValue::LeftOut(_) => score.named += 1,
                PastedValue::Text(_) => {
                    score.named += 1;
                    score.values += 1;
                    score.secrets += usize::from(field.sensitive);
                }
            }
        }
        score
    }
}
