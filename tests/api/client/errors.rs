//! Errors arrive at the client unchanged.

use serde_json::json as object;
use umai::api::Problem;
use umai::connection::key_flaw::{KeyFlaw, SurroundingText};
use umai::connection::store::Revision;
use umai::connection::{
    ConnectionError, ConnectionItem, DraftField, FieldError, FieldReason, IdOrAlias, ServerError,
    StoreError, TestReport, TestStage, TestStep,
};
use umai::service::ConnectionService;

use crate::client::third_party_server::{ThirdPartyServer, response};
use crate::support::{DOCUMENTED, draft};

fn item() -> ConnectionItem {
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    serde_json::from_value(object!({"id": id, "alias": "a", "name": "A\u{202e}", "providerId": "openai", "isActive": true,
        "dateCreated": "2024-01-15T10:30:00Z", "dateModified": "2024-01-15T10:30:00Z", "version": 2}))
    .unwrap()
}

fn all_reasons() -> Vec<FieldReason> {
    vec![
        FieldReason::Required,
        FieldReason::TooLong(255),
        FieldReason::AliasFormat,
        FieldReason::AliasReserved("capabilities".into()),
        FieldReason::AliasTaken {
            alias: "a".into(),
            by: "A\n\u{1b}[31m".into(),
        },
        FieldReason::Unprintable,
        FieldReason::LooksLikeKey,
        FieldReason::WrongType("an object".into()),
        FieldReason::UnknownProvider("missing".into()),
        FieldReason::ProviderFixed,
        FieldReason::UnknownSetting(vec!["a".into(), "b".into()]),
        FieldReason::DuplicateKey,
        FieldReason::NotAUrl,
        FieldReason::UrlWithCredentials,
        FieldReason::NotAnOption(vec!["x".into()]),
        FieldReason::NotHeaders,
        FieldReason::ClientHeader("Host".into()),
        FieldReason::Masked,
        FieldReason::NotAKey(KeyFlaw::Surrounded(SurroundingText::Prefix(
            "Bearer ".into(),
        ))),
        FieldReason::NotAKey(KeyFlaw::Surrounded(SurroundingText::Quotes)),
        FieldReason::NotAKey(KeyFlaw::Encrypted),
        FieldReason::NotAKey(KeyFlaw::Invisible("U+200B".into())),
        FieldReason::NotAReference,
        FieldReason::ReferenceMissing {
            key: "A:B".into(),
            looked_in: vec!["x.json".into()],
        },
        FieldReason::ReferenceRefused {
            key: "A:B".into(),
            allowed: vec![],
        },
        FieldReason::OneOf(vec!["a".into()]),
        FieldReason::EndpointChanged,
        FieldReason::Message("Words of another".into()),
    ]
}

/// Returns one error of each kind, with details that must be kept.
fn all_errors() -> Vec<ConnectionError> {
    let setting = DraftField::Setting {
        provider: "openai".into(),
        key: "apiKey".into(),
        label: "API key \"x\"".into(),
    };
    let fields = [
        DraftField::Alias,
        DraftField::Name,
        DraftField::ProviderId,
        DraftField::IsActive,
        DraftField::Settings,
    ];
    let fields = fields.into_iter().chain(std::iter::once(setting)).cycle();
    let every: Vec<_> = fields
        .zip(all_reasons())
        .map(|(field, reason)| FieldError { field, reason })
        .collect();
    let report = TestReport {
        error_message: Some("The key is not known".into()),
        steps: vec![TestStep {
            stage: TestStage::Authentication,
            passed: false,
            detail: Some("401".into()),
        }],
        advice: Some("Give another".into()),
        provider_message: Some("Incorrect API key".into()),
        address: Some("https://api.openai.com/v1/models".into()),
        status: Some(401),
        latency_ms: Some(12),
        ..TestReport::default()
    };
    let id = item().id;
    let mut errors: Vec<_> = every
        .iter()
        .map(|error| ConnectionError::Invalid(vec![error.clone()]))
        .collect();
    errors.extend([
        ConnectionError::Invalid(every),
        ConnectionError::Malformed("The body is empty; it must be a JSON object".into()),
        ConnectionError::NotFound(IdOrAlias::Id(id)),
        ConnectionError::NotFound(IdOrAlias::Alias("x y".into())),
        ConnectionError::VersionNotFound(9),
        ConnectionError::VersionConflict {
            expected: 1,
            found: u64::MAX,
        },
        ConnectionError::Store(StoreError::AliasTaken {
            alias: "a".into(),
            by: Box::new(item()),
        }),
        ConnectionError::Store(StoreError::IdTaken(id)),
        ConnectionError::Store(StoreError::NotFound(id)),
        ConnectionError::Store(StoreError::VersionConflict {
            expected: 1,
            found: 2,
        }),
        ConnectionError::Store(StoreError::FeedTooOld(4)),
        ConnectionError::Store(StoreError::Held {
            folder: "/data".into(),
            pid: "7".into(),
        }),
        ConnectionError::Store(StoreError::ReadOnly("full".into())),
        ConnectionError::Store(StoreError::Damaged {
            id,
            why: "checksum".into(),
        }),
        ConnectionError::Store(StoreError::Key("missing".into())),
        ConnectionError::Store(StoreError::Other("gone".into())),
        ConnectionError::Provider(Box::new(report)),
        ConnectionError::Server(ServerError::Unreachable {
            server: "https://x".into(),
            why: "far".into(),
        }),
        ConnectionError::Server(ServerError::SignIn),
        ConnectionError::Server(ServerError::Forbidden("Read only".into())),
        ConnectionError::Server(ServerError::NotTheApi {
            server: "https://x".into(),
        }),
        ConnectionError::ReadOnly("the target 'prod' is read-only".into()),
        ConnectionError::Server(ServerError::Refused {
            status: 429,
            words: "Slowly".into(),
        }),
    ]);
    errors
}

#[tokio::test]
async fn remote_errors_are_restored() {
    for error in all_errors() {
        let problem = Problem::from_error(&error);
        let (status, body) = (problem.status, serde_json::to_string(&problem).unwrap());
        let (_, service) = ThirdPartyServer::with_umai_providers(move |_| {
            response(status, "application/problem+json", &body)
        })
        .await;
        let key = "a".parse().unwrap();
        assert_eq!(service.get(&key).await.unwrap_err(), error);
        assert_eq!(service.create(draft(DOCUMENTED)).await.unwrap_err(), error);
        assert_eq!(
            service.changes(Revision(1)).await.map(|_| ()).unwrap_err(),
            error
        );
    }
}
