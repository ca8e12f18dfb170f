//! The app with an Umbraco site.

use std::sync::Arc;

use tokio::runtime::Runtime;
use umai::api::client::RemoteService;
use umai::connection::{ConnectionDraft, TestSubject};
use umai::service::ConnectionService;
use umai::tui::effect::{Effect, ServiceRequest};
use umai::tui::event::Event;
use umai::tui::layout::Size;
use umai::tui::target_info::TargetInfo;

use crate::fixture::{MODES, Mode, PLANTED};
use crate::stand_in::{StandIn, Switches};
use crate::support::TestClock;
use crate::support::harness::Harness;

pub fn stage(site: &StandIn) -> Harness {
    let runtime = Arc::new(Runtime::new().unwrap());
    let service = runtime
        .block_on(RemoteService::connect(&site.options()))
        .unwrap();
    let service: Arc<dyn ConnectionService> = Arc::new(service);
    let screen = Size {
        width: 100,
        height: 30,
    };
    let opened = Event::ServiceOpened(service.providers(), service.features());
    let mut harness = Harness::over(screen, TestClock::new(), service, runtime);
    harness.happens(opened);
    harness
}

pub fn screen(harness: &Harness) -> String {
    let text = harness.frame();
    assert!(!text.contains(PLANTED), "{text}");
    text
}

#[test]
fn delete_dialog_warns_and_no_undo_is_offered() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    harness.play("/Resting<enter>D");
    let dialog = screen(&harness)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(dialog.contains("Deletes permanently: this"), "{dialog}");
    assert!(!dialog.contains("It goes to the trash"), "{dialog}");
    harness.play("<tab><enter>");
    assert!(site.find("resting").is_none());
    let text = screen(&harness);
    assert!(text.contains("Deleted \"Resting\""), "{text}");
    assert!(!text.contains("undo") && !text.contains("Undo"), "{text}");
    harness.play("u");
    let text = screen(&harness);
    assert!(text.contains("this server has no trash"), "{text}");
    site.assert_unharmed();
}

#[test]
fn bulk_delete_warns_and_cannot_be_undone() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    harness.play("<ctrl-a>D");
    let dialog = screen(&harness);
    assert!(
        dialog.contains("Deletes permanently: this server keeps no"),
        "{dialog}"
    );
    assert!(!dialog.contains("go to the trash"), "{dialog}");
    harness.play("<tab><enter>");
    assert!(site.all().is_empty(), "{}", screen(&harness));
    harness.play("<esc>");
    let text = screen(&harness);
    assert!(!text.contains("u Undo"), "{text}");
    harness.play("u");
    let text = screen(&harness);
    assert!(
        text.contains("5 connections deleted permanently: this server has no trash"),
        "{text}"
    );
    site.assert_unharmed();
}

#[test]
fn trash_key_says_that_there_is_none() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    harness.play("X");
    let text = screen(&harness);
    assert!(text.contains("This server has no trash"), "{text}");
    harness.play(":trash");
    let text = screen(&harness);
    assert!(!text.contains("Show trash"), "{text}");
    site.assert_unharmed();
}

#[test]
fn changed_form_is_saved_before_it_is_tested() {
    for mode in [Mode::Stock, Mode::Extra] {
        let site = StandIn::new(mode);
        let mut harness = stage(&site);
        let before = site.get("pascal");
        harness.play("/Pascal<enter><enter> 2<ctrl-t>");
        let text = screen(&harness);
        assert!(text.contains("Save and test"), "{text}");
        assert!(text.contains("tests only saved settings"), "{text}");
        assert!(harness.effects.is_empty(), "{:?}", harness.effects);
        harness.play("<tab><enter>");
        let after = site.get("pascal");
        assert_eq!(after.name, "Pascal Case 2");
        assert_eq!(after.settings, before.settings);
        let tested = ServiceRequest::Test(TestSubject::Stored(before.id.into()));
        let is_asked =
            |effect: &Effect| matches!(effect, Effect::Call(_, asked) if *asked == tested);
        assert!(
            harness.effects.iter().any(is_asked),
            "{:?}",
            harness.effects
        );
        site.assert_unharmed();
    }
}

