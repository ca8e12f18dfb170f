//! Reads lines of `NAME=value` as shells, `.env` files and PowerShell have them.

use super::super::Plain;

/// The pairs; nothing unless every line that is no comment is one.
pub fn read(text: &str) -> Option<Vec<(String, Plain)>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs: Vec<_> = lines.map(pair).collect::<Option<_>>()?;
    (!pairs.is_empty()).then_some(pairs)
}

fn pair(line: &str) -> Option<(String, Plain)> {
    let line = ["export ", "set ", "setx ", "$env:", "-e ", "--env "]
        .iter()
        .find_map(|before| line.strip_prefix(before))
        .unwrap_or(line)
        .trim_start();
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let is_name = name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name.to_owned(), Plain::new(unquoted(value.trim()))))
}

/// A value without its quotes, and without a comment or a semicolon behind it.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote)
            && let Some((inner, _)) = rest.split_once(quote)
        {
            return inner.to_owned();
        }
    }
    let end = value.find(" #").unwrap_or(value.len());
    value[..end].trim_end_matches([';', ' ']).to_owned()
}
