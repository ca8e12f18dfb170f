//! Contrast ratio of colours, by the formula of WCAG 2.
//!
//! Of the 256 colours, those from 16 on are fixed: a cube of six steps, and greys. Users configure the
//! first sixteen; the values of xterm are assumed.

use ratatui::style::Color;

/// Red, green and blue, 0 to 255.
type Rgb = (u8, u8, u8);

/// Steps of the colour cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// First sixteen colours of xterm.
const FIRST: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// Returns the components of a colour; `None` for the terminal's default.
pub fn rgb(color: Color) -> Option<Rgb> {
    let index = match color {
        Color::Reset => return None,
        Color::Rgb(red, green, blue) => return Some((red, green, blue)),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    Some(match index {
        0..16 => FIRST[usize::from(index)],
        16..232 => {
            let at = usize::from(index - 16);
            (STEPS[at / 36], STEPS[at / 6 % 6], STEPS[at % 6])
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    })
}

/// Returns the relative luminance, from 0 (black) to 1 (white).
pub fn luminance((red, green, blue): Rgb) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// Returns the contrast ratio, from 1 (none) to 21 (black on white).
pub fn ratio(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns black or white, depending on the better contrast.
pub fn text_color_on(paper: Color) -> Color {
    const BLACK: (Color, Rgb) = (Color::Indexed(16), (0, 0, 0));
    const WHITE: (Color, Rgb) = (Color::Indexed(231), (255, 255, 255));
    match rgb(paper) {
        Some(paper) if ratio(paper, BLACK.1) < ratio(paper, WHITE.1) => WHITE.0,
        Some(_) | None => BLACK.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{RoleStyle, Theme, ThemeName};
    use rstest::rstest;

    /// Lightest background of a dark terminal, and darkest of a light one.
    const DARK: Rgb = (0x1e, 0x1e, 0x1e);
    const LIGHT: Rgb = (0xfa, 0xfa, 0xfa);

    /// Backgrounds of the terminal themes of the same names.
    const CATPPUCCIN: Rgb = (0x1e, 0x1e, 0x2e);
    const GRUVBOX: Rgb = (0x28, 0x28, 0x28);
    const NORD: Rgb = (0x2e, 0x34, 0x40);

    /// Default foreground of a terminal.
    const PALE: Rgb = (0xd0, 0xd0, 0xd0);
    const DEEP: Rgb = (0x33, 0x33, 0x33);

    fn is_close(one: f64, other: f64) -> bool {
        (one - other).abs() < 0.01
    }

    #[test]
    fn ratio_follows_wcag() {
        assert!(is_close(ratio((0, 0, 0), (255, 255, 255)), 21.0));
        assert!(is_close(ratio((0x77, 0x77, 0x77), (255, 255, 255)), 4.48));
        assert!(is_close(ratio((255, 0, 0), (255, 255, 255)), 4.0));
    }

    #[test]
    fn colorblind_palette_is_okabe_ito() {
        // Sky blue, bluish green, vermilion, yellow, blue, reddish purple: nearest of the 256 colours.
        let far = |index, (red, green, blue): Rgb| {
            let (r, g, b) = rgb(Color::Indexed(index)).unwrap();
            [r.abs_diff(red), g.abs_diff(green), b.abs_diff(blue)]
                .into_iter()
                .max()
                .unwrap()
        };
        assert!(far(74, (0x56, 0xb4, 0xe9)) < 40);
        assert!(far(175, (0xcc, 0x79, 0xa7)) < 40);
        assert!(far(227, (0xf0, 0xe4, 0x42)) < 40);
        assert!(far(25, (0x00, 0x72, 0xb2)) < 40);
    }

    #[rstest]
    #[case("red")]
    #[case("yellow")]
    #[case("blue")]
    #[case("#0072b2")]
    #[case("200")]
    #[case("white")]
    #[case("black")]
    fn badge_is_readable_in_any_colour(#[case] name: &str) {
        let paper: Color = name.parse().unwrap();
        let contrast = ratio(rgb(paper).unwrap(), rgb(text_color_on(paper)).unwrap());
        assert!(contrast >= 4.5, "{name}: {contrast}");
    }

    #[rstest]
    #[case(ThemeName::Dark, DARK, 4.5)]
    #[case(ThemeName::Light, LIGHT, 4.5)]
    #[case(ThemeName::ColorblindDark, DARK, 4.5)]
    #[case(ThemeName::ColorblindLight, LIGHT, 4.5)]
    #[case(ThemeName::ContrastDark, DARK, 7.0)]
    #[case(ThemeName::ContrastLight, LIGHT, 7.0)]
    #[case(ThemeName::Catppuccin, CATPPUCCIN, 4.5)]
    #[case(ThemeName::Gruvbox, GRUVBOX, 4.5)]
    #[case(ThemeName::Nord, NORD, 4.5)]
    fn every_text_has_enough_contrast(
        #[case] name: ThemeName,
        #[case] terminal: Rgb,
        #[case] least: f64,
    ) {
        let theme = Theme::embedded(name);
        let own = if terminal == LIGHT { DEEP } else { PALE };
        let ink = |role: RoleStyle| role.style().fg.and_then(rgb).unwrap_or(own);
        let paper = |role: RoleStyle| role.style().bg.and_then(rgb).unwrap_or(terminal);
        let mut pairs: Vec<(&str, Rgb, Rgb)> = theme
            .clone()
            .roles_mut()
            .into_iter()
            // `border-focus` draws edges, the others no text.
            .filter(|(role, _)| !["border", "border-focus", "selected-away"].contains(role))
            .map(|(role, style)| (role, ink(*style), paper(*style)))
            .collect();
        for (role, style) in [
            ("text", theme.text),
            ("dim", theme.dim),
            ("on", theme.on),
            ("off", theme.off),
            ("heading", theme.heading),
        ] {
            pairs.push((role, ink(style), paper(theme.selected_away)));
        }
        for (role, style) in [
            ("placeholder", theme.placeholder),
            ("dim", theme.dim),
            ("on", theme.on),
            ("off", theme.off),
            ("warning", theme.warning),
        ] {
            pairs.push((role, ink(style), paper(theme.input)));
            pairs.push((role, ink(style), paper(theme.input_focus)));
        }
        // Red buttons, and reversed while focused.
        pairs.push(("error on a button", ink(theme.error), paper(theme.button)));
        pairs.push(("focused red button", terminal, ink(theme.error)));
        for (role, ink, paper) in pairs {
            let contrast = ratio(ink, paper);
            assert!(
                contrast >= least,
                "{}: {role} has {contrast:.2}",
                name.as_str()
            );
        }
    }

    #[rstest]
    #[case(ThemeName::Dark, DARK)]
    #[case(ThemeName::Light, LIGHT)]
    #[case(ThemeName::ColorblindDark, DARK)]
    #[case(ThemeName::ColorblindLight, LIGHT)]
    #[case(ThemeName::ContrastDark, DARK)]
    #[case(ThemeName::ContrastLight, LIGHT)]
    #[case(ThemeName::Catppuccin, CATPPUCCIN)]
    #[case(ThemeName::Gruvbox, GRUVBOX)]
    #[case(ThemeName::Nord, NORD)]
    fn edges_and_focus_are_visible(#[case] name: ThemeName, #[case] terminal: Rgb) {
        let theme = Theme::embedded(name);
        let ink = |role: RoleStyle| role.style().fg.and_then(rgb).unwrap();
        let paper = |role: RoleStyle| role.style().bg.and_then(rgb).unwrap_or(terminal);
        let least = 3.0;
        for (edge, role, field) in [
            ("field", theme.dim, theme.input),
            ("focused field", theme.border_focus, theme.input_focus),
        ] {
            for paper in [terminal, paper(field)] {
                let contrast = ratio(ink(role), paper);
                assert!(
                    contrast >= least,
                    "{}: edge of a {edge} has {contrast:.2}",
                    name.as_str()
                );
            }
        }
        let contrast = ratio(ink(theme.border_focus), terminal);
        assert!(
            contrast >= least,
            "{}: focused pane has {contrast:.2}",
            name.as_str()
        );
    }

    #[test]
    fn high_contrast_marks_selection_and_focus_by_shape() {
        for name in [
            ThemeName::ContrastDark,
            ThemeName::ContrastLight,
            ThemeName::Mono,
        ] {
            let theme = Theme::embedded(name);
            for role in [
                theme.selected_away,
                theme.input_focus,
                theme.removed,
                theme.added,
            ] {
                assert!(!role.style().add_modifier.is_empty(), "{}", name.as_str());
            }
        }
    }
}
