//! Finds the provider's message and its error codes in a response.

use serde_json::Value;

use super::http::ProbeResponse;

/// JSON pointers to the message, the most specific first.
const MESSAGE_PATHS: &[&str] = &[
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

/// JSON pointers to an error code.
const CODE_PATHS: &[&str] = &[
    "/error/code",
    "/error/type",
    "/error/status",
    "/error/innererror/code",
    "/error",
    "/code",
    "/type",
    "/__type",
];

/// Header with the error code of AWS.
const AWS_CODE_HEADER: &str = "x-amzn-errortype";

/// Returns the provider's message unchanged; it must be redacted before it is shown.
pub(super) fn message(answer: &ProbeResponse) -> Option<String> {
    let from_json = answer.json.as_ref().map(document).and_then(|json| {
        let texts = MESSAGE_PATHS
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

/// Returns the document of a response; some servers wrap their errors in an array.
fn document(json: &Value) -> &Value {
    match json {
        Value::Array(list) => list.first().unwrap_or(json),
        _ => json,
    }
}

/// Returns whether the response has one of these error codes, in any case.
pub(super) fn has_code(answer: &ProbeResponse, wanted: &[&str]) -> bool {
    codes(answer).any(|code| {
        wanted
            .iter()
            .any(|wanted| code.eq_ignore_ascii_case(wanted))
    })
}

fn codes(answer: &ProbeResponse) -> impl Iterator<Item = &str> {
    let header = answer
        .headers
        .get(AWS_CODE_HEADER)
        .and_then(|value| value.to_str().ok());
    let json = answer.json.iter().map(document);
    let plain = json.clone().flat_map(|json| {
        CODE_PATHS
            .iter()
            .filter_map(|path| json.pointer(path)?.as_str())
    });
    let reasons = json
        .filter_map(|json| json.pointer("/error/details")?.as_array())
        .flatten()
        .filter_map(|detail| detail.get("reason").and_then(Value::as_str));
    // `aws.protocols#ExpiredTokenException` and `ExpiredTokenException:http://…` are the same code.
    header
        .into_iter()
        .chain(plain)
        .chain(reasons)
        .map(|code| code.rsplit('#').next().unwrap_or(code))
        .map(|code| code.split(':').next().unwrap_or(code).trim())
}
