//! Comparisons, rollbacks and capabilities of the service.

use std::sync::Arc;

use crate::support::{DOCUMENTED, draft, service};
use serde_json::{Value, json};
use umai::connection::{
    ChangeType, Connection, ConnectionError, Difference, DraftField, FieldReason, IdOrAlias,
    PageRequest, RollbackResult, VersionComparison,
};
use umai::provider::Capability;
use umai::service::ConnectionService;

fn alias(alias: &str) -> IdOrAlias {
    IdOrAlias::Alias(alias.into())
}

fn key() -> IdOrAlias {
    alias("openai-prod")
}

/// Creates the documented connection and applies these changes in order.
async fn changed(changes: &[&str]) -> Arc<dyn ConnectionService> {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    for change in changes {
        service.update(&key(), draft(change), None).await.unwrap();
    }
    service
}

async fn compare(service: &Arc<dyn ConnectionService>, from: u64, to: u64) -> VersionComparison {
    service.compare(&key(), from, to).await.unwrap()
}

async fn roll_back(service: &Arc<dyn ConnectionService>, to: u64) -> RollbackResult {
    service.rollback(&key(), to, None).await.unwrap()
}

/// Path, kind, old value, new value.
type DifferenceTuple<'a> = (&'a str, ChangeType, Value, Value);

fn differences(comparison: &VersionComparison) -> Vec<DifferenceTuple<'_>> {
    let changes = comparison.changes.iter();
    let message = changes.map(
        |Difference {
             path,
             change_type,
             from_value,
             to_value,
         }| {
            let value = |value: &Option<Value>| value.clone().unwrap_or(json!("none"));
            (
                path.as_str(),
                *change_type,
                value(from_value),
                value(to_value),
            )
        },
    );
    message.collect()
}

fn settings(connection: &Connection) -> Value {
    serde_json::to_value(&connection.settings).unwrap()
}

const NEW_KEY: &str = r#"{"settings":{"apiKey":"sk-planted-new"}}"#;

#[tokio::test]
async fn changed_secret_is_modified_with_masked_values() {
    let service = changed(&[NEW_KEY]).await;
    let comparison = compare(&service, 1, 2).await;
    assert_eq!(
        differences(&comparison),
        [(
            "settings.apiKey",
            ChangeType::Modified,
            json!("***"),
            json!("***")
        )]
    );
    assert!(!format!("{comparison:?}").contains("planted"));
}

