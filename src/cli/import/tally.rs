//! Counts what was created and what was refused, and tells it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::connections::show;
use super::super::dry;
use super::super::exit::{Exit, Failure, is_lasting};
use super::super::output::{Format, Output};
use super::elements::Unit;
use super::incoming::Incoming;
use super::place;
use super::under_way::{Created, Outcome};
use crate::connection::ConnectionError;

/// Why one was not kept, and where it was.
struct Refusal {
    unit: Unit,
    number: u64,
    error: ConnectionError,
}

/// What was created and what was refused.
#[derive(Default)]
pub struct Tally {
    begun: u64,
    created: u64,
    refused: u64,
    /// Those that have no answer yet, by their order.
    unanswered: BTreeSet<u64>,
    /// Refusals that wait for the answers to those before them; or the one of what may turn out to be the only one, which is
    /// told plainly then.
    refusals: BTreeMap<u64, Refusal>,
    /// Whether each is told with its number.
    is_many: bool,
    /// What ends it all: the store takes no more, or the input gives no more.
    pub trouble: Option<Failure>,
    /// Nobody reads the output any more; creating goes on.
    is_unheard: bool,
    /// Whether nothing is kept.
    is_foreseen: bool,
}

impl Tally {
    /// One more is being created.
    pub fn began(&mut self, next: &Incoming, output: &Output) {
        self.begun += 1;
        self.is_many = self.begun > 1 || next.unit == Unit::Element;
        self.unanswered.insert(next.order);
        self.refuse(output);
    }

    /// Tells the refusals whose turn it is.
    fn refuse(&mut self, output: &Output) {
        while self.is_many
            && let Some(next) = self.refusals.first_entry()
            && self
                .unanswered
                .first()
                .is_none_or(|first| next.key() < first)
        {
            let Refusal {
                unit,
                number,
                error,
            } = next.remove();
            let error = place::of_many(error, unit, number);
            output.refusal(&error, unit.word(), number);
        }
    }

    /// Tells what became of one.
    pub fn count(&mut self, outcome: Outcome, output: &mut Output) -> Result<(), Failure> {
        let Outcome {
            order,
            unit,
            number,
            created,
            ..
        } = outcome;
        self.unanswered.remove(&order);
        let told = match created {
            Ok(Created::Foreseen(foreseen)) => {
                self.created += 1;
                self.is_foreseen = true;
                self.heard(|| dry::tell(dry::CREATE, &foreseen, output))
            }
            Ok(Created::Kept(connection)) => {
                self.created += 1;
                self.heard(|| match output.format() {
                    Format::Json => output.json_line(&connection),
                    Format::Text => show::created(&connection, output),
                })
            }
            Err(error) if is_lasting(&error) => {
                self.trouble.get_or_insert(error.into());
                Ok(())
            }
            Err(error) => {
                self.refused += 1;
                let refusal = Refusal {
                    unit,
                    number,
                    error,
                };
                self.refusals.insert(order, refusal);
                Ok(())
            }
        };
        self.refuse(output);
        told
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
    pub fn end(mut self, output: &Output) -> Result<(), Failure> {
        // One that was begun and not created, because the store takes no more, has no answer.
        self.unanswered.clear();
        self.refuse(output);
        if let Some(trouble) = self.trouble {
            if self.created > 0 {
                output.note(&format!("{} were created before that", self.created));
            }
            return Err(trouble);
        }
        if let Some((_, only)) = self.refusals.pop_first() {
            return Err(only.error.into());
        }
        let Self {
            created, refused, ..
        } = self;
        let would = if self.is_foreseen { " would be" } else { "" };
        if refused > 0 {
            let whole = created + refused;
            return Err(Failure::Some(
                format!("{created} of {whole}{would} created, {refused} refused"),
                Exit::Refused,
            ));
        }
        if self.begun != 1 {
            output.note(&format!("{created}{would} created"));
        }
        Ok(())
    }
}
