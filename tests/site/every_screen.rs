//! Every screen of the app with every kind of site and every switch: no secret on screen, no mask sent, no unrequested change.

use rstest::rstest;

use crate::app::stage;
use crate::fixture::{MODES, PIN, PLANTED, Stored};
use crate::stand_in::{CLIENT_SECRET, StandIn, Switches};
use crate::support::harness::Harness;

/// Every screen: its keys from the tree, and the connection that they may change.
const SCREENS: [(&str, Option<&str>); 32] = [
    ("", None),
    ("<end>", None),
    ("/open", None),
    ("/zzzz", None),
    ("/Pascal<enter>", None),
    ("/Pascal<enter>2<down>", None),
    ("/Pascal<enter>3", None),
    ("/OpenAI<enter>3<down><enter>", None),
    ("/OpenAI<enter>3<down>b", None),
    ("/Pascal<enter><enter>", None),
    ("/Pascal<enter><enter>X<esc>", None),
    ("/Pascal<enter><enter>X<ctrl-t>", None),
    ("/Pascal<enter>c", None),
    ("/Pascal<enter>D", None),
    ("/Pascal<enter>T", None),
    ("/Pascal<enter>m", None),
    ("/Pascal<enter>y", None),
    ("/Pascal<enter>yj", None),
    ("/Pascal<enter>ym", None),
    ("/Resting<enter>t", Some("resting")),
    ("n", None),
    ("nopenai<enter>New<ctrl-s>", None),
    ("X", None),
    ("u", None),
    (":", None),
    (":copy to target<enter>", None),
    ("?<pagedown>", None),
    ("M", None),
    ("<ctrl-a>t", None),
    ("<ctrl-a>D", None),
    ("<ctrl-a>E", None),
    ("<ctrl-a>T", None),
];

/// Way in which sites differ, which the app notices at the start.
type Switch = fn(&mut Switches);

const HARMLESS: [Switch; 4] = [
    |_| {},
    |it| it.is_newer = true,
    |it| it.page_limit = 1,
    |it| it.expires_in = 0,
];

/// Fault that begins while the app is open, and a part of its message.
const FAULTS: [(Switch, &str); 9] = [
    (|it| it.lacks_package = true, "Umbraco without Umbraco.AI"),
    (|it| it.lacks_umbraco = true, "no Umbraco at"),
    (|it| it.lacks_section = true, "the section AI"),
    (|it| it.is_disabled = true, "is disabled"),
    (|it| it.is_starting = true, "is starting"),
    (|it| it.requires_https = true, "requires https"),
    (|it| it.drops_token = true, "no access token"),
    (
        |it| it.redirects_to = Some("https://else.example".into()),
        "redirects",
    ),
    (|it| it.fails_writes_after = Some(0), ""),
];

/// Checks the screen and the site after the keys of a screen.
fn check(
    site: &StandIn,
    harness: &Harness,
    before: &[Stored],
    (keys, changed): (&str, Option<&str>),
) {
    let frame = harness.frame();
    for hidden in [PLANTED, PIN, CLIENT_SECRET] {
        assert!(!frame.contains(hidden), "{keys}: {frame}");
        let effects = format!("{:?}", harness.effects);
        assert!(!effects.contains(hidden), "{keys}: {effects}");
    }
    site.assert_unharmed();
    let others = |all: &[Stored]| -> Vec<Stored> {
        let others = all.iter().filter(|one| Some(one.alias.as_str()) != changed);
        others.cloned().collect()
    };
    assert_eq!(others(&site.all()), others(before), "{keys}");
}

#[rstest]
fn screen_leaks_nothing_and_changes_only_its_connection(
    #[values(0, 1, 2)] mode: usize,
    #[values(0, 1, 2, 3)] switch: usize,
) {
    for screen in SCREENS {
        let site = StandIn::new(MODES[mode]);
        site.edit("openai-prod", |one| one.name = "OpenAI".into());
        site.switch(HARMLESS[switch]);
        let before = site.all();
        let mut harness = stage(&site);
        harness.play(screen.0);
        check(&site, &harness, &before, screen);
    }
}

#[rstest]
fn screen_survives_a_fault_and_says_what_it_is(#[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] fault: usize) {
    let (switch, message) = FAULTS[fault];
    for screen in SCREENS {
        let site = StandIn::new(MODES[fault % MODES.len()]);
        let before = site.all();
        let mut harness = stage(&site);
        site.switch(switch);
        site.revoke_tokens();
        harness.play(screen.0);
        check(&site, &harness, &before, (screen.0, None));
        harness.play("<esc><esc><esc><esc>");
        if harness.app.dialogs.is_empty() {
            harness.play("r");
            let words = harness
                .frame()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            assert!(words.contains(message), "{}: {words}", screen.0);
        }
    }
}
