//! What comes from a socket that does not behave.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use umai::connection::check::Limits;
use umai::connection::{TestReport, TestStage, TestSubject};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stage::{KEY, Way, hasty, is_told, service_with, store, tested_at};

/// Answers every connection with `answer` after its request, then closes it or leaves it open.
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

async fn answered(answer: &[u8], stays_open: bool) -> TestReport {
    let uri = socket(answer.to_vec(), stays_open).await;
    tested_at(&uri, hasty()).await
}

#[rstest]
#[case::nothing(b"", "closed the connection without an answer")]
#[case::garbage(b"\x00\x01\x02garbage\r\n\r\n", "is not HTTP")]
#[case::another_protocol(b"SSH-2.0-OpenSSH_9.6\r\n", "is not HTTP")]
#[case::half_a_head(
    b"HTTP/1.1 200 OK\r\nContent-Le",
    "closed the connection without an answer"
)]
#[case::half_a_body(
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":",
    "broke off"
)]
#[case::half_a_chunk(
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"data\":",
    "broke off"
)]
#[case::half_a_word(
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"data\": ",
    "something else than an API"
)]
#[tokio::test]
async fn half_an_answer_is_none(#[case] answer: &[u8], #[case] said: &str) {
    let report = answered(answer, false).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(sentence.contains(said), "{sentence}");
}

#[rstest]
#[case::silent(b"")]
#[case::slow_head(b"HTTP/1.1 200 OK\r\n")]
#[case::slow_body(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")]
#[tokio::test]
async fn what_takes_too_long_is_ended(#[case] answer: &[u8]) {
    let begun = Instant::now();
    let report = answered(answer, true).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(
        sentence.contains("did not answer within 400 ms"),
        "{sentence}"
    );
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[rstest]
#[case::told(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{".to_vec())]
#[case::untold([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(), vec![b' '; 17 << 20]].concat())]
#[case::endless_list([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), chunks(br#"{"data":["#, br#"{"id":"a","x":"0123456789"},"#, 17 << 20)].concat())]
#[tokio::test]
async fn a_huge_list_is_not_read(#[case] answer: Vec<u8>) {
    let uri = socket(answer, true).await;
    let report = tested_at(&uri, patient()).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(sentence.ends_with("is larger than 16 MiB"), "{sentence}");
}

/// A start and repetitions of the rest as chunks of HTTP, at least `length` bytes of them.
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

/// Time enough for a busy machine.
fn patient() -> Limits {
    Limits {
        time: Duration::from_mins(2),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_list_of_15_mib_is_read() {
    let model = format!(r#"{{"id":"a","x":"{}"}},"#, "0123456789".repeat(100));
    let list = chunks(br#"{"data":["#, model.as_bytes(), 15 << 20);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let end = b"d\r\n{\"id\":\"last\"}\r\n2\r\n]}\r\n0\r\n\r\n".to_vec();
    let uri = socket([head, list, end].concat(), true).await;
    let report = tested_at(&uri, patient()).await;
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
async fn other_answers_have_one_mib(#[case] answer: &[u8]) {
    let uri = socket(answer.to_vec(), true).await;
    let report = tested_at(&uri, patient()).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(sentence.ends_with("is larger than 1 MiB"), "{sentence}");
}

#[rstest]
#[case::old(b"HTTP/1.0 200 OK\r\n\r\n{\"data\":[{\"id\":\"a\"}]}")]
#[case::chunked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"dat\r\n10\r\na\":[{\"id\":\"a\"}]}\r\n0\r\n\r\n")]
#[tokio::test]
async fn list_is_read_however_its_end_is_told(#[case] answer: &[u8]) {
    let report = tested_at(&socket(answer.to_vec(), false).await, patient()).await;
    assert_eq!(
        (report.success, report.models),
        (true, Some(1)),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_compressed_bomb_stays_packed() {
    // A stored gzip block of zeros would unpack to far more than it is; nothing asked for it and nothing unpacks it.
    let mut body: Vec<u8> = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    body.extend(std::iter::repeat_n(0, 4096));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let report = answered(&[head.into_bytes(), body].concat(), false).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(sentence.contains("answers compressed (gzip)"), "{sentence}");
}

#[tokio::test]
async fn deep_json_is_no_answer_and_no_overflow() {
    let body = "[".repeat(200_000);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let report = answered(&[head.into_bytes(), body.into_bytes()].concat(), false).await;
    is_told(&report, TestStage::Reached);
}

#[rstest]
#[tokio::test]
async fn a_redirect_is_told_and_not_followed(#[values(301, 302, 303, 307, 308)] status: u16) {
    let other = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(Way::OpenAi.list()))
        .mount(&other)
        .await;
    let server = MockServer::start().await;
    let location = format!("{}/v1/models?key={KEY}", other.uri());
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).insert_header("Location", location))
        .mount(&server)
        .await;
    let report = tested_at(&server.uri(), hasty()).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(sentence.contains("leads to another address"), "{sentence}");
    let advice = report.advice.unwrap();
    assert!(
        advice.ends_with(&format!("{}/v1/models", other.uri())),
        "{advice}"
    );
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn where_nothing_listens_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let report = tested_at(&format!("http://{address}/v1"), hasty()).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert_eq!(sentence, format!("Nothing listens at {address}"));
    assert_eq!((report.status, report.latency_ms), (None, None));
}

#[tokio::test]
async fn a_name_without_an_address_is_told() {
    let report = tested_at("https://no-such-host.invalid/v1", Limits::default()).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert_eq!(sentence, "The name of no-such-host.invalid has no address");
}

#[tokio::test]
async fn https_to_a_port_that_speaks_http_is_told() {
    let server = MockServer::start().await;
    let report = tested_at(&server.uri().replace("http:", "https:"), Limits::default()).await;
    let sentence = is_told(&report, TestStage::Reached);
    assert!(
        sentence.starts_with("No TLS could be agreed with "),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_test_that_is_dropped_ends_its_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let service = service_with(
        &uri,
        Limits::default(),
        umai::appsettings::Variables::of([]),
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
