//! Random events into `update` and `draw`, with replies that are late, reordered or missing: no panic, a valid selection and
//! cursor, no secret in any frame. `UMAI_SEEDS=200 UMAI_EVENTS=10000` makes a long run.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::harness::Harness;
use crate::support::random_events::{OF_ENVIRONMENT, RandomEvent, WAYS, check, keys, play};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use umai::connection::ProviderVariables;
use umai::tui::action::KeyContext;
use umai::tui::event::{Event, Mouse, MouseKind};
use umai::tui::layout::Size;

/// Number of seeds, and of events for each; use `UMAI_SEEDS=200 UMAI_EVENTS=10000` and a release build for the long run.
const SEEDS: u64 = 40;
const EVENTS: usize = 150;

/// Number of events reported before a failure: a long run is not minimized, which would take hours.
const REPORTED_EVENTS: usize = 40;

fn happening() -> impl Strategy<Value = RandomEvent> {
    let mouse = (0..4_u8, 0..140_u16, 0..50_u16).prop_map(|(kind, x, y)| {
        let kind = match kind {
            0 => MouseKind::Click,
            1 => MouseKind::DoubleClick,
            2 => MouseKind::WheelUp,
            _ => MouseKind::WheelDown,
        };
        RandomEvent::Mouse(Mouse { kind, x, y })
    });
    prop_oneof![
        12 => prop::sample::select(keys()).prop_map(RandomEvent::Key),
        4 => prop::sample::select(&WAYS).prop_map(RandomEvent::Way),
        3 => "[a-z0-9 $:é日\u{202e}\u{301}-]{1,4}".prop_map(RandomEvent::Text),
        1 => ".{0,40}".prop_map(RandomEvent::Paste),
        1 => "[a-zA-Z0-9 $:=<>é\n\t-]{17,60}".prop_map(RandomEvent::Burst),
        2 => mouse,
        1 => (0..140_u16, 0..50_u16).prop_map(|(width, height)| RandomEvent::Resize(Size { width, height })),
        1 => Just(RandomEvent::Time),
        2 => (0..9_u8).prop_map(RandomEvent::Elsewhere),
        1 => any::<bool>().prop_map(RandomEvent::Line),
        6 => (0..8_usize, 0..12_u8).prop_map(|(which, luck)| RandomEvent::Answer { which, is_lost: luck == 0 }),
        1 => Just(RandomEvent::Provider),
        1 => Just(RandomEvent::Found),
        2 => (0..5_u8).prop_map(RandomEvent::Edited),
    ]
}

#[test]
fn random_events_never_break_the_app() {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let seeds: u64 = number("UMAI_SEEDS").unwrap_or(SEEDS);
    let events = number("UMAI_EVENTS").map_or(EVENTS, |events| usize::try_from(events).unwrap());
    let first = number("UMAI_FIRST_SEED").unwrap_or(0);
    let visited = RefCell::new(BTreeSet::new());
    for seed in first..first + seeds {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = ProptestConfig {
            cases: 1,
            max_shrink_iters: if events > EVENTS { 0 } else { 400 },
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let happenings = prop::collection::vec(happening(), events);
        let played = TestRunner::new_with_rng(config, rng).run(&happenings, |happenings| {
            visited.borrow_mut().extend(play_all(&happenings));
            Ok(())
        });
        assert!(played.is_ok(), "seed {seed}: {}", played.unwrap_err());
    }
    let missed: Vec<&str> = KeyContext::ALL
        .into_iter()
        .filter(|context| *context != KeyContext::Global && !visited.borrow().contains(context))
        .map(KeyContext::title)
        .collect();
    assert!(missed.is_empty(), "never seen: {missed:?}");
}

/// Plays all events and returns the contexts they led to.
fn play_all(happenings: &[RandomEvent]) -> BTreeSet<KeyContext> {
    let mut harness = Harness::three(100, 30);
    let set = |name: &str| name.ends_with("_KEY").then(|| OF_ENVIRONMENT.to_owned());
    let variables = ProviderVariables::read(&harness.app.service.catalog, set);
    harness.happens(Event::ProviderVariables(variables));
    harness.hold_answers();
    let mut visited = BTreeSet::new();
    for (at, happening) in happenings.iter().enumerate() {
        let played = catch_unwind(AssertUnwindSafe(|| {
            play(&mut harness, happening);
            check(&harness);
        }));
        if played.is_err() {
            let last = &happenings[at.saturating_sub(REPORTED_EVENTS)..=at];
            panic!("at event {at}, after {last:#?}\n{}", harness.frame());
        }
        visited.insert(harness.app.context());
    }
    visited
}
