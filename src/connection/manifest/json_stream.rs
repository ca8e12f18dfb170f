//! Reads manifests in JSON one connection at a time, so that their values are never in memory as a whole.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{ManifestContents, umbraco_deploy};
use crate::connection::strict_json::{JsonDepth, StrictJson, is_repeated};
use crate::provider::ProviderCatalog;

/// Reads the manifests of a text. Returns `None` where there are none, or where something is wrong with the JSON or the type of a
/// manifest or list; [`super::read`] then describes it.
pub fn read(text: &str, catalog: &ProviderCatalog) -> Option<ManifestContents> {
    let mut contents = ManifestContents::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut is_empty = true;
    while reader.end().is_err() {
        let manifest = Manifest {
            contents: &mut contents,
            catalog,
        };
        manifest.deserialize(&mut reader).ok()?;
        is_empty = false;
    }
    (!is_empty).then_some(contents)
}

/// Manifest, or a list of connections, that is added to the contents.
struct Manifest<'a> {
    contents: &'a mut ManifestContents,
    catalog: &'a ProviderCatalog,
}

impl<'de> DeserializeSeed<'de> for Manifest<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Manifest<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let connections = Connections {
            contents: self.contents,
            catalog: self.catalog,
            depth: JsonDepth::default(),
        };
        connections.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self { contents, catalog } = self;
        let depth = JsonDepth::default().deeper()?;
        let (connections, errors) = (contents.connections.len(), contents.errors.len());
        let mut has_connections = false;
        let mut members = Vec::new();
        let mut seen = HashSet::new();
        while let Some(member) = object.next_key::<String>()? {
            if is_repeated(&members, &mut seen, &member) {
                return Err(A::Error::custom("a repeated member"));
            }
            let value = if member == "connections" {
                has_connections = true;
                object.next_value_seed(Connections {
                    contents: &mut *contents,
                    catalog,
                    depth,
                })?;
                StrictJson::List(Vec::new())
            } else {
                object.next_value_seed(depth)?
            };
            members.push((member, value));
        }
        // The other members decide whether the connections count.
        let connections = contents.connections.split_off(connections);
        let found = contents.errors.split_off(errors);
        let is_document = has_connections && !umbraco_deploy::is_artifact(&members);
        contents.take(StrictJson::Object(members), catalog);
        if is_document && contents.errors.len() == errors {
            contents.connections.extend(connections);
            contents.errors.extend(found);
        }
        Ok(())
    }
}

/// List of connections that is added to the contents.
struct Connections<'a> {
    contents: &'a mut ManifestContents,
    catalog: &'a ProviderCatalog,
    depth: JsonDepth,
}

impl<'de> DeserializeSeed<'de> for Connections<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Connections<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let depth = self.depth.deeper()?;
        while let Some(value) = list.next_element_seed(depth)? {
            self.contents.take_element(value, self.catalog);
        }
        Ok(())
    }
}
