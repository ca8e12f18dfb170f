//! Detects API keys in public texts such as names.
//!
//! Stricter than [`super::secret_detector`]: a false positive there hides a word or refuses an argument that can be given otherwise,
//! while here it rejects a name. A known prefix is not enough (`sk-team`, `AKIA project`): a long run of letters and digits must follow.

/// Prefixes of the keys of well-known services.
const PREFIXES: [&str; 22] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "gsk_",
    "hf_",
    "fw_",
    "xai-",
    "pplx-",
    "r8_",
    "nvapi-",
    "tgp_",
    "AIza",
    "ya29",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "umai_",
    "ABSK",
];

/// Prefixes of AWS access key IDs, which have exactly 16 more letters and digits.
const AWS_PREFIXES: [&str; 2] = ["AKIA", "ASIA"];
const AWS_LENGTH: usize = 16;

/// Beginning of a JSON Web Token: `{"` in base64.
const TOKEN_PREFIX: &str = "eyJ";

/// Minimum length of a run with a digit after a prefix.
const MIXED_RUN: usize = 12;

/// Minimum length of any run after a prefix.
const LONG_RUN: usize = 20;

/// Minimum length of a run of letters and digits without a prefix.
const BARE_RUN: usize = 32;

/// Lengths of GUIDs without hyphens and of hashes, in hexadecimal digits.
const HASH_LENGTHS: [usize; 3] = [32, 40, 64];

/// Prefixes of the keys of well-known services, including those of AWS.
pub fn prefixes() -> impl Iterator<Item = &'static str> {
    PREFIXES.into_iter().chain(AWS_PREFIXES)
}

/// Returns whether a text contains an API key of a well-known form.
pub fn has_key(text: &str) -> bool {
    find_key(text).is_some()
}

/// Returns whether a text contains an API key, also one with one of the `prefixes`.
pub fn has_key_with<'a>(text: &str, prefixes: impl Iterator<Item = &'a str>) -> bool {
    find_key_with(text, prefixes).is_some()
}

/// Returns the first API key in a text.
pub fn find_key(text: &str) -> Option<&str> {
    candidates(text).find(|word| is_key(word))
}

/// Returns the first API key in a text, or else the first with one of the `prefixes`.
pub fn find_key_with<'t, 'a>(
    text: &'t str,
    prefixes: impl Iterator<Item = &'a str>,
) -> Option<&'t str> {
    let mut prefixes = prefixes.filter(|prefix| !prefix.is_empty());
    let word_with = |prefix| candidates(text).find(|word| is_prefixed(word, prefix));
    find_key(text).or_else(|| prefixes.find_map(word_with))
}

/// Splits a text at every character that no key has.
fn candidates(text: &str) -> impl Iterator<Item = &str> {
    let is_part =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    text.split(move |character| !is_part(character))
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty())
}

fn is_key(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| is_prefixed(word, prefix))
        || AWS_PREFIXES.iter().any(|prefix| is_aws(word, prefix))
        || is_json_web_token(word)
        || runs(word)
            .any(|run| run.len() >= BARE_RUN && has_digit(run) && has_letter(run) && !is_hash(run))
}

/// Returns whether a run may be a GUID without hyphens, a Git commit or a hash (MD5, SHA-1, SHA-256): those are common in names.
fn is_hash(run: &str) -> bool {
    HASH_LENGTHS.contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns whether a word is a prefix followed by a long run. Ignores case, because aliases are lower case.
fn is_prefixed(word: &str, prefix: &str) -> bool {
    if AWS_PREFIXES.contains(&prefix) {
        return is_aws(word, prefix);
    }
    after(word, prefix).is_some_and(|rest| {
        runs(rest).any(|run| run.len() >= LONG_RUN || (run.len() >= MIXED_RUN && has_digit(run)))
    })
}

fn is_aws(word: &str, prefix: &str) -> bool {
    after(word, prefix).is_some_and(|rest| {
        rest.len() == AWS_LENGTH
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (has_digit(rest) || rest.bytes().all(|byte| byte.is_ascii_uppercase()))
    })
}

fn is_json_web_token(word: &str) -> bool {
    word.strip_prefix(TOKEN_PREFIX)
        .is_some_and(|rest| rest.len() >= LONG_RUN && rest.contains('.'))
}

fn after<'a>(word: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = word.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn runs(word: &str) -> impl Iterator<Item = &str> {
    word.split(|character: char| !character.is_ascii_alphanumeric())
}

fn has_digit(run: &str) -> bool {
    run.bytes().any(|byte| byte.is_ascii_digit())
}

fn has_letter(run: &str) -> bool {
    run.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("sk-abc123def456ghi789jkl0")]
    #[case("sk-proj-1234567890abcdefABCDEF")]
    #[case("sk-ant-api03-AbCdEfGhIjKlMnOpQrStUv-x_y")]
    #[case("AKIAIOSFODNN7EXAMPLE")]
    #[case("akiaiosfodnn7example")]
    #[case("AIzaSyA1234567890abcdefghijklmnopqrstuv")]
    #[case("hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh")]
    #[case("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc")]
    #[case("0123456789abcdef0123456789abcdef0")]
    #[case("0123456789abcdefghijklmnopqrstuv")]
    #[case("sk-0123456789abcdef0123456789abcdef")]
    #[case("my key sk-abc123def456ghi789jkl0 please")]
    #[case("OPENAI_API_KEY=sk-abc123def456ghi789jkl0")]
    #[case("\"sk-abc123def456ghi789jkl0\",")]
    #[case("Bearer sk-abc123def456ghi789jkl0")]
    fn keys_are_found(#[case] text: &str) {
        assert!(has_key(text));
    }

    #[rstest]
    #[case("")]
    #[case("OpenAI Production")]
    #[case("sk-team")]
    #[case("sk-team-production-europe-2024")]
    #[case("sk-your-api-key")]
    #[case("AKIA project")]
    #[case("asia-pacific-openai-2024")]
    #[case("Asian markets 20240101 production")]
    #[case("hf_summarizer2")]
    #[case("3fa85f64-5717-4562-b3fc-2c963f66afa6")]
    #[case("Site 3fa85f6457174562b3fc2c963f66afa6")]
    #[case("build 2BE152574F6D1B0A9C3E5D7F8091A2B3C4D5E6F7")]
    #[case("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    #[case("gpt-4o-mini-2024-07-18")]
    #[case("Donaudampfschifffahrtsgesellschaftskapitän")]
    #[case("https://my-resource-2.openai.azure.com/openai/deployments/gpt-4o")]
    fn names_are_not_keys(#[case] text: &str) {
        assert!(!has_key(text));
    }

    #[test]
    fn prefixes_of_providers_count() {
        let prefixes = ["acme_"];
        assert!(has_key_with("acme_abc123def456ghi7", prefixes.into_iter()));
        assert!(!has_key_with("acme_team", prefixes.into_iter()));
        assert!(!has_key("acme_abc123def456ghi7"));
    }
}
