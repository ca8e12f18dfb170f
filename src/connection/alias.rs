//! Rules of aliases, and suggestions from names.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use crate::text::key_like;

/// Maximum length in characters.
pub const MAX_LENGTH: usize = 100;

/// Words that API routes use.
pub const RESERVED: [&str; 1] = ["capabilities"];

/// Returns whether an alias has valid characters only.
pub fn is_well_formed(alias: &str) -> bool {
    !alias.is_empty()
        && alias
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns whether an alias conflicts with an API route or an ID.
pub fn is_reserved(alias: &str) -> bool {
    RESERVED.contains(&alias) || Uuid::try_parse(alias).is_ok()
}

/// Separator of alias and ID in the trash; not valid in an alias, so the alias itself is free.
const TRASH_SEPARATOR: char = '~';

/// Returns the alias of a connection in the trash, which frees its previous alias.
pub fn in_trash(alias: &str, id: Uuid) -> String {
    format!("{alias}{TRASH_SEPARATOR}{id}")
}

/// Returns whether an alias belongs to a connection in the trash.
pub fn is_in_trash(alias: &str) -> bool {
    alias.contains(TRASH_SEPARATOR)
}

/// Returns the alias without the suffix of the trash.
pub fn before_trash(alias: &str) -> &str {
    alias
        .split_once(TRASH_SEPARATOR)
        .map_or(alias, |(alias, _)| alias)
}

/// Suggests an alias for a name: lower case, without accents, hyphens between words.
/// A name that contains an API key has no suggestion.
pub fn suggest(name: &str) -> String {
    if key_like::has_key(name) {
        return String::new();
    }
    let mut alias = String::with_capacity(name.len());
    for character in name
        .nfkd()
        .filter(|character| !is_combining_mark(*character))
    {
        match to_ascii(character) {
            Some(letters) => alias.push_str(letters),
            None if character.is_ascii_alphanumeric() => alias.push(character.to_ascii_lowercase()),
            None if alias.ends_with('-') || alias.is_empty() => {}
            None => alias.push('-'),
        }
    }
    alias.truncate(MAX_LENGTH);
    alias.truncate(alias.trim_end_matches('-').len());
    alias
}

/// Returns the first free alias of `alias-2`, `alias-3` …, cut to the maximum length.
pub fn first_free(alias: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number: u64 = 2;
    loop {
        let suffix = format!("-{number}");
        let room = MAX_LENGTH - suffix.len();
        let mut free: String = alias.chars().take(room).collect();
        free.truncate(free.trim_end_matches('-').len());
        free.push_str(&suffix);
        if !is_taken(&free) {
            return free;
        }
        number += 1;
    }
}

/// Returns the ASCII form of letters without a Unicode decomposition.
fn to_ascii(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("OpenAI Production", "openai-production")]
    #[case("  Zoë's  Straße №5! ", "zoe-s-strasse-no5")]
    #[case("Łódź — Ørsted", "lodz-orsted")]
    #[case("日本", "")]
    #[case("日本 2", "2")]
    #[case("--", "")]
    #[case("sk-abc123def456ghi789jkl0", "")]
    #[case("", "")]
    fn name_suggests_alias(#[case] name: &str, #[case] alias: &str) {
        assert_eq!(suggest(name), alias);
    }

    #[test]
    fn suggested_alias_is_well_formed_or_empty() {
        proptest::proptest!(|(name in ".*")| {
            let alias = suggest(&name);
            proptest::prop_assert!(alias.is_empty() || is_well_formed(&alias));
            proptest::prop_assert!(alias.len() <= MAX_LENGTH);
            proptest::prop_assert!(!alias.starts_with('-') && !alias.ends_with('-'));
        });
    }

    #[test]
    fn ids_and_route_words_are_reserved() {
        assert!(is_reserved("capabilities"));
        assert!(is_reserved("3fa85f64-5717-4562-b3fc-2c963f66afa6"));
        assert!(is_reserved("3fa85f6457174562b3fc2c963f66afa6"));
        assert!(!is_reserved("capabilities-2"));
    }

    #[test]
    fn first_free_alias_is_suggested() {
        assert_eq!(first_free("a", |_| false), "a-2");
        assert_eq!(first_free("a", |alias| alias < "a-4"), "a-4");
    }

    #[test]
    fn suggested_alias_respects_the_maximum_length() {
        let long = "a".repeat(MAX_LENGTH);
        let free = first_free(&long, |_| false);
        assert_eq!(free.len(), MAX_LENGTH);
        assert!(free.ends_with("a-2"));
    }
}
