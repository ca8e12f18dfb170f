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
