//! Stories: keys in, frames out, against the real service and against a server on a real socket, which must show the same. A
//! name is a promise, the line below it how it is kept.
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

/// Each story: its name, the stage it is played on, its keys.
macro_rules! stories {
    ($($name:ident: $stage:ident $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = Stage::$stage($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    an_empty_collection_says_what_to_press: empty 80 x 24, "";
    the_tree_shows_the_connections_as_its_children: three 120 x 40, "";
    a_connection_is_shown_beside_the_tree_with_its_secrets_masked: three 120 x 40, "<down><down><down>";
    n_offers_the_providers_with_their_capabilities: empty 80 x 24, "n";
    typing_narrows_the_providers: empty 80 x 24, "nopen";
    a_chosen_provider_opens_its_form_at_the_name: empty 120 x 40, "nopenai<enter>";
    the_alias_follows_the_name_and_is_free: empty 80 x 24, "nopenai<enter>Zoë's Straße 5";
    an_alias_typed_by_hand_stays: empty 80 x 24, "nopenai<enter>One<tab>-x<shift-tab> Two";
    a_taken_alias_names_who_has_it: three 80 x 24, "nopenai<enter>OpenAI Prod";
    a_typed_secret_is_masked_whatever_its_length: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>sk-1";
    ctrl_r_shows_the_secret_being_typed: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>sk-1<ctrl-r>";
    a_reference_is_shown_and_says_where_it_resolves: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>$OpenAI:ApiKey";
    a_reference_that_does_not_resolve_says_where_it_was_looked_for: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>$OpenAI:Missing";
    every_error_stands_at_its_field_and_the_focus_on_the_first: empty 80 x 24, "namazon<enter><ctrl-s>";
    a_rule_over_several_fields_is_told_at_one_of_them: empty 80 x 24, "nfoundry<enter>Foundry<tab><tab><tab>https://x.example<ctrl-s>";
    f8_goes_to_the_next_error: empty 80 x 24, "namazon<enter><ctrl-s><f8><f8>";
    a_saved_connection_appears_in_the_tree_selected: empty 120 x 40, "nopenai<enter>OpenAI Production<tab><tab><tab>$OpenAI:ApiKey<ctrl-s>";
    a_taken_alias_is_shown_at_its_field_and_what_was_typed_stays: three 80 x 24, "nopenai<enter>OpenAI Prod<tab><tab><tab>sk-new<ctrl-s>";
    a_service_error_stands_at_its_field: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>$Nothing:Here<ctrl-s>";
    the_groups_of_a_provider_are_headings: empty 80 x 40, "nmicrosoft<enter>Foundry<tab><tab><tab><tab>";
    a_stored_secret_is_not_loaded_into_the_form: three 80 x 24, "G<up>e<tab><tab>";
    a_stored_reference_is_shown_as_it_is: three 80 x 24, "<down><down>e<tab><tab><tab>";
    a_changed_name_is_saved_and_the_tree_follows: three 80 x 24, "<down>e<ctrl-w>Z<ctrl-s>";
    leaving_a_changed_form_asks: three 80 x 24, "<down>eX<esc>";
    keep_editing_keeps_what_was_typed: three 80 x 24, "<down>eX<esc><enter>";
    t_switches_at_once_and_offers_undo: three 80 x 24, "<down>t";
    u_takes_the_switch_back: three 80 x 24, "<down>tu";
    the_filter_finds_with_typing_mistakes: three 80 x 24, "/develpment";
    the_filter_knows_status_and_provider: three 80 x 24, "/status:inactive provider:openai";
    the_filter_says_when_nothing_fits: three 120 x 40, "/zzzz";
    a_kept_filter_stays_until_esc: three 80 x 24, "/anthropic<enter>";
    delete_asks_with_cancel_focused: three 80 x 24, "<down>D";
    what_is_deleted_leaves_the_tree_and_its_neighbour_is_selected: three 80 x 24, "<down>D<tab><enter>";
    the_tree_sorts_by_provider: three 120 x 40, "sp";
    a_closed_node_hides_its_children: three 80 x 24, "h";
    the_help_shows_the_keys_of_this_place_first: three 80 x 24, "?";
    the_palette_finds_an_action_by_its_words: three 80 x 24, ":dele";
    in_one_pane_the_tree_is_the_screen: three 40 x 10, "";
    in_one_pane_the_form_is_the_screen: empty 40 x 10, "nopenai<enter>";
    in_one_pane_tab_shows_the_detail: three 40 x 10, "<down><tab>";
    at_60_columns_tree_and_detail_stand_side_by_side: three 60 x 16, "<down>";
    a_dialog_fits_into_40_columns: three 40 x 10, "<down>D";
    a_screen_too_small_says_so: three 19 x 4, "";
}

#[test]
fn a_secret_that_is_shown_hides_again_by_itself() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-r>");
    assert!(stage.frame().contains("sk-planted"));
    stage.time_passes();
    assert!(!stage.frame().contains("sk-planted"));
}

#[test]
fn a_secret_that_is_shown_hides_when_the_app_is_suspended() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-r><ctrl-z>");
    assert!(!stage.frame().contains("sk-planted"));
    stage.play("<ctrl-r>");
    assert!(stage.frame().contains("sk-planted"));
    stage.happens(umai::tui::event::Event::Resumed);
    assert!(!stage.frame().contains("sk-planted"));
}

#[test]
fn a_secret_that_is_shown_hides_when_the_focus_leaves() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-r><tab>");
    assert!(!stage.frame().contains("sk-planted"));
}

