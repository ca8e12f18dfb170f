//! Says what a command would do, after everything was examined that can be without doing it.

use clap::Args;
use serde_json::{Value, json};

use super::exit::Failure;
use super::output::{Format, Output};
use crate::connection::{ConnectionService, Foreseen, Proposal};

/// The option of every command that changes something and can be examined before.
#[derive(Debug, Clone, Copy, Args)]
pub struct DryRun {
    /// Examine everything, say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What would be done, in the words of people and of programs.
#[derive(Clone, Copy)]
pub struct Deed {
    /// `create`.
    pub word: &'static str,
    /// `Would create`.
    pub would: &'static str,
}

/// A new connection.
pub const CREATE: Deed = Deed {
    word: "create",
    would: "Would create",
};
/// A connection that becomes another.
pub const UPDATE: Deed = Deed {
    word: "update",
    would: "Would save",
};
/// Into the trash.
pub const DELETE: Deed = Deed {
    word: "delete",
    would: "Would delete",
};
/// Out of the trash.
pub const RESTORE: Deed = Deed {
    word: "restore",
    would: "Would bring back",
};
/// For good.
pub const PURGE: Deed = Deed {
    word: "purge",
    would: "Would delete for good",
};

/// Says what one change would come to, and what could not be examined.
pub async fn run(
    service: &dyn ConnectionService,
    proposal: Proposal,
    deed: Deed,
    output: &mut Output,
) -> Result<(), Failure> {
    let foreseen = service.foresee(proposal).await?;
    match output.format() {
        Format::Json => output.json(&shown(deed, &foreseen))?,
        Format::Text => output.line(&sentence(deed, &foreseen))?,
    }
    tell_from_afar(&foreseen, output);
    Ok(())
}

/// Says what would be done to something that is no connection.
pub fn say(action: &str, sentence: &str, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => output.json(&json!({
            "dryRun": true,
            "action": action,
            "detail": sentence,
        })),
        Format::Text => output.line(sentence),
    }
}

/// Says what one of many changes would come to, on a line.
pub fn tell(deed: Deed, foreseen: &Foreseen, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => output.json_line(&shown(deed, foreseen)),
        Format::Text => output.line(&sentence(deed, foreseen)),
    }
}

/// Says that a server was only read.
pub fn tell_from_afar(foreseen: &Foreseen, output: &Output) {
    if foreseen.is_exact {
        return;
    }
    output.note(
        "It was examined from here: the server was read and not asked whether it would do it; whether the token may write is not known",
    );
    if !foreseen.untold.is_empty() {
        output.note(&format!(
            "Whether {} would be another one cannot be told from here",
            foreseen.untold.join(", ")
        ));
    }
}

fn sentence(deed: Deed, foreseen: &Foreseen) -> String {
    let item = &foreseen.connection.item;
    let name = format!("{} ({})", item.name, item.alias);
    if deed.word != UPDATE.word {
        return format!("{} {name}", deed.would);
    }
    if foreseen.paths.is_empty() {
        return format!("{name} is so already");
    }
    format!("{} {name}: {}", deed.would, foreseen.paths.join(", "))
}

/// Without what only the save gives.
fn shown(deed: Deed, foreseen: &Foreseen) -> Value {
    let item = &foreseen.connection.item;
    json!({
        "dryRun": true,
        "action": deed.word,
        "connection": {
            "alias": item.alias,
            "name": item.name,
            "providerId": item.provider_id,
            "isActive": item.is_active,
            "settings": foreseen.connection.settings,
        },
        "changes": foreseen.paths,
        "untold": foreseen.untold,
        "isExact": foreseen.is_exact,
    })
}
