//! Model of drafts and merges: when drafts are stored and deleted, and that a merge keeps the changes of both sides.

use std::time::Duration;

use crate::support::harness::Harness;
use proptest::prelude::*;
use umai::connection::SettingValue;
use umai::service::ConnectionService;
use umai::tui::app::App;
use umai::tui::dialogs::merge::MergeDialog;
use umai::tui::effect::{DraftSlot, Effect};
use umai::tui::event::{Event, PastedText};
use umai::tui::keymap::Keymap;
use umai::tui::layout::Size;

fn app() -> App {
    let service = crate::support::service();
    let mut app = App::new(service.providers(), Keymap::embedded(), Vec::new());
    app.update(Event::Resize(Size {
        width: 100,
        height: 30,
    }));
    app
}

fn press(app: &mut App, keys: &str) -> Option<Effect> {
    let mut last = None;
    for event in crate::support::harness::events(keys) {
        last = app.update(event);
    }
    last
}

/// Idle effects, without requests to the service.
fn due(app: &mut App) -> Vec<Effect> {
    let effects = std::iter::from_fn(|| app.update(Event::Idle));
    effects
        .filter(|effect| !matches!(effect, Effect::Call(..) | Effect::Continue))
        .collect()
}

/// Expires the timers of the effects.
fn wake(app: &mut App, effects: &[Effect]) -> Vec<Effect> {
    for effect in effects {
        if let Effect::Wake(ticket, after) = effect {
            assert!(*after <= Duration::from_secs(2));
            app.update(Event::TimerExpired(*ticket));
        }
    }
    due(app)
}

fn exit_effects(app: &mut App) -> Vec<Effect> {
    std::iter::from_fn(|| app.next_exit_effect()).collect()
}

#[test]
fn continued_typing_stores_one_draft_per_wake_up() {
    let mut app = app();
    assert_eq!(due(&mut app), []);
    press(&mut app, "nopenai<enter>");
    let mut asked = due(&mut app);
    assert!(wake(&mut app, &asked).is_empty(), "a draft without input");
    for round in 0..3 {
        press(&mut app, "a");
        asked = due(&mut app);
        assert!(matches!(asked.as_slice(), [Effect::Wake(..)]), "{asked:?}");
        press(&mut app, "b");
        assert_eq!(due(&mut app), [], "more than one wake-up");
        let kept = wake(&mut app, &asked);
        let [Effect::StoreDraft(_, form), again @ ..] = kept.as_slice() else {
            panic!("expected one stored draft: {kept:?}");
        };
        assert_eq!(form.name, "ab".repeat(round + 1));
        assert_eq!(wake(&mut app, again), [], "unexpected further effects");
    }
    press(&mut app, "<tab>");
    asked = due(&mut app);
    assert_eq!(
        wake(&mut app, &asked),
        [],
        "moving the focus stored a draft"
    );
    assert_eq!(due(&mut app), []);
}

#[test]
fn next_form_gets_a_separate_draft() {
    let mut app = app();
    press(&mut app, "nopenai<enter>one");
    let asked = due(&mut app);
    let kept = wake(&mut app, &asked);
    let [Effect::StoreDraft(first, _)] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    press(&mut app, "<esc><shift-tab><enter>nopenai<enter>two");
    let asked = due(&mut app);
    assert_eq!(asked[0], Effect::DeleteDraft(*first));
    let kept = wake(&mut app, &asked);
    let [Effect::StoreDraft(second, form)] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    assert_ne!(first, second);
    assert_eq!(form.name, "two");
}

#[test]
fn draft_is_stored_at_any_end_of_the_app() {
    let mut app = app();
    press(&mut app, "nopenai<enter>one");
    let wishes = exit_effects(&mut app);
    assert!(
        matches!(wishes.as_slice(), [Effect::StoreDraft(..)]),
        "{wishes:?}"
    );
    assert_eq!(exit_effects(&mut app), [], "once");
    press(&mut app, "<backspace>");
    assert_eq!(press(&mut app, "<ctrl-c>"), Some(Effect::Quit));
    let wishes = exit_effects(&mut app);
    assert!(
        matches!(wishes.as_slice(), [Effect::StoreDraft(..)]),
        "{wishes:?}"
    );
}

#[test]
fn draft_discarded_just_before_the_end_is_deleted() {
    let mut app = app();
    press(&mut app, "nopenai<enter>one");
    let asked = due(&mut app);
    wake(&mut app, &asked);
    press(&mut app, "<esc><shift-tab><enter>");
    assert_eq!(press(&mut app, "q"), Some(Effect::Quit));
    let wishes = exit_effects(&mut app);
    assert!(
        matches!(wishes.as_slice(), [Effect::DeleteDraft(DraftSlot::New(_))]),
        "{wishes:?}"
    );
}

