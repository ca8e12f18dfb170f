//! Simulated disk that keeps synced data and a random part of the rest: the result of a power cut after recorded system calls.
//!
//! Certain are: the bytes and the length of a file that was successfully synced with fsync or fdatasync, if they were written
//! before the sync started; and the names in a folder that was successfully synced. Nothing else is certain, neither
//! `sync_file_range` nor the name of a synced file. A rename is atomic. Of uncertain data, each page of a file is in the state
//! after some of the writes to it, each name is in the state before or after a change, and each length is one of its past
//! lengths.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use crate::support::fixture::random;
use crate::support::strace::Call;

const PAGE: u64 = 4096;
const SECTOR: u64 = 512;

/// Part of the unsynced data that survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// Nothing.
    None,
    /// Everything.
    All,
    /// Names, but no file contents.
    Names,
    /// File contents, but no names.
    Contents,
    /// Some names and some pages.
    Pages,
    /// Some names, and some sectors of the pages.
    Sectors,
}

impl Survival {
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::All,
        Self::Names,
        Self::Contents,
        Self::Pages,
        Self::Sectors,
    ];

    fn has_name(self) -> bool {
        match self {
            Self::None | Self::Contents => false,
            Self::All | Self::Names => true,
            Self::Pages | Self::Sectors => random(2) == 0,
        }
    }

    /// Number of surviving changes out of `changes` changes of one location.
    fn survivors(self, changes: usize) -> usize {
        match self {
            Self::None | Self::Names => 0,
            Self::All | Self::Contents => changes,
            Self::Pages | Self::Sectors if random(2) == 0 => changes,
            Self::Pages | Self::Sectors => random(changes as u64 + 1) as usize,
        }
    }

    const fn block(self) -> u64 {
        match self {
            Self::Sectors => SECTOR,
            Self::None | Self::All | Self::Names | Self::Contents | Self::Pages => PAGE,
        }
    }
}

/// Change of a file.
enum Change {
    Bytes(u64, Vec<u8>),
    Length(u64),
}

#[derive(Default)]
struct File {
    certain: Vec<u8>,
    /// Changes not covered by a sync, with their times.
    uncertain: Vec<(usize, Change)>,
    length: u64,
}

type Names = BTreeMap<String, usize>;

#[derive(Default)]
struct Folder {
    certain: Names,
    now: Names,
}

enum Node {
    File(File),
    Folder(Folder),
}

/// Name in a folder.
type Place = (usize, String);

/// Change of names.
enum NameChange {
    Add(Place, usize),
    Remove(Place, usize),
    Move(Place, Place, usize),
}

impl NameChange {
    fn touches(&self, folder: usize) -> bool {
        match self {
            Self::Add(place, _) | Self::Remove(place, _) => place.0 == folder,
            Self::Move(from, to, _) => from.0 == folder || to.0 == folder,
        }
    }

    fn apply(&self, mut names: impl FnMut(usize, &mut dyn FnMut(&mut Names))) {
        let mut remove = |place: &Place, node| {
            names(place.0, &mut |names| {
                if names.get(&place.1) == Some(&node) {
                    names.remove(&place.1);
                }
            });
        };
        match self {
            Self::Remove(place, node) => return remove(place, *node),
            Self::Move(from, _, node) => remove(from, *node),
            Self::Add(..) => {}
        }
        if let Self::Add(to, node) | Self::Move(_, to, node) = self {
            names(to.0, &mut |names| {
                names.insert(to.1.clone(), *node);
            });
        }
    }
}

/// State of an open file descriptor.
#[derive(Clone)]
struct Open {
    node: usize,
    at: u64,
    appends: bool,
}

/// Disk below one folder.
pub struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
    /// Name changes not covered by a sync, with their times.
    name_changes: Vec<(usize, NameChange)>,
    open: HashMap<i64, Open>,
    /// Time of the last completed call.
    now: usize,
    /// Offset added to the line numbers of a recording, so that recordings can follow each other.
    base: usize,
}

