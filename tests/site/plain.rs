//! Plain mode with an Umbraco site.

use crate::fixture::{MODES, Mode, PLANTED};
use crate::home::Home;
use crate::stand_in::StandIn;

fn talk(site: &StandIn, home: &Home, lines: &str) -> String {
    let answer = site.pipe(home, &["--plain"], lines);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.output().contains(PLANTED), "{answer:?}");
    site.assert_unharmed();
    answer.output()
}

#[test]
fn deletion_is_permanent_and_offers_no_undo() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let output = talk(
        &site,
        &home,
        "/resting\ndelete\nDelete\nundo\ntrash\nquit\n",
    );
    assert!(
        output.contains("Deletes permanently: this server keeps no trash"),
        "{output}"
    );
    assert!(
        output.contains("was deleted permanently: this server has no trash"),
        "{output}"
    );
    assert!(output.contains("This server has no trash"), "{output}");
    assert!(site.find("resting").is_none());
}

#[test]
fn tour_of_the_app_leaks_nothing_and_changes_only_the_status() {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let before = site.all();
        let tour = "\
            /pascal\nedit\n:back\nhistory\nsettings\ntoggle\nundo\nmodels\nback\ntest\nback\ncopy\njson\n\
            duplicate\n:back\nexport\nback\nquit\n";
        let output = talk(&site, &home, tour);
        if mode == Mode::Masking {
            assert!(output.contains("shows only a mask of"), "{output}");
            assert!(site.writes().iter().all(|one| one.method != "PUT"));
        }
        let settings = |all: &[crate::fixture::Stored]| -> Vec<Option<String>> {
            all.iter().map(|one| one.settings.clone()).collect()
        };
        assert_eq!(settings(&site.all()), settings(&before));
        let files = home.files_with(PLANTED);
        assert!(files.is_empty(), "{files:?}");
    }
}
