//! Writer thread: accepts queued changes, appends them, syncs once per group, and applies them.
//!
//! Overlapping the sync of one group with the next one was measured and gained nothing: the callers that wait for a group are the
//! ones that send the next changes, and a thread switch costs as much as applying a few changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::apply::{Applier, ChangeGroup, ReplySender};
use super::change::WriteRequest;
use super::index_header::StorePosition;
use super::maintenance::Maintenance;
use super::pending_writes::PendingWrites;
use super::recovery::ReadyStore;
use crate::connection::StoreError;
use crate::store::journal::chain::ChainWriter;
use crate::store::journal::segment::AppendError;

/// Maximum number of changes and bytes synced together.
const MAX_CHANGES: usize = 512;
const MAX_BYTES: usize = 1024 * 1024;
/// Time after a failed write until the next attempt to reopen the journal.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Time after which a process that relied on an earlier verification verifies again. A single command ends before.
const VERIFICATION_DELAY: Duration = Duration::from_secs(1);
/// Time without a list request after which the list of an app counts as loaded: the verification would compete with it.
const LIST_PAUSE: Duration = Duration::from_millis(500);
/// Longest time that list requests delay the verification.
const MAX_VERIFICATION_DELAY: Duration = Duration::from_mins(1);

/// Time after a change until the rows of the index that are still in memory are written, so that they do not stay there in an idle process.
const INDEX_DELAY: Duration = Duration::from_secs(5);

/// Message to the writer.
pub enum WriterMessage {
    /// Perform a change.
    Change(WriteRequest, ReplySender),
    /// Verify the index and rebuild it when it is damaged.
    Repair(oneshot::Sender<()>),
    /// Reply when this message is reached: the writer verifies what is due before it handles the first one.
    AwaitVerification(oneshot::Sender<()>),
    /// Verify index and journal although an earlier verification was relied on.
    Verify,
    /// Write the rows of the index that are in memory.
    WriteIndex,
    /// Try to write again after a failed write.
    Reopen,
    /// Finish and release the store to the next process.
    Close(oneshot::Sender<()>),
}

/// Writer of a store.
pub struct StoreWriter {
    inbox: mpsc::Receiver<WriterMessage>,
    sender: mpsc::WeakSender<WriterMessage>,
    /// Timer of [`WriterMessage::Reopen`], while nothing can be written.
    retry: Option<Sender<()>>,
    /// Timer of [`WriterMessage::Verify`].
    verification: Option<Sender<()>>,
    /// Timer of [`WriterMessage::WriteIndex`], while rows of the index are in memory.
    index_write: Option<Sender<()>>,
    /// Start of the writer.
    started: Instant,
    /// Last attempt to write, while nothing can be written.
    last_attempt: Instant,
    /// Message that was received but does not belong to the current group.
    next: Option<WriterMessage>,
    pending_writes: PendingWrites,
    maintenance: Maintenance,
    applier: Arc<Applier>,
}

impl StoreWriter {
    /// Returns the writer of a store with a ready index.
    pub fn new(
        (sender, inbox): (
            mpsc::WeakSender<WriterMessage>,
            mpsc::Receiver<WriterMessage>,
        ),
        ready: ReadyStore,
        applier: Arc<Applier>,
    ) -> Self {
        Self {
            inbox,
            sender,
            retry: None,
            verification: None,
            index_write: None,
            started: Instant::now(),
            last_attempt: Instant::now(),
            next: None,
            pending_writes: ready.pending_writes,
            maintenance: ready.maintenance,
            applier,
        }
    }

