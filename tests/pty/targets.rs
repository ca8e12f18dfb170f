//! Switching targets in the binary: back to the local store, and away from a site that is signed out.

use crate::pty::Terminal;

/// Configuration with two targets, of which one is signed out.
const CONFIG: &str = "mkdir -p .config/umai && printf '%s\\n' '[targets.other]' 'data = \"other\"' '[targets.shop]' 'umbraco = \"https://shop.example\"' 'client-id = \"umbraco-back-office-umai\"' 'client-secret-file = \"shop.secret\"' > .config/umai/config.toml";

#[test]
fn local_store_is_reached_again_from_another_target() {
    let line = format!("{CONFIG} && exec {}", env!("CARGO_BIN_EXE_umai"));
    let mut terminal = Terminal::command(&line);
    terminal.shows("No connections yet");
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Here\t\t\tsk-1\u{13}");
    terminal.shows("Created \"Here\"");
    terminal.press("@");
    terminal.shows("Local store");
    terminal.shows("Signed out; run: umai login --target shop https://shop.exam");
    terminal.press("other\r");
    terminal.shows("No connections yet");
    terminal.press("@");
    terminal.shows("Local store");
    terminal.press("store\r");
    terminal.shows("●   Here");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}