#[test]
fn unchanged_form_is_never_stored() {
    let mut app = app();
    press(
        &mut app,
        "nopenai<enter>a<backspace><tab><tab><space><space>",
    );
    let asked = due(&mut app);
    assert_eq!(wake(&mut app, &asked), []);
    assert_eq!(exit_effects(&mut app), []);
}

#[test]
fn debug_output_of_a_stored_form_hides_its_secrets() {
    let mut app = app();
    press(&mut app, "nopenai<enter>a<tab><tab><tab>sk-planted");
    let wishes = exit_effects(&mut app);
    assert!(!format!("{wishes:?}").contains("planted"), "{wishes:?}");
}

#[test]
fn text_typed_at_once_equals_text_typed_key_by_key() {
    let (mut one, mut other) = (app(), app());
    for keys in [
        "nopenai<enter>",
        "Über Team 7",
        "<tab><tab><tab>",
        "sk-1",
        "<tab><tab>",
        "x y",
    ] {
        press(&mut other, keys);
        if keys.contains('<') {
            press(&mut one, keys);
        } else {
            assert!(one.takes_text());
            one.update(Event::Typed(PastedText(keys.to_owned().into())));
        }
    }
    assert_eq!(
        one.form().unwrap().snapshot(),
        other.form().unwrap().snapshot()
    );
    press(&mut one, "<shift-tab><shift-tab><shift-tab>");
    assert!(!one.takes_text(), "a space toggles the status");
}

/// Change of a field by one side: none, or one of a few values.
#[derive(Debug, Clone)]
struct Made {
    name: Option<u8>,
    alias: Option<u8>,
    is_off: bool,
    key: bool,
    organization: Option<u8>,
}

fn made() -> impl Strategy<Value = Made> {
    let some = || prop::option::of(0..2_u8);
    (some(), some(), any::<bool>(), any::<bool>(), some()).prop_map(
        |(name, alias, is_off, key, organization)| Made {
            name,
            alias,
            is_off,
            key,
            organization,
        },
    )
}

impl Made {
    /// Keys that type it, from the first field on.
    fn keys(&self) -> String {
        let text = |value: Option<u8>| match value {
            Some(value) => format!("<ctrl-u>v{value}<tab>"),
            None => "<tab>".to_owned(),
        };
        let status = if self.is_off { "<space><tab>" } else { "<tab>" };
        let key = if self.key { "sk-mine<tab>" } else { "<tab>" };
        let (name, alias) = (text(self.name), text(self.alias));
        format!("{name}{alias}{status}{key}{}", text(self.organization))
    }

    /// The same as a request body.
    fn body(&self) -> String {
        let mut members = Vec::new();
        let mut settings = Vec::new();
        let value = |value: u8| format!("\"v{value}\"");
        members.extend(self.name.map(|name| format!("\"name\":{}", value(name))));
        members.extend(
            self.alias
                .map(|alias| format!("\"alias\":{}", value(alias))),
        );
        members.extend(self.is_off.then(|| "\"isActive\":false".to_owned()));
        settings.extend(self.key.then(|| "\"apiKey\":\"sk-theirs\"".to_owned()));
        settings.extend(
            self.organization
                .map(|organization| format!("\"organization\":{}", value(organization))),
        );
        members.push(format!("\"settings\":{{{}}}", settings.join(",")));
        format!("{{{}}}", members.join(","))
    }
}

/// Value of a field, and its value at the last merge.
#[derive(Debug, Clone, PartialEq)]
struct Value {
    was: String,
    is: String,
}

