//! What a model can do, as its name tells: the one place that guesses.

use crate::provider::Capability;

/// Parts of names, the first that fits decides. What fits none can chat: that is what most models are for.
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

/// What a model of this name can do.
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
    fn a_name_tells_what_a_model_can_do(#[case] id: &str, #[case] words: &str) {
        let able = capabilities_by_name(id);
        let able: Vec<_> = able.into_iter().map(Capability::word).collect();
        assert_eq!(able.join(" "), words);
    }
}
