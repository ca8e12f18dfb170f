//! Hostile names: no control or direction character reaches a cell, and the layout stays intact.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::sync::Arc;

use crate::support::harness::Harness;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rstest::rstest;
use umai::appsettings::{ConfigurationKey, ReferenceLookup};
use umai::connection::export::ExportFileError;
use umai::connection::{
    Command, Connection, ConnectionError, ConnectionItem, Model, Page, SettingValue, Settings,
    TestReport, TestStage, TestStep, Version, VersionChange, VersionComparison,
};
use umai::drafts::StoredDraft;
use umai::search::TreeItem;
use umai::tui::app::App;
use umai::tui::change_feed::FeedEvent;
use umai::tui::dialogs::drafts::DraftsDialog;
use umai::tui::dialogs::merge::MergeDialog;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::Event;
use umai::tui::form::TheirConnection;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::theme::{Theme, ThemeName};
use umai::tui::tree::ItemChange;
use umai::tui::view;

const NAMES: [&str; 14] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "abc\r\nnext\tline",
    "\u{202e}gnp.exe\u{2066}",
    "zero\u{200b}width\u{feff}",
    "\u{e0041}\u{e0042}tags",
    "👨‍👩‍👧‍👦 family 👩🏽‍🚀 🇩🇪",
    "日本語の接続 東京 本番環境 とても長い名前",
    "שלום עולם العربية",
    "한국어 ﷽ ꧅",
    "\u{0}\u{8}\u{7f}",
    "❤️ ☎️ 1️⃣",
    "\u{300}\u{301}marks first",
];

fn marks() -> String {
    format!("a{}b", "\u{301}".repeat(200))
}

