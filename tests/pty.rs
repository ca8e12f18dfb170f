//! The real binary in a real pseudo terminal: start, create, resize, stop, go on, and the terminal given back on every way out.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
#[path = "remote/gate.rs"]
mod gate;
mod terminal;

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use terminal::{KIND, PATIENCE, Terminal, size, started};

#[test]
fn a_connection_is_created_switched_and_there_after_a_restart() {
    let line = format!("{0} && echo AGAIN && exec {0}", env!("CARGO_BIN_EXE_umai"));
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("n");
    terminal.shows("Select AI Provider");
    terminal.press("openai");
    terminal.press("\r");
    terminal.shows("Create Connection");
    terminal.press("OpenAI Production\t\t\tsk-planted-in-a-pty");
    terminal.shows("•••");
    terminal.press("\u{13}");
    terminal.shows("Created \"OpenAI Production\"");
    terminal.press("ttt");
    terminal.shows("is inactive");
    terminal.press("q");
    terminal.until("the second start", |terminal| terminal.has_written("AGAIN"));
    terminal.shows("○ OpenAI Production");
    assert!(!terminal.has_written("planted"));
    let found = std::process::Command::new("grep")
        .args(["-rc", "planted"])
        .arg(terminal.home())
        .output()
        .unwrap();
    let counts = String::from_utf8(found.stdout).unwrap();
    assert!(counts.lines().all(|line| line.ends_with(":0")), "{counts}");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_given_back());
}

