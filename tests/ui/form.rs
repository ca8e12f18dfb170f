//! Stories of the form with provider knowledge: keys, pasted connections, suggestions, request URLs.

use crate::support::every_target::EveryTarget as Harness;
use rstest::rstest;

/// OpenAI form of a new connection with the focus on the key.
const ON_KEY: &str = "nopenai<enter>A<tab><tab><tab>";

/// Frame as one line with single spaces, since notes wrap on narrow screens.
fn frame_text(harness: &Harness) -> String {
    let frame = harness.frame().replace(['│', '┃', '"'], " ");
    let words: Vec<&str> = frame.split_whitespace().collect();
    words.join(" ")
}

#[rstest]
fn key_of_another_provider_is_warned_of_and_can_be_saved(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.play(ON_KEY).play("<paste:sk-ant-planted>");
    let frame = frame_text(&harness);
    assert!(
        frame.contains("! This looks like a key for Anthropic"),
        "{frame}"
    );
    assert!(!frame.contains("planted"), "{frame}");
    harness.play("<ctrl-s>");
    let frame = frame_text(&harness);
    assert!(frame.contains("Created"), "{frame}");
}

#[rstest]
#[case::its_own("sk-proj-planted")]
#[case::a_beginning_of_its_own("sk")]
#[case::unowned("planted")]
#[case::a_reference("$OpenAI:ApiKey")]
#[case::taken_out("sk-ant-planted<ctrl-x>")]
fn other_keys_cause_no_warning(#[case] keys: &str) {
    let mut harness = Harness::empty(80, 24);
    harness.play(ON_KEY).play(keys);
    let frame = harness.frame();
    assert!(!frame.contains("looks like a key"), "{frame}");
}

#[test]
fn beginning_of_a_key_causes_no_warning() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nanthropic<enter>A<tab><tab><tab>");
    for sign in ["s", "k", "-", "a", "n", "t", "-", "x"] {
        harness.play(sign);
        assert!(!harness.frame().contains("looks like a key"), "{sign}");
    }
}

#[test]
fn many_owners_of_a_key_are_not_named() {
    let mut harness = Harness::empty(80, 24);
    harness.play("nanthropic<enter>A<tab><tab><tab>sk-planted");
    let frame = frame_text(&harness);
    assert!(
        frame.contains("This looks like a key for another provider"),
        "{frame}"
    );
}

const CURL: &str = "<paste:curl https://api.openai.com/v1/chat/completions \\\n -H 'Authorization: Bearer sk-planted' -H 'OpenAI-Organization: org-2'>";
const LINES: &str = "<paste:export OPENAI_API_KEY=sk-planted\nOPENAI_ORG_ID=org-2\nOTHER=hidden-1>";
const BODY: &str = r#"<paste:{"name":"Mine","alias":"own","providerId":"openai","settings":{"apiKey":"sk-planted","organizationId":"org-2"}}>"#;

/// Checks that neither a secret nor a left-out value is in a frame.
fn holds_no_secret(frame: &str) {
    assert!(!frame.contains("planted"), "{frame}");
    assert!(!frame.contains("hidden-1"), "{frame}");
}

#[rstest]
fn pasted_connection_fills_the_form_from_any_field(
    #[values(CURL, LINES, BODY)] clipping: &str,
    #[values("", "<tab>", "<tab><tab>", "<tab><tab><tab>")] on: &str,
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.play("nopenai<enter>").play(on).play(clipping);
    holds_no_secret(&harness.frame());
    assert!(
        frame_text(&harness).contains("Filled "),
        "{}",
        harness.frame()
    );
    harness.play("<ctrl-r>");
    let frame = harness.frame();
    assert_eq!(frame.contains("sk-planted"), on.len() == 15, "{frame}");
    for _ in 0..5 {
        harness.play("<tab>");
        if harness.frame().contains("org-2") {
            return;
        }
    }
    panic!("{}", harness.frame());
}

