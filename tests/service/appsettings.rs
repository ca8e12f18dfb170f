//! Lookup of `$Section:Key` references: values as in .NET, sources, and no value in any message.

use std::fs;
use std::path::Path;

use rstest::rstest;
use secrecy::ExposeSecret;
use umai::appsettings::{AppSettings, EnvironmentVariables, Reference, ReferenceLookup};

fn reference(key: &str) -> Reference {
    Reference::read(&format!("${key}")).expect("a reference")
}

fn value(settings: &AppSettings, key: &str) -> Option<String> {
    settings
        .resolve(&reference(key))
        .map(|value| value.expose_secret().to_owned())
}

fn source(settings: &AppSettings, key: &str) -> String {
    match settings.lookup(&reference(key)) {
        ReferenceLookup::Found { source } => source,
        ReferenceLookup::Missing { looked_in } => format!("not in {}", looked_in.join(", ")),
        ReferenceLookup::Refused { allowed } => format!("refused, allowed: {}", allowed.join(", ")),
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

const BASE: &str = "\u{feff}{
  // comments are fine
  \"OpenAI\": { \"ApiKey\": \"from base\", \"Organization\": null, \"Retries\": 3.0, \"On\": true, /* and these */ \"Empty\": \"\" },
  \"List\": [ \"zero\", { \"Name\": \"one\" }, [ \"deep\" ] ],
  \"Flat:Key\": \"joined\",
  \"ConnectionStrings\": { \"umbracoDbDSN\": \"secret\" },
}";

#[rstest]
#[case("OpenAI:ApiKey", Some("from base"))]
#[case("openai:APIKEY", Some("from base"))]
#[case("OpenAI:Retries", Some("3.0"))]
#[case("OpenAI:On", Some("True"))]
#[case("OpenAI:Organization", None)]
#[case("OpenAI:Empty", None)]
#[case("OpenAI", None)]
#[case("List:0", Some("zero"))]
#[case("List:1:Name", Some("one"))]
#[case("List:2:0", Some("deep"))]
#[case("List:3", None)]
#[case("Flat:Key", Some("joined"))]
#[case("ConnectionStrings:umbracoDbDSN", None)]
#[case("connectionstrings:UMBRACODBDSN", None)]
fn key_resolves_as_in_dotnet(#[case] key: &str, #[case] expected: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "appsettings.json", BASE);
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    assert_eq!(value(&settings, key).as_deref(), expected);
    assert!(settings.problems().is_empty(), "{:?}", settings.problems());
}

#[test]
fn variables_override_environment_file_and_base_file() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "appsettings.json",
        r#"{"A":{"B":"base","C":"base","D":"base"}}"#,
    );
    write(
        folder.path(),
        "appsettings.Development.json",
        r#"{"a":{"b":"development","c":"development"}}"#,
    );
    let variables = EnvironmentVariables::from_pairs([
        ("UMAI_ENVIRONMENT", "Development"),
        ("a__B", "variable"),
    ]);
    let settings = AppSettings::in_folder(folder.path(), variables);
    assert_eq!(value(&settings, "A:B").as_deref(), Some("variable"));
    assert_eq!(source(&settings, "A:B"), "environment variable a__B");
    assert_eq!(value(&settings, "A:C").as_deref(), Some("development"));
    assert_eq!(source(&settings, "A:C"), "appsettings.Development.json");
    assert_eq!(value(&settings, "A:D").as_deref(), Some("base"));
    assert_eq!(source(&settings, "A:D"), "appsettings.json");
}

#[rstest]
#[case(&[("UMAI_ENVIRONMENT", "One"), ("DOTNET_ENVIRONMENT", "Two"), ("ASPNETCORE_ENVIRONMENT", "Three")], "One")]
#[case(&[("UMAI_ENVIRONMENT", " "), ("DOTNET_ENVIRONMENT", "Two"), ("ASPNETCORE_ENVIRONMENT", "Three")], "Two")]
#[case(&[("ASPNETCORE_ENVIRONMENT", "Three")], "Three")]
#[case(&[], "Production")]
fn first_environment_variable_selects_the_environment(
    #[case] variables: &[(&str, &str)],
    #[case] environment: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &format!("appsettings.{environment}.json"),
        r#"{"A":"b"}"#,
    );
    let settings = AppSettings::in_folder(
        folder.path(),
        EnvironmentVariables::from_pairs(variables.iter().copied()),
    );
    assert_eq!(
        source(&settings, "A"),
        format!("appsettings.{environment}.json")
    );
}

