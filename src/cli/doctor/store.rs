//! Looks at the store and its key from outside: nothing is opened, nothing changed.

use super::super::exit::Exit;
use super::backups;
use super::finding::Findings;
use crate::config::Config;
use crate::store::StoreOptions;
use crate::store::survey::{Contents, Holder, KeyState, Sizes, Survey, survey};

/// What to do about a key that nobody finds.
const LOST: &str =
    "if it is lost, umai key new --forget-secrets makes another one, and secrets are typed again";

/// With less room than this, a start may not find enough.
const LITTLE: u64 = 64 * 1024 * 1024;

pub(super) fn look(config: &Config, findings: &mut Findings) {
    let options = StoreOptions {
        data: config.data.clone(),
        config: config.config.clone(),
        key_file: config.key_file.clone(),
    };
    let survey = survey(&options);
    let is_there = !matches!(survey.contents, Ok(None));
    key(config, &survey.key, is_there, findings);
    contents(&survey, config, findings);
    damage(&survey, findings);
    backups::look(&survey, is_there, findings);
    holder(&survey.holder, findings);
    sizes(&survey.sizes, findings);
    if let Some(missing) = &survey.missing {
        findings.warning("store", missing.clone(), None);
    }
    if let Some(free) = survey.free.filter(|free| *free < LITTLE) {
        findings.warning(
            "store",
            format!("only {} are free on its disk", bytes(free)),
            Some("make room: a full disk keeps everything from being saved".into()),
        );
    }
}

/// Damage that costs nothing as long as it stays alone; what costs something is told with the contents.
fn damage(survey: &Survey, findings: &mut Findings) {
    let is_sound = matches!(&survey.contents, Ok(Some(contents)) if contents.is_sound);
    let (found, why) = match &survey.damage {
        Ok(found) if is_sound => (found.as_slice(), None),
        Ok(_) => return,
        Err(why) => (&[][..], Some(why)),
    };
    for sentence in found {
        findings.warning(
            "store",
            format!("{sentence}; nothing is lost by it alone"),
            Some("umai backup create keeps what there is in one file; look after the disk".into()),
        );
    }
    if let Some(why) = why {
        findings.warning("store", why.clone(), None);
    }
}

/// Where the key was looked for.
fn source(config: &Config) -> &'static str {
    if config.key_file.is_some() {
        "named with --key-file, UMAI_KEY_FILE or a target"
    } else if config.has_credential() {
        "from the service manager"
    } else {
        "in the config folder"
    }
}

fn key(config: &Config, state: &KeyState, is_there: bool, findings: &mut Findings) {
    let source = source(config);
    match state {
        KeyState::Fits(path) => {
            let says = format!("{}, {source}; it fits the store", path.display());
            findings.ok("key", says);
        }
        KeyState::Untried(path) => {
            let says = format!(
                "{}, {source}; there is no store to try it on",
                path.display()
            );
            findings.ok("key", says);
        }
        KeyState::Missing(path) if is_there => findings.problem(
            "key",
            format!(
                "the key that sealed the secrets is not in {}",
                path.display()
            ),
            Some(format!(
                "put the key file back from your backup, or name it with --key-file; {LOST}"
            )),
            Exit::Store,
        ),
        KeyState::Missing(path) => findings.ok(
            "key",
            format!("none yet; the first start makes {}", path.display()),
        ),
        KeyState::Foreign(path) => findings.problem(
            "key",
            format!(
                "{}, {source}, is not the key that sealed the secrets of this store",
                path.display()
            ),
            Some(format!(
                "put the right key file back, or name it with --key-file; {LOST}"
            )),
            Exit::Store,
        ),
        KeyState::Locked(path) => findings.ok(
            "key",
            format!(
                "{}, {source}, behind a passphrase; whether it fits the store shows with it",
                path.display()
            ),
        ),
        KeyState::Unread(why) => {
            findings.problem("key", why.clone(), None, Exit::Store);
        }
    }
    if let Some(exposed) = config.exposed_key() {
        findings.warning("key", exposed, None);
    }
}

fn contents(survey: &Survey, config: &Config, findings: &mut Findings) {
    let shown = config.data.display();
    match &survey.contents {
        _ if let Some(why) = &survey.forbidden => {
            findings.problem("store", why.clone(), None, Exit::Store);
        }
        Ok(None) if let Some(count) = backups(survey) => findings.problem(
            "store",
            format!("there is none in {shown}, and there are backups of one: {count}"),
            Some("umai backup restore --newest brings the newest back; or take another folder with --data".into()),
            Exit::Store,
        ),
        Ok(None) => findings.ok("store", format!("none yet in {shown}; the first start makes it")),
        Ok(Some(contents)) if contents.is_sound => {
            findings.ok("store", format!("{}; every checksum is right", words(contents)));
        }
        Ok(Some(contents)) => findings.warning(
            "store",
            format!(
                "its journal is not whole; of what can be read, there are {}",
                words(contents)
            ),
            Some(format!(
                "copy {shown} away first; the next start makes of it what can be made, and says what is missing. umai backup restore brings a backup back"
            )),
        ),
        Err(why) => findings.problem(
            "store",
            why.clone(),
            Some(format!(
                "umai backup restore --newest, which keeps what is in {shown} aside; or take another folder with --data"
            )),
            Exit::Store,
        ),
    }
}

/// How many backups there are, where there are any.
fn backups(survey: &Survey) -> Option<usize> {
    let found = survey.backups.as_ref().ok()?;
    let whole = found.iter().filter(|backup| backup.label.is_ok()).count();
    (whole > 0).then_some(whole)
}

fn words(contents: &Contents) -> String {
    let count = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    format!(
        "{}, {} in the trash, {}, {}",
        count(contents.connections, "connection"),
        contents.in_trash,
        count(contents.versions, "version"),
        count(
            usize::try_from(contents.revision).unwrap_or(usize::MAX),
            "change"
        )
    )
}

fn holder(holder: &Holder, findings: &mut Findings) {
    match holder {
        Holder::Nobody => {}
        Holder::Process(process) => findings.ok(
            "store",
            format!("open in process {process}, which answers every other umai"),
        ),
        Holder::Stopped(process) => findings.problem(
            "store",
            format!("open in process {process}, which is stopped and answers nobody"),
            Some(format!("fg in its terminal, or kill -CONT {process}")),
            Exit::Store,
        ),
        Holder::Unknown => findings.ok(
            "store",
            "whether a process has it open is not told by this system",
        ),
    }
}

fn sizes(sizes: &Sizes, findings: &mut Findings) {
    let Sizes {
        journal,
        snapshots,
        view,
        damaged,
    } = *sizes;
    if journal + snapshots + view + damaged == 0 {
        return;
    }
    findings.ok(
        "store",
        format!(
            "journal {}, snapshots {}, database {}",
            bytes(journal),
            bytes(snapshots),
            bytes(view)
        ),
    );
    if damaged > 0 {
        findings.warning(
            "store",
            format!(
                "{} are in damaged/: what an earlier start set aside",
                bytes(damaged)
            ),
            Some("when nothing is missing, that folder may go".into()),
        );
    }
}

/// A number of bytes as people read it.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let mut left = count;
    let mut unit = 0;
    while left >= 10 * 1024 && unit + 1 < UNITS.len() {
        left /= 1024;
        unit += 1;
    }
    format!("{left} {}", UNITS[unit])
}
