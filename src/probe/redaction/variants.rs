//! Encodings of a secret.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

/// Returns the secret itself and its likely encodings: hex, percent, base64, JSON, UTF-16, reversed.
pub(super) fn variants(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let json = Value::from(secret).to_string();
    let mut all = vec![
        secret.to_owned(),
        hex(bytes, ""),
        hex(bytes, "%"),
        hex(&wide, ""),
        byte_serialize(bytes).collect(),
        byte_serialize(bytes)
            .collect::<String>()
            .replace('+', "%20"),
        json.trim_matches('"').to_owned(),
        secret.chars().rev().collect(),
    ];
    for engine in [STANDARD, URL_SAFE] {
        all.push(engine.encode(&wide).trim_end_matches('=').to_owned());
        // Base64 inside a longer text starts at one of three offsets.
        for shift in 0..3 {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(bytes);
            let encoded = engine.encode(&shifted);
            let encoded = encoded.trim_end_matches('=');
            let inside = encoded.len().saturating_sub(1);
            let start = if shift == 0 { 0 } else { 4 };
            all.extend(encoded.get(start..inside).map(str::to_owned));
        }
    }
    all
}

fn hex(bytes: &[u8], before: &str) -> String {
    let characters = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, character) in characters.enumerate() {
        if index % 2 == 0 {
            text.push_str(before);
        }
        text.extend(char::from_digit(u32::from(character), 16));
    }
    text
}
