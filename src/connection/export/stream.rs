//! Streams an export while the connections are read.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Exported, KIND, VERSION};
use crate::text::{json, yaml};

/// Format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportStreamFormat {
    /// JSON, as in the API.
    Json,
    /// YAML.
    Yaml,
}

/// Export in progress; connections are added in order.
pub struct ExportStream<W> {
    writer: W,
    format: ExportStreamFormat,
    count: usize,
    blank: usize,
}

impl<W: Write> ExportStream<W> {
    /// Starts the document.
    pub fn begin(mut writer: W, format: ExportStreamFormat) -> io::Result<Self> {
        match format {
            ExportStreamFormat::Json => write!(
                writer,
                "{{\n  \"kind\": \"{KIND}\",\n  \"version\": {VERSION},\n  \"connections\": ["
            )?,
            ExportStreamFormat::Yaml => {
                write!(writer, "kind: \"{KIND}\"\nversion: {VERSION}\nconnections:")?;
            }
        }
        Ok(Self {
            writer,
            format,
            count: 0,
            blank: 0,
        })
    }

    /// Writes one connection.
    pub fn add(&mut self, one: &Exported) -> io::Result<()> {
        let text = match self.format {
            ExportStreamFormat::Json => {
                let text = serde_json::to_string_pretty(one)?;
                let mut indented = String::with_capacity(text.len() * 2);
                indented.push_str(if self.count == 0 { "" } else { "," });
                for line in json::harmless(&text).lines() {
                    // Writing to a String cannot fail.
                    let _ = write!(indented, "\n    {line}");
                }
                indented
            }
            ExportStreamFormat::Yaml => {
                let begin = if self.count == 0 { "\n" } else { "" };
                format!("{begin}{}", yaml::element(&serde_json::to_value(one)?))
            }
        };
        self.writer.write_all(text.as_bytes())?;
        self.count += 1;
        self.blank += usize::from(!one.blank.is_empty());
        Ok(())
    }

    /// Ends the document; returns the number of connections, and of those with blanks.
    pub fn end(mut self) -> io::Result<(usize, usize)> {
        match (self.format, self.count) {
            (ExportStreamFormat::Json, 0) => writeln!(self.writer, "]\n}}")?,
            (ExportStreamFormat::Json, _) => writeln!(self.writer, "\n  ]\n}}")?,
            (ExportStreamFormat::Yaml, 0) => writeln!(self.writer, " []")?,
            (ExportStreamFormat::Yaml, _) => {}
        }
        self.writer.flush()?;
        Ok((self.count, self.blank))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BlankSecret, ExportedManifest};
    use super::*;
    use crate::connection::SettingValue;

    fn some() -> Vec<Exported> {
        ["a", "b"]
            .map(|alias| Exported {
                alias: alias.into(),
                name: "no\u{202e}".into(),
                provider_id: "openai".into(),
                is_active: true,
                settings: Some(
                    [
                        ("apiKey".to_owned(), SettingValue::Secret(BlankSecret)),
                        ("organization".to_owned(), SettingValue::Null),
                    ]
                    .into_iter()
                    .collect(),
                ),
                blank: vec!["apiKey".into()],
            })
            .into()
    }

    fn streamed(format: ExportStreamFormat, many: &[Exported]) -> String {
        let mut bytes = Vec::new();
        let mut stream = ExportStream::begin(&mut bytes, format).unwrap();
        for one in many {
            stream.add(one).unwrap();
        }
        assert_eq!(stream.end().unwrap(), (many.len(), many.len()));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn streamed_export_equals_the_document() {
        for many in [some(), Vec::new()] {
            let whole = ExportedManifest::new(many.clone());
            let json = streamed(ExportStreamFormat::Json, &many);
            assert_eq!(json, whole.to_json().unwrap());
            let yaml = streamed(ExportStreamFormat::Yaml, &many);
            assert_eq!(
                serde_saphyr::from_str::<serde_json::Value>(&yaml).unwrap(),
                serde_json::to_value(&whole).unwrap(),
                "{yaml}"
            );
            assert!(!yaml.contains('\u{202e}'));
        }
    }
}
