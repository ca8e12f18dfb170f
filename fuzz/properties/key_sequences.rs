//! Keys, pastes, mouse events, responses and remote changes in any order never break the app or reveal a stored secret.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};
use umai::connection::{ConnectionDraft, ProviderVariables};
use umai::tui::event::{Event, Mouse, MouseKind};
use umai::tui::key::KeyPress;
use umai::tui::layout::Size;

use super::PLANTED;
use super::bytes::Bytes;
use super::request_bodies::service;
use crate::support::TestClock;
use crate::support::harness::{Harness, THREE};
use crate::support::random_events::{OF_ENVIRONMENT, RandomEvent, WAYS, check, keys, play};

/// Maximum number of events of an input.
const MOST: usize = 64;

/// Typed characters.
const SIGNS: [char; 16] = [
    'a', 'b', 'k', 'x', '0', '9', ' ', '$', ':', '-', '_', '.', 'é', '日', '\u{202e}', '\u{301}',
];

pub fn holds(input: &[u8]) {
    played(input, |step| step());
}

/// Runs each step in `around`, which can measure the time.
pub fn played(input: &[u8], mut around: impl FnMut(&mut dyn FnMut())) {
    let mut stage = three();
    for happening in happenings(input) {
        around(&mut || play(&mut stage, &happening));
        around(&mut || check(&stage));
    }
}

fn runtime() -> Arc<Runtime> {
    static RUNTIME: OnceLock<Arc<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Arc::new(Builder::new_current_thread().build().unwrap()));
    Arc::clone(runtime)
}

/// Three connections and an environment with keys.
fn three() -> Harness {
    let clock = TestClock::new();
    let service = service(clock.clock());
    let runtime = runtime();
    for body in THREE {
        let draft = ConnectionDraft::from_json(body.as_bytes()).unwrap();
        runtime.block_on(service.create(draft)).unwrap();
    }
    let size = Size {
        width: 100,
        height: 30,
    };
    let mut stage = Harness::over(size, clock, service, runtime);
    let set = |name: &str| name.ends_with("_KEY").then(|| OF_ENVIRONMENT.to_owned());
    let variables = ProviderVariables::read(&stage.app.service.catalog, set);
    stage.happens(Event::ProviderVariables(variables));
    stage.hold_answers();
    stage
}

fn happenings(input: &[u8]) -> Vec<RandomEvent> {
    static KEYS: OnceLock<Vec<KeyPress>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let mut known = BTreeSet::new();
        let all = keys().into_iter();
        all.filter(|key| known.insert(format!("{key:?}"))).collect()
    });
    let mut bytes = Bytes(input);
    let mut happenings = Vec::new();
    while !bytes.is_over() && happenings.len() < MOST {
        happenings.push(happening(&mut bytes, keys));
    }
    happenings
}

fn happening(bytes: &mut Bytes<'_>, keys: &[KeyPress]) -> RandomEvent {
    match bytes.byte() % 32 {
        0..10 => RandomEvent::Key(keys[bytes.below(keys.len())]),
        10..14 => RandomEvent::Way(WAYS[usize::from(bytes.byte()) % WAYS.len()]),
        16 => {
            let count = 17 + bytes.byte() % 16;
            let signs = (0..count).map(|_| SIGNS[usize::from(bytes.byte() % 16)]);
            RandomEvent::Burst(signs.collect())
        }
        14..16 => {
            let count = 1 + bytes.byte() % 4;
            let signs = (0..count).map(|_| SIGNS[usize::from(bytes.byte() % 16)]);
            RandomEvent::Text(signs.collect())
        }
        17 => {
            let length = usize::from(bytes.byte());
            let pasted = String::from_utf8_lossy(bytes.take(length)).into_owned();
            // A stored secret that is pasted into a visible field is not a leak.
            let is_stored = pasted.to_lowercase().contains(PLANTED);
            RandomEvent::Paste(if is_stored { String::new() } else { pasted })
        }
        18 | 19 => {
            let kind = match bytes.byte() % 4 {
                0 => MouseKind::Click,
                1 => MouseKind::DoubleClick,
                2 => MouseKind::WheelUp,
                _ => MouseKind::WheelDown,
            };
            let (x, y) = (bytes.byte().into(), bytes.byte().into());
            RandomEvent::Mouse(Mouse { kind, x, y })
        }
        20 => RandomEvent::Resize(Size {
            width: u16::from(bytes.byte()) % 140,
            height: u16::from(bytes.byte()) % 50,
        }),
        21 => RandomEvent::Time,
        22 | 23 => RandomEvent::Elsewhere(bytes.byte() % 9),
        24 => RandomEvent::Line(bytes.is_so()),
        25..29 => RandomEvent::Answer {
            which: usize::from(bytes.byte()),
            is_lost: bytes.byte() % 12 == 1,
        },
        29 => RandomEvent::Provider,
        30 => RandomEvent::Found,
        _ => RandomEvent::Edited(bytes.byte() % 5),
    }
}
