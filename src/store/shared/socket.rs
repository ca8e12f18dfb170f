//! The socket in a data folder: where the holder of the store answers.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};

/// The name of the socket.
pub const NAME: &str = "umai.sock";

/// A longer path does not fit into the address of a socket, which has 108 bytes and ends with a zero.
const LONGEST: usize = 107;

/// A path of the socket that is short enough.
///
/// Why: folders may be deeper than an address is long. Such a folder is opened, and the socket reached through the short name
/// that the system has for what a process has open.
struct Place {
    path: PathBuf,
    /// Kept open while the path is in use.
    _folder: Option<File>,
}

impl Place {
    fn of(data: &Path) -> io::Result<Self> {
        let path = data.join(NAME);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self {
                path,
                _folder: None,
            });
        }
        let only_a_path =
            i32::try_from((OFlags::PATH | OFlags::DIRECTORY).bits()).map_err(io::Error::other)?;
        let folder = OpenOptions::new()
            .read(true)
            .custom_flags(only_a_path)
            .open(data)?;
        Ok(Self {
            path: Path::new("/proc/self/fd")
                .join(folder.as_raw_fd().to_string())
                .join(NAME),
            _folder: Some(folder),
        })
    }
}

/// Listens in a data folder, in place of whoever did before; only for the process that has the lock.
pub fn listen(data: &Path) -> io::Result<UnixListener> {
    remove(data)?;
    let place = Place::of(data)?;
    let listener = UnixListener::bind(&place.path)?;
    std::fs::set_permissions(&place.path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes the socket away; only for the process that has the lock.
pub fn remove(data: &Path) -> io::Result<()> {
    match std::fs::remove_file(data.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Calls whoever listens in a data folder.
pub async fn call(data: &Path) -> io::Result<UnixStream> {
    let place = Place::of(data)?;
    UnixStream::connect(&place.path).await
}

/// The user at the other end, when that is another one.
pub fn stranger(stream: &UnixStream) -> io::Result<Option<u32>> {
    let user = stream.peer_cred()?.uid();
    Ok(Some(user).filter(|user| *user != geteuid().as_raw()))
}
