//! Configuration references: `$OpenAI:ApiKey`.

/// A configuration reference: `$OpenAI:ApiKey`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference(String);

impl Reference {
    /// Parses `$Section:Key`; none for `$$…`, which is a literal, and for any other text.
    pub fn read(text: &str) -> Option<Self> {
        let key = text.strip_prefix('$')?;
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        };
        key.split(':').all(is_word).then(|| Self(key.to_owned()))
    }

    /// Returns the key without its `$`.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// Returns the environment variable of the key: `OpenAI__ApiKey`; none where no variable name maps to this key.
    pub fn variable(&self) -> Option<String> {
        let name = self.0.replace(':', "__");
        (name.replace("__", ":") == self.0).then_some(name)
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_name_maps_back_to_key() {
        let variable = |text: &str| Reference::read(text)?.variable();
        assert_eq!(variable("$AI:Key_1").as_deref(), Some("AI__Key_1"));
        for text in ["$AI_:Key", "$A__B", "$A:__B"] {
            assert_eq!(variable(text), None, "{text}");
        }
    }

    #[test]
    fn reference_syntax_is_strict() {
        for text in ["$A", "$OpenAI:ApiKey", "$a.b-c_d:0:E"] {
            assert_eq!(
                Reference::read(text)
                    .map(|found| found.to_string())
                    .as_deref(),
                Some(text)
            );
        }
        for text in [
            "", "$", "$$A", "A", "$A:", "$:A", "$A::B", "$A B", "$Ä", "$A:B\n", " $A",
        ] {
            assert_eq!(Reference::read(text), None, "{text:?}");
        }
    }
}
