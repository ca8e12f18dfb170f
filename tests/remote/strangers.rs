//! Servers of another making: what they say is shown, what they leave out has a default, and nothing they do breaks anything.

use rstest::rstest;
use umai::connection::secret_input::{KeyFlaw, Surrounding};
use umai::connection::store::Revision;
use umai::connection::{
    ConnectionDraft, ConnectionError, ConnectionService, Field, Mask, Query, Reason, ServerError,
    Setting, Window,
};

use crate::stranger::{Heard, Said, Stranger, json, says};

const ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// A connection as a server shows it that masks nothing and counts no versions.
const UNMASKED: &str = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,
    "dateCreated":"2024-01-15T10:30:00","settings":{"apiKey":"sk-planted","organization":"org-1","endpoint":"https://api.openai.com/v1"},"$type":"x"}"#;

fn draft(body: &str) -> ConnectionDraft {
    ConnectionDraft::from_json(body.as_bytes()).unwrap()
}

fn documented() -> ConnectionDraft {
    draft(crate::common::DOCUMENTED)
}

fn all() -> Query {
    Query::all(Window { skip: 0, take: 100 })
}

#[tokio::test]
async fn a_create_that_is_answered_with_the_bare_id_is_read_back_and_masked() {
    let (stranger, service) = Stranger::of_connections(|heard| {
        if heard.line.starts_with("POST") {
            json(201, &format!("\"{ID}\""))
        } else {
            json(200, UNMASKED)
        }
    })
    .await;
    let created = service.create(documented()).await.unwrap();
    assert_eq!(created.item.id.to_string(), ID);
    let settings = created.settings.unwrap();
    assert_eq!(settings.get("apiKey"), Some(&Setting::Secret(Mask::Sk)));
    assert_eq!(
        settings.get("organization"),
        Some(&Setting::Text("org-1".into()))
    );
    let heard = stranger.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(heard[0].body, crate::common::DOCUMENTED);
    assert!(
        heard[0]
            .head
            .to_lowercase()
            .contains("authorization: bearer planted-token")
    );
    assert!(heard[1].line.ends_with(ID));
}

