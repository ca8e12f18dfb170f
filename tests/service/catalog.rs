//! Provider catalog: embedded providers, custom files, and errors of invalid files.

use std::fs;

use rstest::rstest;
use umai::provider::{Capability, DefaultValue, FieldKind, Provider, ProviderCatalog};

/// A setting in one line: `key*!` is required and sensitive, `?` a boolean, `@` a URL, `=` its default.
fn line(provider: &Provider) -> String {
    let settings: Vec<String> = provider
        .settings
        .iter()
        .map(|field| {
            let kind = match field.kind {
                FieldKind::Text => "",
                FieldKind::Url => "@",
                FieldKind::Switch => "?",
                FieldKind::Number => "+",
                FieldKind::Headers => "#",
            };
            let default = match &field.default {
                None => String::new(),
                Some(DefaultValue::Switch(on)) => format!("={on}"),
                Some(DefaultValue::Text(text)) => format!("={text}"),
            };
            let required = if field.required { "*" } else { "" };
            let sensitive = if field.sensitive { "!" } else { "" };
            let label = &field.label;
            format!(
                "{}{required}{sensitive}{kind}{default} \"{label}\"",
                field.key
            )
        })
        .collect();
    let capabilities: Vec<_> = provider
        .capabilities
        .iter()
        .map(|capability| capability.as_str())
        .collect();
    format!(
        "{} \"{}\" [{}] {}",
        provider.id,
        provider.name,
        capabilities.join(" "),
        settings.join(", ")
    )
}

#[test]
fn embedded_providers_are_ordered_by_name() {
    let (catalog, problems) = ProviderCatalog::load(None);
    assert!(problems.is_empty(), "{problems:?}");
    let lines: Vec<_> = catalog.all().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "alibaba \"Alibaba Cloud Model Studio\" [Chat Embedding] apiKey*! \"Model Studio API Key\", endpoint@=https://dashscope-intl.aliyuncs.com/compatible-mode/v1 \"Endpoint\"",
            "amazon \"Amazon Bedrock\" [Chat Embedding] region*=us-east-1 \"AWS Region\", accessKeyId! \"Access Key ID\", secretAccessKey! \"Secret Access Key\", sessionToken! \"Session Token\", apiKey! \"Bedrock API Key\", endpoint@ \"Custom Endpoint\"",
            "anthropic \"Anthropic\" [Chat] apiKey*! \"Anthropic API Key\", endpoint@=https://api.anthropic.com \"Endpoint\"",
            "deepseek \"DeepSeek\" [Chat] apiKey*! \"DeepSeek API Key\", endpoint@=https://api.deepseek.com \"Endpoint\"",
            "fireworks-ai \"Fireworks AI\" [Chat Embedding] apiKey*! \"Fireworks AI API Key\", accountId=fireworks \"Account ID\", endpoint@=https://api.fireworks.ai/inference/v1 \"Endpoint\"",
            "google \"Google\" [Chat] apiKey*! \"Google API Key\"",
            "huggingface \"Hugging Face\" [Chat] apiKey*! \"Hugging Face Token\", endpoint@=https://router.huggingface.co/v1 \"Endpoint\"",
            "microsoft-foundry \"Microsoft AI Foundry\" [Chat Embedding] endpoint*@ \"Endpoint\", projectName \"Project Name\", tenantId \"Tenant ID\", clientId \"Client ID\", clientSecret! \"Client Secret\", apiKey! \"API Key\", useResponsesApi?=false \"Use Responses API\"",
            "mistral \"Mistral AI\" [Chat Embedding] apiKey*! \"Mistral API Key\", endpoint@=https://api.mistral.ai/v1 \"Endpoint\"",
            "moonshot \"Moonshot AI\" [Chat] apiKey*! \"Moonshot API Key\", endpoint@=https://api.moonshot.ai/v1 \"Endpoint\"",
            "ollama \"Ollama\" [Chat Embedding] apiKey! \"API Key\", endpoint@=http://localhost:11434 \"Endpoint\"",
            "openai \"OpenAI\" [Chat Embedding SpeechToText] apiKey*! \"OpenAI API Key\", organization \"OpenAI Organization ID\", endpoint@=https://api.openai.com/v1 \"Endpoint\"",
            "openai-compatible \"OpenAI-compatible\" [Chat Embedding] endpoint*@ \"Endpoint\", apiKey! \"API Key\", headers!# \"Extra Headers\"",
            "openrouter \"OpenRouter\" [Chat Embedding] apiKey*! \"OpenRouter API Key\", endpoint@=https://openrouter.ai/api/v1 \"Endpoint\"",
            "perplexity \"Perplexity\" [Chat] apiKey*! \"Perplexity API Key\", endpoint@=https://api.perplexity.ai \"Endpoint\"",
            "togetherai \"Together AI\" [Chat Embedding] apiKey*! \"Together AI API Key\", endpoint@=https://api.together.xyz/v1 \"Endpoint\"",
            "zai \"Z.AI\" [Chat] apiKey*! \"Z.AI API Key\", endpoint@=https://api.z.ai/api/paas/v4 \"Endpoint\"",
        ]
    );
}

