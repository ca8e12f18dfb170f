//! Writes data to stdout and messages to stderr, for people or as JSON.

mod csv;
mod env;
mod messages;
mod rows;
pub mod style;

use std::ffi::OsString;
use std::io::{BufWriter, Stdout, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::exit::Failure;
use super::table::Table;
use crate::api::Problem;
use crate::connection::ConnectionError;
use crate::text::json::harmless;
use crate::text::{printable, relative_time, yaml};
use messages::{ErrorMessages, print_line};
use style::{ColorChoice, Style};

/// Reader of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A person: sentences and tables; control characters are escaped.
    Person,
    /// A program: the values of the API on stdout, in the chosen format.
    Program,
}

impl Audience {
    /// Returns the reader, before the arguments are parsed.
    pub fn from_arguments(arguments: &[OsString]) -> Self {
        let mut before = None;
        // What follows is the command of umai run.
        let mut own = arguments.iter().take_while(|argument| *argument != "--");
        let is_json = own.any(|argument| {
            let is_value = matches!(before, Some("--output" | "-o")) && argument == "json";
            before = argument.to_str();
            let word = before.unwrap_or_default();
            is_value || matches!(word, "--json" | "--output=json" | "-ojson" | "-o=json")
        });
        if is_json { Self::Program } else { Self::Person }
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
    messages: Audience,
    /// Header state of values that are written one by one.
    columns: Vec<String>,
    /// Format of the data.
    format: OutputFormat,
    is_quiet: bool,
    /// True if stdout gets colors.
    has_colors: bool,
    /// Width that tables fit into; none without a terminal.
    width: Option<usize>,
    errors: ErrorMessages,
    stdout: BufWriter<Stdout>,
}

/// Options of the output.
pub struct OutputOptions {
    /// Format of the data.
    pub format: OutputFormat,
    /// True to suppress notices.
    pub is_quiet: bool,
    /// Choice of colors.
    pub color: ColorChoice,
    /// True to print tables in full on a terminal.
    pub is_wide: bool,
}

impl Output {
    /// Creates the output of the process.
    pub fn new(reader: Audience) -> Self {
        Self {
            messages: reader,
            columns: Vec::new(),
            format: match reader {
                Audience::Person => OutputFormat::Table,
                Audience::Program => OutputFormat::Json,
            },
            is_quiet: false,
            has_colors: false,
            width: None,
            errors: ErrorMessages {
                has_colors: ColorChoice::Auto.applies_to(&std::io::stderr()),
            },
            stdout: BufWriter::with_capacity(64 * 1024, std::io::stdout()),
        }
    }

    /// Sets the options for all following output.
    pub fn configure(&mut self, options: &OutputOptions) {
        self.format = options.format;
        self.messages = match options.format {
            OutputFormat::Json => Audience::Program,
            OutputFormat::Table | OutputFormat::Yaml | OutputFormat::Csv | OutputFormat::Env => {
                Audience::Person
            }
        };
        self.is_quiet = options.is_quiet;
        self.has_colors = options.color.applies_to(self.stdout.get_ref());
        self.errors.has_colors = options.color.applies_to(&std::io::stderr());
        self.width = style::width(self.stdout.get_ref()).filter(|_| !options.is_wide);
    }

    /// Returns the output format.
    pub const fn format(&self) -> OutputFormat {
        self.format
    }

    /// Returns true if progress is shown.
    pub fn shows_progress(&self) -> bool {
        !self.is_quiet && self.messages == Audience::Person
    }

    /// Returns stdout, for text that is already escaped.
    pub const fn writer(&mut self) -> &mut impl Write {
        &mut self.stdout
    }

    /// Returns the reader of stdout; every format but a table is for programs.
    pub const fn audience(&self) -> Audience {
        match self.format {
            OutputFormat::Table => Audience::Person,
            OutputFormat::Json | OutputFormat::Yaml | OutputFormat::Csv | OutputFormat::Env => {
                Audience::Program
            }
        }
    }

    /// Writes one line of data.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.stdout, "{}", printable(line)).map_err(Failure::Output)
    }

    /// Writes a table; on a terminal, it fits the width unless `--wide` is given.
    pub fn table<const N: usize>(
        &mut self,
        headings: [&str; N],
        rows: &[[String; N]],
    ) -> Result<(), Failure> {
        let table = Table {
            headings: Some(headings),
            rows,
        };
        self.text(&table.text(self.width, self.has_colors))
    }

    /// Writes a table without headings.
    pub fn facts<const N: usize>(&mut self, rows: &[[String; N]]) -> Result<(), Failure> {
        let table = Table {
            headings: None,
            rows,
        };
        self.text(&table.text(None, self.has_colors))
    }

    /// Returns the text in this style if stdout gets colors.
    pub fn paint(&self, style: Style, text: &str) -> String {
        style.paint(text, self.has_colors).into_owned()
    }

    /// Returns a date for people: on a terminal relative to now, unless `--wide` is given.
    pub fn when(&self, date: DateTime<Utc>) -> String {
        match self.width {
            Some(_) => relative_time::relative(date, Utc::now()),
            None => exact(date),
        }
    }

    /// Returns a date for people, on a terminal with its age.
    pub fn exact_time(&self, date: DateTime<Utc>) -> String {
        match self.width {
            Some(_) => format!("{} ({})", exact(date), self.when(date)),
            None => exact(date),
        }
    }

    /// Writes text of umai itself, unescaped.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout
            .write_all(text.as_bytes())
            .map_err(Failure::Output)
    }

    /// Writes one value over several lines, as JSON or in the requested format.
    pub fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        match self.format {
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
    pub fn value_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        match self.format {
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
            OutputFormat::Env => return self.value(value),
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
            Audience::Person => print_line(&printable(sentence)),
            Audience::Program => {
                print_line(&harmless(&json!({ "notice": sentence }).to_string()));
            }
        }
    }

    /// Prints the reason of a failure to stderr.
    pub fn failure(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        match (self.messages, failure) {
            (Audience::Program, _) => Self::problem(&failure.problem()),
            (Audience::Person, Failure::Connection(error)) => {
                self.errors.print_fields(error, "");
            }
            (Audience::Person, Failure::Options(error, hint)) => {
                self.errors.print_options(error.fields());
                if let Some(hint) = hint {
                    self.note(hint);
                }
            }
            (Audience::Person, _) => self.errors.print(&failure.to_string()),
        }
    }

    /// Prints the refusal of one of several connections, with its position in the input.
    pub fn refusal(&self, error: &ConnectionError, unit: &str, number: u64) {
        match self.messages {
            Audience::Person => {
                self.errors
                    .print_fields(error, &format!("{unit} {number}: "));
            }
            Audience::Program => Self::problem(&Problem::from_error(error).at(unit, number)),
        }
    }

    /// Prints the refusal of one of several connections, prefixed with its place.
    pub fn refusal_at(&self, error: &ConnectionError, place: &str) {
        match self.messages {
            Audience::Person => self.errors.print_fields(error, place),
            Audience::Program => {
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

fn exact(date: DateTime<Utc>) -> String {
    date.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn as_value(value: &impl Serialize) -> Result<serde_json::Value, Failure> {
    Ok(serde_json::to_value(value).map_err(anyhow::Error::from)?)
}
