//! The real binary in a real pseudo terminal that goes wrong in every way: the terminal is given back, and what was typed is kept.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod terminal;

use std::io::Write;
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use terminal::{KIND, PATIENCE, Terminal, size, started};
use umai::appsettings::{AppSettings, Variables};
use umai::connection::{ConnectionService, CoreService, Plain};
use umai::drafts::{Place, WithoutKey};
use umai::provider::ProviderCatalog;
use umai::store::memory::MemoryStore;
use umai::tui::TuiOptions;

/// What ends at once ends within this time.
const AT_ONCE: Duration = Duration::from_secs(1);

const UMAI: &str = concat!("exec ", env!("CARGO_BIN_EXE_umai"));

/// The next start in the same home offers one draft of this name, which can be restored, with its secret, and saved.
fn is_offered(before: &Terminal, line: &str, name: &str) {
    let mut next = before.beside(line);
    next.press(KIND);
    next.shows("Unsaved drafts (1)");
    next.shows(name);
    next.press("\r");
    next.shows("Create Connection");
    next.shows("•••");
    next.press("\u{13}");
    next.shows(&format!("Created \"{name}\""));
    next.until("the end of the draft", |next| next.drafts().is_empty());
    next.press("q");
    assert_eq!(next.ends(), 0);
    assert!(!next.has_written("planted"));
    nothing_is_planted(next.home());
}

/// No file below has a secret in clear.
fn nothing_is_planted(home: &Path) {
    let found = Command::new("grep")
        .args(["-rl", "planted"])
        .arg(home)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "");
}

#[test]
fn what_is_typed_survives_a_kill() {
    let mut terminal = started();
    terminal.type_form("Team B");
    terminal.until("a draft", |terminal| !terminal.drafts().is_empty());
    let [draft] = terminal.drafts().try_into().unwrap();
    let mode = std::fs::metadata(draft).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    nothing_is_planted(terminal.home());
    // The key after which it was kept may have been any; the last one is kept soon after.
    terminal.rests();
    terminal.signal(Signal::KILL);
    terminal.ends();
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn nothing_wakes_up_while_a_form_is_open_and_nothing_is_typed() {
    let mut terminal = started();
    terminal.type_form("Team B");
    terminal.until("a draft", |terminal| !terminal.drafts().is_empty());
    terminal.rests();
    let waits = terminal.waits();
    assert!(waits.iter().any(|(name, _)| name == "drafts"));
    assert!(terminal.bytes.recv_timeout(Duration::from_secs(3)).is_err());
    assert_eq!(terminal.waits(), waits);
}

#[test]
fn a_signal_to_end_keeps_what_is_typed_up_to_the_last_key_and_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = started();
        terminal.type_form("Team B");
        let start = Instant::now();
        terminal.signal(signal);
        terminal.ends();
        assert!(start.elapsed() < AT_ONCE, "{signal:?}");
        assert!(terminal.is_given_back(), "{signal:?}");
        is_offered(&terminal, UMAI, "Team B");
    }
}

#[test]
fn ctrl_c_keeps_what_is_typed_and_discarding_does_not() {
    let mut terminal = started();
    terminal.type_form("Team B");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
    let mut next = terminal.beside(UMAI);
    next.press(KIND);
    next.shows("Unsaved drafts (1)");
    next.press("\r");
    next.shows("Create Connection");
    next.press("\u{1b}");
    next.shows("Save your changes?");
    next.press("\u{1b}[Z\r");
    next.until("the end of the draft", |next| next.drafts().is_empty());
    next.press("q");
    assert_eq!(next.ends(), 0);
}

