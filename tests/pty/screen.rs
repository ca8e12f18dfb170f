//! The binary in a pseudo terminal: start, create, resize, suspend, resume, and the terminal restored on every exit.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::pty::{KIND, PATIENCE, Terminal, size, started};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn created_connection_persists_over_a_restart() {
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
    terminal.shows("○   OpenAI Production");
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
    assert!(terminal.is_terminal_restored());
}

#[test]
fn save_in_progress_finishes_before_the_end() {
    let line = format!("{0}; echo AGAIN; exec {0}", env!("CARGO_BIN_EXE_umai"));
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Last Words\t\t\tsk-1\u{13}\u{3}");
    terminal.until("the second start", |terminal| terminal.has_written("AGAIN"));
    terminal.shows("● Last Words");
    assert!(terminal.drafts().is_empty(), "a saved form has a draft");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn ctrl_c_restores_the_terminal() {
    let line = format!(
        "stty -a > before; {}; stty -a > after",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_terminal_restored());
    let read = |name: &str| std::fs::read_to_string(terminal.home().join(name)).unwrap();
    assert_eq!(read("before"), read("after"));
}

#[test]
fn keys_before_the_first_frame_are_not_lost() {
    let mut terminal = Terminal::start();
    terminal.press("nopen");
    terminal.shows("› open");
}

#[test]
fn many_resizes_end_with_the_last_size() {
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
            .is_some_and(|row| row.contains("n New"))
    });
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

/// Memory of the app that is not backed by a file, in KiB.
fn memory(terminal: &Terminal) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", terminal.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let amount = line.unwrap().trim().strip_suffix(" kB").unwrap();
    amount.parse().unwrap()
}

#[test]
fn memory_of_a_huge_window_is_returned() {
    const CHANGE: u64 = 50 * 1024;
    let mut terminal = started();
    let before = memory(&terminal);
    let resize = |terminal: &Terminal, to| terminal.master.as_ref().unwrap().resize(to).unwrap();
    resize(&terminal, size(1000, 2000));
    terminal.until("the huge window", |terminal| {
        memory(terminal) > before + CHANGE
    });
    resize(&terminal, size(30, 100));
    terminal.until("the small window", |terminal| {
        memory(terminal) < before + CHANGE / 4
    });
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn termination_signal_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = started();
        terminal.signal(signal);
        terminal.ends();
        assert!(terminal.is_terminal_restored(), "{signal:?}");
    }
}

#[test]
fn lost_terminal_ends_the_app() {
    let mut terminal = started();
    // The input thread ends at its next input and closes its end.
    terminal.bytes = channel().1;
    terminal.press("?");
    drop(terminal.writer.take());
    drop(terminal.master.take());
    terminal.ends();
}

#[test]
fn ctrl_z_suspends_and_resumes() {
    for by_key in [true, false] {
        let mut terminal = started();
        if by_key {
            terminal.press("\u{1a}");
        } else {
            terminal.signal(Signal::TSTP);
        }
        terminal.until("a stop", |terminal| terminal.state() == 'T');
        terminal.until("the shell's screen", Terminal::is_terminal_restored);
        terminal.signal(Signal::CONT);
        terminal.until("the app's screen", |terminal| {
            !terminal.is_terminal_restored()
        });
        terminal.press("n");
        terminal.shows("Select AI Provider");
        terminal.press("\u{3}");
        assert_eq!(terminal.ends(), 130);
        assert!(terminal.is_terminal_restored());
    }
}

