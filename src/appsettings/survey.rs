//! What there is to refer to, seen from outside: files, environment, allow-list. Never a value.

use super::AppSettings;
use super::allowed;
use crate::text::file::FileFlaw;

/// What there is to refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The files that are looked in, each with how many keys it has; nothing where it is not there, or cannot be read.
    pub files: Vec<(String, Option<usize>)>,
    /// The environment's name.
    pub environment: String,
    /// The variables that stand for a key in a section, by name.
    pub variables: Vec<String>,
    /// The prefixes of what may be referred to; none allows everything.
    pub allowed: Vec<String>,
}

impl AppSettings {
    /// Looks at what there is to refer to.
    pub fn survey(&self) -> Survey {
        let layers = self.layers();
        let files = layers.all().map(|layer| {
            let keys = match &layer.values {
                Ok(values) => Some(values.len()),
                Err(FileFlaw::NotThere | FileFlaw::Unusable(_)) => None,
            };
            (layer.name.clone(), keys)
        });
        Survey {
            files: files.collect(),
            environment: self.environment().unwrap_or_default(),
            variables: self.variables.of_sections(),
            allowed: allowed::prefixes(&layers, &self.variables),
        }
    }

    /// The prefixes of what may be referred to; none allows everything.
    pub fn allowed(&self) -> Vec<String> {
        allowed::prefixes(&self.layers(), &self.variables)
    }
}
