//! `umai connections list TERM …`: filters the list with the terms of the app's filter.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;

use super::super::exit::Failure;
use crate::connection::{ConnectionItem, ListCursor, ListQuery, Page, PageRequest};
use crate::plan::PAGE;
use crate::provider::ProviderCatalog;
use crate::search::{Column, Direction, Found, Sort, TextFilter};
use crate::service::ConnectionService;
use crate::text::case_fold::fold;

/// Returns the page of connections that match the query and the terms exactly, best match first.
pub async fn find(
    terms: (&[String], Option<Sort>),
    query: ListQuery,
    service: &Arc<dyn ConnectionService>,
) -> Result<Page<ConnectionItem>, Failure> {
    let (page, is_tolerant) = find_or_similar(terms, query, service).await?;
    Ok(if is_tolerant {
        Page {
            items: Vec::new(),
            total: 0,
        }
    } else {
        page
    })
}

/// Returns the page of matching connections, best match first. If nothing matches exactly, typing mistakes are forgiven,
/// and the second value is true.
pub async fn find_or_similar(
    (terms, sort): (&[String], Option<Sort>),
    query: ListQuery,
    service: &Arc<dyn ConnectionService>,
) -> Result<(Page<ConnectionItem>, bool), Failure> {
    let text = text(terms);
    let mut filter = TextFilter::new(&text, &service.providers()).map_err(Failure::Usage)?;
    let PageRequest { skip, take } = query.window;
    let (mut read, mut after) = (0, None);
    loop {
        let window = PageRequest {
            skip: read,
            take: PAGE,
        };
        let page = service
            .list(ListQuery {
                window,
                after,
                ..query.clone()
            })
            .await?;
        read += page.items.len();
        let is_last = page.items.len() < PAGE;
        after = page.items.last().map(ListCursor::at);
        filter.add(page.items);
        if is_last {
            break;
        }
    }
    let Found {
        items: mut found,
        is_tolerant,
    } = filter.finish();
    // Without words, all scores are equal and the order of the list stays.
    found.sort_by_key(|(score, _)| Reverse(*score));
    if let Some(sort) = sort {
        order(&mut found, sort, &service.providers());
    }
    let total = found.len();
    let items = found.into_iter().skip(skip).take(take);
    let page = Page {
        items: items.map(|(_, item)| item).collect(),
        total,
    };
    Ok((page, is_tolerant))
}

/// Sorts as the app's list does; equal items stay in the order of their names.
fn order(found: &mut [(u16, ConnectionItem)], sort: Sort, catalog: &ProviderCatalog) {
    let provider = |item: &ConnectionItem| {
        let known = catalog.get(&item.provider_id);
        let name = known.map_or(&item.provider_id, |provider| &provider.name);
        fold(name)
    };
    found.sort_by(|(_, one), (_, other)| {
        let by_name = || {
            let names = fold(&one.name).cmp(&fold(&other.name));
            names.then_with(|| one.id.cmp(&other.id))
        };
        let by_column = match sort.column {
            Column::Name => by_name(),
            Column::Alias => one.alias.cmp(&other.alias),
            Column::Provider => provider(one).cmp(&provider(other)),
            Column::Status => other.is_active.cmp(&one.is_active),
            Column::Modified => one.date_modified.cmp(&other.date_modified),
        };
        let directed = match sort.direction {
            Direction::Ascending => by_column,
            Direction::Descending => by_column.reverse(),
        };
        directed.then_with(by_name)
    });
}

/// Joins the terms to filter text; a term that the shell kept together is quoted.
fn text(terms: &[String]) -> String {
    let mut text = String::new();
    for term in terms {
        let is_apart = term.contains(char::is_whitespace) && !term.contains('"');
        // Writing to a String cannot fail.
        let _ = match term.split_once(':') {
            Some((name, value)) if is_apart => write!(text, "{name}:\"{value}\" "),
            None if is_apart => write!(text, "\"{term}\" "),
            Some(_) | None => write!(text, "{term} "),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_terms_stay_together() {
        let terms = ["name:team a", "prod uction", "status:active", r#"!"x y""#];
        let text = text(&terms.map(str::to_owned));
        assert_eq!(text, r#"name:"team a" "prod uction" status:active !"x y" "#);
    }
}
