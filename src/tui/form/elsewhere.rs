//! What happens to a stored connection elsewhere while its form is open, and how the form takes it in.
//!
//! Why field by field: who types shall neither lose what was typed nor take back, without knowing, what somebody else did. So
//! what only they changed is taken in, what only I changed is kept, and what both changed is asked about.

use super::field::{Field, Place, Said};
use super::{AliasCheck, Form, Subject};
use crate::connection::Connection;
use crate::tui::merge::{Conflict, Side};
use crate::tui::tree::News;

/// What happened to the stored connection while its form was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// It was saved, and is at this version.
    Saved(u64),
    /// It was deleted.
    Deleted,
}

/// The connection as others made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Theirs {
    /// As it is now.
    pub connection: Connection,
    /// The settings that differ from the version that was asked about, changed secrets among them; none when that is not known.
    pub changed: Option<Vec<String>>,
}

/// How a form stands to what others made of its connection.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// What they made of it, while both changed something.
    theirs: Option<Box<Theirs>>,
    /// The newest version that was asked for.
    asked: u64,
    /// Whether a save waits for it.
    pub(super) save_waits: bool,
}

/// What became of the form when it took in what others did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The version it is brought up to, or would be.
    pub version: u64,
    /// The labels of what was taken in.
    pub fields: Vec<String>,
    /// The labels of what both changed.
    pub apart: Vec<String>,
}

impl Taken {
    /// What is said of it.
    pub fn sentence(&self) -> String {
        let version = self.version;
        let fields = self.fields.join(", ");
        if !self.apart.is_empty() {
            let taken = if fields.is_empty() {
                fields
            } else {
                format!(" (taken in: {fields})")
            };
            let apart = self.apart.join(", ");
            return format!("Changed elsewhere, too: {apart}{taken}");
        }
        if fields.is_empty() {
            return format!("Changed elsewhere (v{version}); what you typed fits as it is");
        }
        format!("Taken in from elsewhere (v{version}): {fields}; what you typed stays")
    }
}

impl Form {
    /// Something was heard of the connection.
    pub fn hear(&mut self, news: &News) {
        self.changed_elsewhere(match news {
            News::Saved(item) => Elsewhere::Saved(item.version()),
            News::Deleted(_) => Elsewhere::Deleted,
        });
    }

    /// This happened to the connection; what the form was made over is nothing new.
    pub fn changed_elsewhere(&mut self, what: Elsewhere) {
        let Subject::Stored { version, .. } = self.subject else {
            return;
        };
        match what {
            Elsewhere::Saved(newer) if newer <= version => {}
            Elsewhere::Saved(_) => self.elsewhere = Some(what),
            Elsewhere::Deleted => {
                self.elsewhere = Some(what);
                self.apart = Apart::default();
            }
        }
    }

    /// What it means for who types; `save` is the key that saves.
    pub fn said_of_elsewhere(&self, save: &str) -> Option<String> {
        Some(match self.elsewhere? {
            Elsewhere::Saved(version) => match self.conflicts().as_slice() {
                [] => format!("Changed elsewhere (v{version})"),
                [one] => format!("Changed elsewhere, too: {}; {save} shows both", one.label),
                several => format!(
                    "Changed elsewhere, too: {} fields; {save} shows both",
                    several.len()
                ),
            },
            Elsewhere::Deleted => {
                format!("Deleted elsewhere; what is typed stays. {save} asks what to do")
            }
        })
    }

    /// The connection and the version that is known of it, when what others made of it is to be asked for.
    pub fn wants_theirs(&self) -> Option<(uuid::Uuid, u64)> {
        let Subject::Stored { id, version, .. } = self.subject else {
            return None;
        };
        let is_wanted = match self.elsewhere {
            Some(Elsewhere::Saved(newer)) => newer > self.apart.asked || self.apart.save_waits,
            Some(Elsewhere::Deleted) => false,
            None => false,
        } || self.is_unsure;
        (is_wanted && self.saving.is_none()).then_some((id, version))
    }

    /// It is asked for.
    pub fn asked_for_theirs(&mut self) {
        self.is_unsure = false;
        if let Some(Elsewhere::Saved(version)) = self.elsewhere {
            self.apart.asked = version;
        }
    }

