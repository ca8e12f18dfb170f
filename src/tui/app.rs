//! The model: everything on screen, and the one way it changes.
//!
//! Why: [`App::update`] takes what happened and answers what shall be done. It never waits, draws, spawns or reads a clock,
//! so every story can be told without a terminal. What is left to do when nothing happens ([`Event::Idle`]) is read off the
//! state: the next page of the list, the detail of the selection, the alias on screen. So nothing has to be remembered
//! twice, and at most one of each is under way.

mod answers;
mod browse;
mod copy;
mod due;
mod follow;
mod hints;
mod layers;
mod mouse;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::action::{Action, Context};
use super::detail::Detail;
use super::effect::{Effect, Request, Ticket};
use super::event::{Event, Pasted};
use super::form::{Form, rows};
use super::help::Help;
use super::key::Key;
use super::keymap::Keymap;
use super::layer::Layer;
use super::layout::{Columns, Layout, Size};
use super::line::Pasting;
use super::notice::Notice;
use super::tree::Tree;
use crate::provider::ProviderCatalog;

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The tree.
    Tree,
    /// The list.
    List,
    /// The detail.
    Detail,
}

/// What an answer is for.
#[derive(Debug)]
enum Waiting {
    Page,
    Detail,
    Edit,
    Alias,
    Lookup,
    Save,
    Switch(Switch),
    Delete(Uuid),
}

/// A connection being switched on or off.
#[derive(Debug, Clone)]
struct Switch {
    id: Uuid,
    to: bool,
    /// What it is, as far as the service said.
    from: bool,
    is_undo: bool,
}

/// Everything on screen.
pub struct App {
    /// The providers a connection can be made for.
    pub catalog: Arc<ProviderCatalog>,
    /// Which key does what.
    pub keymap: Keymap,
    /// The size of the screen.
    pub size: Size,
    /// Whether the terminal's background is light.
    pub is_light: bool,
    /// The tree.
    pub tree: Tree,
    /// The pane that keys go to.
    pub pane: Pane,
    /// The connection that is selected.
    pub detail: Detail,
    /// What lies above the tree; the last one takes the keys.
    pub layers: Vec<Layer>,
    /// What happened last.
    pub notice: Option<Notice>,
    /// Whether things may have happened that were not heard of.
    pub is_behind: bool,
    /// Whether it was said why.
    is_lost: bool,
    /// What people should know since the start; the help has all of it.
    pub to_know: Vec<String>,
    undo: Vec<Switch>,
    last_ticket: u64,
    waiting: HashMap<Ticket, Waiting>,
}

impl App {
    /// The app as it starts, with what people should know at once.
    pub fn new(catalog: Arc<ProviderCatalog>, keymap: Keymap, to_know: Vec<String>) -> Self {
        let mut app = Self {
            catalog,
            keymap,
            size: Size::default(),
            is_light: false,
            tree: Tree::default(),
            pane: Pane::Tree,
            detail: Detail::default(),
            layers: Vec::new(),
            notice: None,
            is_behind: false,
            is_lost: false,
            to_know: Vec::new(),
            undo: Vec::new(),
            last_ticket: 0,
            waiting: HashMap::new(),
        };
        app.let_know(to_know);
        app
    }

