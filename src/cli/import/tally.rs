//! Counts what was created and what was refused, and tells it.

use super::super::connections::show;
use super::super::exit::{Exit, Failure};
use super::super::output::{Format, Output};
use super::elements::Unit;
use super::place;
use super::under_way::Outcome;
use crate::connection::ConnectionError;

fn refuse(error: ConnectionError, unit: Unit, number: u64, output: &Output) {
    let error = place::of_many(error, unit, number);
    output.refusal(&error, unit.word(), number);
}

/// What was created and what was refused.
#[derive(Default)]
pub struct Tally {
    begun: u64,
    created: u64,
    refused: u64,
    /// The refusal of what may turn out to be the only one; told plainly then.
    only: Option<(Unit, u64, ConnectionError)>,
    /// What ends it all: the store takes no more, or the input gives no more.
    pub trouble: Option<Failure>,
    /// Nobody reads the output any more; creating goes on.
    is_unheard: bool,
}

impl Tally {
    fn is_many(&self, unit: Unit) -> bool {
        self.begun > 1 || unit == Unit::Element
    }

    /// One more is being created.
    pub fn began(&mut self, unit: Unit, output: &Output) {
        self.begun += 1;
        if self.is_many(unit)
            && let Some((unit, number, error)) = self.only.take()
        {
            refuse(error, unit, number, output);
        }
    }

    /// Tells what became of one.
    pub fn count(&mut self, outcome: Outcome, output: &mut Output) -> Result<(), Failure> {
        let Outcome {
            unit,
            number,
            created,
            ..
        } = outcome;
        match created {
            Ok(connection) => {
                self.created += 1;
                self.heard(|| match output.format() {
                    Format::Json => output.json_line(&connection),
                    Format::Text => show::created(&connection, output),
                })
            }
            Err(error @ ConnectionError::Store(_)) => {
                self.trouble.get_or_insert(error.into());
                Ok(())
            }
            Err(error) => {
                self.refused += 1;
                if self.is_many(unit) {
                    refuse(error, unit, number, output);
                } else {
                    self.only = Some((unit, number, error));
                }
                Ok(())
            }
        }
    }

    /// Hands over what was told.
    pub fn flush(&mut self, output: &mut Output) -> Result<(), Failure> {
        self.heard(|| output.flush())
    }

    /// Writes as long as somebody reads.
    fn heard(&mut self, write: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        if self.is_unheard {
            return Ok(());
        }
        match write() {
            Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.is_unheard = true;
                Ok(())
            }
            written => written,
        }
    }

    /// How it all ended.
    pub fn end(self, output: &Output) -> Result<(), Failure> {
        if let Some(trouble) = self.trouble {
            if self.created > 0 {
                output.note(&format!("{} were created before that", self.created));
            }
            return Err(trouble);
        }
        if let Some((_, _, error)) = self.only {
            return Err(error.into());
        }
        let Self {
            created, refused, ..
        } = self;
        if refused > 0 {
            let whole = created + refused;
            return Err(Failure::Some(
                format!("{created} of {whole} created, {refused} refused"),
                Exit::Refused,
            ));
        }
        if self.begun != 1 {
            output.note(&format!("{created} created"));
        }
        Ok(())
    }
}