#[test]
fn changed_form_is_tested_from_here_only_when_chosen() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    let id = site.get("pascal").id;
    harness.play("/Pascal<enter><enter> 2<ctrl-t>");
    let text = screen(&harness);
    assert!(text.contains("Test from here"), "{text}");
    harness.play("<shift-tab><enter>");
    let is_asked = |effect: &Effect| matches!(effect, Effect::Call(_, ServiceRequest::Test(TestSubject::Edited(key, _))) if *key == id.into());
    assert!(
        harness.effects.iter().any(is_asked),
        "{:?}",
        harness.effects
    );
    assert!(site.writes().is_empty());
}

#[test]
fn test_from_here_sends_nothing_that_only_the_site_knows() {
    let site = StandIn::new(Mode::Masking);
    let runtime = Runtime::new().unwrap();
    let service = runtime
        .block_on(RemoteService::connect(&site.options()))
        .unwrap();
    let test = |alias: &str, change: &str| {
        let draft = ConnectionDraft::from_json(change.as_bytes()).unwrap();
        let subject = TestSubject::Edited(site.get(alias).id.into(), draft);
        runtime
            .block_on(service.test(subject))
            .unwrap_err()
            .to_string()
    };
    let masked = test("openai-prod", r#"{"name":"New"}"#);
    assert!(masked.contains("shows only a mask"), "{masked}");
    let reference = test("referring", r#"{"name":"New"}"#);
    assert!(
        reference.contains("resolves on the server only"),
        "{reference}"
    );
    assert!(site.writes().is_empty());
}

#[test]
fn unchanged_form_tests_what_is_saved() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    let id = site.get("openai-prod").id;
    harness.play("/OpenAI<enter><enter><ctrl-t>");
    let tested = ServiceRequest::Test(TestSubject::Stored(id.into()));
    let is_asked = |effect: &Effect| matches!(effect, Effect::Call(_, asked) if *asked == tested);
    assert!(
        harness.effects.iter().any(is_asked),
        "{:?}",
        harness.effects
    );
    assert!(site.writes().is_empty());
}

#[test]
fn screens_editor_and_drafts_hold_no_secret() {
    for mode in MODES {
        let site = StandIn::new(mode);
        for name in ["OpenAI", "Pascal", "Referring", "Acme"] {
            let is_there = name != "Acme" || mode == Mode::Extra;
            let mut harness = stage(&site);
            harness.play(&format!("/{name}<enter>"));
            screen(&harness);
            harness.play("<enter>");
            screen(&harness);
            harness.play("<end>x");
            harness.time_passes();
            harness.play("<ctrl-e>");
            screen(&harness);
            let edited = harness.effects.iter().find_map(|effect| match effect {
                Effect::OpenEditor(_, document) => Some(document.0.as_str()),
                _ => None,
            });
            assert_eq!(edited.is_some(), is_there, "{mode:?} {name}");
            assert!(!edited.unwrap_or_default().contains(PLANTED), "{edited:?}");
            assert_eq!(harness.kept.is_empty(), !is_there, "{mode:?} {name}");
            for kept in harness.kept.values() {
                let kept = String::from_utf8(kept.to_bytes().to_vec()).unwrap();
                assert!(!kept.contains(PLANTED), "{kept}");
            }
        }
        assert!(site.writes().is_empty());
        site.assert_unharmed();
    }
}

#[test]
fn typed_mask_is_refused_at_its_field() {
    for mode in MODES {
        let site = StandIn::new(mode);
        let mut harness = stage(&site);
        // Name, alias, status, then the key.
        harness.play("/OpenAI<enter><enter><tab><tab><tab>********<ctrl-s>");
        let text = screen(&harness);
        assert!(text.contains("is a masked"), "{text}");
        assert!(site.writes().is_empty());
    }
}

#[test]
fn bulk_change_on_a_masking_server_keeps_the_secrets() {
    let site = StandIn::new(Mode::Masking);
    let before = site.all();
    let mut harness = stage(&site);
    harness.play("/OpenAI<enter><ctrl-a>t");
    screen(&harness);
    harness.play("<enter>");
    let text = screen(&harness);
    assert!(text.contains("shows only a mask"), "{text}");
    // One of the three has no settings, and so no secret to lose.
    let writes = site.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    for (before, after) in before.iter().zip(site.all()) {
        assert_eq!(after.settings, before.settings);
        assert_eq!(after.is_active, before.is_active && before.alias != "bare");
    }
    site.assert_unharmed();
}

#[test]
fn list_is_reloaded_every_minute_and_after_own_changes() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    let text = screen(&harness);
    assert!(text.contains("updated "), "{text}");
    assert!(!text.contains("offline"), "{text}");
    site.edit("resting", |one| one.name = "Awake".into());
    assert!(!screen(&harness).contains("Awake"));
    harness.time_passes();
    let text = screen(&harness);
    assert!(
        text.contains("Awake") && !text.contains("Resting"),
        "{text}"
    );

    // Below a form, which keeps what was typed.
    site.edit("resting", |one| one.name = "Drowsy".into());
    harness.play("/Pascal<enter><enter> 2");
    harness.time_passes();
    let lists = |site: &StandIn| {
        site.requests()
            .iter()
            .filter(|one| one.path == "/connections")
            .count()
    };
    let before = lists(&site);
    harness.time_passes();
    assert!(lists(&site) > before, "reloaded below the form");
    assert!(screen(&harness).contains("Pascal Case 2"));
    let before = lists(&site);
    harness.play("<ctrl-s>");
    assert!(lists(&site) > before, "reloaded after the own change");
    assert_eq!(site.get("pascal").name, "Pascal Case 2");
    harness.play("<esc>");
    let text = screen(&harness);
    assert!(text.contains("Drowsy"), "{text}");
    site.assert_unharmed();
}

