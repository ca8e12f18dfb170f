//! The lines of a settings file, in their order.

use std::borrow::Cow;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::file::line_and_column;

/// A file's text, its name in sentences, and the folder that paths in it begin from.
pub(super) struct Lines<'a> {
    pub text: &'a str,
    pub name: &'a str,
    pub folder: &'a Path,
}

impl Lines<'_> {
    /// `config.toml, line 3`.
    pub fn at(&self, offset: usize) -> String {
        let (line, _) = line_and_column(self.text, offset);
        format!("{}, line {line}", self.name)
    }
}

/// A line: what it is about, and what it says.
pub(super) type Line<'a, 'i> = (&'a Spanned<Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// The lines of a section as they stand in the file.
pub(super) fn in_order<'a, 'i>(section: &'a DeTable<'i>) -> Vec<Line<'a, 'i>> {
    let mut lines: Vec<Line<'a, 'i>> = section.iter().collect();
    lines.sort_by_key(|(key, _)| key.span().start);
    lines
}
