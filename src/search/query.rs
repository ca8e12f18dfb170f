//! Filter query, parsed from text: words, fields such as `status:`, and exclusions.

use super::item::Health;
use super::providers::Providers;
use crate::text::case_fold::fold;

/// Field of a filter term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryField {
    /// Status.
    Status,
    /// Result of the last test; written as a status, but independent of active and inactive.
    Health,
    /// Name or ID of the provider.
    Provider,
    /// Name.
    Name,
    /// Alias.
    Alias,
    /// Endpoint.
    Endpoint,
    /// Any part of the ID.
    Id,
}

impl QueryField {
    /// All fields with a name of their own, most useful first; `Health` is written as `status:`.
    pub const ALL: [Self; 6] = [
        Self::Status,
        Self::Provider,
        Self::Name,
        Self::Alias,
        Self::Endpoint,
        Self::Id,
    ];

    /// Returns the name before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status | Self::Health => "status",
            Self::Provider => "provider",
            Self::Name => "name",
            Self::Alias => "alias",
            Self::Endpoint => "endpoint",
            Self::Id => "id",
        }
    }

    fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }
}

/// Status values.
const ACTIVE: &str = "active";
const INACTIVE: &str = "inactive";
const FAILING: &str = "failing";
const UNTESTED: &str = "untested";

/// All status values, in the order of completion.
pub const STATUSES: [&str; 4] = [ACTIVE, INACTIVE, FAILING, UNTESTED];

/// Parsed filter query, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterQuery {
    /// Words that must match somewhere.
    pub words: Vec<QueryWord>,
    /// Field terms; one of those with the same field must match.
    pub included: Vec<(QueryField, String)>,
    /// Exclusions; without a field, the word must not occur anywhere.
    pub excluded: Vec<(Option<QueryField>, String)>,
    problems: Vec<String>,
}

/// Word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryWord {
    /// Text in lower case.
    pub text: String,
    /// True if typing mistakes are never tolerated: quoted, or only digits.
    pub is_exact: bool,
}

impl QueryWord {
    fn new(text: &str, is_quoted: bool) -> Self {
        Self {
            text: text.to_owned(),
            is_exact: is_quoted || text.bytes().all(|byte| byte.is_ascii_digit()),
        }
    }
}

/// Part of the text between unquoted spaces, without its quotes.
struct QueryPart {
    text: String,
    /// Byte offset of the first quote.
    quoted_from: Option<usize>,
}

impl FilterQuery {
    /// Parses words, `status:active`, `provider:openai`, `alias:` and so on, `!word`, also written `-word`, and `"two words"`.
    pub fn read(text: &str) -> Self {
        let mut query = Self::default();
        for part in parts(text) {
            query.take(&part);
        }
        query
    }

    /// Parses all of a text as words.
    pub fn from_words(text: &str) -> Self {
        Self {
            words: parts(text)
                .into_iter()
                .map(|part| QueryWord::new(part.text.trim(), part.quoted_from.is_some()))
                .filter(|word| !word.text.is_empty())
                .collect(),
            ..Self::default()
        }
    }

    fn take(&mut self, part: &QueryPart) {
        let is_not = part.quoted_from != Some(0) && part.text.starts_with(['-', '!']);
        let start = usize::from(is_not);
        let text = part.text.get(start..).unwrap_or_default();
        let quoted_from = part.quoted_from.map(|at| at.saturating_sub(start));
        let named = text
            .split_once(':')
            .filter(|(name, _)| quoted_from.is_none_or(|at| at > name.len()))
            .filter(|(name, value)| is_name(name) && !value.starts_with("//"));
        let (field, value) = match named {
            None => (None, text),
            Some((name, value)) => match QueryField::from_name(name) {
                Some(field) => (Some(field), value),
                None => {
                    return self.add_problem(format!("Unknown filter '{name}:'; use {}", all()));
                }
            },
        };
        let (field, value) = match field {
            Some(QueryField::Status) if !value.is_empty() => match status(value) {
                Some((field, status)) => (Some(field), status),
                None => {
                    return self.add_problem(format!(
                        "status: must be active, inactive, failing or untested, not '{value}'"
                    ));
                }
            },
            _ => (field, value),
        };
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        match (field, is_not) {
            (field, true) => self.excluded.push((field, value.to_owned())),
            (Some(field), false) => self.included.push((field, value.to_owned())),
            (None, false) => {
                let word = QueryWord::new(value, part.quoted_from.is_some());
                self.words.push(word);
            }
        }
    }

    fn add_problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Returns the problems in the text, joined with `; `; the rest of the query still applies.
    pub fn problem(&self, providers: &Providers) -> Option<String> {
        let is_known = |word: &str| providers.numbers().any(|one| providers.fits(one, word));
        let asked = self.included.iter();
        let unknown = asked
            .filter(|(field, word)| *field == QueryField::Provider && !is_known(word))
            .map(|(_, word)| format!("Unknown provider '{word}'"));
        let all: Vec<String> = self.problems.iter().cloned().chain(unknown).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Returns true if the query asks for results of tests, which only the app knows.
    pub fn asks_for_tests(&self) -> bool {
        let included = self.included.iter().map(|(field, _)| Some(*field));
        let excluded = self.excluded.iter().map(|(field, _)| *field);
        included
            .chain(excluded)
            .any(|field| field == Some(QueryField::Health))
    }

    /// Returns true if a word may contain typing mistakes.
    pub fn can_be_mistyped(&self) -> bool {
        self.words.iter().any(|word| !word.is_exact)
    }

    /// Returns true if the query matches everything.
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty() && self.included.is_empty() && self.excluded.is_empty()
    }
}

