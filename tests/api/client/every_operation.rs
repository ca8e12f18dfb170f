//! A remote service behaves like a local one.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use umai::appsettings::Reference;
use umai::connection::{
    ConnectionDraft, ConnectionError, IdOrAlias, ListCursor, ListQuery, PageRequest, TestSubject,
};
use umai::provider::Capability;
use umai::service::ConnectionService;
use uuid::Uuid;

use crate::fault_proxy::FaultProxy;
use crate::support::server::Server;
use crate::support::{draft, remote, service};

/// The documented request for a local endpoint without a server, so that a test sends nothing to the internet.
const NEAR: &str = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","settings":{"apiKey":"sk-planted","endpoint":"http://127.0.0.1:9/v1"}}"#;

const TEN: PageRequest = PageRequest { skip: 0, take: 10 };

/// A service and its recorded responses.
struct Asked {
    service: Arc<dyn ConnectionService>,
    outputs: Vec<String>,
}

impl Asked {
    fn of(service: Arc<dyn ConnectionService>) -> Self {
        Self {
            service,
            outputs: Vec::new(),
        }
    }

    fn hear<T: Debug, E: Debug>(&mut self, answer: &Result<T, E>) {
        self.outputs.push(format!("{answer:?}"));
    }
}

fn named(text: &str) -> IdOrAlias {
    text.parse().unwrap()
}

/// Valid and invalid creates.
async fn create(asked: &mut Asked) {
    for body in [
        NEAR,
        r#"{"alias":"OPENAI-prod","name":" ","providerId":"missing","settings":{"x":1}}"#,
        r#"{"alias":"openai-prod","name":"Again","providerId":"openai","settings":{"apiKey":"***","endpoint":"ftp://x","y":1}}"#,
        r#"{"alias":"d","name":"D","isActive":1,"providerId":"openai","settings":{"apiKey":"***","endpoint":"ftp://x","y":[]}}"#,
        r#"{"alias":"b","name":"B","providerId":"openai","settings":{"apiKey":"$Not:There"}}"#,
        r#"{"alias":"capabilities","name":"B","providerId":5}"#,
        r#"{"alias":"b","name":"B","providerId":"microsoft-foundry","settings":{"endpoint":"https://x.example"}}"#,
        r#"{"alias":"c","name":"C\u202e","providerId":"amazon","settings":{"region":true}}"#,
        r#"{"alias":"c","name":"C","providerId":"amazon"}"#,
    ] {
        let created = asked.service.create(draft(body)).await.map(|mut made| {
            made.item.id = Uuid::nil();
            made
        });
        asked.hear(&created);
    }
}