fn is_harmful(sign: char) -> bool {
    sign.is_control()
        || matches!(sign,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// App with a hostile text in every field that can hold one.
struct HostileApp {
    app: App,
    connection: Connection,
}

impl HostileApp {
    fn of(name: &str, size: Size) -> Self {
        let catalog = Arc::new(umai::provider::ProviderCatalog::embedded());
        let app = App::new(
            catalog,
            Keymap::embedded(),
            vec![name.to_owned(), name.to_owned()],
        );
        let date = chrono::DateTime::UNIX_EPOCH;
        let mut settings = Settings::default();
        settings.set("organization", SettingValue::Text(name.into()));
        settings.set(name, SettingValue::Text(name.into()));
        let item = ConnectionItem {
            id: uuid::Uuid::from_u128(1),
            alias: name.into(),
            name: name.into(),
            provider_id: "openai".into(),
            is_active: true,
            date_created: date,
            date_modified: date,
            version: 1,
            date_deleted: None,
            endpoint: None,
        };
        let connection = Connection {
            item,
            settings: Some(settings),
        };
        let mut hostile = Self { app, connection };
        hostile.happens(Event::Resize(size));
        hostile
    }

    fn play(&mut self, keys: &str) {
        for event in crate::support::harness::events(keys) {
            self.happens(event);
        }
    }

    fn happens(&mut self, event: Event) {
        let mut effect = self.app.update(event);
        loop {
            let answer = match effect {
                Some(Effect::Call(ticket, request) | Effect::CallConcurrent(ticket, request)) => {
                    (ticket, self.answer(&request))
                }
                Some(_) => {
                    effect = None;
                    continue;
                }
                None => match self.app.update(Event::Idle) {
                    None => return,
                    due => {
                        effect = due;
                        continue;
                    }
                },
            };
            effect = self.app.update(Event::Reply(answer.0, answer.1));
        }
    }

    fn answer(&self, request: &ServiceRequest) -> ServiceReply {
        let item = &self.connection.item;
        match request {
            ServiceRequest::List(_) => ServiceReply::Listed(Ok(Page {
                items: vec![TreeItem::new(item, Arc::from("openai"))],
                total: 1,
            })),
            ServiceRequest::Get(_) => ServiceReply::Connection(Ok(self.connection.clone())),
            ServiceRequest::GetTheirVersion(..) => {
                let mut connection = self.connection.clone();
                connection.item.version += 1;
                connection.item.name.push_str(" 2");
                let changed = None;
                ServiceReply::TheirVersion(Ok(Box::new(TheirConnection {
                    connection,
                    changed,
                })))
            }
            ServiceRequest::AliasOwner(..) => ServiceReply::AliasOwner(Ok(Some(item.clone()))),
            ServiceRequest::LookUpReference(_) => {
                ServiceReply::LookedUp(Ok(ReferenceLookup::Found {
                    source: item.name.clone(),
                }))
            }
            ServiceRequest::Run(Command::Restore { .. }) => {
                ServiceReply::Ran(Err(ConnectionError::at(
                    umai::connection::DraftField::Alias,
                    umai::connection::FieldReason::AliasTaken {
                        alias: item.alias.clone(),
                        by: item.name.clone(),
                    },
                )))
            }
            ServiceRequest::Run(Command::Delete { .. } | Command::Rollback { .. })
            | ServiceRequest::PlanCopy(_)
            | ServiceRequest::CopyToTarget(_)
            | ServiceRequest::Purge(_) => ServiceReply::TaskFailed(item.name.clone()),
            ServiceRequest::Run(_) => {
                ServiceReply::Ran(Err(ConnectionError::Malformed(item.name.clone())))
            }
            ServiceRequest::ConfigurationKeys => {
                let listed = ConfigurationKey {
                    key: item.name.clone(),
                    source: item.name.clone(),
                };
                let items = vec![listed.clone(), listed];
                ServiceReply::ConfigurationKeys(Ok(Page { items, total: 3 }))
            }
            ServiceRequest::Export(_) => ServiceReply::Exported(Err(ExportFileError::Failed {
                path: item.name.clone().into(),
                why: item.name.clone(),
            })),
            ServiceRequest::Trash => ServiceReply::Trash(Ok(vec![item.clone(), item.clone()])),
            ServiceRequest::Test(_) => ServiceReply::Tested(Ok(self.report())),
            ServiceRequest::Models(_) => ServiceReply::Models(Ok(vec![Model {
                id: item.name.clone(),
                name: item.name.clone(),
                capabilities: Vec::new(),
            }])),
            ServiceRequest::Versions(..) => {
                let items = [2, 1].map(|number| self.version(number)).to_vec();
                ServiceReply::Versions(Ok(Page { items, total: 2 }))
            }
            ServiceRequest::Compare(..) => {
                let (older, newer) = (self.version(1), self.version(2));
                ServiceReply::Compared(Ok(Box::new(VersionComparison::new(older, newer, &[]))))
            }
        }
    }

    fn report(&self) -> TestReport {
        let text = self.connection.item.name.clone();
        TestReport {
            success: false,
            error_message: Some(text.clone()),
            steps: vec![TestStep {
                stage: TestStage::Reached,
                passed: false,
                detail: Some(text.clone()),
            }],
            advice: Some(text.clone()),
            provider_message: Some(text.clone()),
            address: Some(text),
            ..TestReport::default()
        }
    }

    fn version(&self, number: u64) -> Version {
        let mut snapshot = self.connection.clone();
        let text = snapshot.item.name.clone();
        snapshot.item.version = number;
        snapshot.item.name = format!("{number} {text}");
        Version {
            snapshot,
            change: VersionChange {
                note: Some(text.clone()),
                paths: vec![format!("settings.{text}")],
                ..VersionChange::default()
            },
        }
    }

    fn buffer(&self) -> Buffer {
        let Size { width, height } = self.app.screen.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        view::draw(&self.app, &Theme::embedded(ThemeName::Dark), &mut buffer);
        buffer
    }
}

#[rstest]
fn no_harmful_character_reaches_a_cell(
    #[values(
        "",
        "<down>",
        "<down><tab><tab>",
        "<down><enter>",
        "<down><enter><tab>X<esc>",
        "<down>D",
        "<down>/a",
        "<down>t",
        "<down><enter><tab>x<ctrl-s>",
        "<down>D<tab><enter>",
        "?",
        "<down>c",
        "<down>c<ctrl-s>",
        "<down>e<tab><tab><tab>$",
        "<down>e<tab><tab><tab><tab><f4>",
        "<down>e<tab><tab><tab><f6>",
        "<down>e<tab><tab><tab><f6><enter>",
        "<down>T",
        "<down>m",
        "<down>2",
        "<down>H",
        "<down>H<down><enter>",
        "<down>H<down>b",
        "X",
        "X<enter>",
        "XD",
        "XE<tab><enter>",
        "<down><space>t",
        "<down><space>t<enter>",
        "<down><space>T<enter>",
        "<down><space>T<enter><enter>",
        "<down><space>D<tab><enter>",
        "<down>E",
        "<down>E<enter>"
    )]
    keys: &str,
) {
    let marks = marks();
    for name in NAMES.iter().copied().chain([marks.as_str()]) {
        for (width, height) in [(40, 10), (80, 24), (120, 40)] {
            let mut hostile = HostileApp::of(name, Size { width, height });
            hostile.play(keys);
            for cell in &hostile.buffer().content {
                let symbol = cell.symbol();
                assert!(
                    !symbol.chars().any(is_harmful),
                    "{name:?} as {symbol:?} after {keys}"
                );
                assert!(symbol.chars().count() <= 12, "{name:?} as {symbol:?}");
            }
        }
    }
}