#[tokio::test]
async fn older_versions_are_compared_by_changes_between_them() {
    let service = changed(&[r#"{"name":"B"}"#, NEW_KEY, r#"{"name":"C"}"#]).await;
    let name = |from: &str, to: &str| ("name", ChangeType::Modified, json!(from), json!(to));
    let secret = (
        "settings.apiKey",
        ChangeType::Modified,
        json!("***"),
        json!("***"),
    );
    for (from, to, expected) in [
        (1, 2, vec![name("OpenAI Production", "B")]),
        (2, 3, vec![secret.clone()]),
        (3, 4, vec![name("B", "C")]),
        (1, 4, vec![name("OpenAI Production", "C"), secret.clone()]),
        (4, 2, vec![name("C", "B"), secret]),
        (3, 3, vec![]),
    ] {
        let comparison = compare(&service, from, to).await;
        assert_eq!(differences(&comparison), expected, "{from} to {to}");
        assert_eq!((comparison.from_version, comparison.to_version), (from, to));
    }
}

#[tokio::test]
async fn new_and_deleted_settings_are_added_and_removed() {
    let service = service();
    let body = r#"{"alias":"openai-prod","name":"A","providerId":"openai"}"#;
    service.create(draft(body)).await.unwrap();
    let given = r#"{"alias":"b","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey"}}"#;
    service.update(&key(), draft(given), None).await.unwrap();
    let comparison = service.compare(&alias("b"), 1, 2).await.unwrap();
    assert_eq!(
        differences(&comparison),
        [
            (
                "alias",
                ChangeType::Modified,
                json!("openai-prod"),
                json!("b")
            ),
            ("isActive", ChangeType::Modified, json!(true), json!(false)),
            (
                "settings.apiKey",
                ChangeType::Added,
                json!("none"),
                json!("$OpenAI:ApiKey")
            ),
        ]
    );
    let back = service.compare(&alias("b"), 2, 1).await.unwrap();
    let last = differences(&back).pop().unwrap();
    assert_eq!(
        last,
        (
            "settings.apiKey",
            ChangeType::Removed,
            json!("$OpenAI:ApiKey"),
            json!("none")
        )
    );
}

#[tokio::test]
async fn reference_replaced_by_key_is_modified() {
    let reference = r#"{"settings":{"apiKey":"$OpenAI:ApiKey"}}"#;
    let service = changed(&[reference, NEW_KEY]).await;
    assert_eq!(
        differences(&compare(&service, 2, 3).await),
        [(
            "settings.apiKey",
            ChangeType::Modified,
            json!("$OpenAI:ApiKey"),
            json!("***")
        )]
    );
}

#[tokio::test]
async fn unknown_version_cannot_be_compared_or_rolled_back_to() {
    let service = changed(&[]).await;
    for (from, to, missing) in [(1, 2, 2), (2, 1, 2), (0, 1, 0), (8, 9, 8)] {
        let error = service.compare(&key(), from, to).await.unwrap_err();
        assert_eq!(error, ConnectionError::VersionNotFound(missing));
    }
    let error = service.rollback(&key(), 2, None).await.unwrap_err();
    assert_eq!(error, ConnectionError::VersionNotFound(2));
    let error = service
        .rollback(&alias("unknown"), 1, None)
        .await
        .unwrap_err();
    assert_eq!(error, ConnectionError::NotFound(alias("unknown")));
}

#[tokio::test]
async fn rollback_keeps_stored_secret() {
    let service = changed(&[r#"{"name":"B"}"#, NEW_KEY]).await;
    let rollback = roll_back(&service, 1).await;
    assert_eq!(
        (
            rollback.previous_version,
            rollback.restored_from_version,
            rollback.new_version
        ),
        (3, 1, 4)
    );
    assert_eq!(rollback.entity.item.name, "OpenAI Production");
    let newest = service.version(&key(), 4).await.unwrap();
    assert_eq!(
        newest.change.paths,
        ["name"],
        "the key is not among what was changed"
    );
    assert_eq!(newest.change.note.as_deref(), Some("Rollback to v1"));
    assert_eq!(settings(&rollback.entity)["apiKey"], "sk-***");
}

#[tokio::test]
async fn rollback_uses_the_given_description() {
    let service = changed(&[r#"{"name":"B"}"#]).await;
    let message = Some("The old name was better".to_owned());
    service.rollback(&key(), 1, message.clone()).await.unwrap();
    let newest = service.version(&key(), 3).await.unwrap();
    assert_eq!(newest.change.note, message);
}

#[tokio::test]
async fn rollback_to_current_state_saves_nothing() {
    let service = changed(&[r#"{"name":"B"}"#]).await;
    let rollback = roll_back(&service, 2).await;
    assert_eq!((rollback.previous_version, rollback.new_version), (2, 2));
    let window = PageRequest { skip: 0, take: 10 };
    assert_eq!(service.versions(&key(), window).await.unwrap().total, 2);
}

#[tokio::test]
async fn rollback_to_a_used_alias_is_refused() {
    let service = changed(&[r#"{"alias":"moved"}"#]).await;
    service.create(draft(DOCUMENTED)).await.unwrap();
    let error = service
        .rollback(&alias("moved"), 1, None)
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].field, DraftField::Alias);
    assert!(
        matches!(error.fields()[0].reason, FieldReason::AliasTaken { .. }),
        "{error:?}"
    );
    assert_eq!(service.get(&alias("moved")).await.unwrap().item.version, 2);
}

#[tokio::test]
async fn rollback_to_another_origin_requires_the_secret() {
    let away =
        r#"{"settings":{"endpoint":"https://proxy.example/v1","apiKey":"sk-for-the-proxy"}}"#;
    let service = changed(&[away]).await;
    let error = service.rollback(&key(), 1, None).await.unwrap_err();
    assert_eq!(error.fields()[0].field.path(), "settings.apiKey");
    assert_eq!(error.fields()[0].reason, FieldReason::EndpointChanged);
    assert_eq!(
        service.get(&key()).await.unwrap().item.version,
        2,
        "nothing was saved"
    );
}

#[tokio::test]
async fn rollback_to_same_origin_keeps_the_secret() {
    let service = changed(&[r#"{"settings":{"endpoint":"https://api.openai.com/v2"}}"#]).await;
    let rollback = roll_back(&service, 1).await;
    assert_eq!(
        settings(&rollback.entity),
        json!({ "apiKey": "sk-***", "organization": null })
    );
}

#[tokio::test]
async fn rollback_restores_a_reference() {
    let reference = r#"{"settings":{"apiKey":"$OpenAI:ApiKey"}}"#;
    let service = changed(&[reference, NEW_KEY]).await;
    let rollback = roll_back(&service, 2).await;
    assert_eq!(settings(&rollback.entity)["apiKey"], "$OpenAI:ApiKey");
}

#[tokio::test]
async fn rollback_to_a_masked_key_keeps_the_reference() {
    let service = changed(&[r#"{"name":"B","settings":{"apiKey":"$OpenAI:ApiKey"}}"#]).await;
    let rollback = roll_back(&service, 1).await;
    assert_eq!(rollback.entity.item.name, "OpenAI Production");
    assert_eq!(
        settings(&rollback.entity)["apiKey"],
        "$OpenAI:ApiKey",
        "it is what stands there now"
    );
}

#[tokio::test]
async fn rollback_restores_deleted_setting_but_not_secret() {
    let service = service();
    let body = r#"{"alias":"f","name":"F","providerId":"microsoft-foundry","settings":{"endpoint":"https://a.example","projectName":"p","apiKey":"k1","clientSecret":"k2"}}"#;
    service.create(draft(body)).await.unwrap();
    let cleared = r#"{"settings":{"projectName":null,"clientSecret":null}}"#;
    service
        .update(&alias("f"), draft(cleared), None)
        .await
        .unwrap();
    let rollback = service.rollback(&alias("f"), 1, None).await.unwrap();
    let now = settings(&rollback.entity);
    assert_eq!(
        (&now["projectName"], &now["apiKey"]),
        (&json!("p"), &json!("***"))
    );
    assert_eq!(now["clientSecret"], Value::Null, "no snapshot has it");
}

#[tokio::test]
async fn rollback_to_version_without_settings_removes_them() {
    let service = service();
    let body = r#"{"alias":"openai-prod","name":"A","providerId":"openai"}"#;
    service.create(draft(body)).await.unwrap();
    service.update(&key(), draft(NEW_KEY), None).await.unwrap();
    assert_eq!(roll_back(&service, 1).await.entity.settings, None);
}

#[tokio::test]
async fn concurrent_rollbacks_create_versions_without_gaps() {
    let service = changed(&[r#"{"name":"B"}"#, r#"{"name":"C"}"#]).await;
    let mut rollbacks = tokio::task::JoinSet::new();
    for number in 0..16_u64 {
        let service = Arc::clone(&service);
        rollbacks
            .spawn(async move { service.rollback(&key(), 1 + number % 2, None).await.is_ok() });
    }
    assert!(rollbacks.join_all().await.into_iter().all(|done| done));
    let newest = service.get(&key()).await.unwrap().item.version;
    let window = PageRequest { skip: 0, take: 100 };
    let versions = service.versions(&key(), window).await.unwrap();
    assert_eq!(
        versions.total as u64, newest,
        "version numbers have no gaps"
    );
}

#[tokio::test]
async fn capabilities_are_those_of_configured_connections() {
    let service = service();
    assert_eq!(service.capabilities().await.unwrap(), []);
    for (alias, provider) in [("g", "google"), ("o", "openai")] {
        let body = format!(r#"{{"alias":"{alias}","name":"N","providerId":"{provider}"}}"#);
        service.create(draft(&body)).await.unwrap();
    }
    let both = [
        Capability::Chat,
        Capability::Embedding,
        Capability::SpeechToText,
    ];
    assert_eq!(service.capabilities().await.unwrap(), both);
    service.delete(&alias("o"), None).await.unwrap();
    assert_eq!(
        service.capabilities().await.unwrap(),
        [Capability::Chat],
        "what is in the trash does not count"
    );
}

#[tokio::test]
async fn delete_of_an_old_version_is_refused() {
    let service = changed(&[r#"{"name":"B"}"#]).await;
    let error = service.delete(&key(), Some(1)).await.unwrap_err();
    assert_eq!(
        error,
        ConnectionError::VersionConflict {
            expected: 1,
            found: 2
        }
    );
    service.delete(&key(), Some(2)).await.unwrap();
}
