//! Dialogs, one file each.

pub mod bulk;
pub mod confirm;
pub mod copy_to_target;
pub mod drafts;
pub mod env_import;
pub mod form;
pub mod help;
pub mod menu;
pub mod merge;
pub mod messages;
pub mod models;
pub mod move_to_reference;
pub mod palette;
pub mod provider_picker;
pub mod targets;
pub mod test_report;
pub mod trash;
pub mod version_diff;
