//! Raw HTTP error responses for connections without a valid request.

use super::request_id::RequestId;
use crate::api::Problem;

/// Returns the bytes of an error response, after which the connection is closed.
pub fn raw_error_response(problem: &Problem, id: &RequestId) -> Vec<u8> {
    // Problem details always serialize.
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
