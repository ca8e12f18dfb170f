//! Random events for an app in the harness, and the invariants that hold afterwards.
#![allow(clippy::too_many_lines, reason = "one arm for each kind of event")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the names say what is done, and a test may fail anywhere"
)]

use std::sync::Arc;

use umai::connection::{ConnectionDraft, ConnectionItem, ListQuery, PageRequest, TestReport};
use umai::drafts::StoredDraft;
use umai::search::TreeItem;
use umai::service::ConnectionService;
use umai::tui::action::ACTIONS;
use umai::tui::change_feed::FeedEvent;
use umai::tui::dialogs::merge::MergeDialog;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::{Event, Mouse};
use umai::tui::form::{EditorDocument, Form};
use umai::tui::key::KeyPress;
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;
use umai::tui::tree::ItemChange;

use crate::support::harness::Harness;

/// Editing and habitual keys, in addition to those of the actions.
const KEYS: [&str; 22] = [
    "<left>",
    "<right>",
    "<home>",
    "<end>",
    "<space>",
    "<backspace>",
    "<delete>",
    "<ctrl-w>",
    "<ctrl-u>",
    "<ctrl-k>",
    "<ctrl-y>",
    "<ctrl-a>",
    "<ctrl-e>",
    "<alt-b>",
    "<alt-d>",
    "<enter>",
    "<enter>",
    "<tab>",
    "<esc>",
    "n",
    "n",
    "e",
];

/// Sequences that random keys hardly ever produce.
pub const WAYS: [&str; 26] = [
    "<esc><esc><esc><esc><right>",
    "<esc><esc><esc><home><down><down><down>",
    "<esc><esc><esc><end>",
    "nopenai<enter>",
    "<esc><esc><esc><esc>nopenai<enter><tab><tab><tab>sk-1<f6>",
    "nbedrock<enter>",
    "Wild One<ctrl-s>",
    "<enter><end> b<ctrl-s>",
    "<esc><esc><esc><end>3",
    "<esc><esc><esc><end>tt3<down><enter>",
    "<esc><esc><esc><end>2<down>",
    "<esc><tab><enter>",
    "<esc><esc><esc><end>y",
    "<esc><esc><esc><end>T",
    "<end>D<tab><enter>X<enter>",
    "<esc><esc><esc><esc><end><ctrl-a>t<enter>",
    "<esc><esc><esc><esc><end><space>V*D<tab><enter>",
    "<esc><esc><esc><esc><home><down><down><down>e mine",
    "<ctrl-s><right><down><enter>",
    "<ctrl-s><tab><enter>",
    "<esc><esc><esc><esc><end><ctrl-e>",
    "<esc><esc><esc><esc>i<down><enter>",
    "<esc><esc><esc><esc>nfoundry<enter><tab><tab><tab>x<tab><right>",
    "<esc><esc><esc><esc><end>c<ctrl-s>",
    "<esc><esc><esc><esc>nopenai<enter>A<tab><tab><tab>$<down>",
    "<esc><esc><esc><esc><end><enter><tab><tab><tab><f6><down><enter>",
];

/// All keys with a meaning in any context.
pub fn keys() -> Vec<KeyPress> {
    let keymap = Keymap::embedded();
    let of_actions = ACTIONS.iter().flat_map(|entry| {
        let places = entry.contexts.iter();
        places.flat_map(|place| keymap.keys(*place, entry.action))
    });
    let mut keys: Vec<KeyPress> = of_actions.collect();
    keys.extend(
        KEYS.iter()
            .flat_map(|key| super::harness::events(key))
            .filter_map(|event| match event {
                Event::Key(key) => Some(key),
                _ => None,
            }),
    );
    keys
}

