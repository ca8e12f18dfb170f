//! Tests of the text input.

use super::*;

fn press(line: &mut TextInput, names: &[&str]) {
    for name in names {
        line.edit(KeyPress::read(name).unwrap());
    }
}

#[test]
fn words_are_cut_and_pasted() {
    let mut line = TextInput::text("one two");
    press(&mut line, &["ctrl-w", "home", "ctrl-y"]);
    assert_eq!(line.value(), "twoone ");
}

#[test]
fn undo_returns_to_the_text_before_each_edit() {
    let mut line = TextInput::text("");
    press(
        &mut line,
        &["o", "n", "e", "space", "t", "w", "o", "ctrl-w"],
    );
    assert_eq!(line.value(), "one ");
    for want in ["one two", "one", ""] {
        press(&mut line, &["alt-z"]);
        assert_eq!(line.value(), want);
    }
    press(&mut line, &["ctrl-7"]);
    assert_eq!(line.value(), "", "nothing is left");
    line.set("replaced");
    press(&mut line, &["ctrl-_"]);
    assert_eq!(line.value(), "");
}

#[test]
fn secret_keeps_no_earlier_text() {
    let mut line = TextInput::secret();
    press(&mut line, &["s", "k", "ctrl-w", "alt-z"]);
    assert_eq!(line.value(), "");
    assert!(line.earlier.is_empty());
}

#[test]
fn secret_is_deleted_completely_and_not_pasted_again() {
    let mut line = TextInput::secret();
    line.paste("sk-one two");
    press(&mut line, &["ctrl-w", "ctrl-y"]);
    assert_eq!(line.value(), "");
    press(&mut line, &["a", "ctrl-y"]);
    assert_eq!(line.value(), "a");
}

#[test]
fn hidden_text_never_becomes_a_visible_reference() {
    for typed in ["sk-one", "$$one", " a$one"] {
        let mut line = TextInput::secret();
        line.paste(typed);
        let before = line.value().to_owned();
        press(&mut line, &["home", "$"]);
        if is_name(&format!("${before}")) {
            assert_eq!(line.value(), before);
            assert!(line.has_blocked_reveal());
        }
        press(&mut line, &["home", "delete", "home", "delete"]);
        assert!(!is_name(line.value()), "{}", line.value());
        press(&mut line, &["home"]);
        assert_eq!(line.paste("$A:B"), PasteOutcome::WouldReveal);
        line.type_text("$x");
        assert!(!is_name(line.value()), "{}", line.value());
        press(&mut line, &["ctrl-w", "$", "A"]);
        assert_eq!(line.value(), "$A");
        assert!(!line.has_blocked_reveal());
    }
    let mut name = TextInput::secret();
    press(
        &mut name,
        &["$", "$", "backspace", "A", "home", "delete", "$"],
    );
    assert_eq!(name.value(), "$A", "visible text stays editable");
    press(&mut name, &["home", "delete", "x", "home", "$"]);
    assert_eq!(name.value(), "xA");
}

#[test]
fn paste_becomes_one_line_at_the_cursor() {
    let mut line = TextInput::text("ab");
    press(&mut line, &["left"]);
    assert_eq!(line.paste(" one\r\ntwo \n"), PasteOutcome::Trimmed);
    assert_eq!(line.around_cursor(), ("aone two", "b"));
}

#[test]
fn pasted_secret_is_one_line() {
    let mut line = TextInput::secret();
    assert_eq!(line.paste("sk-1\nsk-2\n"), PasteOutcome::SeveralLines);
    assert_eq!(line.value(), "");
    assert_eq!(line.paste(" sk-1\t2\r\n"), PasteOutcome::Trimmed);
    assert_eq!(line.value(), "sk-12");
}

#[test]
fn too_long_paste_changes_nothing() {
    let mut line = TextInput::text("ab");
    assert_eq!(line.paste(&"x".repeat(LONGEST)), PasteOutcome::TooLong);
    assert_eq!(line.value(), "ab");
}

#[test]
fn typing_at_once_equals_typing_key_by_key() {
    for make in [|| TextInput::text("ab"), TextInput::secret] {
        let (mut one, mut other) = (make(), make());
        press(&mut one, &["left"]);
        press(&mut other, &["left", "c", "é", "d"]);
        assert!(one.type_text("céd"));
        assert_eq!(one.around_cursor(), other.around_cursor());
    }
    let mut full = TextInput::text(&"x".repeat(LONGEST - 1));
    assert!(!full.type_text("é"));
    assert!(full.type_text("yz"));
    assert_eq!(full.value().len(), LONGEST);
}

#[test]
fn long_secret_can_be_extended() {
    let mut line = TextInput::secret();
    line.paste(&"é".repeat(2_000));
    press(&mut line, &["a", "left", "b"]);
    assert!(line.value().ends_with("éba"));
}

#[test]
fn debug_hides_the_text() {
    assert_eq!(format!("{:?}", TextInput::text("planted")), "Line(…)");
}
