//! What only a client of the same making asks: references, notices.

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn a_reference_is_looked_up_and_its_value_is_told_to_nobody() {
    let world = World::new().await;
    let found = world.get("/appsettings/OpenAI:ApiKey").await;
    assert_eq!(found.text, r#"{"found":{"source":"appsettings.json"}}"#);
    let missing = world.get("/appsettings/Nothing:There").await;
    let looked_in = missing.json()["missing"]["lookedIn"].clone();
    assert!(
        looked_in
            .as_array()
            .unwrap()
            .contains(&json!("appsettings.json")),
        "{looked_in}"
    );
    let refused = world.get("/appsettings/ConnectionStrings:Main").await;
    assert_eq!(refused.json(), json!({ "refused": { "allowed": [] } }));
    for key in ["$A", "A::B", "A%20B", "%C3%84", "A%3A"] {
        assert_eq!(
            world.get(&format!("/appsettings/{key}")).await.status,
            400,
            "{key}"
        );
    }
}

#[tokio::test]
async fn notices_are_a_list() {
    let world = World::new().await;
    assert_eq!(world.get("/notices").await.text, r#"{"items":[]}"#);
}

#[tokio::test]
async fn the_newest_revision_grows_with_each_change() {
    let world = World::new().await;
    assert_eq!(world.get("/changes/latest").await.text, r#"{"revision":0}"#);
    world.create_documented().await;
    assert_eq!(world.get("/changes/latest").await.text, r#"{"revision":1}"#);
}

#[tokio::test]
async fn aliases_are_listed_by_how_they_begin() {
    let world = World::new().await;
    for alias in ["team-b", "team-a", "other"] {
        let body = json!({ "alias": alias, "name": alias, "providerId": "ollama", "settings": {} });
        world.create(&body.to_string()).await;
    }
    let found = world.get("/aliases?prefix=TEAM").await;
    assert_eq!(found.text, r#"{"items":["team-a","team-b"]}"#);
    let found = world.get("/aliases?take=1").await;
    assert_eq!(found.text, r#"{"items":["other"]}"#);
}
