//! Filter and sort order of connections, for the app and the command line.

mod column;
pub mod completion;
mod highlight;
mod item;
mod matcher;
mod providers;
pub mod query;
pub mod similar;
mod text_filter;

pub use column::{Column, Direction, Sort, SortKey};
pub use highlight::highlights;
pub use item::{Health, TreeItem};
pub use matcher::{Candidate, FilterMatcher, MatchMode};
pub use providers::Providers;
pub use text_filter::{Found, TextFilter};
