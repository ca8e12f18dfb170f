//! Sorting, grouping, filtering, palette, message log and copying.

use crate::support::every_target::EveryTarget as Harness;
use umai::search::Column;
use umai::tui::action::{ACTIONS, Action, KeyContext};
use umai::tui::dialogs::messages::MessagesDialog;
use umai::tui::dialogs::palette::PaletteDialog;
use umai::tui::effect::Effect;
use umai::tui::event::Event;

/// Creates a stage with five connections of three providers, some with endpoints.
fn five(width: u16, height: u16) -> Harness {
    Harness::with(
        width,
        height,
        &[
            crate::support::harness::THREE[0],
            crate::support::harness::THREE[1],
            crate::support::harness::THREE[2],
            r#"{"alias":"bedrock-eu","name":"Bedrock","providerId":"amazon","settings":{"region":"eu-central-1","accessKeyId":"AKIAPLANTED","secretAccessKey":"planted"}}"#,
            r#"{"alias":"openai-proxy","name":"Through the proxy","providerId":"openai","settings":{"apiKey":"sk-planted","endpoint":"https://proxy.example:8443/v1"}}"#,
        ],
    )
}

/// Creates a stage with several notices, the last one longer than a line.
fn talkative(width: u16, height: u16) -> Harness {
    let mut harness = five(width, height);
    harness.play("sa");
    harness.turn(61);
    harness.play("p").play("p");
    harness.turn(3_600);
    harness.happens(Event::Notices(vec![
        "The certificate of https://umai.example ends in three days; renew it with umai serve --renew, or provide your own".into(),
    ]));
    harness
}

