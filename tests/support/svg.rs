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
    let mut svg = head((buffer.area.width, buffer.area.height), title);
    for y in 0..buffer.area.height {
        draw_row(&mut svg, buffer, y);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Frame of a recording.
pub struct RecordedFrame {
    pub buffer: Buffer,
    /// Action of the user, below the screen.
    pub caption: &'static str,
    pub milliseconds: u32,
}

/// Animated SVG file that repeats the frames. A row is drawn once for all frames in which it is the same; without animation, the
/// last frame is shown.
pub fn recording(frames: &[RecordedFrame], title: &str) -> String {
    let area = frames[0].buffer.area;
    let mut svg = head((area.width, area.height + 2), title);
    let duration: u32 = frames.iter().map(|frame| frame.milliseconds).sum();
    for y in 0..area.height {
        let row = |frame: &RecordedFrame| {
            let mut row = String::new();
            draw_row(&mut row, &frame.buffer, y);
            row
        };
        draw_changes(&mut svg, frames, duration, row);
    }
    let look = Look {
        ink: hex(Color::Yellow, INK),
        paper: PAPER.to_owned(),
        modifier: Modifier::BOLD,
    };
    draw_changes(&mut svg, frames, duration, |frame| {
        let mut row = String::new();
        let width = u16::try_from(frame.caption.width()).unwrap();
        draw_run(&mut row, &look, (1, width, area.height + 1), frame.caption);
        row
    });
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Draws a part of every frame, each time that it changes.
fn draw_changes(
    svg: &mut String,
    frames: &[RecordedFrame],
    duration: u32,
    draw: impl Fn(&RecordedFrame) -> String,
) {
    let mut parts: Vec<(String, u32, u32)> = Vec::new();
    let mut now = 0;
    for frame in frames {
        let end = now + frame.milliseconds;
        let part = draw(frame);
        match parts.last_mut() {
            Some((drawn, _, until)) if *drawn == part => *until = end,
            _ => parts.push((part, now, end)),
        }
        now = end;
    }
    for (part, start, end) in parts {
        if part.is_empty() {
            continue;
        }
        if (start, end) == (0, duration) {
            svg.push_str(&part);
            continue;
        }
        let at = |time: u32| f64::from(time) / f64::from(duration);
        let (values, times) = match (start, end) {
            (0, end) => ("visible;hidden", format!("0;{:.4}", at(end))),
            (start, end) if end == duration => ("hidden;visible", format!("0;{:.4}", at(start))),
            (start, end) => (
                "hidden;visible;hidden",
                format!("0;{:.4};{:.4}", at(start), at(end)),
            ),
        };
        let rest = if end == duration { "visible" } else { "hidden" };
        writeln!(
            svg,
            "<g visibility=\"{rest}\"><animate attributeName=\"visibility\" values=\"{values}\" keyTimes=\"{times}\" \
             dur=\"{duration}ms\" calcMode=\"discrete\" repeatCount=\"indefinite\"/>"
        )
        .unwrap();
        svg.push_str(&part);
        svg.push_str("</g>\n");
    }
}

/// Beginning of a file with this many columns and rows.
fn head((columns, rows): (u16, u16), title: &str) -> String {
    let width = f32::from(columns) * CELL_WIDTH + f32::from(2 * MARGIN);
    let height = rows * CELL_HEIGHT + 2 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" width=\"{width:.0}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"ui-monospace,'Cascadia Mono','DejaVu Sans Mono',Menlo,monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    )
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
