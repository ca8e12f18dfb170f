//! Keys in, frames out, against the local service and against a server on a real socket; both must show the same.

use crate::support::every_target::EveryTarget as Harness;
use umai::tui::tabs::Tab;

/// Snapshot tests: name, stage, size and keys.
macro_rules! stories {
    ($($name:ident: $stage:ident $width:literal x $height:literal, $keys:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let mut stage = Harness::$stage($width, $height);
                stage.play($keys);
                insta::assert_snapshot!(stage.frame());
            }
        )*
    };
}

stories! {
    empty_list_shows_the_create_key: empty 80 x 24, "";
    tree_shows_connections: three 120 x 40, "";
    detail_masks_secrets: three 120 x 40, "<down><down><down>";
    provider_picker_shows_capabilities: empty 80 x 24, "n";
    typing_filters_providers: empty 80 x 24, "nopen";
    chosen_provider_opens_a_form_at_the_name: empty 120 x 40, "nopenai<enter>";
    alias_follows_the_name_and_is_available: empty 80 x 24, "nopenai<enter>Zoë's Straße 5";
    edited_alias_stays: empty 80 x 24, "nopenai<enter>One<tab>-x<shift-tab> Two";
    used_alias_names_its_connection: three 80 x 24, "nopenai<enter>OpenAI Prod";
    typed_secret_is_masked_at_any_length: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>sk-1";
    ctrl_r_reveals_the_typed_secret: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>sk-1<ctrl-r>";
    reference_shows_its_source: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>$OpenAI:ApiKey";
    unresolved_reference_shows_the_searched_sources: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>$OpenAI:Missing";
    errors_are_at_their_fields_and_the_first_has_focus: empty 80 x 24, "namazon<enter><ctrl-s>";
    rule_over_several_fields_is_reported_at_one_field: empty 80 x 24, "nfoundry<enter>Foundry<tab><tab><tab>https://x.example<ctrl-s>";
    f8_goes_to_the_next_error: empty 80 x 24, "namazon<enter><ctrl-s><f8><f8>";
    saved_connection_is_selected_in_the_tree: empty 120 x 40, "nopenai<enter>OpenAI Production<tab><tab><tab>$OpenAI:ApiKey<ctrl-s>";
    used_alias_is_reported_at_its_field_and_input_stays: three 80 x 24, "nopenai<enter>OpenAI Prod<tab><tab><tab>sk-new<ctrl-s>";
    service_error_is_shown_at_its_field: empty 80 x 24, "nopenai<enter>A<tab><tab><tab>$Nothing:Here<ctrl-s>";
    provider_field_groups_are_headings: empty 80 x 40, "nmicrosoft<enter>Foundry<tab><tab><tab><tab>";
    stored_secret_is_not_loaded_into_the_form: three 80 x 24, "G<up>e<tab><tab>";
    stored_reference_is_shown_unmasked: three 80 x 24, "<down><down>e<tab><tab><tab>";
    saved_name_change_updates_the_tree: three 80 x 24, "<down>e<ctrl-w>Z<ctrl-s>";
    leaving_a_changed_form_prompts: three 80 x 24, "<down>eX<esc>";
    keep_editing_keeps_input: three 80 x 24, "<down>eX<esc><enter>";
    t_toggles_and_offers_undo: three 80 x 24, "<down>t";
    u_undoes_a_toggle: three 80 x 24, "<down>tu";
    filter_tolerates_typing_mistakes: three 80 x 24, "/develpment";
    filter_by_status_and_provider: three 80 x 24, "/status:inactive provider:openai";
    filter_without_match: three 120 x 40, "/zzzz";
    accepted_filter_stays_until_esc: three 80 x 24, "/anthropic<enter>";
    delete_prompt_focuses_cancel: three 80 x 24, "<down>D";
    delete_selects_the_neighbour: three 80 x 24, "<down>D<tab><enter>";
    tree_sorted_by_provider: three 120 x 40, "sp";
    collapsed_node_hides_its_children: three 80 x 24, "h";
    help_shows_the_current_context_first: three 80 x 24, "?";
    palette_finds_an_action_by_words: three 80 x 24, ":dele";
    tree_in_one_pane: three 40 x 10, "";
    form_in_one_pane: empty 40 x 10, "nopenai<enter>";
    detail_in_one_pane: three 40 x 10, "<down><tab>";
    tree_and_detail_at_60_columns: three 60 x 16, "<down>";
    dialog_at_40_columns: three 40 x 10, "<down>D";
    too_small_screen: three 19 x 4, "";
}

