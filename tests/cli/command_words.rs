//! Commands that users of gh and kubectl try first: each works, or the error names the right command.

use rstest::rstest;

use crate::home::Home;

#[rstest]
#[case::help(&["help"], "Usage: umai")]
#[case::help_command(&["help", "connections", "create"], "--secret-stdin")]
#[case::short_help(&["-h"], "umai connections list prod")]
#[case::version(&["--version"], "umai ")]
#[case::ls(&["connections", "ls"], "openai-prod")]
#[case::list(&["connections", "list"], "openai-prod")]
#[case::show(&["connections", "show", "openai-prod"], "OpenAI Production")]
#[case::get(&["connections", "get", "openai-prod"], "OpenAI Production")]
#[case::describe(&["connections", "describe", "openai-prod"], "OpenAI Production")]
#[case::rm(&["connections", "rm", "openai-prod", "--yes"], "Deleted OpenAI Production")]
#[case::delete(&["connections", "delete", "openai-prod", "--yes"], "Deleted OpenAI Production")]
#[case::create(&["connections", "create", "--name", "A", "--provider", "openai", "--set", "apiKey=$A:B", "--dry-run"], "Would create")]
#[case::new(&["connections", "new", "--name", "A", "--provider", "openai", "--set", "apiKey=$A:B", "--dry-run"], "Would create")]
#[case::apply(&["connections", "apply", "-f", "all.json"], "")]
#[case::export(&["connections", "export"], "openai-prod")]
#[case::json(&["connections", "list", "-o", "json"], "\"alias\": \"openai-prod\"")]
#[case::yaml(&["connections", "list", "--output", "yaml"], "alias: openai-prod")]
#[case::options(&["options"], "--key-file")]
fn usual_command_works(#[case] arguments: &[&str], #[case] shown: &str) {
    let home = Home::documented();
    let all = home.run(&["connections", "export"]);
    home.write("all.json", &all.out);
    home.write("appsettings.json", r#"{"A":{"B":"x"}}"#);
    let answer = home.run(arguments);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains(shown), "{answer:?}");
}

#[rstest]
#[case::group(&["backup"], "error: umai backup needs a command\n")]
#[case::inner_group(&["connections"], "error: umai connections needs a command\n")]
#[case::program_without_separator(&["run", "openai-prod", "ls"], "follows -- after the connection")]
fn incomplete_command_says_what_is_missing(#[case] arguments: &[&str], #[case] message: &str) {
    let home = Home::documented();
    let answer = home.run(arguments);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{answer:?}");
    assert!(answer.err.contains(message), "{answer:?}");
}

#[rstest]
#[case::ls(&["ls"], "umai connections list")]
#[case::list(&["list"], "umai connections list")]
#[case::show(&["show", "openai-prod"], "umai connections get")]
#[case::get(&["get", "openai-prod"], "umai connections get")]
#[case::describe(&["describe", "openai-prod"], "umai connections get")]
#[case::rm(&["rm", "openai-prod"], "umai connections delete")]
#[case::delete(&["delete", "openai-prod"], "umai connections delete")]
#[case::edit(&["edit", "openai-prod"], "umai connections edit")]
#[case::create(&["create"], "umai connections create")]
#[case::new(&["new"], "umai connections create")]
#[case::apply(&["apply", "-f", "all.json"], "umai connections apply")]
#[case::export(&["export"], "umai connections export")]
#[case::config(&["config"], "umai doctor or umai targets")]
#[case::toggle(&["connections", "toggle"], "umai connections activate or umai connections deactivate")]
#[case::mistyped(&["conections"], "umai connections")]
#[case::mistyped_inside(&["connections", "lisst"], "umai connections list")]
#[case::help_of_unknown(&["help", "ls"], "umai connections list")]
#[case::option(&["connections", "list", "--provder", "x"], "--provider")]
fn unusual_command_is_suggested(#[case] arguments: &[&str], #[case] meant: &str) {
    let home = Home::new();
    let answer = home.run(arguments);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.starts_with("error: "), "{answer:?}");
    let suggested = format!("(did you mean {meant}?)");
    assert!(answer.err.contains(&suggested), "{answer:?}");
    assert!(!home.path(".local").exists(), "nothing is created");
}