#[test]
fn a_terminal_that_goes_away_ends_the_app_and_what_is_typed_is_kept() {
    let mut terminal = started();
    terminal.type_form("Team B");
    // The reading thread ends at the next thing it hears, and lets go of its end.
    terminal.bytes = channel().1;
    terminal.press("\u{c}");
    drop(terminal.writer.take());
    drop(terminal.master.take());
    let start = Instant::now();
    terminal.ends();
    assert!(start.elapsed() < AT_ONCE);
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn a_terminal_that_goes_away_ends_an_app_that_hears_no_hangup() {
    // In a session of its own only the terminal itself can tell.
    let umai = env!("CARGO_BIN_EXE_umai");
    let mut terminal = Terminal::command(&format!("trap '' HUP; exec setsid -w {umai}"));
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.type_form("Team B");
    terminal.bytes = channel().1;
    terminal.press("\u{c}");
    drop(terminal.writer.take());
    drop(terminal.master.take());
    let start = Instant::now();
    terminal.ends();
    assert!(start.elapsed() < AT_ONCE);
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn hundreds_of_sizes_while_one_types_lose_no_key_and_nothing_spins() {
    let mut terminal = started();
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    let name = "Typed while the window was pulled about";
    let mut keys = name.chars();
    for step in 0..400_u16 {
        let master = terminal.master.as_ref().unwrap();
        master.resize(size(step % 50, (step * 7) % 200)).unwrap();
        if step % 10 == 0 {
            terminal.press(&keys.next().map(String::from).unwrap_or_default());
        }
    }
    let rest: String = keys.collect();
    terminal.press(&rest);
    let master = terminal.master.as_ref().unwrap();
    master.resize(size(30, 120)).unwrap();
    let cells = |number| NonZeroU16::new(number).unwrap();
    let screen = terminal.screen.screen_mut();
    screen.set_size(cells(30), cells(120));
    terminal.press("\u{c}");
    terminal.shows(&format!("› {name} ●"));
    terminal.rests();
    assert_eq!(terminal.drafts().len(), 1);
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_given_back());
}

/// What the terminal is set to.
fn setting(terminal: &Terminal) -> String {
    let tty = terminal.master.as_ref().unwrap().tty_name().unwrap();
    let said = Command::new("stty").arg("-aF").arg(tty).output().unwrap();
    String::from_utf8(said.stdout).unwrap()
}

/// Makes the terminal what a shell makes of it.
fn cook(terminal: &Terminal) {
    let tty = terminal.master.as_ref().unwrap().tty_name().unwrap();
    let cooked = Command::new("stty").arg("-F").arg(tty).arg("sane").status();
    assert!(cooked.unwrap().success());
    assert!(!setting(terminal).contains("-icanon"));
}

#[test]
fn an_app_that_was_stopped_makes_the_terminal_raw_again_whatever_the_shell_made_of_it() {
    // One that is asked to stop gives the terminal back; one that is stopped cannot.
    for signal in [Signal::TSTP, Signal::STOP] {
        let mut terminal = started();
        terminal.type_form("Team B");
        assert!(setting(&terminal).contains("-icanon"));
        if signal == Signal::STOP {
            terminal.until("a draft", |terminal| !terminal.drafts().is_empty());
        }
        terminal.signal(signal);
        terminal.until("a stop", |terminal| terminal.state() == 'T');
        assert_eq!(terminal.drafts().len(), 1, "who stops it may kill it");
        if signal == Signal::TSTP {
            terminal.until("the shell's screen", Terminal::is_given_back);
            assert!(!setting(&terminal).contains("-icanon"));
        }
        cook(&terminal);
        terminal.signal(Signal::CONT);
        terminal.until("raw mode", |terminal| {
            let setting = setting(terminal);
            setting.contains("-icanon") && setting.contains("-echo ")
        });
        terminal.until("the app's screen", |terminal| !terminal.is_given_back());
        terminal.press("\u{13}");
        terminal.shows("Created \"Team B\"");
        terminal.press("q");
        assert_eq!(terminal.ends(), 0);
        assert!(!setting(&terminal).contains("-icanon"));
    }
}

#[test]
fn a_paste_of_ten_megabytes_is_refused_and_what_was_typed_is_kept() {
    let mut terminal = started();
    terminal.type_form("Team B");
    let mut writer = terminal.writer.take().unwrap();
    let pasting = std::thread::spawn(move || {
        writer.write_all(b"\x1b[200~").unwrap();
        for _ in 0..2_560 {
            writer.write_all(&[b'x'; 4096]).unwrap();
        }
        writer.write_all(b"\x1b[201~").unwrap();
        writer
    });
    terminal.until("the refusal", |terminal| {
        terminal.contents().contains("64 KiB")
    });
    terminal.writer = Some(pasting.join().unwrap());
    terminal.rests();
    terminal.signal(Signal::KILL);
    terminal.ends();
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn ten_megabytes_typed_at_once_end_in_a_field_that_is_full_and_every_key_is_heard_afterwards() {
    let mut terminal = started();
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    let mut writer = terminal.writer.take().unwrap();
    let typing = std::thread::spawn(move || {
        for _ in 0..2_560 {
            writer.write_all(&[b'x'; 4096]).unwrap();
        }
        writer
    });
    let end = Instant::now() + PATIENCE * 6;
    while !typing.is_finished() {
        assert!(Instant::now() < end, "it takes too long");
        if let Ok(bytes) = terminal.bytes.recv_timeout(Duration::from_millis(50)) {
            terminal.screen.process(&bytes);
        }
    }
    terminal.writer = Some(typing.join().unwrap());
    terminal.press("\u{15}Team B\t\t\tsk-planted-in-a-pty");
    terminal.shows("› Team B ●");
    terminal.rests();
    terminal.signal(Signal::TERM);
    terminal.ends();
    assert!(terminal.is_given_back());
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn a_signal_in_the_middle_of_a_flood_ends_the_app_at_once_and_what_came_is_kept() {
    let mut terminal = started();
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Team B\t\t\tsk-planted-in-a-pty\t");
    let mut writer = terminal.writer.take().unwrap();
    // It ends when nobody reads any more.
    let flood = std::thread::spawn(move || while writer.write_all(&[b'x'; 4096]).is_ok() {});
    terminal.shows("xxxxxxxx");
    let start = Instant::now();
    terminal.signal(Signal::TERM);
    terminal.ends();
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert!(terminal.is_given_back());
    drop(terminal.master.take());
    drop(flood);
    assert_eq!(terminal.drafts().len(), 1);
}

#[test]
fn an_app_is_not_offered_what_another_one_is_typing() {
    let mut first = started();
    first.type_form("Team B");
    first.until("a draft", |first| !first.drafts().is_empty());
    first.rests();
    let mut second = first.beside(UMAI);
    second.press(KIND);
    second.shows("No connections yet");
    second.press("U");
    second.shows("There are no drafts");
    first.signal(Signal::KILL);
    first.ends();
    second.press("U");
    second.shows("Unsaved drafts (1)");
    // The one that it is offered to has it alone.
    let mut third = first.beside(UMAI);
    third.press(KIND);
    third.shows("No connections yet");
    third.press("U");
    third.shows("There are no drafts");
    second.press("\u{1b}");
    second.shows("kept for later");
    third.press("U");
    third.shows("Unsaved drafts (1)");
    third.press("\u{3}");
    third.ends();
    second.press("q");
    second.ends();
}

#[test]
fn a_draft_about_a_server_is_kept_here_and_offered_over_that_server_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (one, two) = runtime.block_on(async {
        let one = common::server::Server::over(common::service()).await;
        let two = common::server::Server::over(common::service()).await;
        (one, two)
    });
    let over = |origin: &str| format!("{UMAI} --server {origin}");
    let mut terminal = Terminal::command(&over(&one.origin));
    terminal.press(KIND);
    terminal.shows("No connections yet");
    assert!(
        !terminal.home().join(".config").exists(),
        "nothing is made yet"
    );
    terminal.type_form("Team B");
    terminal.press("\u{3}");
    terminal.ends();
    for elsewhere in [over(&two.origin), UMAI.to_owned()] {
        let mut other = terminal.beside(&elsewhere);
        other.press(KIND);
        other.shows("No connections yet");
        other.press("U");
        other.shows("There are no drafts");
        other.press("q");
        other.ends();
    }
    is_offered(&terminal, &over(&one.origin), "Team B");
}

/// An editor that says what it sees, and does what the test says.
fn editor(home: &Path, does: &str) -> String {
    let path = home.join("editor");
    let script = format!(
        "#!/bin/sh\nstty -a > {0}/stty\nls -l \"$2\" > {0}/modes; ls -ld \"$(dirname \"$2\")\" >> {0}/modes\n\
         echo \"$2\" > {0}/path\ncp \"$2\" {0}/given\necho \"$1\" > {0}/first\n{does}\n",
        home.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn started_with_editor(does: &str) -> Terminal {
    let line =
        format!("XDG_RUNTIME_DIR=$HOME VISUAL= EDITOR=\"'$HOME/editor' '--two words'\" {UMAI}");
    let mut terminal = Terminal::command(&line);
    editor(terminal.home(), does);
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(terminal.home(), mode).unwrap();
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal
}

/// No private folder is left.
fn nothing_private_is_left(home: &Path) {
    let names = std::fs::read_dir(home).unwrap();
    let left: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("umai-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn the_editor_gets_the_terminal_and_a_private_file_and_the_app_takes_both_back() {
    let does = "read line; sed -i \"s/Team B/$line/; s/\\\"organization\\\": null/\\\"organization\\\": \\\"org-1\\\"/\" \"$2\"";
    let mut terminal = started_with_editor(does);
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.until("the editor", |terminal| {
        terminal.home().join("first").exists() && terminal.is_given_back()
    });
    terminal.press("Team C\r");
    terminal.until("the app's screen", |terminal| !terminal.is_given_back());
    terminal.shows("Applied to the form: Name, OpenAI Organization ID");
    terminal.shows("› Team C ●");
    let read = |name: &str| std::fs::read_to_string(terminal.home().join(name)).unwrap();
    assert!(
        !read("stty").contains("-icanon"),
        "the editor had it as the shell has it"
    );
    assert_eq!(read("first"), "--two words\n");
    assert!(read("modes").starts_with("-rw-------"), "{}", read("modes"));
    assert!(read("modes").contains("\ndrwx------"), "{}", read("modes"));
    assert!(read("path").starts_with(&terminal.home().display().to_string()));
    assert!(read("given").contains("\"apiKey\": \"<unchanged>\""));
    nothing_is_planted(terminal.home());
    nothing_private_is_left(terminal.home());
    terminal.press("\u{13}");
    terminal.shows("Created \"Team C\"");
    terminal.rests();
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn an_editor_that_is_not_there_or_breaks_off_is_told_and_the_app_goes_on() {
    let mut terminal = started_with_editor("stty raw -echo; exit 3");
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.shows("exit status: 3); the form was not changed");
    nothing_private_is_left(terminal.home());
    std::fs::remove_file(terminal.home().join("editor")).unwrap();
    terminal.press("\u{5}");
    terminal.shows("not found; set another one in EDITOR");
    nothing_private_is_left(terminal.home());
    terminal.press("\u{13}");
    terminal.shows("Created \"Team B\"");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(
        !setting(&terminal).contains("-icanon"),
        "though the editor left it raw"
    );
}

#[test]
fn an_app_that_is_ended_while_the_editor_has_the_terminal_leaves_no_file_and_keeps_the_draft() {
    let mut terminal = started_with_editor("read line");
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.until("the editor", |terminal| {
        terminal.home().join("first").exists()
    });
    let start = Instant::now();
    terminal.signal(Signal::TERM);
    terminal.ends();
    assert!(start.elapsed() < AT_ONCE);
    nothing_private_is_left(terminal.home());
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn a_stop_while_the_editor_has_the_terminal_leaves_it_to_the_editor() {
    let mut terminal = started_with_editor("read line; exit 3");
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.until("the editor", |terminal| {
        terminal.home().join("first").exists()
    });
    terminal.signal(Signal::TSTP);
    terminal.until("a stop", |terminal| terminal.state() == 'T');
    terminal.signal(Signal::CONT);
    terminal.until("the editor again", |terminal| terminal.state() != 'T');
    terminal.rests();
    assert!(terminal.is_given_back(), "the screen is the editor's");
    assert!(!setting(&terminal).contains("-icanon"));
}

/// The helper below runs in a terminal as an app of its own.
fn panicking() -> String {
    let itself = std::env::current_exe().unwrap();
    format!(
        "exec {} --exact the_app_of_another_test --ignored --nocapture",
        itself.display()
    )
}

/// An app whose clock panics, which a create asks and nothing before it does.
#[test]
#[ignore = "a process that another test starts in a terminal"]
fn the_app_of_another_test() {
    let home = std::env::var_os("HOME")
        .map(std::path::PathBuf::from)
        .unwrap();
    let catalog = Arc::new(ProviderCatalog::embedded());
    let service: Arc<dyn ConnectionService> = Arc::new(CoreService::new(
        Arc::new(MemoryStore::<Plain>::default()),
        Arc::clone(&catalog),
        AppSettings::in_folder(&home, Variables::of([])),
        Arc::new(|| panic!("the clock is broken")),
    ));
    let options = TuiOptions {
        drafts: Some(Place {
            folder: home.join(".local/share/umai/drafts"),
            target: "here".into(),
            config: home.join(".config/umai"),
            key_file: None,
            missing_key: WithoutKey::Create,
        }),
        ..TuiOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let opening = Box::pin(async move { Ok(service) });
    let ended = runtime.block_on(umai::tui::run(catalog, opening, options));
    runtime.shutdown_background();
    assert!(ended.is_err());
}

#[test]
fn a_panic_gives_the_terminal_back_and_what_was_typed_is_kept() {
    let mut terminal = Terminal::command(&panicking());
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.type_form("Team B");
    let start = Instant::now();
    terminal.press("\u{13}");
    terminal.ends();
    assert!(start.elapsed() < AT_ONCE * 2);
    assert!(terminal.is_given_back());
    let last = |text: &str| {
        let mut parts = terminal.all.windows(text.len());
        parts.rposition(|part| part == text.as_bytes()).unwrap()
    };
    let is_on_the_shells_screen = last("the clock is broken") > last("\u{1b}[?1049l");
    assert!(is_on_the_shells_screen, "it can be read");
    assert!(!setting(&terminal).contains("-icanon"));
    is_offered(&terminal, UMAI, "Team B");
}
