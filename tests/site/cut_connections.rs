//! Connections that break in the middle of a write: the message tells what is known, and a retry repeats nothing.

use rstest::rstest;

use crate::fixture::{Mode, Stored};
use crate::home::Home;
use crate::stand_in::{Cut, StandIn};

/// Returns the connections without IDs, which differ between two sites.
fn content(site: &StandIn) -> Vec<Stored> {
    let all = site.all().into_iter();
    let mut all: Vec<_> = all
        .map(|one| Stored {
            id: uuid::Uuid::nil(),
            ..one
        })
        .collect();
    all.sort_by_key(|one| one.alias.clone());
    all
}

fn prepared() -> (StandIn, Home) {
    let site = StandIn::new(Mode::Stock);
    site.edit("openai-prod", |one| one.name = "Renamed".into());
    (site, Home::new())
}

const NEW: [&str; 9] = [
    "create",
    "--provider",
    "openai",
    "--name",
    "New",
    "--alias",
    "new",
    "--set",
    "apiKey=$OpenAI:ApiKey",
];

#[rstest]
#[case::create(&NEW)]
#[case::toggle(&["deactivate", "openai-prod"])]
#[case::update(&["update", "openai-prod", "--name", "Newer", "--set", "organization=org-9"])]
#[case::duplicate(&["duplicate", "openai-prod", "--name", "Copy", "--alias", "copy"])]
#[case::rollback(&["rollback", "openai-prod", "1", "--yes"])]
#[case::delete(&["delete", "resting", "--yes"])]
fn retry_after_a_cut_in_any_request_repeats_nothing(
    #[case] verb: &[&str],
    #[values(false, true)] is_taken: bool,
) {
    let verb = [&["connections"], verb].concat();
    let (whole, home) = prepared();
    let answer = whole.umai(&home, &verb);
    assert_eq!(answer.code, 0, "{answer:?}");
    let expected = content(&whole);
    let count = whole.requests().len();
    for after in 0..count {
        let (site, home) = prepared();
        let before = content(&site);
        site.switch(|switches| switches.cut = Some(Cut { after, is_taken }));
        let cut = site.umai(&home, &verb);
        let is_changed = content(&site) != before;
        assert!([0, 7].contains(&cut.code), "request {after}: {cut:?}");
        if cut.code == 7 {
            assert!(
                cut.err.contains("connection lost"),
                "request {after}: {cut:?}"
            );
            let is_mentioned = cut
                .err
                .contains("may have been saved: check before you retry")
                || cut.err.contains("is saved");
            assert!(is_mentioned || !is_changed, "request {after}: {cut:?}");
            assert!(
                is_changed || !cut.err.contains("is saved"),
                "request {after}: {cut:?}"
            );
        }
        let retry = site.umai(&home, &verb);
        let is_repeat = is_changed && ["create", "duplicate", "delete"].contains(&verb[1]);
        assert_eq!(
            retry.code != 0,
            is_repeat,
            "request {after}: {cut:?} {retry:?}"
        );
        assert_eq!(
            content(&site),
            expected,
            "request {after}: {cut:?} {retry:?}"
        );
        site.assert_unharmed();
    }
}
