//! Random events into `update` and `draw`: no panic, the selection and the cursor always valid, no secret in any frame.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use proptest::prelude::*;
use stage::Stage;
use std::sync::Arc;
use umai::connection::{
    ConnectionDraft, ConnectionItem, ConnectionService, Query, TestReport, Window,
};
use umai::tui::effect::{Effect, Reply, Request};
use umai::tui::event::{Event, Mouse, MouseKind};
use umai::tui::follow::Heard;
use umai::tui::layout::Size;
use umai::tui::tree::{Item, News};

const KEYS: [&str; 69] = [
    "<up>",
    "<down>",
    "<left>",
    "<right>",
    "<home>",
    "<end>",
    "<pageup>",
    "<pagedown>",
    "<tab>",
    "<shift-tab>",
    "<enter>",
    "<enter>",
    "<esc>",
    "<space>",
    "<backspace>",
    "<delete>",
    "<ctrl-s>",
    "<ctrl-x>",
    "<f8>",
    "<f1>",
    "<ctrl-p>",
    "<ctrl-w>",
    "<ctrl-u>",
    "<ctrl-k>",
    "<ctrl-y>",
    "<ctrl-a>",
    "<ctrl-e>",
    "<alt-b>",
    "n",
    "n",
    "e",
    "t",
    "u",
    "D",
    "/",
    "s",
    "r",
    "j",
    "k",
    "h",
    "l",
    "g",
    ":",
    "?",
    "T",
    "m",
    "H",
    "H",
    "1",
    "2",
    "3",
    "b",
    "f",
    "<space>",
    "<ctrl-t>",
    "<enter>",
    "y",
    "i",
    "V",
    "*",
    "+",
    "-",
    "E",
    "B",
    "<ctrl-a>",
    "<shift-down>",
    "<shift-up>",
    "<space>",
    "<ctrl-a>t<enter>",
];

#[derive(Debug, Clone)]
enum Happening {
    Key(usize),
    Text(String),
    Paste(String),
    Mouse(Mouse),
    Resize(Size),
    Time,
    Elsewhere(u8),
    Line(bool),
    Answer,
}

fn happening() -> impl Strategy<Value = Happening> {
    let mouse = (0..4_u8, 0..140_u16, 0..50_u16).prop_map(|(kind, x, y)| {
        let kind = match kind {
            0 => MouseKind::Click,
            1 => MouseKind::DoubleClick,
            2 => MouseKind::WheelUp,
            _ => MouseKind::WheelDown,
        };
        Happening::Mouse(Mouse { kind, x, y })
    });
    prop_oneof![
        10 => (0..KEYS.len()).prop_map(Happening::Key),
        3 => "[a-z0-9 $:é日\u{202e}\u{301}-]{1,4}".prop_map(Happening::Text),
        1 => ".{0,40}".prop_map(Happening::Paste),
        2 => mouse,
        1 => (0..140_u16, 0..50_u16).prop_map(|(width, height)| Happening::Resize(Size { width, height })),
        1 => Just(Happening::Time),
        2 => (0..9_u8).prop_map(Happening::Elsewhere),
        1 => any::<bool>().prop_map(Happening::Line),
        1 => Just(Happening::Answer),
    ]
}

fn play(stage: &mut Stage, happening: &Happening) {
    match happening {
        Happening::Key(key) => {
            stage.play(KEYS[*key]);
        }
        Happening::Text(text) => {
            stage.play(&text.replace('<', "<lt>"));
        }
        Happening::Paste(text) => {
            let pasted = umai::tui::event::Pasted(text.clone().into());
            stage.happens(Event::Paste(pasted));
        }
        Happening::Mouse(mouse) => stage.happens(Event::Mouse(*mouse)),
        Happening::Resize(size) => stage.happens(Event::Resize(*size)),
        Happening::Answer => {
            let reply = match stage.effects.pop() {
                Some(Effect::Call(ticket, Request::Test(_))) => {
                    Event::Reply(ticket, Reply::Tested(Ok(TestReport::default())))
                }
                Some(Effect::Call(ticket, Request::Export(_))) => {
                    Event::Reply(ticket, Reply::Lost("the disk is gone".into()))
                }
                Some(Effect::Call(ticket, _)) => {
                    Event::Reply(ticket, Reply::Models(Ok(Vec::new())))
                }
                _ => return,
            };
            stage.happens(reply);
        }
        Happening::Elsewhere(what) => elsewhere(stage, *what),
        Happening::Line(is_broken) => stage.happens(Event::Heard(if *is_broken {
            Heard::Broken
        } else {
            Heard::CaughtUp
        })),
        Happening::Time => {
            stage.time_passes();
        }
    }
}

/// Somebody else does something with one of the first three connections, and it is heard of.
fn elsewhere(stage: &mut Stage, what: u8) {
    let news = stage.elsewhere(&async |service: &dyn ConnectionService| {
        let window = Window { skip: 0, take: 3 };
        let page = service.list(Query::all(window)).await.unwrap();
        let item = page.items.into_iter().nth(usize::from(what % 3))?;
        let key = item.id.into();
        let changed = match what / 3 {
            0 => {
                service.delete(&key, None).await.unwrap();
                return Some(News::Deleted(item.id));
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
        Some(News::Saved(compact(&changed.unwrap().item)))
    });
    let Some(news) = news else { return };
    stage.happens(Event::Heard(Heard::News(vec![news])));
}

fn compact(item: &ConnectionItem) -> Item {
    Item::new(item, Arc::from(item.provider_id.as_str()))
}

fn check(stage: &Stage) {
    let (buffer, cursor) = stage.buffer();
    let Size { width, height } = stage.app.size;
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
    let tree = &stage.app.tree;
    assert!(tree.selected_row() < tree.rows().max(1) || tree.filter().is_some());
    if let Some(at) = tree.selected_at() {
        assert!(tree.shown(at).is_some(), "what is selected is not there");
    }
    if let Some(bulk) = &stage.app.bulk {
        assert!(bulk.selected < bulk.len().max(1));
        let tally = bulk.tally;
        assert_eq!(tally.over() + tally.under_way + tally.waiting, bulk.len());
    }
    let marked = tree.marked();
    assert_eq!(marked.len(), tree.marked_len(), "what is marked is there");
    if let Some(form) = stage.app.form() {
        assert!(form.focus < form.fields.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_breaks_the_app(happenings in prop::collection::vec(happening(), 1..120)) {
        let mut stage = Stage::three(100, 30);
        for happening in &happenings {
            play(&mut stage, happening);
            check(&stage);
        }
    }
}
