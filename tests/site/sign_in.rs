//! Signing in: tokens are shared and renewed, and every way to fail has its message.

use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use umai::api::client::RemoteService;
use umai::connection::IdOrAlias;
use umai::service::ConnectionService;

use crate::fixture::Mode;
use crate::home::Home;
use crate::login::login;
use crate::stand_in::{CLIENT_ID, CLIENT_SECRET, StandIn, Switches};

/// Text of every access token.
const TOKEN: &str = "opaque-planted";

const LIST: [&str; 2] = ["connections", "list"];

#[test]
fn hundred_commands_use_two_tokens_at_most() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    for _ in 0..100 {
        let answer = site.umai(&home, &LIST);
        assert_eq!(answer.code, 0, "{answer:?}");
    }
    assert!(site.issued() <= 2, "{}", site.issued());
    assert!(home.files_with(TOKEN).is_empty(), "tokens are sealed");
    site.assert_unharmed();
}

#[test]
fn short_lived_token_is_renewed_by_every_command_in_time() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.switch(|switches| {
        switches.expires_in = 2;
        switches.lifetime = Duration::from_secs(2);
    });
    let mut active = true;
    while site.issued() < 3 {
        active = !active;
        let verb = if active { "activate" } else { "deactivate" };
        let answer = site.umai(&home, &["connections", verb, "openai-prod"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(site.get("openai-prod").is_active, active);
    }
    site.assert_unharmed();
}

#[test]
fn revoked_token_is_renewed_once_without_a_message() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    assert_eq!(site.umai(&home, &LIST).code, 0);
    site.revoke_tokens();
    let answer = site.umai(&home, &["connections", "deactivate", "openai-prod"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.output().contains("token"), "{answer:?}");
    assert_eq!(site.issued(), 2);
    assert_eq!(site.umai(&home, &LIST).code, 0);
    assert_eq!(site.issued(), 2, "the renewed token is cached");
    site.assert_unharmed();
}

#[test]
fn processes_started_together_share_a_token() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let arguments = site.arguments(&home, &LIST);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let started: Vec<_> = (0..4)
        .map(|_| home.umai(&arguments).spawn().unwrap())
        .collect();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(site.issued() <= 2, "{}", site.issued());
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_requests_share_a_token_and_its_renewal() {
    let site = StandIn::new(Mode::Stock);
    let service = Arc::new(RemoteService::connect(&site.options()).await.unwrap());
    let key: IdOrAlias = "openai-prod".parse().unwrap();
    for tokens in [1, 2] {
        let requests = (0..20).map(|_| {
            let (service, key) = (Arc::clone(&service), key.clone());
            tokio::spawn(async move { service.get(&key).await })
        });
        for request in requests.collect::<Vec<_>>() {
            request.await.unwrap().unwrap();
        }
        assert_eq!(site.issued(), tokens);
        site.revoke_tokens();
    }
}

#[rstest]
#[case::zero(0)]
#[case::negative(-1)]
fn token_without_a_lifetime_is_used_once(#[case] expires_in: i64) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.switch(|switches| switches.expires_in = expires_in);
    let answer = site.umai(&home, &["connections", "deactivate", "openai-prod"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let requests = site.requests().into_iter().filter(|one| one.is_api);
    assert_eq!(site.issued(), requests.count());
    site.assert_unharmed();
}

#[test]
fn token_is_kept_in_memory_by_the_app() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = site.pipe(&home, &["--plain"], "/resting\ntoggle\nquit\n");
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(site.issued(), 1);
    assert!(!home.path(".cache").exists());
}

type Switch = fn(&mut Switches);

#[rstest]
#[case::disabled(|it: &mut Switches| it.is_disabled = true, "The API user of 'umbraco-back-office-umai' is disabled")]
#[case::https(|it: &mut Switches| it.requires_https = true, "does its proxy send X-Forwarded-Proto?")]
#[case::section(|it: &mut Switches| it.lacks_section = true, "Give one of the API user's groups the section AI")]
#[case::package(|it: &mut Switches| it.lacks_package = true, "is Umbraco without Umbraco.AI")]
#[case::umbraco(|it: &mut Switches| it.lacks_umbraco = true, "There is no Umbraco at http://127.0.0.1")]
#[case::starting(|it: &mut Switches| it.is_starting = true, "The site is starting")]
#[case::proxy(|it: &mut Switches| it.drops_token = true, "Does its proxy remove the Authorization header?")]
fn failing_site_has_its_message_in_every_command(#[case] switch: Switch, #[case] message: &str) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.switch(switch);
    for verb in [
        &["connections", "list"][..],
        &["connections", "get", "openai-prod", "--json"],
        &["connections", "deactivate", "openai-prod", "resting"],
        &["connections", "delete", "openai-prod", "--yes"],
        &["connections", "test", "openai-prod"],
        &["providers", "list"],
        &["doctor"],
    ] {
        let answer = site.umai(&home, verb);
        assert_eq!(answer.code, 7, "{verb:?}: {answer:?}");
        assert!(answer.output().contains(message), "{verb:?}: {answer:?}");
        assert!(!answer.output().contains(CLIENT_SECRET), "{answer:?}");
        assert!(!answer.output().contains(TOKEN), "{answer:?}");
    }
    let login = login(&home, &["login", &site.origin], &[CLIENT_ID, CLIENT_SECRET]);
    assert_eq!(login.code, 7, "{login:?}");
    assert!(login.err.contains(message), "{login:?}");
    assert!(!home.path(".config/umai/config.toml").exists());
    assert_eq!(site.all().len(), 5);
    assert!(
        site.writes().iter().all(|one| one.path.ends_with("/test")),
        "nothing is saved"
    );
}

#[rstest]
#[case::client(
    "umbraco-back-office-other",
    CLIENT_SECRET,
    "does not know the client ID 'umbraco-back-office-other'"
)]
#[case::secret(
    CLIENT_ID,
    "hush-wrong",
    "The client secret of 'umbraco-back-office-umai' is wrong"
)]
fn rejected_credentials_are_named(#[case] id: &str, #[case] secret: &str, #[case] message: &str) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let mut command = home.umai(&LIST);
    command
        .env("UMAI_UMBRACO", &site.origin)
        .env("UMAI_CLIENT_ID", id)
        .env("UMAI_CLIENT_SECRET", secret);
    let answer = crate::home::answer_of(command);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(answer.err.contains(message), "{answer:?}");
    if secret != CLIENT_SECRET {
        let remedy = format!(": umai login {}\n", site.origin);
        assert!(answer.err.ends_with(&remedy), "{answer:?}");
    }
    assert!(!answer.output().contains("hush"), "{answer:?}");
}

