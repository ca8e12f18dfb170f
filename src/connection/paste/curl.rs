//! Reads a cURL command: the address tells the provider and the endpoint, a header or an option has the key.

mod options;

use zeroize::Zeroizing;

use super::program::ProgramStart;
use super::request::{LARGEST_EXPANDED, PastedRequest};
use super::url::PastedUrl;
use super::{PasteKind, PasteResult, powershell};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::secret_detector;
use options::OptionPurpose;

const KIND: PasteKind = PasteKind::Curl;

/// Reads a command; `None` for a text that does not begin like one.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    let start = ProgramStart::find(text, &["curl"])?;
    if !is_command(start.arguments) {
        return None;
    }
    if start.arguments.contains("@{") {
        return powershell::read(text, catalog, wanted);
    }
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
    let mut command = CurlArguments {
        request,
        address: None,
        data: Vec::new(),
        is_get: false,
        expanded_bytes: 0,
        words: script.words.into_iter(),
    };
    let result = command.read().and_then(|()| {
        command.take_data();
        let mut request = command.request;
        request.address = command.address.ok_or("it has no http or https address")?;
        request.connection(KIND, catalog, wanted)
    });
    Some(match result {
        Ok(connection) => PasteResult::Connection(connection),
        Err(reason) => PasteResult::unreadable(KIND, reason),
    })
}

/// Returns whether a text is a continuation line of a command: some terminals deliver a paste line by line.
pub(super) fn is_part(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_credential = matches!(
        first,
        "-H" | "--header" | "-u" | "--user" | "--oauth2-bearer" | "-b" | "--cookie"
    );
    is_credential && first.len() < text.len()
}

/// Tells a command from a name that begins with the word "curl": it has an option, an address or a quote.
fn is_command(arguments: &str) -> bool {
    arguments.split_whitespace().any(|word| {
        word.starts_with(['-', '–', '—'])
            || word.contains(['"', '\'', '\\', '^', '`', '“', '‘', '$', '%', '<'])
            || word.contains("://")
            || PastedUrl::read(word).is_some()
            || secret_detector::has_key_prefix(word)
    })
}

struct CurlArguments {
    request: PastedRequest,
    address: Option<Zeroizing<String>>,
    /// Data options and their values; they belong to the address with `--get`.
    data: Vec<(String, Zeroizing<String>)>,
    is_get: bool,
    /// Bytes of expanded arguments so far, to limit the work.
    expanded_bytes: usize,
    words: std::vec::IntoIter<Zeroizing<String>>,
}

