//! The model: everything on screen, and the one way it changes.
//!
//! Why: [`App::update`] takes what happened and answers what shall be done. It never waits, draws, spawns or reads a clock,
//! so every story can be told without a terminal. What is left to do when nothing happens ([`Event::Idle`]) is read off the
//! state: the next page of the list, the detail of the selection, the alias on screen. So nothing has to be remembered
//! twice, and at most one of each is under way.

mod answers;
mod arrange;
mod browse;
mod bulk;
mod burst;
mod command;
mod copy;
mod drafts;
mod due;
mod duplicate;
mod follow;
mod hints;
mod import;
mod keys;
mod layers;
mod merging;
mod marks;
mod mouse;
mod outside;
mod site;
mod spoken;
mod session;
mod moving;
mod testing;
mod trash;
mod undo;
mod workspace;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::action::{Action, Context};
use super::bulk::{Bulk, Of};
use super::clipboard::Carrier;
use super::curl;
use super::detail::Detail;
use super::effect::{Effect, Request, Ticket};
use super::event::Event;
use super::form::{Form, rows};
use super::info::Tested;
use super::keymap::Keymap;
use super::layer::Layer;
use super::layout::{Columns, Layout, Size};
use super::messages::Told;
use super::notice::Notice;
use super::site::Site;
use super::tree::Tree;
use super::workspace::{Tab, Workspace};
use crate::connection::{Environment, ServiceFeatures, Window};
use crate::provider::ProviderCatalog;
use drafts::Keeping;
use trash::Restore;
use undo::Done;

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
    Editor,
    Theirs,
    Duplicate,
    Alias,
    Lookup,
    Keys,
    Variable,
    Save,
    Switch(Switch),
    Delete(Uuid),
    Trash,
    Restore(Restore),
    Purge,
    Test,
    /// For one of many.
    Bulk(Of),
    /// For the file that many are written into.
    File,
    Models,
    Versions(Uuid, Window),
    Compare,
    /// To this version.
    Rollback(u64),
    /// To this version.
    RollbackField(u64),
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
    /// What stands between the app and the terminal's clipboard.
    pub carrier: Carrier,
    /// Where the management API of the service is.
    pub api: String,
    /// The tree.
    pub tree: Tree,
    /// The pane that keys go to.
    pub pane: Pane,
    /// The connection that is selected.
    pub detail: Detail,
    /// The tabs of its workspace.
    pub workspace: Workspace,
    /// How the last tests since the start went.
    pub tests: HashMap<Uuid, Tested>,
    /// What is done to many connections, or was done last.
    pub bulk: Option<Bulk>,
    /// What lies above the tree; the last one takes the keys.
    pub layers: Vec<Layer>,
    /// What happened last.
    pub notice: Option<Notice>,
    /// What was said since the start.
    pub told: Told,
    /// Whether things may have happened that were not heard of.
    pub is_behind: bool,
    /// Whether it was said why.
    is_lost: bool,
    /// What the environment has for connections.
    pub environment: Environment,
    /// What people should know since the start; the help has all of it.
    pub to_know: Vec<String>,
    /// Where the app is.
    pub site: Site,
    /// What can be done there beyond the basic verbs.
    pub features: ServiceFeatures,
    /// What the themes are called that can be shown.
    pub themes: Vec<String>,
    /// Which of them is.
    pub theme: usize,
    keeping: Keeping,
    /// The connection whose form is being opened for the editor.
    for_editor: Option<Uuid>,
    /// The save of a form that is tested once it is saved.
    test_after: Option<Ticket>,
    /// A connection that was saved to be tested.
    test_due: Option<Uuid>,
    undo: Vec<Done>,
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
            carrier: Carrier::default(),
            api: curl::DOCUMENTED.into(),
            tree: Tree::default(),
            pane: Pane::Tree,
            detail: Detail::default(),
            workspace: Workspace::default(),
            tests: HashMap::new(),
            bulk: None,
            layers: Vec::new(),
            notice: None,
            told: Told::default(),
            is_behind: false,
            is_lost: false,
            environment: Environment::default(),
            to_know: Vec::new(),
            site: Site::default(),
            features: ServiceFeatures::ALL,
            themes: Vec::new(),
            theme: 0,
            keeping: Keeping::default(),
            for_editor: None,
            test_after: None,
            test_due: None,
            undo: Vec::new(),
            last_ticket: 0,
            waiting: HashMap::new(),
        };
        app.tree.learn(&app.catalog);
        app.let_know(to_know);
        app
    }

    /// Takes in what happened and answers what shall be done.
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        if matches!(
            event,
            Event::Key(_) | Event::Typed(_) | Event::Paste(_) | Event::Mouse(_)
        ) {
            self.touched();
        }
        let effect = match event {
            Event::Key(key) => self.key(key),
            Event::Typed(text) => {
                self.type_text(&text);
                None
            }
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
            Event::Opened(catalog, features) => {
                self.tree.learn(&catalog);
                self.catalog = catalog;
                self.learn_features(features);
                None
            }
            Event::Noticed(notices) => {
                self.let_know(notices);
                None
            }
            Event::Found(found) => {
                self.drafts_found(found);
                None
            }
            Event::Edited(ticket, edited) => {
                self.edited(ticket, edited);
                None
            }
            Event::Environment(environment) => {
                self.environment = environment;
                None
            }
            Event::LightBackground => {
                self.is_light = true;
                None
            }
            Event::Spoken(spoken) => self.spoken(spoken),
        };
        let effect = self.let_out(effect);
        self.settle();
        effect
    }

    /// Where everything is.
    pub fn layout(&self) -> Layout {
        Layout::new(self.size)
    }

    /// The place keys are looked up in.
    pub fn context(&self) -> Context {
        match self.layers.last() {
            Some(layer) => layer.context(),
            None if self.is_filtering() => Context::List,
            None => match self.tab_in_focus() {
                Some(Tab::Info) => Context::Info,
                Some(Tab::History) => Context::History,
                Some(Tab::Settings) | None => Context::Tree,
            },
        }
    }

    /// The form, when it is open, whatever lies above it.
    pub fn form(&self) -> Option<&Form> {
        self.layers.iter().find_map(Layer::form)
    }

    fn form_mut(&mut self) -> Option<&mut Form> {
        self.layers.iter_mut().find_map(Layer::form_mut)
    }

    /// Whether an answer to this is waited for.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.waiting.contains_key(&ticket)
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

    /// Says what people should know; where there is more than fits into a line, the help has all of it.
    pub fn let_know(&mut self, notices: Vec<String>) {
        self.to_know.extend(notices);
        let help = self.keymap.first_key(Context::Tree, Action::Help);
        let text = match (self.to_know.as_slice(), help) {
            ([], _) => return,
            ([_, _, ..], Some(key)) => format!(
                "{} notices ({key} shows all): {}",
                self.to_know.len(),
                self.to_know[0]
            ),
            ([first, ..], _) => first.clone(),
        };
        self.tell(Notice::warning(text));
    }

    /// Says something, in place of what was said before.
    pub(super) fn tell(&mut self, notice: Notice) {
        self.told.keep(&notice);
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
        self.settle_drafts();
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
                    form.fit_keys(area.height.into());
                    form.top =
                        rows::follow(form, &rows::rows(form, area.width), area.height.into());
                }
                Layer::Picker(picker) => {
                    let count = picker.entries(&catalog).len();
                    let area = layout.picker(picker.total(&catalog));
                    picker.choices.scroll(Layout::choice_rows(area), count);
                }
                Layer::Palette(palette) => {
                    let count = palette.count(&self.tree);
                    let area = layout.palette();
                    palette.choices.scroll(Layout::choice_rows(area), count);
                }
                Layer::Models(models) => {
                    let count = models.left().len();
                    let area = layout.palette();
                    models.choices.scroll(Layout::choice_rows(area), count);
                }
                Layer::Import(import) => {
                    let count = import.left().len();
                    let rows = layout.import_list(import).height;
                    import.choices.scroll(rows.into(), count);
                }
                Layer::Compare(compare) => compare.scroll(layout),
                Layer::Trash(trash) => trash.scroll(Layout::choice_rows(layout.trash())),
                Layer::Drafts(drafts) => {
                    let area = layout.drafts(drafts.drafts.len());
                    drafts.scroll(Layout::choice_rows(area));
                }
                Layer::Merge(merge) => merge.scroll(layout),
                Layer::Bulk => {
                    if let Some(bulk) = &mut self.bulk {
                        bulk.scroll(bulk.parts(&layout).list.height.into());
                    }
                }
                Layer::Confirm(_)
                | Layer::Help(_)
                | Layer::Report(_)
                | Layer::Messages(_)
                | Layer::Moving(_)
                | Layer::Clipboard
                | Layer::Sorting => {}
            }
        }
        if !matches!(self.layers.last(), Some(Layer::Palette(_))) {
            self.tree.look_up("");
        }
        let (versions, _) = Layout::versions(self.detail_area());
        self.workspace.history.scroll(versions.height.into());
        self.forget_unseen();
    }
}
