//! Parses a line in its context: text for a field, a command, or a query.

use zeroize::Zeroizing;

use super::listing;
use super::saying::Saying;
use crate::tui::action::{ACTIONS, Action, Context};
use crate::tui::app::App;
use crate::tui::bulk::Bulk;
use crate::tui::event::{Event, Pasted, Spoken};
use crate::tui::key::Key;
use crate::tui::layer::Layer;

/// Meaning of a line.
#[derive(Debug)]
pub enum Meant {
    /// Event for the app.
    Happens(Event),
    /// Lines to print.
    Answer(Vec<String>),
}

/// Reply to an unknown command. It does not repeat the line, which may be meant for a field.
const UNKNOWN: &str = "Unknown command; ? lists the commands.";

/// Target of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    /// Field: a command begins with a colon.
    IntoField,
    /// Filter of a list: a command begins with a colon, a number chooses an entry.
    IntoList,
    /// Prompt: an answer, or the note that it accepts.
    ToQuestion,
    /// Command.
    ToBeDone,
}

fn input_target(app: &App) -> Goes {
    match app.layers.last() {
        Some(Layer::Form(form)) if form.is_choosing() => Goes::IntoList,
        Some(Layer::Form(_)) => Goes::IntoField,
        Some(Layer::Picker(_) | Layer::Palette(_) | Layer::Models(_) | Layer::Import(_)) => {
            Goes::IntoList
        }
        Some(Layer::Bulk) if app.bulk.as_ref().is_some_and(Bulk::is_typing) => Goes::IntoList,
        Some(Layer::Confirm(_)) => Goes::ToQuestion,
        Some(
            Layer::Help(_)
            | Layer::Report(_)
            | Layer::Messages(_)
            | Layer::Compare(_)
            | Layer::Moving(_)
            | Layer::Trash(_)
            | Layer::Drafts(_)
            | Layer::Merge(_)
            | Layer::Bulk
            | Layer::Clipboard
            | Layer::Sorting,
        )
        | None => Goes::ToBeDone,
    }
}

