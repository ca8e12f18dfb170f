//! Rules of the service.

use crate::support::{DOCUMENTED, TestClock, draft, service, service_at};
use rstest::rstest;
use umai::connection::{
    Command, Connection, ConnectionDraft, ConnectionError, FieldReason, IdOrAlias, ListQuery,
    PageRequest, StoreError,
};
use umai::provider::Capability;

const ALL: PageRequest = PageRequest {
    skip: 0,
    take: 1000,
};

fn alias(alias: &str) -> IdOrAlias {
    IdOrAlias::Alias(alias.into())
}

fn json(connection: &Connection) -> String {
    serde_json::to_string(connection).unwrap()
}

async fn refusal(body: &str) -> ConnectionError {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    let error = service.create(draft(body)).await.unwrap_err();
    let page = service.list(ListQuery::all(ALL)).await.unwrap();
    assert_eq!(page.total, 1, "a refused create keeps nothing");
    error
}

#[tokio::test]
async fn documented_request_has_documented_response() {
    let created = service().create(draft(DOCUMENTED)).await.unwrap();
    let id = created.item.id;
    assert_eq!(
        json(&created),
        format!(
            r#"{{"id":"{id}","alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1,"settings":{{"apiKey":"sk-***","organization":null}}}}"#
        )
    );
}

