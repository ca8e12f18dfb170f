//! Items of connections in list entries: everything that a list shows, without the names of its fields.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::stored_json::{damaged, unserializable};
use crate::connection::{ConnectionItem, StoreError};

/// Item without its ID, which is in the row. The order of the fields is part of the format.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    alias: &'a str,
    name: &'a str,
    provider_id: &'a str,
    is_active: bool,
    created: Time,
    modified: Time,
    version: u64,
    deleted: Option<Time>,
    endpoint: Option<&'a str>,
}

/// Seconds and nanoseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Time(i64, u32);

impl Time {
    fn of(date: DateTime<Utc>) -> Self {
        Self(date.timestamp(), date.timestamp_subsec_nanos())
    }

    fn date(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, self.1)
    }
}

/// Encodes an item.
pub fn write(item: &ConnectionItem) -> Result<Vec<u8>, StoreError> {
    let entry = Entry {
        alias: &item.alias,
        name: &item.name,
        provider_id: &item.provider_id,
        is_active: item.is_active,
        created: Time::of(item.date_created),
        modified: Time::of(item.date_modified),
        version: item.version,
        deleted: item.date_deleted.map(Time::of),
        endpoint: item.endpoint.as_deref(),
    };
    postcard::to_extend(&entry, Vec::new()).map_err(|error| unserializable(&error))
}

/// Decodes an item.
pub fn read(id: Uuid, bytes: &[u8]) -> Result<ConnectionItem, StoreError> {
    let (entry, rest): (Entry<'_>, _) =
        postcard::take_from_bytes(bytes).map_err(|error| damaged(id, &error.to_string()))?;
    if !rest.is_empty() {
        return Err(damaged(id, "its list entry is too long"));
    }
    let item = entry.into_item(id);
    item.ok_or_else(|| damaged(id, "a date of its list entry is out of range"))
}

impl Entry<'_> {
    fn into_item(self, id: Uuid) -> Option<ConnectionItem> {
        Some(ConnectionItem {
            id,
            alias: self.alias.to_owned(),
            name: self.name.to_owned(),
            provider_id: self.provider_id.to_owned(),
            is_active: self.is_active,
            date_created: self.created.date()?,
            date_modified: self.modified.date()?,
            version: self.version,
            date_deleted: match self.deleted {
                Some(deleted) => Some(deleted.date()?),
                None => None,
            },
            endpoint: self.endpoint.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn dates()(seconds in -62_135_596_800_i64..253_402_300_800, nanoseconds in 0_u32..1_000_000_000) -> DateTime<Utc> {
            DateTime::from_timestamp(seconds, nanoseconds).unwrap()
        }
    }

    prop_compose! {
        fn items()(
            id: u128,
            texts: (String, String, String),
            is_active: bool,
            dates in (dates(), dates(), prop::option::of(dates())),
            version: u64,
            endpoint in prop::option::of(".+"),
        ) -> ConnectionItem {
            let (alias, name, provider_id) = texts;
            let (date_created, date_modified, date_deleted) = dates;
            ConnectionItem {
                id: Uuid::from_u128(id),
                alias,
                name,
                provider_id,
                is_active,
                date_created,
                date_modified,
                version,
                date_deleted,
                endpoint,
            }
        }
    }

    proptest! {
        #[test]
        fn item_is_read_back(item in items()) {
            let bytes = write(&item).unwrap();
            prop_assert_eq!(read(item.id, &bytes).unwrap(), item);
        }

        #[test]
        fn any_bytes_are_an_item_or_damaged(bytes: Vec<u8>) {
            // Only that it returns.
            let _ = read(Uuid::nil(), &bytes);
        }
    }

    fn example() -> ConnectionItem {
        ConnectionItem {
            id: Uuid::nil(),
            alias: "a".into(),
            name: "Ä".into(),
            provider_id: "openai".into(),
            is_active: true,
            date_created: DateTime::from_timestamp(1, 2).unwrap(),
            date_modified: DateTime::from_timestamp(-1, 0).unwrap(),
            version: 300,
            date_deleted: None,
            endpoint: Some("x".into()),
        }
    }

    #[test]
    fn entry_has_the_bytes_of_the_format() {
        let mut item = example();
        let expected = b"\x01a\x02\xc3\x84\x06openai\x01\x02\x02\x01\x00\xac\x02\x00\x01\x01x";
        assert_eq!(write(&item).unwrap(), expected);
        assert_eq!(read(item.id, expected).unwrap(), item.clone());
        item.date_deleted = DateTime::from_timestamp(3, 4);
        item.endpoint = None;
        let deleted = b"\x01a\x02\xc3\x84\x06openai\x01\x02\x02\x01\x00\xac\x02\x01\x06\x04\x00";
        assert_eq!(write(&item).unwrap(), deleted);
        assert_eq!(read(item.id, deleted).unwrap(), item);
    }

    #[test]
    fn entry_that_is_cut_or_too_long_is_damaged() {
        let item = example();
        let entry = write(&item).unwrap();
        for length in 0..entry.len() {
            assert!(read(item.id, &entry[..length]).is_err(), "{length}");
        }
        let error = read(item.id, &[&entry[..], &[0]].concat()).unwrap_err();
        assert!(error.to_string().contains("its list entry is too long"));
    }

    #[test]
    fn date_out_of_range_is_damage() {
        let entry = Entry {
            alias: "a",
            name: "a",
            provider_id: "openai",
            is_active: true,
            created: Time(i64::MAX, 0),
            modified: Time(0, 0),
            version: 1,
            deleted: None,
            endpoint: None,
        };
        let bytes = postcard::to_extend(&entry, Vec::new()).unwrap();
        let error = read(Uuid::nil(), &bytes).unwrap_err();
        assert!(error.to_string().contains("out of range"));
    }
}
