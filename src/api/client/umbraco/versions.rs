//! Versions of a site: records without snapshots, and comparisons that are made for display.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::error_response::ErrorContext;
use super::super::http_message::HttpRequest;
use super::super::list::{MAX_LISTED, MAX_SKIPPED};
use super::super::response_dto::{ItemDto, LenientDate, PageDto, seen};
use super::super::versions::VersionDto;
use super::super::{RemoteService, path_segment};
use crate::connection::diff::ENTITY_TYPE;
use crate::connection::{
    ChangePreview, ChangeType, Connection, ConnectionError, ConnectionItem, Difference, IdOrAlias,
    Page, PageRequest, Version, VersionComparison,
};
use crate::provider::Provider;

/// A page of records, as a site or as an umai server sends it.
#[derive(Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum RecordsDto {
    Site {
        versions: Vec<VersionDto>,
        total_versions: usize,
    },
    Paged(PageDto<VersionDto>),
}

#[derive(Deserialize)]
struct VersionComparisonDto {
    changes: Vec<VersionDifferenceDto>,
}

/// A changed value, as the backoffice displays it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionDifferenceDto {
    path: String,
    #[serde(default, alias = "fromValue")]
    old_value: Option<Value>,
    #[serde(default, alias = "toValue")]
    new_value: Option<Value>,
}

impl RemoteService {
    /// Lists versions, newest first.
    pub(in super::super) async fn versions_on_third_party(
        &self,
        key: &IdOrAlias,
        window: PageRequest,
    ) -> Result<Page<Version>, ConnectionError> {
        let item = ConnectionItem::from(self.load_as::<ItemDto>(key).await?);
        // A past version has the date at which it was replaced, so the date of a save is that of the version before it.
        let wider = PageRequest {
            take: window.take.saturating_add(1),
            ..window
        };
        let (mut records, total) = self.records(item.id, wider).await?;
        let first = records.last().map_or(0, |record| record.version);
        if records.len() <= window.take && first > 1 && !records.is_empty() {
            let before = self.record(item.id, first - 1).await;
            records.extend(before.ok());
        }
        let dates: Vec<LenientDate> = records
            .iter()
            .skip(1)
            .map(|record| record.date_created)
            .collect();
        let mut items = Vec::with_capacity(records.len());
        for (at, record) in records.into_iter().enumerate().take(window.take) {
            let saved = if record.version == item.version {
                item.date_modified
            } else {
                let replaced = dates.get(at).and_then(|date| date.0);
                replaced.unwrap_or(item.date_created)
            };
            items.push(record.without_snapshot(&item, saved, &self.catalog));
        }
        Ok(Page { items, total })
    }

    /// Returns records and their total number. A site may send shorter pages than requested.
    async fn records(
        &self,
        id: Uuid,
        PageRequest { skip, take }: PageRequest,
    ) -> Result<(Vec<VersionDto>, usize), ConnectionError> {
        let id = IdOrAlias::Id(id);
        let parts = ["versions", "connection", &path_segment(&id)?];
        let mut records: Vec<VersionDto> = Vec::new();
        loop {
            let left_out = skip.saturating_add(records.len()).min(MAX_SKIPPED);
            let wanted = (take - records.len()).min(MAX_LISTED);
            let mut url = self.http.address().endpoint(&parts);
            url.query_pairs_mut()
                .append_pair("skip", &left_out.to_string())
                .append_pair("take", &wanted.to_string());
            let page = self.fetch(HttpRequest::get(url), ErrorContext::one(&id));
            let (page, total) = match page.await? {
                RecordsDto::Site {
                    versions,
                    total_versions,
                } => (versions, total_versions),
                RecordsDto::Paged(page) => {
                    let total = page.total();
                    (page.items, total)
                }
            };
            let is_empty = page.is_empty();
            records.extend(page);
            if is_empty || records.len() >= take || skip + records.len() >= total {
                records.truncate(take);
                return Ok((records, total));
            }
        }
    }

