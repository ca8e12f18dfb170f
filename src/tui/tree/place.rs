//! Where one is in the tree, as it can be written down and come back to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Node, Sort, Tree};

/// What was selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The root.
    Settings,
    /// The section.
    Ai,
    /// The collection.
    Connections,
    /// A provider, by its id.
    Provider(String),
    /// A connection.
    Connection(Uuid),
}

/// What one left the tree as.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stand {
    /// What was selected.
    pub place: Option<Place>,
    /// Which of the upper nodes and providers were closed.
    pub closed: Vec<Place>,
    /// What the connections were ordered by.
    pub sort: Sort,
    /// Whether each provider's stood below it.
    pub is_grouped: bool,
    /// What was typed into the filter.
    pub filter: String,
}

/// The upper nodes, from the root.
const UPPER: [Node; 3] = [Node::Settings, Node::Ai, Node::Connections];

impl Tree {
    fn place(&self, node: Node) -> Place {
        match node {
            Node::Settings => Place::Settings,
            Node::Ai => Place::Ai,
            Node::Connections => Place::Connections,
            Node::Provider(number) => Place::Provider(self.providers.id(number).to_owned()),
            Node::Connection(id) => Place::Connection(id),
        }
    }

    /// How the tree stands.
    pub fn stand(&self) -> Stand {
        let closed = self.filter.as_ref().map_or(&self.closed, |filter| {
            filter.closed_before.as_ref().unwrap_or(&self.closed)
        });
        let upper = UPPER.into_iter().filter(|node| !self.is_open(*node));
        // Always in the same order.
        let closed: BTreeSet<u16> = closed.iter().copied().collect();
        let nodes = upper.chain(closed.into_iter().map(Node::Provider));
        let wanted = self.coming.clone();
        Stand {
            place: Some(wanted.unwrap_or_else(|| self.place(self.selected))),
            closed: nodes.map(|node| self.place(node)).collect(),
            sort: self.sort,
            is_grouped: self.is_grouped,
            filter: self
                .filter
                .as_ref()
                .map_or_else(String::new, |filter| filter.line.value().trim().to_owned()),
        }
    }

    /// Stands as it did; what was selected is selected as soon as it is there, unless something else is by then.
    pub fn stand_as(&mut self, stand: Stand) {
        self.sort = stand.sort;
        self.is_grouped = stand.is_grouped;
        for place in stand.closed {
            match place {
                Place::Settings => self.open[0] = false,
                Place::Ai => self.open[1] = false,
                Place::Connections => self.open[2] = false,
                Place::Provider(id) => {
                    let number = self.providers.number(&id);
                    self.closed.insert(number);
                }
                Place::Connection(_) => {}
            }
        }
        self.keep_filter(&stand.filter);
        self.rearrange();
        if let Some(place) = stand.place {
            self.come_to(place);
        }
    }

    /// Selects what was selected, now or as soon as it is there.
    pub(super) fn come_to(&mut self, place: Place) {
        let is_all = self.loading.is_done() && self.fresh.is_none() && !self.is_arranging();
        match &place {
            Place::Settings => self.select_row(0),
            Place::Ai if self.is_open(Node::Settings) => self.select_row(1),
            Place::Ai | Place::Connections => {}
            Place::Provider(id) => {
                let number = self.providers.known_number(id);
                match number.filter(|number| self.count_of(*number) > 0) {
                    Some(number) if self.open == [true; 3] => {
                        self.selected = Node::Provider(number);
                    }
                    Some(_) => {}
                    None if is_all => {}
                    None => self.coming = Some(place),
                }
            }
            Place::Connection(id) => match self.position(*id) {
                Some(at) => self.select_shown(at),
                None if is_all => {}
                None => self.coming = Some(place),
            },
        }
    }
}