#[derive(Debug, Clone)]
pub enum RandomEvent {
    Key(KeyPress),
    Way(&'static str),
    Text(String),
    Burst(String),
    Paste(String),
    Mouse(Mouse),
    Resize(Size),
    Time,
    Elsewhere(u8),
    Line(bool),
    Answer {
        which: usize,
        is_lost: bool,
    },
    Provider,
    /// Drafts are found, one of a crashed process among them.
    Found,
    /// The editor returns its text unchanged or changed.
    Edited(u8),
}

pub fn play(harness: &mut Harness, happening: &RandomEvent) {
    match happening {
        RandomEvent::Key(key) => harness.happens(Event::Key(*key)),
        RandomEvent::Way(keys) => {
            for event in super::harness::events(keys) {
                harness.happens(event);
                while harness.held() > 0 {
                    harness.release(0, false);
                }
            }
        }
        RandomEvent::Text(text) => {
            harness.play(&text.replace('<', "<lt>"));
        }
        RandomEvent::Burst(text) => {
            let text = text.replace('<', "<lt>").replace('\n', "<enter>");
            harness.burst(&text.replace('\t', "<tab>"));
        }
        RandomEvent::Paste(text) => {
            let pasted = umai::tui::event::PastedText(text.clone().into());
            harness.happens(Event::Paste(pasted));
        }
        RandomEvent::Mouse(mouse) => harness.happens(Event::Mouse(*mouse)),
        RandomEvent::Resize(size) => harness.happens(Event::Resize(*size)),
        RandomEvent::Answer { which, is_lost } => {
            if let Some(which) = which.checked_rem(harness.held()) {
                harness.release(which, *is_lost);
            }
        }
        RandomEvent::Provider => {
            let reply = match harness.effects.pop() {
                Some(Effect::Call(ticket, ServiceRequest::Test(_))) => {
                    Event::Reply(ticket, ServiceReply::Tested(Ok(TestReport::default())))
                }
                Some(Effect::Call(ticket, ServiceRequest::Export(_))) => {
                    Event::Reply(ticket, ServiceReply::TaskFailed("the disk is gone".into()))
                }
                Some(Effect::Call(ticket, _)) => {
                    Event::Reply(ticket, ServiceReply::Models(Ok(Vec::new())))
                }
                _ => return,
            };
            harness.happens(reply);
        }
        RandomEvent::Found => {
            let kept = harness.kept.values().next().map(|kept| kept.to_bytes());
            let unreadable = Err("It is damaged".to_owned());
            let contents = kept.map(Ok).into_iter().chain([unreadable]);
            let found = (1..).zip(contents).map(|(number, content)| StoredDraft {
                id: uuid::Uuid::from_u128(number),
                date: "2024-01-15T10:30:00Z".parse().unwrap(),
                content,
            });
            harness.happens(Event::DraftsLoaded(found.collect()));
        }
        RandomEvent::Edited(what) => edited(harness, *what),
        RandomEvent::Elsewhere(what) => elsewhere(harness, *what),
        RandomEvent::Line(is_broken) => harness.happens(Event::Feed(if *is_broken {
            FeedEvent::Disconnected
        } else {
            FeedEvent::CaughtUp
        })),
        RandomEvent::Time => {
            harness.time_passes();
        }
    }
}

/// The editor returns the text of the last edit.
fn edited(harness: &mut Harness, what: u8) {
    let is_edit = |effect: &Effect| matches!(effect, Effect::OpenEditor(..));
    let Some(at) = harness.effects.iter().rposition(is_edit) else {
        return;
    };
    let Effect::OpenEditor(ticket, document) = harness.effects.remove(at) else {
        return;
    };
    let text = String::clone(&document.0);
    let edited = match what {
        0 => Ok(text),
        1 => Ok(text.replace("name\": \"", "name\": \"日\u{202e} ")),
        2 => Ok(text.replace("\"<unchanged>\"", "\"sk-of-the-editor\"")),
        3 => Ok(text.chars().take(text.len() / 2).collect()),
        _ => Err("The editor is gone".to_owned()),
    };
    let edited = edited.map(|text| EditorDocument(text.into()));
    harness.happens(Event::Edited(ticket, edited));
}

/// Another client changes one of the first three connections, and the app receives the event.
fn elsewhere(harness: &mut Harness, what: u8) {
    let news = harness.elsewhere(&async |service: &dyn ConnectionService| {
        let window = PageRequest { skip: 0, take: 3 };
        let page = service.list(ListQuery::all(window)).await.unwrap();
        let item = page.items.into_iter().nth(usize::from(what % 3))?;
        let key = item.id.into();
        let changed = match what / 3 {
            0 => {
                service.delete(&key, None).await.unwrap();
                return Some(ItemChange::Deleted(item.id));
            }
            1 => service.set_active(&key, !item.is_active).await,
            _ => {
                let last = item.name.chars().next_back().unwrap_or('x');
                let draft = ConnectionDraft {
                    name: Some(format!("{last} 日 {what}")),
                    ..ConnectionDraft::default()
                };
                service.update(&key, draft, None).await
            }
        };
        Some(ItemChange::Saved(compact(&changed.unwrap().item)))
    });
    let Some(news) = news else { return };
    harness.happens(Event::Feed(FeedEvent::Changes(vec![news])));
}

fn compact(item: &ConnectionItem) -> TreeItem {
    TreeItem::new(item, Arc::from(item.provider_id.as_str()))
}

/// Secrets of the environment.
pub const OF_ENVIRONMENT: &str = "found-outside";

pub fn check(harness: &Harness) {
    let (buffer, cursor) = harness.buffer();
    let Size { width, height } = harness.app.screen.size;
    if let Some((x, y)) = cursor {
        assert!(
            x <= width && y < height.max(1),
            "cursor at {x},{y} of {width}×{height}"
        );
    }
    for cell in &buffer.content {
        assert!(
            !cell.symbol().chars().any(char::is_control),
            "{:?}",
            cell.symbol()
        );
    }
    let text: String = buffer
        .content
        .iter()
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(!text.contains("planted"), "a stored secret is on screen");
    // Entered text is shown only on request, and hidden again.
    let is_asked_for = harness.app.form().is_some_and(Form::shows_secret);
    assert!(
        is_asked_for || !text.contains(OF_ENVIRONMENT),
        "a secret of the environment is on screen"
    );
    let tree = &harness.app.tree;
    assert!(tree.selected_row() < tree.rows().max(1) || tree.filter().is_some());
    if let Some(at) = tree.selected_at() {
        assert!(
            tree.visible_at(at).is_some(),
            "the selected connection is missing"
        );
    }
    if let Some(bulk) = harness.app.dialogs.bulk() {
        assert!(bulk.cursor.selected < bulk.len().max(1));
        let tally = bulk.progress;
        assert_eq!(tally.finished() + tally.running + tally.waiting, bulk.len());
    }
    let marked = tree.marked();
    assert_eq!(
        marked.len(),
        tree.marked_len(),
        "a marked connection is missing"
    );
    if let Some(form) = harness.app.form() {
        assert!(form.focus < form.fields.len());
    }
    for layer in harness.app.dialogs.iter() {
        if let Some(merge) = layer.downcast::<MergeDialog>() {
            assert!(merge.cursor.selected < merge.conflicts.len());
            assert!(
                harness.app.form().is_some(),
                "a dialog about a form without a form"
            );
        }
    }
}
