//! Plain mode: the app in sentences, line by line, for screen readers, braille displays, simple terminals and pipes.
//!
//! It uses the same model as the screen: a line becomes events ([`parse`]), `App::update` handles them, and the differences
//! are printed as sentences ([`narration`]). It never moves the cursor, uses colors or sends escape codes, and it never prints a
//! secret, not even one that is being typed.

pub mod parse;
pub mod form;
pub mod listing;
pub mod narration;
mod tree;
pub mod text;

use super::layout::Size;

/// Screen size of the model: wide enough that nothing is truncated.
pub const SIZE: Size = Size {
    width: 120,
    height: 40,
};