#[test]
fn list_recovers_after_a_restart_of_the_site() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    site.switch(|switches| switches.is_starting = true);
    harness.time_passes();
    let text = screen(&harness);
    assert!(text.contains("The site is starting"), "{text}");
    assert!(text.contains("Pascal Case"), "the list stays: {text}");
    site.switch(|switches| switches.is_starting = false);
    site.revoke_tokens();
    site.edit("resting", |one| one.name = "Awake".into());
    harness.time_passes();
    assert!(screen(&harness).contains("Awake"), "{}", screen(&harness));
    site.assert_unharmed();
}

#[test]
fn history_compares_and_rolls_back_with_the_old_secret() {
    let site = StandIn::new(Mode::Stock);
    let old = site.get("openai-prod");
    site.edit("openai-prod", |one| {
        one.name = "OpenAI Changed".into();
        one.settings = Some(r#"{"apiKey":"sk-planted-newer"}"#.into());
    });
    let mut harness = stage(&site);
    harness.play("/Changed<enter>H");
    let text = screen(&harness);
    assert!(text.contains("v2") && text.contains("v1"), "{text}");
    harness.play("<end><enter>");
    let text = screen(&harness);
    assert!(text.contains("Compare v1 to Current (v2)"), "{text}");
    assert!(text.contains("OpenAI Production"), "{text}");
    harness.play("<esc>b");
    let text = screen(&harness);
    assert!(text.contains("The secrets of that version are"), "{text}");
    harness.play("y");
    let now = site.get("openai-prod");
    assert_eq!((now.version, now.settings), (3, old.settings));
    assert_eq!(site.writes().len(), 1);
    site.assert_unharmed();
}

#[test]
fn edit_by_others_opens_the_merge_dialog() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    harness.play("/Pascal<enter><enter> mine");
    assert!(
        !screen(&harness).contains("Note"),
        "the site keeps no notes"
    );
    site.edit("pascal", |one| one.name = "Theirs".into());
    harness.play("<ctrl-s>");
    let text = screen(&harness);
    assert!(text.contains("Theirs") && text.contains("mine"), "{text}");
    assert!(site.writes().is_empty(), "{text}");
    site.assert_unharmed();
}

