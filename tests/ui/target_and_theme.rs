//! Target badge, server address, read-only targets and themes.

use crate::support::every_target::EveryTarget as Harness;
use crate::support::harness::Harness as LocalHarness;
use ratatui::style::{Color, Modifier};
use umai::connection::{Command, ConnectionError, IdOrAlias, Mode, PageRequest};
use umai::service::{ConnectionService, ReadOnlyService};
use umai::tui::action::{ACTIONS, Action};
use umai::tui::dialogs::provider_picker::ProviderPicker;
use umai::tui::event::{Event, PlainInput};
use umai::tui::form::Form;
use umai::tui::target_info::TargetInfo;
use umai::tui::theme::ThemeName;
use uuid::Uuid;

fn site(badge: Option<&str>, server: Option<&str>, is_read_only: bool) -> TargetInfo {
    TargetInfo {
        badge: badge.map(str::to_owned),
        color: badge.map(|_| "red".to_owned()),
        server: server.map(str::to_owned),
        read_only: is_read_only.then(|| "the target 'prod' is read-only".to_owned()),
        ..TargetInfo::default()
    }
}

/// Creates a stage with three connections on a target.
fn at(site: &TargetInfo, width: u16, height: u16) -> Harness {
    let mut harness = Harness::three(width, height);
    harness.each(|harness| harness.app.set_target(site.clone()));
    harness
}

fn prod(width: u16, height: u16) -> Harness {
    at(
        &site(Some("PROD"), Some("https://umai.example:44331"), false),
        width,
        height,
    )
}

fn read_only(width: u16, height: u16) -> Harness {
    at(&site(Some("PROD"), None, true), width, height)
}

fn far(width: u16, height: u16) -> Harness {
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
    target_badge_at_120x40: prod, 120 x 40, "<down>";
    target_badge_at_80x24: prod, 80 x 24, "<down>";
    target_badge_in_one_pane: prod, 40 x 10, "<down>";
    server_in_the_header_at_120x40: far, 120 x 40, "<down>";
    server_in_the_header_at_80x24: far, 80 x 24, "nopenai<enter>Name";
    server_in_the_header_in_one_pane: far, 40 x 10, "<down>";
    read_only_target_at_120x40: read_only, 120 x 40, "<down>";
    read_only_target_in_one_pane: read_only, 40 x 10, "<down>";
    read_only_palette_hides_writes: read_only, 80 x 24, "<down>:";
    read_only_help_hides_writes: read_only, 120 x 40, "?";
    read_only_trash: read_only, 80 x 24, "X";
    read_only_write_key_shows_the_reason: read_only, 80 x 24, "<down>t";
}

#[test]
fn badge_has_text_and_no_colour_in_mono() {
    let harness = prod(80, 24);
    let cell = |theme| {
        let (buffer, _) = harness.buffer_in(theme);
        let header = harness.frame().lines().next().unwrap().to_owned();
        let (before, _) = header.split_once("PROD").expect("a badge");
        let badge = u16::try_from(before.chars().count()).unwrap();
        buffer[(badge, 0)].style()
    };
    assert_eq!(cell(ThemeName::Dark).bg, Some(Color::Red));
    let mono = cell(ThemeName::Mono);
    assert!(mono.add_modifier.contains(Modifier::REVERSED), "{mono:?}");
    assert_eq!((mono.fg, mono.bg), (Some(Color::Reset), Some(Color::Reset)));
}

#[test]
fn read_only_nodes_expand_and_collapse() {
    let mut harness = read_only(40, 10);
    harness.play("<enter>");
    assert!(harness.frame().contains("▸ Connections"));
    harness.play("<enter>");
    assert!(harness.frame().contains("▾ Connections"));
    harness.play("<down><enter>");
    assert!(
        harness.frame().contains("Read-only: "),
        "{}",
        harness.frame()
    );
}

#[test]
fn empty_read_only_list_offers_no_create_key() {
    let mut harness = Harness::empty(80, 24);
    harness.each(|harness| harness.app.set_target(site(None, None, true)));
    let frame = harness.frame();
    assert!(
        frame.contains("No connections yet") && !frame.contains("Press"),
        "{frame}"
    );
    harness.play("<enter>");
    assert!(harness.app.dialogs.is_empty(), "{}", harness.frame());
}