#[rstest]
#[case(204, "", "")]
#[case(200, "", "")]
#[case(
    201,
    "",
    "Location: /umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6\r\n"
)]
#[tokio::test]
async fn a_save_that_is_answered_with_nothing_is_read_back(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] header: &'static str,
) {
    let (_, service) = Stranger::of_connections(move |heard| {
        if heard.line.starts_with("GET") {
            return json(200, UNMASKED);
        }
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        Said::Whole((head + body).into_bytes())
    })
    .await;
    let created = service.create(documented()).await.unwrap();
    assert_eq!(created.item.name, "OpenAI Production");
    let key = "openai-prod".parse().unwrap();
    let saved = service.update(&key, draft(r#"{"name":"New"}"#), None).await;
    assert_eq!(saved.unwrap().item.id.to_string(), ID);
}

#[tokio::test]
async fn the_whole_connection_is_told_and_no_mask_is_kept_as_the_key() {
    let (stranger, service) = Stranger::of_connections(|_| json(200, UNMASKED)).await;
    let key = ID.parse().unwrap();
    let change = draft(r#"{"name":"New","settings":{"apiKey":"sk-***","organization":null}}"#);
    service.update(&key, change, Some(0)).await.unwrap();
    service.set_active(&key, false).await.unwrap();
    let puts: Vec<Heard> = stranger
        .heard()
        .into_iter()
        .filter(|heard| heard.line.starts_with("PUT"))
        .collect();
    assert_eq!(
        puts[0].body,
        r#"{"alias":"openai-prod","name":"New","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-planted","organization":null,"endpoint":"https://api.openai.com/v1"}}"#
    );
    assert_eq!(
        puts[1].body,
        r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":false,"settings":{"apiKey":"sk-planted","organization":"org-1","endpoint":"https://api.openai.com/v1"}}"#
    );
    assert!(
        !puts[0].head.to_lowercase().contains("if-match"),
        "it counts no versions"
    );
}

#[tokio::test]
async fn a_key_that_was_given_for_another_address_is_not_sent_there() {
    let (stranger, service) = Stranger::of_connections(|_| json(200, UNMASKED)).await;
    let change =
        draft(r#"{"settings":{"apiKey":"sk-***","endpoint":"https://elsewhere.example"}}"#);
    let error = service
        .update(&ID.parse().unwrap(), change, None)
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].reason, Reason::EndpointMoved);
    assert!(
        stranger
            .heard()
            .iter()
            .all(|heard| heard.line.starts_with("GET"))
    );
}

#[rstest]
#[case("ENC:planted", KeyFlaw::Encrypted)]
#[case("Bearer sk-planted", KeyFlaw::Surrounded(Surrounding::Prefix("Bearer ".into())))]
#[case("sk-\u{200b}planted", KeyFlaw::Invisible("U+200B".into()))]
#[tokio::test]
async fn new_secret_that_is_no_key_is_not_sent(#[case] text: &str, #[case] flaw: KeyFlaw) {
    let (stranger, service) = Stranger::of_connections(|_| json(200, UNMASKED)).await;
    let change = draft(&format!(r#"{{"settings":{{"apiKey":"{text}"}}}}"#));
    let updated = service.update(&ID.parse().unwrap(), change, None).await;
    let create = draft(&format!(
        r#"{{"alias":"a","name":"A","providerId":"openai","settings":{{"apiKey":"{text}"}}}}"#
    ));
    let created = service.create(create).await;
    for refused in [updated.unwrap_err(), created.unwrap_err()] {
        assert_eq!(refused.fields()[0].reason, Reason::NotAKey(flaw.clone()));
        assert!(!format!("{refused:?}").contains("planted"));
    }
    let heard = stranger.heard();
    assert!(heard.iter().all(|heard| heard.line.starts_with("GET")));
}

#[tokio::test]
async fn a_change_over_an_old_version_is_refused_before_it_is_sent() {
    let counted = UNMASKED.replacen('{', "{\"version\":3,", 1);
    let (_, service) = Stranger::of_connections(move |_| json(200, &counted)).await;
    let error = service
        .update(&ID.parse().unwrap(), draft("{}"), Some(2))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        ConnectionError::VersionMoved {
            expected: 2,
            found: 3
        }
    );
}

#[tokio::test]
async fn validation_in_the_words_of_another_stands_at_its_fields() {
    const PROBLEM: &str = r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,
        "errors":{"Settings.ApiKey":["That key\r\nis old."],"Alias":["Alias is taken.","And ugly."],"$.isActive":["Not a switch."],"requestModel":["The requestModel field is required."]},"traceId":"00-1"}"#;
    let (_, service) =
        Stranger::of_connections(|_| says(400, "application/problem+json", PROBLEM)).await;
    let error = service.create(documented()).await.unwrap_err();
    let at: Vec<_> = error
        .fields()
        .iter()
        .map(|error| (error.field.path(), error.to_string()))
        .collect();
    let at: Vec<_> = at
        .iter()
        .map(|(path, words)| (path.as_str(), words.as_str()))
        .collect();
    assert_eq!(
        at,
        [
            ("alias", "Alias is taken."),
            ("alias", "And ugly."),
            ("isActive", "Not a switch."),
            ("settings.apiKey", "That key is old."),
        ]
    );
    assert!(
        matches!(&error.fields()[3].field, Field::Setting { provider, label, .. } if provider == "openai" && label == "OpenAI API Key")
    );
    assert_eq!(
        error.fields()[0].reason,
        Reason::Said("Alias is taken.".into())
    );
    assert_eq!(error.fields()[0].reason.at_field(), "Alias is taken.");
}

#[rstest]
#[case::problem(
    400,
    "application/problem+json",
    r#"{"title":"Duplicate alias","detail":"An item has that alias","status":400}"#,
    "An item has that alias"
)]
#[case::title_alone(
    409,
    "application/problem+json",
    r#"{"title":"Duplicate alias","errors":{}}"#,
    "Duplicate alias"
)]
#[case::page(
    502,
    "text/html",
    "<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>",
    "The server returned 502 Bad Gateway: 502 Bad Gateway"
)]
#[case::nothing(500, "text/plain", "", "The server returned 500 Internal Server Error")]
#[case::text(
    500,
    "text/plain",
    "Out of\n memory \u{1b}[31m",
    "The server returned 500 Internal Server Error: Out of memory \\u{1b}[31m"
)]
#[case::half_json(
    500,
    "application/json",
    "{\"detail\":\"half",
    "The server returned 500 Internal Server Error: {\"detail\":\"half"
)]
#[case::odd_json(
    429,
    "application/json",
    "[1,2]",
    "The server returned 429 Too Many Requests"
)]
#[case::unknown(599, "text/plain", "", "The server returned 599 (unknown status)")]
#[case::foreign_cause(
    400,
    "application/json",
    r#"{"cause":{"unheardOf":1},"detail":"words","errors":[1],"status":"x"}"#,
    "words"
)]
#[tokio::test]
async fn a_refusal_is_shown_in_the_words_of_the_server(
    #[case] status: u16,
    #[case] kind: &'static str,
    #[case] body: &'static str,
    #[case] said: &str,
) {
    let (_, service) = Stranger::of_connections(move |_| says(status, kind, body)).await;
    for error in [
        service.list(all()).await.unwrap_err(),
        service.create(documented()).await.unwrap_err(),
    ] {
        let words = said.replacen(": 502 Bad Gateway", "", 1);
        let expected = ServerError::Refused { status, words };
        assert_eq!(error, ConnectionError::Server(expected));
    }
}

