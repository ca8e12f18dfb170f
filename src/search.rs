//! Filter and sort order of connections, for the app and the command line.

mod column;
mod item;
mod matcher;
mod providers;
pub mod query;
mod text_filter;

pub use column::{Column, Direction, Sort, SortKey};
pub use item::TreeItem;
pub use matcher::{Candidate, FilterMatcher};
pub use providers::Providers;
pub use text_filter::TextFilter;