/// Parses a line in the current state of the app.
pub fn parse_line(app: &App, line: &str) -> Meant {
    let trimmed = line.trim();
    if trimmed == "?" || trimmed == ":" {
        return Meant::Answer(help(app));
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
    match (input_target(app), number) {
        (Goes::IntoField, _) if trimmed.is_empty() => spoken(Spoken::Do(Action::NextField)),
        (Goes::IntoField, _) => write(&text),
        (Goes::IntoList, _) if trimmed.is_empty() => spoken(Spoken::Do(Action::Choose)),
        (Goes::IntoList | Goes::ToBeDone, Some(number)) => spoken(Spoken::Pick(number - 1)),
        (Goes::IntoList, None) => write(trimmed),
        (Goes::ToQuestion, _) => question(app, trimmed, number),
        (Goes::ToBeDone, _) if trimmed.is_empty() => Meant::Answer(Saying::of(app).all()),
        (Goes::ToBeDone, None) => match trimmed.strip_prefix('/') {
            Some(text) if app.context().inherited().is_some() || app.context() == Context::Tree => {
                filter(app, text.trim())
            }
            _ => command(app, trimmed),
        },
    }
}

fn spoken(spoken: Spoken) -> Meant {
    Meant::Happens(Event::Spoken(spoken))
}

fn write(text: &str) -> Meant {
    let text = Zeroizing::new(text.to_owned());
    spoken(Spoken::Write(Pasted(text)))
}

/// Sets the filter; empty text removes it.
fn filter(app: &App, text: &str) -> Meant {
    if text.is_empty() && app.tree.filter().is_none() {
        return Meant::Answer(vec!["No filter is set; /text sets one.".into()]);
    }
    write(text)
}

/// Parses an answer by its number or label; other text is the note, if the prompt accepts one.
fn question(app: &App, line: &str, number: Option<usize>) -> Meant {
    let Some(Layer::Confirm(confirm)) = app.layers.last() else {
        return Meant::Answer(vec![UNKNOWN.into()]);
    };
    let answer = line.to_lowercase();
    let by_word = confirm
        .buttons
        .iter()
        .position(|(label, _)| label.to_lowercase() == answer);
    if let Some(at) = by_word.or(number.map(|number| number - 1)) {
        return spoken(Spoken::Pick(at));
    }
    match answer.as_str() {
        "" => Meant::Answer(Saying::of(app).all()),
        "back" | "esc" => spoken(Spoken::Do(Action::Back)),
        _ if confirm.line.is_some() => write(line),
        _ => Meant::Answer(Saying::of(app).here),
    }
}

/// Parses a command: an action ID or a key.
fn command(app: &App, answer: &str) -> Meant {
    let (word, rest) = answer.split_once(' ').unwrap_or((answer, ""));
    match word {
        "list" => {
            let from = rest.trim().parse::<usize>().unwrap_or(1);
            return Meant::Answer(listing::lines(app, from.saturating_sub(1)));
        }
        "where" => return Meant::Answer(Saying::of(app).all()),
        "show" => return spoken(Spoken::Do(Action::ShowSettings)),
        "quit" | "exit" | "q" => return spoken(Spoken::Do(Action::Leave)),
        _ => {}
    }
    if !rest.is_empty() {
        return Meant::Answer(vec![UNKNOWN.into()]);
    }
    if let Ok(number) = word.parse::<usize>()
        && (1..=listing::count(app)).contains(&number)
    {
        return spoken(Spoken::Pick(number - 1));
    }
    let context = app.context();
    let named = ACTIONS.iter().find(|entry| {
        let is_here = context.has(entry) || entry.contexts.contains(&Context::Anywhere);
        entry.id == word && (is_here || entry.action.is_move())
    });
    let by_key = || {
        let key = Key::read(word)?;
        let moves = || app.keymap.find(Context::Tree, key);
        let found = app.keymap.find(context, key);
        found.or_else(|| moves().filter(|action| action.is_move()))
    };
    let action = named.map(|entry| entry.action).or_else(by_key);
    match action {
        Some(Action::Help | Action::Palette) => Meant::Answer(help(app)),
        Some(Action::Quit) => spoken(Spoken::Do(Action::Leave)),
        Some(Action::Filter) => {
            Meant::Answer(vec!["/text filters the list, / alone shows all.".into()])
        }
        Some(Action::Reveal) => Meant::Answer(vec![
            "Plain mode does not show secrets; enter it again to be sure.".into(),
        ]),
        Some(Action::NextTheme | Action::Redraw) | None => Meant::Answer(vec![UNKNOWN.into()]),
        Some(action) => spoken(Spoken::Do(action)),
    }
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
            | Action::Quit
            | Action::Suspend
    )
}

/// Commands that are available now, with their descriptions.
pub fn help(app: &App) -> Vec<String> {
    let context = app.context();
    let input_target = input_target(app);
    let colon = match input_target {
        Goes::IntoField | Goes::IntoList => ":",
        Goes::ToQuestion | Goes::ToBeDone => "",
    };
    let mut lines: Vec<String> = match input_target {
        Goes::IntoField => vec![
            "Text: the new value of the field; a value that starts with a colon needs two.".into(),
            "An empty line: keep the value and go to the next field.".into(),
            ":3: go to the third field; :list lists all fields.".into(),
        ],
        Goes::IntoList => vec![
            "A number: choose that entry.".into(),
            "An empty line: choose the selected entry.".into(),
            "Text: filter the list.".into(),
        ],
        Goes::ToQuestion => vec!["An answer: its number or its text.".into()],
        Goes::ToBeDone => vec!["An empty line: repeat where you are.".into()],
    };
    if input_target == Goes::ToBeDone && listing::count(app) > 0 {
        lines.push("A number: select that entry.".into());
    }
    if app.layers.is_empty() {
        lines.push("/text: filter the connections; / alone shows all.".into());
        lines.push("show: show the stored settings of the connection.".into());
    }
    if input_target != Goes::ToQuestion {
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
    if context == Context::Form || input_target == Goes::IntoList {
        lines.push(":quit: quit umai; asks about unsaved changes".into());
    }
    lines
}