#[test]
fn idle_app_neither_works_nor_writes() {
    let mut terminal = started();
    // The first second may still have work to finish.
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
fn pasted_line_ends_of_terminals_are_understood() {
    for end in ["\r", "\r\n", "\n"] {
        let mut terminal = started();
        terminal.press("nopenai\r");
        terminal.shows("Create Connection");
        let lines = [
            "OPENAI_API_KEY=sk-planted",
            "OPENAI_ORG_ID=org-77",
            "FOO=bar",
        ]
        .join(end);
        terminal.press(&format!("\u{1b}[200~{lines}\u{1b}[201~"));
        terminal.shows("left out: FOO");
        terminal.shows("org-77");
        terminal.press("\u{3}");
        terminal.ends();
        assert!(!terminal.has_written("planted"));
    }
}

#[test]
fn huge_paste_is_refused_and_the_app_continues() {
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
    assert_eq!(terminal.ends(), 130);
}

#[test]
fn late_background_reply_is_not_typed() {
    let mut terminal = Terminal::start();
    terminal.shows("No connections yet");
    // No reply arrives within the app's limit.
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
fn light_background_selects_the_light_theme() {
    let mut terminal = Terminal::start();
    terminal.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\\u{1b}[?6c");
    // Border of the focused pane in the light theme.
    terminal.until("the light theme", |terminal| {
        terminal.has_written("38;5;26;")
    });
}

#[test]
fn no_color_is_respected() {
    let mut terminal =
        Terminal::command(&format!("NO_COLOR=1 exec {}", env!("CARGO_BIN_EXE_umai")));
    terminal.shows("No connections yet");
    terminal.press("n");
    terminal.shows("Select AI Provider");
    assert!(!terminal.has_written("38;5;") && !terminal.has_written("48;5;"));
    assert!(
        terminal.has_written("\u{1b}[7m"),
        "the selection is not shown in reverse video"
    );
}

#[test]
fn app_on_a_server_saves_follows_and_survives_its_end() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = crate::support::service();
    let (_server, mut proxy) = runtime.block_on(async {
        let server = crate::support::server::Server::over(service.clone()).await;
        let proxy = crate::fault_proxy::FaultProxy::before(&server.origin).await;
        (server, proxy)
    });
    let is_stored = |alias: &str| {
        let key = alias.parse().unwrap();
        runtime.block_on(service.get(&key)).is_ok()
    };
    let line = format!(
        "exec {} --server {}",
        env!("CARGO_BIN_EXE_umai"),
        proxy.origin()
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("No connections yet");
    runtime
        .block_on(service.create(crate::support::draft(crate::support::DOCUMENTED)))
        .unwrap();
    terminal.shows("OpenAI Production");

    terminal.press("nopenai\r");
    terminal.shows("Create Connection");
    terminal.press("Team B\t\t\tsk-planted-in-a-pty");
    terminal.shows("•••");
    runtime.block_on(proxy.shut_down());
    terminal.press("\u{13}");
    terminal.shows("cannot be reached");
    terminal.shows("Team B");
    runtime.block_on(proxy.open());
    terminal.press("\u{13}");
    terminal.shows("Created \"Team B\"");
    assert!(is_stored("team-b"));
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.is_terminal_restored());
    assert!(!terminal.has_written("planted"));
}

#[test]
fn app_reports_unreachable_server_and_exits() {
    let line = format!(
        "exec {} --server http://127.0.0.1:1",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    assert_eq!(terminal.ends(), 7);
    assert!(terminal.is_terminal_restored());
    assert!(terminal.has_written("connection refused"));
}

#[test]
fn canceled_connection_test_closes_its_request() {
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", provider.local_addr().unwrap());
    let line = format!(
        "{0} connections create --name Silent --provider openai-compatible --set endpoint={endpoint} && exec {0}",
        env!("CARGO_BIN_EXE_umai"),
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections 1");
    terminal.press("jT");
    terminal.shows("Testing the connection");
    let (mut asked, _) = provider.accept().unwrap();
    // Long before a connection test times out.
    asked.set_read_timeout(Some(PATIENCE / 5)).unwrap();
    let mut request = [0; 4096];
    let count = asked.read(&mut request).unwrap();
    assert!(request[..count].starts_with(b"GET /"));
    terminal.press("\u{1b}");
    terminal.until("the end of the report", |terminal| {
        !terminal.contents().contains("Testing the connection")
    });
    // The rest is read, then the end of the stream; a timeout would be an error.
    asked.read_to_end(&mut Vec::new()).unwrap();
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

/// Two consecutive starts in one terminal; the first one prints its process ID.
fn two_starts(options: &str) -> Terminal {
    let line = format!(
        "for n in 1 2 3; do echo '{{\"alias\":\"c'$n'\",\"name\":\"Name '$n'\",\"providerId\":\"openai\"}}'; done \
         | {0} connections create --from-json - > created 2>&1; \
         sh -c 'echo $$ > pid; exec {0}'; echo AGAIN; exec {0}{options}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections 3");
    terminal
}

fn signal_first(terminal: &Terminal, signal: Signal) {
    let id = std::fs::read_to_string(terminal.home().join("pid")).unwrap();
    let id = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

#[test]
fn next_start_restores_the_session_after_any_end() {
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
        assert_eq!(
            sessions.count(),
            1,
            "a temporary file is left next to the session"
        );
        terminal.press("q");
        assert_eq!(terminal.ends(), 0);
    }
}

#[test]
fn fresh_start_ignores_the_previous_session() {
    let mut terminal = two_starts(" --fresh");
    terminal.press("/name 2\r");
    terminal.shows("/ name 2");
    terminal.press("q");
    terminal.until("the second start", |terminal| terminal.has_written("AGAIN"));
    terminal.shows("Connections 3");
    assert!(!terminal.contents().contains("/ name 2"));
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn copy_inside_tmux_uses_both_sequences() {
    let line = format!(
        "echo '{{\"alias\":\"c1\",\"name\":\"One\",\"providerId\":\"openai\"}}' \
         | {0} connections create --from-json - > created 2>&1; TMUX=/tmp/x,1,0 exec {0}",
        env!("CARGO_BIN_EXE_umai")
    );
    let mut terminal = Terminal::command(&line);
    terminal.press(KIND);
    terminal.shows("Connections 1");
    terminal.press("\u{1b}[F");
    terminal.shows("› One");
    terminal.press("ya");
    terminal.shows("sent to tmux");
    assert!(
        terminal
            .has_written("\u{1b}]52;c;YzE=\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YzE=\u{7}\u{1b}\\")
    );
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}
