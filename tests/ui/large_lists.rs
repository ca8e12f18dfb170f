//! Sorting, grouping and filtering of many connections in slices, with changes in between; model only.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;
use umai::connection::{Command, ConnectionItem, ListQuery, Page};
use umai::provider::ProviderCatalog;
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::change_feed::FeedEvent;
use umai::tui::columns::{self, TableColumn};
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use umai::tui::event::{Event, Mouse, MouseKind};
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::session::SavedSession;
use umai::tui::tree::{ItemChange, Node};
use uuid::Uuid;

/// More connections than a slice.
const MANY: u128 = 9_000;

const PROVIDERS: [&str; 4] = ["openai", "anthropic", "amazon", "unheard-of"];

/// Creates a connection whose name, alias, date and status sort differently from its number.
fn item(number: u128, version: u64) -> ConnectionItem {
    let date: DateTime<Utc> = "2024-01-15T10:30:00Z".parse().unwrap();
    let turned = u64::try_from(number * 7_919 % 10_007).unwrap() + version * 13;
    ConnectionItem {
        id: Uuid::from_u128(number << 96 | number),
        alias: format!("a{:05}-{number}", number * 3_571 % 10_009),
        name: format!("N{turned:05}"),
        provider_id: PROVIDERS[usize::try_from(number % 4).unwrap()].into(),
        is_active: !turned.is_multiple_of(3),
        date_created: date,
        date_modified: date + TimeDelta::minutes(i64::try_from(turned * 31 % 9_973).unwrap()),
        version,
        date_deleted: None,
        endpoint: number
            .is_multiple_of(5)
            .then(|| format!("https://host-{}.example/v1", number % 100)),
    }
}

fn id(number: u128) -> Uuid {
    item(number, 1).id
}

fn compact(item: &ConnectionItem) -> TreeItem {
    TreeItem::new(item, Arc::from(item.provider_id.as_str()))
}

/// Connections as the service lists them.
struct World {
    items: BTreeMap<u128, ConnectionItem>,
    /// False for a service that counts items instead of using the position of a query.
    has_cursors: bool,
}

impl World {
    fn of(count: u128) -> Self {
        let items = (1..=count).map(|number| (number, item(number, 1)));
        Self {
            items: items.collect(),
            has_cursors: true,
        }
    }

    fn page(&self, query: &ListQuery) -> ServiceReply {
        let order = |name: &str, alias: &str| (name.to_lowercase(), alias.to_owned());
        let mut all: Vec<_> = self.items.values().collect();
        all.sort_by_key(|item| order(&item.name, &item.alias));
        let skip = match &query.after {
            Some(after) if self.has_cursors => {
                let place = order(&after.name, &after.alias);
                all.partition_point(|item| order(&item.name, &item.alias) <= place)
            }
            Some(_) | None => query.window.skip,
        };
        let part = all.iter().skip(skip).take(query.window.take);
        ServiceReply::Listed(Ok(Page {
            items: part.map(|item| compact(item)).collect(),
            total: all.len(),
        }))
    }

    fn save(&mut self, number: u128) -> ItemChange {
        let version = self.items.get(&number).map_or(1, |known| known.version + 1);
        let saved = item(number, version);
        let news = ItemChange::Saved(compact(&saved));
        self.items.insert(number, saved);
        news
    }

    fn delete(&mut self, number: u128) -> ItemChange {
        self.items.remove(&number);
        ItemChange::Deleted(id(number))
    }
}

/// An app with one pane, whose tree has a row for each connection.
fn app() -> App {
    let catalog = Arc::new(ProviderCatalog::embedded());
    let mut app = App::new(catalog, Keymap::embedded(), Vec::new());
    let size = Size {
        width: 59,
        height: 40,
    };
    app.update(Event::Resize(size));
    app
}

fn press(app: &mut App, story: &str) {
    for event in crate::support::harness::events(story) {
        app.update(event);
    }
}

/// Runs pending work until the app requests a page.
fn work(app: &mut App) -> Option<(Ticket, ListQuery)> {
    loop {
        if let Effect::Call(ticket, ServiceRequest::List(query)) = app.update(Event::Idle)? {
            return Some((ticket, query));
        }
    }
}