#[test]
fn revealed_secret_hides_after_a_timeout() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-r>");
    assert!(harness.frame().contains("sk-planted"));
    harness.time_passes();
    assert!(!harness.frame().contains("sk-planted"));
}

#[test]
fn revealed_secret_hides_on_suspend() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-r><ctrl-z>");
    assert!(!harness.frame().contains("sk-planted"));
    harness.play("<ctrl-r>");
    assert!(harness.frame().contains("sk-planted"));
    harness.happens(umai::tui::event::Event::Resumed);
    assert!(!harness.frame().contains("sk-planted"));
}

#[test]
fn revealed_secret_hides_on_focus_loss() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-r><tab>");
    assert!(!harness.frame().contains("sk-planted"));
}

#[test]
fn notice_expires() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>t");
    assert!(harness.frame().contains("is inactive"));
    harness.time_passes();
    assert!(!harness.frame().contains("is inactive"));
}

#[test]
fn paste_is_trimmed_and_never_submits() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nopenai<enter>A<tab><tab><tab><paste:  sk-planted\r\n><ctrl-r>");
    let frame = harness.frame();
    assert!(frame.contains("sk-planted"), "{frame}");
    assert!(
        frame.contains("Removed white space around the key"),
        "{frame}"
    );
    assert!(frame.contains("Create Connection"), "{frame}");
}

#[test]
fn too_long_paste_is_rejected_with_a_notice() {
    let mut harness = Harness::empty(80, 24);
    harness.play(&format!("nopenai<enter><paste:{}>", "x".repeat(70_000)));
    assert!(harness.frame().contains("64 KiB"));
    assert!(harness.frame().contains("nter connection name"));
}

#[test]
fn edit_never_draws_a_stored_secret() {
    let mut harness = Harness::three(120, 40);
    for key in [
        "<down>", "e", "<tab>", "<tab>", "<tab>", "<ctrl-r>", "<ctrl-s>", "<esc>",
    ] {
        harness.play(key);
        assert!(!harness.frame().contains("planted"));
    }
}

#[test]
fn untouched_secret_is_kept_and_cleared_required_secret_rejected() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>eX<ctrl-s>");
    assert!(harness.frame().contains("Saved"), "{}", harness.frame());
    harness.play("e<tab><tab><tab><ctrl-x><ctrl-s>");
    assert!(
        harness.frame().contains("This field is required"),
        "{}",
        harness.frame()
    );
}

#[rstest::rstest]
#[case("capabilities", "Alias 'capabilities' is reserved")]
#[case("3fa85f64-5717-4562-b3fc-2c963f66afa6", "is reserved")]
#[case("aB c!", "Alias can only contain lowercase")]
fn invalid_alias_is_reported_while_typing(#[case] alias: &str, #[case] sentence: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play(&format!("nopenai<enter>A<tab><ctrl-u>{alias}"));
    let frame = harness.frame();
    assert!(frame.contains(sentence), "{frame}");
    assert!(!frame.contains("✓ available"), "{frame}");
    harness.play("<ctrl-u>fine");
    assert!(
        harness.frame().contains("✓ available"),
        "{}",
        harness.frame()
    );
}

#[rstest::rstest]
#[case("https://x.example", "https://x.example")]
#[case("<paste:https://x.example>", "https://x.example")]
#[case("<end>/x", "https://api.openai.com/v1/x")]
#[case("<backspace>2", "https://api.openai.com/v2")]
#[case("<home>x", "xhttps://api.openai.com/v1")]
#[case("<paste: >", "https://api.openai.com/v1")]
#[case("<ctrl-u>https://x.example<tab><shift-tab>/y", "https://x.example/y")]
fn first_input_replaces_an_untouched_default(#[case] keys: &str, #[case] text: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter><up>");
    assert!(harness.frame().contains(" default"), "{}", harness.frame());
    harness.play(keys);
    let form = harness.app.form().unwrap();
    assert_eq!(form.fields[form.focus].line().unwrap().value(), text);
}

#[test]
fn empty_filter_replaces_the_title() {
    let mut harness = Harness::three(80, 24);
    harness.play("/");
    let frame = harness.frame();
    let top = frame.lines().nth(1).unwrap();
    assert!(top.contains("╮╭ / ▏name, alias, status:"), "{top}");
    assert!(!top.contains("Connections"), "{top}");
}

