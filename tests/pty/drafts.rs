//! The binary in a pseudo terminal with failures of every kind: the terminal is restored and drafts are kept.

use std::fs::TryLockError;
use std::io::Write;
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::pty::{KIND, PATIENCE, Terminal, size, started};
use portable_pty::{CommandBuilder, native_pty_system};
use rustix::process::Signal;
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::PlainSecret;
use umai::drafts::{DraftsLocation, WithoutKey};
use umai::provider::ProviderCatalog;
use umai::service::{ConnectionService, CoreService};
use umai::store::memory::MemoryStore;
use umai::tui::TuiOptions;

const UMAI: &str = concat!("exec ", env!("CARGO_BIN_EXE_umai"));

/// Checks that the next start in the same home offers one draft of this name that can be restored with its secret and saved.
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

/// Checks that no file below contains a secret in plaintext.
fn nothing_is_planted(home: &Path) {
    let found = Command::new("grep")
        .args(["-rl", "planted"])
        .arg(home)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "");
}

#[test]
fn draft_survives_a_kill() {
    let mut terminal = started();
    terminal.type_form("Team B");
    terminal.until("a draft", |terminal| !terminal.drafts().is_empty());
    let [draft] = terminal.drafts().try_into().unwrap();
    let mode = std::fs::metadata(draft).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    nothing_is_planted(terminal.home());
    // Any key may have triggered the last stored draft; the final one follows soon.
    terminal.wait_until_idle();
    terminal.signal(Signal::KILL);
    terminal.ends();
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn idle_form_causes_no_wakeups() {
    let mut terminal = started();
    terminal.type_form("Team B");
    terminal.until("a draft", |terminal| !terminal.drafts().is_empty());
    terminal.wait_until_idle();
    let waits = terminal.waits();
    assert!(waits.iter().any(|(name, _)| name == "drafts"));
    assert!(terminal.bytes.recv_timeout(Duration::from_secs(3)).is_err());
    assert_eq!(terminal.waits(), waits);
}

#[test]
fn termination_signal_keeps_the_draft_and_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = started();
        terminal.type_form("Team B");
        terminal.signal(signal);
        terminal.ends();
        assert!(terminal.is_terminal_restored(), "{signal:?}");
        is_offered(&terminal, UMAI, "Team B");
    }
}

#[test]
fn ctrl_c_keeps_the_draft_and_discarding_deletes_it() {
    let mut terminal = started();
    terminal.type_form("Team B");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 130);
    let mut next = terminal.beside(UMAI);
    next.press(KIND);
    next.shows("Unsaved drafts (1)");
    next.press("\r");
    next.shows("Create Connection");
    next.press("\u{1b}");
    next.shows("Save changes to ");
    next.press("\u{1b}[Z\r");
    next.until("the end of the draft", |next| next.drafts().is_empty());
    next.press("q");
    assert_eq!(next.ends(), 0);
}