/// Loads all pages and finishes all work.
fn read_all(app: &mut App, world: &World) {
    while let Some((ticket, query)) = work(app) {
        app.update(Event::Reply(ticket, world.page(&query)));
    }
}

fn app_with(world: &World) -> App {
    let mut app = app();
    read_all(&mut app, world);
    app
}

fn aliases(app: &App) -> Vec<String> {
    (0..app.tree.shown_len())
        .filter_map(|at| app.tree.visible_at(at))
        .map(|item| item.alias().to_owned())
        .collect()
}

/// Returns the aliases of a world in an order.
fn sorted<K: Ord>(world: &World, key: impl Fn(&ConnectionItem) -> K) -> Vec<String> {
    let mut all: Vec<_> = world.items.values().collect();
    all.sort_by_key(|item| (key(item), item.name.to_lowercase(), item.alias.clone()));
    all.into_iter().map(|item| item.alias.clone()).collect()
}

fn title(item: &ConnectionItem) -> &str {
    match item.provider_id.as_str() {
        "amazon" => "amazon bedrock",
        other => other,
    }
}

#[test]
fn every_column_sorts_both_ways_with_ties_by_name() {
    let world = World::of(3_000);
    let mut app = app_with(&world);
    let by_name = sorted(&world, |_| ());
    assert_eq!(aliases(&app), by_name);
    for (keys, wanted) in [
        ("sa", sorted(&world, |item| item.alias.clone())),
        ("sp", sorted(&world, |item| title(item).to_owned())),
        ("ss", sorted(&world, |item| !item.is_active)),
        ("smS", sorted(&world, |item| item.date_modified)),
        ("sn", by_name.clone()),
    ] {
        press(&mut app, keys);
        work(&mut app);
        assert_eq!(aliases(&app), wanted, "{keys}");
    }
    press(&mut app, "sn");
    let turned: Vec<String> = by_name.into_iter().rev().collect();
    assert_eq!(aliases(&app), turned, "the same key again turns it round");
    press(&mut app, "sm");
    work(&mut app);
    let newest = app.tree.visible_at(0).unwrap().modified;
    assert!((0..3_000).all(|at| app.tree.visible_at(at).unwrap().modified <= newest));
}

#[test]
fn sorting_many_runs_in_slices_and_keeps_the_old_order() {
    let world = World::of(MANY);
    let mut app = app_with(&world);
    press(&mut app, "<down><down><down>");
    let (before, selected) = (aliases(&app), app.tree.selected());
    press(&mut app, "sa");
    assert_eq!(aliases(&app), before);
    let mut steps = 0;
    while app.tree.is_arranging() {
        assert_eq!(aliases(&app), before, "half an order is none");
        assert_eq!(app.update(Event::Idle), Some(Effect::Continue));
        steps += 1;
    }
    assert!(steps >= 8, "a key waits for {MANY} in {steps} steps");
    assert_eq!(aliases(&app), sorted(&world, |item| item.alias.clone()));
    assert_eq!(app.tree.selected(), selected, "what was selected stays so");
    assert_eq!(app.tree.node(app.tree.selected_row()), Some(selected));
}

#[test]
fn sort_change_during_a_sort_wins() {
    let world = World::of(MANY);
    let mut app = app_with(&world);
    press(&mut app, "sa");
    app.update(Event::Idle);
    press(&mut app, "sm");
    app.update(Event::Idle);
    press(&mut app, "sp");
    work(&mut app);
    assert_eq!(aliases(&app), sorted(&world, |item| title(item).to_owned()));
}

#[rstest]
#[case("sa")]
#[case("sm")]
#[case("p")]
#[case("pss")]
fn late_pages_are_sorted_in(#[case] keys: &str) {
    let world = World::of(MANY);
    let mut late = app();
    let (ticket, query) = work(&mut late).unwrap();
    press(&mut late, keys);
    late.update(Event::Reply(ticket, world.page(&query)));
    press(&mut late, "<end>");
    let selected = late.tree.selected();
    read_all(&mut late, &world);
    let mut whole = app_with(&world);
    press(&mut whole, keys);
    work(&mut whole);
    assert_eq!(aliases(&late), aliases(&whole));
    assert_eq!(late.tree.selected(), selected);
    assert_eq!(late.tree.node(late.tree.selected_row()), Some(selected));
}