#[rstest]
#[case(CURL, "(cURL command)")]
#[case(LINES, "left out: OTHER")]
#[case(BODY, "Name, Alias (JSON)")]
fn notice_names_filled_and_left_out_settings(#[case] clipping: &str, #[case] words: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>").play(clipping);
    let frame = harness.frame();
    assert!(frame.contains("OpenAI API Key"), "{frame}");
    assert!(frame.contains(words), "{frame}");
    holds_no_secret(&frame);
}

#[test]
fn typed_name_and_alias_stay_after_a_paste() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>Typed<tab>-x").play(BODY);
    let frame = harness.frame();
    assert!(frame.contains("left out: Name, Alias"), "{frame}");
    assert!(
        frame.contains("typed-x") && !frame.contains("Mine"),
        "{frame}"
    );
}

#[test]
fn pasted_connection_of_another_provider_changes_nothing() {
    let mut harness = Harness::empty(80, 24);
    harness
        .play(ON_KEY)
        .play("<paste:curl https://api.anthropic.com/v1/messages -H 'x-api-key: sk-ant-planted'>");
    let frame = harness.frame();
    assert!(frame.contains("is for Anthropic"), "{frame}");
    assert!(!frame.contains("••••"), "{frame}");
    holds_no_secret(&frame);
}

#[rstest]
#[case(CURL, "OpenAI")]
#[case(BODY, "OpenAI")]
#[case(
    "<paste:AWS_ACCESS_KEY_ID=AKIAplanted\nAWS_DEFAULT_REGION=eu-west-3>",
    "Amazon"
)]
fn paste_into_the_provider_list_opens_the_right_form(
    #[case] clipping: &str,
    #[case] provider: &str,
) {
    let mut harness = Harness::empty(120, 40);
    harness.play("n").play(clipping);
    let frame = harness.frame();
    assert!(
        frame.contains(&format!("Create Connection · {provider}")),
        "{frame}"
    );
    assert!(frame.contains("Filled "), "{frame}");
    holds_no_secret(&frame);
}

#[test]
fn paste_of_an_unknown_provider_keeps_the_provider_list() {
    let mut harness = Harness::empty(80, 24);
    harness.play(r#"n<paste:{"providerId":"unknown","settings":{"apiKey":"sk-planted"}}>"#);
    let frame = harness.frame();
    assert!(frame.contains("does not name a provider"), "{frame}");
    assert!(frame.contains("Select AI Provider"), "{frame}");
    holds_no_secret(&frame);
}

#[rstest]
#[case::in_the_providers("n")]
#[case::on_the_name("nopenai<enter>")]
#[case::on_the_key("nopenai<enter><tab><tab><tab>")]
fn unreadable_command_goes_into_no_field(
    #[case] before: &str,
    #[values("'", "\"")] quote: &str,
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.play(before).play(&format!(
        "<paste:curl {quote}https://api.openai.com/v1/models -H Authorization: Bearer sk-planted>"
    ));
    let frame = harness.frame();
    assert!(
        frame_text(&harness).contains("This looks like a cURL command"),
        "{frame}"
    );
    assert!(!frame.contains("••"), "{frame}");
    holds_no_secret(&frame);
}

#[test]
fn placeholder_in_a_paste_leaves_the_field_empty() {
    let mut harness = Harness::empty(120, 40);
    harness.play("n").play(
        "<paste:curl https://api.openai.com/v1/models -H 'Authorization: Bearer YOUR_API_KEY'>",
    );
    let frame = harness.frame();
    assert!(frame.contains("Create Connection · OpenAI"), "{frame}");
    assert!(
        frame.contains("left out: Authorization (a placeholder)"),
        "{frame}"
    );
    assert!(!frame.contains("••"), "{frame}");
}

const PROFILES: &str = "<paste:[work]\naws_access_key_id=AKIAplanted1\naws_secret_access_key=splanted\nregion=eu-west-1\n[home]\naws_access_key_id=AKIAplanted2\naws_secret_access_key=splanted\nregion=eu-west-3\n>";

#[rstest]
#[case::in_the_providers("n")]
#[case::in_a_form("namazon<enter>")]
fn several_pasted_profiles_are_named(#[case] before: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play(before).play(PROFILES);
    let frame = harness.frame();
    assert!(frame.contains("Select AWS Profile"), "{frame}");
    assert!(frame.contains("work") && frame.contains("home"), "{frame}");
    holds_no_secret(&frame);
    harness.play("home<enter>");
    let frame = harness.frame();
    assert!(frame.contains("Create Connection · Amazon"), "{frame}");
    assert!(frame.contains("eu-west-3"), "{frame}");
    assert!(frame.contains("Filled "), "{frame}");
    holds_no_secret(&frame);
}

#[test]
fn filled_form_is_saved_unchanged() {
    let mut harness = Harness::empty(120, 40);
    harness.play("n").play(BODY).play("<ctrl-s>");
    let frame = harness.frame();
    assert!(frame.contains("Created"), "{frame}");
    holds_no_secret(&frame);
}

#[test]
fn command_without_an_address_resets_the_endpoint() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>A<tab><tab><tab><tab><tab>https://gateway.example");
    assert!(harness.frame().contains("https://gateway.example"));
    harness.play(CURL);
    let frame = harness.frame();
    assert!(!frame.contains("gateway.example"), "{frame}");
    assert!(frame.contains("https://api.openai.com/v1"), "{frame}");
}

