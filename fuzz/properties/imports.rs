//! Imports: JSON is split correctly in any chunks, messages about pasted text never contain its values, and exports have no
//! secrets and round-trip.

use std::io::Read;
use std::sync::OnceLock;

use super::PLANTED;
use serde_json::Value;
use umai::appsettings::Reference;
use umai::cli::bulk_create::json_splitter::{Elements, PositionUnit};
use umai::connection::export::{Exported, ExportedManifest};
use umai::connection::{
    Connection, ConnectionDraft, MaskedSecret, PasteResult, SettingValue, Settings,
};
use umai::provider::{Provider, ProviderCatalog};
use umai::text::is_hidden;
use umai::tui::event::PastedText;
use umai::tui::form::{Form, FormSnapshot};

/// Providers with the most different forms.
const WANTED: [&str; 4] = ["openai", "amazon", "microsoft-foundry", "openai-compatible"];

pub fn holds(input: &[u8]) {
    is_split(input);
    if let Ok(text) = std::str::from_utf8(input) {
        is_pasted(text);
        leaves_without_secrets(text);
    }
}

fn catalog() -> &'static ProviderCatalog {
    static CATALOG: OnceLock<ProviderCatalog> = OnceLock::new();
    CATALOG.get_or_init(ProviderCatalog::embedded)
}

type Split = Vec<(PositionUnit, u64, Result<Vec<u8>, &'static str>)>;

fn split(source: impl Read) -> Split {
    Elements::new(source)
        .map(|element| {
            let element = element.unwrap();
            let body = element.body.map(|body| body.to_vec());
            (element.unit, element.number, body)
        })
        .collect()
}

/// Reader that returns one byte at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(1).min(buffer.len());
        let (given, rest) = self.0.split_at(count);
        buffer[..count].copy_from_slice(given);
        self.0 = rest;
        Ok(count)
    }
}

fn is_split(input: &[u8]) {
    let found = split(input);
    assert_eq!(split(Drops(input)), found, "it depends on how it arrives");
    let lines = input.split(|byte| *byte == b'\n').count() as u64;
    let mut rest = input;
    let mut before = 0;
    for (unit, number, body) in &found {
        assert!(*number >= before && *number > 0);
        assert!(*unit != PositionUnit::Line || *number <= lines);
        before = *number;
        let Ok(body) = body else { continue };
        if body.is_empty() {
            continue;
        }
        let at = rest.windows(body.len()).position(|part| part == body);
        let at = at.expect("every element is a part of what came, in its order");
        rest = &rest[at + body.len()..];
    }
    let plain = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
    let Ok(whole) = serde_json::from_slice::<Value>(plain) else {
        return;
    };
    let wanted = match whole {
        Value::Array(values) => values,
        Value::Object(_) => vec![whole],
        _ => return,
    };
    is_this(&found, &wanted);
    let lines: Vec<String> = wanted.iter().map(Value::to_string).collect();
    if wanted.iter().all(Value::is_object) && !wanted.is_empty() {
        is_this(&split(lines.join("\n").as_bytes()), &wanted);
        let apart: Vec<String> = wanted.iter().map(|value| format!("{value:#}")).collect();
        // Objects over several lines, unless the first one has a single line.
        if apart[0].contains('\n') {
            is_this(&split(apart.join("\n").as_bytes()), &wanted);
        }
    }
}

fn is_this(found: &Split, wanted: &[Value]) {
    let read = found.iter().map(|(_, _, body)| {
        let body = body.as_ref().expect("it is small enough");
        serde_json::from_slice::<Value>(body).expect("it is one value")
    });
    assert_eq!(read.collect::<Vec<_>>(), wanted);
}

