//! Reads a range of keys page by page.

use super::call_error::{CallError, Refusal};
use super::client::EtcdClient;
use super::wire::{KeyValue, RangeRequest, SortOrder};

/// Keys in the first page.
const FIRST_PAGE: i64 = 500;
/// Maximum number of keys in a page. etcd counts the rest of the range for every page, so few large ones are faster.
const MAX_PAGE: i64 = 10_000;
/// Bytes that a page should have.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Pages of a range, in the order of the request and at one revision.
pub struct RangePages<'a> {
    client: &'a EtcdClient,
    request: RangeRequest,
    /// Number of keys in the range, once a page was read.
    pub count: usize,
    /// Maximum number of keys in the next pages.
    max_page: i64,
    is_complete: bool,
}

impl<'a> RangePages<'a> {
    /// Reads a range; its first page decides on the revision if the request does not.
    pub fn new(client: &'a EtcdClient, request: RangeRequest) -> Self {
        Self {
            client,
            request: RangeRequest {
                limit: FIRST_PAGE,
                ..request
            },
            count: 0,
            max_page: MAX_PAGE,
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
                    self.max_page = self.request.limit;
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
        self.request.limit = next_limit(&found.kvs).min(self.max_page);
        Ok(Some(found.kvs))
    }
}

/// Returns the number of keys that have the bytes of a page, if they are like the ones in this page.
fn next_limit(page: &[KeyValue]) -> i64 {
    let bytes = page.iter().map(|found| found.key.len() + found.value.len());
    let keys = PAGE_BYTES.saturating_mul(page.len()) / bytes.sum::<usize>().max(1);
    i64::try_from(keys).unwrap_or(MAX_PAGE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_about_the_same_size() {
        let page = |bytes| {
            let found = KeyValue {
                value: vec![0; bytes],
                ..KeyValue::default()
            };
            vec![found; 10]
        };
        assert_eq!(next_limit(&page(PAGE_BYTES / 4096)), 4096);
        assert_eq!(next_limit(&page(4 * PAGE_BYTES)), 1);
        assert!(next_limit(&page(0)) >= MAX_PAGE);
        assert_eq!(next_limit(&[]), 1);
    }
}
