//! References follow their grammar, resolve to the value of their variable, and only if the allow-list permits.

use secrecy::ExposeSecret;
use umai::appsettings::{AppSettings, EnvironmentVariables, Reference, ReferenceLookup};

/// Value of the variable; it looks like a reference, but must not be resolved again.
const VALUE: &str = "$Planted:Other";

/// The first line is the reference, the others are the allowed prefixes.
pub fn holds(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let prefixes: Vec<String> = lines.take(8).map(|line| line.trim().to_owned()).collect();
    let Some(reference) = Reference::read(first) else {
        assert!(!is_by_the_grammar(first), "{first:?} is a reference");
        return;
    };
    assert!(is_by_the_grammar(first), "{first:?} is no reference");
    assert_eq!(reference.to_string(), first);
    assert_eq!(
        Reference::read(&reference.to_string()).as_ref(),
        Some(&reference)
    );
    assert_eq!(format!("${}", reference.key()), first);
    resolves(&reference, &prefixes);
}

/// `^\$[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*$`
fn is_by_the_grammar(text: &str) -> bool {
    let Some(key) = text.strip_prefix('$') else {
        return false;
    };
    let mut was_colon = true;
    for sign in key.chars() {
        match sign {
            ':' if was_colon => return false,
            ':' => was_colon = true,
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => was_colon = false,
            _ => return false,
        }
    }
    !was_colon
}

fn resolves(reference: &Reference, prefixes: &[String]) {
    let list: Vec<String> = (0..prefixes.len())
        .map(|at| format!("Umbraco__AI__AllowedConfigurationKeyPrefixes__{at}"))
        .collect();
    let named: Vec<(&str, &str)> = list
        .iter()
        .map(String::as_str)
        .zip(prefixes.iter().map(String::as_str))
        .collect();
    let variable = reference.variable();
    let set = variable.iter().map(|name| (&**name, VALUE));
    let with = EnvironmentVariables::from_pairs(set.chain(named.iter().copied()));
    let settings = AppSettings::in_folder("/nowhere", with);
    let without = AppSettings::in_folder("/nowhere", EnvironmentVariables::from_pairs(named));

    let found = settings.resolve(reference);
    let lookup = settings.lookup(reference);
    assert_eq!(
        found.is_some(),
        matches!(lookup, ReferenceLookup::Found { .. })
    );
    if reference.key().to_ascii_lowercase().starts_with("umbraco") {
        // The key may be the allow-list itself.
        return;
    }
    let is_shown = format!("{lookup:?}").contains(VALUE);
    let is_prefix = prefixes.iter().any(|prefix| prefix.contains(VALUE));
    assert!(!is_shown || is_prefix, "the value is shown");
    let may = may_be_referenced(reference.key(), prefixes);
    assert_eq!(
        matches!(lookup, ReferenceLookup::Refused { .. }),
        !may,
        "{reference}: {lookup:?}"
    );
    match found {
        Some(value) => assert_eq!(value.expose_secret(), VALUE, "it was resolved again"),
        None => assert!(
            !may || variable.is_none(),
            "{reference} is set and does not resolve"
        ),
    }
    if let ReferenceLookup::Missing { looked_in } = without.lookup(reference) {
        let is_named = looked_in
            .iter()
            .any(|place| place.contains("environment variable"));
        assert_eq!(is_named, variable.is_some(), "{looked_in:?}");
    }
    assert!(
        without.resolve(reference).is_none(),
        "{reference} is set nowhere"
    );
}

fn may_be_referenced(key: &str, prefixes: &[String]) -> bool {
    let key = key.to_ascii_lowercase();
    let first = key.split(':').next().unwrap_or_default();
    let is_below = |prefix: &String| {
        let prefix = prefix.to_ascii_lowercase();
        let Some(rest) = key.strip_prefix(&prefix) else {
            return false;
        };
        let ends_in_word = prefix.ends_with(|sign: char| sign.is_ascii_alphanumeric());
        rest.is_empty() || rest.starts_with(':') || !ends_in_word
    };
    let mut given = prefixes
        .iter()
        .filter(|prefix| !prefix.is_empty())
        .peekable();
    first != "connectionstrings" && (given.peek().is_none() || given.any(is_below))
}