    /// Runs until the store is closed or all senders are dropped.
    pub fn run(mut self, closing: &AtomicBool) {
        let keep_going = || !closing.load(Ordering::Acquire);
        if self.maintenance.is_verification_recorded() {
            self.verify_later();
        }
        self.maintenance
            .verify_if_due(&mut self.pending_writes, keep_going);
        let close_reply = loop {
            let message = match self.next.take() {
                Some(message) => Some(message),
                None => self.inbox.blocking_recv(),
            };
            match message {
                Some(WriterMessage::Change(request, reply_sender)) => {
                    self.write(request, reply_sender);
                }
                Some(WriterMessage::Repair(done)) => {
                    self.pending_writes.remove_applied(u64::MAX);
                    self.maintenance.repair(&mut self.pending_writes);
                    // The caller may have been cancelled.
                    let _ = done.send(());
                }
                Some(WriterMessage::AwaitVerification(done)) => {
                    // The caller may have been cancelled.
                    let _ = done.send(());
                }
                Some(WriterMessage::Verify) if self.is_list_loading() => self.verify_later(),
                Some(WriterMessage::Verify) => {
                    self.pending_writes.remove_applied(u64::MAX);
                    self.maintenance
                        .verify_all(&mut self.pending_writes, keep_going);
                    self.maintenance.run_due_work(&self.pending_writes);
                }
                Some(WriterMessage::WriteIndex) => {
                    self.index_write = None;
                    if self.applier.write_index() {
                        self.write_index_later();
                    }
                }
                Some(WriterMessage::Reopen) => self.reopen(),
                Some(WriterMessage::Close(done)) => break Some(done),
                None => break None,
            }
        };
        self.applier.feed.close();
        self.maintenance.close(self.pending_writes.position());
        drop(self.maintenance);
        if let Some(done) = close_reply {
            // The caller may have been cancelled.
            let _ = done.send(());
        }
    }

    /// Writes a group of this change and the queued changes after it.
    fn write(&mut self, request: WriteRequest, reply_sender: ReplySender) {
        if self.last_attempt.elapsed() >= RETRY_INTERVAL {
            // Usually the timer did it.
            self.reopen();
        }
        self.pending_writes
            .remove_applied(self.applier.feed.newest());
        let before = self.pending_writes.position();
        let is_removal = request.is_removal();
        let mut group = ChangeGroup::new();
        let mut bytes = Vec::new();
        let applier = Arc::clone(&self.applier);
        let mut chain = ChainWriter::new(applier.access.auth(), self.maintenance.tail().chain());
        let mut refused = Vec::new();
        let mut next = Some((request, reply_sender));
        while let Some((request, reply_sender)) = next.take() {
            match self.check_change(request, &mut chain, &mut bytes) {
                Ok(accepted) => group.push((accepted, reply_sender)),
                Err(error) => refused.push((reply_sender, error)),
            }
            if group.len() < MAX_CHANGES && bytes.len() < MAX_BYTES {
                next = self.next_change(is_removal);
            }
        }
        if !group.is_empty() {
            match self.make_durable(&bytes, is_removal) {
                Ok(()) => {
                    self.maintenance.tail().set_chain(chain.last());
                    self.applier.apply(group);
                    self.write_index_later();
                }
                Err(error) => self.reject_group(before, group, &error),
            }
        }
        for (reply_sender, error) in refused {
            // The caller may have been cancelled.
            let _ = reply_sender.send(Err(error));
        }
        self.maintenance.run_due_work(&self.pending_writes);
    }

    fn check_change(
        &mut self,
        request: WriteRequest,
        chain: &mut ChainWriter<'_>,
        bytes: &mut Vec<u8>,
    ) -> Result<super::change::AcceptedChange, StoreError> {
        if let Some(why) = self.applier.read_only_reason() {
            return Err(why);
        }
        let accepted = self.pending_writes.accept(request)?;
        accepted.write(chain, bytes);
        Ok(accepted)
    }

    /// Returns the next queued change; removals, also to the trash, are not mixed with other saves, because a
    /// full disk still accepts them.
    fn next_change(&mut self, is_removal: bool) -> Option<(WriteRequest, ReplySender)> {
        match self.inbox.try_recv().ok()? {
            WriterMessage::Change(request, reply_sender) if request.is_removal() == is_removal => {
                Some((request, reply_sender))
            }
            other => {
                self.next = Some(other);
                None
            }
        }
    }