#[test]
fn lost_terminal_ends_the_app_and_keeps_the_draft() {
    let mut terminal = started();
    terminal.type_form("Team B");
    // The input thread ends at its next input and closes its end.
    terminal.bytes = channel().1;
    terminal.press("\u{c}");
    drop(terminal.writer.take());
    drop(terminal.master.take());
    terminal.ends();
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn lost_terminal_ends_an_app_without_hangup_signal() {
    // In a separate session, only the terminal itself reports its loss.
    let umai = env!("CARGO_BIN_EXE_umai");
    let mut terminal = Terminal::command(&format!("trap '' HUP; exec setsid -w {umai}"));
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.type_form("Team B");
    terminal.bytes = channel().1;
    terminal.press("\u{c}");
    drop(terminal.writer.take());
    drop(terminal.master.take());
    terminal.ends();
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn many_resizes_lose_no_key() {
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
    terminal.until("a draft", |terminal| terminal.drafts().len() == 1);
    terminal.wait_until_idle();
    assert_eq!(terminal.drafts().len(), 1);
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 130);
    assert!(terminal.is_terminal_restored());
}

/// Settings of the terminal.
fn setting(terminal: &Terminal) -> String {
    let tty = terminal.master.as_ref().unwrap().tty_name().unwrap();
    let output = Command::new("stty").arg("-aF").arg(tty).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Sets the terminal to cooked mode as a shell does.
fn cook(terminal: &Terminal) {
    let tty = terminal.master.as_ref().unwrap().tty_name().unwrap();
    let cooked = Command::new("stty").arg("-F").arg(tty).arg("sane").status();
    assert!(cooked.unwrap().success());
    assert!(!setting(terminal).contains("-icanon"));
}

#[test]
fn resumed_app_enables_raw_mode_again() {
    // SIGTSTP lets the app restore the terminal; SIGSTOP does not.
    for signal in [Signal::TSTP, Signal::STOP] {
        let mut terminal = started();
        terminal.type_form("Team B");
        assert!(setting(&terminal).contains("-icanon"));
        if signal == Signal::STOP {
            terminal.until("a draft", |terminal| !terminal.drafts().is_empty());
        }
        terminal.signal(signal);
        terminal.until("a stop", |terminal| terminal.state() == 'T');
        assert_eq!(
            terminal.drafts().len(),
            1,
            "the draft is not stored before the suspend"
        );
        if signal == Signal::TSTP {
            terminal.until("the shell's screen", Terminal::is_terminal_restored);
            assert!(!setting(&terminal).contains("-icanon"));
        }
        cook(&terminal);
        terminal.signal(Signal::CONT);
        terminal.until("raw mode", |terminal| {
            let setting = setting(terminal);
            setting.contains("-icanon") && setting.contains("-echo ")
        });
        terminal.until("the app's screen", |terminal| {
            !terminal.is_terminal_restored()
        });
        terminal.press("\u{13}");
        terminal.shows("Created \"Team B\"");
        terminal.press("q");
        assert_eq!(terminal.ends(), 0);
        assert!(!setting(&terminal).contains("-icanon"));
    }
}

#[test]
fn paste_of_ten_megabytes_is_refused_and_keeps_the_input() {
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
    terminal.wait_until_idle();
    terminal.signal(Signal::KILL);
    terminal.ends();
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn signals_and_a_closed_terminal_keep_the_draft_and_have_their_exit_codes() {
    for (signal, code) in [
        (Some(Signal::HUP), 129),
        (Some(Signal::INT), 130),
        (Some(Signal::QUIT), 131),
        (Some(Signal::TERM), 143),
        (None, 129),
    ] {
        let mut terminal = started();
        terminal.type_form("Team B");
        terminal.wait_until_idle();
        match signal {
            Some(signal) => terminal.signal(signal),
            None => terminal.hang_up(),
        }
        assert_eq!(terminal.ends(), code, "{signal:?}");
        assert!(signal.is_none() || terminal.is_terminal_restored());
        is_offered(&terminal, UMAI, "Team B");
    }
}

#[test]
fn signals_end_the_app_when_the_terminal_takes_no_output() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let home = tempfile::tempdir().unwrap();
        let pair = native_pty_system().openpty(size(200, 500)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_umai"));
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        let mut child = pair.slave.spawn_command(command).unwrap();
        // Nothing reads the output, and the first frame is larger than the buffer of the terminal.
        let lock = home.path().join(".local/share/umai/lock");
        let end = Instant::now() + PATIENCE;
        while !lock.exists() {
            assert!(Instant::now() < end, "the store is not opened");
            std::thread::yield_now();
        }
        let id = i32::try_from(child.process_id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
        let (sender, ended) = channel();
        std::thread::spawn(move || sender.send(child.wait().unwrap()));
        let status = ended.recv_timeout(PATIENCE);
        let status = status.unwrap_or_else(|_| panic!("{signal:?} does not end the app"));
        assert_eq!(status.exit_code(), code, "{signal:?}");
    }
}

#[test]
fn ten_typed_megabytes_fill_the_field_and_later_keys_work() {
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
        assert!(Instant::now() < end, "the input took too long");
        if let Ok(bytes) = terminal.bytes.recv_timeout(Duration::from_millis(50)) {
            terminal.screen.process(&bytes);
        }
    }
    terminal.writer = Some(typing.join().unwrap());
    terminal.press("\u{15}Team B\t\t\tsk-planted-in-a-pty");
    terminal.shows("› Team B ●");
    terminal.wait_until_idle();
    terminal.signal(Signal::TERM);
    terminal.ends();
    assert!(terminal.is_terminal_restored());
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn signal_during_heavy_input_ends_the_app_and_keeps_the_draft() {
    let mut terminal = started();
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Team B\t\t\tsk-planted-in-a-pty\t");
    let mut writer = terminal.writer.take().unwrap();
    // It ends when its input is no longer read.
    let flood = std::thread::spawn(move || while writer.write_all(&[b'x'; 4096]).is_ok() {});
    terminal.shows("xxxxxxxx");
    terminal.signal(Signal::TERM);
    terminal.ends();
    assert!(terminal.is_terminal_restored());
    drop(terminal.master.take());
    drop(flood);
    assert_eq!(terminal.drafts().len(), 1);
}

/// True if a running app holds a draft.
fn is_locked(draft: &Path) -> bool {
    let lock = std::fs::File::open(draft.with_extension("lock")).unwrap();
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[test]
fn draft_open_in_another_process_is_not_offered() {
    let mut first = started();
    first.type_form("Team B");
    first.until("a draft", |first| !first.drafts().is_empty());
    first.wait_until_idle();
    let mut second = first.beside(UMAI);
    second.press(KIND);
    second.shows("No connections yet");
    second.press("U");
    second.shows("No unsaved drafts");
    first.signal(Signal::KILL);
    first.ends();
    second.press("U");
    second.shows("Unsaved drafts (1)");
    // The process that gets the draft has it exclusively.
    let mut third = first.beside(UMAI);
    third.press(KIND);
    third.shows("No connections yet");
    third.press("U");
    third.shows("No unsaved drafts");
    assert!(third.drafts().iter().all(|draft| is_locked(draft)));
    second.press("\u{1b}");
    second.shows(" kept (U)");
    // The list closes at once; the thread that keeps the drafts releases this one afterwards.
    second.until("the release of the draft", |second| {
        second.drafts().iter().all(|draft| !is_locked(draft))
    });
    third.press("U");
    third.shows("Unsaved drafts (1)");
    third.press("\u{3}");
    third.ends();
    second.press("q");
    second.ends();
}

#[test]
fn draft_for_a_server_is_offered_for_that_server_only() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (one, two) = runtime.block_on(async {
        let one = crate::support::server::Server::over(crate::support::service()).await;
        let two = crate::support::server::Server::over(crate::support::service()).await;
        (one, two)
    });
    let over = |origin: &str| format!("{UMAI} --server {origin}");
    let mut terminal = Terminal::command(&over(&one.origin));
    terminal.press(KIND);
    terminal.shows("No connections yet");
    assert!(
        !terminal.home().join(".config").exists(),
        "the config directory exists before the first draft"
    );
    terminal.type_form("Team B");
    terminal.press("\u{3}");
    terminal.ends();
    for elsewhere in [over(&two.origin), UMAI.to_owned()] {
        let mut other = terminal.beside(&elsewhere);
        other.press(KIND);
        other.shows("No connections yet");
        other.press("U");
        other.shows("No unsaved drafts");
        other.press("q");
        other.ends();
    }
    is_offered(&terminal, &over(&one.origin), "Team B");
}

/// Editor that prints what it reads and runs a script of the test.
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

/// Checks that no private directory is left.
fn no_private_file_is_left(home: &Path) {
    let names = std::fs::read_dir(home).unwrap();
    let left: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("umai-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn editor_gets_the_terminal_and_a_private_file() {
    let does = "read line; sed -i \"s/Team B/$line/; s/\\\"organization\\\": null/\\\"organization\\\": \\\"org-1\\\"/\" \"$2\"";
    let mut terminal = started_with_editor(does);
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.until("the editor", |terminal| {
        terminal.home().join("first").exists() && terminal.is_terminal_restored()
    });
    let before = terminal.all.len();
    let master = terminal.master.as_ref().unwrap();
    master.resize(size(31, 101)).unwrap();
    let screen = terminal.screen.screen_mut();
    screen.set_size(NonZeroU16::new(31).unwrap(), NonZeroU16::new(101).unwrap());
    terminal.press("Team C\r");
    terminal.until("the app's screen", |terminal| {
        !terminal.is_terminal_restored()
    });
    let written = String::from_utf8_lossy(&terminal.all[before..]).into_owned();
    let (by_editor, _) = written.split_once("\u{1b}[?1049h").unwrap();
    assert!(
        !by_editor.contains('\u{1b}'),
        "the app drew over the editor: {by_editor:?}"
    );
    terminal.shows("Applied to the form: Name, OpenAI Organization ID");
    terminal.shows("› Team C ●");
    let read = |name: &str| std::fs::read_to_string(terminal.home().join(name)).unwrap();
    assert!(
        !read("stty").contains("-icanon"),
        "the editor did not get a restored terminal"
    );
    assert_eq!(read("first"), "--two words\n");
    assert!(read("modes").starts_with("-rw-------"), "{}", read("modes"));
    assert!(read("modes").contains("\ndrwx------"), "{}", read("modes"));
    assert!(read("path").starts_with(&terminal.home().display().to_string()));
    assert!(read("given").contains("\"apiKey\": \"<unchanged>\""));
    nothing_is_planted(terminal.home());
    no_private_file_is_left(terminal.home());
    terminal.press("\u{13}");
    terminal.shows("Created \"Team C\"");
    terminal.wait_until_idle();
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn missing_or_failing_editor_is_reported() {
    let mut terminal = started_with_editor("stty raw -echo; exit 3");
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.shows("exit status: 3); nothing was changed");
    no_private_file_is_left(terminal.home());
    std::fs::remove_file(terminal.home().join("editor")).unwrap();
    terminal.press("\u{5}");
    terminal.shows("not found; set another one in EDITOR");
    no_private_file_is_left(terminal.home());
    terminal.press("\u{13}");
    terminal.shows("Created \"Team B\"");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(
        !setting(&terminal).contains("-icanon"),
        "the terminal mode was not restored after the editor"
    );
}

#[test]
fn ending_during_an_edit_keeps_the_draft_and_no_file() {
    let mut terminal = started_with_editor("read line");
    terminal.type_form("Team B");
    terminal.press("\u{5}");
    terminal.until("the editor", |terminal| {
        terminal.home().join("first").exists()
    });
    terminal.signal(Signal::TERM);
    terminal.ends();
    no_private_file_is_left(terminal.home());
    is_offered(&terminal, UMAI, "Team B");
}

#[test]
fn suspending_during_an_edit_leaves_the_terminal_to_the_editor() {
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
    terminal.wait_until_idle();
    assert!(
        terminal.is_terminal_restored(),
        "the app left its screen on during the edit"
    );
    assert!(!setting(&terminal).contains("-icanon"));
}

/// Command that runs the helper below in a terminal.
fn panicking() -> String {
    let itself = std::env::current_exe().unwrap();
    format!(
        "exec {} --exact drafts::app_for_the_panic_test --ignored --nocapture",
        itself.display()
    )
}

/// App with a clock that panics on create and not before.
#[test]
#[ignore = "a process that another test starts in a terminal"]
fn app_for_the_panic_test() {
    let home = std::env::var_os("HOME")
        .map(std::path::PathBuf::from)
        .unwrap();
    let catalog = Arc::new(ProviderCatalog::embedded());
    let service: Arc<dyn ConnectionService> = Arc::new(CoreService::new(
        Arc::new(MemoryStore::<PlainSecret>::default()),
        Arc::clone(&catalog),
        AppSettings::in_folder(&home, EnvironmentVariables::from_pairs([])),
        Arc::new(|| panic!("broken clock")),
    ));
    let options = TuiOptions {
        drafts: Some(DraftsLocation {
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
fn panic_restores_the_terminal_and_keeps_the_draft() {
    let mut terminal = Terminal::command(&panicking());
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.type_form("Team B");
    terminal.press("\u{13}");
    terminal.ends();
    assert!(terminal.is_terminal_restored());
    let last = |text: &str| {
        let mut parts = terminal.all.windows(text.len());
        parts.rposition(|part| part == text.as_bytes()).unwrap()
    };
    let is_on_the_shells_screen = last("broken clock") > last("\u{1b}[?1049l");
    assert!(
        is_on_the_shells_screen,
        "the message is not on the normal screen"
    );
    assert!(!setting(&terminal).contains("-icanon"));
    is_offered(&terminal, UMAI, "Team B");
}
