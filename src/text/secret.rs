//! Tells a key from a name by its looks.

/// How the keys of well-known services begin, and the tokens of this one.
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

/// From this length on a text with such a beginning is a key and not a name.
const PREFIXED: usize = 20;

/// From this length on letters and digits without a break are a key; an organization's ID has 24.
const RUN: usize = 32;

/// Whether a text looks like a key: by its beginning, or because no word is so long.
pub fn looks_like_one(text: &str) -> bool {
    let is_token = !text.contains(['/', '\\'])
        && text
            .split(|sign: char| !sign.is_ascii_alphanumeric())
            .any(|run| {
                run.len() >= RUN
                    && run.bytes().any(|byte| byte.is_ascii_digit())
                    && run.bytes().any(|byte| byte.is_ascii_alphabetic())
            });
    is_token || begins_like_one(text)
}

/// Whether a text begins as keys do, and is long enough for one.
pub fn begins_like_one(text: &str) -> bool {
    text.len() >= PREFIXED && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}
