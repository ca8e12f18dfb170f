//! Reads a command of `HTTPie`: `http POST https://… Authorization:'Bearer x' model=y`.

use zeroize::Zeroizing;

use super::program::ProgramStart;
use super::request::PastedRequest;
use super::url::PastedUrl;
use super::{PasteKind, PasteResult};
use crate::provider::{Provider, ProviderCatalog};

const KIND: PasteKind = PasteKind::Httpie;

/// Options with a value.
const WITH_VALUE: [&str; 28] = [
    "-a",
    "--auth",
    "-A",
    "--auth-type",
    "-o",
    "--output",
    "-s",
    "--style",
    "-p",
    "--print",
    "--pretty",
    "--session",
    "--session-read-only",
    "--proxy",
    "--timeout",
    "--max-redirects",
    "--max-headers",
    "--verify",
    "--ssl",
    "--cert",
    "--cert-key",
    "--cert-key-pass",
    "--ciphers",
    "--boundary",
    "--raw",
    "--response-charset",
    "--response-mime",
    "--default-scheme",
];

/// Reads a command; `None` for a text that is none.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    let start = find_call(text)?;
    let is_secure = text
        .split_whitespace()
        .any(|word| matches!(word, "https" | "xhs"));
    let Ok(script) = start.read() else {
        return Some(PasteResult::unreadable(
            KIND,
            "a quotation mark is not closed",
        ));
    };
    let mut request = PastedRequest {
        variables: script.variables,
        ..PastedRequest::default()
    };
    request.left_out = script.left_out;
    let mut auth = Auth::default();
    let mut words = script.words.into_iter();
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(Zeroizing::new(value.to_owned()))),
                None if WITH_VALUE.contains(&word.as_str()) => (word.as_str(), words.next()),
                None => (word.as_str(), None),
            };
            take_option(&mut request, &mut auth, (name, value));
        } else if request.address.is_empty() {
            take_address(&mut request, &word, is_secure);
        } else {
            take_item(&mut request, &word);
        }
    }
    match auth.value {
        Some(token) if auth.is_bearer => request.bearer = Some(("--auth", token)),
        Some(user) => request.user = Some(("--auth", user)),
        None => {}
    }
    Some(match request.connection(KIND, catalog, wanted) {
        Ok(connection) => PasteResult::Connection(connection),
        Err(reason) => PasteResult::unreadable(KIND, reason),
    })
}

/// Credentials of `--auth`.
#[derive(Default)]
struct Auth {
    value: Option<Zeroizing<String>>,
    is_bearer: bool,
}

fn take_option(
    request: &mut PastedRequest,
    auth: &mut Auth,
    (name, value): (&str, Option<Zeroizing<String>>),
) {
    match (name, value) {
        ("-a" | "--auth", value) => auth.value = value,
        ("-A" | "--auth-type", Some(value)) => auth.is_bearer = value.as_str() == "bearer",
        ("--cert" | "--cert-key" | "--cert-key-pass" | "--session" | "--session-read-only", _) => {
            request.left_out.credential(name);
        }
        ("--proxy" | "--verify" | "--timeout" | "--ssl", _) => request.left_out.other(name),
        _ => {}
    }
}

/// Finds a call with an address.
fn find_call(text: &str) -> Option<ProgramStart<'_>> {
    let start = ProgramStart::find(text, &["http", "https", "xh", "xhs"])?;
    let mut operands = start
        .arguments
        .split_whitespace()
        .filter(|word| !word.starts_with('-'));
    let has_address = operands
        .by_ref()
        .take(12)
        .any(|word| address(word.trim_matches(['"', '\''])).is_some());
    if !start.arguments.starts_with(char::is_whitespace) || !has_address {
        return None;
    }
    Some(start)
}

/// Takes the address; a method before it is ignored.
fn take_address(request: &mut PastedRequest, word: &str, is_secure: bool) {
    let method = word.bytes().all(|byte| byte.is_ascii_uppercase());
    match address(word) {
        Some(found) if !method => request.address = with_scheme(&found, is_secure),
        _ if method => {}
        _ => request
            .left_out
            .credential("an argument that is not an address"),
    }
}

/// `Name:value` is a header, `name==value` a parameter; what else there is belongs to the body.
fn take_item(request: &mut PastedRequest, item: &str) {
    let Some(at) = item.find([':', '=', '@']) else {
        return;
    };
    let (name, value) = item.split_at(at);
    if value.starts_with("==@") {
        request.left_out.credential("parameters in a file");
    } else if value.starts_with(":@") {
        request.left_out.credential("headers in a file");
    } else if let Some(value) = value.strip_prefix("==") {
        let separator = if request.address.contains('?') {
            '&'
        } else {
            '?'
        };
        request.address.push(separator);
        request.address.push_str(name);
        request.address.push('=');
        request.address.push_str(value);
    } else if value.starts_with(':') && !value.starts_with(":=") {
        request.add_header(item);
    }
}

/// An address as `HTTPie` takes it: `:3000/path` is on this machine.
fn address(word: &str) -> Option<Zeroizing<String>> {
    let is_port = word
        .strip_prefix(':')
        .is_some_and(|rest| rest.starts_with(|character: char| character.is_ascii_digit()));
    let whole = Zeroizing::new(if is_port {
        format!("localhost{word}")
    } else {
        word.to_owned()
    });
    PastedUrl::read(&whole).map(|_| whole)
}

fn with_scheme(address: &str, is_secure: bool) -> Zeroizing<String> {
    let is_local = ["localhost", "127.", "[::1]"]
        .iter()
        .any(|host| address.starts_with(host));
    Zeroizing::new(if is_secure && is_local {
        format!("https://{address}")
    } else {
        address.to_owned()
    })
}