#[test]
fn pasted_mask_is_not_a_key() {
    let mut harness = Harness::empty(120, 40);
    harness
        .play(r#"nopenai<enter><paste:{"providerId":"openai","settings":{"apiKey":"********"}}>"#);
    let frame = harness.frame();
    assert!(frame.contains("Nothing was filled in"), "{frame}");
    assert!(frame.contains("left out: apiKey"), "{frame}");
}

/// Amazon form of a new connection with the focus on the region.
const ON_REGION: &str = "namazon<enter>A<tab><tab><tab>";

#[rstest]
#[case::narrowed("eu-c", "eu-central-1")]
#[case::narrowed_further("eu-central-", "eu-central-1")]
#[case::in_capitals("EU-W", "eu-west-1")]
fn right_accepts_the_suggestion_after_the_cursor(
    #[case] typed: &str,
    #[case] region: &str,
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.play(ON_REGION).play(typed);
    let frame = harness.frame();
    // The cursor is on the first suggested letter.
    let shown = format!("{typed}▏{}", &region[typed.len() + 1..]);
    assert!(frame.contains(&shown), "{frame}");
    harness.play("<right>-own");
    let frame = harness.frame();
    assert!(frame.contains(&format!("{region}-own")), "{frame}");
}

#[rstest]
#[case::without_the_focus("us-w<tab>", " us-west-1")]
#[case::at_its_beginning("us-w<home>", "t-1")]
#[case::in_its_middle("us-wx<left>", "t-1")]
#[case::another_value("my-region", "t-1")]
fn typed_text_without_a_suggestion_stays(#[case] keys: &str, #[case] never: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_REGION).play(keys);
    let frame = harness.frame();
    assert!(!frame.contains(never), "{frame}");
}

#[test]
fn dollar_before_a_hidden_key_does_not_show_it() {
    for behind in ["<home>$", "<home><paste:$Own:>", "<home>$<delete><home>$"] {
        let mut harness = Harness::empty(120, 40);
        harness.play("nopenai<enter>A<tab><tab><tab>sk-planted");
        harness.play(behind);
        let frame = harness.frame();
        assert!(!frame.contains("planted"), "{behind}\n{frame}");
        assert!(
            frame.contains("must begin in an empty field"),
            "{behind}\n{frame}"
        );
        harness.play("<ctrl-x>$OpenAI:ApiKey");
        assert!(harness.frame().contains("$OpenAI:ApiKey"));
    }
}

#[rstest]
#[case::bearer("Bearer sk-planted", "Removed 'Bearer ' before the key")]
#[case::quotes("'sk-planted'", "Removed quotes around the key")]
#[case::quoted_variable("MY_API_KEY='sk-planted'", "Removed 'NAME=' and quotes around the key")]
#[case::zero_width("sk-planted\u{200b}", "Removed invisible characters around the key")]
fn pasted_key_is_cleaned_with_a_note_at_its_field(
    #[case] text: &str,
    #[case] note: &str,
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.play(ON_KEY).play(&format!("<paste:{text}>"));
    let frame = frame_text(&harness);
    assert!(frame.contains(note), "{frame}");
    assert!(!frame.contains("planted"), "{frame}");
    harness.play("<ctrl-r>");
    let frame = frame_text(&harness);
    assert!(frame.contains(" sk-planted▏"), "{frame}");
    harness.play("x").time_passes();
    assert!(!harness.frame().contains("Removed"), "{}", harness.frame());
}

#[test]
fn typed_key_is_cleaned_when_the_focus_leaves() {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_KEY).play("'sk-planted'");
    let frame = frame_text(&harness);
    assert!(
        frame.contains("Saving removes quotes around the key"),
        "{frame}"
    );
    harness.play("<tab>");
    let frame = frame_text(&harness);
    assert!(frame.contains("Removed quotes around the key"), "{frame}");
    harness.play("<shift-tab><ctrl-r>");
    let frame = frame_text(&harness);
    assert!(frame.contains(" sk-planted▏"), "{frame}");
}

