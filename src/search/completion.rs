//! Completion of a filter text, and a better filter where nothing matches.

use super::providers::Providers;
use super::query::{FilterQuery, QueryField, STATUSES};

/// Shortest word that can be the beginning of a status.
const MIN_STATUS_WORD: usize = 4;

/// Shortest word that can be a part of an ID.
const MIN_ID_WORD: usize = 4;

/// Completes the last word of a filter text: a field name or one of its values. A complete value becomes the next one.
pub fn complete(text: &str, providers: &Providers) -> Option<String> {
    let (before, word) = last_word(text)?;
    let term = word.trim_start_matches(['-', '!']);
    let (before, _) = text.split_at(before.len() + word.len() - term.len());
    let completed = if let Some((name, value)) = term.split_once(':') {
        let name = name.to_lowercase();
        let values = values(&name, providers);
        format!("{name}:{}", next_value(&value.to_lowercase(), &values)?)
    } else {
        let typed = term.to_lowercase();
        let mut fields = QueryField::ALL.into_iter().map(QueryField::as_str);
        let field = fields.find(|field| field.starts_with(&typed));
        let mut statuses = STATUSES.into_iter().filter(|_| !typed.is_empty());
        match field {
            Some(field) => format!("{field}:"),
            None => format!("status:{}", statuses.find(|one| one.starts_with(&typed))?),
        }
    };
    Some(format!("{before}{completed}"))
}

/// Returns the values that the last word of a filter text can have, if it names a field with known values.
pub fn possible_values(text: &str, providers: &Providers) -> Option<String> {
    let (_, word) = last_word(text)?;
    let (name, _) = word.trim_start_matches(['-', '!']).split_once(':')?;
    let values = values(&name.to_lowercase(), providers);
    (!values.is_empty()).then(|| values.join(" "))
}

/// Returns a filter that the user may have meant, for one that matches nothing.
pub fn suggestion(query: &FilterQuery) -> Option<String> {
    let [word] = query.words.as_slice() else {
        return None;
    };
    if !query.included.is_empty() || !query.excluded.is_empty() {
        return None;
    }
    let text = &word.text;
    let status = STATUSES
        .into_iter()
        .find(|status| text.len() >= MIN_STATUS_WORD && status.starts_with(text));
    let is_id = text.len() >= MIN_ID_WORD
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    match status {
        Some(status) => Some(format!("status:{status}")),
        None => is_id.then(|| format!("id:{text}")),
    }
}

/// Splits a text before its last word; none within quotes.
fn last_word(text: &str) -> Option<(&str, &str)> {
    if text.matches('"').count() % 2 == 1 || text.ends_with('"') {
        return None;
    }
    let start = text
        .char_indices()
        .rfind(|(_, character)| character.is_whitespace())
        .map_or(0, |(at, character)| at + character.len_utf8());
    Some(text.split_at(start))
}

fn values<'a>(field: &str, providers: &'a Providers) -> Vec<&'a str> {
    if field == QueryField::Status.as_str() {
        STATUSES.to_vec()
    } else if field == QueryField::Provider.as_str() {
        let ids = providers.numbers().map(|number| providers.id(number));
        ids.filter(|id| !id.is_empty()).collect()
    } else {
        Vec::new()
    }
}

/// Returns the value after a complete one, or the first that begins with the typed text.
fn next_value<'a>(typed: &str, values: &[&'a str]) -> Option<&'a str> {
    match values.iter().position(|value| *value == typed) {
        Some(at) => values.iter().cycle().nth(at + 1).copied(),
        None => values
            .iter()
            .find(|value| value.starts_with(typed))
            .copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers() -> Providers {
        let mut providers = Providers::default();
        providers.number("openai");
        providers.number("anthropic");
        providers
    }

    #[rstest::rstest]
    #[case::field("prov", Some("provider:"))]
    #[case::empty("", Some("status:"))]
    #[case::after_a_word("prod st", Some("prod status:"))]
    #[case::excluded("-sta", Some("-status:"))]
    #[case::first_value("status:", Some("status:active"))]
    #[case::part_of_a_value("status:f", Some("status:failing"))]
    #[case::next_value("status:failing", Some("status:untested"))]
    #[case::first_after_the_last("status:untested", Some("status:active"))]
    #[case::capitals("Status:FAIL", Some("status:failing"))]
    #[case::provider("!provider:anth", Some("!provider:anthropic"))]
    #[case::status_word("fail", Some("status:failing"))]
    #[case::no_such_value("status:x", None)]
    #[case::free_value("name:x", None)]
    #[case::other_word("claude", None)]
    #[case::in_quotes("\"sta", None)]
    #[case::other_script("\u{3000}sta", Some("\u{3000}status:"))]
    fn completes_the_last_word(#[case] text: &str, #[case] completed: Option<&str>) {
        assert_eq!(complete(text, &providers()).as_deref(), completed);
    }

    #[rstest::rstest]
    #[case("status:", Some("active inactive failing untested"))]
    #[case("a -provider:o", Some("openai anthropic"))]
    #[case("name:", None)]
    #[case("status", None)]
    fn lists_the_values_of_a_field(#[case] text: &str, #[case] values: Option<&str>) {
        assert_eq!(possible_values(text, &providers()).as_deref(), values);
    }

    #[rstest::rstest]
    #[case("failing", Some("status:failing"))]
    #[case("Inact", Some("status:inactive"))]
    #[case("3fa8", Some("id:3fa8"))]
    #[case("face", None)]
    #[case("act", None)]
    #[case("failing prod", None)]
    #[case("provider:openai failing", None)]
    fn suggests_a_field_for_a_word(#[case] text: &str, #[case] suggested: Option<&str>) {
        let query = FilterQuery::read(text);
        assert_eq!(suggestion(&query).as_deref(), suggested);
    }
}
