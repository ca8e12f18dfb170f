//! Secrets: rejects them in arguments, and reads them from stdin or files.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use zeroize::Zeroizing;

use super::exit::Failure;
use crate::appsettings::Reference;
use crate::atomic_file;
use crate::connection::{MaskedSecret, PlainSecret};
use crate::text::{key_like, secret_detector};

/// Maximum size of a secret in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// Returns the reason why arguments must not contain secrets, and the alternatives.
pub fn advice(key: Option<&str>) -> String {
    let key = key.unwrap_or("apiKey");
    format!(
        "every process on this machine can read arguments. Use --secret-stdin {key} or \
         --secret-file {key}=PATH, or a reference: --set '{key}=$Section:Key'"
    )
}

/// Options with a path or an ID as their value, which may look like a long token.
const PATHS: [&str; 25] = [
    "--data",
    "--config",
    "--key-file",
    "--appsettings",
    "--user-secrets",
    "--key-per-file",
    "--from-json",
    "--token-file",
    "--client-secret-file",
    "--ca-file",
    "--store-ca-file",
    "--store-cert-file",
    "--store-cert-key-file",
    "--store-password-file",
    "--cert",
    "--key",
    "--log",
    "--backup-folder",
    "--to",
    "--passphrase-file",
    "--new-passphrase-file",
    "--output-file",
    "--output-folder",
    "--file",
    "-f",
];

/// Option with a setting and a path as its value.
const KEY_AND_PATH: &str = "--secret-file";

/// Role of an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretRole {
    /// Any text; must not be a secret.
    Any,
    /// Path.
    Path,
    /// `KEY=PATH`.
    KeyAndPath,
    /// Name or alias: validation rejects a key there and names the field.
    Name,
}

impl SecretRole {
    /// Returns the role of the value of an option.
    fn for_value(option: &str) -> Self {
        if option == KEY_AND_PATH {
            Self::KeyAndPath
        } else if PATHS.contains(&option) {
            Self::Path
        } else if NAMES.contains(&option) {
            Self::Name
        } else {
            Self::Any
        }
    }
}

/// Options whose value is a name that validation checks.
const NAMES: [&str; 2] = ["--name", "--alias"];

/// Returns true if any argument contains text that looks like a secret. The command of `umai run` after `--` is not checked.
pub fn is_among(arguments: &[OsString]) -> bool {
    let is_run = arguments.iter().any(|argument| argument == "run");
    let end = arguments
        .iter()
        .position(|argument| is_run && argument == "--");
    let arguments = &arguments[..end.unwrap_or(arguments.len())];
    let mut role = SecretRole::Any;
    let is_validated = arguments.iter().any(|argument| argument == "connections");
    let role_of = |option: &str| match SecretRole::for_value(option) {
        SecretRole::Name if !is_validated => SecretRole::Any,
        role => role,
    };
    arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        let role = std::mem::replace(&mut role, role_of(&argument));
        if role != SecretRole::Any {
            return is_in_value(role, &argument);
        }
        match argument.split_once('=') {
            Some((option, value)) if role_of(option) != SecretRole::Any => {
                is_in_value(role_of(option), value)
            }
            _ => is_in_text(&argument),
        }
    })
}

fn is_in_value(role: SecretRole, value: &str) -> bool {
    match (role, value.split_once('=')) {
        (SecretRole::Name, _) => !key_like::has_key(value) && is_in_text(value),
        (SecretRole::KeyAndPath, Some((key, path))) => is_in_text(key) || is_no_path(path),
        (SecretRole::Path, _) => is_no_path(value),
        (SecretRole::Any | SecretRole::KeyAndPath, _) => is_in_text(value),
    }
}

fn is_in_text(text: &str) -> bool {
    text.split(|character: char| character == '=' || character == ',' || character.is_whitespace())
        .any(looks_like_one)
}

/// Returns true for text in place of a path that looks like a secret: the file does not exist, and no directory is named.
fn is_no_path(text: &str) -> bool {
    is_in_text(text) && !text.contains('/') && !Path::new(text).exists()
}

/// Returns true for text that looks like a plaintext secret.
pub fn looks_like_one(text: &str) -> bool {
    if Reference::read(text).is_some()
        || MaskedSecret::is_mask(text)
        || Uuid::try_parse(text).is_ok()
    {
        return false;
    }
    secret_detector::looks_like_secret(text)
}

/// Returns true for a name that is usual for secrets.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "key",
        "secret",
        "token",
        "password",
        "passwd",
        "credential",
        "bearer",
        "authorization",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// `KEY=PATH` of `--secret-file`.
#[derive(Debug, Clone)]
pub struct SecretFile {
    /// Setting.
    pub key: String,
    /// File with its value.
    pub path: PathBuf,
}

impl std::str::FromStr for SecretFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, path)) if !key.is_empty() && !path.is_empty() => Ok(Self {
                key: key.to_owned(),
                path: atomic_file::expand_home(Path::new(path))?,
            }),
            _ => Err("write it as KEY=PATH".into()),
        }
    }
}