/// A paste is read without a panic; no value is in a message, and what cannot be read goes into no field.
fn is_pasted(text: &str) {
    for wanted in [None].into_iter().chain(WANTED.map(Some)) {
        let wanted = wanted.and_then(|id| catalog().get(id));
        let result = PasteResult::read(text, catalog(), wanted);
        let connections = match &result {
            PasteResult::Connection(connection) => vec![connection],
            PasteResult::ChooseProfile(profiles) => {
                assert!(profiles.len() > 1, "one profile is no choice");
                profiles.iter().map(|profile| &profile.connection).collect()
            }
            PasteResult::Unreadable(unreadable) => {
                assert!(!unreadable.to_string().contains(PLANTED));
                if let Some(wanted) = wanted {
                    stays_empty(wanted, text);
                }
                continue;
            }
            PasteResult::NotAConnection => continue,
        };
        for connection in connections {
            let values = values_of(&connection.draft, text);
            let shown = format!("{connection:?}");
            for value in &values {
                let is_named = connection.left_out.iter().any(|name| name.contains(value));
                assert!(!is_named, "{:?} has {value:?}", connection.left_out);
                assert!(!shown.contains(value), "{shown} has {value:?}");
            }
            if let Some(wanted) = wanted {
                fills(wanted, text, &values);
            }
        }
    }
}

fn stays_empty(provider: &Provider, text: &str) {
    let mut form = Form::new(provider);
    let notice = form.paste_text(&PastedText(text.to_owned().into()), catalog());
    assert!(
        notice.is_some() && !form.is_changed(),
        "{text:?} is in a field"
    );
}

/// Secret values that occur once in the text, so that they are not part of a name.
fn values_of<'a>(draft: &'a ConnectionDraft, text: &str) -> Vec<&'a str> {
    let own = [&draft.alias, &draft.name, &draft.provider_id, &draft.note];
    let settings = draft.settings.iter().flat_map(Settings::iter);
    settings
        .filter_map(|(_, value)| value.text())
        .filter(|value| value.contains(PLANTED) && text.matches(value).count() == 1)
        .filter(|value| {
            !own.iter()
                .any(|own| own.as_ref().is_some_and(|own| own.contains(value)))
        })
        .collect()
}

fn fills(provider: &Provider, text: &str, values: &[&str]) {
    let mut form = Form::new(provider);
    if let Some(notice) = form.paste_text(&PastedText(text.to_owned().into()), catalog()) {
        let outcome = values.iter().find(|value| notice.text.contains(**value));
        assert_eq!(outcome, None, "{}", notice.text);
    }
    let kept = form.snapshot();
    assert_eq!(FormSnapshot::read(&kept.to_bytes()).as_ref(), Some(&kept));
    let again = Form::restore(&kept, provider, catalog());
    assert!(
        again.draft() == form.draft(),
        "{:?} was {:?}",
        again.draft(),
        form.draft()
    );
}

fn leaves_without_secrets(text: &str) {
    if let Ok(connection) = serde_json::from_str::<Connection<MaskedSecret>>(text) {
        let provider = catalog().get(&connection.item.provider_id);
        let exported = Exported::new(connection.clone(), catalog());
        for (key, value) in exported.settings.iter().flat_map(Settings::iter) {
            let SettingValue::Text(text) = value else {
                continue;
            };
            let field = provider.and_then(|provider| provider.field(key));
            let may_be_seen = field.is_some_and(|field| !field.sensitive);
            assert!(
                may_be_seen || text.is_empty() || Reference::read(text).is_some(),
                "{key}: {text}"
            );
        }
        comes_back(&ExportedManifest::new(vec![exported]));
        let json = serde_json::to_string(&connection).unwrap();
        assert_eq!(
            serde_json::from_str::<Connection<MaskedSecret>>(&json).unwrap(),
            connection
        );
    }
    if let Ok(document) = serde_json::from_str::<ExportedManifest>(text) {
        comes_back(&document);
        let ordered = ExportedManifest::new(document.connections);
        assert_eq!(ExportedManifest::new(ordered.connections.clone()), ordered);
        comes_back(&ordered);
    }
}

fn comes_back(document: &ExportedManifest) {
    let json = document.to_json().unwrap();
    assert!(
        !json.chars().any(|sign| sign != '\n' && is_hidden(sign)),
        "{json:?}"
    );
    let again = serde_json::from_str::<ExportedManifest>(&json).unwrap();
    assert_eq!(&again, document);
    for one in &document.connections {
        let body = serde_json::to_vec(one).unwrap();
        let draft = ConnectionDraft::from_json(&body);
        // Duplicate keys are refused.
        let Ok(draft) = draft else { continue };
        assert_eq!(draft.alias.as_deref(), Some(&*one.alias));
        assert_eq!(draft.name.as_deref(), Some(&*one.name));
    }
}
