//! Stories of places: the mark of a target, the address of a server, and where nothing can be changed; and of themes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use ratatui::style::{Color, Modifier};
use stage::Stage as Here;
use stage::twice::Twice as Stage;
use umai::connection::{ConnectionError, ConnectionService, ReadOnlyService, Window};
use umai::tui::action::{ACTIONS, Action};
use umai::tui::event::{Event, Spoken};
use umai::tui::layer::Layer;
use umai::tui::site::Site;
use umai::tui::theme::ThemeName;

fn site(badge: Option<&str>, server: Option<&str>, is_read_only: bool) -> Site {
    Site {
        badge: badge.map(str::to_owned),
        color: badge.map(|_| "red".to_owned()),
        server: server.map(str::to_owned),
        read_only: is_read_only.then(|| "the target 'prod' is read-only".to_owned()),
        ..Site::default()
    }
}

/// The three connections, in such a place.
fn at(site: &Site, width: u16, height: u16) -> Stage {
    let mut stage = Stage::three(width, height);
    stage.each(|stage| stage.app.settle_at(site.clone()));
    stage
}

fn prod(width: u16, height: u16) -> Stage {
    at(
        &site(Some("PROD"), Some("https://umai.example:44331"), false),
        width,
        height,
    )
}

fn read_only(width: u16, height: u16) -> Stage {
    at(&site(Some("PROD"), None, true), width, height)
}

fn far(width: u16, height: u16) -> Stage {
    at(
        &site(None, Some("https://umai.example:44331"), false),
        width,
        height,
    )
}