#[rstest]
fn no_harmful_character_of_drafts_and_merges_reaches_a_cell(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let marks = marks();
    let (width, height) = size;
    for name in NAMES.iter().copied().chain([marks.as_str()]) {
        let mut hostile = HostileApp::of(name, Size { width, height });
        let check = |hostile: &HostileApp, what: &str| {
            for cell in &hostile.buffer().content {
                let symbol = cell.symbol();
                assert!(!symbol.chars().any(is_harmful), "{name:?} in {what}");
            }
        };
        hostile.play("<down><enter>X");
        let form = hostile.app.form().unwrap();
        let (kept, id) = (form.snapshot().to_bytes(), form.id().unwrap());
        let mut newer = hostile.connection.item.clone();
        newer.version += 1;
        let news = ItemChange::Saved(TreeItem::new(&newer, Arc::from("openai")));
        hostile.happens(Event::Feed(FeedEvent::Changes(vec![news])));
        check(&hostile, "a form over a remote change");
        hostile.play("<ctrl-s>");
        assert!(hostile.app.dialogs.is_on::<MergeDialog>());
        check(&hostile, "merge conflicts");
        hostile.play("<esc>");
        hostile.happens(Event::Feed(FeedEvent::Changes(vec![ItemChange::Deleted(
            id,
        )])));
        hostile.play("<ctrl-s>");
        check(&hostile, "a remote delete");
        hostile.play("<esc><esc><shift-tab><enter>");
        let found = |content| StoredDraft {
            id,
            date: "2024-01-15T10:30:00Z".parse().unwrap(),
            content,
        };
        let drafts = vec![found(Ok(kept)), found(Err(name.to_owned()))];
        hostile.happens(Event::DraftsLoaded(drafts));
        assert!(hostile.app.dialogs.is_on::<DraftsDialog>());
        check(&hostile, "the drafts");
        hostile.play("<down>");
        check(&hostile, "an unreadable draft");
        hostile.play("<enter>D");
        check(&hostile, "the discard prompt");
    }
}

#[test]
fn borders_stay_in_place_for_any_name() {
    let size = Size {
        width: 120,
        height: 40,
    };
    let borders = |name: &str| {
        let mut hostile = HostileApp::of(name, size);
        hostile.play("<down>");
        let buffer = hostile.buffer();
        // The cells that are sent to the terminal, each at its position.
        let mut terminal = vt100::Parser::new(
            std::num::NonZeroU16::new(40).unwrap(),
            std::num::NonZeroU16::new(120).unwrap(),
            0,
        );
        let mut bytes = Vec::new();
        let blank = Buffer::empty(buffer.area);
        let mut backend = ratatui::backend::CrosstermBackend::new(&mut bytes);
        ratatui::backend::Backend::draw(&mut backend, blank.diff(&buffer).into_iter()).unwrap();
        terminal.process(&bytes);
        let screen = terminal.screen();
        (1..20)
            .map(|row| {
                let contents = |column| {
                    screen
                        .cell(row, column)
                        .map(|cell| cell.contents().to_owned())
                };
                (contents(0), contents(119))
            })
            .collect::<Vec<_>>()
    };
    let plain = borders("Plain");
    let marks = marks();
    for name in NAMES.iter().copied().chain([marks.as_str()]) {
        assert_eq!(borders(name), plain, "{name:?}");
    }
}

#[test]
fn typed_control_character_is_rejected_at_its_field() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter><paste:ab\u{202e}cd><ctrl-s>");
    let frame = harness.frame();
    assert!(frame.contains("visible text"), "{frame}");
    assert!(
        !frame.chars().any(|sign| is_harmful(sign) && sign != '\n'),
        "{frame}"
    );
}
