//! Targets of the configuration, which the app can switch and copy to.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::connection::ConnectionError;
use crate::plan::RevealedSettings;
use crate::service::ConnectionService;

/// Label of the store in the default data directory, which needs no section in the configuration.
pub const LOCAL_STORE: &str = "Local store";

/// Target in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetEntry {
    /// Name; empty for the store in the default data directory.
    pub name: String,
    /// URL or directory.
    pub address: String,
    /// Badge.
    pub badge: Option<String>,
    /// Color of the badge: a name, 0 to 255 or #rrggbb.
    pub color: Option<String>,
    /// True if the target refuses changes.
    pub is_read_only: bool,
    /// Reason why it cannot be used.
    pub refused: Option<String>,
    /// True for the target of the app.
    pub is_current: bool,
    /// True if it is the place that the app shows, under this or another name.
    pub is_same_place: bool,
}

impl TargetEntry {
    /// Returns the name, or what it is without one.
    pub fn label(&self) -> &str {
        if self.name.is_empty() {
            LOCAL_STORE
        } else {
            &self.name
        }
    }

    /// Returns name, badge and address for prompts.
    pub fn place(&self) -> String {
        let badge = self.badge.as_ref();
        let badge = badge.map_or_else(String::new, |badge| format!(" [{badge}]"));
        format!("{}{badge}, {}", self.label(), self.address)
    }
}

/// Purpose of opening a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenPurpose {
    /// Its connections are read.
    Compare,
    /// Connections are added or changed.
    Change,
}

/// Target that was opened.
#[derive(Clone)]
pub struct OpenTarget {
    /// Service.
    pub service: Arc<dyn ConnectionService>,
    /// True if its store on etcd does not exist: a change creates it.
    pub is_missing: bool,
}

impl OpenTarget {
    /// Returns a target that exists.
    pub fn existing(service: Arc<dyn ConnectionService>) -> Self {
        Self {
            service,
            is_missing: false,
        }
    }
}

/// Targets, and the way to use them.
#[async_trait]
pub trait Targets: Send + Sync {
    /// Lists all targets in the order of the configuration.
    fn list(&self) -> Vec<TargetEntry>;

    /// Opens a target. To compare with it, a store on etcd that does not exist is not created: it is empty.
    async fn open(&self, name: &str, purpose: OpenPurpose) -> Result<OpenTarget, ConnectionError>;

    /// Returns the settings of connections with their secrets, of a target or of the current one; none where they are never sent.
    async fn reveal(
        &self,
        name: Option<&str>,
        ids: &[Uuid],
    ) -> Result<Option<RevealedSettings>, ConnectionError>;
}

/// Targets that the app was started with.
#[derive(Clone)]
pub struct TargetsHandle(pub Arc<dyn Targets>);

impl fmt::Debug for TargetsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TargetsHandle")
    }
}

impl PartialEq for TargetsHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
