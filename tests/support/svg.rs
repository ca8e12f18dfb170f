//! Renders terminal cells as SVG.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: u16 = 18;
const MARGIN: u16 = 12;
const PAPER: &str = "#16181d";
const INK: &str = "#d7dae0";

/// SVG file without scripts and external references.
pub fn picture(buffer: &Buffer, title: &str) -> String {
    let area = buffer.area;
    let width = f32::from(area.width) * CELL_WIDTH + f32::from(2 * MARGIN);
    let height = area.height * CELL_HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" width=\"{width:.0}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"ui-monospace,'Cascadia Mono','DejaVu Sans Mono',Menlo,monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for y in 0..area.height {
        draw_row(&mut svg, buffer, y);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Draws one row as runs of cells with the same style.
fn draw_row(svg: &mut String, buffer: &Buffer, y: u16) {
    let mut x = 0;
    while x < buffer.area.width {
        let first = &buffer[(x, y)];
        let (start, mut text) = (x, String::new());
        while x < buffer.area.width && look(&buffer[(x, y)]) == look(first) {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap();
        }
        draw_run(svg, &look(first), (start, x - start, y), &text);
    }
}

fn draw_run(svg: &mut String, look: &Look, (x, count, y): (u16, u16, u16), text: &str) {
    let left = f32::from(x) * CELL_WIDTH + f32::from(MARGIN);
    let width = f32::from(count) * CELL_WIDTH;
    let top = y * CELL_HEIGHT + MARGIN;
    if look.paper != PAPER {
        writeln!(svg, "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>", look.paper).unwrap();
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    if look.modifier.contains(Modifier::BOLD) {
        style.push_str(" font-weight=\"bold\"");
    }
    if look.modifier.contains(Modifier::ITALIC) {
        style.push_str(" font-style=\"italic\"");
    }
    if look.modifier.contains(Modifier::UNDERLINED) {
        style.push_str(" text-decoration=\"underline\"");
    }
    if look.modifier.contains(Modifier::DIM) {
        style.push_str(" opacity=\"0.6\"");
    }
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let base = top + 14;
    writeln!(svg, "<text x=\"{left:.1}\" y=\"{base}\" fill=\"{}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{text}</text>", look.ink).unwrap();
}

/// Style of a cell.
#[derive(PartialEq)]
struct Look {
    ink: String,
    paper: String,
    modifier: Modifier,
}

fn look(cell: &Cell) -> Look {
    let (mut ink, mut paper) = (hex(cell.fg, INK), hex(cell.bg, PAPER));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut paper);
    }
    Look {
        ink,
        paper,
        modifier: cell.modifier,
    }
}

fn hex(color: Color, reset: &str) -> String {
    let named = match color {
        Color::Reset => reset,
        Color::Black => "#16181d",
        Color::Red => "#e06c75",
        Color::Green => "#98c379",
        Color::Yellow => "#e5c07b",
        Color::Blue => "#61afef",
        Color::Magenta => "#c678dd",
        Color::Cyan => "#56b6c2",
        Color::Gray => "#abb2bf",
        Color::DarkGray => "#6b7280",
        Color::LightRed => "#ff8f98",
        Color::LightGreen => "#b5e08f",
        Color::LightYellow => "#ffdb99",
        Color::LightBlue => "#8ccaff",
        Color::LightMagenta => "#e0a0f0",
        Color::LightCyan => "#7fd8e3",
        Color::White => "#ffffff",
        Color::Rgb(red, green, blue) => return format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(index) => return indexed(index),
    };
    named.to_owned()
}

/// RGB value of an xterm colour: the 6 × 6 × 6 cube and the greys.
fn indexed(index: u8) -> String {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..=15 => INK.to_owned(),
        16..=231 => {
            let cube = index - 16;
            format!(
                "#{:02x}{:02x}{:02x}",
                level(cube / 36),
                level(cube / 6 % 6),
                level(cube % 6)
            )
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}
