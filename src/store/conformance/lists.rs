//! Conformance tests of lists and aliases.

use super::{EVERYTHING, Store, connection, new, new_with_name};
use crate::connection::{ListCursor, ListQuery, PageRequest};
use crate::text::case_fold::fold;

pub(super) async fn aliases(store: &Store, query: &ListQuery) -> Vec<String> {
    let page = store.list(query).await.unwrap();
    page.items.into_iter().map(|item| item.alias).collect()
}

pub(super) async fn aliases_are_found_by_prefix(store: Store) {
    for alias in ["b-two", "b-one", "a-one", "b", "c"] {
        store.save(new(&connection(alias))).await.unwrap();
    }
    assert_eq!(
        store.aliases("B", 9).await.unwrap(),
        ["b", "b-one", "b-two"]
    );
    assert_eq!(store.aliases("b-", 1).await.unwrap(), ["b-one"]);
    assert_eq!(store.aliases("", 2).await.unwrap(), ["a-one", "b"]);
    assert!(store.aliases("bb", 9).await.unwrap().is_empty());
    assert!(store.aliases("b", 0).await.unwrap().is_empty());
}

pub(super) async fn lists_are_sorted_by_name_then_alias(store: Store) {
    for (alias, name) in [
        ("d", "beta"),
        ("c", "Alpha"),
        ("b", "alpha"),
        ("a", "Alpha 2"),
        ("e", "Älpha"),
        ("f", "alpha\u{0}x"),
    ] {
        store.save(new_with_name(alias, name)).await.unwrap();
    }
    let all = ListQuery::all(EVERYTHING);
    assert_eq!(aliases(&store, &all).await, ["b", "c", "f", "a", "d", "e"]);
    let page = store.list(&all).await.unwrap();
    let mut sorted = page.items.clone();
    sorted.sort_by_key(|item| (fold(&item.name), item.alias.clone()));
    assert_eq!(page.items, sorted);
    let places = page.items.iter().map(|item| item.endpoint.as_deref());
    assert!(places.eq([Some("$OpenAI:Endpoint"); 6]));
}

pub(super) async fn lists_are_filtered_and_paged(store: Store) {
    for number in 0..20 {
        let mut connection = connection(&format!("c{number:02}"));
        connection.item.name = format!("Number {number:02}");
        connection.item.is_active = number % 2 == 0;
        connection.item.provider_id = ["openai", "amazon"][number % 2].into();
        store.save(new(&connection)).await.unwrap();
    }
    let window = PageRequest { skip: 5, take: 3 };
    let mut query = ListQuery::all(window);
    assert_eq!(aliases(&store, &query).await, ["c05", "c06", "c07"]);
    assert_eq!(store.list(&query).await.unwrap().total, 20);
    query.is_active = Some(true);
    assert_eq!(aliases(&store, &query).await, ["c10", "c12", "c14"]);
    assert_eq!(store.list(&query).await.unwrap().total, 10);
    query.is_active = None;
    query.provider_ids = Some(vec!["AMAZON".into()]);
    assert_eq!(aliases(&store, &query).await, ["c11", "c13", "c15"]);
    query.provider_ids = None;
    query.filter = Some("BER 1".into());
    assert_eq!(aliases(&store, &query).await, ["c15", "c16", "c17"]);
    assert_eq!(store.list(&query).await.unwrap().total, 10);
    query = ListQuery::all(PageRequest { skip: 50, take: 3 });
    let beyond = store.list(&query).await.unwrap();
    assert_eq!((beyond.items.len(), beyond.total), (0, 20));
}

pub(super) async fn list_continues_after_a_position_that_may_be_gone(store: Store) {
    let mut items = Vec::new();
    for (alias, name) in [
        ("b", "Alpha"),
        ("a", "alpha"),
        ("c", "Beta"),
        ("d", "Gamma"),
    ] {
        let save = new_with_name(alias, name);
        items.push(save.connection.item.clone());
        store.save(save).await.unwrap();
    }
    // `skip` is ignored: nothing before the position has to be counted.
    let mut query = ListQuery::all(PageRequest { skip: 9, take: 2 });
    query.after = Some(ListCursor::at(&items[1]));
    assert_eq!(aliases(&store, &query).await, ["b", "c"]);
    assert_eq!(store.list(&query).await.unwrap().total, 4);
    store.purge(items[0].id, 1).await.unwrap();
    query.after = Some(ListCursor::at(&items[0]));
    assert_eq!(aliases(&store, &query).await, ["c", "d"]);
    query.after = Some(ListCursor::at(&items[3]));
    assert_eq!(aliases(&store, &query).await, [""; 0]);
    query.is_active = Some(true);
    query.window.skip = 1;
    assert_eq!(
        aliases(&store, &query).await,
        ["c", "d"],
        "a filtered list is counted"
    );
}
