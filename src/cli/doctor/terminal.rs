//! Checks the terminal: size, features, and programs between umai and the terminal.

use std::io::IsTerminal;

use super::finding::Findings;
use crate::cli::Globals;
use crate::cli::open_tui::shows_lines_only;
use crate::config::file::ConfigFile;
use crate::tui::theme::choice::{self, ThemeChoice};

const AREA: &str = "terminal";

/// Minimum columns and rows of the app.
const SMALLEST: (u16, u16) = (20, 5);

pub(super) fn check(globals: &Globals, file: &ConfigFile, findings: &mut Findings) {
    let kind = variable("TERM");
    let is_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    size(kind.as_deref(), is_terminal, findings);
    if is_terminal && (globals.plain || shows_lines_only(file)) {
        findings.ok(AREA, "the app runs in plain mode here");
    }
    colours(kind.as_deref().unwrap_or_default(), findings);
    clipboard(kind.as_deref().unwrap_or_default(), findings);
    text(findings);
    theme(globals, file, findings);
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

fn size(kind: Option<&str>, is_terminal: bool, findings: &mut Findings) {
    let kind = kind.unwrap_or("TERM is not set");
    if !is_terminal {
        findings.ok(
            AREA,
            format!("{kind}; not a terminal: stdin or stdout is a pipe or a file"),
        );
        return;
    }
    let between: Vec<&str> = [
        ("TMUX", "in tmux"),
        ("STY", "in screen"),
        ("SSH_CONNECTION", "over SSH"),
    ]
    .into_iter()
    .filter(|(name, _)| variable(name).is_some())
    .map(|(_, words)| words)
    .collect();
    let between = match between.as_slice() {
        [] => String::new(),
        words => format!(", {}", words.join(", ")),
    };
    match crossterm::terminal::size() {
        Ok((columns, rows)) if columns < SMALLEST.0 || rows < SMALLEST.1 => findings.warning(
            AREA,
            format!("{kind}, {columns}×{rows}{between}: too small for the app"),
            Some("resize it to 20×5 or more, or use umai --plain".into()),
        ),
        Ok((columns, rows)) => findings.ok(AREA, format!("{kind}, {columns}×{rows}{between}")),
        Err(error) => findings.warning(AREA, format!("{kind}, of unknown size: {error}"), None),
    }
}

fn colours(kind: &str, findings: &mut Findings) {
    if variable("NO_COLOR").is_some() {
        findings.ok(AREA, "no colors: NO_COLOR is set");
        return;
    }
    let depth = variable("COLORTERM").unwrap_or_default();
    if depth == "truecolor" || depth == "24bit" {
        findings.ok(AREA, "16 million colors");
    } else if kind.contains("256") || kind.contains("kitty") || kind.contains("direct") {
        findings.ok(AREA, "256 colors");
    } else {
        findings.warning(
            AREA,
            "256 colors not detected; the themes need them",
            Some("set TERM=xterm-256color if the terminal supports it, or NO_COLOR=1".into()),
        );
    }
}

/// Checks the support for copying: the terminal needs OSC 52, and tmux or screen must pass it on.
fn clipboard(kind: &str, findings: &mut Findings) {
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let takes = [
        "kitty",
        "alacritty",
        "foot",
        "ghostty",
        "wezterm",
        "contour",
        "rio",
    ];
    let is_known = takes
        .iter()
        .any(|name| kind.contains(name) || program.to_lowercase().contains(name))
        || variable("WT_SESSION").is_some();
    if variable("TMUX").is_some() {
        findings.ok(
            AREA,
            "copying (OSC 52) goes through tmux and needs its option set-clipboard",
        );
    } else if variable("STY").is_some() {
        findings.warning(AREA, "copying (OSC 52) may not work in screen", None);
    } else if is_known {
        findings.ok(AREA, "copying (OSC 52) is supported");
    } else {
        findings.ok(AREA, "copying (OSC 52): unknown for this terminal");
    }
}

fn text(findings: &mut Findings) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    let locale = locale.unwrap_or_default();
    let plain = locale.to_lowercase().replace('-', "");
    if plain.contains("utf8") {
        findings.ok(AREA, format!("UTF-8 text ({locale})"));
    } else {
        findings.warning(
            AREA,
            "the locale is not UTF-8, so names may be displayed incorrectly",
            Some("set LANG=C.UTF-8 or another UTF-8 locale".into()),
        );
    }
}

fn theme(globals: &Globals, file: &ConfigFile, findings: &mut Findings) {
    let Some(name) = globals.theme.as_ref().or(file.theme.as_ref()) else {
        return;
    };
    let folder = crate::config::Config::folder(globals.config.clone()).ok();
    let folder = folder.map(|folder| folder.join("themes"));
    let all = ThemeChoice::all(folder.as_deref());
    let problems = match choice::find(name, &all) {
        Err(reason) => vec![reason],
        Ok(at) => all
            .get(at)
            .map(|own| own.theme(false).1)
            .unwrap_or_default(),
    };
    if problems.is_empty() {
        findings.ok("theme", name.clone());
    }
    for problem in problems {
        findings.warning("theme", problem, None);
    }
}