#[test]
fn null_or_empty_value_hides_lower_sources() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "appsettings.json",
        r#"{"A":"base","B":"base"}"#,
    );
    write(
        folder.path(),
        "appsettings.Production.json",
        r#"{"A":null}"#,
    );
    let settings =
        AppSettings::in_folder(folder.path(), EnvironmentVariables::from_pairs([("B", "")]));
    assert_eq!(
        source(&settings, "A"),
        "not in environment variable A, appsettings.json, appsettings.Production.json (empty)"
    );
    assert_eq!(
        source(&settings, "B"),
        "not in environment variable B (empty), appsettings.json, appsettings.Production.json"
    );
}

#[test]
fn missing_key_lists_all_searched_sources() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "appsettings.json", "{}");
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    assert_eq!(
        source(&settings, "OpenAI:ApiKey"),
        "not in environment variable OpenAI__ApiKey, appsettings.json, appsettings.Production.json (does not exist)"
    );
    assert_eq!(
        source(&AppSettings::default(), "A:B"),
        "not in environment variable A__B"
    );
}

#[test]
fn given_file_loads_its_environment_file_and_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "my.json", r#"{"A":"base","B":"base"}"#);
    write(folder.path(), "my.Staging.json", r#"{"A":"staging"}"#);
    let settings = AppSettings::file(
        folder.path().join("my.json"),
        EnvironmentVariables::from_pairs([("DOTNET_ENVIRONMENT", "Staging")]),
    );
    assert_eq!(value(&settings, "A").as_deref(), Some("staging"));
    assert_eq!(value(&settings, "B").as_deref(), Some("base"));
    assert!(source(&settings, "A").ends_with("/my.Staging.json"));
    let missing = AppSettings::file(
        folder.path().join("none.json"),
        EnvironmentVariables::none(),
    );
    assert!(
        missing.problems()[0].ends_with("none.json does not exist; check --appsettings"),
        "{:?}",
        missing.problems()
    );
}

#[test]
fn files_are_reloaded_at_each_use() {
    let folder = tempfile::tempdir().unwrap();
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    assert_eq!(value(&settings, "A"), None);
    write(folder.path(), "appsettings.json", r#"{"A":"now"}"#);
    assert_eq!(value(&settings, "A").as_deref(), Some("now"));
}

#[rstest]
#[case("{\n  \"A\": \"x\" \"B\": 1 }", "is not valid at line 2, column")]
#[case("{\"A\":'x'}", "is not valid at line 1, column 6")]
#[case("{A:1}", "is not valid at line 1, column 2")]
#[case(
    "{\"A\":1,\n\"a\":2}",
    "is not valid at line 2, column 5: the key 'a' occurs twice"
)]
#[case("{\"A\":{\"B\":1},\"A:B\":2}", "the key 'a:b' occurs twice")]
#[case("[1]", "must be a JSON object")]
#[case("", "the file is empty")]
#[case("{\"A\":", "is not valid at line 1")]
fn invalid_file_is_reported_with_position(#[case] text: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "appsettings.json", text);
    write(
        folder.path(),
        "appsettings.Production.json",
        r#"{"Good":"value"}"#,
    );
    let settings = AppSettings::in_folder(
        folder.path(),
        EnvironmentVariables::from_pairs([("A", "variable")]),
    );
    let problems = settings.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("appsettings.json ") && problems[0].contains(message),
        "{problems:?}"
    );
    assert_eq!(value(&settings, "Good").as_deref(), Some("value"));
    assert_eq!(value(&settings, "A").as_deref(), Some("variable"));
    assert!(source(&settings, "B").contains("appsettings.json, which is not valid at line"));
}

