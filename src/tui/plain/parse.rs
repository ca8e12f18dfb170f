//! Parses a line in its context: text for a field, a command, or a query.

use zeroize::Zeroizing;

use super::listing;
use super::narration::Narration;
use crate::text::case_fold::fold;
use crate::tui::action::{ACTIONS, Action, KeyContext};
use crate::tui::app::App;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::event::{Event, PastedText, PlainInput};
use crate::tui::form::Form;
use crate::tui::key::KeyPress;

/// Meaning of a line.
#[derive(Debug)]
pub enum ParsedLine {
    /// Event for the app.
    Input(Event),
    /// Lines to print.
    Reply(Vec<String>),
}

/// Reply to an unknown command. It does not repeat the line, which may be meant for a field.
const UNKNOWN: &str = "Unknown command; ? lists the commands.";

/// Meaning that lines have at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputMode {
    /// Field: a command begins with a colon.
    Field,
    /// Filter of a list: a command begins with a colon, a number chooses an entry.
    List,
    /// Prompt: an answer, or the note that it accepts.
    Prompt,
    /// Command.
    Command,
}

fn input_mode(app: &App) -> InputMode {
    match app.dialogs.last() {
        Some(dialog)
            if dialog
                .downcast()
                .is_some_and(|form: &Form| !form.is_choosing()) =>
        {
            InputMode::Field
        }
        Some(_) if app.dialogs.is_on::<ConfirmDialog>() => InputMode::Prompt,
        Some(dialog) if dialog.takes_characters() => InputMode::List,
        Some(_) | None => InputMode::Command,
    }
}

/// Parses a line in the current state of the app.
pub fn parse_line(app: &App, line: &str) -> ParsedLine {
    let trimmed = line.trim();
    if trimmed == "?" || trimmed == ":" {
        return ParsedLine::Reply(help(app));
    }
    if let Some(command) = trimmed
        .strip_prefix(':')
        .filter(|rest| !rest.starts_with(':'))
    {
        return self::command(app, command.trim());
    }
    let text = match line.trim_start().strip_prefix("::") {
        Some(rest) => format!(":{rest}"),
        None => line.to_owned(),
    };
    let number = trimmed.parse::<usize>().ok();
    let number = number.filter(|number| (1..=listing::count(app)).contains(number));
    match (input_mode(app), number) {
        (InputMode::Field, _) if trimmed.is_empty() => {
            plain_input(PlainInput::Action(Action::NextField))
        }
        (InputMode::Field, _) => write(&text),
        (InputMode::List, _) if trimmed.is_empty() => {
            plain_input(PlainInput::Action(Action::Choose))
        }
        (InputMode::List | InputMode::Command, Some(number)) => {
            plain_input(PlainInput::Select(number - 1))
        }
        (InputMode::List, None) => write(trimmed),
        (InputMode::Prompt, _) => question(app, trimmed, number),
        (InputMode::Command, _) if trimmed.is_empty() => {
            ParsedLine::Reply(Narration::new(app).all())
        }
        (InputMode::Command, None) => match trimmed.strip_prefix('/') {
            Some(text)
                if app.context().inherited().is_some() || app.context() == KeyContext::Tree =>
            {
                filter(app, text.trim())
            }
            _ => command(app, trimmed),
        },
    }
}

fn plain_input(spoken: PlainInput) -> ParsedLine {
    ParsedLine::Input(Event::PlainInput(spoken))
}

fn write(text: &str) -> ParsedLine {
    let text = Zeroizing::new(text.to_owned());
    plain_input(PlainInput::Text(PastedText(text)))
}

/// Sets the filter; empty text removes it.
fn filter(app: &App, text: &str) -> ParsedLine {
    if text.is_empty() && app.tree.filter().is_none() {
        return ParsedLine::Reply(vec!["No filter is set; /text sets one.".into()]);
    }
    write(text)
}

/// Parses an answer by its number or label; other text is the note, if the prompt accepts one.
fn question(app: &App, line: &str, number: Option<usize>) -> ParsedLine {
    let Some(confirm) = app.dialogs.top::<ConfirmDialog>() else {
        return ParsedLine::Reply(vec![UNKNOWN.into()]);
    };
    let typed = line.to_lowercase();
    let by_word = confirm
        .buttons
        .iter()
        .position(|(label, _)| label.to_lowercase() == typed);
    if let Some(at) = by_word.or(number.map(|number| number - 1)) {
        return plain_input(PlainInput::Select(at));
    }
    match typed.as_str() {
        "" => ParsedLine::Reply(Narration::new(app).all()),
        "back" | "esc" => plain_input(PlainInput::Action(Action::Back)),
        _ if confirm.note.is_some() => write(line),
        _ => ParsedLine::Reply(Narration::new(app).here),
    }
}

