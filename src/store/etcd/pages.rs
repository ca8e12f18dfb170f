//! Reads a range of keys page by page.

use super::call_error::{CallError, Refusal};
use super::client::EtcdClient;
use super::wire::{KeyValue, RangeRequest, SortOrder};

/// Keys in a page.
const PAGE: i64 = 500;

/// Pages of a range, in the order of the request and at one revision.
pub struct RangePages<'a> {
    client: &'a EtcdClient,
    request: RangeRequest,
    /// Number of keys in the range, once a page was read.
    pub count: usize,
    is_complete: bool,
}

impl<'a> RangePages<'a> {
    /// Reads a range; its first page decides on the revision if the request does not.
    pub fn new(client: &'a EtcdClient, request: RangeRequest) -> Self {
        Self {
            client,
            request: RangeRequest {
                limit: PAGE,
                ..request
            },
            count: 0,
            is_complete: false,
        }
    }

    /// Returns the next page; none after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<KeyValue>>, CallError> {
        if self.is_complete {
            return Ok(None);
        }
        let found = loop {
            match self.client.page(&self.request).await {
                Err(CallError::Refused(Refusal::TooLarge)) if self.request.limit > 1 => {
                    self.request.limit /= 2;
                }
                found => break found?,
            }
        };
        if self.request.revision == 0 {
            self.request.revision = found.revision();
        }
        if self.count == 0 {
            self.count = found.count.try_into().unwrap_or(0);
        }
        match found.kvs.last() {
            Some(last) if found.more => {
                if self.request.sort_order == i32::from(SortOrder::Descend) {
                    self.request.range_end.clone_from(&last.key);
                } else {
                    self.request.key = [last.key.as_slice(), &[0]].concat();
                }
            }
            _ => self.is_complete = true,
        }
        Ok(Some(found.kvs))
    }
}
