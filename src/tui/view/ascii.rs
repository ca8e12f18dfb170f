//! Replaces the symbols of the screen by ASCII, for a locale that is not UTF-8.

use ratatui::buffer::Buffer;

/// Returns true if a locale is set and is not UTF-8.
pub fn is_needed(variable: impl Fn(&str) -> Option<String>) -> bool {
    // The order of POSIX.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// Replaces all symbols that are not ASCII.
pub fn replace(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let symbol = ascii(cell.symbol());
            cell.set_symbol(symbol);
        }
    }
}

fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "─" | "━" | "–" | "—" | "−" => "-",
        "│" | "┃" => "|",
        "╭" | "╮" | "╰" | "╯" | "├" | "└" => "+",
        "●" | "◆" | "•" => "*",
        "○" => "o",
        "✗" | "×" => "x",
        "▸" | "→" | "›" => ">",
        "✓" | "▾" | "▼" | "↓" => "v",
        "◂" | "←" => "<",
        "▲" | "↑" => "^",
        "…" => "~",
        "·" => ".",
        "“" | "”" => "\"",
        "◐" | "◓" | "◑" | "◒" => "%",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[], false)]
    #[case(&[("LANG", "en_US.UTF-8")], false)]
    #[case(&[("LANG", "C.utf8")], false)]
    #[case(&[("LANG", "C")], true)]
    #[case(&[("LANG", "de_DE.ISO-8859-1")], true)]
    #[case(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true)]
    #[case(&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")], false)]
    fn ascii_is_needed_for_other_locales(#[case] set: &[(&str, &str)], #[case] is_ascii: bool) {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(is_needed(variable), is_ascii);
    }
}
