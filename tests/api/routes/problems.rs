//! Errors survive the conversion to problem details and back.

use serde_json::{Value, json};
use umai::api::Problem;
use umai::connection::key_flaw::{KeyFlaw, SurroundingText};
use umai::connection::{
    ConnectionError, ConnectionItem, DraftField, FieldError, FieldReason, IdOrAlias, ServerError,
    SiteError, StoreError, TestReport, TestStage, TestStep,
};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x3fa8_5f64_5717_4562_b3fc_2c96_3f66_afa6);

/// Returns every field error.
fn reasons() -> Vec<FieldReason> {
    use FieldReason::{
        AliasFormat, AliasReserved, AliasTaken, ClientHeader, DuplicateKey, EndpointChanged,
        LooksLikeKey, Masked, Message, NotAKey, NotAReference, NotAUrl, NotAnOption, NotHeaders,
        OneOf, ProviderFixed, ReferenceMissing, ReferenceRefused, Required, TooLong,
        UnknownProvider, UnknownSetting, Unprintable, UrlWithCredentials, WrongType,
    };
    let words = || vec!["a".to_owned(), "b \"c\"".to_owned()];
    let all = vec![
        Required,
        TooLong(255),
        AliasFormat,
        AliasReserved("capabilities".into()),
        AliasTaken {
            alias: "a".into(),
            by: "A \u{202e}".into(),
        },
        Unprintable,
        LooksLikeKey,
        WrongType("text".into()),
        UnknownProvider("x".into()),
        ProviderFixed,
        UnknownSetting(words()),
        UnknownSetting(Vec::new()),
        DuplicateKey,
        NotAUrl,
        UrlWithCredentials,
        NotAnOption(words()),
        NotHeaders,
        ClientHeader("Host".into()),
        Masked,
        NotAReference,
        NotAKey(KeyFlaw::Encrypted),
        NotAKey(KeyFlaw::Surrounded(SurroundingText::Prefix(
            "Bearer ".into(),
        ))),
        ReferenceMissing {
            key: "A:B".into(),
            looked_in: words(),
        },
        ReferenceMissing {
            key: "A:B".into(),
            looked_in: Vec::new(),
        },
        ReferenceRefused {
            key: "A:B".into(),
            allowed: words(),
        },
        OneOf(words()),
        EndpointChanged,
        Message("in other words".into()),
    ];
    // Exhaustive on purpose: a new reason must be added above.
    for reason in &all {
        match reason {
            Required
            | TooLong(_)
            | AliasFormat
            | AliasReserved(_)
            | AliasTaken { .. }
            | Unprintable
            | LooksLikeKey
            | WrongType(_)
            | UnknownProvider(_)
            | ProviderFixed
            | UnknownSetting(_)
            | DuplicateKey
            | NotAUrl
            | UrlWithCredentials
            | NotAnOption(_)
            | NotHeaders
            | ClientHeader(_)
            | Masked
            | NotAKey(_)
            | NotAReference
            | ReferenceMissing { .. }
            | ReferenceRefused { .. }
            | OneOf(_)
            | EndpointChanged
            | Message(_) => {}
        }
    }
    all
}

fn fields() -> [DraftField; 6] {
    [
        DraftField::Alias,
        DraftField::Name,
        DraftField::ProviderId,
        DraftField::IsActive,
        DraftField::Settings,
        DraftField::Setting {
            provider: "openai".into(),
            key: "apiKey".into(),
            label: "API Key".into(),
        },
    ]
}

fn store_errors() -> Vec<StoreError> {
    use StoreError::{
        AliasTaken, Damaged, FeedTooOld, Full, Held, IdTaken, Key, NotFound, Other, ReadOnly,
        Replaced, Unanswered, Unreachable, VersionConflict,
    };
    let item = ConnectionItem {
        id: ID,
        alias: "a".into(),
        name: "A".into(),
        provider_id: "openai".into(),
        is_active: true,
        date_created: "2024-01-15T10:30:00Z".parse().unwrap(),
        date_modified: "2024-01-15T10:30:00.123Z".parse().unwrap(),
        version: 3,
        date_deleted: None,
        endpoint: None,
    };
    let all = vec![
        AliasTaken {
            alias: "a".into(),
            by: Box::new(item),
        },
        IdTaken(ID),
        NotFound(ID),
        VersionConflict {
            expected: 1,
            found: 2,
        },
        FeedTooOld(7),
        Held {
            folder: "/data".into(),
            pid: "12".into(),
        },
        ReadOnly("disk full".into()),
        Damaged {
            id: ID,
            why: "checksum".into(),
        },
        Key("no key".into()),
        Unreachable("no etcd".into()),
        Unanswered("etcd did not answer".into()),
        Full("no space".into()),
        Replaced,
        Other("no folder".into()),
    ];
    for error in &all {
        match error {
            AliasTaken { .. }
            | IdTaken(_)
            | NotFound(_)
            | VersionConflict { .. }
            | FeedTooOld(_)
            | Held { .. }
            | ReadOnly(_)
            | Damaged { .. }
            | Key(_)
            | Unreachable(_)
            | Unanswered(_)
            | Full(_)
            | Replaced
            | Other(_) => {}
        }
    }
    all
}