    async fn record(&self, id: Uuid, number: u64) -> Result<VersionDto, ConnectionError> {
        let id = IdOrAlias::Id(id);
        let about = ErrorContext {
            number: Some(number),
            ..ErrorContext::one(&id)
        };
        let url = self.at_version(&id, number, &[])?;
        self.fetch(HttpRequest::get(url), about).await
    }

    /// Returns one version.
    pub(in super::super) async fn version_on_third_party(
        &self,
        key: &IdOrAlias,
        number: u64,
    ) -> Result<Version, ConnectionError> {
        let item = ConnectionItem::from(self.load_as::<ItemDto>(key).await?);
        let record = self.record(item.id, number).await?;
        let saved = item.date_modified;
        Ok(record.without_snapshot(&item, saved, &self.catalog))
    }

    /// Compares two versions. Both snapshots are the current connection.
    pub(in super::super) async fn compare_on_third_party(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<VersionComparison, ConnectionError> {
        let current = self.load(key).await?;
        let id = IdOrAlias::Id(current.item.id);
        let about = ErrorContext {
            number: Some(from),
            ..ErrorContext::one(&id)
        };
        let url = self.at_version(&id, from, &["compare", &to.to_string()])?;
        let compared: VersionComparisonDto = self.fetch(HttpRequest::get(url), about).await?;
        let provider = self.catalog.get(&current.item.provider_id);
        let changes = compared.changes.into_iter();
        let at = |version| {
            let mut connection = current.clone();
            connection.item.version = version;
            connection
        };
        Ok(VersionComparison {
            entity_id: current.item.id,
            entity_type: ENTITY_TYPE.into(),
            from_version: from,
            to_version: to,
            from_date: current.item.date_modified,
            to_date: current.item.date_modified,
            changes: changes.map(|change| change.masked(provider)).collect(),
            from_snapshot: at(from),
            to_snapshot: at(to),
        })
    }

    /// Returns the paths that a rollback would change. The restored values are not known.
    pub(in super::super) async fn preview_rollback_on_third_party(
        &self,
        key: &IdOrAlias,
        number: u64,
    ) -> Result<ChangePreview, ConnectionError> {
        let current: Connection = self.load(key).await?;
        let now = current.item.version;
        let id = IdOrAlias::Id(current.item.id);
        let changes = if number == now {
            Vec::new()
        } else {
            self.compare_on_third_party(&id, number, now).await?.changes
        };
        Ok(ChangePreview {
            connection: current,
            paths: changes.into_iter().map(|change| change.path).collect(),
            unknown: Vec::new(),
            is_exact: false,
        })
    }
}

impl VersionDifferenceDto {
    /// Returns the difference with secrets masked and the path as in the API.
    fn masked(self, provider: Option<&Provider>) -> Difference {
        let (object, key) = self.path.split_once('.').unwrap_or((&self.path, ""));
        let is_setting = object.eq_ignore_ascii_case("settings") && !key.is_empty();
        let path = if is_setting {
            let key = provider.map_or(key, |provider| provider.canonical_spelling(key));
            format!("settings.{key}")
        } else {
            lower_first(&self.path)
        };
        let shown = |value: Option<Value>| {
            let value = value.filter(|value| !value.is_null())?;
            if is_setting {
                let seen = seen(provider, key, value)?;
                return serde_json::to_value(seen)
                    .ok()
                    .filter(|value| !value.is_null());
            }
            Some(match value.as_str() {
                Some("True") if path == "isActive" => true.into(),
                Some("False") if path == "isActive" => false.into(),
                _ => value,
            })
        };
        let (from_value, to_value) = (shown(self.old_value), shown(self.new_value));
        let change_type = match (&from_value, &to_value) {
            (None, Some(_)) => ChangeType::Added,
            (Some(_), None) => ChangeType::Removed,
            (Some(_), Some(_)) | (None, None) => ChangeType::Modified,
        };
        Difference {
            path,
            change_type,
            from_value,
            to_value,
        }
    }
}

/// Returns a path in the spelling of the API: `isActive` for `IsActive`.
fn lower_first(path: &str) -> String {
    let mut letters = path.chars();
    let first = letters.next().map(char::to_lowercase);
    first.into_iter().flatten().chain(letters).collect()
}