#[test]
fn size_and_depth_are_limited() {
    let folder = tempfile::tempdir().unwrap();
    let nested = |levels: usize| {
        format!(
            "{{\"A\":{}1{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    write(folder.path(), "appsettings.json", &nested(64));
    assert!(settings.problems().is_empty(), "{:?}", settings.problems());
    write(folder.path(), "appsettings.json", &nested(65));
    assert!(
        settings.problems()[0].contains("must not exceed 64 levels"),
        "{:?}",
        settings.problems()
    );
    write(folder.path(), "appsettings.json", &"[".repeat(900_000));
    assert!(
        settings.problems()[0].contains("line 1"),
        "{:?}",
        settings.problems()
    );
    write(
        folder.path(),
        "appsettings.json",
        &" ".repeat(1024 * 1024 + 1),
    );
    assert!(
        settings.problems()[0].contains("is larger than 1024 KiB"),
        "{:?}",
        settings.problems()
    );
}

#[test]
fn allow_list_restricts_references() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"Umbraco":{"AI":{"AllowedConfigurationKeyPrefixes":["OpenAI","My_","ConnectionStrings"]}},
        "OpenAI":{"ApiKey":"1"},"OpenAIOther":"2","My_Key":"3","Other":"4","ConnectionStrings":{"Db":"5"}}"#;
    write(folder.path(), "appsettings.json", text);
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    assert_eq!(value(&settings, "openai:apikey").as_deref(), Some("1"));
    assert_eq!(value(&settings, "My_Key").as_deref(), Some("3"));
    assert_eq!(value(&settings, "OpenAIOther"), None);
    assert_eq!(value(&settings, "ConnectionStrings:Db"), None);
    assert_eq!(
        source(&settings, "Other"),
        "refused, allowed: OpenAI, My_, ConnectionStrings"
    );
    let more = EnvironmentVariables::from_pairs([(
        "Umbraco__AI__AllowedConfigurationKeyPrefixes__0",
        "Other",
    )]);
    let settings = AppSettings::in_folder(folder.path(), more);
    assert_eq!(value(&settings, "Other").as_deref(), Some("4"));
    assert_eq!(value(&settings, "OpenAI:ApiKey"), None);
}

#[test]
fn invalid_environment_name_reads_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    write(folder.path(), "x.json", r#"{"A":"elsewhere"}"#);
    let settings = AppSettings::in_folder(
        folder.path().join("in"),
        EnvironmentVariables::from_pairs([("UMAI_ENVIRONMENT", "/../../x")]),
    );
    assert_eq!(value(&settings, "A"), None);
    assert_eq!(settings.problems().len(), 1);
}

#[test]
fn values_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "appsettings.json", r#"{"A":"planted-1"}"#);
    let settings = AppSettings::in_folder(
        folder.path(),
        EnvironmentVariables::from_pairs([("B", "planted-2")]),
    );
    let message = format!(
        "{settings:?} {} {} {}",
        source(&settings, "A"),
        source(&settings, "B"),
        settings.problems().join("")
    );
    assert!(!message.contains("planted"), "{message}");
}

#[test]
fn section_with_empty_name_is_not_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{ "": { "ApiKey": "hidden", "OpenAI": { "ApiKey": "hidden" } } }"#;
    write(folder.path(), "appsettings.json", text);
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    assert_eq!(value(&settings, "ApiKey"), None);
    assert_eq!(value(&settings, "OpenAI:ApiKey"), None);
    assert_eq!(settings.keys(|_| true).1, 0);
}