    /// Takes in what happened and answers what shall be done.
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        let effect = match event {
            Event::Key(key) => self.key(key),
            Event::Paste(pasted) => {
                self.paste(&pasted);
                None
            }
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(size) => {
                self.size = size;
                None
            }
            Event::Reply(ticket, reply) => {
                self.answered(ticket, reply);
                None
            }
            Event::Woken(ticket) => {
                self.woken(ticket);
                None
            }
            Event::Idle => self.due(),
            Event::Resumed => {
                self.hide_secrets();
                Some(Effect::Redraw)
            }
            Event::Heard(heard) => {
                self.hear(heard);
                None
            }
            Event::Opened(catalog) => {
                self.catalog = catalog;
                None
            }
            Event::Noticed(notices) => {
                self.let_know(notices);
                None
            }
            Event::LightBackground => {
                self.is_light = true;
                None
            }
        };
        self.settle();
        effect
    }

    /// Where everything is.
    pub fn layout(&self) -> Layout {
        Layout::of(self.size)
    }

    /// The place keys are looked up in.
    pub fn context(&self) -> Context {
        match self.layers.last() {
            Some(layer) => layer.context(),
            None if self.is_filtering() => Context::List,
            None => Context::Tree,
        }
    }

    /// The form, when it is open, whatever lies above it.
    pub fn form(&self) -> Option<&Form> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Form(form) => Some(&**form),
            Layer::Picker(_)
            | Layer::Confirm(_)
            | Layer::Palette(_)
            | Layer::Help(_)
            | Layer::Clipboard => None,
        })
    }

    fn form_mut(&mut self) -> Option<&mut Form> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Form(form) => Some(&mut **form),
            Layer::Picker(_)
            | Layer::Confirm(_)
            | Layer::Palette(_)
            | Layer::Help(_)
            | Layer::Clipboard => None,
        })
    }

    /// Who comes back from the shell may be somebody else.
    pub(super) fn hide_secrets(&mut self) {
        if let Some(form) = self.form_mut() {
            form.hide_secrets();
        }
    }

    fn is_filtering(&self) -> bool {
        self.tree.filter().is_some_and(|filter| filter.is_typing)
    }

    /// Whether characters are typed into something.
    fn is_typing(&self) -> bool {
        match self.layers.last() {
            Some(Layer::Picker(_) | Layer::Palette(_) | Layer::Form(_)) => true,
            Some(Layer::Confirm(_) | Layer::Help(_) | Layer::Clipboard) => false,
            None => self.is_filtering(),
        }
    }

    fn key(&mut self, key: Key) -> Option<Effect> {
        if self.is_typing() && key.typed().is_some() {
            self.type_key(key);
            return None;
        }
        let mut found = self.keymap.find(self.context(), key);
        if found.is_none() && matches!(self.layers.last(), Some(Layer::Help(_))) {
            // Nothing is typed into the help, so the keys that move in the tree move here, too.
            found = self
                .keymap
                .find(Context::Tree, key)
                .filter(|action| Help::does(*action));
        }
        if let Some(action) = found {
            return self.act(action);
        }
        self.type_key(key);
        None
    }

    fn type_key(&mut self, key: Key) {
        let is_filtering = self.is_filtering();
        match self.layers.last_mut() {
            Some(Layer::Picker(picker)) => picker.choices.key(key),
            Some(Layer::Palette(palette)) => palette.choices.key(key),
            Some(Layer::Form(form)) => form.key(key),
            None if is_filtering => {
                self.tree.edit_filter(&self.catalog, |line| line.edit(key));
            }
            Some(Layer::Confirm(_) | Layer::Help(_) | Layer::Clipboard) | None => {}
        }
    }

    fn paste(&mut self, pasted: &Pasted) {
        let is_filtering = self.is_filtering();
        let told = match self.layers.last_mut() {
            Some(Layer::Form(form)) => form.paste(pasted),
            Some(Layer::Picker(picker)) => too_long(picker.choices.line.paste(&pasted.0)),
            Some(Layer::Palette(palette)) => too_long(palette.choices.line.paste(&pasted.0)),
            None if is_filtering => {
                let mut told = None;
                self.tree.edit_filter(&self.catalog, |line| {
                    told = too_long(line.paste(&pasted.0));
                    told.is_none()
                });
                told
            }
            Some(Layer::Confirm(_) | Layer::Help(_) | Layer::Clipboard) | None => None,
        };
        if let Some(notice) = told {
            self.tell(notice);
        }
    }

    /// Says what people should know; where there is more than fits into a line, the help has all of it.
    fn let_know(&mut self, notices: Vec<String>) {
        self.to_know.extend(notices);
        let help = self.keymap.first_key(Context::Tree, Action::Help);
        let text = match (self.to_know.as_slice(), help) {
            ([], _) => return,
            ([_, _, ..], Some(key)) => format!(
                "{} things to know ({key} has them all): {}",
                self.to_know.len(),
                self.to_know[0]
            ),
            ([first, ..], _) => first.clone(),
        };
        self.tell(Notice::warning(text));
    }

    /// Says something, in place of what was said before.
    pub(super) fn tell(&mut self, notice: Notice) {
        self.notice = Some(notice);
    }

    fn ticket(&mut self, waiting: Waiting) -> Ticket {
        let ticket = self.fresh_ticket();
        self.waiting.insert(ticket, waiting);
        ticket
    }

    fn fresh_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    fn call(&mut self, waiting: Waiting, request: Request) -> Effect {
        Effect::Call(self.ticket(waiting), request)
    }

    /// After every change: what is selected or focused is seen.
    fn settle(&mut self) {
        let layout = self.layout();
        self.tree.scroll(layout.tree_rows(), layout.list_rows());
        if layout.columns != Columns::Three && self.pane == Pane::List {
            self.pane = Pane::Tree;
        }
        let catalog = Arc::clone(&self.catalog);
        for layer in &mut self.layers {
            match layer {
                Layer::Form(form) => {
                    let area = layout.form_rows();
                    form.top =
                        rows::follow(form, &rows::rows(form, area.width), area.height.into());
                }
                Layer::Picker(picker) => {
                    let count = picker.left(&catalog).len();
                    let area = layout.picker(catalog.all().len());
                    picker.choices.scroll(Layout::choice_rows(area), count);
                }
                Layer::Palette(palette) => {
                    let count = palette.left().len();
                    let area = layout.palette();
                    palette.choices.scroll(Layout::choice_rows(area), count);
                }
                Layer::Confirm(_) | Layer::Help(_) | Layer::Clipboard => {}
            }
        }
    }
}

fn too_long(pasting: Pasting) -> Option<Notice> {
    (pasting == Pasting::TooLong)
        .then(|| Notice::warning("The paste is longer than 64 KiB; it was left out"))
}