#[test]
fn notice_keeps_the_error_count_and_the_keys_with_few_rows() {
    let mut harness = Harness::empty(40, 10);
    harness.play("nopenai<enter><ctrl-s><tab><tab><tab><paste: sk-1 >");
    let frame = harness.frame();
    let [.., border, footer] = frame.lines().collect::<Vec<_>>()[..] else {
        panic!("{frame}");
    };
    assert!(border.starts_with(" • Removed white"), "{frame}");
    assert!(border.ends_with(" 2 errors"), "{frame}");
    assert!(footer.ends_with(" Ctrl-P Actions  F1 Help"), "{frame}");
}

#[test]
fn help_scrolls_to_its_end_and_back() {
    let mut harness = Harness::three(80, 24);
    harness.play("?");
    let first = harness.frame();
    harness.play("<ctrl-end>");
    assert!(
        harness.frame().contains("Other screen: Sort menu"),
        "{}",
        harness.frame()
    );
    harness.play("<ctrl-home>");
    assert_eq!(harness.frame(), first);
    harness.play("<f1>");
    assert!(
        harness.app.dialogs.is_empty(),
        "the key that opens it closes it"
    );
}

#[rstest::rstest]
fn help_lines_are_never_cut(#[values(40, 60, 80, 100, 120)] width: u16) {
    let mut harness = Harness::three(width, 200);
    harness.play("?");
    let frame = harness.frame();
    assert!(!frame.contains('…'), "{frame}");
}

#[test]
fn help_filters_by_keyword_and_runs_the_action() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>?enable<enter>");
    let frame = harness.frame();
    assert!(frame.contains("is inactive"), "{frame}");
    harness.play("?versions<enter>");
    assert_eq!(harness.app.workspace.tab, Tab::History);
}

#[test]
fn alias_change_shows_a_warning() {
    let mut harness = Harness::three(120, 40);
    let note = "Scripts that use the old alias will fail";
    harness.play("<down>e<tab>");
    assert!(!harness.frame().contains(note), "{}", harness.frame());
    harness.play("-2");
    assert!(harness.frame().contains(note), "{}", harness.frame());
    harness.play("<backspace><backspace>");
    assert!(!harness.frame().contains(note), "{}", harness.frame());
}

#[test]
fn accidental_key_on_a_stored_secret_can_be_undone() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>e<tab><tab><tab>x<backspace>");
    assert!(
        harness.frame().contains("k-*** stored"),
        "{}",
        harness.frame()
    );
    assert!(!harness.app.form().unwrap().is_changed());
    harness.play("<ctrl-s>");
    assert!(
        harness.frame().contains("Nothing to save"),
        "{}",
        harness.frame()
    );
}

#[test]
fn cleared_stored_secret_can_be_undone() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>e<tab><tab><tab><ctrl-x>");
    let frame = harness.frame();
    assert!(frame.contains("k-*** will be removed"), "{frame}");
    for taken_back in ["<ctrl-x>", "<ctrl-x>x<backspace>"] {
        harness.play(taken_back);
        assert!(
            harness.frame().contains("k-*** stored"),
            "{}",
            harness.frame()
        );
        assert!(!harness.app.form().unwrap().is_changed());
    }
}

#[test]
fn endpoint_change_requires_the_key_again() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>e<tab><tab><tab><tab><ctrl-u>https://elsewhere.example<ctrl-s>");
    let frame = harness.frame();
    assert!(frame.contains("must be entered again"), "{frame}");
    harness.play("sk-again<ctrl-s>");
    assert!(harness.frame().contains("Saved"), "{}", harness.frame());
}

#[test]
fn concurrent_change_is_merged_and_input_kept() {
    let mut harness = Harness::three(80, 24);
    harness.play("<down>eX");
    let key = "anthropic-team-a".parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn umai::service::ConnectionService| {
            service.set_active(&key, false).await
        })
        .unwrap();
    harness.play("<ctrl-s>");
    let frame = harness.frame();
    assert!(
        frame.contains("Updated from elsewhere (v2): Status"),
        "{frame}"
    );
    assert!(frame.contains("Anthropic Team AX"), "{frame}");
    assert!(frame.contains("○ Inactive"), "{frame}");
    harness.play("<ctrl-s>");
    let frame = harness.frame();
    assert!(frame.contains("Saved \"Anthropic Team AX\""), "{frame}");
}