#[test]
fn changed_secret_does_not_open_the_cached_token() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    assert_eq!(site.umai(&home, &LIST).code, 0);
    home.write("wrong", "hush-wrong");
    let wrong = home.path("wrong");
    let place = ["--umbraco", &site.origin, "--client-id", CLIENT_ID];
    let secret = ["--client-secret-file", wrong.to_str().unwrap()];
    let answer = home.run(&[&place[..], &secret, &LIST].concat());
    assert_eq!(answer.code, 7, "{answer:?}");
}

#[test]
fn doctor_names_every_step_to_the_site() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = site.umai(&home, &["doctor"]);
    for step in [
        "DNS: 127.0.0.1",
        "TLS: ",
        "is an Umbraco site",
        "knows the client ID 'umbraco-back-office-umai'",
        "its client secret is right",
        "Umbraco.AI is installed: 3 providers",
        "the API user has access: 5 connections",
        "Umbraco 17.3.0",
    ] {
        assert!(answer.out.contains(step), "{step}: {answer:?}");
    }
    site.assert_unharmed();
}

#[test]
fn redirect_is_not_followed_with_credentials() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.switch(|switches| switches.redirects_to = Some("https://elsewhere.example/".into()));
    let answer = site.umai(&home, &LIST);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer
            .err
            .contains("redirects to https://elsewhere.example/"),
        "{answer:?}"
    );
    assert_eq!(site.requests().len(), 1);
}

#[rstest]
#[case::server(&["--server", "https://h", "--umbraco", "https://h"], "--server and --umbraco exclude each other")]
#[case::local(&["--umbraco", "https://h", "--data", "d"], "--umbraco and --data exclude each other")]
#[case::target(&["--umbraco", "https://h", "--target", "t"], "--target and --umbraco exclude each other")]
#[case::token(&["--umbraco", "https://h", "--token-file", "f"], "--token-file is for an umai server")]
#[case::client(&["--server", "https://h", "--client-id", "c"], "--client-id is for an Umbraco site")]
#[case::alone(&["--client-id", "c"], "--client-id needs --umbraco or a target")]
#[case::no_client(&["--umbraco", "https://h"], "needs the client ID of an API user")]
#[case::no_secret(&["--umbraco", "https://h", "--client-id", "c"], "needs the client secret")]
#[case::plain_http(&["--umbraco", "http://h.example", "--client-id", "c"], "must use https://")]
fn conflicting_options_are_named(#[case] options: &[&str], #[case] message: &str) {
    let home = Home::new();
    let answer = home.run(&[options, &LIST].concat());
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains(message), "{answer:?}");
}