#[test]
fn login_is_a_command() {
    let answer = Home::new().run(&["login"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("Usage: umai login"), "{answer:?}");
}

#[test]
fn errors_begin_with_error_and_name_options() {
    let home = Home::new();
    let create = home.run(&[
        "connections",
        "create",
        "--name",
        "A",
        "--provider",
        "openai",
    ]);
    assert_eq!(create.code, 4, "{create:?}");
    assert_eq!(
        create.err,
        "error: OpenAI API Key is required: add --secret-stdin apiKey, --secret-file apiKey=PATH, or a reference: --set 'apiKey=$Section:Key'\n\
         To create the connection without its settings, add --allow-incomplete\n"
    );
    let unknown = home.run(&[
        "connections",
        "create",
        "--name",
        "A",
        "--provider",
        "openai",
        "--set",
        "regin=x",
        "--set",
        "apiKey=$A",
    ]);
    let why =
        "error: Invalid settings for provider 'openai': unknown setting 'regin'; known settings: ";
    assert!(unknown.err.starts_with(why), "{unknown:?}");
    let missing = home.run(&["connections", "get", "none"]);
    assert_eq!(missing.err, "error: Connection 'none' not found\n");
}

#[test]
fn incomplete_connection_is_created_on_request() {
    let home = Home::new();
    let create = [
        "connections",
        "create",
        "--name",
        "A",
        "--provider",
        "openai",
        "--allow-incomplete",
    ];
    let created = home.run(&create);
    assert_eq!(created.code, 0, "{created:?}");
    assert!(created.err.contains("has no settings yet"), "{created:?}");
    let quiet = [&create[..], &["--alias", "b", "-q"]].concat();
    assert_eq!(home.run(&quiet).err, "");
}

#[test]
fn quiet_silences_notes_about_the_input() {
    let home = Home::new();
    let create = [
        "connections",
        "create",
        "--name",
        "A",
        "--provider",
        "openai",
        "--secret-stdin",
        "apiKey",
    ];
    let loud = home.pipe(
        &[&create[..], &["--alias", "b"]].concat(),
        "sk-planted-0123\n",
    );
    assert!(loud.err.contains("Removed the line end"), "{loud:?}");
    let quiet = home.pipe(&[&create[..], &["-q"]].concat(), "sk-planted-0123\n");
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
}

#[test]
fn colors_are_written_on_request_only() {
    let home = Home::documented();
    assert!(!home.run(&["connections", "list"]).out.contains('\u{1b}'));
    let colored = home.run(&["connections", "list", "--color", "always"]);
    assert!(colored.out.starts_with("\u{1b}[1mNAME"), "{colored:?}");
    let error = home.run(&["connections", "get", "none", "--color", "always"]);
    assert!(
        error.err.starts_with("\u{1b}[1;31merror:\u{1b}[0m"),
        "{error:?}"
    );
}

#[rstest]
#[case::none(&["key", "rotate", "--yes"], "umai key rotate asks for no confirmation; leave it out")]
#[case::value_like_a_command(&["--target", "backup", "key", "rotate", "--yes"], "umai key rotate asks for no confirmation")]
#[case::with_help(&["--yes", "connections", "delete", "a", "--help"], "--yes belongs to umai connections delete")]
#[case::before_the_command(&["--yes", "connections", "delete", "a"], "--yes belongs to umai connections delete: write it after the command")]
fn confirmation_of_another_command_is_explained(#[case] arguments: &[&str], #[case] hint: &str) {
    let answer = Home::new().run(arguments);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains(hint), "{answer:?}");
}