/// Validation errors of the API contract that a form reports: input and message at its field.
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
    "A connection with this alias already exists (\"OpenAI"
)]
#[case("A<tab><tab><tab><ctrl-s>", "This field is required")]
#[case("A<tab><tab><tab>sk-***<ctrl-s>", "is a masked value, not a key")]
#[case("A<tab><tab><tab>********<ctrl-s>", "is a masked value, not a key")]
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
    "must be a URL that begins with http:// or"
)]
#[case(
    "A<tab><tab><tab>sk-1<tab><tab><ctrl-u>https://me:pw@x.example<ctrl-s>",
    "must not contain a user name or password"
)]
fn rejected_field_shows_its_error(#[case] keys: &str, #[case] sentence: &str) {
    let mut harness = Harness::three(140, 50);
    harness
        .play("nopenai<down><enter>")
        .play("<esc>")
        .play("n<down><down><down><down><enter>");
    harness.play(keys);
    let frame = harness.frame();
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
fn too_long_name_shows_the_limit(#[case] length: usize, #[case] sentence: &str) {
    let mut harness = Harness::empty(140, 50);
    harness.play(&format!("nopenai<enter>{}<ctrl-s>", "x".repeat(length)));
    assert!(harness.frame().contains(sentence), "{}", harness.frame());
}

#[test]
fn too_long_alias_shows_the_limit() {
    let mut harness = Harness::empty(140, 50);
    harness.play(&format!(
        "nopenai<enter>A<tab><ctrl-u>{}<ctrl-s>",
        "x".repeat(101)
    ));
    assert!(
        harness.frame().contains("Must not exceed 100 characters"),
        "{}",
        harness.frame()
    );
}

#[rstest::rstest]
#[case("A<tab><ctrl-u>aB c!<tab><tab>$Nope:Key<ctrl-s>", 1, 3)]
#[case("OpenAI Prod<ctrl-s>", 1, 3)]
fn rejected_save_counts_errors_found_while_typing(
    #[case] keys: &str,
    #[case] first: usize,
    #[case] second: usize,
) {
    let mut harness = Harness::three(80, 24);
    harness.play("nopenai<enter>").play(keys);
    assert!(
        harness.frame().contains(" 2 errors\n"),
        "{}",
        harness.frame()
    );
    let mut visited = vec![harness.app.form().unwrap().focus];
    harness.play("<f8>");
    visited.push(harness.app.form().unwrap().focus);
    visited.sort_unstable();
    assert_eq!(visited, [first, second]);
}

#[test]
fn every_theme_shows_the_same_text() {
    let mut frames = umai::tui::theme::ThemeName::ALL.map(|theme| {
        let mut harness = Harness::three(80, 24);
        harness.theme = theme;
        harness.play("<down>e");
        harness.frame()
    });
    frames.sort();
    assert_eq!(frames[0], frames[2]);
}

#[test]
fn mono_draws_no_colour() {
    let mut harness = Harness::three(120, 40);
    harness.theme = umai::tui::theme::ThemeName::Mono;
    for keys in [
        "<down>", "t", "e", "<ctrl-s>", "n", "<ctrl-s>", "<esc>", "?", "<esc>", "D",
    ] {
        harness.play(keys);
        let (buffer, _) = harness.buffer();
        for cell in &buffer.content {
            assert_eq!((cell.fg, cell.bg), Default::default());
        }
    }
}

#[test]
fn created_connection_opens_on_its_settings() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>3<tab>nopenai<enter>A<tab><tab><tab>sk-planted<ctrl-s>");
    let frame = harness.frame();
    assert!(frame.contains("[1 Settings]"), "{frame}");
    assert!(frame.contains("Created"), "{frame}");
}

#[test]
fn test_key_is_in_the_footer_of_the_key_field() {
    for (width, height) in [(80, 24), (100, 30), (120, 40)] {
        let mut harness = Harness::empty(width, height);
        harness.play("nopenai<enter>A<tab><tab><tab>");
        let frame = harness.frame();
        assert!(frame.contains("Ctrl-T Test"), "{frame}");
    }
}

#[test]
fn stored_secret_says_why_it_is_not_shown() {
    let mut harness = Harness::three(120, 40);
    harness.play("<down>e<tab><tab><tab>");
    assert!(
        !harness.frame().contains("Ctrl-R Show"),
        "{}",
        harness.frame()
    );
    harness.play("<ctrl-r>");
    let frame = harness.frame();
    assert!(frame.contains("A stored secret is never shown"), "{frame}");
    harness.play("sk-planted");
    let frame = harness.frame();
    assert!(!frame.contains("never shown"), "{frame}");
    assert!(frame.contains("Ctrl-R Show"), "{frame}");
    harness.play("<ctrl-r><tab>");
    assert!(!harness.frame().contains("never shown"));
}
