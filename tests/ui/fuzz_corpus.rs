//! Runs the seeds of the fuzz targets and all recorded findings through the properties of the targets. See `docs/fuzzing.md`.

#[path = "../../fuzz/properties/all.rs"]
mod properties;

use std::path::{Path, PathBuf};

use properties::TARGETS;
use rstest::rstest;

/// Size limit of a seed in bytes, as for the inputs of a run.
const LARGEST: usize = 4 * 1024;

/// Files that a run adds are named by their hash and are not seeds.
const HASH: usize = 40;

fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_seed = |path: &PathBuf| path.file_name().unwrap().len() != HASH;
    let mut seeds: Vec<PathBuf> = paths.filter(is_seed).collect();
    seeds.sort();
    seeds
}

#[rstest]
#[case::request_bodies("request_bodies")]
#[case::appsettings("appsettings")]
#[case::references("references")]
#[case::records("records")]
#[case::user_files("user_files")]
#[case::imports("imports")]
#[case::display_text("display_text")]
#[case::key_sequences("key_sequences")]
fn target_properties_hold_for_its_seeds(#[case] target: &str) {
    let (_, holds) = TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in seeds {
        let input = std::fs::read(&seed).unwrap();
        assert!(input.len() <= LARGEST, "{} is too large", seed.display());
        let held = std::panic::catch_unwind(|| holds(&input));
        assert!(held.is_ok(), "{}", seed.display());
    }
}

#[test]
fn every_target_has_a_command_and_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fuzzing.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (name, _) in TARGETS {
        assert!(root.join(format!("targets/{name}.rs")).is_file(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(
            page.contains(&format!("cargo +nightly fuzz run {name} ")),
            "{name}"
        );
    }
}
