//! Parser of theme files: one role per line, with problems by line.

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

use super::{RoleStyle, Theme, ThemeName};
use crate::text::file::line_and_column;
use crate::text::printable;

/// Key that names the embedded base theme.
const BASE: &str = "base";

impl Theme {
    /// Parses a theme file. Returns the theme and the problems; an invalid role is taken from the base.
    pub fn read(text: &str, name: &str) -> (Self, Vec<String>) {
        let mut theme = Self::default();
        let mut problems = Vec::new();
        let at = |offset| format!("{name}, line {}", line_and_column(text, offset).0);
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let at = at(error.span().map_or(0, |span| span.start));
                let reason = error.message().replace('\n', ", ");
                return (theme, vec![format!("{at}: {}", printable(&reason))]);
            }
        };
        if let Some((key, base)) = table.get_key_value(BASE) {
            let named = base.get_ref().as_str().and_then(ThemeName::from_name);
            match named {
                Some(named) => theme = Self::embedded(named),
                None => problems.push(format!(
                    "{}: base must be one of {}",
                    at(key.span().start),
                    ThemeName::ALL.map(ThemeName::as_str).join(", ")
                )),
            }
        }
        for (key, value) in &table {
            let key_name: &str = key.get_ref();
            if key_name == BASE {
                continue;
            }
            let current = present_name(key_name);
            let mut roles = theme.roles_mut().into_iter();
            let role = roles.find(|(known, _)| *known == current);
            let read = match role {
                None => Err(format!("unknown role '{}'", printable(key_name))),
                Some((_, role)) => self::role(value.get_ref()).map(|read| *role = read),
            };
            if let Err(reason) = read {
                problems.push(format!("{}: {reason}", at(key.span().start)));
            }
        }
        (theme, problems)
    }
}

/// Returns the present name of a role of version 0.1; read until version 0.3.
fn present_name(role: &str) -> &str {
    match role {
        "wrong" => "error",
        "right" => "success",
        role => role,
    }
}

fn role(value: &DeValue<'_>) -> Result<RoleStyle, String> {
    let parts = value
        .as_table()
        .ok_or("a role is written as { fg = \"231\", bg = \"24\", modifiers = [\"bold\"] }")?;
    let mut style = Style::new();
    for (part, value) in parts {
        match part.get_ref().as_ref() {
            "fg" => style.fg = Some(color(value.get_ref())?),
            "bg" => style.bg = Some(color(value.get_ref())?),
            "modifiers" => {
                let names = value.get_ref().as_array();
                for name in names.ok_or("modifiers are a list, such as [\"bold\"]")? {
                    style = style.add_modifier(modifier(name.get_ref())?);
                }
            }
            other => {
                return Err(format!(
                    "unknown key '{}'; a role has fg, bg and modifiers",
                    printable(other)
                ));
            }
        }
    }
    Ok(RoleStyle(style))
}

fn color(value: &DeValue<'_>) -> Result<Color, String> {
    let name = value
        .as_str()
        .ok_or("a colour is a string: a name, 0 to 255, or #rrggbb")?;
    name.parse()
        .map_err(|_| format!("invalid colour '{}'", printable(name)))
}

fn modifier(value: &DeValue<'_>) -> Result<Modifier, String> {
    Ok(match value.as_str().unwrap_or_default() {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        other => {
            return Err(format!(
                "unknown modifier '{}'; expected bold, dim, italic, underlined or reversed",
                printable(other)
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_themes_are_valid_and_complete() {
        for name in ThemeName::ALL {
            assert_eq!(Theme::read(name.file(), "x").1, Vec::<String>::new());
            for (role, _) in Theme::default().roles_mut() {
                let line = format!("\n{role} = ");
                assert!(name.file().contains(&line), "{}: {role}", name.as_str());
            }
        }
    }

    #[test]
    fn role_names_of_0_1_are_read() {
        let (theme, problems) =
            Theme::read("wrong = { fg = \"9\" }\nright = { fg = \"10\" }", "own");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(theme.error.style().fg, Some(Color::Indexed(9)));
        assert_eq!(theme.success.style().fg, Some(Color::Indexed(10)));
    }

    #[test]
    fn mono_has_no_colour() {
        let file = ThemeName::Mono.file();
        assert!(!file.contains("fg =") && !file.contains("bg ="));
    }

    #[test]
    fn user_theme_inherits_from_its_base() {
        let (theme, problems) =
            Theme::read("base = \"light\"\non = { fg = \"#0072b2\" }\n", "mine.toml");
        assert_eq!(problems, Vec::<String>::new());
        let light = Theme::embedded(ThemeName::Light);
        assert_eq!(theme.off, light.off);
        assert_eq!(theme.on.style().fg, Some(Color::Rgb(0, 0x72, 0xb2)));
    }

    #[test]
    fn problems_have_line_numbers_and_the_rest_applies() {
        let file = "base = \"dusk\"\ndim = { fg = \"greyish\" }\nglow = {}\nkey = { fg = 7 }\nhint = { modifiers = [\"blink\"] }\noff = { fg = \"1\" }\n";
        let (theme, problems) = Theme::read(file, "mine.toml");
        let has = |line: &str| problems.iter().any(|problem| problem.starts_with(line));
        assert!(
            has("mine.toml, line 1: base must be one of dark, "),
            "{problems:?}"
        );
        assert!(
            has("mine.toml, line 2: invalid colour 'greyish'"),
            "{problems:?}"
        );
        assert!(
            has("mine.toml, line 3: unknown role 'glow'"),
            "{problems:?}"
        );
        assert!(
            has("mine.toml, line 4: a colour is a string"),
            "{problems:?}"
        );
        assert!(
            has("mine.toml, line 5: unknown modifier 'blink'"),
            "{problems:?}"
        );
        assert_eq!(theme.off.style().fg, Some(Color::Indexed(1)));
    }
}