#[test]
fn foundry_has_groups_and_needs_key_or_entra() {
    let catalog = ProviderCatalog::embedded();
    let foundry = catalog.get("Microsoft-Foundry").expect("in the catalog");
    let mut groups: Vec<_> = foundry
        .settings
        .iter()
        .filter_map(|field| field.group.as_deref())
        .collect();
    groups.dedup();
    assert_eq!(
        groups,
        [
            "General",
            "Entra ID Authentication",
            "API Key Authentication (Deprecated)",
            "Advanced"
        ]
    );
    let wanted: Vec<Vec<_>> = foundry
        .wanted()
        .map(|fields| fields.iter().map(|field| field.key.as_str()).collect())
        .collect();
    assert_eq!(wanted, [["apiKey", "tenantId", "clientId", "clientSecret"]]);
    let ways: Vec<_> = foundry.alternative_groups[0]
        .alternatives
        .iter()
        .map(|way| format!("{}: {}", way.label, way.settings.join(" ")))
        .collect();
    assert_eq!(
        ways,
        [
            "API key: apiKey",
            "Entra ID: projectName tenantId clientId clientSecret"
        ]
    );
}

#[test]
fn setting_is_found_by_alternative_key() {
    let catalog = ProviderCatalog::embedded();
    let openai = catalog.get("OPENAI").expect("in any case");
    assert_eq!(
        openai
            .field("organizationId")
            .map(|field| field.key.as_str()),
        Some("organization")
    );
    assert_eq!(openai.field("organisation"), None);
}

#[test]
fn custom_file_adds_or_overrides_and_invalid_one_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "mine.toml",
        "id = \"mine\"\nname = \"a Mine\"\ncapabilities = [\"Chat\"]\n",
    );
    write(
        "openai.toml",
        "id = \"openai\"\nname = \"Our OpenAI\"\ncapabilities = [\"Chat\"]\n",
    );
    write(
        "torn.toml",
        "id = \"torn\"\nname = \"Torn\ncapabilities = []\n",
    );
    write(
        "again.toml",
        "id = \"openai\"\nname = \"Again\"\ncapabilities = [\"Chat\"]\n",
    );
    write("notes.txt", "no provider");
    let (catalog, problems) = ProviderCatalog::load(Some(folder.path()));
    assert_eq!(catalog.all().len(), 18);
    assert_eq!(catalog.all()[0].id, "mine", "ordered by name, in any case");
    assert_eq!(
        catalog.get("openai").map(|provider| provider.name.as_str()),
        Some("Again")
    );
    assert_eq!(
        catalog
            .get("mine")
            .map(|provider| provider.capabilities.clone()),
        Some(vec![Capability::Chat])
    );
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("openai.toml: provider 'openai' is already defined in"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("torn.toml, line 2, column"),
        "{problems:?}"
    );
}

const GOOD: &str = "id = \"p\"\nname = \"P\"\ncapabilities = [\"Chat\"]\n";

