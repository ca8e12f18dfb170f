//! Tests of storing, finding and discarding drafts.

use std::os::unix::fs::PermissionsExt;

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn place(&self) -> DraftsLocation {
        DraftsLocation {
            folder: self.0.path().join("data/drafts"),
            target: "here".into(),
            config: self.0.path().join("config"),
            key_file: None,
            missing_key: WithoutKey::Create,
        }
    }

    fn drafts(&self) -> Drafts {
        Drafts::new(self.place())
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.place().folder).unwrap();
        let mut files: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

fn contents(found: Vec<StoredDraft>) -> Vec<Vec<u8>> {
    found
        .into_iter()
        .map(|draft| draft.content.unwrap().to_vec())
        .collect()
}

const ID: Uuid = Uuid::from_u128(7);

#[test]
fn draft_is_found_after_its_app_is_gone() {
    let home = Home::new();
    let mut editor = home.drafts();
    editor.store(ID, b"first").unwrap();
    editor.store(ID, b"second").unwrap();
    assert!(
        home.drafts().find().unwrap().is_empty(),
        "the draft is being edited"
    );
    drop(editor);
    let mut next = home.drafts();
    assert_eq!(contents(next.find().unwrap()), [b"second"]);
    assert!(
        home.drafts().find().unwrap().is_empty(),
        "the draft is already offered"
    );
    next.release(ID);
    assert_eq!(home.drafts().find().unwrap().len(), 1);
}

#[test]
fn found_draft_can_be_rewritten_and_discarded() {
    let home = Home::new();
    home.drafts().store(ID, b"before").unwrap();
    let mut next = home.drafts();
    assert_eq!(next.find().unwrap().len(), 1);
    next.store(ID, b"after").unwrap();
    drop(next);
    let mut last = home.drafts();
    assert_eq!(contents(last.find().unwrap()), [b"after"]);
    last.discard(ID).unwrap();
    assert_eq!(home.files(), Vec::<PathBuf>::new());
    assert!(home.drafts().find().unwrap().is_empty());
}

#[test]
fn draft_file_is_sealed_and_private() {
    let home = Home::new();
    home.drafts().store(ID, b"sk-planted").unwrap();
    let [draft, lock] = home.files().try_into().unwrap();
    let bytes = std::fs::read(&draft).unwrap();
    assert!(!bytes.windows(7).any(|part| part == b"planted"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&draft), mode(&lock)), (0o600, 0o600));
    assert_eq!(mode(&home.place().folder), 0o700);
}

#[test]
fn draft_is_bound_to_target_and_id() {
    let home = Home::new();
    home.drafts().store(ID, b"text").unwrap();
    let other = DraftsLocation {
        target: "https://elsewhere.example".into(),
        ..home.place()
    };
    let found = Drafts::new(other).find().unwrap().remove(0);
    assert!(found.content.unwrap_err().contains("another key"));
    let [draft, _] = home.files().try_into().unwrap();
    let moved = draft.with_file_name(format!("{}.draft", Uuid::from_u128(8)));
    std::fs::rename(&draft, moved).unwrap();
    let found = home.drafts().find().unwrap().remove(0);
    assert!(found.content.is_err());
}

#[test]
fn draft_with_lost_key_is_unreadable_but_discardable() {
    let home = Home::new();
    home.drafts().store(ID, b"text").unwrap();
    let key = home.place().config.join("umai.key");
    std::fs::remove_file(&key).unwrap();
    let why = home.drafts().find().unwrap().remove(0).content.unwrap_err();
    assert!(why.contains("restore the key file"), "{why}");
    assert!(!key.exists(), "opening creates no key");
    home.drafts().store(Uuid::from_u128(8), b"other").unwrap();
    let mut next = home.drafts();
    let found = next.find().unwrap();
    assert_eq!(
        found.iter().filter(|draft| draft.content.is_err()).count(),
        1
    );
    next.discard(ID).unwrap();
    drop(next);
    assert_eq!(contents(home.drafts().find().unwrap()), [b"other"]);
}

#[test]
fn refuse_policy_creates_no_key() {
    let home = Home::new();
    let place = DraftsLocation {
        missing_key: WithoutKey::Refuse,
        ..home.place()
    };
    let refused = Drafts::new(place).store(ID, b"text").unwrap_err();
    assert!(matches!(refused, DraftError::Key(_)), "{refused}");
    assert!(!home.place().config.exists());
}

#[test]
fn damaged_draft_is_reported() {
    let home = Home::new();
    home.drafts().store(ID, b"text").unwrap();
    let [draft, _] = home.files().try_into().unwrap();
    let intact = std::fs::read(&draft).unwrap();
    for length in [0, 7, 8, 20, intact.len() - 1] {
        std::fs::write(&draft, &intact[..length]).unwrap();
        assert!(
            home.drafts().find().unwrap()[0].content.is_err(),
            "{length}"
        );
    }
    let mut flipped = intact;
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(&draft, flipped).unwrap();
    assert!(home.drafts().find().unwrap()[0].content.is_err());
    std::fs::write(&draft, vec![0; MOST_BYTES * 2]).unwrap();
    let why = home.drafts().find().unwrap().remove(0).content.unwrap_err();
    assert!(why.contains("too large"), "{why}");
}

#[test]
fn drafts_are_limited_in_size_and_number() {
    let home = Home::new();
    let too_large = vec![0; MOST_BYTES + 1];
    let refused = home.drafts().store(ID, &too_large).unwrap_err();
    assert!(matches!(refused, DraftError::TooLarge));
    let mut editor = home.drafts();
    editor.store(Uuid::from_u128(1_000), b"editing").unwrap();
    for number in 0..MOST_DRAFTS as u128 + 3 {
        home.drafts()
            .store(Uuid::from_u128(number), b"text")
            .unwrap();
    }
    let found = home.drafts().find().unwrap();
    assert_eq!(found.len(), MOST_DRAFTS - 1, "plus the draft being edited");
    editor
        .store(Uuid::from_u128(1_000), b"still there")
        .unwrap();
    drop(editor);
    assert_eq!(home.drafts().find().unwrap().len(), MOST_DRAFTS);
}

#[test]
fn leftovers_of_a_crash_are_removed() {
    let home = Home::new();
    home.drafts().store(ID, b"whole").unwrap();
    let folder = home.place().folder;
    let half = folder.join(format!("{ID}.{ENDING}.tmp"));
    std::fs::write(&half, b"half").unwrap();
    let lock = folder.join(format!("{}.lock", Uuid::from_u128(9)));
    std::fs::write(&lock, b"").unwrap();
    assert_eq!(contents(home.drafts().find().unwrap()), [b"whole"]);
    assert!(!half.exists() && !lock.exists());
}