impl CurlArguments {
    fn read(&mut self) -> Result<(), &'static str> {
        while let Some(word) = self.words.next() {
            let word = with_ascii_dashes(word);
            if word.as_str() == "--" {
                while let Some(word) = self.words.next() {
                    self.take_positional(word);
                }
            } else if matches!(word.as_str(), "--next" | "-:") {
                self.leave_out_next();
            } else if let Some(option) = word.strip_prefix("--") {
                self.take_long(option)?;
            } else if let Some(letters) = word.strip_prefix('-') {
                self.take_letters(letters)?;
            } else {
                self.take_positional(word);
            }
        }
        Ok(())
    }

    fn take_long(&mut self, option: &str) -> Result<(), &'static str> {
        if let Some(kind) = options::with_value(option) {
            let value = self.words.next().ok_or(NO_VALUE)?;
            self.take(option, kind, value);
            return Ok(());
        }
        if let Some((name, value)) = option.split_once('=') {
            let value = Zeroizing::new(value.to_owned());
            match options::with_value(name) {
                Some(kind) => self.take(name, kind, value),
                None => self.request.left_out.named(&format!("--{name}")),
            }
            return Ok(());
        }
        self.take_flag(option);
        Ok(())
    }

    /// Letters can be combined; the first that takes a value takes the rest of the word, or the next word.
    fn take_letters(&mut self, letters: &str) -> Result<(), &'static str> {
        for (at, letter) in letters.char_indices() {
            let Some(name) = options::from_letter(letter) else {
                match letter {
                    'G' => self.take_flag("get"),
                    'k' => self.take_flag("insecure"),
                    'n' => self.take_flag("netrc"),
                    ':' => self.leave_out_next(),
                    _ => {}
                }
                continue;
            };
            let Some(kind) = options::with_value(name) else {
                continue;
            };
            let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            let value = if rest.is_empty() {
                self.words.next().ok_or(NO_VALUE)?
            } else {
                Zeroizing::new(rest.to_owned())
            };
            self.take(name, kind, value);
            return Ok(());
        }
        Ok(())
    }

    fn take_flag(&mut self, name: &str) {
        self.is_get |= name == "get";
        if options::is_reported(name) {
            self.request.left_out.other(format!("--{name}"));
        } else if !is_flag_name(name) {
            self.request.left_out.other("an option that is not cURL's");
        }
    }

    fn take(&mut self, name: &str, kind: OptionPurpose, value: Zeroizing<String>) {
        match kind {
            OptionPurpose::Url => self.take_address(value),
            OptionPurpose::Header => self.take_header(value),
            OptionPurpose::Bearer => self.request.bearer = Some(("--oauth2-bearer", value)),
            OptionPurpose::User => self.request.user = Some(("--user", value)),
            OptionPurpose::Signature => self.request.signature = Some(value),
            OptionPurpose::Credential => self.request.left_out.credential(format!("--{name}")),
            OptionPurpose::Other => self.request.left_out.other(format!("--{name}")),
            OptionPurpose::Data => self.data.push((name.to_owned(), value)),
            OptionPurpose::Query => self.take_parameters("data-urlencode", &value),
            OptionPurpose::Request => {}
        }
    }

    /// Takes the data that `--get` puts into the address.
    fn take_data(&mut self) {
        for (option, value) in std::mem::take(&mut self.data) {
            if self.is_get {
                self.take_parameters(&option, &value);
            }
        }
    }

    /// Takes parameters in the notation of a data option; those of `--data-urlencode` are not encoded, except after `+`.
    fn take_parameters(&mut self, option: &str, value: &str) {
        let is_encoded = !option.ends_with("data-urlencode");
        let encoded = value.strip_prefix('+').filter(|_| !is_encoded);
        if encoded.is_some() || is_encoded {
            if value.starts_with('@') && option != "data-raw" {
                return self.request.left_out.credential(IN_A_FILE);
            }
            let pairs = url::form_urlencoded::parse(encoded.unwrap_or(value).as_bytes());
            for (name, value) in pairs {
                let value = Zeroizing::new(value.into_owned());
                self.request.parameters.push((name.into_owned(), value));
            }
            return;
        }
        match value.find(['=', '@']).map(|at| value.split_at(at)) {
            Some((_, file)) if file.starts_with('@') => {
                self.request.left_out.credential(IN_A_FILE);
            }
            Some((name, value)) if !name.is_empty() => {
                let value = Zeroizing::new(value[1..].to_owned());
                self.request.parameters.push((name.to_owned(), value));
            }
            Some(_) | None => {}
        }
    }

    /// `-H Authorization: Bearer x` that lost its quotes: the words up to the next option or address are the value.
    fn take_header(&mut self, header: Zeroizing<String>) {
        let mut header = header;
        let lower = header.to_lowercase();
        let lost_quotes = [
            "authorization:",
            "x-api-key:",
            "api-key:",
            "x-goog-api-key:",
        ]
        .contains(&lower.as_str());
        while lost_quotes
            && let Some(next) = self.words.as_slice().first()
            && !next.starts_with('-')
            && !next.contains("://")
        {
            header.push(' ');
            header.push_str(next);
            self.words.next();
        }
        self.request.add_header(&header);
    }

    /// The first address counts.
    fn take_address(&mut self, value: Zeroizing<String>) {
        if self.address.is_some() {
            self.request.left_out.other("another address");
        } else {
            self.address = Some(value);
        }
    }

    fn take_positional(&mut self, word: Zeroizing<String>) {
        if word.trim().is_empty() {
            return;
        }
        // What is not an address here may become one when its variables are replaced.
        let is_address = self.expanded_bytes < LARGEST_EXPANDED && {
            let expanded = self.request.variables.peek(&word);
            self.expanded_bytes += expanded.len();
            PastedUrl::read(&expanded).is_some() || expanded.contains("://")
        };
        if is_address {
            self.take_address(word);
        } else {
            self.request
                .left_out
                .credential("an argument that is not an address");
        }
    }

    fn leave_out_next(&mut self) {
        let has_credential = self.words.by_ref().fold(false, |found, word| {
            found
                || word.to_lowercase().contains("authorization")
                || super::left_out::is_credential_name(&word)
        });
        if has_credential {
            self.request.left_out.credential("what follows --next");
        } else {
            self.request.left_out.other("what follows --next");
        }
    }
}

const IN_A_FILE: &str = "parameters in a file";

const NO_VALUE: &str = "its last option has no value";

/// Word processors turn `--` into a dash.
fn with_ascii_dashes(word: Zeroizing<String>) -> Zeroizing<String> {
    let Some(rest) = word.strip_prefix(['–', '—', '−']) else {
        return word;
    };
    let dashes = if rest.chars().count() == 1 || word.starts_with('−') {
        "-"
    } else {
        "--"
    };
    Zeroizing::new(format!(
        "{dashes}{}",
        rest.trim_start_matches(['–', '—', '-'])
    ))
}

fn is_flag_name(name: &str) -> bool {
    name.bytes().all(|byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    }) && !secret_detector::has_key_prefix(name)
}