macro_rules! stories {
    ($($name:ident: $stage:expr, $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = $stage($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    sort_menu_at_120x40: five, 120 x 40, "s";
    sort_menu_in_one_pane: five, 40 x 10, "s";
    column_title_shows_the_sort_direction: five, 120 x 40, "sm";
    tree_border_shows_the_sort_order: five, 80 x 24, "sa<end>";
    grouped_by_provider: five, 120 x 40, "p";
    breadcrumb_shows_the_provider: five, 80 x 24, "p<down><right>";
    collapsed_provider_shows_its_count: five, 80 x 24, "p<down><left><down><down>";
    grouped_in_one_pane: five, 40 x 10, "p<down><down>";
    grouped_and_filtered: five, 80 x 24, "p/proxy";
    filter_lists_the_values_of_a_field: five, 80 x 24, "/st<tab>";
    filter_without_match_suggests_a_status: five, 80 x 24, "/failing";
    palette_filters_by_status: five, 80 x 24, ":inactive";
    empty_filter_shows_field_names: five, 120 x 40, "/";
    empty_filter_in_one_pane: five, 40 x 10, "/";
    unknown_status_in_filter: five, 80 x 24, "/status:foo";
    unknown_filter_field_in_one_pane: five, 40 x 10, "/state:on";
    filter_by_region: five, 80 x 24, "/eu-central";
    filter_by_endpoint: five, 80 x 24, "/endpoint:proxy.example<enter>";
    palette_shows_the_context_of_other_actions: five, 120 x 40, ":save";
    palette_explains_unavailable_action: five, 80 x 24, ":save<enter>";
    palette_lists_connections_below_actions: five, 80 x 24, ":open";
    palette_lists_connections_in_one_pane: five, 40 x 10, ":proxy";
    palette_selects_a_connection: five, 80 x 24, ":proxy<enter>";
    palette_tolerates_typing_mistakes: five, 80 x 24, ":hsitory";
    palette_shows_both_keys_of_a_menu_action: five, 80 x 24, ":sort by";
    message_log_at_120x40: talkative, 120 x 40, "M";
    message_log_at_80x24: talkative, 80 x 24, "M";
    message_log_in_one_pane: talkative, 40 x 10, "M<down>";
    empty_message_log: five, 80 x 24, "M";
    cut_notice_shows_the_message_log_key: talkative, 80 x 24, "";
    copy_menu_in_the_footer: five, 120 x 40, "<end>y";
    copy_notice_at_80x24: five, 80 x 24, "<end>yu";
    copy_notice_in_one_pane: five, 40 x 10, "<end>yu";
    filter_with_exclusions: five, 80 x 24, "/openai -status:inactive -proxy<enter>";
}

#[test]
fn palette_lists_all_actions_and_runs_available_ones() {
    for (keys, place) in [
        ("", KeyContext::Tree),
        ("n<enter>", KeyContext::Form),
        ("X", KeyContext::Trash),
        ("2<tab>", KeyContext::Tree),
    ] {
        let mut harness = five(120, 40);
        harness.play(&format!("{keys}<ctrl-p>"));
        let Some(palette) = harness.app.dialogs.top::<PaletteDialog>() else {
            panic!("the palette was expected over {place:?}");
        };
        assert_eq!(palette.context, place);
        let offered: Vec<_> = palette.actions();
        for entry in ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
        {
            let offered = offered.iter().find(|offered| offered.entry.id == entry.id);
            let offered = offered.unwrap_or_else(|| panic!("{} is missing in {place:?}", entry.id));
            let keys = palette.keys(*offered, &harness.app.keymap);
            assert!(!keys.is_empty(), "{} has no key in {place:?}", entry.id);
        }
    }
}

#[test]
fn palette_runs_menu_actions() {
    let mut harness = five(120, 40);
    harness.play("<end>:sort by ali<enter>");
    assert_eq!(harness.app.tree.sort().column, Column::Alias);
    harness.play(":copy id<enter>");
    assert!(matches!(
        harness.effects.last(),
        Some(Effect::CopyToClipboard(_))
    ));
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn palette_selects_a_connection_hidden_by_the_filter() {
    let mut harness = five(80, 24);
    harness.play("/status:inactive<enter>:through the<enter>");
    assert_eq!(
        harness.app.tree.selected_item().unwrap().alias(),
        "openai-proxy"
    );
    assert!(harness.app.tree.filter().is_none());
}

#[test]
fn palette_over_a_form_lists_no_connections() {
    let mut harness = five(80, 24);
    harness.play("nopenai<enter>x<ctrl-p>proxy");
    let Some(palette) = harness.app.dialogs.top::<PaletteDialog>() else {
        panic!("the palette was expected");
    };
    assert!(palette.actions().is_empty() && !palette.lists_connections());
    harness.play("<enter><esc>");
    assert_eq!(harness.app.form().unwrap().name(), "x");
}

#[test]
fn message_log_over_a_form_keeps_input() {
    let mut harness = five(80, 24);
    harness.play("nopenai<enter>Mine<ctrl-s><alt-m>");
    assert!(harness.app.dialogs.is_on::<MessagesDialog>());
    harness.play("<alt-m>");
    assert_eq!(harness.app.form().unwrap().name(), "Mine");
}

#[test]
fn toggled_connection_moves_in_status_order_and_stays_selected() {
    let mut harness = five(80, 24);
    harness.play("ss<home><down><down><down>");
    let first = harness.app.tree.selected_item().unwrap().id;
    assert_eq!(harness.app.tree.selected_at(), Some(0));
    harness.play("t");
    assert_eq!(harness.app.tree.selected_item().unwrap().id, first);
    assert_eq!(
        harness.app.tree.selected_at(),
        Some(3),
        "the first of the inactive by name"
    );
    harness.play("u");
    assert_eq!(harness.app.tree.selected_at(), Some(0));
    harness.frame();
}

#[test]
fn toggled_connection_leaves_a_status_filter() {
    let mut harness = five(80, 24);
    harness.play("/status:active<enter><home><down><down><down>t");
    assert_eq!(harness.app.tree.shown_len(), 3);
    let shown = (0..3).filter_map(|at| harness.app.tree.visible_at(at));
    assert!(shown.into_iter().all(|item| item.is_active));
    harness.frame();
}

fn filter_text(harness: &Harness) -> &str {
    harness
        .app
        .tree
        .filter()
        .map_or("", |filter| filter.line.value())
}

fn notice(harness: &Harness) -> &str {
    let notice = harness.app.notices.current.as_ref();
    notice.map_or("", |notice| notice.text.as_str())
}

#[test]
fn tab_completes_the_filter_and_goes_through_its_values() {
    let mut harness = five(80, 24);
    harness.play("/prov<tab>am<tab>");
    assert_eq!(filter_text(&harness), "provider:amazon");
    assert_eq!(harness.app.tree.shown_len(), 1);
    harness.play(" st<tab><tab><tab>");
    assert_eq!(filter_text(&harness), "provider:amazon status:inactive");
    harness.play("<esc>/proxy<tab>");
    assert_eq!(filter_text(&harness), "proxy");
    assert!(
        !harness.app.tree.filter().unwrap().is_typing,
        "Tab left the filter"
    );
}

#[test]
fn filter_of_the_tree_stays_there_without_a_match() {
    let mut harness = five(120, 30);
    harness.play("<down><down><down>/openai");
    let line = |harness: &Harness| {
        let frame = harness.frame();
        let row = frame.lines().find(|row| row.contains("/ openai")).unwrap();
        row.split("/ openai").next().unwrap().chars().count()
    };
    let before = line(&harness);
    harness.play("zzz");
    assert_eq!(harness.app.tree.shown_len(), 0);
    assert_eq!(line(&harness), before);
    assert!(harness.frame().contains("No match for the filter"));
    harness.play("<backspace><backspace><backspace>");
    assert_eq!(line(&harness), before);
    assert!(harness.app.tree.shown_len() > 0);
}

#[test]
fn filter_with_an_error_marks_nothing() {
    let mut harness = five(80, 24);
    harness.play("/status:x<enter><ctrl-a>");
    assert_eq!(harness.app.tree.marked_len(), 0);
    assert_eq!(
        notice(&harness),
        "status: must be active, inactive, failing or untested, not 'x'. Correct the filter"
    );
    harness.play("<end><backspace>in<enter><ctrl-a>");
    assert_eq!(harness.app.tree.marked_len(), 1);
}

#[test]
fn removal_of_a_filter_is_reported() {
    let mut harness = five(80, 24);
    harness.play("/through<enter><home><down><down><down>e<ctrl-u>Other<ctrl-s>");
    assert!(harness.app.tree.filter().is_none());
    assert_eq!(
        notice(&harness),
        "Saved \"Other\". Filter removed: it would hide this connection"
    );
}

#[test]
fn palette_applies_a_status_filter() {
    let mut harness = five(80, 24);
    harness.play(":show inactive<enter>");
    assert_eq!(filter_text(&harness), "status:inactive");
    assert_eq!(harness.app.tree.shown_len(), 1);
}
