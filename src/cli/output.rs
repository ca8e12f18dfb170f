//! Writes data to stdout and talk to stderr, for people or as JSON.

mod csv;
mod env;
mod rows;

use std::ffi::OsString;
use std::io::{BufWriter, Stdout, Write};

use serde::Serialize;
use serde_json::json;

use super::exit::Failure;
use crate::api::Problem;
use crate::connection::{ConnectionError, FieldError};
use crate::text::json::harmless;
use crate::text::{printable, yaml};

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// People: sentences and tables, every foreign text made safe.
    Text,
    /// Programs: the API's shapes on stdout, one JSON object to a line on stderr.
    Json,
}

impl Format {
    /// Who reads it, told before the arguments are understood.
    pub fn of_arguments(arguments: &[OsString]) -> Self {
        let mut before = None;
        let is_json = arguments.iter().any(|argument| {
            let is_value = before == Some("--output") && argument == "json";
            before = argument.to_str();
            is_value || argument == "--json" || argument == "--output=json"
        });
        if is_json { Self::Json } else { Self::Text }
    }
}

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// Columns, for people
    Table,
    /// The API's shapes
    Json,
    /// The same as YAML
    Yaml,
    /// A line for each, with headings
    Csv,
    /// KEY='value' for a shell
    Env,
}

/// stdout and stderr of a command.
pub struct Output {
    /// Who reads stderr.
    talk: Format,
    /// Of what is written as rows one by one.
    columns: Vec<String>,
    shape: Shape,
    is_quiet: bool,
    stdout: BufWriter<Stdout>,
}

impl Output {
    /// The process's own.
    pub fn new(format: Format) -> Self {
        Self {
            talk: format,
            columns: Vec::new(),
            shape: match format {
                Format::Text => Shape::Table,
                Format::Json => Shape::Json,
            },
            is_quiet: false,
            stdout: BufWriter::with_capacity(64 * 1024, std::io::stdout()),
        }
    }

    /// From here on in this shape, and without saying anything besides when it shall be quiet.
    pub fn answer_as(&mut self, shape: Shape, is_quiet: bool) {
        self.shape = shape;
        self.talk = match shape {
            Shape::Json => Format::Json,
            Shape::Table | Shape::Yaml | Shape::Csv | Shape::Env => Format::Text,
        };
        self.is_quiet = is_quiet;
    }

    /// How data is written.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether people are told what happens meanwhile.
    pub fn is_talkative(&self) -> bool {
        !self.is_quiet && self.talk == Format::Text
    }

    /// stdout itself, for what is harmless already.
    pub const fn writer(&mut self) -> &mut impl Write {
        &mut self.stdout
    }

    /// Who reads stdout: what is no table is for programs.
    pub const fn format(&self) -> Format {
        match self.shape {
            Shape::Table => Format::Text,
            Shape::Json | Shape::Yaml | Shape::Csv | Shape::Env => Format::Json,
        }
    }

    /// One line of data.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.stdout, "{}", printable(line)).map_err(Failure::Output)
    }

    /// Text of this program's own, as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout
            .write_all(text.as_bytes())
            .map_err(Failure::Output)
    }

    /// One value, over several lines: as JSON, or in the shape that was asked for.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        match self.shape {
            Shape::Table | Shape::Json => {}
            Shape::Yaml => return self.text(&yaml::document(&as_value(value)?)),
            Shape::Csv => {
                let rows = rows::rows(&as_value(value)?);
                return self.rows(&csv::columns(&rows), true, &rows);
            }
            Shape::Env => {
                let lines = env::lines(&rows::row(&as_value(value)?));
                return self.text(&format!("{}\n", lines.join("\n")));
            }
        }
        let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
        writeln!(self.stdout, "{}", harmless(&text)).map_err(Failure::Output)
    }

    /// One value of several, on a line of its own: as JSON, or in the shape that was asked for.
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        match self.shape {
            Shape::Table | Shape::Json => {}
            Shape::Yaml => return self.text(&yaml::element(&as_value(value)?)),
            Shape::Csv => {
                let row = [rows::row(&as_value(value)?)];
                let is_first = self.columns.is_empty();
                if is_first {
                    self.columns = csv::columns(&row);
                }
                let columns = self.columns.clone();
                return self.rows(&columns, is_first, &row);
            }
            Shape::Env => return self.json(value),
        }
        let text = serde_json::to_string(value).map_err(anyhow::Error::from)?;
        writeln!(self.stdout, "{}", harmless(&text)).map_err(Failure::Output)
    }

    fn rows(
        &mut self,
        columns: &[String],
        has_headings: bool,
        rows: &[rows::Row],
    ) -> Result<(), Failure> {
        let written = csv::write(columns, has_headings, rows, &mut self.stdout);
        written.map_err(|error| Failure::Output(error.into()))
    }

    /// Hands over what was written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().map_err(Failure::Output)
    }

    /// A sentence that is no data: what happened besides.
    pub fn note(&self, sentence: &str) {
        if self.is_quiet {
            return;
        }
        match self.talk {
            Format::Text => say(&printable(sentence)),
            Format::Json => say(&harmless(&json!({ "notice": sentence }).to_string())),
        }
    }

    /// Why the command did not do it.
    pub fn failure(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        match (self.talk, failure) {
            (Format::Json, _) => Self::problem(&failure.problem()),
            (Format::Text, Failure::Connection(error)) => sentences(error, ""),
            (
                Format::Text,
                Failure::Usage(_)
                | Failure::NoSecret(_)
                | Failure::NoProvider(_)
                | Failure::NoBackup(_)
                | Failure::Token(_)
                | Failure::Some(..)
                | Failure::Signal(_)
                | Failure::Output(_)
                | Failure::Trouble(_),
            ) => failure
                .to_string()
                .lines()
                .for_each(|line| say(&printable(line))),
        }
    }

    /// Why one of many was not kept.
    pub fn refusal(&self, error: &ConnectionError, unit: &str, number: u64) {
        match self.talk {
            Format::Text => sentences(error, &format!("{unit} {number}: ")),
            Format::Json => Self::problem(&Problem::of(error).at(unit, number)),
        }
    }

    /// Why one of many cannot be, and where it is said: words that go before a sentence.
    pub fn refusal_at(&self, error: &ConnectionError, place: &str) {
        match self.talk {
            Format::Text => sentences(error, place),
            Format::Json => {
                let place = place.trim_end().trim_end_matches(':');
                Self::problem(&Problem::of(error).of_place(place));
            }
        }
    }

    fn problem(problem: &Problem) {
        if let Ok(text) = serde_json::to_string(problem) {
            say(&harmless(&text));
        }
    }
}

fn as_value(value: &impl Serialize) -> Result<serde_json::Value, Failure> {
    Ok(serde_json::to_value(value).map_err(anyhow::Error::from)?)
}

/// Every field's sentence on a line of its own, or the one sentence there is.
fn sentences(error: &ConnectionError, before: &str) {
    if error.fields().is_empty() {
        say(&printable(&format!("{before}{error}")));
    }
    for FieldError { field, reason } in error.fields() {
        let whole = FieldError {
            field: field.clone(),
            reason: reason.clone(),
        };
        say(&printable(&format!("{before}{}: {whole}", field.path())));
    }
}

/// One line on stderr. Nobody can be told when that is gone.
fn say(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(format!("{line}\n").as_bytes());
}
