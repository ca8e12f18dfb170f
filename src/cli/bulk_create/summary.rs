//! Counts created and refused connections, and reports them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::connections::format;
use super::super::dry_run;
use super::super::exit::{Exit, Failure};
use super::super::output::{Audience, Output};
use super::in_flight::ElementOutcome;
use super::json_splitter::PositionUnit;
use super::parsed_element::ParsedElement;
use super::position;
use crate::connection::{ConnectionError, Outcome};

/// Refused element with its position.
struct RefusedElement {
    unit: PositionUnit,
    number: u64,
    error: ConnectionError,
}

/// Summary of a bulk create.
#[derive(Default)]
pub struct BulkCreateSummary {
    started: u64,
    created: u64,
    refused: u64,
    /// Elements without a result yet, by their order.
    pending: BTreeSet<u64>,
    /// Refusals that wait for the results of earlier elements. The only refusal of a single element is reported without its
    /// number.
    refusals: BTreeMap<u64, RefusedElement>,
    /// True if messages contain the number of the element.
    is_many: bool,
    /// Error that ends the operation: of the store, or of the input.
    pub failure: Option<Failure>,
    /// True if the reader of the output is gone; creating continues.
    is_reader_gone: bool,
    /// True for a dry run.
    is_dry_run: bool,
}

impl BulkCreateSummary {
    /// Records the start of an element.
    pub fn start(&mut self, next: &ParsedElement, output: &Output) {
        self.started += 1;
        self.is_many = self.started > 1 || next.unit == PositionUnit::Element;
        self.pending.insert(next.order);
        self.report_due_refusals(output);
    }

    /// Reports the refusals that are due.
    fn report_due_refusals(&mut self, output: &Output) {
        while self.is_many
            && let Some(next) = self.refusals.first_entry()
            && self.pending.first().is_none_or(|first| next.key() < first)
        {
            let RefusedElement {
                unit,
                number,
                error,
            } = next.remove();
            let error = position::in_input_of_many(error, unit, number);
            output.refusal(&error, unit.as_str(), number);
        }
    }

    /// Reports the result of an element.
    pub fn count(&mut self, outcome: ElementOutcome, output: &mut Output) -> Result<(), Failure> {
        let ElementOutcome {
            order,
            unit,
            number,
            created,
            ..
        } = outcome;
        self.pending.remove(&order);
        let written = match created {
            Ok(Outcome::Previewed(preview)) => {
                self.created += 1;
                self.is_dry_run = true;
                self.write(|| dry_run::write_line(dry_run::CREATE, &preview, output))
            }
            Ok(outcome) => {
                self.created += 1;
                let connection = outcome.connection()?;
                self.write(|| match output.audience() {
                    Audience::Program => output.value_line(&connection),
                    Audience::Person => format::created(&connection, output),
                })
            }
            Err(error) if error.fails_next_request() => {
                self.failure.get_or_insert(error.into());
                Ok(())
            }
            Err(error) => {
                self.refused += 1;
                let rejected = RefusedElement {
                    unit,
                    number,
                    error,
                };
                self.refusals.insert(order, rejected);
                Ok(())
            }
        };
        self.report_due_refusals(output);
        written
    }

    /// Flushes the output.
    pub fn flush(&mut self, output: &mut Output) -> Result<(), Failure> {
        self.write(|| output.flush())
    }

    /// Writes unless the reader of the output is gone.
    fn write(&mut self, write: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        if self.is_reader_gone {
            return Ok(());
        }
        match write() {
            Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.is_reader_gone = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Returns the result of the operation.
    pub fn end(mut self, output: &Output) -> Result<(), Failure> {
        // An element that was started but not created, because the store failed, has no result.
        self.pending.clear();
        self.report_due_refusals(output);
        if let Some(trouble) = self.failure {
            if self.created > 0 {
                output.note(&format!("Created {} before the error", self.created));
            }
            return Err(trouble);
        }
        if let Some((_, only)) = self.refusals.pop_first() {
            return Err(only.error.into());
        }
        let Self {
            created, refused, ..
        } = self;
        let would = if self.is_dry_run {
            "Would create "
        } else {
            "Created "
        };
        if refused > 0 {
            let total = created + refused;
            return Err(Failure::Partial(
                format!("{would}{created} of {total}, {refused} refused"),
                Exit::Invalid,
            ));
        }
        if self.started != 1 {
            output.note(&format!("{would}{created} connections"));
        }
        Ok(())
    }
}
