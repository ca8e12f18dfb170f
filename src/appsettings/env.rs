//! Environment variables of the application settings.

use std::sync::OnceLock;

use secrecy::{ExposeSecret, SecretString};

/// Variables with the environment's name; the first one with a value decides.
const ENVIRONMENT_NAMES: [&str; 3] = [
    "UMAI_ENVIRONMENT",
    "DOTNET_ENVIRONMENT",
    "ASPNETCORE_ENVIRONMENT",
];

const DEFAULT_ENVIRONMENT: &str = "Production";

/// Environment variables, of the process or given by a test.
#[derive(Debug, Clone)]
pub enum EnvironmentVariables {
    /// Variables of this process; values are read on every use.
    Process,
    /// These variables.
    Given(Vec<(String, SecretString)>),
}

impl EnvironmentVariables {
    /// Creates an empty set.
    pub const fn none() -> Self {
        Self::Given(Vec::new())
    }

    /// Creates a set from names and values.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::Given(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
                .collect(),
        )
    }

    /// Returns name and value of the variable of a key, ignoring case; `__` is read as `:`.
    ///
    /// When several names differ only by case, the last one counts, as in .NET.
    pub(super) fn for_key(&self, key: &str) -> Option<(String, SecretString)> {
        let mut found = self.matching(|candidate| candidate.eq_ignore_ascii_case(key));
        found.pop().map(|variable| (variable.name, variable.value))
    }

    /// Returns the variables below a key, as key and value.
    pub(super) fn with_prefix(&self, prefix: &str) -> Vec<(String, SecretString)> {
        let is_below = |key: &str| {
            key.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(':'))
        };
        let found = self.matching(is_below).into_iter();
        found
            .map(|variable| (variable.key, variable.value))
            .collect()
    }

    /// Returns the names of the variables that map to a key in a section, in order, without connection strings.
    pub(super) fn section_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.each(|name, _| {
            let is_section = name.split_once("__").is_some_and(|(section, key)| {
                !section.is_empty()
                    && !key.is_empty()
                    && !section.eq_ignore_ascii_case("connectionstrings")
            });
            if is_section {
                names.push(name.to_owned());
            }
        });
        names.sort();
        names
    }

    /// Returns the name of the environment, for example `Development`.
    pub(super) fn environment(&self) -> String {
        ENVIRONMENT_NAMES
            .iter()
            .filter_map(|name| self.value(name))
            .map(|value| value.expose_secret().trim().to_owned())
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned())
    }

    /// Returns the value of a variable with exactly this name.
    fn value(&self, name: &str) -> Option<SecretString> {
        match self {
            Self::Process => std::env::var(name).ok().map(SecretString::from),
            Self::Given(pairs) => {
                let mut pairs = pairs.iter().rev();
                let found = pairs.find(|(given, _)| given == name);
                found.map(|(_, value)| value.clone())
            }
        }
    }

    /// Returns the variables whose key is wanted, in their order. An import calls this for every reference.
    fn matching(&self, wanted: impl Fn(&str) -> bool) -> Vec<KeyVariable> {
        match self {
            Self::Process => process_names()
                .iter()
                .filter(|(_, key)| wanted(key))
                .filter_map(|(name, key)| {
                    Some(KeyVariable {
                        name: name.clone(),
                        key: key.clone(),
                        value: self.value(name)?,
                    })
                })
                .collect(),
            Self::Given(pairs) => {
                let variables = pairs.iter().map(|(name, value)| KeyVariable {
                    name: name.clone(),
                    key: key_of(name),
                    value: value.clone(),
                });
                variables.filter(|variable| wanted(&variable.key)).collect()
            }
        }
    }

    /// Visits every variable that is UTF-8; others cannot be keys.
    pub(super) fn each(&self, mut show: impl FnMut(&str, &str)) {
        match self {
            Self::Process => {
                for (name, value) in std::env::vars_os() {
                    if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                        show(name, value);
                    }
                }
            }
            Self::Given(pairs) => {
                for (name, value) in pairs {
                    show(name, value.expose_secret());
                }
            }
        }
    }
}

/// Variable and the key that it maps to, in lower case.
struct KeyVariable {
    name: String,
    key: String,
    value: SecretString,
}

/// Returns the key of a variable, in lower case.
fn key_of(name: &str) -> String {
    name.replace("__", ":").to_ascii_lowercase()
}

/// Names of this process's variables, with their keys. They cannot change, because setting a variable is unsafe and unsafe code is forbidden.
fn process_names() -> &'static [(String, String)] {
    static NAMES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    NAMES.get_or_init(|| {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .map(|name| {
                let key = key_of(&name);
                (name, key)
            })
            .collect()
    })
}
