//! Writes data to stdout and messages to stderr, for people or as JSON.

mod csv;
mod env;
mod rows;

use std::ffi::OsString;
use std::io::{BufWriter, Stdout, Write};

use serde::Serialize;
use serde_json::json;

use super::exit::Failure;
use crate::api::Problem;
use crate::connection::{ConnectionError, DraftField, FieldError, FieldReason};
use crate::text::json::harmless;
use crate::text::{printable, yaml};

/// Reader of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputReader {
    /// People: sentences and tables; foreign text is escaped.
    Text,
    /// Programs: the shapes of the API on stdout, one JSON object per line on stderr.
    Json,
}

impl OutputReader {
    /// Returns the reader, before the arguments are parsed.
    pub fn from_arguments(arguments: &[OsString]) -> Self {
        let mut before = None;
        let is_json = arguments.iter().any(|argument| {
            let is_value = before == Some("--output") && argument == "json";
            before = argument.to_str();
            is_value || argument == "--json" || argument == "--output=json"
        });
        if is_json { Self::Json } else { Self::Text }
    }
}

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// Columns for people
    Table,
    /// Shapes of the API
    Json,
    /// Shapes of the API as YAML
    Yaml,
    /// One line per item, with headings
    Csv,
    /// KEY='value' lines for a shell
    Env,
}

/// stdout and stderr of a command.
pub struct Output {
    /// Reader of stderr.
    messages: OutputReader,
    /// Header state of values that are written one by one.
    columns: Vec<String>,
    shape: OutputFormat,
    is_quiet: bool,
    stdout: BufWriter<Stdout>,
}

impl Output {
    /// Creates the output of the process.
    pub fn new(format: OutputReader) -> Self {
        Self {
            messages: format,
            columns: Vec::new(),
            shape: match format {
                OutputReader::Text => OutputFormat::Table,
                OutputReader::Json => OutputFormat::Json,
            },
            is_quiet: false,
            stdout: BufWriter::with_capacity(64 * 1024, std::io::stdout()),
        }
    }

    /// Sets the format for all following output; `is_quiet` suppresses notices.
    pub fn configure(&mut self, shape: OutputFormat, is_quiet: bool) {
        self.shape = shape;
        self.messages = match shape {
            OutputFormat::Json => OutputReader::Json,
            OutputFormat::Table | OutputFormat::Yaml | OutputFormat::Csv | OutputFormat::Env => {
                OutputReader::Text
            }
        };
        self.is_quiet = is_quiet;
    }

    /// Returns the output format.
    pub const fn format(&self) -> OutputFormat {
        self.shape
    }

    /// Returns true if progress is shown.
    pub fn shows_progress(&self) -> bool {
        !self.is_quiet && self.messages == OutputReader::Text
    }

    /// Returns stdout, for text that is already escaped.
    pub const fn writer(&mut self) -> &mut impl Write {
        &mut self.stdout
    }

    /// Returns the reader of stdout; every format but a table is for programs.
    pub const fn reader(&self) -> OutputReader {
        match self.shape {
            OutputFormat::Table => OutputReader::Text,
            OutputFormat::Json | OutputFormat::Yaml | OutputFormat::Csv | OutputFormat::Env => {
                OutputReader::Json
            }
        }
    }