    /// A save waits until it is known what others made of the connection.
    pub fn wait_for_theirs(&mut self, found: u64) {
        self.changed_elsewhere(Elsewhere::Saved(found));
        self.is_unsure = true;
        self.apart.save_waits = true;
    }

    /// Whether a save waited for what is known now.
    pub fn save_waited(&mut self) -> bool {
        std::mem::take(&mut self.apart.save_waits)
    }

    /// Whether a save waits for what others made of the connection.
    pub const fn save_waits(&self) -> bool {
        self.apart.save_waits
    }

    /// It could not be asked for; with the next save, or when the line is back, it is tried again.
    pub fn theirs_unknown(&mut self) {
        self.apart.save_waits = false;
    }

    /// What could not be asked for is asked for again.
    pub(super) fn ask_for_theirs_again(&mut self) {
        self.apart.asked = 0;
    }

    const fn version(&self) -> Option<u64> {
        match self.subject {
            Subject::New => None,
            Subject::Stored { version, .. } => Some(version),
        }
    }

    /// Takes in what others made of the connection, as far as it does not touch what was typed; nothing when nothing is new.
    pub fn take_in(&mut self, theirs: Theirs) -> Option<Taken> {
        let known = self.version()?;
        let version = theirs.connection.item.version;
        if version == known {
            self.elsewhere = None;
            return None;
        }
        let mut taken = Vec::new();
        for (at, other) in self.others(&theirs) {
            match self.stand(at, &other, &theirs) {
                Stand::Same => self.fields[at].rebase(&other),
                Stand::TheirsOnly => {
                    taken.push(self.fields[at].label.clone());
                    self.take(at, &other);
                }
                Stand::MineOnly => {
                    // A secret that was typed is typed over the one that is stored by now.
                    self.fields[at].rebase(&other);
                }
                Stand::Both => {}
            }
        }
        self.apart.theirs = Some(Box::new(theirs));
        let conflicts = self.conflicts().into_iter();
        let apart: Vec<String> = conflicts.map(|conflict| conflict.label).collect();
        if apart.is_empty() {
            self.come_together();
        }
        Some(Taken {
            version,
            fields: taken,
            apart,
        })
    }

