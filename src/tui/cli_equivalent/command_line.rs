//! Builder of a shell command line: quotes user text and leaves placeholders in capitals.

/// Command that can be pasted into a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    words: Vec<String>,
}

impl CommandLine {
    /// Creates a `umai` command with the options that select the current target.
    pub fn new(called_with: &[String], command: &str) -> Self {
        let mut line = Self {
            words: vec!["umai".into()],
        };
        line.words
            .extend(called_with.iter().map(|word| quoted(word)));
        line.words.extend(command.split(' ').map(str::to_owned));
        line
    }

    /// Appends a quoted word.
    #[must_use]
    pub fn arg(mut self, word: &str) -> Self {
        self.words.push(quoted(word));
        self
    }

    /// Appends a placeholder that the user fills in.
    #[must_use]
    pub fn placeholder(mut self, name: &str) -> Self {
        self.words.push(name.to_owned());
        self
    }

    /// Appends an option with a value; a value with a leading hyphen is joined with `=`.
    #[must_use]
    pub fn option(mut self, option: &str, value: &str) -> Self {
        if value.starts_with('-') {
            self.words.push(quoted(&format!("{option}={value}")));
        } else {
            self.words.push(option.to_owned());
            self.words.push(quoted(value));
        }
        self
    }

    /// Appends an option without a value.
    #[must_use]
    pub fn flag(self, option: &str) -> Self {
        self.placeholder(option)
    }
}

impl std::fmt::Display for CommandLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

/// Quotes a word for a shell; drops NUL characters, which no shell accepts.
fn quoted(word: &str) -> String {
    let word = word.replace('\0', "");
    let quoted = shlex::try_quote(&word).map(std::borrow::Cow::into_owned);
    quoted.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_parses_any_text_back() {
        proptest::proptest!(|(name in "[^\\x00]*", server in "[^\\x00]*")| {
            let called_with = ["--server".to_owned(), server.clone()];
            let line = CommandLine::new(&called_with, "connections create").option("--name", &name);
            let words = shlex::split(&line.to_string()).unwrap();
            assert_eq!(&words[..5], ["umai", "--server", &server, "connections", "create"]);
            let given = if name.starts_with('-') {
                words[5].strip_prefix("--name=").unwrap()
            } else {
                &words[6]
            };
            assert_eq!(given, name);
        });
    }

    #[test]
    fn only_words_that_need_it_are_quoted() {
        let line = CommandLine::new(&[], "connections create").option("--set", "apiKey=$A:B");
        assert_eq!(
            line.arg("a-1").to_string(),
            "umai connections create --set 'apiKey=$A:B' a-1"
        );
    }
}
