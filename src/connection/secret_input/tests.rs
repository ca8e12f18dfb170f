//! Tests of cleaning entered secrets.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::provider::ProviderCatalog;

fn field(provider: &str, key: &str) -> SettingsField {
    let catalog = ProviderCatalog::embedded();
    catalog.get(provider).unwrap().field(key).unwrap().clone()
}

fn openai() -> SettingsField {
    field("openai", "apiKey")
}

#[rstest]
#[case::line_end("sk-1\n", "Removed white space around the key")]
#[case::crlf("\t sk-1 \r\n", "Removed white space around the key")]
#[case::zero_width("\u{200b}sk-1", "Removed invisible characters around the key")]
#[case::word_joiner("sk-1\u{2060}", "Removed invisible characters around the key")]
#[case::byte_order_mark("\u{feff}sk-1", "Removed invisible characters around the key")]
#[case::soft_hyphen("sk-1\u{ad}", "Removed invisible characters around the key")]
#[case::direction("\u{202a}sk-1\u{202c}", "Removed invisible characters around the key")]
#[case::selector("sk-1\u{fe0f}", "Removed invisible characters around the key")]
#[case::both(
    " \u{200b} sk-1\n",
    "Removed white space and invisible characters around the key"
)]
#[case::double("\"sk-1\"", "Removed quotes around the key")]
#[case::single("'sk-1'", "Removed quotes around the key")]
#[case::backticks("`sk-1`", "Removed quotes around the key")]
#[case::typographic("“sk-1”", "Removed quotes around the key")]
#[case::zero_width_in_quotes(
    "'sk-1\u{200b}'",
    "Removed quotes and invisible characters around the key"
)]
#[case::bearer("Bearer sk-1", "Removed 'Bearer ' before the key")]
#[case::bearer_in_any_case("bEARER\t sk-1", "Removed 'Bearer ' before the key")]
#[case::header(
    "Authorization: Bearer sk-1",
    "Removed 'Authorization: Bearer ' before the key"
)]
#[case::header_in_any_case(
    "authorization:bearer sk-1",
    "Removed 'Authorization: Bearer ' before the key"
)]
#[case::quoted_header(
    "'Authorization: Bearer sk-1'",
    "Removed quotes and 'Authorization: Bearer ' around the key"
)]
#[case::key_header("x-api-key: sk-1", "Removed 'x-api-key: ' before the key")]
#[case::variable("OPENAI_API_KEY=sk-1", "Removed 'OPENAI_API_KEY=' before the key")]
#[case::variable_in_any_case("openai_api_key = sk-1", "Removed 'OPENAI_API_KEY=' before the key")]
#[case::exported(
    "export OPENAI_API_KEY=sk-1",
    "Removed 'OPENAI_API_KEY=' before the key"
)]
#[case::set("SET OPENAI_API_KEY=sk-1", "Removed 'OPENAI_API_KEY=' before the key")]
#[case::quoted_value(
    "OPENAI_API_KEY=\"sk-1\"",
    "Removed 'OPENAI_API_KEY=' and quotes around the key"
)]
#[case::setting("ApiKey=sk-1", "Removed 'apiKey=' before the key")]
#[case::other_variable("MY_OWN_TOKEN=sk-1", "Removed 'NAME=' before the key")]
#[case::twice("\"'sk-1'\"", "Removed quotes around the key")]
fn surroundings_are_removed_with_a_notice(#[case] text: &str, #[case] notice: &str) {
    let cleaned = clean(text, &openai());
    assert_eq!(cleaned.value, "sk-1");
    assert_eq!(cleaned.notice().unwrap(), notice);
}