/// Reads of one connection by ID and alias.
async fn name(asked: &mut Asked) {
    for key in [
        "openai-prod",
        "OpenAI-Prod",
        "missing",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "capabilities",
        "a/../b",
        "%2e%2e",
        "..",
        "",
    ] {
        let key = &named(key);
        let service = Arc::clone(&asked.service);
        let found = service.get(key).await;
        asked.hear(&found.map(|found| (found.item.alias, found.settings)));
        asked.hear(&service.versions(key, TEN).await.map(|page| page.total));
        asked.hear(&service.version(key, 7).await);
        asked.hear(&service.compare(key, 1, 7).await);
        asked.hear(&service.rollback(key, 7, None).await);
        let nameless = draft(r#"{"name":""}"#);
        asked.hear(&service.update(key, nameless, None).await);
        asked.hear(&service.update(key, draft("{}"), Some(7)).await);
        asked.hear(&service.test(TestSubject::Stored(key.clone())).await);
        asked.hear(&service.models(key, Some(Capability::Chat)).await);
        let changed = TestSubject::Edited(key.clone(), ConnectionDraft::default());
        asked.hear(&service.test(changed).await);
    }
    let new = TestSubject::Draft(draft(NEAR));
    let tested = asked.service.test(new).await;
    asked.hear(&tested);
}

/// Updates, activation and history.
async fn change(asked: &mut Asked) {
    let one = &named("openai-prod");
    let service = Arc::clone(&asked.service);
    for change in [
        r#"{"name":"Renamed","settings":{"apiKey":"sk-***"}}"#,
        r#"{"settings":{"endpoint":"https://elsewhere.example"}}"#,
        r#"{"providerId":"amazon"}"#,
        r#"{"isActive":"yes"}"#,
        r#"{"settings":{"apiKey":null}}"#,
        r#"{"settings":{"apiKey":"$OpenAI:ApiKey"}}"#,
    ] {
        let saved = service.update(one, draft(change), None).await;
        asked.hear(&saved.map(|saved| (saved.item.version, saved.settings)));
    }
    for active in [false, false, true] {
        let switched = service.set_active(one, active).await;
        asked.hear(&switched.map(|saved| saved.item.version));
    }
    let versions = service.versions(one, TEN).await.map(|mut page| {
        for version in &mut page.items {
            version.snapshot.item.id = Uuid::nil();
        }
        page
    });
    asked.hear(&versions);
    let compared = service.compare(one, 1, 3).await;
    asked.hear(&compared.map(|found| (found.from_date, found.to_date, found.changes)));
    let rolled = service.rollback(one, 1, Some("Back again".into())).await;
    asked.hear(&rolled.map(|rolled| {
        let numbers = (rolled.previous_version, rolled.restored_from_version);
        (numbers, rolled.new_version, rolled.entity.settings)
    }));
}

/// Alias owners, references and lists.
async fn find(asked: &mut Asked) {
    let service = Arc::clone(&asked.service);
    for alias in [
        "openai-prod",
        "OPENAI-PROD",
        "missing",
        "",
        "..",
        "capabilities",
        "a b",
    ] {
        let owner = service.alias_owner(alias, None).await;
        asked.hear(&owner.map(|owner| owner.map(|item| item.alias)));
    }
    let id = service.get(&named("openai-prod")).await.unwrap().item.id;
    asked.hear(&service.alias_owner("openai-prod", Some(id)).await);
    for (prefix, most) in [("", 100_000), ("OPENAI", 1), ("openai", 0), ("a&b=%", 9)] {
        asked.hear(&service.aliases(prefix, most).await);
    }
    for text in [
        "$OpenAI:ApiKey",
        "$Not:There",
        "$ConnectionStrings:x",
        "$a.b-c_d",
    ] {
        let reference = Reference::read(text).unwrap();
        asked.hear(&service.lookup(&reference).await);
    }
    asked.hear(&service.configuration_keys().await);
    let all = || ListQuery::all(TEN);
    for query in [
        ListQuery {
            filter: Some("RENAMED".into()),
            ..all()
        },
        ListQuery {
            provider_ids: Some(vec![]),
            ..all()
        },
        ListQuery {
            provider_ids: Some(vec!["AMAZON".into(), "missing".into()]),
            ..all()
        },
        ListQuery {
            capability: Some(Capability::Embedding),
            is_active: Some(true),
            ..all()
        },
        ListQuery::all(PageRequest { skip: 1, take: 0 }),
        ListQuery {
            after: Some(ListCursor {
                name: "Renamed".into(),
                alias: "openai-prod".into(),
            }),
            ..all()
        },
    ] {
        let page = service.list(query).await;
        let aliases = page.map(|page| {
            let aliases: Vec<_> = page.items.into_iter().map(|item| item.alias).collect();
            (aliases, page.total)
        });
        asked.hear(&aliases);
    }
    asked.hear(&service.capabilities().await);
    asked.hear(&service.revision().await);
    for mut provider in service.providers().all().to_vec() {
        // Only the server knows the probe.
        provider.reported_probe_urls = provider.probe_urls().into_owned();
        provider.probe.clear();
        asked.outputs.push(format!("{provider:?}"));
    }
    asked.outputs.push(format!("{:?}", service.notices()));
}

/// Delete, restore and permanent deletion.
async fn delete(asked: &mut Asked) {
    let service = Arc::clone(&asked.service);
    let one = &named("openai-prod");
    let id = service.get(one).await.unwrap().item.id;
    asked.hear(&service.restore(id, None).await.map_err(without(id)));
    asked.hear(&service.purge(id).await.map_err(without(id)));
    asked.hear(&service.delete(one, Some(1)).await);
    let deleted = service.delete(one, None).await;
    asked.hear(&deleted.map(|item| (item.alias, item.version, item.date_deleted)));
    asked.hear(&service.delete(one, None).await);
    let missing = Uuid::from_u128(1);
    asked.hear(&service.delete(&missing.into(), None).await);
    let trash = |page: umai::connection::Page<umai::connection::ConnectionItem>| {
        let items: Vec<_> = page
            .items
            .into_iter()
            .map(|item| (item.alias, item.date_deleted))
            .collect();
        (items, page.total)
    };
    asked.hear(&service.trash(TEN).await.map(trash));
    asked.hear(&service.restore(missing, None).await);
    asked.hear(&service.restore(id, Some("A B".into())).await);
    let back = service.restore(id, Some("again".into())).await;
    asked.hear(&back.map(|back| (back.item.alias, back.item.version, back.settings)));
    asked.hear(
        &service
            .delete(&id.into(), None)
            .await
            .map(|item| item.alias),
    );
    asked.hear(&service.purge(id).await);
    asked.hear(&service.purge(missing).await);
    asked.hear(&service.trash(TEN).await.map(trash));
}

/// IDs differ between runs.
fn without(id: Uuid) -> impl Fn(ConnectionError) -> String {
    move |error| format!("{error:?}").replace(&id.to_string(), "<id>")
}

async fn everything(service: Arc<dyn ConnectionService>) -> Vec<String> {
    let mut asked = Asked::of(service);
    create(&mut asked).await;
    name(&mut asked).await;
    change(&mut asked).await;
    find(&mut asked).await;
    delete(&mut asked).await;
    asked.outputs
}

#[tokio::test]
async fn remote_service_answers_like_a_local_one() {
    let server = Server::over(service()).await;
    let remote = everything(remote(&server.origin).await).await;
    let here = everything(service()).await;
    for (at, (remote, here)) in remote.iter().zip(&here).enumerate() {
        assert_eq!(remote, here, "answer {at}");
    }
    assert_eq!(remote.len(), here.len());
}

#[tokio::test]
async fn list_beyond_one_page_is_complete() {
    let store = service();
    for number in 0..30 {
        let body = format!(r#"{{"alias":"a-{number}","name":"A {number}","providerId":"openai"}}"#);
        store.create(draft(&body)).await.unwrap();
    }
    let server = Server::over(Arc::clone(&store)).await;
    let remote = remote(&server.origin).await;
    for (skip, take) in [
        (0, usize::MAX),
        (0, 10_001),
        (29, 10_001),
        (30, 5),
        (usize::MAX, 5),
        (5, 0),
    ] {
        let query = ListQuery::all(PageRequest { skip, take });
        assert_eq!(
            remote.list(query.clone()).await.unwrap(),
            store.list(query).await.unwrap()
        );
    }
}

#[tokio::test]
async fn concurrent_saves_share_few_connections() {
    let server = Server::over(service()).await;
    let proxy = FaultProxy::before(&server.origin).await;
    let remote = remote(&proxy.origin()).await;
    let mut saves = tokio::task::JoinSet::new();
    for number in 0..300 {
        let body = format!(r#"{{"alias":"a-{number}","name":"A","providerId":"openai"}}"#);
        let remote = Arc::clone(&remote);
        saves.spawn(async move { remote.create(draft(&body)).await });
    }
    let ended = saves.join_all().await;
    assert_eq!(ended.iter().filter(|made| made.is_ok()).count(), 300);
    let passed = proxy.passed.load(Ordering::Relaxed);
    assert!((2..=64).contains(&passed), "{passed} connections");
}
