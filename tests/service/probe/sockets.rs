//! Responses of misbehaving servers.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use umai::connection::{TestReport, TestStage, TestSubject};
use umai::probe::ProbeLimits;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::probe::fixture::{
    KEY, ProbeSetup, failure_at, service_with, short_limits, store, tested_at,
};

/// Responds to every connection with `answer` after its request, then closes it or leaves it open.
async fn socket(answer: Vec<u8>, stays_open: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open: Vec<TcpStream> = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            if stays_open {
                open.push(stream);
            } else {
                let _ = stream.shutdown().await;
            }
        }
    });
    uri
}

async fn tested_with(answer: &[u8], stays_open: bool) -> TestReport {
    let uri = socket(answer.to_vec(), stays_open).await;
    tested_at(&uri, short_limits()).await
}

#[rstest]
#[case::nothing(b"", "closed the connection without a response")]
#[case::garbage(b"\x00\x01\x02garbage\r\n\r\n", "did not return an HTTP response")]
#[case::another_protocol(b"SSH-2.0-OpenSSH_9.6\r\n", "did not return an HTTP response")]
#[case::half_head(
    b"HTTP/1.1 200 OK\r\nContent-Le",
    "closed the connection without a response"
)]
#[case::half_body(
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":",
    "ended early"
)]
#[case::half_chunk(
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"data\":",
    "ended early"
)]
#[case::half_word(
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"data\": ",
    "did not return JSON"
)]
#[tokio::test]
async fn incomplete_response_fails(#[case] answer: &[u8], #[case] message: &str) {
    let report = tested_with(answer, false).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(sentence.contains(message), "{sentence}");
}

