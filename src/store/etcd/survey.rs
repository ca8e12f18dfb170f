//! State of a cluster and of the store on it, for `umai doctor`. Changes nothing.

use futures_util::future::join_all;
use uuid::Uuid;

use super::backend::read_error;
use super::call_error::CallError;
use super::client::EtcdClient;
use super::keys::KeyRange;
use super::known_addresses::KnownAddresses;
use super::location::EtcdLocation;
use super::open::{find, matching_key};
use super::operations::get_range;
use super::saved_index::SavedIndex;
pub use super::saved_index::SavedIndexState;
use super::wire::{AlarmType, RangeRequest, StatusResponse};
use crate::connection::StoreError;
use crate::store::StoreOptions;
use crate::store::etcd_options::EtcdOptions;
use crate::store::key::StoreKey;

/// State of a cluster and its store.
pub struct EtcdSurvey {
    /// Nodes in the order of the address.
    pub nodes: Vec<NodeSurvey>,
    /// Alarms of the cluster.
    pub alarms: Result<Vec<EtcdAlarm>, StoreError>,
    /// True if there is a store and this machine has its key, false if there is none; the error of a key that does not match.
    pub store: Result<bool, StoreError>,
    /// Contents that are not in use, or not yet.
    pub unused: Vec<UnusedContent>,
    /// Error if this machine cannot remember that it used the store, and would not notice its loss.
    pub remembered: Result<(), StoreError>,
    /// Index of the store that is saved on this machine.
    pub index: Option<SavedIndexState>,
}

/// Keys of an interrupted restore, copy or rotation, or of the content that it replaced.
pub struct UnusedContent {
    /// Start of their names.
    pub prefix: String,
    /// Number of keys.
    pub keys: u64,
}

/// State of a node.
pub struct NodeSurvey {
    /// `host:port`.
    pub name: String,
    /// State; the error is the reason why it does not answer.
    pub state: Result<NodeState, String>,
}

/// State of a node that answers.
pub struct NodeState {
    /// Version of etcd.
    pub version: String,
    /// Role in the cluster.
    pub role: NodeRole,
    /// Bytes of the database file.
    pub size: u64,
    /// Bytes of the database file that are in use.
    pub in_use: u64,
    /// Maximum of the database file in bytes, if the node reports it.
    pub quota: Option<u64>,
    /// Entries that are known but not applied.
    pub lag: u64,
}

/// Role of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRole {
    /// Leader.
    Leader,
    /// Follows a leader.
    Follower,
    /// Knows no leader: the cluster has no quorum.
    WithoutLeader,
}

/// Alarm of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtcdAlarm {
    /// The quota is used up.
    NoSpace,
    /// Data is corrupt.
    Corrupt,
}

/// Surveys a cluster. `files` locates the key.
pub async fn survey(options: &EtcdOptions, files: &StoreOptions) -> Result<EtcdSurvey, StoreError> {
    let client = EtcdClient::new(options)?;
    let nodes = client.nodes().iter().map(async |node| NodeSurvey {
        name: node.name.clone(),
        state: match client.status(node).await {
            Ok(status) => Ok(NodeState::read(status)),
            Err(CallError::NoAnswer(why)) => Err(why),
            Err(error) => Err(read_error(error).to_string()),
        },
    });
    let nodes = join_all(nodes).await;
    if !nodes.iter().any(|node| node.state.is_ok()) {
        return Ok(EtcdSurvey {
            nodes,
            alarms: Ok(Vec::new()),
            store: Err(StoreError::Unreachable("No node answers".into())),
            unused: Vec::new(),
            remembered: Ok(()),
            index: None,
        });
    }
    let alarms = alarms(&client).await;
    let location = EtcdLocation::new(options)?;
    let found = find(&client, &location.keys, &options.address).await;
    let unused = match &found {
        Ok(found) => {
            let used = found.iter().map(|found| found.identity.content);
            // Without them, the other findings are still of use.
            let unused = location.unused(&used.collect::<Vec<_>>()).await;
            unused.unwrap_or_default()
        }
        Err(_) => Vec::new(),
    };
    let known = KnownAddresses::new(files, &options.address);
    let store = found.and_then(|found| match found {
        None => known.reject_lost().map(|()| None),
        Some(found) => {
            let (identity, address) = (&found.identity, &options.address);
            matching_key(files, identity, address).map(|key| Some((identity.store, key)))
        }
    });
    Ok(EtcdSurvey {
        nodes,
        alarms,
        remembered: match &store {
            Ok(Some((id, _))) => known.check_added(*id),
            Ok(None) | Err(_) => Ok(()),
        },
        index: match &store {
            Ok(Some((id, key))) => saved_index(options, *id, key),
            Ok(None) | Err(_) => None,
        },
        store: store.map(|found| found.is_some()),
        unused,
    })
}

async fn alarms(client: &EtcdClient) -> Result<Vec<EtcdAlarm>, StoreError> {
    let found = client.alarms().await.map_err(read_error)?;
    let known = found.iter().filter_map(|member| match member.alarm() {
        AlarmType::None => None,
        AlarmType::NoSpace => Some(EtcdAlarm::NoSpace),
        AlarmType::Corrupt => Some(EtcdAlarm::Corrupt),
    });
    Ok(known.collect())
}

fn saved_index(options: &EtcdOptions, id: Uuid, key: &StoreKey) -> Option<SavedIndexState> {
    let cache = options.cache.as_deref()?;
    SavedIndex::new(cache, id, key.authenticator(id)).state()
}

impl EtcdLocation {
    /// Returns the keys of all contents except the used one; `None` is the first content.
    async fn unused(&self, used: &[Option<Uuid>]) -> Result<Vec<UnusedContent>, StoreError> {
        let mut unused = Vec::new();
        if !used.is_empty() && !used.contains(&None) {
            let first = self.keys.with_content(None);
            for range in [first.connections(), first.aliases(), first.all_versions()] {
                unused.extend(self.unused_in(range).await?);
            }
        }
        let mut next = self.next_content(&self.keys.contents()).await?;
        while let Some(id) = next {
            let keys = self.keys.with_content(Some(id)).content();
            if !used.contains(&Some(id)) {
                unused.extend(self.unused_in(keys.clone()).await?);
            }
            let rest = KeyRange {
                start: keys.end,
                end: self.keys.contents().end,
            };
            next = self.next_content(&rest).await?;
        }
        Ok(unused)
    }

    /// Returns the keys of a range that is not in use; none if it is empty.
    async fn unused_in(&self, range: KeyRange) -> Result<Option<UnusedContent>, StoreError> {
        let prefix = String::from_utf8_lossy(&range.start).into_owned();
        let request = RangeRequest {
            limit: 1,
            keys_only: true,
            ..get_range(range)
        };
        let found = self.client.range(&request).await.map_err(read_error)?;
        let keys = found.count.try_into().unwrap_or(0);
        Ok((keys > 0).then_some(UnusedContent { prefix, keys }))
    }
}

impl NodeState {
    fn read(status: StatusResponse) -> Self {
        let member = status.header.as_ref().map_or(0, |header| header.member_id);
        Self {
            role: match status.leader {
                0 => NodeRole::WithoutLeader,
                leader if leader == member => NodeRole::Leader,
                _ => NodeRole::Follower,
            },
            size: status.db_size.try_into().unwrap_or(0),
            in_use: status.db_size_in_use.try_into().unwrap_or(0),
            quota: status
                .db_size_quota
                .try_into()
                .ok()
                .filter(|quota| *quota > 0),
            lag: status.raft_index.saturating_sub(status.raft_applied_index),
            version: status.version,
        }
    }
}