#[test]
fn a_notice_goes_away_by_itself() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>t");
    assert!(stage.frame().contains("is inactive"));
    stage.time_passes();
    assert!(!stage.frame().contains("is inactive"));
}

#[test]
fn a_paste_is_trimmed_and_never_submits() {
    let mut stage = Stage::empty(80, 24);
    stage.play("nopenai<enter>A<tab><tab><tab><paste:  sk-planted\r\n><ctrl-r>");
    let frame = stage.frame();
    assert!(frame.contains("sk-planted"), "{frame}");
    assert!(
        frame.contains("Removed white space around the key"),
        "{frame}"
    );
    assert!(frame.contains("Create Connection"), "{frame}");
}

#[test]
fn a_paste_that_is_too_long_is_left_out_and_said_so() {
    let mut stage = Stage::empty(80, 24);
    stage.play(&format!("nopenai<enter><paste:{}>", "x".repeat(70_000)));
    assert!(stage.frame().contains("64 KiB"));
    assert!(stage.frame().contains("nter connection name"));
}

#[test]
fn no_frame_of_an_edit_has_a_stored_secret() {
    let mut stage = Stage::three(120, 40);
    for key in [
        "<down>", "e", "<tab>", "<tab>", "<tab>", "<ctrl-r>", "<ctrl-s>", "<esc>",
    ] {
        stage.play(key);
        assert!(!stage.frame().contains("planted"));
    }
}

#[test]
fn an_untouched_secret_is_kept_and_a_cleared_one_is_refused_when_it_is_required() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>eX<ctrl-s>");
    assert!(stage.frame().contains("Saved"), "{}", stage.frame());
    stage.play("e<tab><tab><tab><ctrl-x><ctrl-s>");
    assert!(
        stage.frame().contains("This field is required"),
        "{}",
        stage.frame()
    );
}

#[rstest::rstest]
#[case("capabilities", "Alias 'capabilities' is reserved")]
#[case("3fa85f64-5717-4562-b3fc-2c963f66afa6", "is reserved")]
#[case("aB c!", "Alias can only contain lowercase")]
fn an_alias_that_a_save_would_refuse_is_told_while_it_is_typed(
    #[case] alias: &str,
    #[case] sentence: &str,
) {
    let mut stage = Stage::empty(120, 40);
    stage.play(&format!("nopenai<enter>A<tab><ctrl-u>{alias}"));
    let frame = stage.frame();
    assert!(frame.contains(sentence), "{frame}");
    assert!(!frame.contains("✓ free"), "{frame}");
    stage.play("<ctrl-u>fine");
    assert!(stage.frame().contains("✓ free"), "{}", stage.frame());
}

#[rstest::rstest]
#[case("https://x.example", "https://x.example")]
#[case("<paste:https://x.example>", "https://x.example")]
#[case("<end>/x", "https://api.openai.com/v1/x")]
#[case("<backspace>2", "https://api.openai.com/v2")]
#[case("<home>x", "xhttps://api.openai.com/v1")]
#[case("<paste: >", "https://api.openai.com/v1")]
#[case("<ctrl-u>https://x.example<tab><shift-tab>/y", "https://x.example/y")]
fn the_first_thing_typed_replaces_an_untouched_default(#[case] keys: &str, #[case] said: &str) {
    let mut stage = Stage::empty(120, 40);
    stage.play("nopenai<enter><up>");
    assert!(stage.frame().contains(" default"), "{}", stage.frame());
    stage.play(keys);
    let form = stage.app.form().unwrap();
    assert_eq!(form.fields[form.focus].line().unwrap().value(), said);
}

#[test]
fn an_empty_filter_shows_nothing_of_the_title_it_replaces() {
    let mut stage = Stage::three(80, 24);
    stage.play("/");
    let frame = stage.frame();
    let top = frame.lines().nth(1).unwrap();
    assert!(top.starts_with("╭─ / ▏name, alias, status:"), "{top}");
    assert!(!top.contains("umai"), "{top}");
}

