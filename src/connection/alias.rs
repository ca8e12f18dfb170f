//! What an alias is, and the alias a name suggests.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use crate::text::key_like;

/// The most characters an alias has.
pub const MAX_LENGTH: usize = 100;

/// Words that the API's own addresses need.
pub const RESERVED: [&str; 1] = ["capabilities"];

/// Whether every character is one an alias may have.
pub fn is_well_formed(alias: &str) -> bool {
    !alias.is_empty()
        && alias
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether an address with this alias would mean something else.
pub fn is_reserved(alias: &str) -> bool {
    RESERVED.contains(&alias) || Uuid::try_parse(alias).is_ok()
}

/// What stands between an alias and an id while a connection is in the trash; no alias has it, so the alias itself is free.
const IN_TRASH: char = '~';

/// The alias of a connection in the trash, which leaves its own to others.
pub fn in_trash(alias: &str, id: Uuid) -> String {
    format!("{alias}{IN_TRASH}{id}")
}

/// Whether an alias is that of a connection in the trash.
pub fn is_in_trash(alias: &str) -> bool {
    alias.contains(IN_TRASH)
}

/// The alias that a connection had, whether it is in the trash or not.
pub fn before_trash(alias: &str) -> &str {
    alias.split_once(IN_TRASH).map_or(alias, |(alias, _)| alias)
}

/// The alias a name suggests: lower case, accents folded, every other run one hyphen, none at the ends.
/// A name that contains an API key suggests nothing.
pub fn suggest(name: &str) -> String {
    if key_like::has_key(name) {
        return String::new();
    }
    let mut alias = String::with_capacity(name.len());
    for sign in name.nfkd().filter(|sign| !is_combining_mark(*sign)) {
        match folded(sign) {
            Some(letters) => alias.push_str(letters),
            None if sign.is_ascii_alphanumeric() => alias.push(sign.to_ascii_lowercase()),
            None if alias.ends_with('-') || alias.is_empty() => {}
            None => alias.push('-'),
        }
    }
    alias.truncate(MAX_LENGTH);
    alias.truncate(alias.trim_end_matches('-').len());
    alias
}

/// Letters that no decomposition turns into ASCII.
fn folded(sign: char) -> Option<&'static str> {
    Some(match sign {
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
    fn a_name_suggests_an_alias(#[case] name: &str, #[case] alias: &str) {
        assert_eq!(suggest(name), alias);
    }

    #[test]
    fn a_suggested_alias_is_always_well_formed_or_empty() {
        proptest::proptest!(|(name in ".*")| {
            let alias = suggest(&name);
            proptest::prop_assert!(alias.is_empty() || is_well_formed(&alias));
            proptest::prop_assert!(alias.len() <= MAX_LENGTH);
            proptest::prop_assert!(!alias.starts_with('-') && !alias.ends_with('-'));
        });
    }

    #[test]
    fn ids_and_the_apis_own_words_are_reserved() {
        assert!(is_reserved("capabilities"));
        assert!(is_reserved("3fa85f64-5717-4562-b3fc-2c963f66afa6"));
        assert!(is_reserved("3fa85f6457174562b3fc2c963f66afa6"));
        assert!(!is_reserved("capabilities-2"));
    }
}