/// Keys that open every context: tree, tabs, trash, comparison, report.
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
fn read_only_blocks_every_write_action() {
    for place in PLACES {
        for entry in ACTIONS {
            // Other tests cover the replies of a server.
            let mut harness = LocalHarness::three(120, 40);
            harness.app.set_target(site(None, None, true));
            harness.play(place);
            harness.effects.clear();
            if matches!(
                entry.action,
                Action::QuitNow | Action::Quit | Action::Suspend
            ) {
                continue;
            }
            harness.happens(Event::PlainInput(PlainInput::Action(entry.action)));
            // Dialogs that the action opened are confirmed, too.
            harness.happens(Event::PlainInput(PlainInput::Select(1)));
            let dialogs = &harness.app.dialogs;
            let has_form =
                dialogs.find::<Form>().is_some() || dialogs.find::<ProviderPicker>().is_some();
            assert!(!has_form, "{} in {place:?}", entry.id);
            let items = harness.elsewhere(&async |service: &dyn ConnectionService| {
                let all = PageRequest { skip: 0, take: 9 };
                service
                    .list(umai::connection::ListQuery::all(all))
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
fn read_only_blocks_pending_writes_before_the_service() {
    let mut harness = Harness::three(120, 40);
    // The target becomes read-only behind an open prompt: no write reaches the service on any path.
    harness.play("<down>D");
    harness.each(|harness| harness.app.service.target = site(None, None, true));
    harness.happens(Event::PlainInput(PlainInput::Select(1)));
    let frame = harness.frame();
    assert!(frame.contains("the target 'prod' is read-only"), "{frame}");
    assert_eq!(harness.app.tree.len(), 3);
    let page = harness.elsewhere(&async |service: &dyn ConnectionService| {
        let all = PageRequest { skip: 0, take: 9 };
        service
            .list(umai::connection::ListQuery::all(all))
            .await
            .unwrap()
    });
    assert_eq!(page.total, 3);
}

/// A valid command of each kind.
fn one_of_each(id: Uuid) -> [Command; 8] {
    let key = IdOrAlias::Id(id);
    let draft = crate::support::draft(r#"{"name":"B","alias":"b","providerId":"openai"}"#);
    [
        Command::create(draft.clone()),
        Command::Duplicate {
            key: key.clone(),
            draft: draft.clone(),
        },
        Command::Update {
            key: key.clone(),
            draft,
            expected_version: None,
        },
        Command::SetActive {
            key: key.clone(),
            active: false,
        },
        Command::Delete {
            key: key.clone(),
            expected_version: None,
        },
        Command::Restore { id, alias: None },
        Command::Purge { id },
        Command::Rollback {
            key,
            version: 1,
            note: None,
        },
    ]
}

#[test]
fn read_only_service_rejects_every_command_but_not_its_dry_run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let beneath = crate::support::service();
        let made = beneath
            .create(crate::support::draft(crate::support::DOCUMENTED))
            .await
            .unwrap();
        let service = ReadOnlyService::new(std::sync::Arc::clone(&beneath), "it is kept");
        let id = made.item.id;
        let key = IdOrAlias::Id(id);
        for command in one_of_each(id) {
            let error = service.run(command.clone(), Mode::Commit).await;
            let error = error.unwrap_err();
            assert_eq!(error, ConnectionError::ReadOnly("it is kept".into()));
            assert_eq!(error.to_string(), "Nothing was changed: it is kept");
            let dry = service.run(command.clone(), Mode::DryRun).await;
            assert!(!matches!(dry, Err(ConnectionError::ReadOnly(_))));
        }
        assert_eq!(
            service.get(&key).await.unwrap(),
            beneath.get(&key).await.unwrap()
        );
        assert_eq!(service.get(&key).await.unwrap().item.version, 1);
    });
}

#[test]
fn chosen_theme_is_kept() {
    let mut harness = Harness::three(120, 40);
    harness.each(|harness| {
        harness.app.themes.names = ["auto", "contrast"].map(str::to_owned).to_vec();
    });
    harness.play("<f9>");
    assert_eq!(harness.app.themes.current, 1);
    let frame = harness.frame();
    assert!(
        frame.contains("Theme: contrast; kept for the next start"),
        "{frame}"
    );
    harness.each(|harness| assert_eq!(harness.app.themes.chosen(), Some("contrast")));
    harness.play("<f9>");
    assert_eq!(harness.app.themes.current, 0);
    harness.play(":theme contrast<enter>");
    assert_eq!(harness.app.themes.current, 1, "{}", harness.frame());
}

#[test]
fn header_shows_badge_and_name_before_the_address() {
    let target = |badge: Option<&str>| TargetInfo {
        name: Some("staging".into()),
        ..site(badge, Some("https://umai.example:44331"), false)
    };
    for (badge, width, height, part) in [
        (
            Some("LIVE"),
            120,
            40,
            "LIVE staging · https://umai.example:44331",
        ),
        (Some("LIVE"), 80, 24, "LIVE staging · umai.example"),
        (Some("LIVE"), 40, 10, "LIVE staging"),
        (
            Some("STAGING"),
            120,
            40,
            "STAGING · https://umai.example:44331",
        ),
        (None, 120, 40, "staging · https://umai.example:44331"),
    ] {
        let harness = at(&target(badge), width, height);
        let frame = harness.frame();
        let header = frame.lines().next().unwrap();
        assert!(header.contains(part), "{part}: {header}");
    }
    assert_eq!(
        target(Some("LIVE")).place().as_deref(),
        Some("LIVE staging · https://umai.example:44331")
    );
}
