//! Cache of an Umbraco site's access token, so that many commands use one: a file that is sealed with the key of the store.

use std::any::Any;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Globals;
use crate::api::client::{AccessToken, BaseUrl, ClientCredentials, TokenCache};
use crate::atomic_file;
use crate::config::{self, Config, short_digest};
use crate::store::{self, key::KeyLookup, key::StoreKey};

/// Directory in the cache directory.
const FOLDER: &str = "tokens";

/// Magic bytes at the start; the digit is the format version.
const HEAD: &[u8; 8] = b"umaitok1";

/// Maximum size of the file in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Token of one API user of one site in a file.
pub struct SiteTokenCache {
    path: PathBuf,
    /// Data that binds the seal to site, client and secret: a changed secret does not open it.
    binding: Vec<u8>,
    config: Config,
}

impl SiteTokenCache {
    /// Returns the cache of an API user; none without a home directory.
    pub fn new(
        globals: &Globals,
        address: &BaseUrl,
        credentials: &ClientCredentials,
    ) -> Option<Self> {
        let (data, folder, key) = (&globals.data, &globals.config, &globals.key_file);
        let config = Config::new(data.clone(), folder.clone(), key.clone()).ok()?;
        let folder = config::cache_folder()?.join(FOLDER);
        let user = format!("{address}\n{}", credentials.id);
        let secret = Sha256::digest(credentials.secret.as_bytes());
        Some(Self {
            path: folder.join(short_digest(&user)).with_extension("token"),
            binding: [b"umai token 1\n", user.as_bytes(), b"\n", &secret].concat(),
            config,
        })
    }

    /// Returns the key of the store. A new key beside an existing store would hide that the right key is missing.
    fn key(&self, may_create: bool) -> Option<StoreKey> {
        let find = || StoreKey::find(self.config.key_file.as_deref(), &self.config.config).ok();
        match find()? {
            KeyLookup::Key(key, _) => Some(key),
            KeyLookup::Missing(path) if may_create && store::is_missing(&self.config.data) => {
                StoreKey::generate(&path).ok().or_else(|| match find()? {
                    // Another process created it at the same moment.
                    KeyLookup::Key(key, _) => Some(key),
                    KeyLookup::Missing(_) => None,
                })
            }
            KeyLookup::Missing(_) => None,
        }
    }
}

impl TokenCache for SiteTokenCache {
    fn lock(&self) -> Option<Box<dyn Any + Send>> {
        atomic_file::create_folder(self.path.parent()?).ok()?;
        let guard = atomic_file::lock(&self.path).ok()?;
        Some(Box::new(guard))
    }

    fn read(&self) -> Option<AccessToken> {
        let file = File::open(&self.path).ok()?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        let sealed = bytes.strip_prefix(HEAD)?;
        let opened = self.key(false)?.open_bytes(sealed, &self.binding)?;
        serde_json::from_slice(&opened).ok()
    }

    fn write(&self, token: &AccessToken) {
        let write = || {
            let json = Zeroizing::new(serde_json::to_vec(token).ok()?);
            let sealed = self.key(true)?.seal_bytes(&json, &self.binding).ok()?;
            let bytes = [HEAD.as_slice(), &sealed].concat();
            atomic_file::write_atomically(&self.path, |file| file.write_all(&bytes)).ok()
        };
        if write().is_none() {
            self.remove();
        }
    }

    fn remove(&self) {
        // A missing file is as good, and one that cannot be removed expires.
        let _ = std::fs::remove_file(&self.path);
    }
}