fn server_errors() -> Vec<ServerError> {
    use ServerError::{
        Forbidden, NotTheApi, Refused, SavedUnread, SignIn, Site, Unconfirmed, Unreachable,
    };
    let all = vec![
        Unreachable {
            server: "https://a".into(),
            why: "no route".into(),
        },
        Unconfirmed {
            server: "https://a".into(),
            why: "connection lost".into(),
        },
        SavedUnread("connection lost".into()),
        SignIn,
        Forbidden("read only".into()),
        NotTheApi {
            server: "https://a".into(),
        },
        Site(SiteError::Starting),
        Refused {
            status: 429,
            words: "Slow down".into(),
        },
    ];
    for error in &all {
        match error {
            Unreachable { .. }
            | Unconfirmed { .. }
            | SavedUnread(_)
            | SignIn
            | Forbidden(_)
            | NotTheApi { .. }
            | Site(_)
            | Refused { .. } => {}
        }
    }
    all
}

fn errors() -> Vec<ConnectionError> {
    let at = |field: &DraftField, reason: &FieldReason| FieldError {
        field: field.clone(),
        reason: reason.clone(),
    };
    let mut all = Vec::new();
    for reason in reasons() {
        all.extend(fields().map(|field| ConnectionError::Invalid(vec![at(&field, &reason)])));
    }
    let every = fields()
        .into_iter()
        .zip(reasons())
        .map(|(field, reason)| at(&field, &reason));
    all.push(ConnectionError::Invalid(every.collect()));
    all.push(ConnectionError::Malformed("The body is empty".into()));
    all.push(ConnectionError::NotFound(IdOrAlias::Id(ID)));
    all.push(ConnectionError::NotFound(IdOrAlias::Alias("a".into())));
    all.push(ConnectionError::VersionNotFound(u64::MAX));
    all.push(ConnectionError::VersionConflict {
        expected: 1,
        found: u64::MAX,
    });
    all.extend(store_errors().into_iter().map(ConnectionError::Store));
    all.push(ConnectionError::Provider(Box::default()));
    all.push(ConnectionError::Provider(Box::new(TestReport {
        success: false,
        error_message: Some("No".into()),
        steps: TestStage::ALL
            .map(|stage| TestStep {
                stage,
                passed: true,
                detail: Some("x".into()),
            })
            .into(),
        advice: Some("a".into()),
        provider_message: Some("b".into()),
        address: Some("https://c".into()),
        status: Some(401),
        latency_ms: Some(12),
        is_blocked: true,
        models: Some(3),
        ..TestReport::default()
    })));
    all.push(ConnectionError::ReadOnly("the target is".into()));
    all.extend(server_errors().into_iter().map(ConnectionError::Server));
    all.push(ConnectionError::ReadOnly("prod is read-only".into()));
    for error in &all {
        match error {
            ConnectionError::Invalid(_)
            | ConnectionError::Malformed(_)
            | ConnectionError::NotFound(_)
            | ConnectionError::VersionNotFound(_)
            | ConnectionError::VersionConflict { .. }
            | ConnectionError::Store(_)
            | ConnectionError::Provider(_)
            | ConnectionError::Server(_)
            | ConnectionError::ReadOnly(_) => {}
        }
    }
    all
}

#[test]
fn errors_survive_problem_details() {
    let errors = errors();
    assert!(errors.len() > 150);
    for error in errors {
        let problem = Problem::from_error(&error);
        let text = serde_json::to_string(&problem).unwrap();
        let read: Problem = serde_json::from_str(&text).unwrap();
        assert_eq!(read, problem, "{text}");
        assert_eq!(read.cause, Some(error), "{text}");
        assert!(
            (400..600).contains(&read.status) && !read.detail.is_empty(),
            "{text}"
        );
        assert!(!read.kind.is_empty() && !read.title.is_empty());
    }
}

#[test]
fn reason_name_equals_problem_code() {
    for reason in reasons() {
        let travels = serde_json::to_value(&reason).unwrap()["code"].clone();
        let problem = Problem::from_error(&ConnectionError::at(DraftField::Alias, reason));
        assert_eq!(Value::from(problem.code), travels);
    }
}

#[test]
fn unexpected_problem_members_are_ignored() {
    let foreign = json!({
        "type": null, "title": 5, "status": "400", "detail": ["x"], "code": {}, "errors": [1],
        "cause": { "invalid": [{ "field": "colour", "reason": { "code": "tomorrow" } }] },
        "traceId": "00-1",
    });
    let read: Problem = serde_json::from_value(foreign).unwrap();
    assert_eq!(
        (read.status, read.detail.as_str(), read.cause),
        (0, "", None)
    );
    assert_eq!(read.more["traceId"], "00-1");
    let documented = r#"{"type":"https://tools.ietf.org/html/rfc7231#section-6.5.1","title":"Bad Request","status":400,"detail":"Alias is required"}"#;
    let read: Problem = serde_json::from_str(documented).unwrap();
    assert_eq!(
        (read.status, read.detail.as_str()),
        (400, "Alias is required")
    );
}