#[test]
fn every_screen_survives_a_site_that_stops_working() {
    type Switch = fn(&mut Switches);
    let failing: [(Switch, &str); 6] = [
        (|it| it.is_starting = true, "The site is starting"),
        (|it| it.is_disabled = true, "is disabled"),
        (|it| it.lacks_section = true, "the section AI"),
        (|it| it.lacks_package = true, "Umbraco without Umbraco.AI"),
        (|it| it.requires_https = true, "requires https"),
        (|it| it.drops_token = true, "received no access token"),
    ];
    for (switch, message) in failing {
        let site = StandIn::new(Mode::Stock);
        let before = site.all();
        let mut harness = stage(&site);
        harness.play("/OpenAI<enter>");
        site.switch(switch);
        site.revoke_tokens();
        harness.play("t");
        let notice = screen(&harness);
        assert!(notice.contains(message), "{notice}");
        // Form, history, bulk operation, duplicate, trash, deletion.
        for keys in [
            "<enter><esc>",
            "H<end><enter><esc>",
            "<ctrl-a>t<enter><esc>",
            "d<esc>",
            "X<esc>",
            "D<tab><enter><esc>",
        ] {
            harness.play(keys);
            let text = screen(&harness);
            assert!(!text.contains("opaque") && !text.contains("hush"), "{text}");
        }
        harness.time_passes();
        screen(&harness);
        assert_eq!(site.all(), before, "{message}");
        site.assert_unharmed();
    }
}

#[test]
fn rollback_prompt_names_the_site_and_cancels_by_default() {
    let site = StandIn::new(Mode::Stock);
    site.edit("openai-prod", |one| one.name = "OpenAI New".into());
    let mut harness = stage(&site);
    harness.app.set_target(TargetInfo {
        badge: Some("LIVE".into()),
        server: Some(site.origin.clone()),
        ..TargetInfo::default()
    });
    harness.play("/OpenAI<enter>3<down>b");
    harness.happens(Event::Resize(Size {
        width: 40,
        height: 10,
    }));
    let prompt = screen(&harness);
    for part in [
        "LIVE · http://127.0.0.1",
        "restored, too.",
        "Roll back",
        "Cancel",
    ] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    harness.play("<enter>");
    assert!(site.writes().is_empty(), "Cancel has the focus");
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn actions_that_a_site_cannot_do_are_not_offered() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    for (typed, title) in [
        ("curl", "Copy cURL"),
        ("roll back this", "Roll back this field"),
        ("trash", "Show trash"),
    ] {
        harness.play(&format!(":{typed}"));
        let text = screen(&harness);
        assert!(!text.contains(title), "{title}: {text}");
        harness.play("<esc><esc>");
    }
    harness.play("/OpenAI<enter>y");
    let text = screen(&harness);
    assert!(!text.contains("cURL"), "{text}");
    harness.play("u");
    assert!(screen(&harness).contains("not for this server"));
}

#[test]
fn list_is_reloaded_below_an_open_form() {
    let site = StandIn::new(Mode::Stock);
    let mut harness = stage(&site);
    harness.play("/Pascal<enter><enter>");
    site.edit("resting", |one| one.name = "Renamed elsewhere".into());
    let requests = site.requests().len();
    harness.time_passes();
    assert!(site.requests().len() > requests, "the list was requested");
    assert!(harness.app.form().is_some());
    harness.play("<esc><esc>");
    assert!(screen(&harness).contains("Renamed elsewhere"));
}

#[test]
fn references_of_a_site_are_typed_because_it_lists_none() {
    let site = StandIn::new(Mode::Stock);
    for name in ["Referring", "OpenAI"] {
        let mut harness = stage(&site);
        harness.play(&format!("/{name}<enter><enter><tab><tab><tab><f4>"));
        let text = screen(&harness);
        assert!(text.contains("This server does not list its"), "{text}");
        harness.play("<ctrl-x>$Umbraco:AI:Secrets:New");
        let text = screen(&harness);
        assert!(text.contains("$Umbraco:AI:Secrets:New"), "{text}");
    }
}
