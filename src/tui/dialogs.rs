//! Dialogs, one file each.

pub mod confirm;
pub mod provider_picker;
pub mod palette;
pub mod help;
pub mod models;
pub mod test_report;
pub mod version_diff;
pub mod trash;
pub mod drafts;
pub mod env_import;
pub mod merge;
pub mod move_to_reference;
