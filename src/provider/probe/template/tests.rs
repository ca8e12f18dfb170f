//! Tests that a value stays in its place.

use rstest::rstest;
use secrecy::SecretString;

use super::*;

fn values(pairs: &[(&str, &str)]) -> ResolvedSettings {
    let mut values = ResolvedSettings::default();
    for (key, value) in pairs {
        values.set(key, SecretString::from(*value));
    }
    values
}

fn url(template: &str, pairs: &[(&str, &str)]) -> Result<String, Unsendable> {
    let template = Template::read(template).unwrap();
    template.url(&values(pairs)).map(String::from)
}

#[rstest]
#[case("https://a.example/v1", "https://a.example/v1/models")]
#[case("https://a.example/v1/", "https://a.example/v1/models")]
#[case("https://a.example", "https://a.example/models")]
#[case(
    "https://a.example/v1?tenant=7#top",
    "https://a.example/v1/models?tenant=7"
)]
#[case("http://localhost:1234", "http://localhost:1234/models")]
fn an_endpoint_is_used_as_it_is_typed(#[case] typed: &str, #[case] called: &str) {
    assert_eq!(
        url("{endpoint}/models", &[("endpoint", typed)]),
        Ok(called.into())
    );
}

#[test]
fn the_query_of_an_endpoint_goes_before_the_templates() {
    let called = url("{e}/m?api-version=1", &[("e", "https://a.example?x=1")]);
    assert_eq!(called, Ok("https://a.example/m?x=1&api-version=1".into()));
}

#[rstest]
#[case("evil.example/")]
#[case("evil.example#")]
#[case("a@evil")]
#[case("a.b")]
fn a_word_of_the_host_stays_one(#[case] region: &str) {
    let called = url(
        "https://bedrock.{region}.amazonaws.com/x",
        &[("region", region)],
    );
    assert_eq!(called, Err(Unsendable::InvalidUrlPart("region".into())));
}

#[test]
fn a_segment_and_a_value_stay_what_they_are() {
    let called = url(
        "https://a.example/p/{name}/d?v={name}",
        &[("name", "a/b?c&d")],
    );
    let called = called.unwrap();
    assert_eq!(
        called,
        "https://a.example/p/a%2Fb%3Fc%26d/d?v=a%2Fb%3Fc%26d"
    );
    let up = url("https://a.example/p/{name}/d", &[("name", "..")]);
    assert_eq!(up, Err(Unsendable::InvalidUrlPart("name".into())));
}

#[test]
fn what_is_shown_has_no_query() {
    let template = Template::read("{e}/m?api-version=1").unwrap();
    assert_eq!(
        template.displayed(|_| "https://a.example/v1/?k=1".into()),
        "https://a.example/v1/m"
    );
}
