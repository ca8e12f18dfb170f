//! Detects secrets by their form.

/// Prefixes of the keys of well-known services and of umai's tokens.
const PREFIXES: [&str; 14] = [
    "sk-",
    "sk_",
    "AKIA",
    "ASIA",
    "AIza",
    "gsk_",
    "hf_",
    "xai-",
    "pplx-",
    "ghp_",
    "github_pat_",
    "eyJ",
    "Bearer",
    "umai_",
];

/// Minimum length of a text with a known prefix.
const PREFIXED: usize = 20;

/// Minimum length of an unbroken run of letters and digits; an organization's ID has 24.
const RUN: usize = 32;

/// Returns whether a text looks like a key, by its prefix or by a long run of letters and digits.
pub fn looks_like_secret(text: &str) -> bool {
    let is_token = !text.contains(['/', '\\'])
        && text
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(|run| {
                run.len() >= RUN
                    && run.bytes().any(|byte| byte.is_ascii_digit())
                    && run.bytes().any(|byte| byte.is_ascii_alphabetic())
            });
    is_token || has_key_prefix(text)
}

/// Returns whether a text has a key's prefix and a sufficient length.
pub fn has_key_prefix(text: &str) -> bool {
    text.len() >= PREFIXED && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}
