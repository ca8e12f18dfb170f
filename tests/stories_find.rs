//! Stories of finding: sorting, grouping, filtering, the palette, messages, copying.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use stage::twice::Twice as Stage;
use umai::tui::action::{ACTIONS, Action, Context};
use umai::tui::effect::Effect;
use umai::tui::event::Event;
use umai::tui::layer::Layer;
use umai::tui::tree::Column;

/// Connections of three providers, of which some say where they call.
fn five(width: u16, height: u16) -> Stage {
    Stage::with(
        width,
        height,
        &[
            stage::THREE[0],
            stage::THREE[1],
            stage::THREE[2],
            r#"{"alias":"bedrock-eu","name":"Bedrock","providerId":"amazon","settings":{"region":"eu-central-1","accessKeyId":"AKIAPLANTED","secretAccessKey":"planted"}}"#,
            r#"{"alias":"openai-proxy","name":"Through the proxy","providerId":"openai","settings":{"apiKey":"sk-planted","endpoint":"https://proxy.example:8443/v1"}}"#,
        ],
    )
}

/// Several things were said, the last one longer than a line.
fn talkative(width: u16, height: u16) -> Stage {
    let mut stage = five(width, height);
    stage.play("sa");
    stage.turn(61);
    stage.play("p").play("p");
    stage.turn(3_600);
    stage.happens(Event::Noticed(vec![
        "The certificate of https://umai.example ends in three days; make another one with umai serve --renew, or name one of your own".into(),
    ]));
    stage
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
    the_key_that_sorts_says_in_the_footer_what_comes_next: five, 120 x 40, "s";
    the_key_that_sorts_in_one_pane: five, 40 x 10, "s";
    by_modified_the_title_says_which_end_comes_first: five, 120 x 40, "sm";
    beside_a_detail_the_tree_says_what_it_is_sorted_by: five, 80 x 24, "sa<end>";
    connections_stand_below_their_providers: five, 120 x 40, "p";
    below_a_provider_the_way_there_says_so: five, 80 x 24, "p<down><right>";
    a_closed_provider_keeps_its_count: five, 80 x 24, "p<down><left><down><down>";
    grouped_in_one_pane: five, 40 x 10, "p<down><down>";
    grouped_and_filtered: five, 80 x 24, "p/proxy";
    an_empty_filter_names_its_terms: five, 120 x 40, "/";
    an_empty_filter_in_one_pane: five, 40 x 10, "/";
    an_unknown_status_is_said: five, 80 x 24, "/status:foo";
    an_unknown_term_is_said_in_one_pane: five, 40 x 10, "/state:on";
    the_region_is_found: five, 80 x 24, "/eu-central";
    the_endpoint_is_found: five, 80 x 24, "/endpoint:proxy.example<enter>";
    the_palette_names_what_is_for_another_place: five, 120 x 40, ":save";
    the_palette_says_where_an_action_is_when_it_is_not_here: five, 80 x 24, ":save<enter>";
    the_palette_offers_connections_under_the_actions: five, 80 x 24, ":open";
    the_palette_offers_connections_in_one_pane: five, 40 x 10, ":proxy";
    the_palette_goes_to_a_connection: five, 80 x 24, ":proxy<enter>";
    the_palette_finds_with_typing_mistakes: five, 80 x 24, ":hsitory";
    the_palette_knows_both_keys: five, 80 x 24, ":sort by";
    what_was_said_can_be_read_again: talkative, 120 x 40, "M";
    what_was_said_in_two_panes: talkative, 80 x 24, "M";
    what_was_said_in_one_pane: talkative, 40 x 10, "M<down>";
    nothing_was_said_yet: five, 80 x 24, "M";
    a_notice_that_is_cut_says_where_the_rest_is: talkative, 80 x 24, "";
    what_can_be_copied_is_in_the_footer: five, 120 x 40, "<end>y";
    a_copy_says_that_nobody_answers: five, 80 x 24, "<end>yu";
    a_copy_says_so_in_one_pane: five, 40 x 10, "<end>yu";
    what_must_not_be_is_left_out: five, 80 x 24, "/openai -status:inactive -proxy<enter>";
}

