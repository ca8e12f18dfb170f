//! Secrets of known and unknown providers are never shown.

use serde_json::Value;

use crate::fixture::{MODES, Mode, PLANTED};
use crate::home::Home;
use crate::stand_in::StandIn;

fn settings(site: &StandIn, home: &Home, alias: &str) -> Value {
    let answer = site.umai(home, &["connections", "get", alias, "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.output().contains(PLANTED), "{answer:?}");
    answer.json()["settings"].clone()
}

#[test]
fn known_secret_is_masked_in_any_case() {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let prod = settings(&site, &home, "openai-prod");
        assert!(prod["apiKey"].as_str().unwrap().ends_with("***"), "{prod}");
        assert_eq!(prod["organization"], "org-1");
        assert_eq!(prod["endpoint"], "https://api.openai.com/v1");
        let pascal = settings(&site, &home, "pascal");
        assert_eq!(pascal["apiKey"], "***", "{pascal}");
        assert_eq!(pascal["legacyToken"], "***", "{pascal}");
        let referring = settings(&site, &home, "referring");
        assert_eq!(referring["apiKey"], "$Umbraco:AI:Secrets:Anthropic");
    }
}

#[test]
fn provider_of_the_server_alone_is_sensitive_by_name() {
    let (site, home) = (StandIn::new(Mode::Extra), Home::new());
    let acme = settings(&site, &home, "acme");
    assert_eq!(acme["accessToken"], "***");
    assert_eq!(acme["pin"], "***");
    assert_eq!(acme["serviceUrl"], "https://acme.example");
    assert_eq!(acme["retries"], 3);
    let gone = settings(&site, &home, "gone");
    assert_eq!(gone["secretThing"], "***");
    assert_eq!(gone["region"], "eu");
    let answer = site.umai(&home, &["providers", "show", "acme", "--json"]);
    if answer.code == 0 {
        assert!(answer.out.contains("accessToken"), "{answer:?}");
    }
}
