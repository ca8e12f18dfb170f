//! Words of each shell.

use proptest::prelude::*;
use rstest::rstest;

use super::{PastedShell, ShellToken, UnclosedQuote, commands};

fn words(shell: PastedShell, text: &str) -> Result<Vec<Vec<String>>, UnclosedQuote> {
    let commands = commands(shell.tokenize(text)?).into_iter();
    Ok(commands
        .map(|command| command.words.iter().map(|word| word.to_string()).collect())
        .collect())
}

#[rstest]
#[case("a 'b c' \"d e\"", &["a", "b c", "d e"])]
#[case("a\\ b 'it'\\''s'", &["a b", "it's"])]
#[case("\"\\\"\\$\\x\"", &["\"$\\x"])]
#[case("$'it\\'s\\n\\x41\\u00e9\\101'", &["it's\nAéA"])]
#[case("a \\\n b", &["a", "b"])]
#[case("a \\  \n b", &["a", "b"])]
#[case("a # b", &["a"])]
#[case("a#b", &["a#b"])]
#[case("a > out 2>&1", &["a"])]
#[case("http://h/?a=1&b=2", &["http://h/?a=1&b=2"])]
#[case("x:<your-key>", &["x:<your-key>"])]
#[case("a ''", &["a", ""])]
fn posix_words(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(words(PastedShell::Posix, text).unwrap(), [expected]);
}

#[test]
fn look_ahead_is_bounded() {
    let long = "a".repeat(200);
    let placeholder = format!("x:<{long}> b");
    assert_eq!(words(PastedShell::Posix, &placeholder).unwrap(), [["x:"]]);
    let variable = format!("${long}{long}=b");
    assert_eq!(
        words(PastedShell::PowerShell, &variable).unwrap(),
        [[variable]]
    );
    assert_eq!(
        words(PastedShell::PowerShell, "$a = b").unwrap(),
        [["$a=b"]]
    );
}

#[rstest]
#[case("a ^\"b c^\" d", &["a", "b c", "d"])]
#[case("a \"b^c\"", &["a", "b^c"])]
#[case("a ^\n b", &["a", "b"])]
#[case("a \"b \\\"c\\\"\"", &["a", "b \"c\""])]
#[case("a \"b\\\\\"", &["a", "b\\"])]
#[case("a ^\"^{^\\^\"k^\\^\": 1^}^\"", &["a", "{\"k\": 1}"])]
#[case("C:\\x\\y a", &["C:\\x\\y", "a"])]
fn cmd_words(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(words(PastedShell::Cmd, text).unwrap(), [expected]);
}

#[rstest]
#[case("a 'it''s' \"b `\"c`\" d\"", &["a", "it's", "b \"c\" d"])]
#[case("a `\n b", &["a", "b"])]
#[case("a ('b' + $c)", &["a", "('b' + $c)"])]
#[case("a @'\nline 'one'\n'@", &["a", "line 'one'"])]
#[case("$env:A = 'b'", &["$env:A=b"])]
fn powershell_words(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(words(PastedShell::PowerShell, text).unwrap(), [expected]);
}

#[rstest]
fn unclosed_quote_is_an_error(
    #[values(PastedShell::Posix, PastedShell::Cmd, PastedShell::PowerShell)] shell: PastedShell,
    #[values("a \"b", "a \"b\" \"")] text: &str,
) {
    assert_eq!(words(shell, text), Err(UnclosedQuote));
}

#[test]
fn commands_end_at_operators() {
    let found = words(PastedShell::Posix, "a b; c && d | e\nf").unwrap();
    assert_eq!(
        found,
        [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]]
    );
}

proptest! {
    #[test]
    fn any_text_is_split_without_growing(text in "[a-c '\"\\\\$^`%\n&|><(){}@=#]{0,60}") {
        for shell in [PastedShell::Posix, PastedShell::Cmd, PastedShell::PowerShell] {
            let Ok(tokens) = shell.tokenize(&text) else { continue };
            let length: usize = tokens
                .iter()
                .map(|token| match token {
                    ShellToken::Word(word) => word.chars().count(),
                    ShellToken::Pipe | ShellToken::End => 0,
                })
                .sum();
            prop_assert!(length <= text.chars().count());
        }
    }
}
