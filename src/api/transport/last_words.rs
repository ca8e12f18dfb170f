//! Writes an answer where there is no request to answer: the bytes made none, or came too late.

use super::request_id::RequestId;
use crate::api::Problem;

/// The bytes of problem details after which the connection ends.
pub fn last_words(problem: &Problem, id: &RequestId) -> Vec<u8> {
    // A problem is texts and numbers: there is nothing in it that JSON could not say.
    let body = serde_json::to_string(problem).unwrap_or_default();
    let allow = match problem.status {
        405 => "allow: GET, HEAD, POST, PUT, DELETE\r\n",
        503 => "retry-after: 1\r\n",
        _ => "",
    };
    format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n{allow}x-request-id: {id}\r\n\
         x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        problem.status,
        problem.title,
        body.len()
    )
    .into_bytes()
}