#[tokio::test]
async fn required_fields_are_sufficient() {
    let body = r#"{"alias":"bare","name":"Bare","providerId":"OpenAI"}"#;
    let created = service().create(draft(body)).await.unwrap();
    assert!(created.item.is_active);
    assert_eq!(created.item.provider_id, "openai");
    assert_eq!(created.settings, None);
    assert!(json(&created).ends_with(r#""settings":null}"#));
}

#[rstest]
#[case(r#"{"name":"A","providerId":"openai"}"#, "Alias is required")]
#[case(
    r#"{"alias":null,"name":"A","providerId":"openai"}"#,
    "Alias is required"
)]
#[case(
    r#"{"alias":" ","name":"A","providerId":"openai"}"#,
    "Alias is required"
)]
#[case(r#"{"alias":"a","providerId":"openai"}"#, "Name is required")]
#[case(
    r#"{"alias":"a","name":" ","providerId":"openai"}"#,
    "Name is required"
)]
#[case(r#"{"alias":"a","name":"A"}"#, "ProviderId is required")]
#[case(
    r#"{"alias":"a","name":"A","providerId":""}"#,
    "ProviderId is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"invalid-provider"}"#,
    "Provider 'invalid-provider' not found"
)]
#[case(
    r#"{"alias":"openai-prod","name":"A","providerId":"openai"}"#,
    "A connection with alias 'openai-prod' already exists"
)]
#[case(
    r#"{"alias":"Open AI","name":"A","providerId":"openai"}"#,
    "Alias can only contain lowercase letters, numbers, and hyphens"
)]
#[case(
    r#"{"alias":"capabilities","name":"A","providerId":"openai"}"#,
    "Alias 'capabilities' is reserved: it is part of a URL path or looks like an ID; choose another"
)]
#[case(
    r#"{"alias":5,"name":"A","providerId":"openai"}"#,
    "Alias must be text"
)]
#[case(
    r#"{"alias":"a","name":[],"providerId":"openai"}"#,
    "Name must be text"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":{}}"#,
    "ProviderId must be text"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","isActive":"yes"}"#,
    "IsActive must be true or false"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":"x"}"#,
    "Settings must be an object"
)]
#[case(
    r#"{"alias":"a","name":"a\u202eb","providerId":"openai"}"#,
    "Name must be one line of visible text, without control or direction characters"
)]
#[case(
    r#"{"alias":"a","name":"a\u001b[31mb","providerId":"openai"}"#,
    "Name must be one line of visible text, without control or direction characters"
)]
#[case(
    r#"{"alias":"a","name":"\u200b\u200b","providerId":"openai"}"#,
    "Name must be one line of visible text, without control or direction characters"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"  "}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"amazon","settings":{"region":"x","accessKeyId":"AKIA1"}}"#,
    "Invalid settings for provider 'amazon': Secret Access Key is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"amazon","settings":{"region":"x","secretAccessKey":"s"}}"#,
    "Invalid settings for provider 'amazon': Access Key ID is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"amazon","settings":{"region":"x","accessKeyId":"ASIA1","secretAccessKey":"s"}}"#,
    "Invalid settings for provider 'amazon': Session Token is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai-compatible","settings":{"endpoint":"https://a.example","headers":"X-A: b; content-length: 3"}}"#,
    "Invalid settings for provider 'openai-compatible': Extra Headers must not contain Content-Length: umai sets this header"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai-compatible","settings":{"endpoint":"https://a.example","headers":"Proxy-Authorization : Basic eDp5"}}"#,
    "Invalid settings for provider 'openai-compatible': Extra Headers must not contain Proxy-*: umai sets this header"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":5}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key must be text"
)]
#[case(
    r#"{"settings":{"apiKey":["x"]},"alias":"a","name":"A","providerId":"openai"}"#,
    "Invalid settings for provider 'openai': OpenAI API Key must be one value, not a list or an object"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-1","colour":"red"}}"#,
    "Invalid settings for provider 'openai': unknown setting 'colour'; known settings: apiKey, organization, endpoint"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-1","endpoint":"ftp://x"}}"#,
    "Invalid settings for provider 'openai': Endpoint must be a URL that begins with http:// or https://"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-***"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is a masked value, not a key; enter the key itself"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"********"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is a masked value, not a key; enter the key itself"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"$Not:There:"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key begins with $ but is not a reference such as $Section:Key; write $$ for a value that begins with $"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":" Bearer sk-1\n"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key begins with 'Bearer ': send the key alone"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"OPENAI_API_KEY=sk-1"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key begins with 'OPENAI_API_KEY=': send the key alone"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"\"sk-1\""}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is in quotes: send the key alone"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"ENC:AAAA"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is encrypted by Umbraco (ENC:…): enter the key itself"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-\u200b1"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key contains an invisible character (U+200B): copy the key again without it"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"\u2060\ufeff"}}"#,
    "Invalid settings for provider 'openai': OpenAI API Key is required"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai-compatible","settings":{"endpoint":"https://example.org","headers":"ENC:AAAA"}}"#,
    "Invalid settings for provider 'openai-compatible': Extra Headers is encrypted by Umbraco (ENC:…): enter the key itself"
)]
#[case(
    r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-1","organization":"x","organizationId":"y"}}"#,
    "Invalid settings for provider 'openai': OpenAI Organization ID is given twice"
)]
#[tokio::test]
async fn invalid_create_is_refused_with_message(#[case] body: &str, #[case] sentence: &str) {
    assert_eq!(refusal(body).await.to_string(), sentence);
}

#[tokio::test]
async fn unresolved_reference_lists_searched_sources() {
    let error = refusal(
        r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"$Open:Nothing"}}"#,
    )
    .await;
    let message = error.to_string();
    assert!(
        message.starts_with("Configuration key 'Open:Nothing' not found"),
        "{message}"
    );
    assert!(message.contains("appsettings.json"), "{message}");
    assert!(message.contains("Open__Nothing"), "{message}");
}

#[tokio::test]
async fn name_and_alias_length_is_counted_in_characters() {
    let body = |alias: usize, name: usize| {
        format!(
            r#"{{"alias":"{}","name":"{}","providerId":"openai"}}"#,
            "a".repeat(alias),
            "é".repeat(name)
        )
    };
    assert!(service().create(draft(&body(100, 255))).await.is_ok());
    let error = refusal(&body(101, 256)).await;
    let message: Vec<String> = error.fields().iter().map(ToString::to_string).collect();
    assert_eq!(
        message,
        [
            "Alias must not exceed 100 characters",
            "Name must not exceed 255 characters"
        ]
    );
}