macro_rules! stories {
    ($($name:ident: $stage:expr, $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = $stage($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    a_target_is_marked_in_the_first_line: prod, 120 x 40, "<down>";
    a_target_is_marked_in_two_panes: prod, 80 x 24, "<down>";
    a_target_is_marked_in_one_pane: prod, 40 x 10, "<down>";
    a_server_without_a_mark_is_named: far, 120 x 40, "<down>";
    a_server_is_named_in_two_panes: far, 80 x 24, "nopenai<enter>Name";
    a_server_is_named_in_one_pane: far, 40 x 10, "<down>";
    a_read_only_place_says_so: read_only, 120 x 40, "<down>";
    a_read_only_place_in_one_pane: read_only, 40 x 10, "<down>";
    a_read_only_place_offers_no_change_in_the_palette: read_only, 80 x 24, "<down>:";
    a_read_only_place_offers_no_change_in_the_help: read_only, 120 x 40, "?";
    a_read_only_trash_only_shows: read_only, 80 x 24, "X";
    a_key_that_would_change_something_says_why_it_does_not: read_only, 80 x 24, "<down>t";
}

#[test]
fn a_mark_is_no_colour_alone_and_has_none_in_mono() {
    let stage = prod(80, 24);
    let cell = |theme| {
        let (buffer, _) = stage.buffer_in(theme);
        assert!(stage.frame().starts_with(" PROD "), "{}", stage.frame());
        buffer[(1, 0)].style()
    };
    assert_eq!(cell(ThemeName::Dark).bg, Some(Color::Red));
    let mono = cell(ThemeName::Mono);
    assert!(mono.add_modifier.contains(Modifier::REVERSED), "{mono:?}");
    assert_eq!((mono.fg, mono.bg), (Some(Color::Reset), Some(Color::Reset)));
}

#[test]
fn a_node_is_still_opened_and_closed_where_nothing_can_be_changed() {
    let mut stage = read_only(80, 24);
    stage.play("<enter>");
    assert!(stage.frame().contains("▸ Connections (3)"));
    stage.play("<enter>");
    assert!(stage.frame().contains("▾ Connections (3)"));
    stage.play("<down><enter>");
    assert!(
        stage.frame().contains("Nothing can be changed here"),
        "{}",
        stage.frame()
    );
}

#[test]
fn an_empty_read_only_place_does_not_say_how_to_fill_it() {
    let mut stage = Stage::empty(80, 24);
    stage.each(|stage| stage.app.settle_at(site(None, None, true)));
    let frame = stage.frame();
    assert!(
        frame.contains("No connections yet") && !frame.contains("Press"),
        "{frame}"
    );
    stage.play("<enter>");
    assert!(stage.app.layers.is_empty(), "{}", stage.frame());
}

/// Where actions are asked for: in the tree, in each tab, in the trash, in a comparison, in a report.
const PLACES: [&str; 7] = [
    "",
    "<down>",
    "<down>2",
    "<down>H",
    "X",
    "<down>H<enter>",
    "<down>T",
];

#[test]
fn no_action_changes_anything_where_nothing_can_be_changed() {
    for place in PLACES {
        for entry in ACTIONS {
            // What a server says itself is held elsewhere.
            let mut stage = Here::three(120, 40);
            stage.app.settle_at(site(None, None, true));
            stage.play(place);
            stage.effects.clear();
            if matches!(entry.action, Action::Quit | Action::Leave | Action::Suspend) {
                continue;
            }
            stage.happens(Event::Spoken(Spoken::Do(entry.action)));
            // Whatever it opened is answered, too.
            stage.happens(Event::Spoken(Spoken::Pick(1)));
            let has_form = stage
                .app
                .layers
                .iter()
                .any(|layer| matches!(layer, Layer::Form(_) | Layer::Picker(_)));
            assert!(!has_form, "{} in {place:?}", entry.id);
            let items = stage.elsewhere(&async |service: &dyn ConnectionService| {
                let all = Window { skip: 0, take: 9 };
                service
                    .list(umai::connection::Query::all(all))
                    .await
                    .unwrap()
                    .items
            });
            assert_eq!(items.len(), 3, "{} in {place:?}", entry.id);
            assert!(
                items.iter().all(|item| item.version == 1),
                "{} in {place:?}",
                entry.id
            );
        }
    }
}

#[test]
fn what_gets_past_the_actions_is_held_back_before_the_service() {
    let mut stage = Stage::three(120, 40);
    // The place turns read-only behind a question, as no user can do it: whichever way a change came about, none goes out.
    stage.play("<down>D");
    stage.each(|stage| stage.app.site = site(None, None, true));
    stage.happens(Event::Spoken(Spoken::Pick(1)));
    let frame = stage.frame();
    assert!(frame.contains("the target 'prod' is read-only"), "{frame}");
    assert_eq!(stage.app.tree.len(), 3);
    let page = stage.elsewhere(&async |service: &dyn ConnectionService| {
        let all = Window { skip: 0, take: 9 };
        service
            .list(umai::connection::Query::all(all))
            .await
            .unwrap()
    });
    assert_eq!(page.total, 3);
}

#[test]
fn the_service_beneath_refuses_every_change_by_itself() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let beneath = common::service();
        let made = beneath
            .create(common::draft(common::DOCUMENTED))
            .await
            .unwrap();
        let service = ReadOnlyService::over(std::sync::Arc::clone(&beneath), "it is kept");
        let key = made.item.id.into();
        let draft = || common::draft(r#"{"name":"B","alias":"b"}"#);
        let refused = |error: ConnectionError| {
            assert_eq!(error, ConnectionError::ReadOnly("it is kept".into()));
            assert_eq!(error.to_string(), "Nothing was changed: it is kept");
        };
        refused(service.create(draft()).await.unwrap_err());
        refused(service.update(&key, draft(), None).await.unwrap_err());
        refused(service.duplicate(&key, draft()).await.unwrap_err());
        refused(service.set_active(&key, false).await.unwrap_err());
        refused(service.delete(&key, None).await.unwrap_err());
        refused(service.restore(made.item.id, None).await.unwrap_err());
        refused(service.purge(made.item.id).await.unwrap_err());
        refused(service.rollback(&key, 1, None).await.unwrap_err());
        assert_eq!(
            service.get(&key).await.unwrap(),
            beneath.get(&key).await.unwrap()
        );
        assert_eq!(service.get(&key).await.unwrap().item.version, 1);
    });
}

#[test]
fn the_next_theme_is_one_key_away_and_says_how_to_keep_it() {
    let mut stage = Stage::three(120, 40);
    stage.each(|stage| {
        stage.app.themes = ["auto", "contrast"].map(str::to_owned).to_vec();
    });
    stage.play("<f9>");
    assert_eq!(stage.app.theme, 1);
    let frame = stage.frame();
    assert!(
        frame.contains("Theme: contrast. theme = \"contrast\" in config.toml keeps it"),
        "{frame}"
    );
    stage.play("<f9>");
    assert_eq!(stage.app.theme, 0);
}
