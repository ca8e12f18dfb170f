//! Every dialog describes itself and fits on every screen.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::Utc;
use umai::connection::ProviderVariables;
use umai::drafts::StoredDraft;
use umai::service::ServiceFeatures;
use umai::tui::action::{ACTIONS, Action, KeyContext};
use umai::tui::bulk::{BulkJob, BulkOperation, BulkRow};
use umai::tui::dialog::Dialog;
use umai::tui::dialogs::confirm::ConfirmDialog;
use umai::tui::dialogs::copy_to_target::CopyDialog;
use umai::tui::dialogs::drafts::DraftsDialog;
use umai::tui::dialogs::env_import::EnvImport;
use umai::tui::dialogs::help::HelpDialog;
use umai::tui::dialogs::menu::Menu;
use umai::tui::dialogs::merge::{MergeConflict, MergeDialog, MergeSide};
use umai::tui::dialogs::messages::MessagesDialog;
use umai::tui::dialogs::models::Models;
use umai::tui::dialogs::move_to_reference::MoveToReference;
use umai::tui::dialogs::palette::PaletteDialog;
use umai::tui::dialogs::provider_picker::ProviderPicker;
use umai::tui::dialogs::targets::TargetsDialog;
use umai::tui::dialogs::test_report::{ReportDialog, ReportSubject};
use umai::tui::dialogs::trash::TrashDialog;
use umai::tui::dialogs::version_diff::VersionDiff;
use umai::tui::effect::Ticket;
use umai::tui::event::Event;
use umai::tui::form::Form;
use umai::tui::form::field::{FieldId, FieldValue};
use umai::tui::layout::Size;
use umai::tui::targets::TargetEntry;

use crate::support::harness::{EXAMPLE_ID, Harness};

/// One dialog of every kind.
fn every_dialog(harness: &Harness) -> Vec<Box<dyn Dialog>> {
    let app = &harness.app;
    let mut form = Form::new(app.service.catalog.get("openai").unwrap());
    let is_secret = |value: &FieldValue| matches!(value, FieldValue::Secret(_));
    let secret = form.fields.iter().position(|field| is_secret(&field.value));
    form.focus = secret.unwrap();
    let ticket = Ticket(1_000);
    let set = |name: &str| (name == "OPENAI_API_KEY").then(|| "sk-planted".to_owned());
    let offers = ProviderVariables::read(&app.service.catalog, set).offers(&app.service.catalog);
    let rows = app.tree.among(|_| true);
    let rows = rows.map(|item| BulkRow::new(item, false)).collect();
    let conflict = MergeConflict {
        id: FieldId::Name,
        label: "Name".into(),
        mine: "Mine".into(),
        theirs: "Theirs".into(),
        side: MergeSide::Mine,
    };
    let draft = StoredDraft {
        id: EXAMPLE_ID,
        date: Utc::now(),
        content: Err("It cannot be decrypted".into()),
    };
    vec![
        ProviderPicker::default().into(),
        MoveToReference::for_focus(&form).unwrap().into(),
        form.into(),
        ConfirmDialog::quit().into(),
        PaletteDialog::new(KeyContext::Tree).into(),
        HelpDialog::new(KeyContext::Tree).into(),
        ReportDialog::new(ReportSubject::Form, "Test", ticket).into(),
        Models::new(uuid::Uuid::nil(), "Test".into(), ticket).into(),
        VersionDiff::new(EXAMPLE_ID, (1, 2), true, ticket).into(),
        TrashDialog::open(ServiceFeatures::ALL).unwrap().into(),
        MergeDialog::new(2, vec![conflict]).into(),
        DraftsDialog::new(vec![draft]).into(),
        BulkOperation::new(1, rows, &[BulkJob::Test]).into(),
        MessagesDialog::default().into(),
        EnvImport::open(offers).unwrap().into(),
        TargetsDialog::open(vec![TargetEntry {
            name: "prod".into(),
            ..TargetEntry::default()
        }])
        .unwrap()
        .into(),
        Menu::COPY.into(),
        Menu::SORT.into(),
        CopyDialog::open(vec![EXAMPLE_ID], Some(super::copy_to_target::targets()))
            .unwrap()
            .into(),
    ]
}

/// Type of a dialog, which is the first word of its `Debug`.
fn kind(dialog: &dyn Dialog) -> String {
    let debug = format!("{dialog:?}");
    debug.split(' ').next().unwrap().to_owned()
}

