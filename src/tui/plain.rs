//! The app in words, line by line: for a screen reader, a braille line, a terminal that can only show lines, or a pipe.
//!
//! Behind it is the same model as behind the screen: a line becomes events ([`command`]), `App::update` takes them in, and what
//! is different afterwards is said in sentences ([`saying`]). Nothing here moves a cursor, colours anything or sends an
//! escape code; and a secret is never said, not even the one that is just being typed.

pub mod command;
mod form;
mod layers;
pub mod listing;
pub mod saying;
mod tree;
mod words;

use super::layout::Size;

/// The screen that the model reckons with: wide enough that nothing is left out for want of room.
pub const SIZE: Size = Size {
    width: 120,
    height: 40,
};
