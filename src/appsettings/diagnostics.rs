//! Report on the sources of references for `umai doctor`; never contains a value.

use super::{AppSettings, allow_list};
use crate::text::file::FileFlaw;

/// Sources of references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceSources {
    /// Files with their number of keys; none for a missing or unreadable file.
    pub files: Vec<(String, Option<usize>)>,
    /// Name of the environment.
    pub environment: String,
    /// Environment variables that map to a key in a section, by name.
    pub variables: Vec<String>,
    /// Allowed prefixes; empty allows everything.
    pub allowed: Vec<String>,
}

impl AppSettings {
    /// Returns the report.
    pub fn survey(&self) -> ReferenceSources {
        let sources = self.sources();
        let files = sources.all().map(|settings_source| {
            let keys = match &settings_source.values {
                Ok(values) => Some(values.len()),
                Err(FileFlaw::NotFound | FileFlaw::Unusable(_)) => None,
            };
            (settings_source.name.clone(), keys)
        });
        ReferenceSources {
            files: files.collect(),
            environment: self.environment().unwrap_or_default(),
            variables: self.variables.section_names(),
            allowed: allow_list::prefixes(&sources, &self.variables),
        }
    }

    /// Returns the allowed prefixes; empty allows everything.
    pub fn allowed(&self) -> Vec<String> {
        allow_list::prefixes(&self.sources(), &self.variables)
    }
}
