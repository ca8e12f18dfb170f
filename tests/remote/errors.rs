//! Every refusal comes back from a server as what it was there.

use std::sync::Arc;

use serde_json::{Value, json as object};
use umai::api::Problem;
use umai::appsettings::Reference;
use umai::connection::store::Revision;
use umai::connection::{
    ConnectionDraft, ConnectionError, ConnectionItem, ConnectionService, Field, FieldError,
    IdOrAlias, Query, Reason, ServerError, StoreError, TestReport, TestStage, TestStep,
    TestSubject, Window,
};
use umai::provider::Capability;

use crate::common::server::Server;
use crate::common::{DOCUMENTED, draft, remote, service};
use crate::stranger::{Stranger, says};

fn item() -> ConnectionItem {
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    serde_json::from_value(object!({"id": id, "alias": "a", "name": "A\u{202e}", "providerId": "openai", "isActive": true,
        "dateCreated": "2024-01-15T10:30:00Z", "dateModified": "2024-01-15T10:30:00Z", "version": 2}))
    .unwrap()
}

/// One of each, with something in it that must not be lost.
fn every_error() -> Vec<ConnectionError> {
    let setting = Field::Setting {
        provider: "openai".into(),
        key: "apiKey".into(),
        label: "API key \"x\"".into(),
    };
    let reasons = vec![
        Reason::Required,
        Reason::TooLong(255),
        Reason::AliasFormat,
        Reason::AliasReserved("capabilities".into()),
        Reason::AliasTaken {
            alias: "a".into(),
            by: "A\n\u{1b}[31m".into(),
        },
        Reason::Unprintable,
        Reason::WrongType("an object".into()),
        Reason::UnknownProvider("nobody".into()),
        Reason::ProviderFixed,
        Reason::UnknownSetting(vec!["a".into(), "b".into()]),
        Reason::GivenTwice,
        Reason::NotAUrl,
        Reason::UrlWithCredentials,
        Reason::NotAnOption(vec!["x".into()]),
        Reason::NotHeaders,
        Reason::Masked,
        Reason::NotAReference,
        Reason::ReferenceMissing {
            key: "A:B".into(),
            looked_in: vec!["x.json".into()],
        },
        Reason::ReferenceRefused {
            key: "A:B".into(),
            allowed: vec![],
        },
        Reason::OneOf(vec!["a".into()]),
        Reason::EndpointMoved,
        Reason::Said("Words of another".into()),
    ];
    let fields = [
        Field::Alias,
        Field::Name,
        Field::ProviderId,
        Field::IsActive,
        Field::Settings,
    ];
    let fields = fields.into_iter().chain(std::iter::once(setting)).cycle();
    let every: Vec<_> = fields
        .zip(reasons)
        .map(|(field, reason)| FieldError { field, reason })
        .collect();
    let report = TestReport {
        error_message: Some("The key is not known".into()),
        steps: vec![TestStep {
            stage: TestStage::SignedIn,
            passed: false,
            detail: Some("401".into()),
        }],
        advice: Some("Give another".into()),
        said: Some("Incorrect API key".into()),
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
        ConnectionError::VersionMoved {
            expected: 1,
            found: u64::MAX,
        },
        ConnectionError::Store(StoreError::AliasTaken {
            alias: "a".into(),
            by: Box::new(item()),
        }),
        ConnectionError::Store(StoreError::IdTaken(id)),
        ConnectionError::Store(StoreError::NotFound(id)),
        ConnectionError::Store(StoreError::VersionMoved {
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
        ConnectionError::Store(StoreError::Unusable("gone".into())),
        ConnectionError::Provider(Box::new(report)),
        ConnectionError::Server(ServerError::Unreachable {
            server: "https://x".into(),
            why: "far".into(),
        }),
        ConnectionError::Server(ServerError::SignIn),
        ConnectionError::Server(ServerError::Forbidden("Read only".into())),
        ConnectionError::Server(ServerError::Refused {
            status: 429,
            words: "Slowly".into(),
        }),
    ]);
    errors
}

#[tokio::test]
async fn every_error_comes_back_as_it_was() {
    for error in every_error() {
        let problem = Problem::of(&error);
        let (status, body) = (problem.status, serde_json::to_string(&problem).unwrap());
        let (_, service) =
            Stranger::of_connections(move |_| says(status, "application/problem+json", &body))
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

/// Everything that can be asked, as what comes back.
async fn everything(service: &dyn ConnectionService) -> Vec<Value> {
    fn told<T: std::fmt::Debug>(told: Result<T, ConnectionError>) -> Value {
        object!(format!("{told:?}"))
    }
    let named = |text: &str| -> IdOrAlias { text.parse().unwrap() };
    let (one, none) = (named("openai-prod"), named("nobody"));
    let nobody = named("3fa85f64-5717-4562-b3fc-2c963f66afa6");
    let window = Window { skip: 0, take: 10 };
    let mut all = Vec::new();
    let catalog = service.providers();
    all.push(object!(format!("{:?}", catalog.all())));
    for body in [
        DOCUMENTED,
        r#"{"alias":"OPENAI-prod","name":" ","providerId":"nobody","settings":{"x":1}}"#,
        r#"{"alias":"openai-prod","name":"Again","providerId":"openai","settings":{"apiKey":"***","endpoint":"ftp://x","y":1}}"#,
        r#"{"alias":"d","name":"D","isActive":1,"providerId":"openai","settings":{"apiKey":"***","endpoint":"ftp://x","y":[]}}"#,
        r#"{"alias":"b","name":"B","providerId":"openai","settings":{"apiKey":"$Not:There"}}"#,
        r#"{"alias":"capabilities","name":"B","providerId":5}"#,
        r#"{"alias":"b","name":"B","providerId":"microsoft-foundry","settings":{"endpoint":"https://x.example"}}"#,
        r#"{"alias":"c","name":"C\u202e","providerId":"amazon","settings":{"region":true}}"#,
        r#"{"alias":"c","name":"C","providerId":"amazon"}"#,
    ] {
        let created = service.create(draft(body)).await.map(|mut made| {
            made.item.id = uuid::Uuid::nil();
            made
        });
        all.push(told(created));
    }
    for key in [
        &one,
        &none,
        &nobody,
        &named("capabilities"),
        &named("a/../b"),
        &named("%2e%2e"),
        &named(".."),
    ] {
        let unnamed = service
            .get(key)
            .await
            .map(|found| (found.item.alias, found.settings));
        all.push(told(unnamed));
        all.push(told(
            service.versions(key, window).await.map(|page| page.total),
        ));
        all.push(told(service.version(key, 7).await.map(|_| ())));
        all.push(told(service.compare(key, 1, 7).await.map(|_| ())));
        all.push(told(service.rollback(key, 7, None).await.map(|_| ())));
        all.push(told(
            service
                .update(key, draft(r#"{"name":""}"#), None)
                .await
                .map(|_| ()),
        ));
        all.push(told(
            service.update(key, draft("{}"), Some(7)).await.map(|_| ()),
        ));
        all.push(told(service.test(TestSubject::Stored(key.clone())).await));
        all.push(told(service.models(key, Some(Capability::Chat)).await));
    }
    for change in [
        r#"{"name":"Renamed","settings":{"apiKey":"sk-***"}}"#,
        r#"{"settings":{"endpoint":"https://elsewhere.example"}}"#,
        r#"{"providerId":"amazon"}"#,
        r#"{"isActive":"yes"}"#,
        r#"{"settings":{"apiKey":null}}"#,
        r#"{"settings":{"apiKey":"$OpenAI:ApiKey"}}"#,
    ] {
        let saved = service.update(&one, draft(change), None).await;
        all.push(told(
            saved.map(|saved| (saved.item.version, saved.settings)),
        ));
    }
    for active in [false, false, true] {
        all.push(told(
            service
                .set_active(&one, active)
                .await
                .map(|saved| saved.item.version),
        ));
    }
    let versions = service.versions(&one, window).await.map(|mut page| {
        for version in &mut page.items {
            version.snapshot.item.id = uuid::Uuid::nil();
        }
        page
    });
    all.push(told(versions));
    let compared = service
        .compare(&one, 1, 3)
        .await
        .map(|found| (found.from_date, found.to_date, found.changes));
    all.push(told(compared));
    let rolled = service.rollback(&one, 1, Some("Back again".into())).await;
    all.push(told(rolled.map(|rolled| {
        (
            rolled.previous_version,
            rolled.restored_from_version,
            rolled.new_version,
            rolled.entity.settings,
        )
    })));
    for alias in [
        "openai-prod",
        "OPENAI-PROD",
        "nobody",
        "",
        "..",
        "capabilities",
        "a b",
    ] {
        let owner = service.alias_owner(alias, None).await;
        all.push(told(owner.map(|owner| owner.map(|item| item.alias))));
    }
    let id = service.get(&one).await.unwrap().item.id;
    all.push(told(service.alias_owner("openai-prod", Some(id)).await));
    for text in [
        "$OpenAI:ApiKey",
        "$Not:There",
        "$ConnectionStrings:x",
        "$a.b-c_d",
    ] {
        let reference = Reference::read(text).unwrap();
        all.push(told(service.lookup(&reference).await));
    }
    for query in [
        Query {
            filter: Some("RENAMED".into()),
            ..Query::all(window)
        },
        Query {
            provider_ids: Some(vec![]),
            ..Query::all(window)
        },
        Query {
            provider_ids: Some(vec!["AMAZON".into(), "nobody".into()]),
            ..Query::all(window)
        },
        Query {
            capability: Some(Capability::Embedding),
            is_active: Some(true),
            ..Query::all(window)
        },
        Query::all(Window { skip: 1, take: 0 }),
    ] {
        let page = service.list(query).await;
        all.push(told(page.map(|page| {
            (
                page.items
                    .into_iter()
                    .map(|item| item.alias)
                    .collect::<Vec<_>>(),
                page.total,
            )
        })));
    }
    all.push(told(service.capabilities().await));
    all.push(told(service.revision().await));
    all.push(told(
        service.test(TestSubject::Draft(draft(DOCUMENTED))).await,
    ));
    all.push(told(
        service
            .test(TestSubject::Changed(one.clone(), draft(r#"{"name":"x"}"#)))
            .await,
    ));
    all.push(told(
        service
            .test(TestSubject::Changed(
                none.clone(),
                ConnectionDraft::default(),
            ))
            .await,
    ));
    all.push(told(service.delete(&one, Some(1)).await.map(|_| ())));
    all.push(told(
        service.delete(&one, None).await.map(|item| item.alias),
    ));
    all.push(told(service.delete(&one, None).await.map(|_| ())));
    all.push(told(service.delete(&nobody, None).await.map(|_| ())));
    all.push(object!(service.notices()));
    all
}

#[tokio::test]
async fn whatever_is_asked_comes_back_from_a_server_as_it_does_here() {
    let server = Server::over(service()).await;
    let far = everything(&*remote(&server.origin).await).await;
    let here = everything(&*service()).await;
    for (at, (far, here)) in far.iter().zip(&here).enumerate() {
        let folder = |told: &Value| told.as_str().unwrap_or_default().to_owned();
        assert_eq!(folder(far), folder(here), "answer {at}");
    }
    assert_eq!(far.len(), here.len());
}

#[tokio::test]
async fn a_list_longer_than_one_answer_is_read_to_its_end() {
    let store = service();
    for number in 0..30 {
        let body = format!(r#"{{"alias":"a-{number}","name":"A {number}","providerId":"openai"}}"#);
        store.create(draft(&body)).await.unwrap();
    }
    let server = Server::over(Arc::clone(&store)).await;
    let far = remote(&server.origin).await;
    for (skip, take) in [
        (0, usize::MAX),
        (0, 10_001),
        (29, 10_001),
        (30, 5),
        (usize::MAX, 5),
        (5, 0),
    ] {
        let query = Query::all(Window { skip, take });
        assert_eq!(
            far.list(query.clone()).await.unwrap(),
            store.list(query).await.unwrap()
        );
    }
}