#[test]
fn a_notice_over_the_hints_leaves_the_number_of_errors() {
    let mut stage = Stage::empty(40, 10);
    stage.play("nopenai<enter><ctrl-s><tab><tab><tab><paste: sk-1 >");
    let frame = stage.frame();
    let last = frame.lines().last().unwrap();
    assert!(last.starts_with(" 2 errors ℹ Removed white"), "{frame}");
}

#[rstest::rstest]
#[case("G", "g")]
#[case("<end>", "<home>")]
#[case("<ctrl-end>", "<ctrl-home>")]
fn the_help_goes_to_its_end_and_back(#[case] end: &str, #[case] home: &str) {
    let mut stage = Stage::three(80, 24);
    stage.play("?");
    let first = stage.frame();
    stage.play(end);
    assert!(stage.frame().contains("Quit immediately"), "{}", stage.frame());
    stage.play(home);
    assert_eq!(stage.frame(), first);
    stage.play("?");
    assert!(
        stage.app.layers.is_empty(),
        "the key that opens it closes it"
    );
}

#[rstest::rstest]
fn no_line_of_the_help_is_cut(#[values(40, 60, 80, 100, 120)] width: u16) {
    let mut stage = Stage::three(width, 200);
    stage.play("?");
    let frame = stage.frame();
    assert!(!frame.contains('…'), "{frame}");
}

#[test]
fn changing_the_alias_of_a_stored_connection_says_what_follows() {
    let mut stage = Stage::three(120, 40);
    let note = "Scripts that use the old alias will not find it";
    stage.play("<down>e<tab>");
    assert!(!stage.frame().contains(note), "{}", stage.frame());
    stage.play("-2");
    assert!(stage.frame().contains(note), "{}", stage.frame());
    stage.play("<backspace><backspace>");
    assert!(!stage.frame().contains(note), "{}", stage.frame());
}

#[test]
fn a_stray_key_on_a_stored_secret_can_be_taken_back() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>e<tab><tab><tab>x<backspace>");
    assert!(stage.frame().contains("k-*** stored"), "{}", stage.frame());
    assert!(!stage.app.form().unwrap().is_changed());
    stage.play("<ctrl-s>");
    assert!(stage.frame().contains("Saved"), "{}", stage.frame());
}

#[test]
fn a_cleared_stored_secret_says_so_and_can_be_taken_back() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>e<tab><tab><tab><ctrl-x>");
    let frame = stage.frame();
    assert!(frame.contains("k-*** will be removed"), "{frame}");
    for taken_back in ["<ctrl-x>", "<ctrl-x>x<backspace>"] {
        stage.play(taken_back);
        assert!(stage.frame().contains("k-*** stored"), "{}", stage.frame());
        assert!(!stage.app.form().unwrap().is_changed());
    }
}

#[test]
fn an_endpoint_that_moved_asks_for_the_key_again() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>e<tab><tab><tab><tab><ctrl-u>https://elsewhere.example<ctrl-s>");
    let frame = stage.frame();
    assert!(frame.contains("type it again"), "{frame}");
    stage.play("sk-again<ctrl-s>");
    assert!(stage.frame().contains("Saved"), "{}", stage.frame());
}

#[test]
fn a_change_that_somebody_else_overtook_is_taken_in_and_told_and_nothing_typed_is_lost() {
    let mut stage = Stage::three(80, 24);
    stage.play("<down>eX");
    let key = "anthropic-team-a".parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn umai::connection::ConnectionService| {
            service.set_active(&key, false).await
        })
        .unwrap();
    stage.play("<ctrl-s>");
    let frame = stage.frame();
    assert!(
        frame.contains("Taken in from elsewhere (v2): Status"),
        "{frame}"
    );
    assert!(frame.contains("Anthropic Team AX"), "{frame}");
    assert!(frame.contains("○ Inactive"), "{frame}");
    stage.play("<ctrl-s>");
    let frame = stage.frame();
    assert!(frame.contains("Saved \"Anthropic Team AX\""), "{frame}");
}

