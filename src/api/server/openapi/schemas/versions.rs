//! Schemas of versions.

use serde_json::{Value, json};

use super::{date, id, list, natural, object, of, page, text, text_or_null};

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
    let entity = || {
        vec![
            ("entityId", id()),
            ("entityType", json!({ "const": "connection" })),
        ]
    };
    let mut record = vec![("id", id())];
    record.extend(entity());
    record.extend([
        ("version", natural()),
        ("dateCreated", date()),
        (
            "createdByUserId",
            json!({ "type": ["string", "null"], "format": "uuid" }),
        ),
        ("changeDescription", text_or_null()),
        ("changedPaths", list(text())),
    ]);
    let mut whole = record.clone();
    whole.push(("snapshot", of("Connection")));
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
        ("fromVersion", natural()),
        ("toVersion", natural()),
        ("fromDate", date()),
        ("toDate", date()),
        ("changes", list(of("Difference"))),
        ("fromSnapshot", of("Connection")),
        ("toSnapshot", of("Connection")),
    ]);
    let mut rollback = entity();
    rollback.extend([
        ("previousVersion", natural()),
        ("restoredFromVersion", natural()),
        ("newVersion", natural()),
        ("entity", of("Connection")),
    ]);
    vec![
        ("VersionedTypes", object(&[("types", list(kind))], &[])),
        (
            "VersionRecord",
            object(&record, &[("snapshot", of("Connection"))]),
        ),
        ("VersionPage", page("VersionRecord")),
        ("Version", object(&whole, &[])),
        ("Difference", difference),
        ("Comparison", object(&comparison, &[])),
        ("Rollback", object(&rollback, &[])),
    ]
}