#[tokio::test]
async fn statuses_that_mean_something_are_what_they_mean() {
    let key = "openai-prod".parse().unwrap();
    for (status, expected) in [
        (401, ConnectionError::Server(ServerError::SignIn)),
        (
            403,
            ConnectionError::Server(ServerError::Forbidden("Read only".into())),
        ),
        (
            404,
            ConnectionError::NotFound("openai-prod".parse().unwrap()),
        ),
    ] {
        let (_, service) =
            Stranger::of_connections(move |_| json(status, r#"{"detail":"Read only"}"#)).await;
        assert_eq!(service.get(&key).await.unwrap_err(), expected);
        assert_eq!(service.set_active(&key, true).await.unwrap_err(), expected);
        assert_eq!(service.delete(&key, None).await.unwrap_err(), expected);
        let owner = service.alias_owner("openai-prod", None).await;
        assert_eq!(owner.ok(), (status == 404).then_some(None));
    }
    let (_, service) = Stranger::of_connections(|heard| {
        if heard.line.starts_with("DELETE") {
            json(412, "{}")
        } else {
            json(200, &UNMASKED.replacen('{', "{\"version\":7,", 1))
        }
    })
    .await;
    let error = service.delete(&key, Some(4)).await.unwrap_err();
    assert_eq!(
        error,
        ConnectionError::VersionMoved {
            expected: 4,
            found: 7
        }
    );
}

#[rstest]
#[case::garbage(|| json(200, "{\"items\":"))]
#[case::another_shape(|| json(200, "{\"items\":{\"a\":1}}"))]
#[case::a_page(|| says(200, "text/html", "<title>Welcome</title> sk-planted"))]
#[case::nothing(|| says(200, "application/json", ""))]
#[case::null(|| json(200, "null"))]
#[tokio::test]
async fn an_answer_that_is_none_is_said_and_not_repeated(#[case] answer: fn() -> Said) {
    let (stranger, service) = Stranger::of_connections(move |_| answer()).await;
    let error = service.list(all()).await.unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("did not return a response of the management API"),
        "{words}"
    );
    assert!(
        words.contains(&stranger.origin) && !words.contains("planted"),
        "{words}"
    );
}

#[tokio::test]
async fn half_an_answer_is_a_connection_that_broke_off() {
    let (_, service) = Stranger::of_connections(|_| {
        Said::Whole(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\":[".to_vec())
    })
    .await;
    let error = service.list(all()).await.unwrap_err().to_string();
    assert!(
        error.contains("cannot be reached: the connection was lost"),
        "{error}"
    );
    assert!(!error.contains("the change may have been saved"), "{error}");
    let error = service.create(documented()).await.unwrap_err().to_string();
    assert!(error.contains("the change may have been saved"), "{error}");
}

#[rstest]
#[case::nothing(b"")]
#[case::no_http(b"SSH-2.0-OpenSSH_9.6\r\n")]
#[tokio::test]
async fn what_is_no_web_server_is_out_of_reach(#[case] bytes: &'static [u8]) {
    let (_, service) = Stranger::of_connections(move |_| Said::Whole(bytes.to_vec())).await;
    let error = service.list(all()).await.unwrap_err();
    assert!(
        matches!(
            error,
            ConnectionError::Server(ServerError::Unreachable { .. })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let (_, service) = Stranger::of_connections(|_| {
        Said::Endless(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec())
    })
    .await;
    let error = service.list(all()).await.unwrap_err().to_string();
    assert!(error.contains("the response is too large"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let elsewhere = Stranger::new(|_| json(200, "{\"items\":[]}")).await;
    let location = format!("{}/connections", elsewhere.origin);
    let leads = location.clone();
    let (_, service) = Stranger::of_connections(move |_| {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {leads}\r\nContent-Length: 0\r\n\r\n");
        Said::Whole(head.into_bytes())
    })
    .await;
    let error = service.list(all()).await.unwrap_err().to_string();
    assert!(error.contains(&location), "{error}");
    assert!(elsewhere.heard().is_empty(), "the token went there");
}

#[tokio::test]
async fn a_server_without_providers_is_asked_with_ours_and_that_is_said() {
    let (_, service) = Stranger::of_connections(|_| json(200, "{\"items\":[]}")).await;
    assert!(service.providers().get("openai").is_some());
    let notices = service.notices();
    assert!(notices[0].contains("names no providers"), "{notices:?}");
    let list = service.list(all()).await.unwrap();
    assert_eq!((list.items.len(), list.total), (0, 0));
}

#[tokio::test]
async fn providers_that_are_listed_alone_are_asked_for_one_by_one() {
    let stranger = Stranger::new(|heard| {
        if heard.line.contains("/providers/house") {
            json(200, r#"{"id":"house","name":"House","capabilities":["Chat"],"settings":[{"alias":"token","name":"Token","isSensitive":true,"isRequired":true}]}"#)
        } else if heard.line.contains("/providers/") {
            json(404, "{}")
        } else {
            json(200, r#"[{"id":"house","name":"House","capabilities":["Chat"]},{"id":"openai","name":"OpenAI","capabilities":["Chat"]},{"id":"other","name":"O","capabilities":["Chat"]},7]"#)
        }
    })
    .await;
    let service = stranger.service().await;
    let catalog = service.providers();
    let ids: Vec<_> = catalog
        .all()
        .iter()
        .map(|provider| provider.id.as_str())
        .collect();
    assert_eq!(ids, ["house", "openai"]);
    assert!(catalog.get("house").unwrap().settings[0].sensitive);
}

#[rstest]
#[case::another_type("application/json", "{}", "does not tell changes")]
#[case::no_events(
    "text/event-stream",
    "\u{0}\u{1}garbage\n\n",
    "the connection was lost"
)]
#[case::no_change(
    "text/event-stream",
    "data: {\"revision\":\"x\"}\n\n",
    "cannot be read"
)]
#[case::lost(
    "text/event-stream",
    "event: lost\ndata: {\"detail\":\"Too\\nslow\"}\n\n",
    "Too slow"
)]
#[case::lost_for_nothing(
    "text/event-stream",
    "event: lost\ndata: ?\n\n",
    "the change feed ended"
)]
#[tokio::test]
async fn a_feed_that_is_none_ends_with_why(
    #[case] kind: &'static str,
    #[case] body: &'static str,
    #[case] why: &str,
) {
    use futures_util::StreamExt;
    let (_, service) = Stranger::of_umai(move |_| says(200, kind, body)).await;
    let error = match service.changes(Revision(0)).await {
        Err(error) => error.to_string(),
        Ok(mut feed) => {
            let error = feed.next().await.unwrap().unwrap_err().to_string();
            assert!(feed.next().await.is_none(), "nothing after the error");
            error
        }
    };
    assert!(error.contains(why), "{error}");
}