#[test]
fn connection_created_before_loading_stays_selected() {
    let mut world = World::of(MANY);
    let mut app = app();
    press(&mut app, "sm");
    let (ticket, query) = work(&mut app).unwrap();
    app.update(Event::Reply(ticket, world.page(&query)));
    let (ticket, query) = work(&mut app).unwrap();
    let number = MANY + 500;
    let made = world.save(number);
    app.update(Event::Feed(FeedEvent::Changes(vec![made])));
    app.tree.select_id(id(number));
    work(&mut app);
    assert_eq!(app.tree.selected(), Node::Connection(id(number)));
    app.update(Event::Reply(ticket, world.page(&query)));
    loop {
        assert_eq!(app.tree.selected(), Node::Connection(id(number)));
        assert_eq!(app.tree.selected_item().unwrap().id, id(number));
        match work(&mut app) {
            Some((ticket, query)) => app.update(Event::Reply(ticket, world.page(&query))),
            None => break,
        };
    }
}

#[test]
fn reloaded_list_appears_when_sorted() {
    let mut world = World::of(MANY);
    let mut app = app_with(&world);
    press(&mut app, "sa");
    work(&mut app);
    press(&mut app, "<home><down><down><down><down>");
    let (before, selected) = (aliases(&app), app.tree.selected());
    for number in 1..=50 {
        world.delete(number);
    }
    press(&mut app, "r");
    while let Some((ticket, query)) = work(&mut app) {
        assert_eq!(aliases(&app), before);
        app.update(Event::Reply(ticket, world.page(&query)));
    }
    assert_eq!(aliases(&app), sorted(&world, |item| item.alias.clone()));
    let is_there =
        !matches!(selected, Node::Connection(gone) if (1..=50).any(|number| id(number) == gone));
    if is_there {
        assert_eq!(app.tree.selected(), selected);
    }
}

#[test]
fn leaving_a_filter_is_immediate_and_keeps_the_selection() {
    let world = World::of(MANY);
    let mut app = app_with(&world);
    press(&mut app, "sa");
    work(&mut app);
    press(&mut app, "/status:inactive<enter>");
    work(&mut app);
    let inactive = world.items.values().filter(|item| !item.is_active).count();
    assert_eq!(app.tree.shown_len(), inactive);
    let all = sorted(&world, |item| item.alias.clone());
    let mut of_all = all.iter();
    assert!(
        aliases(&app)
            .iter()
            .all(|one| of_all.any(|other| other == one)),
        "without words, a filter keeps the order"
    );
    press(&mut app, "<end>");
    let selected = app.tree.selected();
    press(&mut app, "<esc>");
    assert!(app.tree.filter().is_none());
    work(&mut app);
    assert_eq!(aliases(&app), all);
    assert_eq!(app.tree.selected(), selected);
}

