//! Parses drafts in a separate thread, ahead of their creation.

use std::fs::File;
use std::io;

use anyhow::Context;
use tokio::sync::mpsc;

use super::super::exit::Failure;
use super::json_splitter::{Element, Elements, PositionUnit};
use crate::connection::{ConnectionDraft, ConnectionError};

/// Number of drafts to read ahead.
const PREFETCH: usize = 256;

/// Draft of one element, or its parse error.
pub struct ParsedElement {
    /// Number of elements before it; two elements can be on one line.
    pub order: u64,
    /// Unit of the number.
    pub unit: PositionUnit,
    /// Number, from 1.
    pub number: u64,
    /// Parsed draft.
    pub draft: Result<ConnectionDraft, ConnectionError>,
}

impl ParsedElement {
    fn parse(order: u64, element: Element) -> Self {
        let draft = match element.body {
            Ok(body) => ConnectionDraft::from_json(&body),
            Err(reason) => Err(ConnectionError::Malformed(reason.into())),
        };
        Self {
            order,
            unit: element.unit,
            number: element.number,
            draft,
        }
    }

    /// Returns the alias in lower case.
    pub fn alias(&self) -> Option<String> {
        let draft = self.draft.as_ref().ok()?;
        draft.alias.as_ref().map(|alias| alias.to_lowercase())
    }
}

/// Returns the drafts of a source as they are read.
pub fn read(source: File) -> Result<mpsc::Receiver<io::Result<ParsedElement>>, Failure> {
    let (sender, receiver) = mpsc::channel(PREFETCH);
    std::thread::Builder::new()
        .name("import".into())
        .spawn(move || {
            for (order, element) in (0..).zip(Elements::new(source)) {
                let incoming = element.map(|element| ParsedElement::parse(order, element));
                if sender.blocking_send(incoming).is_err() {
                    return;
                }
            }
        })
        .context("Cannot start a thread")?;
    Ok(receiver)
}
