//! Lines of a configuration file, in order.

use std::borrow::Cow;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::file::line_and_column;

/// Text of a file, its name for messages, and the directory that relative paths start from.
pub(super) struct TomlLines<'a> {
    pub text: &'a str,
    pub name: &'a str,
    pub folder: &'a Path,
}

impl TomlLines<'_> {
    /// Returns `config.toml, line 3`.
    pub fn at(&self, offset: usize) -> String {
        let (line, _) = line_and_column(self.text, offset);
        format!("{}, line {line}", self.name)
    }
}

/// Key and value of a line.
pub(super) type TomlEntry<'a, 'i> = (&'a Spanned<Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// Returns the lines of a section in the order of the file.
pub(super) fn in_order<'a, 'i>(section: &'a DeTable<'i>) -> Vec<TomlEntry<'a, 'i>> {
    let mut lines: Vec<TomlEntry<'a, 'i>> = section.iter().collect();
    lines.sort_by_key(|(key, _)| key.span().start);
    lines
}
