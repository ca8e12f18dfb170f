//! Schemas of versions.

use serde_json::{Value, json};

use super::{date, id, list, object, page, schema_ref, text, text_or_null, unsigned};

/// Version schemas by name.
pub fn all() -> Vec<(&'static str, Value)> {
    let kind = object(
        &[
            ("type", text()),
            ("displayName", text()),
            ("package", text()),
        ],
        &[],
    );
    let mut record = vec![("id", id())];
    record.extend(entity());
    record.extend([
        ("version", unsigned()),
        ("dateCreated", date()),
        (
            "createdByUserId",
            json!({ "type": ["string", "null"], "format": "uuid" }),
        ),
        ("changeDescription", text_or_null()),
        ("changedPaths", list(text())),
    ]);
    let snapshot = [("snapshot", schema_ref("Connection"))];
    let whole = [record.as_slice(), &snapshot].concat();
    vec![
        ("VersionedTypes", object(&[("types", list(kind))], &[])),
        ("VersionRecord", object(&record, &snapshot)),
        ("VersionPage", page("VersionRecord")),
        ("Version", object(&whole, &[])),
        ("Difference", difference()),
        ("Comparison", comparison()),
        ("Rollback", rollback()),
    ]
}

/// Members that name the connection of a version.
fn entity() -> Vec<(&'static str, Value)> {
    vec![
        ("entityId", id()),
        ("entityType", json!({ "const": "connection" })),
    ]
}

fn difference() -> Value {
    let change_type = json!({ "enum": ["Added", "Removed", "Modified"] });
    object(
        &[
            ("path", text()),
            ("changeType", change_type),
            ("fromValue", json!({})),
            ("toValue", json!({})),
        ],
        &[],
    )
}

fn comparison() -> Value {
    let mut members = entity();
    members.extend([
        ("fromVersion", unsigned()),
        ("toVersion", unsigned()),
        ("fromDate", date()),
        ("toDate", date()),
        ("changes", list(schema_ref("Difference"))),
        ("fromSnapshot", schema_ref("Connection")),
        ("toSnapshot", schema_ref("Connection")),
    ]);
    object(&members, &[])
}

fn rollback() -> Value {
    let mut members = entity();
    members.extend([
        ("previousVersion", unsigned()),
        ("restoredFromVersion", unsigned()),
        ("newVersion", unsigned()),
        ("entity", schema_ref("Connection")),
    ]);
    object(&members, &[])
}
