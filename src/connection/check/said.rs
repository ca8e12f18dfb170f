//! Finds the provider's own sentence and its words for what went wrong in an answer.

use serde_json::Value;

use super::caller::Answer;

/// Where providers have their sentence, the most telling first.
const SENTENCES: &[&str] = &[
    "/error/message",
    "/error_description",
    "/error/detail",
    "/message",
    "/Message",
    "/errors/0/message",
    "/detail/0/msg",
    "/detail",
    "/error/error",
    "/error",
    "/msg",
    "/title",
];

/// Where providers have their word for it.
const WORDS: &[&str] = &[
    "/error/code",
    "/error/type",
    "/error/status",
    "/error/innererror/code",
    "/error",
    "/code",
    "/type",
    "/__type",
];

/// The header in which AWS has its word for it.
const AWS_WORD: &str = "x-amzn-errortype";

/// The provider's sentence as it came: not safe to show.
pub(super) fn sentence(answer: &Answer) -> Option<String> {
    let from_json = answer.json.as_ref().map(document).and_then(|json| {
        let texts = SENTENCES
            .iter()
            .filter_map(|path| json.pointer(path)?.as_str());
        texts
            .map(str::to_owned)
            .find(|text| !text.trim().is_empty())
    });
    from_json
        .or_else(|| answer.text.clone())
        .filter(|text| !text.trim().is_empty())
}

/// The document of an answer: some servers wrap their errors in an array.
fn document(json: &Value) -> &Value {
    match json {
        Value::Array(list) => list.first().unwrap_or(json),
        _ => json,
    }
}

/// Whether one of these words stands where providers have theirs.
pub(super) fn has_word(answer: &Answer, wanted: &[&str]) -> bool {
    words(answer).any(|word| {
        wanted
            .iter()
            .any(|wanted| word.eq_ignore_ascii_case(wanted))
    })
}

fn words(answer: &Answer) -> impl Iterator<Item = &str> {
    let header = answer
        .headers
        .get(AWS_WORD)
        .and_then(|value| value.to_str().ok());
    let json = answer.json.iter().map(document);
    let plain = json
        .clone()
        .flat_map(|json| WORDS.iter().filter_map(|path| json.pointer(path)?.as_str()));
    let reasons = json
        .filter_map(|json| json.pointer("/error/details")?.as_array())
        .flatten()
        .filter_map(|detail| detail.get("reason").and_then(Value::as_str));
    // `aws.protocols#ExpiredTokenException` and `ExpiredTokenException:http://…` are the same word.
    header
        .into_iter()
        .chain(plain)
        .chain(reasons)
        .map(|word| word.rsplit('#').next().unwrap_or(word))
        .map(|word| word.split(':').next().unwrap_or(word).trim())
}
