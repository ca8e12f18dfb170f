//! The environment variables that application settings are read from.

use secrecy::{ExposeSecret, SecretString};

/// The variables that say which environment this is, the first that has a value decides.
const ENVIRONMENT_NAMES: [&str; 3] = [
    "UMAI_ENVIRONMENT",
    "DOTNET_ENVIRONMENT",
    "ASPNETCORE_ENVIRONMENT",
];

const DEFAULT_ENVIRONMENT: &str = "Production";

/// Environment variables: the process's own, or some that are given, so that a test decides them.
#[derive(Debug, Clone)]
pub enum Variables {
    /// Those of this process, read at each use.
    Process,
    /// These.
    Given(Vec<(String, SecretString)>),
}

impl Variables {
    /// No variable at all.
    pub const fn none() -> Self {
        Self::Given(Vec::new())
    }

    /// These names and values.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::Given(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
                .collect(),
        )
    }

    /// The name as it is spelled and the value of the variable that stands for a key, in any case; `__` is read as `:`.
    ///
    /// When several differ only by case, the last one counts, as in .NET.
    pub(super) fn for_key(&self, key: &str) -> Option<(String, SecretString)> {
        self.last(|name| name.replace("__", ":").eq_ignore_ascii_case(key))
    }

    /// Every variable that stands for a key below this one, as key and value.
    pub(super) fn below(&self, prefix: &str) -> Vec<(String, SecretString)> {
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

    /// The names of the variables that stand for a key in a section, in order; those of connection strings are nobody's to refer to.
    pub(super) fn of_sections(&self) -> Vec<String> {
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

    /// The name of the environment, for example `Development`.
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

    /// Shows every variable that is text; others cannot stand for a key.
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
