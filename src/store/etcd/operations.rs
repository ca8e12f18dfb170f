//! Parts of transactions, and what their responses contain.

use super::keys::KeyRange;
use super::wire::{
    Compare, CompareTarget, ComparedRevision, Comparison, DeleteRangeRequest, KeyValue, Operation,
    PutRequest, RangeRequest, RangeResponse, RequestOp, ResponseHeader, TxnResponse,
};

/// Compares the revision that created a key; 0 for a key that does not exist.
pub fn created_at(key: Vec<u8>, revision: i64) -> Compare {
    Compare {
        target: CompareTarget::Create.into(),
        key,
        revision: Some(ComparedRevision::Create(revision)),
        ..Compare::default()
    }
}

/// Compares the revision of the last change of a key.
pub fn modified_at(key: Vec<u8>, revision: i64) -> Compare {
    Compare {
        target: CompareTarget::Mod.into(),
        key,
        revision: Some(ComparedRevision::Mod(revision)),
        ..Compare::default()
    }
}

/// Compares that no key of a range was created or changed after a revision. A deletion is not noticed.
pub fn unchanged_since(range: KeyRange, revision: i64) -> Compare {
    Compare {
        comparison: Comparison::Less.into(),
        target: CompareTarget::Mod.into(),
        key: range.start,
        revision: Some(ComparedRevision::Mod(revision + 1)),
        range_end: range.end,
    }
}

/// Writes a key.
pub fn put(key: Vec<u8>, value: Vec<u8>) -> RequestOp {
    put_with_lease(key, value, 0)
}

/// Writes a key that expires with a lease.
pub fn put_with_lease(key: Vec<u8>, value: Vec<u8>, lease: i64) -> RequestOp {
    Operation::Put(PutRequest { key, value, lease }).into()
}

/// Deletes a key.
pub fn delete(key: Vec<u8>) -> RequestOp {
    Operation::DeleteRange(DeleteRangeRequest {
        key,
        range_end: Vec::new(),
    })
    .into()
}

/// Deletes all keys of a range.
pub fn delete_range(range: KeyRange) -> RequestOp {
    Operation::DeleteRange(DeleteRangeRequest {
        key: range.start,
        range_end: range.end,
    })
    .into()
}

/// Reads a key.
pub fn get(key: Vec<u8>) -> RangeRequest {
    RangeRequest {
        key,
        ..RangeRequest::default()
    }
}

/// Reads all keys of a range.
pub fn get_range(range: KeyRange) -> RangeRequest {
    RangeRequest {
        key: range.start,
        range_end: range.end,
        ..RangeRequest::default()
    }
}

impl From<Operation> for RequestOp {
    fn from(operation: Operation) -> Self {
        Self {
            operation: Some(operation),
        }
    }
}

impl From<RangeRequest> for RequestOp {
    fn from(range: RangeRequest) -> Self {
        Operation::Range(range).into()
    }
}

impl RangeResponse {
    /// Revision of the cluster at the read.
    pub fn revision(&self) -> i64 {
        revision_of(self.header.as_ref())
    }

    /// Returns the only key.
    pub fn into_first(self) -> Option<KeyValue> {
        self.kvs.into_iter().next()
    }
}

impl TxnResponse {
    /// Revision of the cluster after the transaction.
    pub fn revision(&self) -> i64 {
        revision_of(self.header.as_ref())
    }

    /// Returns the responses of the reads, in order.
    pub fn into_ranges(self) -> impl Iterator<Item = RangeResponse> {
        self.responses
            .into_iter()
            .filter_map(|response| response.range)
    }
}

fn revision_of(header: Option<&ResponseHeader>) -> i64 {
    header.map_or(0, |header| header.revision)
}