#[rstest]
#[case::id(
    "id = \"P p\"\nname = \"P\"\ncapabilities = [\"Chat\"]\n",
    ", line 1, column 6: id must be"
)]
#[case::name(
    "id = \"p\"\nname = \"\\u202E\"\ncapabilities = [\"Chat\"]\n",
    ", line 2, column 8: name must be"
)]
#[case::no_capability("id = \"p\"\nname = \"P\"\ncapabilities = []\n", ", line 3")]
#[case::unknown_capability("id = \"p\"\nname = \"P\"\ncapabilities = [\"Fly\"]\n", ", line 3")]
#[case::unknown_member(
    "id = \"p\"\nname = \"P\"\ncapabilities = [\"Chat\"]\nnmae = 1\n",
    ", line 4, column 1: unknown field"
)]
#[case::missing("id = \"p\"\ncapabilities = [\"Chat\"]\n", "missing field `name`")]
#[case::key(
    "%[[settings]]\nkey = \"a key\"\nlabel = \"K\"\n",
    ", line 5, column 7: key must be"
)]
#[case::twice(
    "%[[settings]]\nkey = \"k\"\nlabel = \"K\"\n[[settings]]\nkey = \"l\"\nacceptedAs = [\"k\"]\nlabel = \"K\"\n",
    ", line 9, column 14: duplicate setting 'k'"
)]
#[case::toml_twice("%[[settings]]\nkey = \"k\"\nkey = \"k\"\nlabel = \"K\"\n", ", line 6")]
#[case::label(
    "%[[settings]]\nkey = \"k\"\nlabel = \" \"\n",
    ", line 6, column 9: label must be"
)]
#[case::switch(
    "%[[settings]]\nkey = \"k\"\nlabel = \"K\"\nkind = \"switch\"\ndefault = \"on\"\n",
    ", line 8, column 11: the default of a switch"
)]
#[case::text(
    "%[[settings]]\nkey = \"k\"\nlabel = \"K\"\ndefault = true\n",
    ", line 7, column 11: the default must be text"
)]
#[case::address(
    "%[[settings]]\nkey = \"k\"\nlabel = \"K\"\nkind = \"url\"\ndefault = \"ftp://x\"\n",
    ", line 8, column 11: the default must begin"
)]
#[case::secret(
    "%[[settings]]\nkey = \"k\"\nlabel = \"K\"\nsensitive = true\ndefault = \"sk-1\"\n",
    ", line 8, column 11: a sensitive setting cannot have a default"
)]
#[case::condition(
    "%[[settings]]\nkey = \"k\"\nlabel = \"K\"\nrequiredWhen = { key = \"z\", startsWith = [\"A\"] }\n",
    ", line 7, column 16: requiredWhen names 'z', which is not the key of another setting"
)]
#[case::rule("%[[rules]]\nanyOf = [\"k\"]\n", ", line 4")]
fn invalid_provider_file_is_reported_with_position(#[case] text: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.toml"), text.replace('%', GOOD)).unwrap();
    let (catalog, problems) = ProviderCatalog::load(Some(folder.path()));
    assert_eq!(catalog.all().len(), 17);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains(&format!("p.toml{message}")) || problems[0].contains(message),
        "{problems:?}"
    );
    assert!(
        problems[0].ends_with("; this provider is skipped"),
        "{problems:?}"
    );
}

#[test]
fn files_are_limited_in_size_and_number() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("big.toml"), "#".repeat(64 * 1024 + 1)).unwrap();
    let (_, problems) = ProviderCatalog::load(Some(folder.path()));
    assert!(
        problems[0].contains("big.toml is larger than 64 KiB"),
        "{problems:?}"
    );
    for number in 0..257 {
        fs::write(
            folder.path().join(format!("a{number}.toml")),
            format!("id = \"a{number}\"\nname = \"A\"\ncapabilities = [\"Chat\"]\n"),
        )
        .unwrap();
    }
    let (catalog, problems) = ProviderCatalog::load(Some(folder.path()));
    assert_eq!(catalog.all().len(), 17 + 256);
    assert!(problems[0].contains("258 provider files"), "{problems:?}");
}

#[test]
fn every_embedded_provider_has_a_probe() {
    for provider in ProviderCatalog::embedded().all() {
        let last = provider.probe.last().expect(&provider.id);
        assert!(last.when.is_none(), "{}", provider.id);
        assert!(last.models.is_some(), "{}", provider.id);
    }
}

const TWO: &str = "%[[settings]]\nkey = \"a\"\nlabel = \"A\"\n[[settings]]\nkey = \"b\"\nlabel = \"B\"\nrequired = true\n[[alternatives]]\nlabel = \"L\"\n";

