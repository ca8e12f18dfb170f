//! Finds a program's command in a script: after prompts, comments, assignments and words such as `sudo`.

use zeroize::Zeroizing;

use super::left_out::LeftOut;
use super::tokenize::{CommandWords, PastedShell, ShellCommand, UnclosedQuote, commands};
use super::variables::{PastedVariables, is_name};

/// Words that run the command after them.
const WRAPPERS: [&str; 8] = [
    "sudo", "env", "time", "command", "exec", "nohup", "doas", "&",
];

/// Words before an assignment.
const KEYWORDS: [&str; 4] = ["export", "set", "declare", "setx"];

/// The start of a program's command in a text.
pub(super) struct ProgramStart<'t> {
    /// The text from its first command on.
    text: &'t str,
    programs: &'static [&'static str],
    /// Arguments of the program.
    pub(super) arguments: &'t str,
}

/// A program's arguments, and what is set before.
pub(super) struct ProgramCall {
    pub(super) words: CommandWords,
    pub(super) variables: PastedVariables,
    pub(super) left_out: LeftOut,
}

impl<'t> ProgramStart<'t> {
    /// Finds the first command; it must be the program's, with nothing but assignments before it.
    pub(super) fn find(text: &'t str, programs: &'static [&'static str]) -> Option<Self> {
        let text = without_prompt(text, programs);
        let mut rest = text;
        let (mut first, mut last) = (None, None);
        loop {
            let word_start = rest.trim_start_matches(|character: char| {
                character.is_whitespace() || character == ';'
            });
            let (skipped, word_start) = rest.split_at(rest.len() - word_start.len());
            rest = word_start;
            if rest.starts_with('#') {
                rest = rest.split_once('\n')?.1;
                continue;
            }
            let (word, following) = first_word(rest)?;
            if is_program(word, programs) {
                return Some(Self {
                    text,
                    programs,
                    arguments: following,
                });
            }
            let is_set =
                is_assignment(word) || KEYWORDS.contains(&word) || WRAPPERS.contains(&word);
            let is_option = word.starts_with('-') || word == "&&";
            if !is_set && !is_option && !is_operand(first, last) {
                return None;
            }
            if first.is_none() || skipped.contains('\n') {
                first = Some(word);
            }
            last = Some(word);
            rest = following;
        }
    }

    /// Splits the script into words, and takes those of the program.
    pub(super) fn read(&self) -> Result<ProgramCall, UnclosedQuote> {
        let plain = Zeroizing::new(without_continuation_prompts(self.text));
        let tokens = PastedShell::detect(&plain).tokenize(&plain)?;
        let mut read = ProgramCall {
            words: CommandWords::new(),
            variables: PastedVariables::default(),
            left_out: LeftOut::default(),
        };
        let mut is_found = false;
        for command in commands(tokens) {
            if is_found {
                self.leave_out(&command, &mut read.left_out);
            } else if let Some(words) = self.arguments_of(command.words, &mut read.variables) {
                read.words = words;
                is_found = true;
            }
        }
        Ok(read)
    }

    /// The arguments when the command is the program's; assignments before it are kept.
    fn arguments_of(
        &self,
        words: CommandWords,
        variables: &mut PastedVariables,
    ) -> Option<CommandWords> {
        let mut words = words.into_iter();
        let mut setx = None;
        while let Some(word) = words.next() {
            if is_program(&word, self.programs) {
                return Some(words.collect());
            }
            let text = word
                .strip_prefix("$env:")
                .or_else(|| word.strip_prefix("$Env:"))
                .unwrap_or(&word);
            if let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name)) {
                variables.set(name, value);
            } else if let Some(name) = setx.take() {
                let name: Zeroizing<String> = name;
                variables.set(&name, &word);
            } else if is_name(&word)
                && !KEYWORDS.contains(&word.as_str())
                && !WRAPPERS.contains(&word.as_str())
            {
                setx = Some(word);
            }
        }
        None
    }

    fn leave_out(&self, command: &ShellCommand, left_out: &mut LeftOut) {
        let is_program = command
            .words
            .first()
            .is_some_and(|word| is_program(word, self.programs));
        if is_program {
            left_out.credential("another command");
        } else if !command.is_piped {
            left_out.other("what follows the command");
        }
    }
}

/// `curl`, `/usr/bin/curl`, `curl.exe`, `C:\Windows\System32\curl.exe`.
fn is_program(word: &str, programs: &[&str]) -> bool {
    let word = word.trim_matches(['"', '\'']);
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    programs.contains(&name)
        || programs.iter().any(|program| {
            let lower = word.to_lowercase();
            lower
                .strip_suffix(".exe")
                .is_some_and(|rest| rest.ends_with(program))
        })
}

/// Returns whether the next word is an operand: of `setx`, the `first` word of the line, or of an option such as `-u`, the `last` one.
fn is_operand(first: Option<&str>, last: Option<&str>) -> bool {
    matches!(last, Some("-u" | "-g" | "=")) || first == Some("setx")
}

fn is_assignment(word: &str) -> bool {
    let scoped = word
        .strip_prefix("$env:")
        .or_else(|| word.strip_prefix("$Env:"));
    if scoped.is_some_and(is_name) {
        return true;
    }
    let word = scoped.unwrap_or(word);
    word.split_once('=').is_some_and(|(name, _)| is_name(name)) || word == "="
}

/// The first word and the text after it; quotes keep blanks together.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut end = text.len();
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if character.is_whitespace() || character == ';' => {
                end = at;
                break;
            }
            Some(_) | None => {}
        }
    }
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then_some((word, rest))
}

/// A text without the prompt before its first command: `$ `, `user@host:~$ `, `PS C:\> `, `# ` of root.
fn without_prompt<'t>(text: &'t str, programs: &[&str]) -> &'t str {
    let line = text.lines().next().unwrap_or_default();
    for (at, character) in line.char_indices() {
        if !matches!(character, '$' | '%' | '>' | '#' | '❯' | '➜') {
            continue;
        }
        let (before, rest) = line.split_at(at);
        let Some(rest) = rest.strip_prefix(character) else {
            continue;
        };
        let following = rest.trim_start();
        let is_parted = rest.len() > following.len() || before.contains(":\\");
        let is_plain = !before.contains(['"', '\'', '='])
            && !before
                .split_whitespace()
                .any(|word| is_program(word, programs));
        let first = following.split_whitespace().next().unwrap_or_default();
        let is_root = character == '#';
        if is_parted && is_plain && !first.is_empty() && (!is_root || is_program(first, programs)) {
            let skipped = line.len() - following.len();
            return text.get(skipped..).unwrap_or(text);
        }
        return text;
    }
    text
}

/// Takes `> ` off lines after the first: a shell's prompt for the rest of a command.
fn without_continuation_prompts(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut continues = false;
    for line in text.split_inclusive('\n') {
        let bare = line
            .strip_prefix("> ")
            .or_else(|| line.strip_prefix(">> "))
            .filter(|_| continues)
            .unwrap_or(line);
        plain.push_str(bare.trim_end_matches(['\r', '\n']));
        if line.ends_with('\n') {
            plain.push('\n');
        }
        continues = line.trim_end().ends_with(['\\', '^', '`']);
    }
    plain
}
