//! Suggestions for unknown commands: words of other tools, and commands that belong to a group.

use clap::CommandFactory;

use super::Args;

/// Words of other tools without a subcommand or alias of the same name, and what to write instead.
const OTHER_WORDS: [(&str, &[&str]); 13] = [
    (
        "toggle",
        &["umai connections activate", "umai connections deactivate"],
    ),
    ("enable", &["umai connections activate"]),
    ("disable", &["umai connections deactivate"]),
    ("rename", &["umai connections update"]),
    ("set", &["umai connections update"]),
    ("clone", &["umai connections duplicate"]),
    ("copy", &["umai connections duplicate"]),
    ("config", &["umai doctor", "umai targets"]),
    ("auth", &["umai login", "umai token"]),
    ("exec", &["umai run"]),
    ("env", &["umai run"]),
    ("version", &["umai --version"]),
    ("help", &["umai help"]),
];

/// Returns the full commands that an unknown word after `umai` or one of its groups could mean.
pub fn commands(word: &str) -> Vec<String> {
    let program = Args::command();
    let mut groups = program
        .get_subcommands()
        .filter(|group| group.has_subcommands());
    let member = groups.find_map(|group| {
        let found = group.find_subcommand(word)?;
        Some(format!("umai {} {}", group.get_name(), found.get_name()))
    });
    if let Some(member) = member {
        return vec![member];
    }
    let known = OTHER_WORDS.iter().find(|(known, _)| *known == word);
    let commands = known.map(|(_, commands)| *commands).unwrap_or_default();
    commands.iter().map(|one| (*one).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_lead_to_existing_commands() {
        let program = super::super::args::command();
        for (word, _) in OTHER_WORDS {
            for command in commands(word) {
                let mut place = &program;
                for name in command
                    .split(' ')
                    .skip(1)
                    .filter(|name| !name.starts_with('-'))
                {
                    place = place
                        .find_subcommand(name)
                        .unwrap_or_else(|| panic!("{command}"));
                }
            }
        }
        assert_eq!(commands("ls"), ["umai connections list"]);
        assert_eq!(commands("rotate"), ["umai key rotate"]);
        assert_eq!(commands("toggle").len(), 2);
        assert!(commands("nothing").is_empty());
    }
}