#[test]
fn typed_key_is_cleaned_when_it_is_saved() {
    let mut harness = Harness::empty(80, 24);
    harness.play(ON_KEY).play("Bearer<space>sk-planted<ctrl-s>");
    assert!(
        frame_text(&harness).contains("Created"),
        "{}",
        harness.frame()
    );
}

#[rstest]
#[case::encrypted("ENC:planted", "This text is encrypted by Umbraco (ENC:…)")]
#[case::zero_width("sk-\u{200b}planted", "contains an invisible character (U+200B)")]
fn pasted_text_that_is_not_a_key_is_refused(#[case] text: &str, #[case] words: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_KEY).play(&format!("<paste:{text}>"));
    assert!(frame_text(&harness).contains(words), "{}", harness.frame());
    harness.play("<ctrl-s>");
    let frame = frame_text(&harness);
    assert!(frame.contains("Create Connection"), "{frame}");
    assert!(
        frame.contains(&words.replace("This text", "This field")),
        "{frame}"
    );
    assert!(!frame.contains("planted"), "{frame}");
}

#[rstest]
#[case::alone("***", "<tab>")]
#[case::typed_scheme("Bearer<space>sk-***", "<tab>")]
#[case::pasted_scheme("<paste:Bearer sk-***>", "")]
#[case::pasted_quotes("<paste:'***'>", "")]
fn entered_mask_does_not_keep_the_stored_secret(#[case] keys: &str, #[case] leave: &str) {
    let mut harness = Harness::three(120, 40);
    harness
        .play("<down>e<tab><tab><tab>")
        .play(keys)
        .play(leave);
    let frame = frame_text(&harness);
    assert!(frame.contains("This text is a mask (***)"), "{frame}");
    harness.play("<ctrl-s>");
    let frame = frame_text(&harness);
    assert!(frame.contains("is a masked value, not a key"), "{frame}");
    assert!(harness.app.form().is_some(), "{frame}");
}

#[test]
fn hidden_text_in_quotes_never_becomes_a_visible_name() {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_KEY).play("'$planted'<tab>");
    assert!(!harness.frame().contains("planted"), "{}", harness.frame());
    harness.play("<ctrl-s>");
    let frame = frame_text(&harness);
    assert!(
        !frame.contains("planted") && frame.contains("Create Connection"),
        "{frame}"
    );
}
