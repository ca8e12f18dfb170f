//! Location of a store on etcd, to read and replace all of it.

use tokio::runtime::{Builder, Runtime};

use super::client::EtcdClient;
use super::content::EtcdContent;
use super::keys::EtcdKeys;
use super::open::find;
use super::staging::{NewEtcdContent, Replacement};
use crate::connection::StoreError;
use crate::store::backup::keys::AvailableKeys;
use crate::store::etcd_options::{EtcdAddress, EtcdOptions};
use crate::store::journal::header::StoreIdentity;

/// Location of a store on etcd.
pub struct EtcdLocation {
    pub(super) client: EtcdClient,
    pub(super) keys: EtcdKeys,
    pub(super) address: EtcdAddress,
}

/// Location of a store on etcd, for callers without a runtime.
pub struct BlockingEtcdLocation {
    location: EtcdLocation,
    runtime: Runtime,
}

impl EtcdLocation {
    /// Returns the location at an address. Needs a runtime.
    pub fn new(options: &EtcdOptions) -> Result<Self, StoreError> {
        Ok(Self {
            client: EtcdClient::new(options)?,
            keys: EtcdKeys::new(options.address.prefix()),
            address: options.address.clone(),
        })
    }
}

impl BlockingEtcdLocation {
    /// Returns the location at an address.
    pub fn new(options: &EtcdOptions) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            StoreError::Other(format!("The runtime cannot be started: {error}"))
        })?;
        let location = {
            let _entered = runtime.enter();
            EtcdLocation::new(options)?
        };
        Ok(Self { location, runtime })
    }

    /// Returns the identity of the store; none if there is none.
    pub fn identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        let EtcdLocation {
            client,
            keys,
            address,
        } = &self.location;
        let found = self.runtime.block_on(find(client, keys, address))?;
        Ok(found.map(|found| found.identity.to_store()))
    }

    /// Reads the store; none if there is none.
    pub fn read(&self, keys: &AvailableKeys) -> Result<Option<EtcdContent>, StoreError> {
        self.runtime.block_on(self.location.read(keys))
    }

    /// Replaces the store that was found, unless it was changed since.
    pub fn replace(
        &self,
        content: &NewEtcdContent<'_>,
        before: Option<&EtcdContent>,
    ) -> Result<Replacement, StoreError> {
        self.runtime
            .block_on(self.location.replace(content, before))
    }
}
