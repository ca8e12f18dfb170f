//! What goes out: what the app wants done, and what it asks the service.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::form::{Document, Kept, Theirs};
use super::tree::Item;
use crate::appsettings::{ConfigurationKey, Lookup, Reference};
use crate::connection::export::{Exported, NotWritten};
use crate::connection::{
    Comparison, Connection, ConnectionDraft, ConnectionError, ConnectionItem, Model, Page,
    Rollback, TestReport, TestSubject, Version, Window,
};
use crate::disk::Over;

/// Names one request or one wake-up, so that its answer finds back; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Names a form that is kept while it is not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// One that was opened by this app.
    New(Ticket),
    /// One that was found when the app started.
    Found(Uuid),
}

/// What the app wants done.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Ask the service; the answer comes as [`super::event::Event::Reply`].
    Call(Ticket, Request),
    /// The same for one of many saves, which may be carried out side by side with its like; other saves keep their order.
    CallBeside(Ticket, Request),
    /// Say [`super::event::Event::Woken`] after this time.
    Wake(Ticket, Duration),
    /// There is more to do when no key waits: draw, then say [`super::event::Event::Idle`] again.
    Continue,
    /// Keep what is typed and not saved, sealed.
    Keep(Slot, Arc<Kept>),
    /// What was kept is saved, or given up.
    Forget(Slot),
    /// Leave what was found to whoever looks next.
    LetGo(Vec<Uuid>),
    /// Look for what was kept and never saved; it comes as [`super::event::Event::Found`].
    Find,
    /// Hand the terminal and a text to the editor; it comes back as [`super::event::Event::Edited`].
    Edit(Ticket, Document),
    /// Hand a text to the terminal's clipboard.
    Copy(String),
    /// Draw every cell afresh.
    Redraw,
    /// Give the terminal back to the shell until it lets us go on.
    Suspend,
    /// End; saves under way are waited for.
    Quit,
}

/// What is asked of the service.
#[derive(Debug, PartialEq)]
pub enum Request {
    /// A part of the list.
    List(Window),
    /// One connection.
    Get(Uuid),
    /// A connection as it is now, and what of it differs from a version.
    Theirs(Uuid, u64),
    /// Who has an alias, leaving one connection out.
    AliasOwner(String, Option<Uuid>),
    /// Whether a reference resolves.
    Lookup(Reference),
    /// Keep a new connection.
    Create(ConnectionDraft),
    /// Which configuration keys can be referred to.
    ConfigurationKeys,
    /// Keep a new connection that is what another one is, with this laid over.
    Duplicate(Uuid, ConnectionDraft),
    /// Keep a change.
    Update(Change),
    /// Switch on or off.
    SetActive(Uuid, bool),
    /// Put into the trash.
    Delete(Uuid),
    /// All that is in the trash.
    Trash,
    /// Bring back from the trash, under another alias when one is given.
    Restore(Uuid, Option<String>),
    /// Delete these for good.
    Purge(Vec<Uuid>),
    /// Try whether the credentials work.
    Test(TestSubject),
    /// What the provider can do.
    Models(Uuid),
    /// A part of the history, newest first.
    Versions(Uuid, Window),
    /// What differs between two versions.
    Compare(Uuid, u64, u64),
    /// Make it what it was at a version, with a note.
    Rollback(Uuid, u64, Option<String>),
    /// Write connections into a file; the only thing that is not asked of the service.
    Export(Export),
}

/// Connections for a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The file, as it was typed.
    pub name: String,
    /// What goes into it.
    pub connections: Arc<[Exported]>,
    /// What may become of a file that is there.
    pub over: Over,
}

/// A change to a connection, and what it was made over.
#[derive(Debug, PartialEq)]
pub struct Change {
    /// Which connection.
    pub id: Uuid,
    /// What it shall be.
    pub draft: ConnectionDraft,
    /// The version that was read.
    pub over: u64,
}

impl Request {
    /// Whether something is kept by it, so that quitting waits for its answer.
    pub const fn is_save(&self) -> bool {
        match self {
            Self::Create(_)
            | Self::Duplicate(..)
            | Self::Update(_)
            | Self::SetActive(..)
            | Self::Delete(_)
            | Self::Restore(..)
            | Self::Purge(_)
            | Self::Export(_)
            | Self::Rollback(..) => true,
            Self::List(_)
            | Self::Get(_)
            | Self::Theirs(..)
            | Self::AliasOwner(..)
            | Self::Lookup(_)
            | Self::ConfigurationKeys
            | Self::Test(_)
            | Self::Models(_)
            | Self::Trash
            | Self::Versions(..)
            | Self::Compare(..) => false,
        }
    }

    /// Whether a provider far away is asked, which may take long: it stops when nobody waits for it any more.
    pub const fn is_stoppable(&self) -> bool {
        match self {
            Self::Test(_) | Self::Models(_) => true,
            Self::List(_)
            | Self::Get(_)
            | Self::Theirs(..)
            | Self::AliasOwner(..)
            | Self::Lookup(_)
            | Self::ConfigurationKeys
            | Self::Create(_)
            | Self::Duplicate(..)
            | Self::Update(_)
            | Self::SetActive(..)
            | Self::Delete(_)
            | Self::Trash
            | Self::Restore(..)
            | Self::Purge(_)
            | Self::Versions(..)
            | Self::Compare(..)
            | Self::Export(_)
            | Self::Rollback(..) => false,
        }
    }
}

/// What the service answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// To [`Request::List`].
    Listed(Result<Page<Item>, ConnectionError>),
    /// To [`Request::Get`].
    Got(Result<Connection, ConnectionError>),
    /// To [`Request::Theirs`].
    Theirs(Result<Box<Theirs>, ConnectionError>),
    /// To [`Request::AliasOwner`].
    AliasOwner(Result<Option<ConnectionItem>, ConnectionError>),
    /// To [`Request::Lookup`].
    LookedUp(Result<Lookup, ConnectionError>),
    /// To [`Request::ConfigurationKeys`].
    ConfigurationKeys(Result<Page<ConfigurationKey>, ConnectionError>),
    /// To [`Request::Create`], [`Request::Duplicate`], [`Request::Update`], [`Request::SetActive`] and [`Request::Restore`].
    Saved(Result<Connection, ConnectionError>),
    /// To [`Request::Delete`].
    Deleted(Result<ConnectionItem, ConnectionError>),
    /// To [`Request::Trash`].
    Trash(Result<Vec<ConnectionItem>, ConnectionError>),
    /// To [`Request::Purge`]: which are gone, and why the others are not.
    Purged(Vec<Uuid>, Result<(), ConnectionError>),
    /// To [`Request::Test`].
    Tested(Result<TestReport, ConnectionError>),
    /// To [`Request::Models`].
    Models(Result<Vec<Model>, ConnectionError>),
    /// To [`Request::Versions`].
    Versions(Result<Page<Version>, ConnectionError>),
    /// To [`Request::Compare`].
    Compared(Result<Box<Comparison>, ConnectionError>),
    /// To [`Request::Rollback`].
    RolledBack(Result<Box<Rollback>, ConnectionError>),
    /// To [`Request::Export`]: where the file is.
    Exported(Result<PathBuf, NotWritten>),
    /// The request broke off without an answer; says what is known.
    Lost(String),
}
