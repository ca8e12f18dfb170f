//! Description of a dialog, which the screen draws and plain mode speaks.

use std::borrow::Cow;
use std::ops::Range;

use crate::tui::select_list::Cursor;
use crate::tui::text_input::TextInput;
use crate::tui::text_width::{safe, width, wrap};

/// Description of a dialog.
pub struct DialogModel<'a> {
    /// Title of the frame.
    pub title: String,
    /// Place and size of the frame.
    pub frame: Frame,
    /// Lines above the rows.
    pub head: TextBlock,
    /// Finished part of the whole, as a bar.
    pub progress: Option<(usize, usize)>,
    /// Text field.
    pub input: Option<InputLine<'a>>,
    /// Titles of the columns, for a width in columns.
    pub titles: Option<fn(u16) -> Row>,
    /// Rows.
    pub rows: Rows<'a>,
    /// Selection and scroll position.
    pub cursor: Cursor,
    /// Text of an empty list.
    pub empty: String,
    /// Lines below the rows, about the selected one.
    pub details: TextBlock,
    /// Labels of the buttons.
    pub buttons: Vec<&'static str>,
    /// Focused button.
    pub focus: usize,
    /// Button that removes something.
    pub danger: Option<usize>,
    /// True if the scroll bar is as high as the list instead of the frame.
    pub has_short_bar: bool,
}

/// Place and size of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Centered, at most this wide and high.
    Centered(u16, u16),
    /// Beside the tree.
    Beside,
}

/// Style of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Text without another role.
    Text,
    /// Secondary text.
    Dim,
    /// Title.
    Title,
    /// Heading.
    Heading,
    /// Key, or text to copy.
    Key,
    /// Text of a hint.
    Hint,
    /// Label.
    Label,
    /// Label of the selected entry.
    LabelFocus,
    /// Warning or advice.
    Warning,
    /// Error.
    Error,
    /// Success.
    Success,
    /// Removed in the newer version.
    Removed,
    /// Added in the newer version.
    Added,
    /// Selected entry in columns.
    Selected,
}

/// Text with its style.
pub type Part = (String, Tone);

/// Lines with the number of rows reserved for them.
#[derive(Debug, Default)]
pub struct TextBlock {
    /// Reserved rows.
    pub rows: u16,
    /// Lines of parts; those that do not fit are hidden.
    pub lines: Vec<Vec<Part>>,
}

/// Wraps a text to a number of columns, in one style.
pub fn wrapped(text: &str, tone: Tone, columns: usize) -> Vec<Vec<Part>> {
    let lines = wrap(text, columns).into_iter();
    lines.map(|line| vec![(line, tone)]).collect()
}

/// Puts parts beside each other with dots between them, as many as fit in a line.
pub fn side_by_side(parts: &[Part], columns: usize) -> Vec<Vec<Part>> {
    const DOT: &str = " · ";
    let mut lines: Vec<Vec<Part>> = Vec::new();
    let mut used = 0;
    for (text, tone) in parts {
        let wide = width(&safe(text));
        match lines.last_mut() {
            Some(line) if used + width(DOT) + wide <= columns => {
                line.extend([(DOT.to_owned(), Tone::Dim), (text.clone(), *tone)]);
                used += width(DOT) + wide;
            }
            _ => {
                lines.extend(wrapped(text, *tone, columns));
                let last = lines.last().and_then(|line| line.first());
                used = last.map_or(0, |(text, _)| width(text));
            }
        }
    }
    lines
}

/// Text field of a dialog.
pub struct InputLine<'a> {
    /// Label before the text; `None` for the filter of a list.
    pub label: Option<&'static str>,
    /// Hint in an empty field.
    pub hint: String,
    /// Typed text and cursor.
    pub line: &'a TextInput,
    /// Text as it is displayed; an API key is masked.
    pub shown: Cow<'a, str>,
    /// True if typed characters go there.
    pub is_focused: bool,
}

/// Function that makes the row at an index, for a width in columns.
type MakeRow<'a> = Box<dyn Fn(usize, u16) -> Row + 'a>;

/// Rows of a dialog.
pub enum Rows<'a> {
    /// Entries to choose from; only visible ones are made.
    List(usize, MakeRow<'a>),
    /// Lines of text, perhaps with entries.
    Text(Vec<Row>, Option<TextEntries>),
}

/// Entries of a text, of several lines each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEntries {
    /// Number of entries.
    pub count: usize,
    /// Lines of the selected entry, which scrolling keeps visible.
    pub selected: Range<usize>,
}

/// Row of a dialog.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Cells from left to right.
    pub cells: Vec<Cell>,
    /// Sentence of plain mode; `None` for the texts of the cells.
    pub spoken: Option<String>,
}