/// Parses a command: an action ID or a key.
fn command(app: &App, typed: &str) -> ParsedLine {
    let (word, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    match word {
        "list" => {
            let from = rest.trim().parse::<usize>().unwrap_or(1);
            return ParsedLine::Reply(listing::lines(app, from.saturating_sub(1)));
        }
        "where" => return ParsedLine::Reply(Narration::new(app).all()),
        "show" => return plain_input(PlainInput::Action(Action::ShowSettings)),
        "quit" | "exit" | "q" => return plain_input(PlainInput::Action(Action::Quit)),
        _ => {}
    }
    if !rest.is_empty() {
        return match by_words(app, typed).as_slice() {
            [action] => plain_input(PlainInput::Action(*action)),
            _ => ParsedLine::Reply(vec![UNKNOWN.into()]),
        };
    }
    if let Ok(number) = word.parse::<usize>()
        && (1..=listing::count(app)).contains(&number)
    {
        return plain_input(PlainInput::Select(number - 1));
    }
    let context = app.context();
    let named = ACTIONS.iter().find(|entry| {
        let is_here = context.has(entry) || entry.contexts.contains(&KeyContext::Global);
        entry.is_named(word) && (is_here || entry.action.is_move())
    });
    let by_key = || {
        let key = KeyPress::read(word)?;
        let moves = || app.keymap.find(KeyContext::Tree, key);
        let found = app.keymap.find(context, key);
        found.or_else(|| moves().filter(|action| action.is_move()))
    };
    let action = named.map(|entry| entry.action).or_else(by_key);
    let alike = action.map_or_else(|| by_words(app, word), |_| Vec::new());
    if alike.len() > 1 {
        let ids = alike.iter().map(|action| action.entry().id);
        let ids: Vec<&str> = ids.collect();
        return ParsedLine::Reply(vec![format!("Several commands: {}.", ids.join(", "))]);
    }
    match action.or(alike.first().copied()) {
        Some(Action::Help | Action::Palette) => ParsedLine::Reply(help(app)),
        Some(Action::QuitNow) => plain_input(PlainInput::Action(Action::Quit)),
        Some(Action::Filter) => {
            ParsedLine::Reply(vec!["/text filters the list, / alone shows all.".into()])
        }
        Some(Action::Reveal) => ParsedLine::Reply(vec![
            "Plain mode does not show secrets; enter it again to be sure.".into(),
        ]),
        Some(Action::NextTheme | Action::Redraw) | None => ParsedLine::Reply(vec![UNKNOWN.into()]),
        Some(action) => plain_input(PlainInput::Action(action)),
    }
}

/// Returns the available actions with this title or this keyword, as the palette finds them.
fn by_words(app: &App, typed: &str) -> Vec<Action> {
    let context = app.context();
    let typed = fold(typed);
    let entries = ACTIONS.iter().filter(|entry| {
        let mut keywords = entry.keywords.split_whitespace();
        let is_named = fold(entry.title) == typed || keywords.any(|word| word == typed);
        let is_here = context.has(entry) || entry.contexts.contains(&KeyContext::Global);
        is_named && is_here && !is_screen_only(entry.action) && app.can(entry.action)
    });
    entries.map(|entry| entry.action).collect()
}

/// Returns whether an action is useful on a screen only.
const fn is_screen_only(action: Action) -> bool {
    matches!(
        action,
        Action::Redraw
            | Action::NextTheme
            | Action::PageUp
            | Action::PageDown
            | Action::NextPane
            | Action::PreviousPane
            | Action::NextButton
            | Action::PreviousButton
            | Action::Reveal
            | Action::Palette
            | Action::Help
            | Action::Filter
            | Action::QuitNow
            | Action::Suspend
    )
}

/// Commands that are available now, with their descriptions.
pub fn help(app: &App) -> Vec<String> {
    let context = app.context();
    let input_mode = input_mode(app);
    let colon = match input_mode {
        InputMode::Field | InputMode::List => ":",
        InputMode::Prompt | InputMode::Command => "",
    };
    let mut lines: Vec<String> = match input_mode {
        InputMode::Field => vec![
            "Text: the new value of the field; a value that starts with a colon needs two.".into(),
            "An empty line: keep the value and go to the next field.".into(),
            ":3: go to the third field; :list lists all fields.".into(),
        ],
        InputMode::List => vec![
            "A number: choose that entry.".into(),
            "An empty line: choose the selected entry.".into(),
            "Text: filter the list.".into(),
        ],
        InputMode::Prompt => vec!["An answer: its number or its text.".into()],
        InputMode::Command => vec!["An empty line: repeat where you are.".into()],
    };
    if input_mode == InputMode::Command && listing::count(app) > 0 {
        lines.push("A number: select that entry.".into());
    }
    if app.dialogs.is_empty() {
        lines.push("/text: filter the connections; / alone shows all.".into());
        lines.push("show: show the stored settings of the connection.".into());
    }
    if input_mode != InputMode::Prompt {
        lines.push(format!(
            "{colon}list: list the entries, one page at a time."
        ));
    }
    for entry in ACTIONS {
        let is_offered = context.has(entry)
            && !is_screen_only(entry.action)
            && app.keymap.first_key(context, entry.action).is_some()
            && app.can(entry.action);
        if is_offered {
            lines.push(format!("{colon}{}: {}", entry.id, entry.title));
        }
    }
    if context == KeyContext::Form || input_mode == InputMode::List {
        lines.push(":quit: quit umai; prompts if changes are unsaved".into());
    }
    lines
}
