//! Reads drafts in a thread of its own, a little ahead of what is being created.

use std::fs::File;
use std::io;

use anyhow::Context;
use tokio::sync::mpsc;

use super::super::exit::Failure;
use super::elements::{Element, Elements, Unit};
use crate::connection::{ConnectionDraft, ConnectionError};

/// How many are read ahead.
const AHEAD: usize = 256;

/// One element as a draft, or why it is none.
pub struct Incoming {
    /// How many came before it; two of them can be on one line.
    pub order: u64,
    /// What the number counts.
    pub unit: Unit,
    /// From 1.
    pub number: u64,
    /// What it asks for.
    pub draft: Result<ConnectionDraft, ConnectionError>,
}

impl Incoming {
    fn of(order: u64, element: Element) -> Self {
        let draft = match element.body {
            Ok(body) => ConnectionDraft::from_json(&body),
            Err(why) => Err(ConnectionError::Malformed(why.into())),
        };
        Self {
            order,
            unit: element.unit,
            number: element.number,
            draft,
        }
    }

    /// The alias it asks for, without regard to case.
    pub fn alias(&self) -> Option<String> {
        let draft = self.draft.as_ref().ok()?;
        draft.alias.as_ref().map(|alias| alias.to_lowercase())
    }
}

/// The drafts of a source, as they come.
pub fn read(source: File) -> Result<mpsc::Receiver<io::Result<Incoming>>, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    std::thread::Builder::new()
        .name("import".into())
        .spawn(move || {
            for (order, element) in (0..).zip(Elements::new(source)) {
                let incoming = element.map(|element| Incoming::of(order, element));
                if sender.blocking_send(incoming).is_err() {
                    return;
                }
            }
        })
        .context("The program's own threads cannot be started")?;
    Ok(receiver)
}
