//! Reads pasted text as the settings of a connection: commands, variables, JSON, YAML and files of other tools.
//!
//! What is understood becomes a draft. What is not taken is named, credentials first, and never with its value. A text that
//! begins like a command but cannot be read is reported as such, so that it goes into no field.

mod aws;
mod curl;
pub mod provider_variables;
mod fetch;
mod httpie;
mod json;
mod kubernetes;
mod left_out;
mod placeholder;
mod powershell;
mod program;
mod request;
mod settings;
mod tokenize;
mod url;
mod value;
mod variables;

use std::borrow::Cow;

use super::ConnectionDraft;
use crate::provider::{Provider, ProviderCatalog};

/// Longer texts are not read, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// Result of reading a pasted text.
#[derive(Debug, Clone, PartialEq)]
pub enum PasteResult {
    /// The text describes a connection.
    Connection(PastedConnection),
    /// The text begins like something that describes a connection, and cannot be read. It goes into no field.
    Unreadable(UnreadablePaste),
    /// The text describes several connections; one must be chosen.
    ChooseProfile(Vec<PastedProfile>),
    /// The text is something else, such as a name or a key.
    NotAConnection,
}

/// Connection that a pasted text describes.
#[derive(Debug, Clone, PartialEq)]
pub struct PastedConnection {
    /// Kind of the text.
    pub kind: PasteKind,
    /// The settings; every text among them may be a secret. Without a provider ID the text does not tell the provider.
    pub draft: ConnectionDraft,
    /// Names of what was not taken, credentials first; never a value.
    pub left_out: Vec<String>,
}

/// One of several connections in a pasted text.
#[derive(Debug, Clone, PartialEq)]
pub struct PastedProfile {
    /// Name of the profile.
    pub name: String,
    /// Connection of the profile.
    pub connection: PastedConnection,
}

/// Text that cannot be read, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadablePaste {
    /// Kind of the text, as far as its beginning tells.
    pub kind: PasteKind,
    /// Reason, as the end of a sentence.
    pub reason: &'static str,
}

impl std::fmt::Display for UnreadablePaste {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let article = self.kind.article();
        let kind = self.kind.as_str();
        write!(
            f,
            "This looks like {article}{kind} but cannot be read: {}",
            self.reason
        )
    }
}

/// Kind of a pasted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasteKind {
    /// A cURL command.
    Curl,
    /// `Invoke-RestMethod` or `Invoke-WebRequest`.
    PowerShell,
    /// A command of `HTTPie`.
    Httpie,
    /// A call of `fetch` in JavaScript.
    Fetch,
    /// A JSON object.
    Json,
    /// A Kubernetes Secret.
    KubernetesSecret,
    /// Profiles as in `~/.aws/credentials`.
    AwsProfiles,
    /// Assignments of variables.
    Variables,
    /// The environment umai was started in.
    Environment,
}

impl PasteKind {
    /// Name for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Curl => "cURL command",
            Self::PowerShell => "PowerShell command",
            Self::Httpie => "HTTPie command",
            Self::Fetch => "fetch call",
            Self::Json => "JSON",
            Self::KubernetesSecret => "Kubernetes Secret",
            Self::AwsProfiles => "AWS profile",
            Self::Variables => "variables",
            Self::Environment => "environment",
        }
    }

    /// Returns whether the text is a request, whose address says everything about the endpoint.
    pub const fn is_request(self) -> bool {
        matches!(
            self,
            Self::Curl | Self::PowerShell | Self::Httpie | Self::Fetch
        )
    }

    const fn article(self) -> &'static str {
        match self {
            Self::AwsProfiles => "an ",
            Self::Curl | Self::PowerShell | Self::Httpie | Self::Fetch | Self::KubernetesSecret => {
                "a "
            }
            Self::Json | Self::Variables | Self::Environment => "",
        }
    }
}

impl PasteResult {
    /// Reads a text. `wanted` is the provider of the form it goes into.
    pub fn read(text: &str, catalog: &ProviderCatalog, wanted: Option<&Provider>) -> Self {
        if text.len() > LONGEST {
            return too_long(text);
        }
        let text = without_carriage_returns(text);
        let text = without_fence(&text);
        let text = without_line_comments(text);
        if text.is_empty() {
            return Self::NotAConnection;
        }
        if curl::is_part(text) {
            return Self::unreadable(
                PasteKind::Curl,
                "only a part of it arrived; paste it as one line",
            );
        }
        let readers = [
            curl::read,
            powershell::read,
            httpie::read,
            fetch::read,
            json::read,
            kubernetes::read,
            aws::read,
        ];
        readers
            .iter()
            .find_map(|read| read(text, catalog, wanted))
            .unwrap_or_else(|| variables::read(text, catalog, wanted))
    }

    const fn unreadable(kind: PasteKind, reason: &'static str) -> Self {
        Self::Unreadable(UnreadablePaste { kind, reason })
    }
}

/// Result for a text above the limit: a cURL command is unreadable, and the field rejects any other text.
fn too_long(text: &str) -> PasteResult {
    let is_command = text
        .trim_start()
        .get(..5)
        .is_some_and(|start| start.trim_end() == "curl");
    if is_command {
        PasteResult::unreadable(PasteKind::Curl, "it is longer than 64 KiB")
    } else {
        PasteResult::NotAConnection
    }
}

fn without_carriage_returns(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{FEFF}' | '\u{200B}')
    });
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The code in a Markdown fence, or between single backticks.
fn without_fence(text: &str) -> &str {
    for fence in ["```", "~~~"] {
        if let Some(rest) = text.strip_prefix(fence) {
            // One line: ```curl …```; else the first line names the language.
            let code = match rest.split_once('\n') {
                Some((_, code)) => code,
                None => rest,
            };
            return code.split(fence).next().unwrap_or(code).trim();
        }
    }
    let inline = text
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'));
    inline
        .filter(|code| !code.contains('`'))
        .map_or(text, str::trim)
}

/// The text without the comment lines at its start. `# curl` is the prompt of root, not a comment.
fn without_line_comments(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let lower = rest.get(..4).unwrap_or(rest).to_lowercase();
        let is_hash = rest.starts_with("# ") && !rest[2..].trim_start().starts_with("curl ");
        let is_comment = is_hash
            || (rest.starts_with('#') && !rest.starts_with("# "))
            || rest.starts_with("//")
            || rest.starts_with("::")
            || lower == "rem ";
        if !is_comment {
            return rest;
        }
        rest = match rest.split_once('\n') {
            Some((_, rest)) => rest,
            None => return "",
        };
    }
}

#[cfg(test)]
mod tests;
