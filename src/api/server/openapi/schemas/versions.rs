//! Schemas of versions.

use serde_json::{Value, json};

use super::{date, id, list, object, page, schema_ref, text, text_or_null, unsigned};

/// Version schemas by name.
#[expect(
    clippy::too_many_lines,
    reason = "the schemas of the documented API in one table"
)]
pub fn all() -> Vec<(&'static str, Value)> {
    let kind = object(
        &[
            ("type", text()),
            ("displayName", text()),
            ("package", text()),
        ],
        &[],
    );
    let entity = || {
        vec![
            ("entityId", id()),
            ("entityType", json!({ "const": "connection" })),
        ]
    };
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
    let mut whole = record.clone();
    whole.push(("snapshot", schema_ref("Connection")));
    let difference = object(
        &[
            ("path", text()),
            (
                "changeType",
                json!({ "enum": ["Added", "Removed", "Modified"] }),
            ),
            ("fromValue", json!({})),
            ("toValue", json!({})),
        ],
        &[],
    );
    let mut comparison = entity();
    comparison.extend([
        ("fromVersion", unsigned()),
        ("toVersion", unsigned()),
        ("fromDate", date()),
        ("toDate", date()),
        ("changes", list(schema_ref("Difference"))),
        ("fromSnapshot", schema_ref("Connection")),
        ("toSnapshot", schema_ref("Connection")),
    ]);
    let mut rollback = entity();
    rollback.extend([
        ("previousVersion", unsigned()),
        ("restoredFromVersion", unsigned()),
        ("newVersion", unsigned()),
        ("entity", schema_ref("Connection")),
    ]);
    vec![
        ("VersionedTypes", object(&[("types", list(kind))], &[])),
        (
            "VersionRecord",
            object(&record, &[("snapshot", schema_ref("Connection"))]),
        ),
        ("VersionPage", page("VersionRecord")),
        ("Version", object(&whole, &[])),
        ("Difference", difference),
        ("Comparison", object(&comparison, &[])),
        ("Rollback", object(&rollback, &[])),
    ]
}