/// Cell of a row.
#[derive(Debug, Clone)]
pub enum Cell {
    /// As wide as its text.
    Text(Vec<Part>),
    /// With a fixed width.
    Column(u16, Vec<Part>),
    /// Right-aligned, hidden if it does not fit.
    Right(String, Tone),
}

/// Sentences of plain mode.
#[derive(Debug, Default)]
pub struct Spoken {
    /// Location, with the commands.
    pub place: String,
    /// Sentences before the entries.
    pub intro: Vec<String>,
    /// Content; `None` for the numbered entries.
    pub body: Option<Vec<String>>,
    /// Sentences after the selected entry.
    pub remarks: Vec<String>,
    /// Numbered entries, if they are neither buttons nor the rows of a list.
    pub entries: Option<Vec<String>>,
    /// True if the selected entry is not repeated at the end.
    pub hides_selection: bool,
}

impl DialogModel<'_> {
    /// Creates the description of an empty dialog.
    pub fn new(title: impl Into<String>, frame: Frame) -> Self {
        Self {
            title: title.into(),
            frame,
            head: TextBlock::default(),
            progress: None,
            input: None,
            titles: None,
            rows: Rows::Text(Vec::new(), None),
            cursor: Cursor::default(),
            empty: String::new(),
            details: TextBlock::default(),
            buttons: Vec::new(),
            focus: 0,
            danger: None,
            has_short_bar: false,
        }
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        match &self.rows {
            Rows::List(count, _) => *count,
            Rows::Text(rows, _) => rows.len(),
        }
    }

    /// Row at an index.
    pub fn row(&self, at: usize, width: u16) -> Option<Cow<'_, Row>> {
        match &self.rows {
            Rows::List(count, make) => (at < *count).then(|| Cow::Owned(make(at, width))),
            Rows::Text(rows, _) => rows.get(at).map(Cow::Borrowed),
        }
    }
}

impl<'a> Rows<'a> {
    /// Entries to choose from, made by a function.
    pub fn list(count: usize, make: impl Fn(usize, u16) -> Row + 'a) -> Self {
        Self::List(count, Box::new(make))
    }
}

impl Row {
    /// Row with cells.
    pub const fn cells(cells: Vec<Cell>) -> Self {
        Self {
            cells,
            spoken: None,
        }
    }

    /// Row with all its texts in one tone.
    #[must_use]
    pub fn in_tone(mut self, tone: Tone) -> Self {
        for cell in &mut self.cells {
            match cell {
                Cell::Text(parts) | Cell::Column(_, parts) => {
                    for (_, own) in parts {
                        *own = tone;
                    }
                }
                Cell::Right(_, own) => *own = tone,
            }
        }
        self
    }

    /// Row with one text.
    pub fn text(text: impl Into<String>, tone: Tone) -> Self {
        Self::parts(vec![(text.into(), tone)])
    }

    /// Row with texts one after the other.
    pub fn parts(parts: Vec<Part>) -> Self {
        Self::cells(vec![Cell::Text(parts)])
    }

    /// Row with a text and a right-aligned detail.
    pub fn pair(left: impl Into<String>, right: impl Into<String>) -> Self {
        Self::cells(vec![
            Cell::Text(vec![(left.into(), Tone::Text)]),
            Cell::Right(right.into(), Tone::Dim),
        ])
    }

    /// Row with a name and columns of these widths, each after a gap.
    pub fn columns(name: Part, columns: Vec<(String, u16)>, width: u16) -> Self {
        let taken: u16 = columns.iter().map(|(_, wide)| wide + 2).sum();
        let mut cells = vec![Cell::Column(width.saturating_sub(taken), vec![name])];
        for (text, wide) in columns {
            cells.push(Cell::Column(2, Vec::new()));
            cells.push(Cell::Column(wide, vec![(text, Tone::Dim)]));
        }
        Self::cells(cells)
    }

    /// Text of the row in plain mode.
    pub fn sentence(&self) -> String {
        if let Some(spoken) = &self.spoken {
            return spoken.clone();
        }
        let texts = self.cells.iter().map(|cell| match cell {
            Cell::Text(parts) | Cell::Column(_, parts) => {
                parts.iter().map(|(text, _)| text.as_str()).collect()
            }
            Cell::Right(text, _) => text.clone(),
        });
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(": ")
    }
}

impl Spoken {
    /// Numbered entries, introduced by a sentence.
    pub fn list(place: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            ..Self::default()
        }
    }

    /// Sentences without entries.
    pub fn text(place: impl Into<String>, body: Vec<String>) -> Self {
        Self {
            place: place.into(),
            body: Some(body),
            ..Self::default()
        }
    }
}