    /// Writes one line of data.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.stdout, "{}", printable(line)).map_err(Failure::Output)
    }

    /// Writes text of umai itself, unescaped.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout
            .write_all(text.as_bytes())
            .map_err(Failure::Output)
    }

    /// Writes one value over several lines, as JSON or in the requested format.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        match self.shape {
            OutputFormat::Table | OutputFormat::Json => {}
            OutputFormat::Yaml => return self.text(&yaml::document(&as_value(value)?)),
            OutputFormat::Csv => {
                let rows = rows::rows(&as_value(value)?);
                return self.rows(&csv::columns(&rows), true, &rows);
            }
            OutputFormat::Env => {
                let lines = env::lines(&rows::row(&as_value(value)?));
                return self.text(&format!("{}\n", lines.join("\n")));
            }
        }
        let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
        writeln!(self.stdout, "{}", harmless(&text)).map_err(Failure::Output)
    }

    /// Writes one of several values on a line, as JSON or in the requested format.
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        match self.shape {
            OutputFormat::Table | OutputFormat::Json => {}
            OutputFormat::Yaml => return self.text(&yaml::element(&as_value(value)?)),
            OutputFormat::Csv => {
                let row = [rows::row(&as_value(value)?)];
                let is_first = self.columns.is_empty();
                if is_first {
                    self.columns = csv::columns(&row);
                }
                let columns = self.columns.clone();
                return self.rows(&columns, is_first, &row);
            }
            OutputFormat::Env => return self.json(value),
        }
        let text = serde_json::to_string(value).map_err(anyhow::Error::from)?;
        writeln!(self.stdout, "{}", harmless(&text)).map_err(Failure::Output)
    }

    fn rows(
        &mut self,
        columns: &[String],
        has_headings: bool,
        rows: &[rows::OutputRow],
    ) -> Result<(), Failure> {
        let written = csv::write(columns, has_headings, rows, &mut self.stdout);
        written.map_err(|error| Failure::Output(error.into()))
    }

    /// Flushes stdout.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().map_err(Failure::Output)
    }

    /// Prints a notice to stderr.
    pub fn note(&self, sentence: &str) {
        if self.is_quiet {
            return;
        }
        match self.messages {
            OutputReader::Text => print_line(&printable(sentence)),
            OutputReader::Json => print_line(&harmless(&json!({ "notice": sentence }).to_string())),
        }
    }

    /// Prints the reason of a failure to stderr.
    pub fn failure(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        match (self.messages, failure) {
            (OutputReader::Json, _) => Self::problem(&failure.problem()),
            (OutputReader::Text, Failure::Connection(error)) => sentences(error, ""),
            (OutputReader::Text, Failure::Options(error)) => option_sentences(error.fields()),
            (OutputReader::Text, _) => failure
                .to_string()
                .lines()
                .for_each(|line| print_line(&printable(line))),
        }
    }

    /// Prints the refusal of one of several connections, with its position in the input.
    pub fn refusal(&self, error: &ConnectionError, unit: &str, number: u64) {
        match self.messages {
            OutputReader::Text => sentences(error, &format!("{unit} {number}: ")),
            OutputReader::Json => Self::problem(&Problem::from_error(error).at(unit, number)),
        }
    }

    /// Prints the refusal of one of several connections, prefixed with its place.
    pub fn refusal_at(&self, error: &ConnectionError, place: &str) {
        match self.messages {
            OutputReader::Text => sentences(error, place),
            OutputReader::Json => {
                let place = place.trim_end().trim_end_matches(':');
                Self::problem(&Problem::from_error(error).with_place(place));
            }
        }
    }

    fn problem(problem: &Problem) {
        if let Ok(text) = serde_json::to_string(problem) {
            print_line(&harmless(&text));
        }
    }
}

fn as_value(value: &impl Serialize) -> Result<serde_json::Value, Failure> {
    Ok(serde_json::to_value(value).map_err(anyhow::Error::from)?)
}

/// Prints one line per invalid field, or the message of the error.
fn sentences(error: &ConnectionError, before: &str) {
    if error.fields().is_empty() {
        print_line(&printable(&format!("{before}{error}")));
    }
    for FieldError { field, reason } in error.fields() {
        let whole = FieldError {
            field: field.clone(),
            reason: reason.clone(),
        };
        print_line(&printable(&format!("{before}{}: {whole}", field.path())));
    }
}

/// Prints one line per invalid field, with the options in place of the fields.
fn option_sentences(errors: &[FieldError]) {
    let is_unnamed = errors
        .iter()
        .any(|error| error.field == DraftField::Name && error.reason == FieldReason::Required);
    for error in errors {
        let option = match &error.field {
            DraftField::Alias => Some("--alias"),
            DraftField::Name => Some("--name"),
            DraftField::ProviderId => Some("--provider"),
            DraftField::IsActive | DraftField::Settings | DraftField::Setting { .. } => None,
        };
        let line = match (&error.field, &error.reason, option) {
            // The alias is derived from the name.
            (DraftField::Alias, FieldReason::Required, _) if is_unnamed => continue,
            (_, FieldReason::Required, Some(option)) => format!("{option} is required"),
            (DraftField::Setting { key, .. }, FieldReason::EndpointChanged, _) => {
                format!("Changing the endpoint requires the key again: add --secret-stdin {key}")
            }
            (_, _, Some(option)) => format!("{option}: {error}"),
            (field, _, None) => format!("{}: {error}", field.path()),
        };
        print_line(&printable(&line));
    }
}

/// Prints one line to stderr; errors are ignored because they cannot be reported.
fn print_line(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(format!("{line}\n").as_bytes());
}
