//! Dialogs, one file each, and the list of them.

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

use super::bulk::BulkOperation;
use super::dialog::{Dialog, DialogKind};
use super::form::Form;
use confirm::ConfirmDialog;
use copy_to_target::CopyDialog;
use drafts::DraftsDialog;
use env_import::EnvImport;
use help::HelpDialog;
use menu::Menu;
use merge::MergeDialog;
use messages::MessagesDialog;
use models::Models;
use move_to_reference::MoveToReference;
use palette::PaletteDialog;
use provider_picker::ProviderPicker;
use targets::TargetsDialog;
use test_report::ReportDialog;
use trash::TrashDialog;
use version_diff::VersionDiff;

/// Defines the kinds of dialogs.
macro_rules! dialogs {
    ($($(#[$doc:meta])+ $kind:ident($dialog:ident),)+) => {
        /// Dialog of any kind.
        #[derive(Debug)]
        pub enum AnyDialog {
            $($(#[$doc])+ $kind(Box<$dialog>),)+
        }

        impl AnyDialog {
            /// Names of all kinds.
            pub const KINDS: &[&str] = &[$(stringify!($kind)),+];

            /// Name of the kind.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)+
                }
            }

            /// The dialog.
            pub fn get(&self) -> &dyn Dialog {
                match self {
                    $(Self::$kind(dialog) => &**dialog,)+
                }
            }

            /// The dialog.
            pub fn get_mut(&mut self) -> &mut dyn Dialog {
                match self {
                    $(Self::$kind(dialog) => &mut **dialog,)+
                }
            }
        }

        $(impl From<$dialog> for AnyDialog {
            fn from(dialog: $dialog) -> Self {
                Self::$kind(Box::new(dialog))
            }
        }

        impl DialogKind for $dialog {
            fn of(dialog: &AnyDialog) -> Option<&Self> {
                match dialog {
                    AnyDialog::$kind(dialog) => Some(dialog),
                    _ => None,
                }
            }

            fn of_mut(dialog: &mut AnyDialog) -> Option<&mut Self> {
                match dialog {
                    AnyDialog::$kind(dialog) => Some(dialog),
                    _ => None,
                }
            }
        })+
    };
}

dialogs! {
    /// Provider picker.
    Picker(ProviderPicker),
    /// Form of a connection.
    Form(Form),
    /// Prompt.
    Confirm(ConfirmDialog),
    /// Command palette.
    Palette(PaletteDialog),
    /// Help.
    Help(HelpDialog),
    /// Connection test.
    Report(ReportDialog),
    /// Models of a connection.
    Models(Models),
    /// Comparison of two versions.
    Compare(VersionDiff),
    /// Trash.
    Trash(TrashDialog),
    /// Merge conflicts.
    Merge(MergeDialog),
    /// Unsaved drafts.
    Drafts(DraftsDialog),
    /// Bulk operation.
    Bulk(BulkOperation),
    /// Message log.
    Messages(MessagesDialog),
    /// Import from environment variables.
    EnvImport(EnvImport),
    /// Move of a secret to a reference, above its form.
    MoveToReference(MoveToReference),
    /// Targets to switch to.
    Targets(TargetsDialog),
    /// Copy menu or sort menu.
    Menu(Menu),
    /// Copy to a target.
    CopyToTarget(CopyDialog),
}