#[test]
fn keys_are_listed_in_spelling_of_highest_source() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "appsettings.json",
        r#"{ "openai": { "apikey": "planted" }, "Gone": "planted", "List": ["planted"], "A b": "planted",
             "ConnectionStrings": { "Main": "planted" }, "Null": null, "Number": 7 }"#,
    );
    write(
        "appsettings.Production.json",
        r#"{ "OpenAI": { "ApiKey": "planted" }, "Gone": null }"#,
    );
    let variables = [
        ("Team__Key", "planted"),
        ("KNOWN_KEY", "planted"),
        ("number", "planted"),
        ("HOME", "planted"),
        ("Empty__Key", " "),
        ("__Odd", "planted"),
    ];
    let settings =
        AppSettings::in_folder(folder.path(), EnvironmentVariables::from_pairs(variables));
    let (keys, total) = settings.keys(|name| name == "KNOWN_KEY");
    let message: Vec<_> = keys
        .iter()
        .map(|listed| format!("{} < {}", listed.key, listed.source))
        .collect();
    assert_eq!(
        message,
        [
            "KNOWN_KEY < environment variable KNOWN_KEY",
            "List:0 < appsettings.json",
            "number < environment variable number",
            "OpenAI:ApiKey < appsettings.Production.json",
            "Team:Key < environment variable Team__Key",
        ]
    );
    assert_eq!(total, message.len());
    for listed in &keys {
        let reference = Reference::read(&format!("${}", listed.key)).unwrap();
        let found = ReferenceLookup::Found {
            source: listed.source.clone(),
        };
        assert_eq!(settings.lookup(&reference), found);
    }
}

#[test]
fn key_per_file_overrides_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "appsettings.json",
        r#"{"A":{"Both":"base","Base":"base","Emptied":"base"}}"#,
    );
    let secrets = folder.path().join("secrets");
    fs::create_dir_all(secrets.join("..data")).unwrap();
    write(&secrets, "A__Both", "file\r\n");
    write(&secrets, "a__lines", "one\ntwo\n\n");
    write(&secrets, "A__Emptied", "\n");
    write(&secrets, "ignore.A__Ignored", "x");
    write(&secrets, "A__Bytes", "");
    fs::write(secrets.join("A__Bytes"), b"\xff").unwrap();
    std::os::unix::fs::symlink(secrets.join("A__Both"), secrets.join("A__Linked")).unwrap();
    let variables =
        EnvironmentVariables::from_pairs([("A__Both", "variable"), ("A__Variable", "variable")]);
    let settings =
        AppSettings::in_folder(folder.path(), variables).with_key_per_file(secrets.clone());
    for (key, expected) in [
        ("A:Both", Some("file")),
        ("a:BOTH", Some("file")),
        ("A:Lines", Some("one\ntwo\n")),
        ("A:Linked", Some("file")),
        ("A:Variable", Some("variable")),
        ("A:Base", Some("base")),
        ("A:Emptied", None),
        ("A:Ignored", None),
        ("A:Bytes", None),
    ] {
        assert_eq!(value(&settings, key).as_deref(), expected, "{key}");
    }
    let shown = secrets.display();
    assert_eq!(source(&settings, "A:Both"), format!("{shown}/A__Both"));
    assert!(source(&settings, "A:Emptied").contains(&format!("{shown} (empty)")));
    let problems = settings.problems();
    assert!(
        problems.len() == 1 && problems[0].contains("A__Bytes is not UTF-8"),
        "{problems:?}"
    );
    let (keys, _) = settings.keys(|_| false);
    let both = keys.iter().find(|listed| listed.key == "A:Both").unwrap();
    assert_eq!(both.source, format!("{shown}/A__Both"));
    assert!(!format!("{keys:?}{problems:?}").contains("one"), "no value");
}

#[test]
fn missing_key_per_file_folder_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let settings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none())
        .with_key_per_file(folder.path().join("none"));
    assert!(settings.problems()[0].ends_with("none does not exist; check --key-per-file"));
    write(folder.path(), "file", "");
    let settings = settings.with_key_per_file(folder.path().join("file"));
    assert!(settings.problems()[0].contains("is not a folder; the folder is ignored"));
    assert!(source(&settings, "A:B").contains("is not a folder"));
}

#[test]
fn prefixes_in_key_per_file_restrict_references() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "Umbraco__AI__AllowedConfigurationKeyPrefixes__0",
        "Umbraco:AI:Secrets\n",
    );
    let variables = EnvironmentVariables::from_pairs([
        ("OpenAI__ApiKey", "x"),
        ("Umbraco__AI__Secrets__Key", "y"),
    ]);
    let settings =
        AppSettings::in_folder(folder.path(), variables).with_key_per_file(folder.path());
    assert!(source(&settings, "OpenAI:ApiKey").starts_with("refused"));
    assert_eq!(
        value(&settings, "Umbraco:AI:Secrets:Key").as_deref(),
        Some("y")
    );
}
