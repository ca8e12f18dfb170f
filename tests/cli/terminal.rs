//! Prompts on a terminal: hidden input and confirmations; the terminal is restored afterwards.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use rstest::rstest;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::home::Home;

/// Timeout for a prompt.
const PATIENCE: Duration = Duration::from_mins(1);

const PLANTED: &str = "sk-planted-0123456789";

const CREATE: [&str; 6] = [
    "connections",
    "create",
    "--name",
    "Team B",
    "--provider",
    "openai",
];

const TYPED: &str = "OpenAI API Key (hidden): ";

const DELETE: [&str; 3] = ["connections", "delete", "openai-prod"];

/// umai on a terminal, with its output so far.
pub struct PromptTerminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    reader: Box<dyn Read + Send>,
    keyboard: Box<dyn Write + Send>,
    output: String,
}

impl PromptTerminal {
    /// Starts umai and waits for the prompt.
    pub fn start(home: &Home, arguments: &[&str], question: &str) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 100,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_umai"));
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path(""));
        command.cwd(home.path(""));
        let mut asking = Self {
            child: pty.slave.spawn_command(command).unwrap(),
            reader: pty.master.try_clone_reader().unwrap(),
            keyboard: pty.master.take_writer().unwrap(),
            master: pty.master,
            output: String::new(),
        };
        asking.wait_for(question);
        asking
    }

    /// Types keys and waits for the next prompt.
    pub fn then(mut self, keys: &str, question: &str) -> Self {
        self.output.clear();
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.wait_for(question);
        self
    }

    fn wait_for(&mut self, question: &str) {
        let mut chunk = [0; 1024];
        let mut killer = self.child.clone_killer();
        let (heard, waiting) = std::sync::mpsc::channel::<()>();
        // A process with an unexpected prompt must not block the whole test run.
        std::thread::spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // The process may have ended already.
                let _ = killer.kill();
            }
        });
        while !self.output.contains(question) {
            let length = self.reader.read(&mut chunk).unwrap_or(0);
            assert!(length > 0, "{}", self.output);
            self.output
                .push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        drop(heard);
    }

    /// Output since the last prompt.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// Types keys and waits for the end; returns the exit code and the whole output.
    pub fn answer(mut self, keys: &str) -> (u32, String) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        let code = self.child.wait().unwrap().exit_code();
        let mut chunk = [0; 1024];
        // The other end of the terminal is closed, and reading it may fail.
        while let Ok(length @ 1..) = self.reader.read(&mut chunk) {
            self.output
                .push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        (code, self.output)
    }
}

#[test]
fn missing_secret_is_prompted_for_without_echo() {
    let home = Home::new();
    let (code, output) =
        PromptTerminal::start(&home, &CREATE, TYPED).answer(&format!("{PLANTED}\r"));
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("Created Team B (team-b)"), "{output}");
    assert!(!output.contains("planted"), "{output}");
    let kept = home.run(&["connections", "get", "team-b", "--json"]).json();
    assert_eq!(kept["settings"]["apiKey"], "sk-***");
}

#[test]
fn prompt_can_be_interrupted_and_empty_input_is_refused() {
    let home = Home::new();
    let (code, output) = PromptTerminal::start(&home, &CREATE, TYPED).answer("planted\u{3}");
    assert_eq!(code, 130, "{output}");
    assert!(
        !output.contains("planted") && !output.contains("Created"),
        "{output}"
    );
    let (code, output) = PromptTerminal::start(&home, &CREATE, TYPED).answer("\r");
    assert_eq!(code, 4, "{output}");
    assert!(output.contains("OpenAI API Key is required"), "{output}");
    assert_eq!(home.total(), 0);
}

#[test]
fn create_prompts_for_everything_that_is_missing() {
    let home = Home::new();
    let create = ["connections", "create"];
    let asking = PromptTerminal::start(&home, &create, "Name: ")
        .then("Team B\r", "Provider: ")
        .then("nothing\r", "Not one of these providers")
        .then("amazon\r", "AWS Region [us-east-1]: ")
        .then(
            "eu-central-1\r",
            "Authentication (1 API key, 2 Access key) [2]: ",
        )
        .then("1\r", "Bedrock API Key (hidden): ");
    let (code, output) = asking.answer("planted-0123456789\r");
    assert_eq!(code, 0, "{output}");
    assert!(!output.contains("planted"), "{output}");
    let kept = home.run(&["connections", "get", "team-b", "--json"]).json();
    assert_eq!(kept["settings"]["region"], "eu-central-1");
    assert_eq!(kept["settings"]["apiKey"], "***");
}

