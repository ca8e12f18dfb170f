//! The terminal app: events in, effects out, one loop.
//!
//! A key arrives ([`terminal`]), the loop ([`runtime`]) passes it to the model ([`app`]), which changes and returns
//! [`effect`]s; a request goes to the service ([`perform`]) and its reply arrives as another event; then one frame
//! is drawn ([`view`]).

pub mod key;
pub mod action;
pub mod keymap;
pub mod target_info;
pub mod targets;
pub mod copy_plan;
pub mod layout;
pub mod text_width;
pub mod text_input;
pub mod ticket;
pub mod health;
pub mod key_backup;
pub mod tree;
pub mod bulk;
pub mod columns;
pub mod word_diff;
pub mod changed_value;
pub mod history;
pub mod info;
pub mod tabs;
pub mod detail;
pub mod notice;
pub mod clipboard;
pub mod curl;
pub mod cli_equivalent;
pub mod select_list;
pub mod match_rank;
pub mod message_log;
pub mod form;
pub mod dialogs;
pub mod session;
pub mod dialog;
pub mod change_feed;
pub mod event;
pub mod burst;
pub mod effect;
pub mod app;
pub mod theme;
pub mod view;
pub mod plain;
pub mod perform;
pub mod terminal;
pub mod runtime;

pub use runtime::editor::{edit, keep as keep_document, read as read_document};
pub use runtime::plain::run as run_plain;
pub use runtime::{
    AppEnd, EndSignal, KeptTheme, ServiceOpening, SessionFile, SuspendHandler, TuiError,
    TuiOptions, run,
};
