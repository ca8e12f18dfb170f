//! Lists connections page by page.

use http::StatusCode;
use url::Url;

use super::RemoteService;
use super::error_response::{self, ErrorContext};
use super::http_message::HttpRequest;
use super::response_dto::{ItemDto, PageDto};
use crate::connection::{
    ConnectionError, ConnectionItem, ListCursor, ListQuery, Page, PageRequest, ServerError,
};

/// Maximum page size.
pub const MAX_LISTED: usize = 10_000;

/// Maximum of `skip`; no list is longer.
pub const MAX_SKIPPED: usize = i32::MAX as usize;

impl RemoteService {
    /// Lists the connections of a query.
    pub(super) async fn listed(
        &self,
        query: &ListQuery,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        if query.is_trash {
            return self.list_trash(query.window).await;
        }
        if !self.is_umai && needs_local_filter(query) {
            return self.list_filtered_locally(query).await;
        }
        let mut url = self.http.address().endpoint(&["connections"]);
        if add_query(&mut url, query) {
            let after = query.cursor().cloned();
            return self.fetch_pages(&url, query.window, after).await;
        }
        Ok(Page {
            items: Vec::new(),
            total: 0,
        })
    }

    /// Lists the connections in the trash.
    pub(super) async fn list_trash(
        &self,
        window: PageRequest,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        if !self.is_umai {
            return Err(no_trash());
        }
        let url = self.http.address().endpoint(&["trash"]);
        self.fetch_pages(&url, window, None)
            .await
            .map_err(|error| match error {
                ConnectionError::Server(ServerError::NotTheApi { .. }) => no_trash(),
                other => other,
            })
    }

    /// Lists the connections of a query on a server that ignores a part of the filter: loads all and filters on the client.
    async fn list_filtered_locally(
        &self,
        query: &ListQuery,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        let everything = PageRequest {
            skip: 0,
            take: usize::MAX,
        };
        let server_query = ListQuery {
            provider_ids: None,
            is_active: None,
            window: everything,
            after: None,
            ..query.clone()
        };
        let mut url = self.http.address().endpoint(&["connections"]);
        add_query(&mut url, &server_query);
        let mut items = self.fetch_pages(&url, everything, None).await?.items;
        items.retain(|item| {
            let is_provider = |id: &String| id.eq_ignore_ascii_case(&item.provider_id);
            let providers = query.provider_ids.as_ref();
            query
                .is_active
                .is_none_or(|active| active == item.is_active)
                && providers.is_none_or(|ids| ids.iter().any(is_provider))
        });
        let total = items.len();
        let PageRequest { skip, take } = query.window;
        Ok(Page {
            items: items.into_iter().skip(skip).take(take).collect(),
            total,
        })
    }

    /// Lists the aliases with a prefix, from the list of connections.
    pub(super) async fn list_aliases_locally(
        &self,
        prefix: &str,
        most: usize,
    ) -> Result<Vec<String>, ConnectionError> {
        let everything = ListQuery::all(PageRequest {
            skip: 0,
            take: usize::MAX,
        });
        let prefix = prefix.to_lowercase();
        let items = self.listed(&everything).await?.items.into_iter();
        let mut aliases: Vec<String> = items
            .map(|item| item.alias)
            .filter(|alias| alias.to_lowercase().starts_with(&prefix))
            .collect();
        aliases.sort_by_cached_key(|alias| alias.to_lowercase());
        aliases.truncate(most);
        Ok(aliases)
    }

    /// Fetches the pages of a list after a position, if there is one. A server without cursors skips items instead.
    async fn fetch_pages(
        &self,
        url: &Url,
        PageRequest { skip, take }: PageRequest,
        mut after: Option<ListCursor>,
    ) -> Result<Page<ConnectionItem>, ConnectionError> {
        let mut items: Vec<ConnectionItem> = Vec::new();
        loop {
            let mut url = url.clone();
            let left_out = skip.saturating_add(items.len()).min(MAX_SKIPPED);
            let wanted = (take - items.len()).min(MAX_LISTED);
            url.query_pairs_mut()
                .append_pair("skip", &left_out.to_string())
                .append_pair("take", &wanted.to_string());
            if let Some(after) = after.as_ref().filter(|_| self.is_umai) {
                url.query_pairs_mut()
                    .append_pair("afterName", &after.name)
                    .append_pair("afterAlias", &after.alias);
            }
            let page: PageDto<ItemDto> = self
                .fetch(HttpRequest::get(url), ErrorContext::default())
                .await?;
            let (total, count) = (page.total(), page.items.len());
            items.extend(page.items.into_iter().map(ConnectionItem::from));
            after = items.last().map(ListCursor::at);
            let is_whole = if self.is_umai {
                // Not by the total: items before the position may have been deleted, so that `skip` is too high.
                count < wanted
            } else {
                skip.saturating_add(items.len()) >= total
            };
            if count == 0 || is_whole || items.len() >= take {
                items.truncate(take);
                return Ok(Page { items, total });
            }
        }
    }
}

fn no_trash() -> ConnectionError {
    error_response::rejected(
        StatusCode::NOT_IMPLEMENTED,
        "This server has no trash: deleted connections cannot be restored",
    )
}

/// Returns whether a query uses filters that third-party servers ignore: the status, or several providers.
fn needs_local_filter(query: &ListQuery) -> bool {
    let providers = query.provider_ids.as_ref();
    query.is_active.is_some() || providers.is_some_and(|ids| ids.len() > 1)
}

/// Adds a query to a URL. Returns false when the query can match nothing.
fn add_query(url: &mut Url, query: &ListQuery) -> bool {
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
        pairs.append_pair("capability", capability.as_str());
    }
    if let Some(active) = query.is_active {
        pairs.append_pair("isActive", if active { "true" } else { "false" });
    }
    true
}
