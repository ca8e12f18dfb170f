//! `umai targets diff`: differences between the connections of two targets, without their secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::super::Globals;
use super::super::exit::{Exit, Failure};
use super::super::output::{Audience, Output};
use super::content;
use crate::connection::{
    Connection, PlainSecret, SettingValue, Settings, Version, VersionChange, VersionComparison,
};
use crate::plan::{CopySource, Revealed};

/// Arguments of `umai targets diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Connections are the same if their aliases are. Secrets are compared where umai may read both: in a store that it opens itself and on an Umbraco site.\n\nExamples:\n  umai targets diff staging prod\n  umai targets diff staging prod --only provider:openai --exit-code"
)]
pub struct DiffTargets {
    /// Target
    #[arg(value_name = "A")]
    from: String,
    /// Target to compare it to
    #[arg(value_name = "B")]
    to: String,
    /// Compare only connections that match; a term as in umai connections list; may be repeated, any matches
    #[arg(long, value_name = "TERM")]
    only: Vec<String>,
    /// Exit with 1 if there are differences
    #[arg(long)]
    exit_code: bool,
}

/// Difference between two targets; none where the connection or the value is missing.
struct TargetDifference {
    alias: String,
    path: String,
    from: Option<Value>,
    to: Option<Value>,
}

/// Differences, and the number of secrets that could not be compared.
#[derive(Default)]
struct Differences {
    found: Vec<TargetDifference>,
    not_compared: usize,
}

impl DiffTargets {
    /// Runs the command.
    pub fn run(&self, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
        let read = |name: &str, output: &mut Output| {
            let context = content::context_of(globals, name)?;
            let mut read = content::read(&context, &self.only, output)?;
            read.revealed = content::reveal(&context, &read.connections)?.map(Arc::new);
            Ok::<_, Failure>(read)
        };
        let from = read(&self.from, output)?;
        let to = read(&self.to, output)?;
        if from.connections.is_empty() && to.connections.is_empty() && !self.only.is_empty() {
            let both = format!("'{}' and '{}'", self.from, self.to);
            return Err(content::nothing_matches(&both));
        }
        let differences = compare(&from, &to);
        let aliases: BTreeSet<&str> = differences
            .found
            .iter()
            .map(|one| one.alias.as_str())
            .collect();
        let count = aliases.len();
        match output.audience() {
            Audience::Program => output.value(&json!({
                "from": self.from,
                "to": self.to,
                "total": differences.found.len(),
                "items": differences.found.iter().map(TargetDifference::to_json).collect::<Vec<_>>(),
                "secretsNotCompared": differences.not_compared,
            }))?,
            Audience::Person if differences.found.is_empty() => output.note("No differences"),
            Audience::Person => {
                let rows: Vec<_> = differences.found.iter().map(TargetDifference::row).collect();
                output.table(["ALIAS", "FIELD", &self.from, &self.to], &rows)?;
            }
        }
        if differences.not_compared > 0 {
            output.note(&format!(
                "{} secrets not compared: a server does not show them",
                differences.not_compared
            ));
        }
        if self.exit_code && count > 0 {
            let aliases = match count {
                1 => "1 connection differs".to_owned(),
                count => format!("{count} connections differ"),
            };
            if output.audience() == Audience::Person {
                output.note(&aliases);
            }
            return Err(Failure::Reported(Exit::Other));
        }
        Ok(())
    }
}

