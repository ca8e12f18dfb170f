//! Notes and corrections of a form while it is filled in.

use crate::support::harness::Harness;
use umai::tui::event::{Event, PastedText};
use umai::tui::form::field::FieldId;

fn text(harness: &Harness, target: &FieldId) -> String {
    let field = harness.app.form().unwrap().field(target).unwrap();
    field.line().unwrap().value().to_owned()
}

fn notice(harness: &Harness) -> String {
    let notice = harness.app.notices.current.as_ref();
    notice.map_or_else(String::new, |notice| notice.text.clone())
}

fn paste(text: &str) -> Event {
    Event::Paste(PastedText(text.to_owned().into()))
}

fn setting(key: &str) -> FieldId {
    FieldId::Setting(key.into())
}

#[test]
fn capitals_in_an_alias_become_lower_case() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>x<tab><ctrl-u>Claude-Team");
    assert_eq!(text(&harness, &FieldId::Alias), "claude-team");
}

#[test]
fn taken_alias_offers_a_free_one_that_right_takes() {
    let mut harness = Harness::three(120, 40);
    harness.play("nopenai<enter>Another<tab><ctrl-u>openai-prod");
    let frame = harness.frame();
    assert!(
        frame.contains("→ takes") && frame.contains("openai-prod-2"),
        "{frame}"
    );
    harness.play("<right>");
    assert_eq!(text(&harness, &FieldId::Alias), "openai-prod-2");
    let frame = harness.frame();
    assert!(frame.contains("✓ available"), "{frame}");
}

#[test]
fn text_undo_works_in_a_field_and_leaves_the_others() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>One two<ctrl-w><alt-z>");
    assert_eq!(text(&harness, &FieldId::Name), "One two");
    assert_eq!(text(&harness, &FieldId::Alias), "one-two");
}

#[test]
fn key_in_the_endpoint_is_named_at_once_and_f6_moves_it() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>A<tab><tab><tab><tab><tab><ctrl-u>");
    while harness.app.form().unwrap().fields[harness.app.form().unwrap().focus].id
        != setting("endpoint")
    {
        harness.play("<tab>");
    }
    harness.play("<ctrl-u>sk-proj-planted0123456789abcdef");
    let frame = harness.frame();
    assert!(
        frame.contains("This looks like an API key: F6 moves it to"),
        "{frame}"
    );
    assert!(!frame.contains("planted"), "{frame}");
    harness.play("<f6>");
    assert_eq!(text(&harness, &setting("endpoint")), "");
    assert!(text(&harness, &setting("apiKey")).ends_with("abcdef"));
}

#[test]
fn pasted_json_says_what_it_replaced() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>A");
    let form = |first: &str| {
        format!(r#"{{"providerId":"openai","settings":{{"organization":"{first}"}}}}"#)
    };
    harness.happens(paste(&form("org-1")));
    assert!(
        !notice(&harness).contains("replaced"),
        "{}",
        notice(&harness)
    );
    harness.happens(paste(&form("org-2")));
    assert!(
        notice(&harness).contains("replaced OpenAI Organization"),
        "{}",
        notice(&harness)
    );
}
