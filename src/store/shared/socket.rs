//! Socket in a data directory on which the leader of the store listens.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};

/// File name of the socket.
pub const NAME: &str = "umai.sock";

/// Maximum path length: a socket address has 108 bytes including the final zero.
const MAX_LENGTH: usize = 107;

/// Short enough path of the socket.
///
/// The path of a data directory can exceed the maximum length of a socket address. The folder is then opened, and the socket
/// addressed through the short `/proc/self/fd` path of the descriptor.
struct SocketPath {
    path: PathBuf,
    /// Keeps the descriptor open while the path is in use.
    _folder: Option<File>,
}

impl SocketPath {
    fn new(data: &Path) -> io::Result<Self> {
        let path = data.join(NAME);
        if path.as_os_str().len() <= MAX_LENGTH {
            return Ok(Self {
                path,
                _folder: None,
            });
        }
        let path_only =
            i32::try_from((OFlags::PATH | OFlags::DIRECTORY).bits()).map_err(io::Error::other)?;
        let folder = OpenOptions::new()
            .read(true)
            .custom_flags(path_only)
            .open(data)?;
        Ok(Self {
            path: Path::new("/proc/self/fd")
                .join(folder.as_raw_fd().to_string())
                .join(NAME),
            _folder: Some(folder),
        })
    }
}

/// Listens in a data directory, replacing a previous socket. The caller must hold the lock.
pub fn listen(data: &Path) -> io::Result<UnixListener> {
    remove(data)?;
    let place = SocketPath::new(data)?;
    let listener = UnixListener::bind(&place.path)?;
    std::fs::set_permissions(&place.path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Removes the socket. The caller must hold the lock.
pub fn remove(data: &Path) -> io::Result<()> {
    match std::fs::remove_file(data.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Connects to the leader of a data directory.
pub async fn connect(data: &Path) -> io::Result<UnixStream> {
    let place = SocketPath::new(data)?;
    UnixStream::connect(&place.path).await
}

/// User ID of the peer, if it differs from this process.
pub fn other_user(stream: &UnixStream) -> io::Result<Option<u32>> {
    let user = stream.peer_cred()?.uid();
    Ok(Some(user).filter(|user| *user != geteuid().as_raw()))
}
