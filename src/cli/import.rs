//! Creates what JSON holds: many at once, each told as soon as it is durable.

pub mod elements;
mod shape;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::connections::show;
use super::exit::{Exit, Failure};
use super::output::{Format, Output};
use super::secret::unbuffered_stdin;
use crate::connection::{Connection, ConnectionDraft, ConnectionError, ConnectionService};
use elements::{Element, Elements, Unit};

/// How many are on their way at once; the store makes those durable together that come together.
const IN_FLIGHT: usize = 256;

/// Where JSON comes from.
pub struct Source(File);

impl Source {
    /// A file, or stdin for `-`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let stdin = unbuffered_stdin().context("stdin cannot be read")?;
            return Ok(Self(stdin));
        }
        let unreadable = |why: &dyn std::fmt::Display| {
            Failure::Usage(format!("{} cannot be read: {why}", path.display()))
        };
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable(&"it is a folder"));
        }
        Ok(Self(file))
    }
}

/// What became of one element.
type Outcome = (Unit, u64, Result<Connection, ConnectionError>);

/// Creates every connection of a source; one that is refused is reported with its number, and the others go on.
pub async fn run(
    service: &Arc<dyn ConnectionService>,
    source: Source,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut incoming = read(source)?;
    let mut creating = JoinSet::new();
    let mut tally = Tally::default();
    let mut is_open = true;
    loop {
        // Everything that is durable by now is told before anything is waited for.
        while let Some(joined) = creating.try_join_next() {
            tally.count(outcome(joined)?, output)?;
        }
        tally.flush(output)?;
        tokio::select! {
            biased;
            element = incoming.recv(), if is_open && creating.len() < IN_FLIGHT => match element {
                Some(Ok(element)) if tally.trouble.is_none() => {
                    tally.began(element.unit, output);
                    creating.spawn(create(Arc::clone(service), element));
                }
                Some(Err(error)) => {
                    let unreadable = anyhow::Error::from(error).context("The input cannot be read further");
                    tally.trouble.get_or_insert(unreadable.into());
                    is_open = false;
                }
                Some(Ok(_)) | None => is_open = false,
            },
            Some(joined) = creating.join_next(), if !creating.is_empty() => tally.count(outcome(joined)?, output)?,
            else => break,
        }
    }
    tally.end(output)
}

/// Reads in a thread of its own, a little ahead of what is being created.
fn read(source: Source) -> Result<mpsc::Receiver<std::io::Result<Element>>, Failure> {
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    std::thread::Builder::new()
        .name("import".into())
        .spawn(move || {
            for element in Elements::new(source.0) {
                if sender.blocking_send(element).is_err() {
                    return;
                }
            }
        })
        .context("The program's own threads cannot be started")?;
    Ok(receiver)
}

async fn create(service: Arc<dyn ConnectionService>, element: Element) -> Outcome {
    let draft = match element.body {
        Ok(body) => ConnectionDraft::from_json(&body),
        Err(why) => Err(ConnectionError::Malformed(why.into())),
    };
    let created = match draft {
        Ok(draft) => service.create(draft).await,
        Err(error) => Err(error),
    };
    (element.unit, element.number, created)
}

fn outcome(joined: Result<Outcome, JoinError>) -> Result<Outcome, Failure> {
    Ok(joined.context("A create ended without an answer")?)
}

/// What was created and what was refused.
#[derive(Default)]
struct Tally {
    begun: u64,
    created: u64,
    refused: u64,
    /// The refusal of what may turn out to be the only one; told plainly then.
    only: Option<(Unit, u64, ConnectionError)>,
    /// What ends it all: the store takes no more, or the input gives no more.
    trouble: Option<Failure>,
    /// Nobody reads the output any more; creating goes on.
    is_unheard: bool,
}

impl Tally {
    fn is_many(&self, unit: Unit) -> bool {
        self.begun > 1 || unit == Unit::Element
    }

    fn began(&mut self, unit: Unit, output: &Output) {
        self.begun += 1;
        if self.is_many(unit)
            && let Some((unit, number, error)) = self.only.take()
        {
            output.refusal(&error, unit.word(), number);
        }
    }

    fn count(
        &mut self,
        (unit, number, created): Outcome,
        output: &mut Output,
    ) -> Result<(), Failure> {
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
                    output.refusal(&error, unit.word(), number);
                } else {
                    self.only = Some((unit, number, error));
                }
                Ok(())
            }
        }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Failure> {
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

    fn end(self, output: &Output) -> Result<(), Failure> {
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