impl TargetDifference {
    fn row(&self) -> [String; 4] {
        let text = |value: &Option<Value>| match value {
            None | Some(Value::Null) => "-".into(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let mark = if self.is_secret() { " (different)" } else { "" };
        [
            self.alias.clone(),
            self.path.clone(),
            text(&self.from),
            format!("{}{mark}", text(&self.to)),
        ]
    }

    /// Returns true for secrets that differ, whose masks do not.
    fn is_secret(&self) -> bool {
        self.from == self.to
    }

    fn to_json(&self) -> Value {
        let mut row = json!({
            "alias": self.alias, "path": self.path, "fromValue": self.from, "toValue": self.to,
        });
        if let (true, Value::Object(row)) = (self.is_secret(), &mut row) {
            row.insert("secret".into(), "different".into());
        }
        row
    }
}

fn compare(from: &CopySource, to: &CopySource) -> Differences {
    let by_alias = |content: &'_ CopySource| -> BTreeMap<String, Connection> {
        let all = content.connections.iter();
        all.map(|one| (one.item.alias.to_lowercase(), one.clone()))
            .collect()
    };
    let (olds, mut news) = (by_alias(from), by_alias(to));
    let mut differences = Differences::default();
    let whole =
        |alias: &str, from: Option<&Connection>, to: Option<&Connection>| TargetDifference {
            alias: alias.to_owned(),
            path: "connection".into(),
            from: from.map(|one| one.item.name.clone().into()),
            to: to.map(|one| one.item.name.clone().into()),
        };
    for (alias, old) in olds {
        let Some(new) = news.remove(&alias) else {
            differences.found.push(whole(&alias, Some(&old), None));
            continue;
        };
        let revealed = |content: &CopySource| content.revealed.as_ref()?.get(&alias).cloned();
        let both = (revealed(from), revealed(to));
        compare_lists(&alias, &both, &mut differences);
        let secrets = (
            both.0.map(|revealed| revealed.settings),
            both.1.map(|revealed| revealed.settings),
        );
        compare_connection(&alias, (old, new), &secrets, &mut differences);
    }
    for (alias, new) in news {
        differences.found.push(whole(&alias, None, Some(&new)));
    }
    differences
}

/// Compares lists and objects, whose values are not shown because they may contain secrets.
fn compare_lists(
    alias: &str,
    (old, new): &(Option<Revealed>, Option<Revealed>),
    differences: &mut Differences,
) {
    let (Some(old), Some(new)) = (old, new) else {
        return;
    };
    let keys: BTreeSet<&String> = old
        .lists
        .iter()
        .chain(&new.lists)
        .map(|(key, _)| key)
        .collect();
    for key in keys {
        let value = |revealed: &Revealed| {
            let found = revealed.lists.iter().find(|(known, _)| known == key);
            found.map(|(_, json)| json.clone())
        };
        let (from, to) = (value(old), value(new));
        if from != to {
            let shown = |value: Option<PlainSecret>| value.map(|_| "(list or object)".into());
            differences.found.push(TargetDifference {
                alias: alias.to_owned(),
                path: format!("settings.{key}"),
                from: shown(from),
                to: shown(to),
            });
        }
    }
}

/// Settings with secrets of both connections, where umai may read them.
type BothSecrets = (Option<Settings<PlainSecret>>, Option<Settings<PlainSecret>>);

fn compare_connection(
    alias: &str,
    (old, new): (Connection, Connection),
    secrets: &BothSecrets,
    differences: &mut Differences,
) {
    let mut different = Vec::new();
    let (providers, settings) = (
        (old.item.provider_id.clone(), new.item.provider_id.clone()),
        old.settings.clone().unwrap_or_default(),
    );
    for (key, value) in settings.iter() {
        let other = new.settings.as_ref().and_then(|settings| settings.get(key));
        if let (SettingValue::Secret(_), Some(SettingValue::Secret(_))) = (value, other) {
            let text = |settings: &Option<Settings<PlainSecret>>| {
                let value = settings.as_ref()?.get(key)?;
                Some(value.text()?.to_owned())
            };
            match (text(&secrets.0), text(&secrets.1)) {
                (Some(one), Some(other)) if one == other => {}
                (Some(_), Some(_)) => different.push(format!("settings.{key}")),
                _ => differences.not_compared += 1,
            }
        }
    }
    if !providers.0.eq_ignore_ascii_case(&providers.1) {
        differences.found.push(TargetDifference {
            alias: alias.to_owned(),
            path: "providerId".into(),
            from: Some(providers.0.into()),
            to: Some(providers.1.into()),
        });
    }
    let version = |snapshot| Version {
        snapshot,
        change: VersionChange::default(),
    };
    let compared = VersionComparison::new(version(old), version(new), &different);
    let found = compared.changes.into_iter();
    differences
        .found
        .extend(found.map(|change| TargetDifference {
            alias: alias.to_owned(),
            path: change.path,
            from: change.from_value,
            to: change.to_value,
        }));
}
