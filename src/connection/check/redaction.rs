//! Takes secrets out of foreign text, also where a provider shows a part of one or writes it another way.

mod variants;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::connection::Mask;
use crate::text;
use variants::variants;

/// The most characters of a foreign sentence.
const MAX_SENTENCE: usize = 300;

/// The most bytes that are looked at.
const MAX_LOOK: usize = 4096;

/// A run of this many characters is believed to be a piece of a secret.
const RUN: usize = 8;

/// Shorter secrets are only taken out as whole words: else every letter would be one.
const SHORT: usize = 4;

/// The secrets that were sent, in every way they may come back.
pub(super) struct Redaction {
    plain: Vec<Zeroizing<String>>,
    variants: Vec<Zeroizing<String>>,
}

impl Redaction {
    /// These secrets.
    pub(super) fn of(secrets: &[SecretString]) -> Self {
        let mut redaction = Self {
            plain: Vec::new(),
            variants: Vec::new(),
        };
        for secret in secrets {
            redaction.add(secret.expose_secret());
        }
        redaction
    }

    /// One more. Each word of it counts too: `Bearer …` is sent as one, and comes back as two.
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
        // The longest first: a piece must not break up the whole.
        self.variants
            .sort_by_key(|variant| std::cmp::Reverse(variant.len()));
    }

    /// One line, without secrets, safe for a terminal, of a sane length.
    pub(super) fn clean(&self, foreign: &str) -> String {
        let mut text = line(foreign);
        for variant in &self.variants {
            text = replaced(&text, variant);
        }
        let mut clean = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_of_a_key) {
            let (before, after) = rest.split_at(start);
            let end = after.find(|sign| !is_of_a_key(sign)).unwrap_or(after.len());
            let (word, after) = after.split_at(end);
            clean.push_str(before);
            clean.push_str(if self.is_piece(word) {
                Mask::Any.text()
            } else {
                word
            });
            rest = after;
        }
        clean.push_str(rest);
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        text::printable(&cut(&clean)).into_owned()
    }

    /// Whether a text has a secret in it.
    pub(super) fn is_in(&self, foreign: &str) -> bool {
        let text = line(foreign).to_ascii_lowercase();
        self.variants
            .iter()
            .any(|variant| text.contains(variant.as_str()))
            || self.plain.iter().any(|plain| text == plain.as_str())
    }

    /// Whether a word is, or shows a part of, a secret.
    fn is_piece(&self, word: &str) -> bool {
        let word = word.trim_end_matches('.').to_ascii_lowercase();
        if word == Mask::Any.text() {
            return false;
        }
        is_masked(&word) || self.is_whole_or_end(&word) || self.has_run(&word)
    }

    fn is_whole_or_end(&self, word: &str) -> bool {
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

/// One line of what can be seen: breaks are spaces, and what is hidden is gone, so that it cannot split a secret.
fn line(foreign: &str) -> String {
    let mut end = foreign.len().min(MAX_LOOK);
    while !foreign.is_char_boundary(end) {
        end -= 1;
    }
    foreign[..end]
        .chars()
        .filter_map(|sign| match sign {
            sign if sign.is_whitespace() => Some(' '),
            sign if sign.is_control() || text::is_hidden(sign) => None,
            sign => Some(sign),
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
        out.push_str(Mask::Any.text());
        from += found + wanted.len();
    }
    out.push_str(&text[from..]);
    out
}

/// Whether a character can be one of a key, or of a key that was masked.
fn is_of_a_key(sign: char) -> bool {
    sign.is_alphanumeric() || "-_.+/=~%*•●…$!@#^&".contains(sign)
}

/// Whether a word is a key that somebody masked: `sk-abc***xyz`, `AIza…9Q`, `sk-xxxx1234`.
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
    match text.char_indices().nth(MAX_SENTENCE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests;