    /// What both changed, as far as it is known.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let Some(theirs) = &self.apart.theirs else {
            return Vec::new();
        };
        let both = self.others(theirs).into_iter();
        let both = both.filter(|(at, other)| self.stand(*at, other, theirs) == Stand::Both);
        both.map(|(at, other)| {
            let field = &self.fields[at];
            Conflict {
                place: field.place.clone(),
                label: field.label.clone(),
                mine: field.said().shown(&field.place),
                theirs: other.shown(&field.place),
                side: Side::Mine,
            }
        })
        .collect()
    }

    /// The version of what others made of the connection, while both changed something.
    pub fn their_version(&self) -> Option<u64> {
        let theirs = self.apart.theirs.as_ref()?;
        Some(theirs.connection.item.version)
    }

    /// For each conflict one side was chosen: the form stands over the version of the others now.
    pub fn decide(&mut self, chosen: &[Conflict]) {
        let Some(theirs) = self.apart.theirs.take() else {
            return;
        };
        let is_chosen = |open: &Conflict| chosen.iter().any(|one| one.place == open.place);
        self.apart.theirs = Some(theirs.clone());
        let is_all = self.conflicts().iter().all(is_chosen);
        let others = self.others(&theirs);
        for conflict in chosen {
            let found = others
                .iter()
                .find(|(at, _)| self.fields[*at].place == conflict.place);
            let Some((at, other)) = found else { continue };
            match conflict.side {
                Side::Mine => self.fields[*at].rebase(other),
                Side::Theirs => self.take(*at, other),
            }
        }
        if is_all {
            self.come_together();
        }
    }

    /// Nothing is apart any more: what is typed is typed over their version.
    pub(super) fn come_together(&mut self) {
        let Some(theirs) = self.apart.theirs.take() else {
            return;
        };
        for (at, other) in self.others(&theirs) {
            self.fields[at].rebase(&other);
        }
        let item = theirs.connection.item;
        if let Subject::Stored { version, name, .. } = &mut self.subject {
            *version = item.version;
            *name = item.name;
        }
        if matches!(self.elsewhere, Some(Elsewhere::Saved(newer)) if newer <= item.version) {
            self.elsewhere = None;
        }
    }

    /// The connection is no more: what is in the form becomes a new one. Answers the labels of the secrets that only the store had.
    pub fn make_new(&mut self) -> Vec<String> {
        self.subject = Subject::New;
        self.elsewhere = None;
        self.apart = Apart::default();
        self.is_unsure = false;
        self.alias_check = AliasCheck::Unknown(String::new());
        self.fields.retain(|field| field.place != Place::Note);
        let mut lost = Vec::new();
        let mut first = None;
        for (at, field) in self.fields.iter_mut().enumerate() {
            if field.make_new() {
                lost.push(field.label.clone());
                first = first.or(Some(at));
            }
        }
        self.focus_on(first.unwrap_or(self.focus));
        lost
    }

    /// The labels of the secrets that only the store has.
    pub fn only_stored(&self) -> Vec<String> {
        let kept = self.fields.iter().filter(|field| {
            matches!(&field.value, super::field::Value::Secret(secret) if secret.kept().is_some())
        });
        kept.map(|field| field.label.clone()).collect()
    }

    /// What the fields say in the connection of the others.
    fn others(&self, theirs: &Theirs) -> Vec<(usize, Said)> {
        let other = Self::of(&theirs.connection, &self.provider);
        let fields = self.fields.iter().enumerate();
        fields
            .filter(|(_, field)| field.place != Place::Note)
            .filter_map(|(at, field)| Some((at, other.field(&field.place)?.said())))
            .collect()
    }

    fn take(&mut self, at: usize, other: &Said) {
        let field = &mut self.fields[at];
        field.say(other);
        field.rebase(other);
        field.warning = None;
        self.look_up_again(at);
    }

    /// Who changed a field.
    fn stand(&self, at: usize, other: &Said, theirs: &Theirs) -> Stand {
        let field = &self.fields[at];
        let (was, is) = (field.was(), field.said());
        if is_removed(&is) && is_removed(other) {
            return Stand::Same;
        }
        if is.is_like(other) && !is_typed_secret(&is) {
            let is_another = is_stored_secret(&is) && self.was_changed(field, theirs) == Some(true);
            return if is_another {
                Stand::TheirsOnly
            } else {
                Stand::Same
            };
        }
        let they = match (&was, other) {
            // Two secrets look the same; where nobody can tell, somebody who typed one is asked.
            _ if is_stored_secret(&was) && is_stored_secret(other) => {
                self.was_changed(field, theirs).unwrap_or(true)
            }
            (was, other) => !was.is_like(other),
        };
        match (they, field.is_changed()) {
            (true, true) => Stand::Both,
            (true, false) => Stand::TheirsOnly,
            (false, true) => Stand::MineOnly,
            (false, false) => Stand::Same,
        }
    }

    fn was_changed(&self, field: &Field, theirs: &Theirs) -> Option<bool> {
        let Place::Setting(key) = &field.place else {
            return Some(false);
        };
        let changed = theirs.changed.as_ref()?;
        let is_it = |path: &String| {
            let found = self.provider.field(path);
            found.is_some_and(|found| found.key == *key)
        };
        Some(changed.iter().any(is_it))
    }
}

/// Who changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Nobody, or both in the same way.
    Same,
    /// Only the others.
    TheirsOnly,
    /// Only who types.
    MineOnly,
    /// Both.
    Both,
}

/// Whether a secret was typed that nobody can compare to another one.
fn is_typed_secret(said: &Said) -> bool {
    matches!(said, Said::Secret { typed, .. } if !typed.0.trim().is_empty() && !typed.0.trim().starts_with('$'))
}

/// Whether there is no secret, or will be none.
fn is_removed(said: &Said) -> bool {
    matches!(said, Said::Secret { typed, stored, is_cleared } if typed.0.trim().is_empty() && (stored.is_none() || *is_cleared))
}

/// Whether it is a secret of which only the store knows what it is.
fn is_stored_secret(said: &Said) -> bool {
    matches!(said, Said::Secret { typed, stored: Some(_), is_cleared: false } if typed.0.trim().is_empty())
}
