//! The terminal app: events in, effects out, one loop.
//!
//! A key arrives ([`terminal`]), the loop ([`runtime`]) passes it to the model ([`app`]), which changes and returns
//! [`effect`]s; a request goes to the service ([`perform`]) and its reply arrives as another event; then one frame
//! is drawn ([`view`]).

pub mod key;
pub mod action;
pub mod keymap;
pub mod site;
pub mod layout;
pub mod fit;
pub mod line;
pub mod tree;
pub mod bulk;
pub mod list;
pub mod words;
pub mod history;
pub mod info;
pub mod workspace;
pub mod detail;
pub mod notice;
pub mod clipboard;
pub mod curl;
pub mod command;
pub mod choices;
pub mod closeness;
pub mod picker;
pub mod palette;
pub mod help;
pub mod models;
pub mod report;
pub mod messages;
pub mod compare;
pub mod trash;
pub mod import;
pub mod confirm;
pub mod merge;
pub mod form;
pub mod drafts;
pub mod session;
pub mod moving;
pub mod layer;
pub mod follow;
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

pub use runtime::plain::run as run_plain;
pub use runtime::{ServiceOpening, SessionFile, SuspendHandler, TuiError, TuiOptions, run};
