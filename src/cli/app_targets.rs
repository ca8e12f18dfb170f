//! Targets of `config.toml` for the app: opened when connections are copied to them.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Globals;
use super::open_service::{CliContext, OpenSession};
use super::open_tui::in_home;
use super::targets::content;
use crate::api::client::RemoteOptions;
use crate::config::target::{Target, TargetLocation};
use crate::connection::{ConnectionError, StoreError};
use crate::plan::RevealedSettings;
use crate::tui::targets::{OpenPurpose, OpenTarget, TargetEntry, Targets};

/// Targets of a run of the app.
pub struct AppTargets {
    globals: Globals,
    /// Context of the app.
    context: CliContext,
    opened: Mutex<HashMap<String, OpenSession>>,
}

impl AppTargets {
    /// Creates the targets; none is opened yet.
    pub fn new(context: &CliContext, globals: &Globals) -> Self {
        let mut context = context.clone();
        // As the app, which keeps its tokens to itself.
        context.server = context.server.map(RemoteOptions::without_token_cache);
        Self {
            globals: globals.clone(),
            context,
            opened: Mutex::default(),
        }
    }

    /// Closes the stores that were opened; returns sentences for the user about stores that were created.
    pub async fn close(&self) -> Result<Vec<String>, StoreError> {
        let sessions: Vec<_> = self.opened.lock().await.drain().collect();
        let mut closed = Ok(());
        for (_, session) in &sessions {
            closed = closed.and(session.close().await);
        }
        closed?;
        let notices = sessions.iter().map(|(_, session)| session.opening_notice());
        Ok(notices.flatten().collect())
    }

    fn context_of(&self, name: &str) -> Result<CliContext, StoreError> {
        let mut context = content::context_of(&self.globals, name)
            .map_err(|failure| StoreError::Other(failure.to_string()))?;
        context.server = context.server.map(RemoteOptions::without_token_cache);
        Ok(context)
    }

    /// Returns the store in the default data directory; none if a target has it, or if it cannot be used.
    fn local_store(&self) -> Option<TargetEntry> {
        let there = CliContext::new(&content::globals_of(&self.globals, "")).ok()?;
        let data = &there.config.data;
        let is_it = |target: &Target| matches!(&target.location, TargetLocation::Local { data: folder, .. } if folder == data);
        let mut targets = self.context.file.targets().iter();
        if targets.any(|(_, target)| target.as_ref().is_ok_and(is_it)) {
            return None;
        }
        let is_current = self.context.is_local() && self.context.config.data == *data;
        Some(TargetEntry {
            address: in_home(data),
            is_read_only: there.read_only.is_some(),
            is_current,
            is_same_place: is_current,
            ..TargetEntry::default()
        })
    }

    fn entry(&self, target: &Target) -> TargetEntry {
        let address = target.location.display_address();
        let is_named = |current: &Target| current.name == target.name;
        let is_current = self.context.target.as_ref().is_some_and(is_named);
        let is_same_place = is_current
            || match &target.location {
                TargetLocation::Local { data, .. } => {
                    self.context.is_local() && *data == self.context.config.data
                }
                TargetLocation::Server { .. }
                | TargetLocation::Site { .. }
                | TargetLocation::Etcd { .. } => {
                    let current = self.context.address().unwrap_or_default();
                    current.trim_end_matches('/') == address.trim_end_matches('/')
                }
            };
        TargetEntry {
            name: target.name.clone(),
            address,
            badge: target.badge.clone(),
            color: target.color.clone(),
            is_read_only: target.is_read_only || self.context.file.read_only.is_some(),
            refused: signed_out(target),
            is_current,
            is_same_place,
        }
    }
}

/// Returns how to sign in to a site whose client secret was removed; none for other targets.
fn signed_out(target: &Target) -> Option<String> {
    let command = target.login_command();
    target
        .is_signed_out()
        .then(|| format!("Signed out; run: {command}"))
}

#[async_trait]
impl Targets for AppTargets {
    fn list(&self) -> Vec<TargetEntry> {
        let targets = self.context.file.targets().iter();
        let targets = targets.map(|(name, target)| match target {
            Ok(target) => self.entry(target),
            Err(why) => TargetEntry {
                name: name.clone(),
                refused: Some(why.clone()),
                ..TargetEntry::default()
            },
        });
        targets.chain(self.local_store()).collect()
    }

    async fn open(&self, name: &str, purpose: OpenPurpose) -> Result<OpenTarget, ConnectionError> {
        let mut opened = self.opened.lock().await;
        if let Some(session) = opened.get(name).filter(|session| !session.is_missing()) {
            return Ok(OpenTarget::existing(Arc::clone(&session.service)));
        }
        let context = self
            .context_of(name)?
            .adding(purpose == OpenPurpose::Change);
        let session = OpenSession::open(&context, context.store()).await?;
        let target = OpenTarget {
            service: Arc::clone(&session.service),
            is_missing: session.is_missing(),
        };
        opened.insert(name.to_owned(), session);
        Ok(target)
    }

    async fn reveal(
        &self,
        name: Option<&str>,
        ids: &[Uuid],
    ) -> Result<Option<RevealedSettings>, ConnectionError> {
        match name {
            _ if ids.is_empty() => Ok(Some(RevealedSettings::new())),
            None => content::reveal_ids(&self.context, ids).await,
            Some(name) => content::reveal_ids(&self.context_of(name)?, ids).await,
        }
    }
}