impl Disk {
    /// Returns a disk on which the current content of the folder is certain.
    pub fn new(root: &Path) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            nodes: Vec::new(),
            name_changes: Vec::new(),
            open: HashMap::new(),
            now: 0,
            base: 0,
        };
        disk.read(root);
        disk
    }

    fn read(&mut self, path: &Path) -> usize {
        let node = self.nodes.len();
        if path.is_dir() {
            self.nodes.push(Node::Folder(Folder::default()));
            let mut names = Names::new();
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                names.insert(name, self.read(&entry.path()));
            }
            self.nodes[node] = Node::Folder(Folder {
                certain: names.clone(),
                now: names,
            });
        } else {
            let certain = fs::read(path).unwrap();
            self.nodes.push(Node::File(File {
                length: certain.len() as u64,
                certain,
                uncertain: Vec::new(),
            }));
        }
        node
    }

    /// Starts another process, which has none of the previous descriptors.
    pub fn begin_process(&mut self) {
        self.open.clear();
        self.base = self.now + 1;
    }

    fn folder(&mut self, node: usize) -> &mut Folder {
        match &mut self.nodes[node] {
            Node::Folder(folder) => folder,
            Node::File(_) => panic!("not a folder"),
        }
    }

    fn file(&mut self, node: usize) -> &mut File {
        match &mut self.nodes[node] {
            Node::File(file) => file,
            Node::Folder(_) => panic!("not a file"),
        }
    }

    /// Resolves a path to its folder and name; `None` when it is not on this disk.
    fn place(&self, from: &str, path: &[u8]) -> Option<Place> {
        let path = Path::new(std::str::from_utf8(path).unwrap());
        let (mut node, path) = if path.is_absolute() {
            (0, path.strip_prefix(&self.root).ok()?)
        } else {
            (self.open.get(&from.parse().ok()?)?.node, path)
        };
        let mut parts: Vec<&str> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        let last = parts.pop()?;
        for part in parts {
            node = self.lookup(&(node, part.to_owned()))?;
        }
        Some((node, last.to_owned()))
    }

    fn lookup(&self, place: &Place) -> Option<usize> {
        match &self.nodes[place.0] {
            Node::Folder(folder) => folder.now.get(&place.1).copied(),
            Node::File(_) => None,
        }
    }

    fn add(&mut self, place: Place, node: Node) -> usize {
        self.nodes.push(node);
        let number = self.nodes.len() - 1;
        self.rename(NameChange::Add(place, number));
        number
    }

    fn rename(&mut self, name_change: NameChange) {
        name_change.apply(|folder, change| change(&mut self.folder(folder).now));
        self.name_changes.push((self.now, name_change));
    }

    fn change(&mut self, node: usize, change: Change) {
        let now = self.now;
        let file = self.file(node);
        file.length = match &change {
            Change::Bytes(at, bytes) => file.length.max(at + bytes.len() as u64),
            Change::Length(length) => *length,
        };
        file.uncertain.push((now, change));
    }

    fn sync(&mut self, node: usize, begun: usize) {
        if let Node::File(file) = &mut self.nodes[node] {
            let later = file.uncertain.iter().position(|(at, _)| *at >= begun);
            let later = later.unwrap_or(file.uncertain.len());
            for (_, change) in file.uncertain.drain(..later) {
                match change {
                    Change::Bytes(at, bytes) => {
                        let end = at as usize + bytes.len();
                        if file.certain.len() < end {
                            file.certain.resize(end, 0);
                        }
                        file.certain[at as usize..end].copy_from_slice(&bytes);
                    }
                    Change::Length(length) => file.certain.resize(length as usize, 0),
                }
            }
            return;
        }
        let (mut certain, mut rest) = (Vec::new(), Vec::new());
        for (at, name_change) in std::mem::take(&mut self.name_changes) {
            if at < begun && name_change.touches(node) {
                certain.push(name_change);
            } else {
                rest.push((at, name_change));
            }
        }
        self.name_changes = rest;
        for name_change in certain {
            name_change.apply(|folder, change| change(&mut self.folder(folder).certain));
        }
    }

    /// Applies a recorded call.
    pub fn apply(&mut self, call: &Call) {
        self.now = self.base + call.done;
        if call.result < 0 {
            return;
        }
        let here = "AT_FDCWD";
        match call.name.as_str() {
            "open" => self.open(call, (here, call.text(0)), call.word(1)),
            "openat" => self.open(call, (call.word(0), call.text(1)), call.word(2)),
            "close" => drop(self.open.remove(&call.number(0))),
            "fcntl" if call.word(1).starts_with("F_DUPFD") => {
                if let Some(open) = self.open.get(&call.number(0)).cloned() {
                    self.open.insert(call.result, open);
                }
            }
            "fcntl" => {}
            "write" | "pwrite64" => self.write(call),
            "lseek" => {
                if let Some(open) = self.open.get_mut(&call.number(0)) {
                    open.at = call.result as u64;
                }
            }
            "ftruncate" => {
                if let Some(open) = self.open.get(&call.number(0)) {
                    self.change(open.node, Change::Length(call.number(1) as u64));
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(open) = self.open.get(&call.number(0)) {
                    self.sync(open.node, self.base + call.begun);
                }
            }
            "rename" => self.move_to((here, call.text(0)), (here, call.text(1))),
            "renameat" | "renameat2" => {
                self.move_to((call.word(0), call.text(1)), (call.word(2), call.text(3)));
            }
            "unlink" | "rmdir" => self.remove(here, call.text(0)),
            "unlinkat" => self.remove(call.word(0), call.text(1)),
            "mkdir" => self.make_folder(here, call.text(0)),
            "mkdirat" => self.make_folder(call.word(0), call.text(1)),
            "link" => self.link((here, call.text(0)), (here, call.text(1))),
            "linkat" => self.link((call.word(0), call.text(1)), (call.word(2), call.text(3))),
            other => {
                let numbers = call.arguments.iter().filter_map(|argument| match argument {
                    crate::support::strace::Argument::Word(word) => word.parse::<i64>().ok(),
                    crate::support::strace::Argument::Text(_) => None,
                });
                let is_affected = numbers
                    .into_iter()
                    .any(|number| self.open.contains_key(&number));
                assert!(!is_affected, "unsupported call {other}: {call:?}");
            }
        }
    }

    fn open(&mut self, call: &Call, (from, path): (&str, &[u8]), flags: &str) {
        let place = self.place(from, path);
        let node = match place.as_ref().and_then(|place| self.lookup(place)) {
            Some(node) => node,
            None if self.root.as_os_str().as_encoded_bytes() == path => 0,
            None => match place {
                Some(place) if flags.contains("O_CREAT") => {
                    self.add(place, Node::File(File::default()))
                }
                Some(_) | None => return,
            },
        };
        if flags.contains("O_TRUNC") {
            self.change(node, Change::Length(0));
        }
        let open = Open {
            node,
            at: 0,
            appends: flags.contains("O_APPEND"),
        };
        self.open.insert(call.result, open);
    }

    fn write(&mut self, call: &Call) {
        let Some(open) = self.open.get(&call.number(0)).cloned() else {
            return;
        };
        let bytes = call.text(1)[..call.result as usize].to_vec();
        let at = match call.name.as_str() {
            "pwrite64" => call.number(3) as u64,
            _ if open.appends => self.file(open.node).length,
            _ => open.at,
        };
        if call.name == "write"
            && let Some(open) = self.open.get_mut(&call.number(0))
        {
            open.at = at + bytes.len() as u64;
        }
        self.change(open.node, Change::Bytes(at, bytes));
    }

    fn move_to(&mut self, from: (&str, &[u8]), to: (&str, &[u8])) {
        let (Some(from), Some(to)) = (self.place(from.0, from.1), self.place(to.0, to.1)) else {
            return;
        };
        let node = self.lookup(&from).unwrap();
        self.rename(NameChange::Move(from, to, node));
    }

    fn remove(&mut self, from: &str, path: &[u8]) {
        if let Some(place) = self.place(from, path)
            && let Some(node) = self.lookup(&place)
        {
            self.rename(NameChange::Remove(place, node));
        }
    }

    fn make_folder(&mut self, from: &str, path: &[u8]) {
        if let Some(place) = self.place(from, path) {
            self.add(place, Node::Folder(Folder::default()));
        }
    }

    fn link(&mut self, from: (&str, &[u8]), to: (&str, &[u8])) {
        if let (Some(from), Some(to)) = (self.place(from.0, from.1), self.place(to.0, to.1)) {
            let node = self.lookup(&from).unwrap();
            self.rename(NameChange::Add(to, node));
        }
    }

    /// Writes the result of a power cut to a folder that must not exist.
    pub fn write_after_cut(&self, survival: Survival, to: &Path) {
        let mut names: HashMap<usize, Names> = HashMap::new();
        for (number, node) in self.nodes.iter().enumerate() {
            if let Node::Folder(folder) = node {
                names.insert(number, folder.certain.clone());
            }
        }
        for (_, name_change) in &self.name_changes {
            if survival.has_name() {
                name_change.apply(|folder, change| change(names.get_mut(&folder).unwrap()));
            }
        }
        self.write_node(0, &names, survival, to);
    }

    /// Writes the current content, without a power cut, to a folder that must not exist.
    pub fn write_current(&self, to: &Path) {
        self.write_after_cut(Survival::All, to);
    }

    fn write_node(
        &self,
        node: usize,
        names: &HashMap<usize, Names>,
        survival: Survival,
        to: &Path,
    ) {
        match &self.nodes[node] {
            Node::Folder(_) => {
                fs::DirBuilder::new().mode(0o700).create(to).unwrap();
                for (name, node) in &names[&node] {
                    self.write_node(*node, names, survival, &to.join(name));
                }
            }
            Node::File(file) => {
                let mut options = fs::OpenOptions::new();
                let mut out = options
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(to)
                    .unwrap();
                std::io::Write::write_all(&mut out, &file.surviving(survival)).unwrap();
            }
        }
    }
}

