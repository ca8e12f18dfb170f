//! Environment variables of the application settings.

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
    /// Variables of this process, read on every use.
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
        self.last(|name| name.replace("__", ":").eq_ignore_ascii_case(key))
    }

    /// Returns the variables below a key, as key and value.
    pub(super) fn with_prefix(&self, prefix: &str) -> Vec<(String, SecretString)> {
        let mut found = Vec::new();
        self.each(|name, value| {
            let key = name.replace("__", ":").to_ascii_lowercase();
            if key
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(':'))
            {
                found.push((key, SecretString::from(value)));
            }
        });
        found
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
            .filter_map(|wanted| self.last(|name| name == *wanted))
            .map(|(_, value)| value.expose_secret().trim().to_owned())
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned())
    }

    fn last(&self, wanted: impl Fn(&str) -> bool) -> Option<(String, SecretString)> {
        let mut found = None;
        self.each(|name, value| {
            if wanted(name) {
                found = Some((name.to_owned(), SecretString::from(value)));
            }
        });
        found
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