/// Types that implement `Dialog`.
fn kinds_in_source() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/dialogs");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().unwrap().is_file());
    let kinds = files.map(|entry| {
        let source = fs::read_to_string(entry.path()).unwrap();
        let (_, rest) = source.split_once("\nimpl Dialog for ").unwrap();
        rest.split(' ').next().unwrap().to_owned()
    });
    kinds.collect()
}

fn open(harness: &mut Harness, at: usize) -> String {
    let dialog = every_dialog(harness).swap_remove(at);
    let kind = kind(&*dialog);
    while !harness.app.dialogs.is_empty() {
        harness.app.dialogs.pop();
    }
    harness.app.dialogs.push(dialog);
    kind
}

#[test]
fn every_dialog_describes_itself() {
    let mut harness = Harness::three(120, 40);
    let mut kinds = BTreeSet::new();
    for at in 0..every_dialog(&harness).len() {
        let kind = open(&mut harness, at);
        kinds.insert(kind.clone());
        let (dialog, cx) = harness.app.top_dialog().unwrap();
        let model = dialog.model(&cx);
        assert!(!model.title.is_empty(), "{kind}");
        let context = harness.app.context();
        assert_eq!(context, dialog.context(), "{kind}");
        let back = harness.app.keymap.first_key(context, Action::Back);
        assert!(back.is_some(), "{kind} cannot be closed");
        let mut actions = ACTIONS.iter().filter(|entry| context.has(entry));
        let has_hint =
            actions.any(|entry| harness.app.can(entry.action) && harness.app.hint(entry).is_some());
        assert!(has_hint || !model.buttons.is_empty(), "{kind}");
        // The commands of plain mode replace the help.
        assert!(
            kind == "HelpDialog" || !dialog.spoken(&cx).place.is_empty(),
            "{kind}"
        );
    }
    assert_eq!(kinds, kinds_in_source());
}

#[test]
fn every_dialog_fits_on_every_screen() {
    for (width, height) in [(20, 5), (40, 10), (80, 24), (120, 40)] {
        let mut harness = Harness::three(120, 40);
        for at in 0..every_dialog(&harness).len() {
            let kind = open(&mut harness, at);
            harness.app.update(Event::Resize(Size { width, height }));
            let (dialog, cx) = harness.app.top_dialog().unwrap();
            let model = dialog.model(&cx);
            let areas = model.areas(&cx.layout);
            let word = model.title.split(' ').next().unwrap().to_owned();
            assert!(!areas.frame.is_empty(), "{kind}");
            drop(model);
            let frame = harness.frame();
            assert!(
                width < 40 || frame.contains(&word),
                "{kind} at {width}×{height}: {frame}"
            );
        }
    }
}

/// Checks that the keys of Yes and No do something where the footer shows them, and nothing elsewhere.
pub fn check_answers(what: &str, open: impl Fn() -> Harness) {
    for action in [Action::Yes, Action::No] {
        let mut harness = open();
        let app = &harness.app;
        let context = app.context();
        let Some(key) = app.keymap.first_key(context, action) else {
            continue;
        };
        let entry = action.entry();
        let is_shown = context.has(entry) && app.can(action) && app.hint(entry).is_some();
        let state = |harness: &Harness| format!("{:?}{:?}", harness.app.dialogs, harness.effects);
        let before = state(&harness);
        harness.happens(Event::Key(key));
        assert_eq!(
            state(&harness) != before,
            is_shown,
            "{what}: {key} in {}",
            harness.frame()
        );
    }
}

#[test]
fn answers_work_where_they_are_shown() {
    let count = every_dialog(&Harness::three(120, 40)).len();
    for at in 0..count {
        let kind = kind(&*every_dialog(&Harness::three(120, 40))[at]);
        if kind == "Menu" || kind == "Form" {
            continue;
        }
        check_answers(&kind, || {
            let mut harness = Harness::three(120, 40);
            open(&mut harness, at);
            harness
        });
    }
    // Bulk operations in each phase, and prompts.
    for keys in [
        "<ctrl-a>D",
        "<ctrl-a>Dy",
        "<ctrl-a>t",
        "<ctrl-a>E",
        "<down>D",
        "<down>e<end>x<esc>",
        "<down>e<end>x<ctrl-s>3<end>b",
        "<down>e<end>x<ctrl-s>3<end>b<shift-tab>",
    ] {
        check_answers(keys, || {
            let mut harness = Harness::three(120, 40);
            harness.play(keys);
            assert!(!harness.app.dialogs.is_empty(), "{keys}");
            harness
        });
    }
}