#[test]
fn table_fits_the_terminal_and_shows_ages() {
    let home = Home::documented();
    let name =
        "A connection whose name does not fit into eighty or a hundred columns of a terminal";
    let rename = ["connections", "update", "openai-prod", "--name", name];
    assert_eq!(home.run(&rename).code, 0);
    let list = ["connections", "list", "--color", "never"];
    let (code, output) = PromptTerminal::start(&home, &list, "NAME").answer("");
    assert_eq!(code, 0, "{output}");
    let widest = output.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{output}");
    assert!(
        output.contains('…') && output.contains("just now"),
        "{output}"
    );
    let wide = [&list[..], &["--wide"]].concat();
    let (_, output) = PromptTerminal::start(&home, &wide, "NAME").answer("");
    assert!(output.contains(name) && !output.contains("ago"), "{output}");
    let piped = home.run(&list);
    assert!(piped.out.contains(name), "{piped:?}");
}

#[test]
fn secret_stdin_on_a_terminal_is_hidden() {
    let home = Home::new();
    let asking = PromptTerminal::start(
        &home,
        &[&CREATE[..], &["--secret-stdin", "apiKey"]].concat(),
        TYPED,
    );
    let (code, output) = asking.answer(&format!("Bearer {PLANTED}\r"));
    assert_eq!(code, 0, "{output}");
    assert!(
        output.contains("Removed 'Bearer ' before the key"),
        "{output}"
    );
    assert!(!output.contains("planted"), "{output}");
}

#[test]
fn empty_line_prompts_again_and_end_of_input_cancels() {
    let home = Home::new();
    let create = ["connections", "create", "--provider", "ollama"];
    let (code, output) = PromptTerminal::start(&home, &create, "Name: ").answer("\rLocal\r");
    assert_eq!(code, 0, "{output}");
    assert!(
        output.contains("Name is required; Ctrl-C cancels"),
        "{output}"
    );
    assert_eq!(home.total(), 1);
    let (code, output) = PromptTerminal::start(&home, &create, "Name: ").answer("\u{4}");
    assert_eq!(code, 4, "{output}");
    assert_eq!(home.total(), 1);
}

#[test]
fn empty_input_keeps_the_stored_secret() {
    let home = Home::documented();
    let update = [
        "connections",
        "update",
        "openai-prod",
        "--secret-stdin",
        "apiKey",
    ];
    let (code, output) = PromptTerminal::start(&home, &update, TYPED).answer("\r");
    assert_eq!(code, 4, "{output}");
    assert!(output.contains("No input for apiKey"), "{output}");
    assert!(output.contains("--unset apiKey"), "{output}");
    let stored = home.run(&["connections", "get", "openai-prod", "--json"]);
    assert_eq!(stored.json()["version"], 1);
}

/// Returns true if a terminal echoes input and reads it line by line.
fn echoes_input(terminal: &OwnedFd) -> bool {
    let modes = tcgetattr(terminal).unwrap().local_modes;
    modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
}

#[rstest]
#[case(Signal::TERM, 143)]
#[case(Signal::HUP, 129)]
#[case(Signal::INT, 130)]
fn signal_during_a_hidden_prompt_restores_the_terminal(#[case] signal: Signal, #[case] code: u32) {
    let mut asking = PromptTerminal::start(&Home::new(), &CREATE, TYPED);
    // A pseudo-terminal of this process: losing its controlling terminal would end the process.
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let terminal = open(asking.master.tty_name().unwrap(), flags, Mode::empty()).unwrap();
    assert!(!echoes_input(&terminal));
    let id = i32::try_from(asking.child.process_id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    assert_eq!(asking.child.wait().unwrap().exit_code(), code);
    assert!(echoes_input(&terminal), "{signal:?}");
}

#[test]
fn delete_prompts_on_a_terminal_and_defaults_to_no() {
    let home = Home::documented();
    let question = "Delete openai-prod? [y/N] ";
    for no in ["\r", "n\r", "yesterday\r", "\u{4}"] {
        let (code, output) = PromptTerminal::start(&home, &DELETE, question).answer(no);
        assert_eq!(code, 0, "{output}");
        assert!(output.contains("Nothing deleted"), "{output}");
        assert_eq!(home.total(), 1, "{no:?}");
    }
    let (code, output) = PromptTerminal::start(&home, &DELETE, question).answer("y\r");
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("Deleted OpenAI Production"), "{output}");
    assert_eq!(home.total(), 0);
}

#[test]
fn app_reports_a_readable_key_file() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, output) = PromptTerminal::start(&home, &[], "readable by others").answer("q");
    assert_eq!(code, 0, "{output}");
}

#[test]
fn document_secret_from_stdin_is_prompted_for_without_echo() {
    let home = Home::new();
    home.write(
        "one.yaml",
        "- {alias: one, name: One, providerId: openai, settings: {apiKey: {stdin: true}}}",
    );
    let asking = PromptTerminal::start(
        &home,
        &["connections", "apply", "-f", "one.yaml"],
        "(hidden): ",
    );
    let asking = asking.then(&format!("{PLANTED}\r"), "[y/N]");
    let (code, output) = asking.answer("y\r");
    assert_eq!(code, 0, "{output}");
    assert!(!output.contains(PLANTED), "{output}");
    assert_eq!(home.total(), 1);
}