#[test]
fn a_save_under_way_is_finished_before_the_end() {
    let line = format!("{0}; echo AGAIN; exec {0}", env!("CARGO_BIN_EXE_umai"));
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Last Words\t\t\tsk-1\u{13}\u{3}");
    terminal.until("the second start", |terminal| terminal.has_written("AGAIN"));
    terminal.shows("● Last Words");
    assert!(terminal.drafts().is_empty(), "it is saved");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn the_terminal_is_as_it_was_after_ctrl_c() {
    let line = format!(
        "stty -a > before; {}; stty -a > after",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_given_back());
    let read = |name: &str| std::fs::read_to_string(terminal.home().join(name)).unwrap();
    assert_eq!(read("before"), read("after"));
}

#[test]
fn what_is_typed_before_the_first_frame_is_not_lost() {
    let mut terminal = Terminal::start();
    terminal.press("nopen");
    terminal.shows("› open");
}

#[test]
fn a_storm_of_sizes_ends_in_the_last_one() {
    let mut terminal = started();
    for step in 0..60_u16 {
        let master = terminal.master.as_ref().unwrap();
        master.resize(size(step % 30, 3 + step * 2)).unwrap();
    }
    terminal
        .master
        .as_ref()
        .unwrap()
        .resize(size(20, 70))
        .unwrap();
    terminal
        .screen
        .screen_mut()
        .set_size(NonZeroU16::new(20).unwrap(), NonZeroU16::new(70).unwrap());
    terminal.press("\u{c}");
    terminal.until("the last line", |terminal| {
        terminal
            .screen
            .screen()
            .rows(0, 70)
            .nth(19)
            .is_some_and(|row| row.contains("n new"))
    });
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = started();
        terminal.signal(signal);
        let start = Instant::now();
        terminal.ends();
        assert!(start.elapsed() < Duration::from_secs(2), "{signal:?}");
        assert!(terminal.is_given_back(), "{signal:?}");
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_app() {
    let mut terminal = started();
    // The reading thread ends at the next thing it hears, and lets go of its end.
    terminal.bytes = channel().1;
    terminal.press("?");
    drop(terminal.writer.take());
    drop(terminal.master.take());
    let start = Instant::now();
    terminal.ends();
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_comes_back() {
    for by_key in [true, false] {
        let mut terminal = started();
        if by_key {
            terminal.press("\u{1a}");
        } else {
            terminal.signal(Signal::TSTP);
        }
        terminal.until("a stop", |terminal| terminal.state() == 'T');
        terminal.until("the shell's screen", Terminal::is_given_back);
        terminal.signal(Signal::CONT);
        terminal.until("the app's screen", |terminal| !terminal.is_given_back());
        terminal.press("n");
        terminal.shows("Select AI Provider");
        terminal.press("\u{3}");
        assert_eq!(terminal.ends(), 0);
        assert!(terminal.is_given_back());
    }
}

#[test]
fn nothing_is_done_or_written_while_nothing_happens() {
    let mut terminal = started();
    // The first second may still have something to finish.
    let settle = |terminal: &mut Terminal| {
        while let Ok(bytes) = terminal.bytes.recv_timeout(Duration::from_secs(1)) {
            terminal.all.extend(bytes);
        }
    };
    settle(&mut terminal);
    let waits = terminal.waits();
    assert!(waits.iter().any(|(name, _)| name == "umai"));
    assert!(terminal.bytes.recv_timeout(Duration::from_secs(3)).is_err());
    assert_eq!(terminal.waits(), waits);
}

#[test]
fn a_huge_paste_is_refused_and_the_app_goes_on() {
    let mut terminal = started();
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    let mut writer = terminal.writer.take().unwrap();
    let pasting = std::thread::spawn(move || {
        writer.write_all(b"\x1b[200~").unwrap();
        for _ in 0..256 {
            writer.write_all(&[b'x'; 4096]).unwrap();
        }
        writer.write_all(b"\x1b[201~").unwrap();
        writer
    });
    terminal.shows("64 KiB");
    terminal.writer = Some(pasting.join().unwrap());
    terminal.press("A");
    terminal.shows("› A ●");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_late_answer_about_the_background_is_not_typed() {
    let mut terminal = Terminal::start();
    terminal.shows("No connections yet");
    // Nothing answers within the app's patience.
    while terminal
        .bytes
        .recv_timeout(Duration::from_millis(300))
        .is_ok()
    {}
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\A");
    terminal.shows("› A ●");
    terminal.press("\u{3}");
    terminal.ends();
}

#[test]
fn a_terminal_with_a_light_background_gets_the_light_theme() {
    let mut terminal = Terminal::start();
    terminal.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\\u{1b}[?6c");
    // The border of the pane with the focus, as the light theme has it.
    terminal.until("the light theme", |terminal| {
        terminal.has_written("38;5;26;")
    });
}

#[test]
fn no_color_is_kept_to() {
    let mut terminal =
        Terminal::command(&format!("NO_COLOR=1 exec {}", env!("CARGO_BIN_EXE_umai")));
    terminal.shows("No connections yet");
    terminal.press("n");
    terminal.shows("Select AI Provider");
    assert!(!terminal.has_written("38;5;") && !terminal.has_written("48;5;"));
    assert!(
        terminal.has_written("\u{1b}[7m"),
        "what is selected is reversed"
    );
}

#[test]
fn the_app_on_a_server_saves_there_hears_of_others_and_outlives_its_going() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = common::service();
    let (_server, mut gate) = runtime.block_on(async {
        let server = common::server::Server::over(service.clone()).await;
        let gate = gate::Gate::before(&server.origin).await;
        (server, gate)
    });
    let is_stored = |alias: &str| {
        let key = alias.parse().unwrap();
        runtime.block_on(service.get(&key)).is_ok()
    };
    let line = format!(
        "exec {} --server {}",
        env!("CARGO_BIN_EXE_umai"),
        gate.origin()
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    runtime
        .block_on(service.create(common::draft(common::DOCUMENTED)))
        .unwrap();
    terminal.shows("OpenAI Production");

    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Team B\t\t\tsk-planted-in-a-pty");
    terminal.shows("•••");
    runtime.block_on(gate.shut());
    terminal.press("\u{13}");
    terminal.shows("cannot be reached");
    terminal.shows("Team B");
    runtime.block_on(gate.open());
    terminal.press("\u{13}");
    terminal.shows("Created \"Team B\"");
    assert!(is_stored("team-b"));
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_given_back());
    assert!(!terminal.has_written("planted"));
}

#[test]
fn an_app_whose_server_is_not_there_says_so_and_ends() {
    let line = format!(
        "exec {} --server http://127.0.0.1:1",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    assert_eq!(terminal.ends(), 7);
    assert!(terminal.is_given_back());
    assert!(terminal.has_written("nobody listens there"));
}

#[test]
fn a_test_that_is_stopped_lets_go_of_the_provider() {
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", provider.local_addr().unwrap());
    let line = format!(
        "{0} connections create --name Silent --provider openai-compatible --set endpoint={endpoint} && exec {0}",
        env!("CARGO_BIN_EXE_umai"),
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections (1)");
    terminal.press("jT");
    terminal.shows("Testing the connection");
    let (mut asked, _) = provider.accept().unwrap();
    // Well before a test gives up by itself.
    asked.set_read_timeout(Some(PATIENCE / 5)).unwrap();
    terminal.press("\u{1b}");
    terminal.until("the end of the report", |terminal| {
        !terminal.contents().contains("Testing the connection")
    });
    // The request is read, then its end: not an error, which the time that is over would be.
    let mut request = Vec::new();
    asked.read_to_end(&mut request).unwrap();
    assert!(request.starts_with(b"GET /"));
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

/// Two starts in a row in one terminal; the first says which process it is.
fn two_starts(options: &str) -> Terminal {
    let line = format!(
        "for n in 1 2 3; do echo '{{\"alias\":\"c'$n'\",\"name\":\"Name '$n'\",\"providerId\":\"openai\"}}'; done \
         | {0} connections create --from-json - > created 2>&1; \
         sh -c 'echo $$ > pid; exec {0}'; echo AGAIN; exec {0}{options}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections (3)");
    terminal
}

fn signal_first(terminal: &Terminal, signal: Signal) {
    let id = std::fs::read_to_string(terminal.home().join("pid")).unwrap();
    let id = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

#[test]
fn the_next_start_is_where_this_one_ended_however_it_ended() {
    for signal in [
        None,
        Some(Signal::TERM),
        Some(Signal::HUP),
        Some(Signal::INT),
    ] {
        let mut terminal = two_starts("");
        terminal.press("S/name\r");
        terminal.shows("/ name");
        terminal.press("\u{1b}[F");
        terminal.shows("› Name 1");
        match signal {
            None => terminal.press("q"),
            Some(signal) => signal_first(&terminal, signal),
        }
        terminal.until("the second start", |terminal| terminal.has_written("AGAIN"));
        terminal.shows("› Name 1");
        terminal.shows("/ name");
        let sessions = std::fs::read_dir(terminal.home().join(".config/umai/sessions")).unwrap();
        assert_eq!(sessions.count(), 1, "nothing is left beside it");
        terminal.press("q");
        assert_eq!(terminal.ends(), 0);
    }
}

#[test]
fn a_fresh_start_forgets_where_the_last_one_ended() {
    let mut terminal = two_starts(" --fresh");
    terminal.press("/name 2\r");
    terminal.shows("/ name 2");
    terminal.press("q");
    terminal.until("the second start", |terminal| terminal.has_written("AGAIN"));
    terminal.shows("Connections (3)");
    assert!(!terminal.contents().contains("/ name 2"));
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_is_copied_inside_tmux_is_written_for_both_of_its_ways() {
    let line = format!(
        "echo '{{\"alias\":\"c1\",\"name\":\"One\",\"providerId\":\"openai\"}}' \
         | {0} connections create --from-json - > created 2>&1; TMUX=/tmp/x,1,0 exec {0}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections (1)");
    terminal.press("\u{1b}[F");
    terminal.shows("› One");
    terminal.press("ya");
    terminal.shows("handed to tmux");
    assert!(
        terminal
            .has_written("\u{1b}]52;c;YzE=\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YzE=\u{7}\u{1b}\\")
    );
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}
