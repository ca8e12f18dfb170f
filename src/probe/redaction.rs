//! Removes secrets from third-party text, including encoded, masked and partial ones.

mod variants;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::connection::MaskedSecret;
use crate::text;
use variants::variants;

/// Maximum length of a message in characters.
const MAX_MESSAGE: usize = 300;

/// Maximum number of bytes of the input.
const MAX_INPUT: usize = 4096;

/// Number of consecutive characters that a word must share with a secret to count as a part of it.
const RUN: usize = 8;

/// Minimum length of a secret that is removed inside words; shorter ones match whole words only.
const SHORT: usize = 4;

/// Secrets of a request in every form that a response may contain.
pub(super) struct Redaction {
    plain: Vec<Zeroizing<String>>,
    variants: Vec<Zeroizing<String>>,
}

impl Redaction {
    /// Creates a redaction of these secrets.
    pub(super) fn new(secrets: &[SecretString]) -> Self {
        let mut redaction = Self {
            plain: Vec::new(),
            variants: Vec::new(),
        };
        for secret in secrets {
            redaction.add(secret.expose_secret());
        }
        redaction
    }

    /// Adds a secret and each of its words, because a response may contain only one word of `Bearer …`.
    pub(super) fn add(&mut self, secret: &str) {
        let secret = Zeroizing::new(line(secret).trim().to_owned());
        if secret.is_empty() {
            return;
        }
        let words = secret.split_whitespace().filter(|word| word.len() >= RUN);
        let all: Vec<&str> = std::iter::once(secret.as_str()).chain(words).collect();
        for secret in all {
            let lowered = Zeroizing::new(secret.to_ascii_lowercase());
            if self.plain.contains(&lowered) {
                continue;
            }
            let variants = variants(secret).into_iter().map(|mut variant| {
                variant.make_ascii_lowercase();
                Zeroizing::new(variant)
            });
            self.variants
                .extend(variants.filter(|variant| variant.len() >= SHORT));
            self.plain.push(lowered);
        }
        // Longest first: replacing a part must not split a longer match.
        self.variants
            .sort_by_key(|variant| std::cmp::Reverse(variant.len()));
    }

    /// Returns the text as one printable line of limited length, without secrets.
    pub(super) fn clean(&self, input: &str) -> String {
        let mut text = line(input);
        for variant in &self.variants {
            text = replaced(&text, variant);
        }
        let mut clean = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_key_char) {
            let (before, after) = rest.split_at(start);
            let end = after
                .find(|character| !is_key_char(character))
                .unwrap_or(after.len());
            let (word, after) = after.split_at(end);
            clean.push_str(before);
            clean.push_str(if self.is_piece(word) {
                MaskedSecret::Any.text()
            } else {
                word
            });
            rest = after;
        }
        clean.push_str(rest);
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        text::printable(&cut(&clean)).into_owned()
    }

    /// Returns whether a text contains a secret.
    pub(super) fn is_in(&self, input: &str) -> bool {
        let text = line(input).to_ascii_lowercase();
        self.variants
            .iter()
            .any(|variant| text.contains(variant.as_str()))
            || self.plain.iter().any(|plain| text == plain.as_str())
    }

    /// Returns whether a word is a secret or contains a part of one.
    fn is_piece(&self, word: &str) -> bool {
        let word = word.trim_end_matches('.').to_ascii_lowercase();
        if word == MaskedSecret::Any.text() {
            return false;
        }
        is_masked(&word) || self.resembles_start_or_end(&word) || self.has_run(&word)
    }

    fn resembles_start_or_end(&self, word: &str) -> bool {
        self.plain.iter().any(|secret| {
            let secret = secret.as_str();
            let head = secret.get(..6).is_some_and(|head| word.starts_with(head));
            let tail = secret
                .len()
                .checked_sub(4)
                .and_then(|start| secret.get(start..))
                .is_some_and(|tail| secret.len() > RUN && word.ends_with(tail));
            let is_end =
                word.len() >= SHORT && (secret.starts_with(word) || secret.ends_with(word));
            word == secret || head || tail || is_end
        })
    }

    fn has_run(&self, word: &str) -> bool {
        if word.len() < RUN {
            return false;
        }
        let bytes = word.as_bytes();
        bytes.windows(RUN).any(|run| {
            self.variants.iter().any(|variant| {
                variant.len() >= RUN && variant.as_bytes().windows(RUN).any(|other| other == run)
            })
        })
    }
}

/// Returns the text with white space as spaces and without invisible characters, which could split a secret.
fn line(input: &str) -> String {
    let mut end = input.len().min(MAX_INPUT);
    while !input.is_char_boundary(end) {
        end -= 1;
    }
    input[..end]
        .chars()
        .filter_map(|character| match character {
            character if character.is_whitespace() => Some(' '),
            character if character.is_control() || text::is_hidden(character) => None,
            character => Some(character),
        })
        .collect()
}

/// The text with every occurrence, in any case, masked. `wanted` is lower case.
fn replaced(text: &str, wanted: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lowered[from..].find(wanted) {
        out.push_str(&text[from..from + found]);
        out.push_str(MaskedSecret::Any.text());
        from += found + wanted.len();
    }
    out.push_str(&text[from..]);
    out
}

/// Returns whether a character can belong to a key or a masked key.
fn is_key_char(character: char) -> bool {
    character.is_alphanumeric() || "-_.+/=~%*•●…$!@#^&".contains(character)
}

/// Returns whether a word is a key that the provider masked: `sk-abc***xyz`, `AIza…9Q`, `sk-xxxx1234`.
fn is_masked(word: &str) -> bool {
    let has_letters = word.chars().any(char::is_alphanumeric);
    let has_stars = word.contains("**") || word.contains("••") || word.contains("●●");
    let is_split = ["…", "..."].iter().any(|dots| {
        word.split_once(dots).is_some_and(|(before, after)| {
            before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
        })
    });
    has_letters && (has_stars || is_split || word.contains("xxxx"))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests;
