//! Conditional requests: `If-Match` and `If-None-Match` (RFC 9110, section 13).

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use super::response::ApiError;
use crate::connection::{ConnectionError, IdOrAlias};
use crate::service::ConnectionService;

/// Entity tags of a header.
enum EntityTags {
    /// `*`: any version.
    Any,
    /// A list of tags.
    List(Vec<EntityTag>),
}

struct EntityTag {
    is_weak: bool,
    /// Version number of the tag; none for a tag that is not a number.
    version: Option<u64>,
}

/// Returns the version in `If-Match`; none without the header or for `*`.
pub async fn if_match(
    headers: &HeaderMap,
    service: &dyn ConnectionService,
    key: &IdOrAlias,
) -> Result<Option<u64>, ApiError> {
    let Some(EntityTags::List(tags)) = read(headers, &IF_MATCH)? else {
        return Ok(None);
    };
    // Strong comparison: a weak tag never matches.
    let versions = tags.iter().filter(|tag| !tag.is_weak);
    let versions: Vec<_> = versions.filter_map(|tag| tag.version).collect();
    if let (&[version], 1) = (versions.as_slice(), tags.len()) {
        return Ok(Some(version));
    }
    let found = service.get(key).await?.item.version;
    if versions.contains(&found) {
        return Ok(Some(found));
    }
    let expected = versions.first().copied().unwrap_or(0);
    Err(ConnectionError::VersionConflict { expected, found }.into())
}

/// Returns whether `If-None-Match` names a version.
pub fn is_not_modified(headers: &HeaderMap, version: u64) -> Result<bool, ApiError> {
    Ok(match read(headers, &IF_NONE_MATCH)? {
        None => false,
        Some(EntityTags::Any) => true,
        Some(EntityTags::List(tags)) => tags.iter().any(|tag| tag.version == Some(version)),
    })
}

fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<EntityTags>, ApiError> {
    let mut lines = Vec::new();
    for line in headers.get_all(name) {
        lines.push(line.to_str().map_err(|_| malformed(name))?);
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let list = lines.join(",");
    if list.trim() == "*" {
        return Ok(Some(EntityTags::Any));
    }
    let tags = tags(&list).ok_or_else(|| malformed(name))?;
    Ok(Some(EntityTags::List(tags)))
}

/// Parses `"1", W/"2"`: at least one tag; empty list elements are ignored.
fn tags(list: &str) -> Option<Vec<EntityTag>> {
    let mut tags = Vec::new();
    let mut rest = list.trim_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let after_weak_prefix = rest.strip_prefix("W/");
        let quoted = after_weak_prefix.unwrap_or(rest).strip_prefix('"')?;
        let (opaque, behind) = quoted.split_once('"')?;
        if !opaque
            .bytes()
            .all(|byte| byte == 0x21 || byte > 0x22 && byte != 0x7f)
        {
            return None;
        }
        let version = opaque.parse().ok();
        tags.push(EntityTag {
            is_weak: after_weak_prefix.is_some(),
            version: version.filter(|version: &u64| version.to_string() == opaque),
        });
        let next = behind.trim_start_matches([' ', '\t']);
        if !(next.is_empty() || next.starts_with(',')) {
            return None;
        }
        rest = next.trim_start_matches([' ', '\t', ',']);
    }
    (!tags.is_empty()).then_some(tags)
}

fn malformed(name: &HeaderName) -> ApiError {
    let name = if *name == IF_MATCH {
        "If-Match"
    } else {
        "If-None-Match"
    };
    let sentence = format!("{name} must be an ETag such as \"1\", a list of ETags, or *");
    ApiError::new(400, sentence, "badPrecondition")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tag_lists_are_parsed() {
        for (text, versions) in [
            ("\"1\"", vec![Some(1)]),
            (
                " \"1\" , W/\"22\",,\"x\", \"01\" ,",
                vec![Some(1), Some(22), None, None],
            ),
            ("\"\"", vec![None]),
        ] {
            let read = tags(text).map(|tags| tags.iter().map(|tag| tag.version).collect());
            assert_eq!(read, Some(versions), "{text}");
        }
        for text in [
            "",
            ",",
            "1",
            "\"1",
            "\"1\" \"2\"",
            "w/\"1\"",
            "*, \"1\"",
            "\"a b\"",
            "'1'",
        ] {
            assert!(tags(text).is_none(), "{text}");
        }
    }
}