#[rstest]
#[case::one_way(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [\"a\"] }]",
    ", line 11, column 1: a group has between 2 and 8 alternatives"
)]
#[case::same_label(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [\"a\"] }, { label = \"x\", settings = [], anyOf = [] }]",
    "every alternative needs a unique label"
)]
#[case::unknown(
    "ways = [{ label = \"x\", settings = [\"c\"], anyOf = [\"c\"] }, { label = \"y\", settings = [\"a\"], anyOf = [\"a\"] }]",
    "'x' names 'c', which is not the key of a setting"
)]
#[case::required(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [\"a\"] }, { label = \"y\", settings = [\"b\"], anyOf = [\"b\"] }]",
    "'y' names 'b', which is always required"
)]
#[case::shared(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [\"a\"] }, { label = \"y\", settings = [\"a\"], anyOf = [\"a\"] }]",
    "'a' belongs to two alternatives"
)]
#[case::needs_nothing(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [] }, { label = \"y\", settings = [], anyOf = [] }]",
    "anyOf of 'x' must name at least one setting"
)]
#[case::needs_another(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [\"b\"] }, { label = \"y\", settings = [], anyOf = [\"a\"] }]",
    "anyOf of 'x' names 'b', which is not one of its settings"
)]
#[case::needs_all_of_another(
    "ways = [{ label = \"x\", settings = [\"a\"], anyOf = [\"a\"], allOf = [\"a\", \"b\"] }, { label = \"y\", settings = [], anyOf = [\"a\"] }]",
    "allOf of 'x' names 'b', which is not one of its settings"
)]
fn invalid_alternatives_are_reported_with_position(#[case] ways: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{TWO}{ways}\n").replace('%', GOOD);
    fs::write(folder.path().join("p.toml"), text).unwrap();
    let (_, problems) = ProviderCatalog::load(Some(folder.path()));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(message), "{problems:?}");
    assert!(problems[0].contains(", line 11, column"), "{problems:?}");
}

const PROBED: &str = "%[[settings]]\nkey = \"apiKey\"\nlabel = \"K\"\n[probe]\n";

#[rstest]
#[case::scheme(
    "scheme = \"magic\"\naddress = \"https://a.example\"\n",
    ", line 8, column 10: unknown variant"
)]
#[case::member(
    "scheme = \"bearer\"\nadress = \"https://a.example\"\n",
    ", line 9, column 1: unknown field"
)]
#[case::no_address("scheme = \"bearer\"\n", "missing field `address`")]
#[case::empty(
    "scheme = \"bearer\"\naddress = []\n",
    ", line 9, column 11: address needs at least one URL"
)]
#[case::brace(
    "scheme = \"bearer\"\naddress = \"https://a.example/{x\"\n",
    ", line 9, column 11: missing } after {"
)]
#[case::ftp(
    "scheme = \"bearer\"\naddress = \"ftp://a.example\"\n",
    ", line 9, column 11: a URL must begin"
)]
#[case::unknown(
    "scheme = \"bearer\"\naddress = \"https://a.example/{x}\"\n",
    ", line 9, column 11: unknown setting 'x'"
)]
#[case::not_a_url(
    "scheme = \"bearer\"\naddress = \"{apiKey}/models\"\n",
    ", line 9, column 11: 'apiKey' begins a URL"
)]
#[case::header(
    "scheme = \"header\"\naddress = \"https://a.example\"\n",
    ", line 8, column 10: this scheme needs header"
)]
#[case::service(
    "scheme = \"sigv4\"\naddress = \"https://a.example\"\n",
    ", line 8, column 10: this scheme needs service"
)]
#[case::header_name(
    "scheme = \"bearer\"\naddress = \"https://a.example\"\nheaders = { \"a b\" = \"c\" }\n",
    ", line 10, column 11: 'a b' is not a valid header name"
)]
#[case::key(
    "scheme = \"bearer\"\nkey = \"token\"\naddress = \"https://a.example\"\n",
    ", line 8, column 10: unknown setting 'token'"
)]
#[case::listing(
    "scheme = \"bearer\"\naddress = \"https://a.example\"\nmodels = { lst = \"data\" }\n",
    ", line 10, column 12: unknown field"
)]
fn invalid_probe_is_reported_with_position(#[case] probe: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{PROBED}{probe}").replace('%', GOOD);
    fs::write(folder.path().join("p.toml"), text).unwrap();
    let (_, problems) = ProviderCatalog::load(Some(folder.path()));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(message), "{problems:?}");
}
