//! Recognizes placeholders: texts that documentation puts where a key belongs.

/// Texts that are placeholders as a whole, compared without regard to case and separators.
const WHOLE: [&str; 22] = [
    "apikey",
    "bearer",
    "changeit",
    "changeme",
    "changethis",
    "dummy",
    "example",
    "fixme",
    "foobar",
    "key",
    "na",
    "none",
    "null",
    "placeholder",
    "redacted",
    "replaceme",
    "secret",
    "tbd",
    "todo",
    "token",
    "undefined",
    "userprovided",
];

/// Parts that no generated key has, compared without regard to case and separators.
const PARTS: [&str; 17] = [
    "apikeyhere",
    "changeme",
    "dummykey",
    "enterkey",
    "examplekey",
    "insertkey",
    "keyhere",
    "mysecretkey",
    "placeholder",
    "redacted",
    "replaceme",
    "secrethere",
    "tokenhere",
    "userprovided",
    "yourapikey",
    "yourkey",
    "yourtoken",
];

/// Words that mark a placeholder when they stand alone between separators.
const WORDS: [&str; 8] = [
    "your",
    "insert",
    "here",
    "placeholder",
    "example",
    "dummy",
    "redacted",
    "replace",
];

/// Prefixes of real keys, ignored when a placeholder is looked for.
const KEY_PARTS: [&str; 13] = [
    "sk", "proj", "ant", "api03", "svcacct", "or", "v1", "hf", "gsk", "pplx", "xai", "key", "aiza",
];

/// A run of this many `x` is not part of a generated key.
const RUN_OF_X: usize = 6;

/// Returns whether a value stands for a key instead of being one.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    is_variable(text)
        || is_bracketed(text)
        || text.contains("...")
        || text.contains('…')
        || has_template(text)
        || is_crossed_out(text)
        || is_wording(text)
}

/// Returns whether an address has a part to be filled in, such as `{resource}` or `your-resource`.
pub fn is_placeholder_address(text: &str) -> bool {
    let lower = text.to_lowercase();
    text.contains(['<', '>', '{', '}', '$', '…'])
        || lower.contains("%7b")
        || lower.contains("%3c")
        || lower
            .split(|character: char| !character.is_alphanumeric())
            .any(|word| word == "your")
        || lower.contains("...")
}

/// `$X`, `${X}`, `$(command)`, `%X%`, `` `command` ``, `process.env.X`, `os.environ[…]`, `op://vault/item`.
fn is_variable(text: &str) -> bool {
    text.starts_with(['$', '`', '('])
        || (text.len() > 2 && text.starts_with('%') && text.ends_with('%'))
        || [
            "process.env",
            "environ[",
            "environ.get",
            "getenv(",
            "Deno.env",
            "import.meta.env",
        ]
        .iter()
        .any(|source| text.contains(source))
        || text.starts_with("op://")
        || is_variable_name(text)
}

/// `OPENAI_API_KEY` where its value belongs.
fn is_variable_name(text: &str) -> bool {
    ["KEY", "TOKEN", "SECRET", "PASSWORD"]
        .iter()
        .any(|end| text.ends_with(end))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && (text.contains('_') || text.len() < 10)
}

fn is_bracketed(text: &str) -> bool {
    [('<', '>'), ('{', '}'), ('[', ']')]
        .iter()
        .any(|(open, close)| text.starts_with(*open) && text.ends_with(*close))
}

/// `sk-${KEY}`, `sk-{{key}}`, `sk-<key>`.
fn has_template(text: &str) -> bool {
    text.contains("${")
        || text.contains("{{")
        || text
            .find('<')
            .is_some_and(|open| text[open..].contains('>'))
}

/// `xxx`, `sk-xxxx-xxxx`, `AIzaXXXXXXXX`, and masks that show the end of a key, such as `****abcd`.
fn is_crossed_out(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut has_cross = false;
    let only_crosses = lower.split(['-', '_', '.', ' ']).all(|part| {
        let is_cross = part.len() > 1 && part.bytes().all(|byte| byte == b'x');
        has_cross |= is_cross;
        is_cross || KEY_PARTS.contains(&part)
    });
    (only_crosses && has_cross)
        || lower.contains(&"x".repeat(RUN_OF_X))
        || text.contains("***")
        || text.contains("•••")
        || text.contains("●●●")
}

/// `YOUR_API_KEY`, `your-api-key-here`, `changeme`, `AKIAIOSFODNN7EXAMPLE`.
fn is_wording(text: &str) -> bool {
    let lower = text.to_lowercase();
    let packed: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    WHOLE.contains(&packed.as_str())
        || packed.starts_with("your")
        || PARTS.iter().any(|part| packed.contains(part))
        || text.ends_with("EXAMPLE")
        || text.ends_with("EXAMPLEKEY")
        || lower
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    fn placeholders_are_recognized(
        #[values(
            "YOUR_API_KEY",
            "your-api-key-here",
            "sk-your-api-key",
            "<key>",
            "<your key>",
            "{{X}}",
            "%OPENAI_API_KEY%",
            "$X",
            "${X}",
            "$(cat key)",
            "$env:KEY",
            "sk-...",
            "sk-…",
            "sk-xxx",
            "xxx",
            "XXXX-XXXX",
            "sk-proj-xxxxxxxx",
            "AIzaXXXXXXXXXX",
            "user_provided",
            "changeme",
            "CHANGE_ME",
            "change-me",
            "OPENAI_API_KEY",
            "API_KEY",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "[API key]",
            "{api_key}",
            "TODO",
            "null",
            "sk-ab***yz",
            "process.env.OPENAI_API_KEY",
            "op://vault/openai/key",
            "insert-key-here",
            "sk-<key>",
            "yourApiKey",
            "placeholder",
            "api-key",
            "none"
        )]
        text: &str,
    ) {
        assert!(is_placeholder(text), "{text}");
    }

    #[rstest]
    fn keys_are_not_placeholders(
        #[values(
            "sk-abc123def456ghi789jkl0",
            "sk-planted",
            "AKIAplanted",
            "kkk-123",
            "abc123",
            "k",
            "lm-studio",
            "ollama",
            "sk-1",
            "test",
            "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
            "eyJhbGciOiJIUzI1NiJ9.e30.abc",
            "hf_abcDEF",
            "sk-or-v1-0123456789abcdef",
            "ASIAQ3EGXAMPLX7RK6AB",
            "A1B2C3D4E5F6G7H8I9J0KEY1"
        )]
        text: &str,
    ) {
        assert!(!is_placeholder(text), "{text}");
    }
}
