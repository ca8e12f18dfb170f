//! A rewritten token file is reloaded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use umai::api::client::{RemoteOptions, RemoteService};
use umai::connection::{ConnectionError, IdOrAlias, ServerError};
use umai::service::ConnectionService;

use crate::fixture::Mode;
use crate::home::Home;
use crate::stand_in::StandIn;

/// Timeout of expected events.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn rewritten_token_is_read_after_401_and_the_request_repeated() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let path = home.write("token", "token-one");
    let file = path.clone();
    let options = RemoteOptions::new(site.origin.parse().unwrap())
        .with_token("token-one")
        .unwrap()
        .with_token_source(move || std::fs::read_to_string(&file).ok());
    let service = Arc::new(RemoteService::connect(&options).await.unwrap());
    let key: IdOrAlias = "openai-prod".parse().unwrap();
    assert!(service.get(&key).await.is_ok());

    site.accept_only("token-two");
    let refused = service.get(&key).await.unwrap_err();
    assert_eq!(refused, ConnectionError::Server(ServerError::SignIn));

    std::fs::write(&path, "token-two").unwrap();
    let asked = site.requests().len();
    assert!(service.set_active(&key, false).await.is_ok());
    // The first GET twice, then PUT and GET with the new token.
    assert_eq!(site.requests().len() - asked, 4);
    assert!(!site.get("openai-prod").is_active);
    site.assert_unharmed();
}

#[test]
fn app_reads_a_rewritten_token_file() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let file = home.write("token", "token-one");
    let mut command = home.umai(&[
        "--plain",
        "--server",
        &site.origin,
        "--token-file",
        file.to_str().unwrap(),
    ]);
    command.stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The list is read with the first token; then the token is rotated.
    let begin = Instant::now();
    while !site.requests().iter().any(|one| one.path == "/connections") {
        assert!(begin.elapsed() < PATIENCE, "the app does not read the list");
        std::thread::yield_now();
    }
    site.accept_only("token-two");
    home.write("token", "token-two");
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"/resting\ntoggle\nquit\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{stdout}");
    assert!(!stdout.contains("Unauthorized"), "{stdout}");
    assert!(site.get("resting").is_active, "{stdout}");
    site.assert_unharmed();
}