impl Value {
    /// Applies the value of the others; returns whether both sides changed it.
    fn meets(&mut self, other: &str) -> bool {
        if other == self.is {
            other.clone_into(&mut self.was);
        } else if self.was == self.is {
            (self.was, self.is) = (other.to_owned(), other.to_owned());
        } else if other != self.was {
            return true;
        }
        false
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merge_keeps_the_changes_of_both_sides(
        mine in made(),
        theirs in made(),
        again in prop::option::of(made()),
        is_heard in any::<bool>(),
        choices in prop::collection::vec(any::<bool>(), 5),
    ) {
        let base = r#"{"alias":"base","name":"base","providerId":"openai","settings":{"apiKey":"sk-base","organization":"base"}}"#;
        let mut harness = Harness::with(120, 40, &[base]);
        harness.play("<down>e");
        let id = harness.app.form().unwrap().id().unwrap();
        harness.play(&mine.keys());
        let update = |harness: &Harness, made: &Made| {
            let body = made.body();
            harness.elsewhere(&async |service: &dyn ConnectionService| {
                service.update(&id.into(), crate::support::draft(&body), None).await.unwrap();
            });
        };
        update(&harness, &theirs);
        let mut theirs_version = version(&harness, id);
        if is_heard {
            hear(&mut harness, id);
        }
        harness.play("<ctrl-s>");
        let is_saved = harness.app.form().is_none();
        // The others save at any point of the edit.
        let again = again.filter(|_| !is_saved);
        if let Some(again) = &again {
            update(&harness, again);
            theirs_version = version(&harness, id);
            hear(&mut harness, id);
        }
        // Conflicts and the chosen sides.
        let mut chosen: Vec<(String, bool)> = Vec::new();
        for _ in 0..6 {
            if let Some(merge) = harness.app.dialogs.top::<MergeDialog>() {
                let labels: Vec<_> = merge.conflicts.iter().map(|one| one.label.clone()).collect();
                for (label, is_mine) in labels.into_iter().zip(&choices) {
                    harness.play(if *is_mine { "<left><down>" } else { "<right><down>" });
                    chosen.push((label, *is_mine));
                }
                harness.play("<enter>");
            } else if harness.app.form().is_some() {
                harness.play("<ctrl-s>");
            }
        }
        prop_assert!(harness.app.dialogs.is_empty(), "the merge does not end: {}", harness.frame());

        let now = harness.elsewhere(&async |service: &dyn ConnectionService| {
            service.get(&id.into()).await.unwrap()
        });
        let text = |value: Option<u8>| value.map_or("base".to_owned(), |value| format!("v{value}"));
        let expected = |of: fn(&Made) -> Option<u8>, label: &str| {
            let mut value = Value { was: "base".into(), is: text(of(&mine)) };
            let first = text(of(&theirs));
            let mut both = value.meets(&first);
            if let Some(again) = &again {
                let second = of(again).map_or(first.clone(), |_| text(of(again)));
                both = value.meets(&second);
                if both { value.was = second; }
            } else if both {
                value.was = first;
            }
            let choice = chosen.iter().rev().find(|(chosen, _)| chosen == label);
            assert_eq!(both, choice.is_some(), "{label} is asked about when both changed it");
            if choice.is_some_and(|(_, is_mine)| !is_mine) { value.was } else { value.is }
        };
        prop_assert_eq!(&now.item.name, &expected(|made| made.name, "Name"));
        prop_assert_eq!(&now.item.alias, &expected(|made| made.alias, "Alias"));
        let organization = now.settings.as_ref().and_then(|settings| settings.get("organization"));
        let Some(SettingValue::Text(organization)) = organization else {
            panic!("{organization:?}");
        };
        prop_assert_eq!(organization, &expected(|made| made.organization, "OpenAI Organization ID"));
        let is_off = mine.is_off || theirs.is_off || again.as_ref().is_some_and(|made| made.is_off);
        prop_assert_eq!(now.item.is_active, !is_off);
        let both_keys = mine.key && (theirs.key || again.as_ref().is_some_and(|made| made.key));
        prop_assert_eq!(chosen.iter().any(|(label, _)| label == "OpenAI API Key"), both_keys);
        let choice = chosen.iter().rev().find(|(label, _)| label == "OpenAI API Key");
        let is_mine = mine.key && choice.is_none_or(|(_, is_mine)| *is_mine);
        if now.item.version > theirs_version {
            prop_assert_eq!(saved_key(&harness, id, now.item.version), is_mine);
        } else {
            prop_assert!(!is_mine, "the chosen key was not saved");
        }
    }
}

fn version(harness: &Harness, id: uuid::Uuid) -> u64 {
    let got =
        harness.elsewhere(&async |service: &dyn ConnectionService| service.get(&id.into()).await);
    got.unwrap().item.version
}

/// Returns whether the last save wrote another key.
fn saved_key(harness: &Harness, id: uuid::Uuid, version: u64) -> bool {
    let versions = harness.elsewhere(&async |service: &dyn ConnectionService| {
        let window = umai::connection::PageRequest { skip: 0, take: 1 };
        service.versions(&id.into(), window).await.unwrap()
    });
    let newest = &versions.items[0];
    assert_eq!(newest.number(), version);
    newest
        .change
        .paths
        .iter()
        .any(|path| path == "settings.apiKey")
}

fn hear(harness: &mut Harness, id: uuid::Uuid) {
    use umai::search::TreeItem;
    use umai::tui::change_feed::FeedEvent;
    use umai::tui::tree::ItemChange;
    let item = harness
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&id.into()).await)
        .unwrap()
        .item;
    let news = ItemChange::Saved(TreeItem::new(&item, "openai".into()));
    harness.happens(Event::Feed(FeedEvent::Changes(vec![news])));
}