#[tokio::test]
async fn all_invalid_fields_are_reported_in_request_order() {
    let body = r#"{"alias":"openai-prod","name":"","providerId":"openai","isActive":1,"settings":{"apiKey":"$No:Key","endpoint":"x"}}"#;
    let paths: Vec<String> = refusal(body)
        .await
        .fields()
        .iter()
        .map(|error| error.field.path())
        .collect();
    assert_eq!(
        paths,
        [
            "alias",
            "name",
            "isActive",
            "settings.endpoint",
            "settings.apiKey"
        ]
    );
}

#[tokio::test]
async fn errors_never_contain_secrets() {
    for value in [
        "\"sk-planted\\nx\"",
        "\"$planted planted\"",
        "[\"planted\"]",
        "{\"planted\":1}",
    ] {
        let body = format!(
            r#"{{"alias":"a","name":"A","providerId":"openai","settings":{{"apiKey":{value}}}}}"#
        );
        let error = refusal(&body).await;
        assert!(
            !format!("{error} {error:?}").contains("planted"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn invisible_characters_around_a_secret_are_trimmed() {
    let service = service();
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"\ufeff \u200bsk-1\u00ad\u2060\n"}}"#;
    let created = service.create(draft(body)).await.unwrap();
    assert!(json(&created).contains(r#""apiKey":"sk-***""#));
    let same = draft(r#"{"settings":{"apiKey":"sk-1"}}"#);
    let updated = service.update(&alias("a"), same, None).await.unwrap();
    assert_eq!(updated.item.version, 1, "the same key is no change");
    let reference = draft(r#"{"settings":{"apiKey":"$OpenAI:ApiKey\u200b"}}"#);
    let updated = service.update(&alias("a"), reference, None).await.unwrap();
    assert!(json(&updated).contains(r#""apiKey":"$OpenAI:ApiKey""#));
}

#[tokio::test]
async fn concurrent_creates_of_one_alias_succeed_once() {
    let service = service();
    let mut creates = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let service = std::sync::Arc::clone(&service);
        creates.spawn(async move { service.create(draft(DOCUMENTED)).await.is_ok() });
    }
    let kept = creates
        .join_all()
        .await
        .into_iter()
        .filter(|kept| *kept)
        .count();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn reference_is_stored_and_returned_unchanged() {
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"$OpenAI:ApiKey","endpoint":"https://example.org/v1/"}}"#;
    let created = service().create(draft(body)).await.unwrap();
    assert!(json(&created).contains(
        r#""settings":{"apiKey":"$OpenAI:ApiKey","endpoint":"https://example.org/v1/"}"#
    ));
}

#[tokio::test]
async fn update_changes_given_fields_only() {
    let clock = TestClock::new();
    let service = service_at(&clock);
    service.create(draft(DOCUMENTED)).await.unwrap();
    clock.turn(60);
    let change = draft(r#"{"name":"Renamed","settings":{"organization":"org-1"}}"#);
    let updated = service
        .update(&alias("OPENAI-PROD"), change, Some(1))
        .await
        .unwrap();
    assert_eq!(updated.item.name, "Renamed");
    assert_eq!(updated.item.version, 2);
    assert_eq!(
        updated.item.date_modified.to_rfc3339(),
        "2024-01-15T10:31:00+00:00"
    );
    assert!(json(&updated).contains(r#""settings":{"apiKey":"sk-***","organization":"org-1"}"#));
}

#[tokio::test]
async fn mask_keeps_stored_secret_and_null_clears_it() {
    let service = service();
    let body = r#"{"alias":"a","name":"A","providerId":"microsoft-foundry","settings":{"endpoint":"https://a.example","apiKey":"k1","clientSecret":"sk-k2"}}"#;
    service.create(draft(body)).await.unwrap();
    let change = draft(r#"{"settings":{"apiKey":null,"clientSecret":"***"}}"#);
    let updated = service.update(&alias("a"), change, None).await.unwrap();
    assert!(json(&updated).contains(
        r#""settings":{"endpoint":"https://a.example","apiKey":null,"clientSecret":"sk-***"}"#
    ));
    let change = draft(r#"{"settings":{"apiKey":"***"}}"#);
    let error = service.update(&alias("a"), change, None).await.unwrap_err();
    assert_eq!(error.fields()[0].reason, FieldReason::Masked);
}

#[tokio::test]
async fn moved_endpoint_requires_the_secret_again() {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    let moved = r#"{"settings":{"endpoint":"https://evil.example/v1","apiKey":"sk-***"}}"#;
    let error = service
        .update(&alias("openai-prod"), draft(moved), None)
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].field.path(), "settings.apiKey");
    assert_eq!(error.fields()[0].reason, FieldReason::EndpointChanged);
    let same_origin = r#"{"settings":{"endpoint":"https://api.openai.com/v2"}}"#;
    service
        .update(&alias("openai-prod"), draft(same_origin), None)
        .await
        .unwrap();
    let typed_again = r#"{"settings":{"endpoint":"https://new.example/v1","apiKey":"sk-new"}}"#;
    service
        .update(&alias("openai-prod"), draft(typed_again), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn provider_of_a_connection_cannot_change() {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    let error = service
        .update(
            &alias("openai-prod"),
            draft(r#"{"providerId":"google"}"#),
            None,
        )
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].reason, FieldReason::ProviderFixed);
    let same = service
        .update(
            &alias("openai-prod"),
            draft(r#"{"providerId":"OpenAI"}"#),
            None,
        )
        .await
        .unwrap();
    assert_eq!(same.item.version, 1, "nothing changed, nothing was saved");
}

#[tokio::test]
async fn update_of_an_old_version_is_refused() {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    service
        .set_active(&alias("openai-prod"), false)
        .await
        .unwrap();
    let change = ConnectionDraft {
        name: Some("Late".into()),
        ..ConnectionDraft::default()
    };
    let error = service
        .update(&alias("openai-prod"), change, Some(1))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        ConnectionError::VersionConflict {
            expected: 1,
            found: 2
        }
    );
}

#[tokio::test]
async fn alias_can_change_to_a_free_one_only() {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    service
        .create(draft(r#"{"alias":"b","name":"B","providerId":"google"}"#))
        .await
        .unwrap();
    let error = service
        .update(&alias("b"), draft(r#"{"alias":"openai-prod"}"#), None)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "A connection with alias 'openai-prod' already exists"
    );
    service
        .update(&alias("b"), draft(r#"{"alias":"c"}"#), None)
        .await
        .unwrap();
    assert!(service.get(&alias("b")).await.is_err());
    assert!(service.get(&alias("c")).await.is_ok());
    let freed = service
        .create(draft(r#"{"alias":"b","name":"B2","providerId":"google"}"#))
        .await;
    assert!(freed.is_ok());
}

#[tokio::test]
async fn activation_saves_once_and_dates_never_decrease() {
    let clock = TestClock::new();
    let service = service_at(&clock);
    service.create(draft(DOCUMENTED)).await.unwrap();
    clock.turn(-3600);
    let off = service
        .set_active(&alias("openai-prod"), false)
        .await
        .unwrap();
    assert!(!off.item.is_active);
    assert_eq!(off.item.version, 2);
    assert_eq!(off.item.date_modified, off.item.date_created);
    let again = service
        .set_active(&alias("openai-prod"), false)
        .await
        .unwrap();
    assert_eq!(again.item.version, 2);
}

#[tokio::test]
async fn connection_without_settings_can_be_deactivated_and_renamed() {
    let service = service();
    service
        .create(draft(
            r#"{"alias":"bare","name":"Bare","providerId":"openai"}"#,
        ))
        .await
        .unwrap();
    service.set_active(&alias("bare"), false).await.unwrap();
    service
        .update(&alias("bare"), draft(r#"{"name":"Still bare"}"#), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn lists_are_ordered_by_name_and_filtered() {
    let service = service();
    for (alias, name, provider) in [
        ("b", "beta", "google"),
        ("a", "Alpha", "openai"),
        ("c", "Gamma BETA", "amazon"),
    ] {
        let body = format!(r#"{{"alias":"{alias}","name":"{name}","providerId":"{provider}"}}"#);
        service.create(draft(&body)).await.unwrap();
    }
    let names = |query: ListQuery| {
        let service = std::sync::Arc::clone(&service);
        async move {
            let page = service.list(query).await.unwrap();
            let names: Vec<String> = page.items.into_iter().map(|item| item.name).collect();
            (names.join(" "), page.total)
        }
    };
    let all = ListQuery::all(ALL);
    assert_eq!(
        names(all.clone()).await,
        ("Alpha beta Gamma BETA".into(), 3)
    );
    let part = ListQuery::all(PageRequest { skip: 1, take: 1 });
    assert_eq!(names(part).await, ("beta".into(), 3));
    let filtered = ListQuery {
        filter: Some("BeTa".into()),
        ..all.clone()
    };
    assert_eq!(names(filtered).await, ("beta Gamma BETA".into(), 2));
    let provided = ListQuery {
        provider_ids: Some(vec!["GOOGLE".into()]),
        ..all.clone()
    };
    assert_eq!(names(provided).await, ("beta".into(), 1));
    let able = ListQuery {
        capability: Some(Capability::Embedding),
        ..all.clone()
    };
    assert_eq!(names(able).await, ("Alpha Gamma BETA".into(), 2));
    service.set_active(&alias("b"), false).await.unwrap();
    let inactive = ListQuery {
        is_active: Some(false),
        ..all
    };
    assert_eq!(names(inactive).await, ("beta".into(), 1));
}

#[tokio::test]
async fn every_save_creates_a_version_without_secrets() {
    let service = service();
    service.create(draft(DOCUMENTED)).await.unwrap();
    let change = draft(r#"{"name":"Renamed","settings":{"apiKey":"sk-planted-too"}}"#);
    service
        .update(&alias("openai-prod"), change, None)
        .await
        .unwrap();
    let page = service.versions(&alias("openai-prod"), ALL).await.unwrap();
    assert_eq!(page.total, 2);
    assert_eq!(page.items[0].number(), 2);
    assert_eq!(page.items[0].change.paths, ["name", "settings.apiKey"]);
    let first = service.version(&alias("openai-prod"), 1).await.unwrap();
    assert_eq!(first.snapshot.item.name, "OpenAI Production");
    let message = format!("{:?}{}", page, json(&page.items[0].snapshot));
    assert!(
        !message.contains("planted") && !message.contains("your-api-key"),
        "{message}"
    );
    let missing = service.version(&alias("openai-prod"), 3).await.unwrap_err();
    assert_eq!(missing, ConnectionError::VersionNotFound(3));
}

#[tokio::test]
async fn deleted_connection_frees_its_alias() {
    let service = service();
    let created = service.create(draft(DOCUMENTED)).await.unwrap();
    service
        .delete(&IdOrAlias::Id(created.item.id), None)
        .await
        .unwrap();
    let gone = service.get(&alias("openai-prod")).await.unwrap_err();
    assert_eq!(gone.to_string(), "Connection 'openai-prod' not found");
    assert!(service.delete(&alias("openai-prod"), None).await.is_err());
    assert!(service.create(draft(DOCUMENTED)).await.is_ok());
}

#[tokio::test]
async fn restored_connection_has_its_history_and_secret() {
    let service = service();
    let created = service.create(draft(DOCUMENTED)).await.unwrap();
    let id = created.item.id;
    service.set_active(&id.into(), false).await.unwrap();
    let deleted = service.delete(&alias("openai-prod"), None).await.unwrap();
    assert_eq!(deleted.alias, "openai-prod");
    let missing = service.get(&id.into()).await.unwrap_err();
    assert!(matches!(missing, ConnectionError::NotFound(_)));
    let trash = service.trash(ALL).await.unwrap();
    assert_eq!(trash.total, 1);
    assert_eq!(trash.items[0].alias, "openai-prod");
    assert!(trash.items[0].is_deleted());
    let history = service.versions(&id.into(), ALL).await.unwrap();
    assert_eq!(history.total, 3, "the history can still be read");

    let back = service.restore(id, None).await.unwrap();
    assert_eq!(back.item.alias, "openai-prod");
    assert!(!back.item.is_active, "it is as it was");
    assert_eq!(json(&back).matches("sk-***").count(), 1);
    assert_eq!(service.trash(ALL).await.unwrap().total, 0);
    let history = service.versions(&id.into(), ALL).await.unwrap();
    assert_eq!(history.total, 4);
    let aliases = history
        .items
        .iter()
        .map(|version| &version.snapshot.item.alias);
    assert!(aliases.into_iter().all(|alias| alias == "openai-prod"));
}

#[tokio::test]
async fn restore_to_a_used_alias_needs_another_one() {
    let service = service();
    let id = service.create(draft(DOCUMENTED)).await.unwrap().item.id;
    service.delete(&id.into(), None).await.unwrap();
    service.create(draft(DOCUMENTED)).await.unwrap();
    let taken = service.restore(id, None).await.unwrap_err();
    assert!(matches!(
        taken.fields(),
        [error] if matches!(error.reason, FieldReason::AliasTaken { .. })
    ));
    let wrong = service
        .restore(id, Some("Not One".into()))
        .await
        .unwrap_err();
    assert!(matches!(wrong.fields(), [error] if error.reason == FieldReason::AliasFormat));
    assert_eq!(service.trash(ALL).await.unwrap().total, 1);
    let back = service
        .restore(id, Some("openai-old".into()))
        .await
        .unwrap();
    assert_eq!((back.item.id, &*back.item.alias), (id, "openai-old"));
}

#[tokio::test]
async fn purge_deletes_from_the_trash_only() {
    let service = service();
    let id = service.create(draft(DOCUMENTED)).await.unwrap().item.id;
    let in_use = service.purge(id).await.unwrap_err();
    assert!(matches!(in_use, ConnectionError::NotFound(_)));
    assert!(service.restore(id, None).await.is_err());
    service.delete(&id.into(), None).await.unwrap();
    service.purge(id).await.unwrap();
    assert_eq!(service.trash(ALL).await.unwrap().total, 0);
    assert!(service.versions(&id.into(), ALL).await.is_err());
}

#[tokio::test]
async fn rollback_restores_a_version_and_keeps_stored_secret() {
    let service = service();
    let id = service.create(draft(DOCUMENTED)).await.unwrap().item.id;
    let change = r#"{"name":"Renamed","isActive":false,"settings":{"apiKey":"new-key","organization":"org"}}"#;
    service
        .update(&id.into(), draft(change), None)
        .await
        .unwrap();
    let done = service.rollback(&id.into(), 1, None).await.unwrap();
    assert_eq!(
        (
            done.previous_version,
            done.restored_from_version,
            done.new_version
        ),
        (2, 1, 3)
    );
    assert_eq!(done.entity.item.name, "OpenAI Production");
    assert!(json(&done.entity).contains(r#""settings":{"apiKey":"***","organization":null}"#));
    let compared = service.compare(&id.into(), 1, 3).await.unwrap();
    let paths: Vec<_> = compared
        .changes
        .iter()
        .map(|change| &*change.path)
        .collect();
    assert_eq!(
        paths,
        ["settings.apiKey"],
        "the key was typed anew in between"
    );
    assert!(service.compare(&id.into(), 1, 9).await.is_err());
}

#[tokio::test]
async fn rollback_to_another_endpoint_requires_the_secret() {
    let service = service();
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-1","endpoint":"https://one.example/v1"}}"#;
    let id = service.create(draft(body)).await.unwrap().item.id;
    let change = r#"{"settings":{"apiKey":"sk-2","endpoint":"https://two.example/v1"}}"#;
    service
        .update(&id.into(), draft(change), None)
        .await
        .unwrap();
    let refused = service.rollback(&id.into(), 1, None).await.unwrap_err();
    assert!(matches!(refused.fields(), [error] if error.reason == FieldReason::EndpointChanged));
}

#[rstest]
#[case(r#""apiKey":"k""#, None)]
#[case(r#""clientId":"c""#, None)]
#[case(r#""apiKey":"k","tenantId":"t""#, None)]
#[case(
    r#""projectName":"p""#,
    Some("one of API Key, Tenant ID, Client ID, Client Secret is required")
)]
#[tokio::test]
async fn one_complete_alternative_is_required(
    #[case] settings: &str,
    #[case] refused: Option<&str>,
) {
    let body = format!(
        r#"{{"alias":"f","name":"F","providerId":"microsoft-foundry","settings":{{"endpoint":"https://a.example",{settings}}}}}"#
    );
    let made = service().create(draft(&body)).await;
    match refused {
        None => assert!(made.is_ok(), "{made:?}"),
        Some(words) => assert!(made.unwrap_err().to_string().ends_with(words)),
    }
}

#[tokio::test]
async fn listed_configuration_keys_can_be_referenced() {
    let service = service();
    let page = service.configuration_keys().await.unwrap();
    assert_eq!(page.total, 1);
    let body = format!(
        r#"{{"alias":"a","name":"A","providerId":"openai","settings":{{"apiKey":"${}"}}}}"#,
        page.items[0].key
    );
    service.create(draft(&body)).await.unwrap();
}

#[rstest]
#[case(r#"{"region":"us-east-1","apiKey":"ABSKplanted"}"#)]
#[case(r#"{"region":"us-east-1","apiKey":"ABSKplanted","accessKeyId":"ASIA1"}"#)]
#[case(r#"{"region":"us-east-1","accessKeyId":"AKIA1","secretAccessKey":"s"}"#)]
#[case(r#"{"region":"us-east-1","accessKeyId":"ASIA1","secretAccessKey":"s","sessionToken":"t"}"#)]
#[tokio::test]
async fn bedrock_accepts_api_key_or_complete_access_key(#[case] settings: &str) {
    let body = format!(r#"{{"alias":"a","name":"A","providerId":"amazon","settings":{settings}}}"#);
    let created = service().create(draft(&body)).await.unwrap();
    let shown = json(&created);
    assert!(
        !shown.contains("ABSK") && !shown.contains("ASIA1") && !shown.contains(r#""t""#),
        "{shown}"
    );
}

/// A year in seconds.
const YEAR: i64 = 365 * 24 * 3600;

#[tokio::test]
async fn date_far_ahead_of_clock_gives_way_with_notice() {
    let clock = TestClock::new();
    let service = service_at(&clock);
    service.create(draft(DOCUMENTED)).await.unwrap();
    let key = IdOrAlias::Alias("openai-prod".into());
    let turn_and_save = async |seconds: i64, name: &str| {
        clock.turn(seconds);
        let changed = draft(&format!(r#"{{"name":"{name}"}}"#));
        let saved = service.update(&key, changed, None).await.unwrap();
        saved.item.date_modified.to_rfc3339()
    };
    assert!(turn_and_save(100 * YEAR, "A").await.starts_with("2123"));
    assert!(service.notices().is_empty());
    assert!(turn_and_save(-100 * YEAR, "B").await.starts_with("2024"));
    let notices = service.notices().join("\n");
    assert!(notices.contains("ahead of the clock"), "{notices}");
}

#[tokio::test]
async fn given_id_is_kept_and_never_used_twice() {
    let service = service();
    let id = uuid::uuid!("9e558d6b-11da-5970-8af1-a77449892529");
    let create = |alias: &str| Command::Create {
        draft: draft(&format!(
            r#"{{"alias":"{alias}","name":"A","providerId":"openai"}}"#
        )),
        id: Some(id),
    };
    let created = service.commit(create("a")).await.unwrap();
    assert_eq!(created.connection().unwrap().item.id, id);
    let taken = ConnectionError::Store(StoreError::IdTaken(id));
    for is_in_trash in [false, true] {
        if is_in_trash {
            service.delete(&id.into(), None).await.unwrap();
        }
        assert_eq!(service.commit(create("b")).await.unwrap_err(), taken);
        assert_eq!(service.preview(create("b")).await.unwrap_err(), taken);
    }
    service.purge(id).await.unwrap();
    let again = service.commit(create("b")).await.unwrap();
    assert_eq!(again.connection().unwrap().item.version, 1);
}