/// The rows of the contract's table of refusals that a form can say: what is typed, and the sentence at its field.
#[rstest::rstest]
#[case("<ctrl-s>", "This field is required")]
#[case("<space><space><ctrl-s>", "This field is required")]
#[case("A<tab><ctrl-u><ctrl-s>", "This field is required")]
#[case(
    "A<tab>Bad Alias<ctrl-s>",
    "Alias can only contain lowercase letters, numbers, and hyphens"
)]
#[case(
    "A<tab><ctrl-u>capabilities<ctrl-s>",
    "Alias 'capabilities' is reserved"
)]
#[case(
    "A<tab><ctrl-u>3fa85f64-5717-4562-b3fc-2c963f66afa6<ctrl-s>",
    "is reserved"
)]
#[case(
    "A<tab><ctrl-u>openai-prod<tab><tab>sk-1<ctrl-s>",
    "An item with this alias already exists (\"OpenAI"
)]
#[case("A<tab><tab><tab><ctrl-s>", "This field is required")]
#[case("A<tab><tab><tab>sk-***<ctrl-s>", "is a masked text, not a key")]
#[case("A<tab><tab><tab>********<ctrl-s>", "is a masked text, not a key")]
#[case(
    "A<tab><tab><tab>$Not:There<ctrl-s>",
    "Configuration key 'Not:There' not found"
)]
#[case(
    "A<tab><tab><tab>$not a reference<ctrl-s>",
    "begins with $ but is not a reference"
)]
#[case(
    "A<tab><tab><tab>sk-1<tab><tab><ctrl-u>ftp://x<ctrl-s>",
    "must be an address that begins with http:// or"
)]
#[case(
    "A<tab><tab><tab>sk-1<tab><tab><ctrl-u>https://me:pw@x.example<ctrl-s>",
    "must not carry a user name or password"
)]
fn what_is_refused_says_why_at_its_field_and_stays(#[case] keys: &str, #[case] sentence: &str) {
    let mut stage = Stage::three(140, 50);
    stage
        .play("nopenai<down><enter>")
        .play("<esc>")
        .play("n<down><down><down><down><enter>");
    stage.play(keys);
    let frame = stage.frame();
    let flat: String = frame
        .lines()
        .map(|line| line.rsplit('│').nth(1).unwrap_or("").trim())
        .collect::<Vec<_>>()
        .join(" ");
    assert!(flat.contains(sentence), "{sentence} is not in\n{frame}");
    assert!(frame.contains("Create Connection"), "{frame}");
    assert!(frame.contains("error"), "{frame}");
    if keys.starts_with('A') {
        assert!(frame.contains("Name *"), "{frame}");
    }
}

#[rstest::rstest]
#[case(256, "Must not exceed 255 characters")]
fn a_name_that_is_too_long_says_how_long_it_may_be(#[case] length: usize, #[case] sentence: &str) {
    let mut stage = Stage::empty(140, 50);
    stage.play(&format!("nopenai<enter>{}<ctrl-s>", "x".repeat(length)));
    assert!(stage.frame().contains(sentence), "{}", stage.frame());
}

#[test]
fn an_alias_that_is_too_long_says_how_long_it_may_be() {
    let mut stage = Stage::empty(140, 50);
    stage.play(&format!(
        "nopenai<enter>A<tab><ctrl-u>{}<ctrl-s>",
        "x".repeat(101)
    ));
    assert!(
        stage.frame().contains("Must not exceed 100 characters"),
        "{}",
        stage.frame()
    );
}

#[rstest::rstest]
#[case("A<tab><ctrl-u>aB c!<tab><tab>$Nope:Key<ctrl-s>", 1, 3)]
#[case("OpenAI Prod<ctrl-s>", 1, 3)]
fn a_refused_save_counts_what_was_found_while_typing_too(
    #[case] keys: &str,
    #[case] first: usize,
    #[case] second: usize,
) {
    let mut stage = Stage::three(80, 24);
    stage.play("nopenai<enter>").play(keys);
    assert!(stage.frame().contains(" 2 errors "), "{}", stage.frame());
    let mut visited = vec![stage.app.form().unwrap().focus];
    stage.play("<f8>");
    visited.push(stage.app.form().unwrap().focus);
    visited.sort_unstable();
    assert_eq!(visited, [first, second]);
}

#[test]
fn every_theme_shows_the_same_words() {
    let mut frames = umai::tui::theme::ThemeName::ALL.map(|theme| {
        let mut stage = Stage::three(80, 24);
        stage.theme = theme;
        stage.play("<down>e");
        stage.frame()
    });
    frames.sort();
    assert_eq!(frames[0], frames[2]);
}

#[test]
fn mono_draws_no_colour() {
    let mut stage = Stage::three(120, 40);
    stage.theme = umai::tui::theme::ThemeName::Mono;
    for keys in [
        "<down>", "t", "e", "<ctrl-s>", "n", "<ctrl-s>", "<esc>", "?", "<esc>", "D",
    ] {
        stage.play(keys);
        let (buffer, _) = stage.buffer();
        for cell in &buffer.content {
            assert_eq!((cell.fg, cell.bg), Default::default());
        }
    }
}
