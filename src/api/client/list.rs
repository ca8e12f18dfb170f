//! Lists connections, in as many answers as it takes.

use super::RemoteService;
use super::arrival::{ArrivedItem, ArrivedPage};
use super::refusal::About;
use super::wire::Asking;
use crate::connection::{ConnectionError, ConnectionItem, Page, Query, Window};

/// The most that one answer lists.
pub const MOST_LISTED: usize = 10_000;

/// The most that servers leave out at the start; no list is longer.
pub const MOST_SKIPPED: usize = i32::MAX as usize;

impl RemoteService {
    /// The connections a query admits.
    pub(super) async fn listed(
        &self,
        query: &Query,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        let Window { skip, take } = query.window;
        let mut list = Page {
            items: Vec::new(),
            total: 0,
        };
        loop {
            let have = list.items.len();
            let window = Window {
                skip: skip.saturating_add(have).min(MOST_SKIPPED),
                take: (take - have).min(MOST_LISTED),
            };
            let Some(page) = self.page(query, window).await? else {
                return Ok(list);
            };
            let is_empty = page.items.is_empty();
            list.total = page.total();
            list.items
                .extend(page.items.into_iter().map(ConnectionItem::from));
            let is_whole = skip.saturating_add(list.items.len()) >= list.total;
            if is_empty || is_whole || list.items.len() >= take {
                list.items.truncate(take);
                return Ok(list);
            }
        }
    }

    async fn page(
        &self,
        query: &Query,
        window: Window,
    ) -> Result<Option<ArrivedPage<ArrivedItem>>, ConnectionError> {
        let list = if query.is_trash {
            "trash"
        } else {
            "connections"
        };
        let mut url = self.wire.address().of(&[list]);
        if !asked(&mut url, query) {
            return Ok(None);
        }
        url.query_pairs_mut()
            .append_pair("skip", &window.skip.to_string())
            .append_pair("take", &window.take.to_string());
        self.fetch(Asking::get(url), About::default())
            .await
            .map(Some)
    }
}

/// Adds what a query asks to an address. Nothing when it admits no connection whatever there is.
fn asked(url: &mut url::Url, query: &Query) -> bool {
    let mut pairs = url.query_pairs_mut();
    if let Some(filter) = query.filter.as_ref().filter(|filter| !filter.is_empty()) {
        pairs.append_pair("filter", filter);
    }
    if let Some(ids) = &query.provider_ids {
        let mut ids = ids.iter().filter(|id| !id.is_empty()).peekable();
        if ids.peek().is_none() {
            return false;
        }
        for id in ids {
            pairs.append_pair("providerId", id);
        }
    }
    if let Some(capability) = query.capability {
        pairs.append_pair("capability", capability.word());
    }
    if let Some(active) = query.is_active {
        pairs.append_pair("isActive", if active { "true" } else { "false" });
    }
    true
}