#[rstest]
#[case::plain("sk-proj-abc_DEF-123")]
#[case::base64("Zm9vYmFy")]
#[case::padded("Zm9vYg==")]
#[case::url_safe_base64("aGVs_bG8_KEY=")]
#[case::doubly_padded_base64("aGVs_KEY==")]
#[case::slashes("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")]
#[case::connection_string("Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=b=")]
#[case::parameters("api_key=a&sv=2022")]
#[case::no_secret_name("region=eu")]
#[case::one_word("key=value")]
#[case::begins_like_the_scheme("Bearer-token-1")]
#[case::begins_like_the_word("bearer1234")]
#[case::other_scheme("Authorization: Basic dTpw")]
#[case::one_quote("\"sk-1")]
#[case::two_values("\"a\" \"b\"")]
#[case::reference("$OpenAI:ApiKey")]
#[case::literal("$$\"x\"")]
#[case::token("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln")]
#[case::words("correct horse battery staple")]
#[case::empty("")]
fn keys_are_not_damaged(#[case] text: &str) {
    let cleaned = clean(text, &openai());
    assert_eq!((cleaned.value, cleaned.removed), (text, vec![]));
    assert_eq!(key_error(text, &openai()), None);
}

#[rstest]
#[case("Bearer ")]
#[case("\"\"")]
#[case("OPENAI_API_KEY=")]
#[case("MISTRAL_API_KEY=")]
#[case("export MY_TOKEN= ")]
#[case("\u{200b}\n")]
fn surroundings_alone_leave_nothing(#[case] text: &str) {
    assert_eq!(clean(text, &openai()).value, "");
}

#[test]
fn variables_of_the_field_are_known_by_any_name() {
    let hugging_face = field("huggingface", "apiKey");
    let cleaned = clean("HF_TOKEN=hf_1", &hugging_face);
    assert_eq!(cleaned.value, "hf_1");
    assert_eq!(
        cleaned.notice().unwrap(),
        "Removed 'HF_TOKEN=' before the key"
    );
}

#[test]
fn headers_only_lose_what_is_invisible() {
    let headers = field("openai-compatible", "headers");
    for text in ["Authorization: Bearer k; X-A: b", "x-api-key: \"a\""] {
        assert_eq!(clean(text, &headers).value, text);
        assert_eq!(key_error(text, &headers), None);
    }
    assert_eq!(clean(" X-A: b\u{200b}", &headers).value, "X-A: b");
}

#[rstest]
#[case("Bearer sk-planted", "begins with 'Bearer '")]
#[case("'sk-planted'", "is in quotes")]
#[case("PLANTED_KEY=sk-planted", "begins with 'NAME='")]
#[case("ENC:planted", "is encrypted by Umbraco (ENC:…)")]
#[case(" ENC:planted\n", "is encrypted by Umbraco (ENC:…)")]
#[case("sk-\u{200b}planted", "contains an invisible character (U+200B)")]
#[case("sk-\u{ad}planted", "contains an invisible character (U+00AD)")]
#[case("sk-\u{feff}planted", "contains an invisible character (U+FEFF)")]
#[case("sk-\u{2060}planted", "contains an invisible character (U+2060)")]
fn flaws_are_named_without_the_value(#[case] text: &str, #[case] expected: &str) {
    let found = key_error(text, &openai()).unwrap();
    assert_eq!(found.to_string(), expected);
    assert!(!format!("{found:?}").to_lowercase().contains("planted"));
}

#[test]
fn debug_does_not_contain_the_key() {
    let shown = format!("{:?}", clean("Bearer sk-planted", &openai()));
    assert!(!shown.contains("planted"), "{shown}");
}

proptest! {
    #[test]
    fn cleaning_twice_changes_nothing_more(
        text in r#"[ \u{200b}"'`“”]{0,3}(Bearer |Authorization: ?bearer |export )?([A-Z]{1,4}_KEY=|x-api-key: )?["'a-z=$;]{0,8}["' \u{200b}\n]{0,3}"#
    ) {
        let field = openai();
        let once = clean(&text, &field);
        let twice = clean(once.value, &field);
        prop_assert_eq!(twice.value, once.value);
        prop_assert_eq!(twice.removed, vec![]);
    }

    #[test]
    fn any_text_is_cleaned_to_a_part_of_it(text in any::<String>()) {
        prop_assert!(text.contains(clean(&text, &openai()).value));
    }
}
