//! Guesses the capabilities of a model by its name.

use crate::provider::Capability;

/// Parts of names by priority. A model without a match is a chat model, like most models. A model with an empty list is listed without a
/// capability: it makes images or speech or moderates, which no built-in provider offers to a connection.
const PARTS: &[(&str, &[Capability])] = &[
    ("rerank", &[]),
    ("embed", &[Capability::Embedding]),
    ("bge-", &[Capability::Embedding]),
    ("gte-", &[Capability::Embedding]),
    ("minilm", &[Capability::Embedding]),
    ("whisper", &[Capability::SpeechToText]),
    ("transcribe", &[Capability::SpeechToText]),
    ("speech-to-text", &[Capability::SpeechToText]),
    ("tts", &[]),
    ("text-to-speech", &[]),
    ("realtime", &[]),
    ("moderation", &[]),
    ("dall-e", &[]),
    ("gpt-image", &[]),
    ("imagen", &[]),
    ("stable-diffusion", &[]),
    ("stable-image", &[]),
    ("titan-image", &[]),
    ("nova-canvas", &[]),
    ("nova-reel", &[]),
    ("flux", &[]),
    ("sora", &[]),
    ("veo-", &[]),
    ("babbage", &[]),
    ("davinci", &[]),
];

/// Returns the capabilities of a model by its name.
pub fn capabilities_by_name(id: &str) -> Vec<Capability> {
    let id = id.to_ascii_lowercase();
    PARTS
        .iter()
        .find(|(part, _)| id.contains(part))
        .map_or_else(|| vec![Capability::Chat], |(_, able)| able.to_vec())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("text-embedding-3-small", "Embedding")]
    #[case("amazon.titan-embed-text-v2:0", "Embedding")]
    #[case("whisper-1", "SpeechToText")]
    #[case("gpt-4o-mini-transcribe", "SpeechToText")]
    #[case("gpt-4o", "Chat")]
    #[case("claude-opus-4-6", "Chat")]
    #[case("dall-e-3", "")]
    #[case("tts-1-hd", "")]
    fn capabilities_are_guessed_by_name(#[case] id: &str, #[case] words: &str) {
        let able = capabilities_by_name(id);
        let able: Vec<_> = able.into_iter().map(Capability::as_str).collect();
        assert_eq!(able.join(" "), words);
    }
}