impl File {
    fn surviving(&self, survival: Survival) -> Vec<u8> {
        // One of the past lengths.
        let lengths = survival.survivors(self.uncertain.len());
        let mut length = self.certain.len() as u64;
        for (_, change) in &self.uncertain[..lengths] {
            length = match change {
                Change::Bytes(at, bytes) => length.max(at + bytes.len() as u64),
                Change::Length(length) => *length,
            };
        }
        let mut left = self.certain.clone();
        left.resize(left.len().max(length as usize), 0);
        let block = survival.block();
        let mut touched: BTreeSet<u64> = BTreeSet::new();
        for (_, change) in &self.uncertain {
            if let Change::Bytes(at, bytes) = change {
                let end = at + bytes.len() as u64;
                touched.extend(at / block..end.div_ceil(block));
            }
        }
        for block in touched
            .into_iter()
            .map(|number| number * block..(number + 1) * block)
        {
            self.write_block(&mut left, block, survival);
        }
        left.truncate(length as usize);
        left
    }

    /// Applies some of the writes to a page or sector.
    fn write_block(&self, left: &mut [u8], block: std::ops::Range<u64>, survival: Survival) {
        let writes: Vec<(u64, &[u8])> = self
            .uncertain
            .iter()
            .filter_map(|(_, change)| match change {
                Change::Bytes(at, bytes)
                    if *at < block.end && at + bytes.len() as u64 > block.start =>
                {
                    Some((*at, bytes.as_slice()))
                }
                Change::Bytes(..) | Change::Length(_) => None,
            })
            .collect();
        for (at, bytes) in &writes[..survival.survivors(writes.len())] {
            let from = block.start.max(*at);
            let to = block
                .end
                .min(at + bytes.len() as u64)
                .min(left.len() as u64);
            if from < to {
                let piece = &bytes[(from - at) as usize..(to - at) as usize];
                left[from as usize..to as usize].copy_from_slice(piece);
            }
        }
    }
}