/// Secret that was read from a source.
pub struct SecretArgument {
    /// Secret.
    pub secret: PlainSecret,
    /// True if a line end was removed.
    pub is_trimmed: bool,
}

/// Reads a secret from stdin.
pub fn from_stdin() -> Result<SecretArgument, Failure> {
    let stdin = unbuffered_stdin()
        .map_err(|error| Failure::Usage(format!("Cannot read the secret from stdin: {error}")))?;
    take(stdin, "stdin")
}

/// Returns stdin without the buffer of the standard library, which would keep an unwiped copy.
pub fn unbuffered_stdin() -> std::io::Result<File> {
    Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Reads a secret from a file.
///
/// The error does not repeat the path: it could be a secret entered by mistake.
pub fn from_file(SecretFile { key, path }: &SecretFile) -> Result<SecretArgument, Failure> {
    let name = format!("the file of --secret-file {key}=PATH");
    let file = File::open(path)
        .map_err(|error| Failure::Usage(format!("Cannot read the secret from {name}: {error}")))?;
    take(file, &name)
}

/// Size of the first buffer in bytes: most secrets are short.
const FIRST_BUFFER: usize = 1024;

/// Reads at most one byte more than a secret can have. Buffers that were too small are wiped.
fn read_wiped(mut source: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(FIRST_BUFFER));
    loop {
        let free = bytes.capacity().min(MAX_BYTES + 1) - bytes.len();
        // Not more than fits, because a buffer that grows leaves a copy.
        let mut part = source.by_ref().take(free as u64);
        if part.read_to_end(&mut bytes)? < free || bytes.len() > MAX_BYTES {
            return Ok(bytes);
        }
        let mut larger = Vec::with_capacity(2 * bytes.capacity());
        larger.extend_from_slice(&bytes);
        bytes = Zeroizing::new(larger);
    }
}

/// Reads a secret from a source; `name` describes the source in messages.
pub fn take(source: impl Read, name: &str) -> Result<SecretArgument, Failure> {
    let bytes = read_wiped(source)
        .map_err(|error| Failure::Usage(format!("Cannot read the secret from {name}: {error}")))?;
    if bytes.len() > MAX_BYTES {
        return Err(Failure::Usage(format!(
            "The content of {name} is larger than {} KiB, so it cannot be a secret",
            MAX_BYTES / 1024
        )));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Failure::Usage(format!(
            "The content of {name} is UTF-16 text; save it as UTF-8"
        )));
    }
    let unusable = |flaw: &str| {
        Failure::Usage(format!(
            "The content of {name} {flaw}, so it cannot be a secret"
        ))
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable("is not UTF-8 text"))?;
    if text.contains('\0') {
        return Err(unusable("has a zero byte"));
    }
    let secret = text
        .strip_suffix('\n')
        .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretArgument {
        secret: PlainSecret::new(secret),
        is_trimmed: secret.len() < text.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("sk-proj-abcdefghijklmnop", true)]
    #[case("AKIAIOSFODNN7EXAMPLEX", true)]
    #[case("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", true)]
    #[case("0123456789abcdef0123456789abcdefff", true)]
    #[case("org-5M8u0123456789abcdefWXYZ", false)]
    #[case("sk-***", false)]
    #[case("$OpenAI:ApiKey0123456789abcdef0123456789", false)]
    #[case("sk-production", false)]
    #[case("openai-production-eu-west-1-team-b-2026", false)]
    #[case("3fa85f64-5717-4562-b3fc-2c963f66afa6", false)]
    #[case("3fa85f6457174562b3fc2c963f66afa6", false)]
    #[case("/nix/store/4kzq0123456789abcdefghijklmnopqr-x", false)]
    #[case("Donaudampfschifffahrtsgesellschaft", false)]
    #[case("", false)]
    fn keys_are_distinguished_from_names(#[case] text: &str, #[case] is_secret: bool) {
        assert_eq!(looks_like_one(text), is_secret);
    }

    #[test]
    fn every_argument_but_paths_is_checked_for_secrets() {
        let among = |arguments: &[&str]| {
            is_among(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
        };
        let key = "sk-proj-abcdefghijklmnop";
        assert!(among(&["connections", key]));
        assert!(among(&["--set", &format!("apiKey={key}")]));
        assert!(among(&[&format!("--set=headers=X: Bearer {key}")]));
        assert!(among(&["--data", key]));
        assert!(among(&["--secret-file", &format!("{key}=file")]));
        assert!(among(&["run", key, "--", "make"]));
        assert!(!among(&["run", "openai", "--", "make", key]));
        for path in [format!("./{key}"), "Cargo.toml".into(), "new".into()] {
            assert!(!among(&["--data", &path, "--from-json", &path]));
            assert!(!among(&["--secret-file", &format!("apiKey={path}")]));
            assert!(!among(&[&format!("--secret-file=apiKey={path}")]));
        }
    }
}