    fn make_durable(&mut self, bytes: &[u8], is_removal: bool) -> Result<(), StoreError> {
        let tail = self.maintenance.tail();
        let written = tail
            .append(bytes, is_removal)
            .and_then(|()| tail.sync().map_err(AppendError::Failed));
        match written {
            Ok(()) => Ok(()),
            Err(AppendError::NoSpace(error)) => Err(StoreError::Other(format!(
                "No space left to save in {}: {error}. This change was not saved; free some space and save again",
                self.applier.data.display()
            ))),
            Err(AppendError::Failed(error)) => {
                let why = StoreError::ReadOnly(format!(
                    "the journal in {} could not be written ({error})",
                    self.applier.data.display()
                ));
                self.applier.notices.add(why.to_string());
                self.maintenance.tail().discard_unsynced();
                self.maintenance.discard_verification();
                self.applier.set_read_only(Some(why.clone()));
                self.retry_later();
                Err(why)
            }
        }
    }

    /// Writes the rows of the index that are in memory after a delay, with those that are added until then.
    fn write_index_later(&mut self) {
        if self.index_write.is_none() {
            let (sender, message) = (self.sender.clone(), WriterMessage::WriteIndex);
            self.index_write = send_after(INDEX_DELAY, sender, message);
        }
    }

    fn verify_later(&mut self) {
        let (sender, message) = (self.sender.clone(), WriterMessage::Verify);
        self.verification = send_after(VERIFICATION_DELAY, sender, message);
    }

    /// Returns true while lists are requested, as an app does when it loads its list page by page.
    fn is_list_loading(&self) -> bool {
        let since_list = self.applier.index.last_list().map(|last| last.elapsed());
        waits_for_list(since_list, self.started.elapsed())
    }

    fn retry_later(&mut self) {
        self.last_attempt = Instant::now();
        self.retry = send_after(RETRY_INTERVAL, self.sender.clone(), WriterMessage::Reopen);
    }

    /// Accepts changes again if the journal can be written.
    fn reopen(&mut self) {
        if self.applier.read_only_reason().is_none() || self.maintenance.is_read_only_disk() {
            return;
        }
        self.pending_writes
            .remove_applied(self.applier.feed.newest());
        match self
            .maintenance
            .reopen_journal(self.pending_writes.position())
        {
            Ok(()) => {
                self.retry = None;
                self.applier.set_read_only(None);
                self.applier
                    .notices
                    .add("The store accepts changes again".into());
            }
            Err(error) => {
                tracing::warn!(%error, "the journal still cannot be written");
                self.retry_later();
            }
        }
    }

    /// Rejects all changes of a group that was not written.
    fn reject_group(&mut self, before: StorePosition, group: ChangeGroup, error: &StoreError) {
        self.pending_writes.revert_to(before);
        for (_, reply_sender) in group {
            // The caller may have been cancelled.
            let _ = reply_sender.send(Err(error.clone()));
        }
    }
}

/// Returns true while the verification waits, by the time since the last list request and the time that the writer runs.
fn waits_for_list(since_list: Option<Duration>, running: Duration) -> bool {
    since_list.is_some_and(|since| since < LIST_PAUSE) && running < MAX_VERIFICATION_DELAY
}

/// Sends a message to the writer after a delay, unless the returned sender is dropped before. `None` if no thread can start.
fn send_after(
    delay: Duration,
    inbox: mpsc::WeakSender<WriterMessage>,
    message: WriterMessage,
) -> Option<Sender<()>> {
    let (timer, stopped) = channel();
    let started = std::thread::Builder::new()
        .name("umai-store-timer".into())
        .spawn(move || {
            if stopped.recv_timeout(delay) == Err(RecvTimeoutError::Timeout)
                && let Some(inbox) = inbox.upgrade()
            {
                // A writer that ended needs no message.
                let _ = inbox.blocking_send(message);
            }
        });
    match started {
        Ok(_) => Some(timer),
        Err(error) => {
            tracing::warn!(%error, "starting a timer of the store failed");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::no_list(None, 1_000, false)]
    #[case::loading(Some(0), 1_000, true)]
    #[case::next_page_soon(Some(499), 59_999, true)]
    #[case::loaded(Some(500), 1_000, false)]
    #[case::lists_for_a_minute(Some(0), 60_000, false)]
    fn verification_waits_while_a_list_is_loaded(
        #[case] since_list: Option<u64>,
        #[case] running: u64,
        #[case] waits: bool,
    ) {
        let since_list = since_list.map(Duration::from_millis);
        let running = Duration::from_millis(running);
        assert_eq!(waits_for_list(since_list, running), waits);
    }
}
