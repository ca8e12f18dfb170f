//! Tests of list formats and limits.

use std::io::{self, Read};

use rstest::rstest;
use serde_json::{Value, json};

use super::super::{ListAnswer, ListShape, MAX_MODELS, ModelListFormat, NextPage, PageOfModels};
use super::ENVELOPE_NODES;

fn listing(toml: &str) -> ModelListFormat {
    toml::from_str(toml).unwrap()
}

fn read(toml: &str, shape: ListShape, answer: &str) -> Result<ListAnswer, serde_json::Error> {
    listing(toml).read(shape, answer.as_bytes())
}

fn page(answer: ListAnswer) -> PageOfModels {
    match answer {
        ListAnswer::Page(page) => page,
        ListAnswer::Other(json) => panic!("not a list: {json}"),
    }
}

fn ids(answer: ListAnswer) -> Vec<String> {
    let models = page(answer).models;
    models.into_iter().map(|model| model.id).collect()
}

#[rstest]
#[case(r#"{"data":null}"#, &[])]
#[case(r#"{"models":null}"#, &[])]
#[case(r#"{"data":[]}"#, &[])]
#[case("[]", &[])]
#[case(r#"{"object":"list","data":[{"id":"a"},{"name":"b"},{"model":"c"}]}"#, &["a", "b", "c"])]
#[case(r#"[{"id":"a","name":"x"},{"id":"","name":"b"},{"id":7,"model":"c"}]"#, &["a", "b", "c"])]
#[case(r#"{"models":[{"name":"a"}]}"#, &["a"])]
#[case(r#"{"models":null,"data":[{"id":"a"}]}"#, &["a"])]
#[case(r#"{"data":null,"models":[{"id":"a"}]}"#, &["a"])]
#[case(r#"{"models":[{"id":"b"}],"data":[{"id":"a"}]}"#, &["a"])]
#[case(r#"{"error":null,"data":[]}"#, &[])]
fn openai_like_lists_are_read(
    #[case] answer: &str,
    #[case] expected: &[&str],
    #[values("list = \"data\"", "")] toml: &str,
) {
    let answer = read(toml, ListShape::OpenAiLike, answer).unwrap();
    assert_eq!(ids(answer), expected);
}

#[rstest]
#[case("null", json!(null))]
#[case("{}", json!({}))]
#[case(r#"{"hello":"world"}"#, json!({"hello": "world"}))]
#[case(r#"[{"error":{"message":"No"}}]"#, json!({"error": {"message": "No"}}))]
#[case("[1,2]", json!(1))]
#[case(r#"{"error":{"message":"No"},"data":null}"#, json!({"error": {"message": "No"}, "data": null}))]
#[case(r#"{"data":{"id":"a"}}"#, json!({"data": {"id": "a"}}))]
fn other_documents_are_kept(#[case] answer: &str, #[case] expected: Value) {
    let answer = read("list = \"data\"", ListShape::OpenAiLike, answer).unwrap();
    assert_eq!(answer, ListAnswer::Other(expected));
}

#[test]
fn strict_lists_are_where_the_file_says() {
    let strict = |answer| read("list = \"a.b\"", ListShape::AsListed, answer).unwrap();
    assert_eq!(
        ids(strict(r#"{"x":[{"id":"n"}],"a":{"b":[{"id":"y"}]}}"#)),
        ["y"]
    );
    assert!(page(strict(r#"{"a":{"b":null}}"#)).models.is_empty());
    for answer in [
        r#"{"data":[{"id":"n"}]}"#,
        r#"[{"id":"n"}]"#,
        r#"{"a":{"b":[{"name":"n"}]}}"#,
    ] {
        assert!(matches!(strict(answer), ListAnswer::Other(_)), "{answer}");
    }
}

#[test]
fn next_page_is_found_on_either_side_of_the_list() {
    let toml =
        "list = \"data\"\nnext = { token = \"page.last\", query = \"after\", more = \"more\" }";
    for answer in [
        r#"{"more":true,"data":[{"id":"a"}],"page":{"last":"t"}}"#,
        r#"{"page":{"last":"t"},"data":[{"id":"a"}],"more":true}"#,
    ] {
        let next = page(read(toml, ListShape::AsListed, answer).unwrap()).next;
        assert_eq!(next, Some(NextPage::Query("after".into(), "t".into())));
    }
}

#[rstest]
#[case("")]
#[case(r#"{"data":["#)]
#[case(r#"{"data":[]} x"#)]
#[case("<html>")]
#[case("\u{feff}{}")]
fn broken_json_is_an_error(#[case] answer: &str) {
    assert!(read("list = \"data\"", ListShape::OpenAiLike, answer).is_err());
}

#[test]
fn deep_json_is_an_error() {
    for open in ["[", "{\"data\":", "{\"x\":["] {
        let answer = open.repeat(100_000);
        assert!(read("list = \"data\"", ListShape::OpenAiLike, &answer).is_err());
    }
}

/// Endless list that counts the bytes read.
struct Endless {
    element: &'static [u8],
    left: u64,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let mut rest = &self.element[self.at..];
        let read = rest.read(buffer)?;
        self.at += read;
        if self.at == self.element.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(read)
    }
}

#[test]
fn models_beyond_the_limit_are_not_kept() {
    let element = b"{\"id\":\"a\"},";
    let list = Endless {
        element,
        left: MAX_MODELS as u64 + 1000,
        at: 0,
    };
    let answer = b"{\"data\":[".chain(list).chain(&b"{\"id\":\"z\"}]}"[..]);
    let answer = listing("list = \"data\"")
        .read(ListShape::AsListed, answer)
        .unwrap();
    assert_eq!(page(answer).models.len(), MAX_MODELS);
}

#[test]
fn what_surrounds_a_list_is_kept_in_part() {
    let rest = Endless {
        element: b"[0,{\"k\":[]}],",
        left: 100_000,
        at: 0,
    };
    let answer = b"{\"x\":[".chain(rest).chain(&b"0],\"y\":1}"[..]);
    let answer = listing("list = \"data\"")
        .read(ListShape::AsListed, answer)
        .unwrap();
    let ListAnswer::Other(json) = answer else {
        panic!("no list")
    };
    assert!(json.to_string().len() < 10 * ENVELOPE_NODES);
}

#[test]
fn large_model_is_read_by_its_identifier() {
    let tags = vec!["tag"; 10_000];
    let text = "x".repeat(100_000);
    let answer = json!({"data": [{"text": text, "tags": tags, "id": "a"}, {"id": "b"}]});
    let answer = read("list = \"data\"", ListShape::AsListed, &answer.to_string()).unwrap();
    assert_eq!(ids(answer), ["a", "b"]);
}
