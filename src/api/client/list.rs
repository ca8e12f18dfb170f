//! Lists connections, in as many answers as it takes.

use http::StatusCode;
use url::Url;

use super::RemoteService;
use super::arrival::{ArrivedItem, ArrivedPage};
use super::refusal::{self, About};
use super::wire::Asking;
use crate::connection::{ConnectionError, ConnectionItem, Page, Query, ServerError, Window};

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
        if query.is_trash {
            return self.in_trash(query.window).await;
        }
        let mut url = self.wire.address().of(&["connections"]);
        if asked(&mut url, query) {
            return self.gathered(&url, query.window).await;
        }
        Ok(Page {
            items: Vec::new(),
            total: 0,
        })
    }

    /// The connections in the trash.
    pub(super) async fn in_trash(
        &self,
        window: Window,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        let url = self.wire.address().of(&["trash"]);
        self.gathered(&url, window)
            .await
            .map_err(|error| match error {
                ConnectionError::Server(ServerError::Foreign { .. }) => refusal::refused(
                    StatusCode::NOT_IMPLEMENTED,
                    "The server keeps no trash: what is deleted there is gone",
                ),
                other => other,
            })
    }

    async fn gathered(
        &self,
        url: &Url,
        Window { skip, take }: Window,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        let mut items: Vec<ConnectionItem> = Vec::new();
        loop {
            let mut url = url.clone();
            let left_out = skip.saturating_add(items.len()).min(MOST_SKIPPED);
            let wanted = (take - items.len()).min(MOST_LISTED);
            url.query_pairs_mut()
                .append_pair("skip", &left_out.to_string())
                .append_pair("take", &wanted.to_string());
            let page: ArrivedPage<ArrivedItem> =
                self.fetch(Asking::get(url), About::default()).await?;
            let (total, is_empty) = (page.total(), page.items.is_empty());
            items.extend(page.items.into_iter().map(ConnectionItem::from));
            let is_whole = skip.saturating_add(items.len()) >= total;
            if is_empty || is_whole || items.len() >= take {
                items.truncate(take);
                return Ok(Page { items, total });
            }
        }
    }
}

/// Adds what a query asks to an address. Nothing when it admits no connection whatever there is.
fn asked(url: &mut Url, query: &Query) -> bool {
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