#[test]
fn title_click_sorts_and_second_click_reverses() {
    let world = World::of(30);
    let mut app = app_with(&world);
    app.update(Event::Resize(Size {
        width: 200,
        height: 40,
    }));
    let heading = app.layout().side.inside().split_top(1).0;
    let alias = TableColumn::Sortable(umai::search::Column::Alias);
    let (_, cell) = columns::cells(heading)
        .find(|(column, _)| *column == alias)
        .unwrap();
    let click = Event::Mouse(Mouse {
        kind: MouseKind::Click,
        x: cell.x + 1,
        y: cell.y,
    });
    app.update(click.clone());
    let wanted = sorted(&world, |item| item.alias.clone());
    assert_eq!(aliases(&app), wanted);
    app.update(click);
    assert_eq!(aliases(&app), wanted.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn id_matches_whole_and_by_prefix() {
    let world = World::of(300);
    let wanted = item(77, 1);
    let whole = wanted.id.to_string();
    for text in [
        whole.clone(),
        whole.to_uppercase(),
        whole.replace('-', ""),
        format!("{{{whole}}}"),
        whole[..12].to_owned(),
        format!("id:{}", &whole[..8]),
    ] {
        let mut app = app_with(&world);
        press(&mut app, &format!("/<paste:{text}>"));
        work(&mut app);
        assert_eq!(aliases(&app).join(" "), wanted.alias, "{text}");
    }
}

#[rstest]
#[case("endpoint:host-15.example", 15)]
#[case("host-15.example", 15)]
#[case("hots-15.exmple", 15)]
fn endpoint_matches_by_field_and_by_words(#[case] text: &str, #[case] first: u128) {
    let world = World::of(300);
    let mut app = app_with(&world);
    press(&mut app, &format!("/{text}"));
    work(&mut app);
    let found = aliases(&app);
    let at_it: Vec<String> = (0..3)
        .map(|number| item(number * 100 + first, 1).alias)
        .collect();
    assert!(found.len() >= 3, "{found:?}");
    assert!(at_it.contains(&found[0]), "{found:?}");
}

#[test]
fn same_fields_widen_and_exclusions_narrow() {
    let world = World::of(400);
    let count = |text: &str| {
        let mut app = app_with(&world);
        press(&mut app, &format!("/{text}"));
        work(&mut app);
        app.tree.shown_len()
    };
    assert_eq!(count("provider:openai"), 100);
    assert_eq!(count("provider:openai provider:bedrock"), 200);
    assert_eq!(count("-provider:openai"), 300);
    assert_eq!(count("provider:openai !provider:openai"), 0);
    let active = count("status:active");
    assert_eq!(active + count("status:inactive"), 400);
    assert_eq!(count("status:active status:inactive"), 400);
    assert_eq!(count("-status:active"), 400 - active);
    assert_eq!(count("-anthropic"), 300);
    assert_eq!(count("alias:-77"), 1, "one ends so");
}

#[test]
fn grouped_tree_keys_expand_collapse_and_select_parents() {
    let world = World::of(40);
    let mut app = app_with(&world);
    press(&mut app, "p<down>");
    let titles = |app: &App| -> Vec<String> {
        (0..app.tree.rows())
            .filter_map(|row| match app.tree.node(row)? {
                Node::Provider(number) => Some(app.tree.providers().title(number).to_owned()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        titles(&app),
        ["Amazon Bedrock", "Anthropic", "OpenAI", "unheard-of"]
    );
    let Node::Provider(first) = app.tree.selected() else {
        panic!("{:?}", app.tree.selected());
    };
    assert_eq!(app.tree.rows(), 3 + 4 + 40);
    press(&mut app, "l");
    assert_eq!(
        app.tree.selected_at(),
        Some(0),
        "open already, so to its first child"
    );
    press(&mut app, "<down>h");
    assert_eq!(app.tree.selected(), Node::Provider(first), "to the parent");
    press(&mut app, "h");
    assert_eq!(app.tree.rows(), 3 + 4 + 30, "closed");
    press(&mut app, "<down>");
    assert!(matches!(app.tree.selected(), Node::Provider(other) if other != first));
    press(&mut app, "<up>h");
    assert_eq!(
        app.tree.selected(),
        Node::Connections,
        "closed already, so to the parent"
    );
    press(&mut app, "<down><enter>");
    assert_eq!(app.tree.rows(), 3 + 4 + 40, "Enter opens it, too");
    press(&mut app, "<right><esc>");
    assert_eq!(app.tree.selected(), Node::Connections);
    press(&mut app, "<down><right>");
    app.tree.set_open(Node::Provider(first), false);
    assert_eq!(
        app.tree.selected(),
        Node::Provider(first),
        "nothing hidden is selected"
    );
}

#[test]
fn filter_expands_providers_and_restores_collapsed_ones() {
    let world = World::of(40);
    let mut app = app_with(&world);
    press(&mut app, "p<down>h");
    let closed = app.tree.rows();
    press(&mut app, "/status:active<enter>");
    assert_eq!(app.tree.rows(), 3 + 4 + app.tree.shown_len());
    press(&mut app, "g<esc>");
    assert_eq!(app.tree.rows(), closed);
}

#[test]
fn provider_disappears_with_its_last_connection() {
    let mut world = World::of(8);
    let mut app = app_with(&world);
    press(&mut app, "p<down>");
    let news = vec![world.delete(2), world.delete(6)];
    app.update(Event::Feed(FeedEvent::Changes(news)));
    let Node::Provider(number) = app.tree.selected() else {
        panic!("{:?}", app.tree.selected());
    };
    assert_eq!(
        app.tree.providers().title(number),
        "Anthropic",
        "its neighbour is selected"
    );
    let news = [1, 3, 4, 5, 7, 8].map(|number| world.delete(number));
    app.update(Event::Feed(FeedEvent::Changes(news.into())));
    assert_eq!(app.tree.selected(), Node::Connections);
    assert_eq!(app.tree.rows(), 3);
}

#[test]
fn rejected_toggle_moves_the_connection_back() {
    let world = World::of(60);
    let mut app = app_with(&world);
    press(&mut app, "ss<down>");
    let (before, selected) = (aliases(&app), app.tree.selected());
    let active = world.items.values().filter(|item| item.is_active).count();
    let ticket = match crate::support::harness::events("t")
        .pop()
        .and_then(|key| app.update(key))
    {
        Some(Effect::Call(ticket, ServiceRequest::Run(Command::SetActive { .. }))) => ticket,
        other => panic!("a switch was expected, not {other:?}"),
    };
    assert!(app.tree.selected_at().unwrap() >= active - 1);
    assert_eq!(app.tree.selected(), selected);
    app.update(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    assert_eq!(app.tree.selected_at(), Some(0));
    assert_eq!(aliases(&app), before);
}

#[test]
fn palette_searches_many_in_slices_and_follows_changes() {
    let mut world = World::of(MANY);
    let mut app = app_with(&world);
    let wanted = item(8_123, 1);
    press(&mut app, &format!(":{}", wanted.alias));
    let mut steps = 0;
    while app.update(Event::Idle) == Some(Effect::Continue) {
        steps += 1;
        if steps == 1 {
            let news = (1..50).map(|number| world.save(number)).collect();
            app.update(Event::Feed(FeedEvent::Changes(news)));
        }
    }
    assert!(steps >= 2, "{steps}");
    assert_eq!(app.tree.result_at(0).unwrap().id, wanted.id);
    press(&mut app, "<enter>");
    assert_eq!(app.tree.selected(), Node::Connection(wanted.id));
    assert_eq!(app.tree.looked_up_len(), 0, "the search has ended");
}

/// Creates an app with the saved state of another one, before anything is loaded.
fn next_start(before: &App) -> App {
    let session = before.session("here");
    let text = session.text().unwrap();
    let mut app = app();
    app.restore_session(SavedSession::read(&text, "here").unwrap());
    app
}

#[rstest]
#[case("<end>")]
#[case("sa<end>")]
#[case("smS<end><up>")]
#[case("p<down>h<down><down>")]
#[case("p<down>")]
#[case("p<end>")]
#[case("ss/status:active provider:openai<enter><end>")]
#[case("p<down>h/status:active<enter><end>")]
#[case("hh")]
#[case("S<end><end>3")]
fn next_start_restores_the_tree(#[case] keys: &str) {
    let world = World::of(MANY);
    let mut app = app_with(&world);
    for event in crate::support::harness::events(keys) {
        app.update(event);
        work(&mut app);
    }
    let mut next = next_start(&app);
    assert_eq!(
        next_start(&next).session("here"),
        app.session("here"),
        "nothing was read, nothing is lost"
    );
    read_all(&mut next, &world);
    assert_eq!(next.tree.selected_row(), app.tree.selected_row());
    assert_eq!(aliases(&next), aliases(&app));
    assert_eq!(next.tree.rows(), app.tree.rows());
    assert_eq!(next.tree.sort(), app.tree.sort());
    assert_eq!(next.workspace.tab, app.workspace.tab);
    let line = |app: &App| {
        app.tree
            .filter()
            .map(|filter| filter.line.value().to_owned())
    };
    assert_eq!(line(&next), line(&app));
    assert_eq!(next.session("here"), app.session("here"));
}

#[test]
fn moving_while_loading_cancels_the_restored_selection() {
    let world = World::of(MANY);
    let mut app = app_with(&world);
    press(&mut app, "<end>");
    let mut next = next_start(&app);
    let (ticket, query) = work(&mut next).unwrap();
    next.update(Event::Reply(ticket, world.page(&query)));
    press(&mut next, "<down><down>");
    let chosen = next.tree.selected();
    read_all(&mut next, &world);
    assert_eq!(next.tree.selected(), chosen);
}

#[test]
fn deleted_saved_selection_selects_the_collection() {
    let mut world = World::of(50);
    let mut app = app_with(&world);
    press(&mut app, "sa<down><down>");
    let Node::Connection(gone) = app.tree.selected() else {
        panic!("{:?}", app.tree.selected());
    };
    world.items.retain(|_, item| item.id != gone);
    let mut next = next_start(&app);
    read_all(&mut next, &world);
    assert_eq!(next.tree.selected(), Node::Connections);
    let made = world.save(900);
    next.update(Event::Feed(FeedEvent::Changes(vec![made])));
    assert_eq!(next.tree.selected(), Node::Connections);
}

#[derive(Debug, Clone)]
enum RandomEvent {
    Keys(&'static str),
    Idle(u8),
    Answer,
    Saved(Vec<u128>),
    Deleted(Vec<u128>),
}

fn happening() -> impl Strategy<Value = RandomEvent> {
    let keys = vec![
        "sa",
        "sp",
        "ss",
        "sm",
        "sn",
        "S",
        "p",
        "p",
        "r",
        "<down>",
        "<up>",
        "<end>",
        "<home>",
        "<pagedown>",
        "h",
        "l",
        "<enter><esc>",
        "/status:active<enter>",
        "/N1<enter>",
        "/N12",
        "/provider:openai -a01<enter>",
        "<esc>",
        "<tab>",
        "/<backspace>",
    ];
    prop_oneof![
        4 => prop::sample::select(keys).prop_map(RandomEvent::Keys),
        4 => (1..12_u8).prop_map(RandomEvent::Idle),
        2 => Just(RandomEvent::Answer),
        2 => prop::collection::vec(1..3_300_u128, 1..40).prop_map(RandomEvent::Saved),
        1 => prop::collection::vec(1..3_300_u128, 1..40).prop_map(RandomEvent::Deleted),
    ]
}

fn is_consistent(app: &App) -> Result<(), TestCaseError> {
    let tree = &app.tree;
    prop_assert!(tree.selected_row() < tree.rows());
    prop_assert_eq!(tree.node(tree.selected_row()), Some(tree.selected()));
    match tree.selected() {
        Node::Connection(id) => {
            prop_assert_eq!(tree.selected_item().map(|item| item.id), Some(id));
        }
        Node::Provider(number) => prop_assert!(tree.count_of(number) > 0),
        Node::Settings | Node::Ai | Node::Connections => {}
    }
    prop_assert_eq!(tree.node(tree.rows()), None);
    let mut left = 0;
    let mut shown = 0;
    for row in 3..tree.rows() {
        match tree.node(row).unwrap() {
            Node::Provider(number) => {
                prop_assert_eq!(left, 0);
                let is_open = tree.is_open(Node::Provider(number));
                left = if is_open { tree.count_of(number) } else { 0 };
                shown += tree.count_of(number);
            }
            Node::Connection(_) if tree.shows_groups() => left -= 1,
            _ => shown += 1,
        }
    }
    prop_assert_eq!(left, 0);
    if tree.is_open(Node::Connections) && tree.rows() > 3 {
        prop_assert_eq!(shown, tree.shown_len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_groups_and_selection_agree_after_any_interleaving(
        happenings in prop::collection::vec(happening(), 1..60),
        has_cursors in any::<bool>(),
    ) {
        let mut world = World::of(3_000);
        world.has_cursors = has_cursors;
        let mut app = app();
        let mut asked = None;
        for happening in happenings {
            match happening {
                RandomEvent::Keys(keys) => press(&mut app, keys),
                RandomEvent::Idle(times) => {
                    for _ in 0..times {
                        if let Some(Effect::Call(ticket, ServiceRequest::List(query))) = app.update(Event::Idle) {
                            asked = Some((ticket, world.page(&query)));
                        }
                    }
                }
                RandomEvent::Answer => {
                    if let Some((ticket, page)) = asked.take() {
                        app.update(Event::Reply(ticket, page));
                    }
                }
                RandomEvent::Saved(numbers) => {
                    let news = numbers.into_iter().map(|number| world.save(number)).collect();
                    app.update(Event::Feed(FeedEvent::Changes(news)));
                }
                RandomEvent::Deleted(numbers) => {
                    let news = numbers.into_iter().map(|number| world.delete(number)).collect();
                    app.update(Event::Feed(FeedEvent::Changes(news)));
                }
            }
            is_consistent(&app)?;
        }
        if let Some((ticket, page)) = asked.take() {
            app.update(Event::Reply(ticket, page));
        }
        while let Some((ticket, query)) = work(&mut app) {
            app.update(Event::Reply(ticket, world.page(&query)));
            is_consistent(&app)?;
        }
        is_consistent(&app)?;
        let mut fresh = app_with(&world);
        fresh.tree.restore_state(app.tree.saved_state());
        work(&mut fresh);
        prop_assert_eq!(aliases(&app), aliases(&fresh));
    }
}

/// World of 5,000 connections named by their number, with random-looking IDs.
fn numbered() -> World {
    let items = (0..5_000_u128).map(|number| {
        let mut item = item(number, 1);
        item.id = Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        item.name = format!("Connection {number}");
        item.alias = format!("c-{number}");
        item.endpoint = None;
        (number, item)
    });
    World {
        items: items.collect(),
        has_cursors: true,
    }
}

#[test]
fn number_in_filter_marks_the_one_connection_that_contains_it() {
    let mut app = app_with(&numbered());
    press(&mut app, "/4242<enter><ctrl-a>");
    assert_eq!((app.tree.shown_len(), app.tree.marked_len()), (1, 1));
    assert!(!app.tree.is_tolerant());
    assert_eq!(aliases(&app), ["c-4242"]);
}

#[test]
fn mistakes_are_forgiven_only_when_nothing_matches() {
    let mut app = app_with(&numbered());
    press(&mut app, "/conection");
    work(&mut app);
    assert_eq!(app.tree.shown_len(), 5_000);
    assert!(app.tree.is_tolerant());
    press(&mut app, "<ctrl-u>\"conection\"");
    work(&mut app);
    assert_eq!((app.tree.shown_len(), app.tree.is_tolerant()), (0, false));
    press(&mut app, "<ctrl-u>connection");
    work(&mut app);
    assert_eq!(
        (app.tree.shown_len(), app.tree.is_tolerant()),
        (5_000, false)
    );
}

#[test]
fn exact_match_that_appears_replaces_similar_ones() {
    let mut world = numbered();
    let mut app = app_with(&world);
    press(&mut app, "/conection<enter>");
    work(&mut app);
    assert!(app.tree.is_tolerant());
    let mut fresh = item(7, 2);
    fresh.id = world.items[&7].id;
    fresh.name = "Conection".into();
    world.items.insert(7, fresh.clone());
    let saved = ItemChange::Saved(compact(&fresh));
    app.update(Event::Feed(FeedEvent::Changes(vec![saved])));
    work(&mut app);
    assert_eq!((app.tree.shown_len(), app.tree.is_tolerant()), (1, false));
    let gone = world.delete(7);
    let gone = match gone {
        ItemChange::Deleted(_) => ItemChange::Deleted(fresh.id),
        other @ ItemChange::Saved(_) => other,
    };
    app.update(Event::Feed(FeedEvent::Changes(vec![gone])));
    work(&mut app);
    assert_eq!(
        (app.tree.shown_len(), app.tree.is_tolerant()),
        (4_999, true)
    );
}

#[test]
fn part_of_the_id_is_found_from_eight_characters_on() {
    let world = numbered();
    let mut app = app_with(&world);
    let wanted = &world.items[&4_999];
    let text = wanted.id.to_string();
    press(&mut app, &format!("/{}", &text[5..30]));
    work(&mut app);
    assert_eq!(aliases(&app), std::slice::from_ref(&wanted.alias));
}
