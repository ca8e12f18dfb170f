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
    what_must_not_be_is_left_out: five, 80 x 24, "/openai -status:inactive -proxy<enter>";
}