#[rstest]
#[case::silent(b"")]
#[case::slow_head(b"HTTP/1.1 200 OK\r\n")]
#[case::slow_body(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")]
#[tokio::test]
async fn slow_response_times_out(#[case] answer: &[u8]) {
    let started = Instant::now();
    let report = tested_with(answer, true).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(
        sentence.contains("did not answer within 400 ms"),
        "{sentence}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[rstest]
#[case::declared_length(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{".to_vec())]
#[case::undeclared_length([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(), vec![b' '; 17 << 20]].concat())]
#[case::endless_list([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), chunks(br#"{"data":["#, br#"{"id":"a","x":"0123456789"},"#, 17 << 20)].concat())]
#[tokio::test]
async fn huge_list_is_not_read(#[case] answer: Vec<u8>) {
    let uri = socket(answer, true).await;
    let report = tested_at(&uri, long_limits()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(sentence.ends_with("is larger than 16 MiB"), "{sentence}");
}

/// Returns `start` and repetitions of `rest` as HTTP chunks, at least `length` bytes.
fn chunks(start: &[u8], rest: &[u8], length: usize) -> Vec<u8> {
    let many = rest.repeat(64 * 1024 / rest.len());
    let chunk = |content: &[u8]| {
        let head = format!("{:x}\r\n", content.len());
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let mut all = chunk(start);
    while all.len() < length {
        all.extend(chunk(&many));
    }
    all
}

/// Limits with enough time for a busy machine.
fn long_limits() -> ProbeLimits {
    ProbeLimits {
        time: Duration::from_mins(2),
        ..ProbeLimits::default()
    }
}

#[tokio::test]
async fn a_list_of_15_mib_is_read() {
    let model = format!(r#"{{"id":"a","x":"{}"}},"#, "0123456789".repeat(100));
    let list = chunks(br#"{"data":["#, model.as_bytes(), 15 << 20);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let end = b"d\r\n{\"id\":\"last\"}\r\n2\r\n]}\r\n0\r\n\r\n".to_vec();
    let uri = socket([head, list, end].concat(), true).await;
    let report = tested_at(&uri, long_limits()).await;
    assert_eq!(
        (report.success, report.models),
        (true, Some(2)),
        "{report:?}"
    );
}

#[rstest]
#[case::refusal(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2000000\r\n\r\n{")]
#[case::trouble(b"HTTP/1.1 500 Oh\r\nContent-Length: 2000000\r\n\r\n{")]
#[tokio::test]
async fn other_responses_are_limited_to_1_mib(#[case] answer: &[u8]) {
    let uri = socket(answer.to_vec(), true).await;
    let report = tested_at(&uri, long_limits()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(sentence.ends_with("is larger than 1 MiB"), "{sentence}");
}

#[rstest]
#[case::old(b"HTTP/1.0 200 OK\r\n\r\n{\"data\":[{\"id\":\"a\"}]}")]
#[case::chunked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"dat\r\n10\r\na\":[{\"id\":\"a\"}]}\r\n0\r\n\r\n")]
#[tokio::test]
async fn list_is_read_with_any_framing(#[case] answer: &[u8]) {
    let report = tested_at(&socket(answer.to_vec(), false).await, long_limits()).await;
    assert_eq!(
        (report.success, report.models),
        (true, Some(1)),
        "{report:?}"
    );
}

#[tokio::test]
async fn compressed_response_is_not_decompressed() {
    // A gzip block that would decompress to far more; no request asks for compression.
    let mut body: Vec<u8> = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    body.extend(std::iter::repeat_n(0, 4096));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let report = tested_with(&[head.into_bytes(), body].concat(), false).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(
        sentence.contains("returned a compressed response (gzip)"),
        "{sentence}"
    );
}

#[tokio::test]
async fn deeply_nested_json_fails_without_overflow() {
    let body = "[".repeat(200_000);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let report = tested_with(&[head.into_bytes(), body.into_bytes()].concat(), false).await;
    failure_at(&report, TestStage::Reached);
}

#[rstest]
#[tokio::test]
async fn redirect_is_reported_and_not_followed(#[values(301, 302, 303, 307, 308)] status: u16) {
    let other = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::OpenAi.list()))
        .mount(&other)
        .await;
    let server = MockServer::start().await;
    let location = format!("{}/v1/models?key={KEY}", other.uri());
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).insert_header("Location", location))
        .mount(&server)
        .await;
    let report = tested_at(&server.uri(), short_limits()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(sentence.contains("redirects to another URL"), "{sentence}");
    let advice = report.advice.unwrap();
    assert!(
        advice.ends_with(&format!("{}/v1/models", other.uri())),
        "{advice}"
    );
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn refused_connection_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let report = tested_at(&format!("http://{address}/v1"), short_limits()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert_eq!(sentence, format!("{address} refused the connection"));
    assert_eq!((report.status, report.latency_ms), (None, None));
}

#[tokio::test]
async fn unresolvable_host_is_reported() {
    let report = tested_at("https://no-such-host.invalid/v1", ProbeLimits::default()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert_eq!(sentence, "Cannot resolve no-such-host.invalid (DNS)");
}

#[tokio::test]
async fn tls_handshake_with_http_port_is_reported() {
    let server = MockServer::start().await;
    let report = tested_at(
        &server.uri().replace("http:", "https:"),
        ProbeLimits::default(),
    )
    .await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(
        sentence.starts_with("The TLS handshake with ") && sentence.ends_with(" failed"),
        "{sentence}"
    );
}

#[tokio::test]
async fn dropped_test_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let service = service_with(
        &uri,
        ProbeLimits::default(),
        umai::appsettings::EnvironmentVariables::from_pairs([]),
    );
    let key = store(&service, "openai", &json!({"apiKey": KEY, "endpoint": uri})).await;
    let test = tokio::spawn(async move { service.test(TestSubject::Stored(key)).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = vec![0; 4096];
    assert!(stream.read(&mut request).await.unwrap() > 0);
    test.abort();
    let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut request)).await;
    assert!(
        matches!(end, Ok(Ok(0) | Err(_))),
        "the connection is closed"
    );
}