fn parts(text: &str) -> Vec<QueryPart> {
    let typed = split_unquoted(&fold(text));
    let parts = typed.iter().map(|part| QueryPart {
        text: part.replace('"', ""),
        quoted_from: part.find('"'),
    });
    parts.filter(|part| !part.text.is_empty()).collect()
}

/// Splits the text at unquoted spaces and keeps the quotes.
pub fn split_unquoted(text: &str) -> Vec<String> {
    let mut is_quoted = false;
    let pieces = text.split(|character: char| {
        is_quoted ^= character == '"';
        character.is_whitespace() && !is_quoted
    });
    let pieces = pieces.filter(|piece| !piece.is_empty());
    pieces.map(str::to_owned).collect()
}

/// Returns true for a possible field name: `https://…` and `12:30` are words.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn status(value: &str) -> Option<(QueryField, &'static str)> {
    [
        (QueryField::Status, ACTIVE),
        (QueryField::Status, INACTIVE),
        (QueryField::Health, FAILING),
        (QueryField::Health, UNTESTED),
    ]
    .into_iter()
    .find(|(_, status)| status.starts_with(value))
}

/// Returns true if a status matches a `status:` term.
pub fn is_status(is_active: bool, asked: &str) -> bool {
    asked == if is_active { ACTIVE } else { INACTIVE }
}

/// Returns true if the result of the last test matches a `status:` term.
pub fn is_health(health: Health, asked: &str) -> bool {
    match health {
        Health::Untested => asked == UNTESTED,
        Health::Passed => false,
        Health::Failed | Health::Unresolved => asked == FAILING,
    }
}

/// Returns all field names with their colons.
pub fn all() -> String {
    QueryField::ALL
        .map(|field| format!("{}:", field.as_str()))
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> FilterQuery {
        FilterQuery::read(text)
    }

    fn words(query: &FilterQuery) -> Vec<&str> {
        query.words.iter().map(|word| word.text.as_str()).collect()
    }

    fn problem(text: &str) -> Option<String> {
        let mut providers = Providers::default();
        providers.set_catalog(&crate::provider::ProviderCatalog::embedded());
        read(text).problem(&providers)
    }

    #[test]
    fn words_fields_and_exclusions_are_parsed() {
        let terms = read("Prod status:IN provider:openai -dev !alias:old-1 team-a");
        assert_eq!(words(&terms), ["prod", "team-a"]);
        assert_eq!(
            terms.included,
            [
                (QueryField::Status, "inactive".to_owned()),
                (QueryField::Provider, "openai".to_owned())
            ]
        );
        assert_eq!(
            terms.excluded,
            [
                (None, "dev".to_owned()),
                (Some(QueryField::Alias), "old-1".to_owned())
            ]
        );
        assert_eq!(problem("Prod status:IN provider:openai -dev"), None);
    }

    #[test]
    fn quotes_keep_spaces_and_colons_in_a_word() {
        let terms = read(r#"name:"team a" "prod: one" -"not this" "open"#);
        assert_eq!(terms.included, [(QueryField::Name, "team a".to_owned())]);
        assert_eq!(words(&terms), ["prod: one", "open"]);
        assert!(terms.words.iter().all(|word| word.is_exact));
        assert_eq!(terms.excluded, [(None, "not this".to_owned())]);
        assert_eq!(words(&read("\"-x\"")), ["-x"]);
    }

    #[test]
    fn numbers_and_quoted_words_are_never_mistyped() {
        assert!(!read("4242 \"prod\"").can_be_mistyped());
        assert!(read("4242 prod").can_be_mistyped());
    }

    #[test]
    fn result_of_the_last_test_is_independent_of_the_status() {
        let terms = read("status:fail status:active");
        assert_eq!(
            terms.included,
            [
                (QueryField::Health, "failing".to_owned()),
                (QueryField::Status, "active".to_owned())
            ]
        );
        assert!(is_health(Health::Unresolved, "failing"));
        assert!(is_health(Health::Untested, "untested"));
        assert!(!is_health(Health::Passed, "untested"));
    }

    #[test]
    fn incomplete_input_is_valid() {
        for text in [
            "status:",
            "provider:",
            "-",
            "!",
            "\"",
            "id:",
            "- ",
            "status:a",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
        assert!(read("status: - \" ").is_empty());
    }

    #[test]
    fn unknown_field_or_value_is_reported_and_the_rest_applies() {
        assert_eq!(
            problem("status:foo").as_deref(),
            Some("status: must be active, inactive, failing or untested, not 'foo'")
        );
        assert_eq!(
            problem("state:active prod").as_deref(),
            Some("Unknown filter 'state:'; use status: provider: name: alias: endpoint: id:")
        );
        assert_eq!(words(&read("state:active prod")), ["prod"]);
        assert_eq!(
            problem("provider:unheard status:foo").as_deref(),
            Some(
                "status: must be active, inactive, failing or untested, not 'foo'; Unknown provider 'unheard'"
            )
        );
    }

    #[test]
    fn urls_and_times_are_words() {
        assert_eq!(
            words(&read("https://x.example:1/v1 12:30")),
            ["https://x.example:1/v1", "12:30"]
        );
    }
}
