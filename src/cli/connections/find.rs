//! `umai connections list TERM …`: the connections that the app's filter would leave, by the same terms.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;

use super::super::exit::Failure;
use crate::connection::{ConnectionItem, ConnectionService, Page, Query, Window};
use crate::tui::tree::Sieve;

/// How many are asked for at a time.
const PAGE: usize = 5_000;

/// The connections that a query admits and these terms leave, the best first, seen through the query's window.
pub async fn find(
    terms: &[String],
    query: Query,
    service: &Arc<dyn ConnectionService>,
) -> Result<Page<ConnectionItem>, Failure> {
    let text = text(terms);
    let mut sieve = Sieve::new(&text, &service.providers()).map_err(Failure::Usage)?;
    let Window { skip, take } = query.window;
    let (mut found, mut read) = (Vec::new(), 0);
    loop {
        let window = Window {
            skip: read,
            take: PAGE,
        };
        let page = service
            .list(Query {
                window,
                ..query.clone()
            })
            .await?;
        read += page.items.len();
        let is_last = page.items.is_empty() || read >= page.total;
        found.extend(sieve.keep(page.items));
        if is_last {
            break;
        }
    }
    // Without words all fit alike, and stay in the order of the list.
    found.sort_by_key(|(score, _)| Reverse(*score));
    let total = found.len();
    let items = found.into_iter().skip(skip).take(take);
    Ok(Page {
        items: items.map(|(_, item)| item).collect(),
        total,
    })
}

/// The terms as they would be typed: what the shell kept together stays so.
fn text(terms: &[String]) -> String {
    let mut text = String::new();
    for term in terms {
        let is_apart = term.contains(char::is_whitespace) && !term.contains('"');
        // A String takes every write.
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
    fn what_the_shell_kept_together_stays_together() {
        let terms = ["name:team a", "prod uction", "status:active", r#"!"x y""#];
        let text = text(&terms.map(str::to_owned));
        assert_eq!(text, r#"name:"team a" "prod uction" status:active !"x y" "#);
    }
}