#[test]
fn the_palette_has_every_action_wherever_it_is_opened_and_runs_only_what_can_be_done_there() {
    for (keys, place) in [
        ("", Context::Tree),
        ("n<enter>", Context::Form),
        ("X", Context::Trash),
        ("2<tab>", Context::Tree),
    ] {
        let mut stage = five(120, 40);
        stage.play(&format!("{keys}<ctrl-p>"));
        let Some(Layer::Palette(palette)) = stage.app.layers.last() else {
            panic!("the palette was expected over {place:?}");
        };
        assert_eq!(palette.place, place);
        let offered: Vec<_> = palette.actions();
        for entry in ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
        {
            let offered = offered.iter().find(|offered| offered.entry.id == entry.id);
            let offered = offered.unwrap_or_else(|| panic!("{} is missing in {place:?}", entry.id));
            let keys = palette.keys(*offered, &stage.app.keymap);
            assert!(!keys.is_empty(), "{} has no key in {place:?}", entry.id);
        }
    }
}

#[test]
fn the_palette_does_what_two_keys_do() {
    let mut stage = five(120, 40);
    stage.play("<end>:sort by ali<enter>");
    assert_eq!(stage.app.tree.sort().column, Column::Alias);
    stage.play(":copy id<enter>");
    assert!(matches!(stage.effects.last(), Some(Effect::Copy(_))));
    assert!(stage.app.layers.is_empty());
}

#[test]
fn a_connection_that_the_filter_hides_is_gone_to_all_the_same() {
    let mut stage = five(80, 24);
    stage.play("/status:inactive<enter>:through the<enter>");
    assert_eq!(
        stage.app.tree.selected_item().unwrap().alias(),
        "openai-proxy"
    );
    assert!(stage.app.tree.filter().is_none());
}

#[test]
fn over_a_form_no_connection_is_offered() {
    let mut stage = five(80, 24);
    stage.play("nopenai<enter>x<ctrl-p>proxy");
    let Some(Layer::Palette(palette)) = stage.app.layers.last() else {
        panic!("the palette was expected");
    };
    assert_eq!(palette.count(&stage.app.tree), 0);
    stage.play("<enter><esc>");
    assert_eq!(stage.app.form().unwrap().name(), "x");
}

#[test]
fn what_was_said_is_read_over_a_form_too_and_nothing_typed_is_lost() {
    let mut stage = five(80, 24);
    stage.play("nopenai<enter>Mine<ctrl-s><alt-m>");
    assert!(matches!(stage.app.layers.last(), Some(Layer::Messages(_))));
    stage.play("<alt-m>");
    assert_eq!(stage.app.form().unwrap().name(), "Mine");
}

#[test]
fn what_is_switched_takes_its_place_in_an_order_by_status_and_stays_selected() {
    let mut stage = five(80, 24);
    stage.play("ss<home><down><down><down>");
    let first = stage.app.tree.selected_item().unwrap().id;
    assert_eq!(stage.app.tree.selected_at(), Some(0));
    stage.play("t");
    assert_eq!(stage.app.tree.selected_item().unwrap().id, first);
    assert_eq!(
        stage.app.tree.selected_at(),
        Some(3),
        "the first of the inactive by name"
    );
    stage.play("u");
    assert_eq!(stage.app.tree.selected_at(), Some(0));
    stage.frame();
}

#[test]
fn what_is_switched_goes_out_of_a_filter_that_asks_for_the_other() {
    let mut stage = five(80, 24);
    stage.play("/status:active<enter><home><down><down><down>t");
    assert_eq!(stage.app.tree.shown_len(), 3);
    let shown = (0..3).filter_map(|at| stage.app.tree.shown(at));
    assert!(shown.into_iter().all(|item| item.is_active));
    stage.frame();
}
