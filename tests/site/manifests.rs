//! Exports hold no secret, and applying one changes nothing.

use rstest::rstest;

use crate::fixture::{MODES, Mode, PLANTED};
use crate::home::Home;
use crate::stand_in::StandIn;

#[rstest]
#[case("json")]
#[case("yaml")]
fn applied_export_changes_nothing(#[case] format: &str) {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let before = site.all();
        let exported = site.umai(&home, &["connections", "export", "--format", format]);
        assert_eq!(exported.code, 0, "{exported:?}");
        assert!(!exported.output().contains(PLANTED), "{exported:?}");
        let verb = ["connections", "apply", "-f", "-", "--yes"];
        // A connection of an uninstalled provider cannot be applied; the others can.
        let answer = if mode == Mode::Extra {
            let verb = ["connections", "export", "acme", "openai-prod", "pascal"];
            let some = site.umai(&home, &[&verb[..], &["--format", format]].concat());
            site.pipe(
                &home,
                &["connections", "apply", "-f", "-", "--yes"],
                &some.out,
            )
        } else {
            site.pipe(&home, &verb, &exported.out)
        };
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(site.all(), before);
        assert!(site.writes().is_empty());
        site.assert_unharmed();
    }
}

#[test]
fn blank_in_a_manifest_keeps_the_stored_secret() {
    let document = "\
connections:
- alias: pascal
  name: Renamed
  providerId: openai
  settings:
    apiKey: ''
    legacyToken: ''
";
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let before = site.get("pascal");
    let verb = ["connections", "apply", "-f", "-", "--yes"];
    let answer = site.pipe(&home, &verb, document);
    assert_eq!(answer.code, 0, "{answer:?}");
    let after = site.get("pascal");
    assert_eq!(after.name, "Renamed");
    assert_eq!(after.settings, before.settings);
    site.assert_unharmed();
}

#[test]
fn pruning_says_that_it_deletes_permanently() {
    let document = "connections:\n- alias: bare\n  name: Bare\n  providerId: openai\n";
    for arguments in [&["--dry-run"][..], &["--yes"]] {
        let (site, home) = (StandIn::new(Mode::Stock), Home::new());
        let verb = ["connections", "apply", "-f", "-", "--prune"];
        let answer = site.pipe(&home, &[&verb[..], arguments].concat(), document);
        assert_eq!(answer.code, 0, "{answer:?}");
        let warning = "Deletes permanently: this server keeps no trash (4 to delete)";
        assert!(answer.err.contains(warning), "{answer:?}");
        let left = if arguments == ["--yes"] { 1 } else { 5 };
        assert_eq!(site.all().len(), left);
    }
}

#[test]
fn deploy_artifacts_leave_a_site_without_secrets_and_arrive_with_a_new_id() {
    let folder = ["--format", "uda", "--output-folder", "rev"];
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let refused = site.umai(&home, &[&["connections", "export"], &folder[..]].concat());
        assert_eq!(refused.code, 4, "{refused:?}");
        assert!(
            refused.err.contains("replace it with $Section:Key"),
            "{refused:?}"
        );
        assert!(!refused.output().contains(PLANTED), "{refused:?}");
        assert!(!home.path("rev").exists());

        let guid = "9e558d6b11da59708af1a77449892529";
        let artifact = format!(
            r#"{{"Name":"New","Alias":"new","ProviderId":"openai","Settings":{{"apiKey":"$OpenAI:ApiKey"}},"Udi":"umb://umbraco-ai-connection/{guid}"}}"#
        );
        home.write("in/new.uda", artifact);
        let done = site.umai(&home, &["connections", "import", "in"]);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.err.contains("this server chooses the IDs"), "{done:?}");
        let id = site.get("new").id.simple().to_string();
        assert_ne!(id, guid);
        let one = ["connections", "export", "new"];
        let done = site.umai(&home, &[&one, &folder[..]].concat());
        assert_eq!(done.code, 0, "{done:?}");
        let name = format!("rev/umbraco-ai-connection__{id}.uda");
        let text = std::fs::read_to_string(home.path(&name)).unwrap();
        assert!(text.contains(r#""apiKey": "$OpenAI:ApiKey""#), "{text}");
        site.assert_unharmed();
    }
}
