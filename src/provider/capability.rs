//! Capabilities of a model.

use serde::{Deserialize, Serialize};

/// Capability of a model, with the names of the management API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Capability {
    /// Conversation and text generation.
    Chat,
    /// Vectors from text.
    Embedding,
    /// Images, audio and video.
    Media,
    /// Classification of harmful content.
    Moderation,
    /// Transcription.
    SpeechToText,
    /// Images from text.
    ImageGeneration,
}

impl Capability {
    /// Every capability, in the order they are shown.
    pub const ALL: [Self; 6] = [
        Self::Chat,
        Self::Embedding,
        Self::Media,
        Self::Moderation,
        Self::SpeechToText,
        Self::ImageGeneration,
    ];

    /// Name on screen, in files and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Embedding => "Embedding",
            Self::Media => "Media",
            Self::Moderation => "Moderation",
            Self::SpeechToText => "SpeechToText",
            Self::ImageGeneration => "ImageGeneration",
        }
    }

    /// Parses a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.as_str().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
