//! The app on each host, in a pseudo terminal.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{HOSTS, Host, store};
use crate::home::{DOCUMENTED, answer_of, answer_with};
use crate::pty::{KIND, Terminal};

/// Alias of the connection that all apps show.
const ALIAS: &str = "apphost";

/// Time after which a server that still answers with errors has failed.
const LONGEST_FAILURE: Duration = Duration::from_mins(1);

/// Apps of the hosts, which show and change one connection.
pub struct Apps {
    /// App of each host; none while the host has failed.
    terminals: [Option<Terminal>; HOSTS],
    /// Number of names that the connection was given.
    names: u32,
    is_active: bool,
}

impl Apps {
    /// Creates the connection and starts the app on every host.
    pub fn start(hosts: &[Host]) -> Self {
        let body = DOCUMENTED.replace("openai-prod", ALIAS);
        let create = hosts[0].client(&["create", "--from-json", "-"]);
        let created = answer_with(create, body);
        assert_eq!(created.code, 0, "{created:?}");
        let mut apps = Self {
            terminals: std::array::from_fn(|_| None),
            names: 0,
            is_active: true,
        };
        apps.rename(&hosts[0]);
        for host in hosts {
            apps.open(host);
        }
        apps
    }

    fn name(&self) -> String {
        format!("app name {}", self.names)
    }

    fn terminal(&mut self, host: &Host) -> &mut Terminal {
        self.terminals[host.number - 1].as_mut().unwrap()
    }

    /// Starts the app on a host, and selects the connection.
    pub fn open(&mut self, host: &Host) {
        let line = format!(
            "exec ip netns exec {} env HOME='{}' {} --store '{}' --fresh",
            host.namespace,
            host.home.path("").display(),
            env!("CARGO_BIN_EXE_umai"),
            store(host.number)
        );
        let mut terminal = Terminal::command(&line);
        terminal.press(KIND);
        terminal.shows("Connections");
        terminal.press(&format!("/{ALIAS}\r"));
        terminal.shows(&self.row());
        // The last row.
        terminal.press("\u{1b}[F");
        terminal.shows(&format!("› {}", self.name()));
        self.terminals[host.number - 1] = Some(terminal);
    }

    /// Kills the app on a host.
    pub fn kill(&mut self, host: &Host) {
        let terminal = self.terminals[host.number - 1].take();
        let mut terminal = terminal.unwrap();
        terminal.signal(Signal::KILL);
        terminal.ends();
    }

    /// Ends all apps.
    pub fn quit(self) {
        for mut terminal in self.terminals.into_iter().flatten() {
            terminal.press("q");
            assert_eq!(terminal.ends(), 0);
        }
    }

    /// Gives the connection another name from a host.
    fn rename(&mut self, host: &Host) {
        self.names += 1;
        let name = self.name();
        let update = ["update", ALIAS, "--name", name.as_str()];
        let begun = Instant::now();
        // A server that has just lost its node may answer with an error.
        loop {
            let answer = answer_of(host.client(&update));
            if answer.code == 0 {
                return;
            }
            assert!(begun.elapsed() < LONGEST_FAILURE, "{answer:?}");
        }
    }

    /// Row of the connection in the list.
    fn row(&self) -> String {
        let status = if self.is_active { '●' } else { '○' };
        format!("{status}   {}", self.name())
    }

    /// Changes the connection with a command on one of the hosts, and with a key in the app of each. Every app must show each change.
    /// Returns the time until then.
    pub fn change(&mut self, hosts: &[&Host]) -> Duration {
        let begun = Instant::now();
        self.rename(hosts[0]);
        self.all_show(hosts);
        for host in hosts {
            self.is_active = !self.is_active;
            let state = if self.is_active { "active" } else { "inactive" };
            let acknowledged = format!("\"{}\" is {state}", self.name());
            let terminal = self.terminal(host);
            terminal.press("t");
            terminal.shows(&acknowledged);
            self.all_show(hosts);
        }
        begun.elapsed()
    }

    fn all_show(&mut self, hosts: &[&Host]) {
        let row = self.row();
        for host in hosts {
            self.terminal(host).shows(&row);
        }
    }
}