#[tokio::test]
async fn a_server_that_tells_no_changes_is_said_to_tell_none() {
    let (_, service) = Stranger::of_connections(|_| says(404, "text/html", "<p>?</p>")).await;
    for told in [
        service.revision().await.map(|_| ()),
        service.changes(Revision(1)).await.map(|_| ()),
    ] {
        let error = told.unwrap_err().to_string();
        assert!(error.contains("does not tell changes"), "{error}");
    }
}

#[tokio::test]
async fn an_event_without_end_ends_the_feed() {
    use futures_util::StreamExt;
    let (_, service) = Stranger::of_umai(|_| {
        Said::Endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata:".to_vec())
    })
    .await;
    let mut feed = service.changes(Revision(0)).await.unwrap();
    let error = feed.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn a_change_is_told_once_however_often_it_comes() {
    use futures_util::StreamExt;
    const DELETED: &str = "\"deleted\":\"3fa85f64-5717-4562-b3fc-2c963f66afa6\"";
    let stream = [3, 4, 5, 5, 4, 6]
        .map(|revision| format!("id: {revision}\ndata: {{\"revision\":{revision},{DELETED}}}\n\n"))
        .concat();
    let (_, service) = Stranger::of_umai(move |_| says(200, "text/event-stream", &stream)).await;
    let feed = service.changes(Revision(4)).await.unwrap();
    let told: Vec<_> = feed
        .filter_map(async |change| Some(change.ok()?.revision.0))
        .collect()
        .await;
    assert_eq!(told, [5, 6]);
}

#[tokio::test]
async fn a_server_without_a_list_of_keys_says_so_and_odd_keys_are_passed_over() {
    let (_, service) = Stranger::of_connections(|_| json(404, "{}")).await;
    let error = service.configuration_keys().await.unwrap_err();
    assert!(error.to_string().contains("does not list"), "{error}");
    let odd = r#"{"items":[{"key":"A:B","source":"x"},{"key":"\u001b[31m","source":"x"},{"key":"$A","source":"x"}],"total":3}"#;
    let (_, service) = Stranger::of_umai(move |heard| {
        let is_asked = heard.line.contains("/appsettings");
        json(if is_asked { 200 } else { 404 }, odd)
    })
    .await;
    let page = service.configuration_keys().await.unwrap();
    let keys: Vec<_> = page
        .items
        .iter()
        .map(|listed| listed.key.as_str())
        .collect();
    assert_eq!(keys, ["A:B"]);
}
