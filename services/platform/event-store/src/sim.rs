//! A disk in memory that fails where it is told to, and forgets what was not synced the way real disks do.
//!
//! After a crash each 512-byte sector written since the last sync holds any of the contents it had in between, a file's
//! size is any it had in between, and each change of a name has happened or not, all chosen by a seed.

use crate::disk::{Disk, DiskFile};
use parking_lot::Mutex;
use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

const SECTOR: usize = 512;

/// What the disk does once its countdown has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The machine is gone: this operation may have happened in part, everything later fails.
    Crash,
    /// This one operation fails and whatever it should have made durable is not; later ones work.
    Once,
    /// Nothing grows any more: writes beyond a file's present size fail.
    Full,
}

/// The simulated disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<World>>);

#[derive(Debug, Default)]
struct World {
    files: Vec<Contents>,
    folders: BTreeSet<PathBuf>,
    /// Names as programs see them.
    names: BTreeMap<PathBuf, usize>,
    /// Names as the disk has them.
    durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names since their folder was synced.
    name_changes: Vec<NameChange>,
    locks: BTreeSet<PathBuf>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    crashed: bool,
    full: bool,
}

#[derive(Clone, Debug)]
enum NameChange {
    Link(PathBuf, usize),
    Rename(PathBuf, PathBuf, usize),
    Remove(PathBuf),
}

impl NameChange {
    fn folder(&self) -> Option<&Path> {
        match self {
            NameChange::Link(path, _) | NameChange::Rename(_, path, _) | NameChange::Remove(path) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            NameChange::Link(path, file) => {
                names.insert(path.clone(), *file);
            }
            NameChange::Rename(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            NameChange::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Contents {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync, each with all contents it has had since.
    unsynced: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Sizes since the last sync.
    sizes: Vec<usize>,
}

impl Contents {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.now.len() < end {
            self.now.resize(end, 0);
        }
        self.now[offset..end].copy_from_slice(bytes);
        self.sizes.push(self.now.len());
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            let content = self.now[sector * SECTOR..self.now.len().min((sector + 1) * SECTOR)].to_vec();
            self.unsynced.entry(sector).or_default().push(content);
        }
    }

    fn resize(&mut self, length: usize) {
        // What is cut off may still be on the disk, but reads as zeros when the file grows over it again.
        for sector in length / SECTOR..self.now.len().div_ceil(SECTOR) {
            let mut content = self.now[sector * SECTOR..self.now.len().min((sector + 1) * SECTOR)].to_vec();
            content.truncate(length.saturating_sub(sector * SECTOR));
            self.unsynced.entry(sector).or_default().push(content);
        }
        self.now.resize(length, 0);
        self.sizes.push(length);
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.now);
        self.unsynced.clear();
        self.sizes.clear();
    }

    /// What a crash leaves.
    fn after_crash(&self, random: &mut Random) -> Vec<u8> {
        let mut content = self.durable.clone();
        let size = match random.below(self.sizes.len() + 1) {
            0 => content.len(),
            index => self.sizes[index - 1],
        };
        for (sector, versions) in &self.unsynced {
            let chosen = random.below(versions.len() + 1);
            if chosen > 0 {
                let start = sector * SECTOR;
                if content.len() < start + SECTOR {
                    content.resize(start + SECTOR, 0);
                }
                let version = &versions[chosen - 1];
                content[start..start + SECTOR].fill(0);
                content[start..start + version.len()].copy_from_slice(version);
            }
        }
        content.resize(size, 0);
        content
    }
}

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit - 1`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit.max(1) as u64) as usize
    }
}

fn gone() -> io::Error {
    io::Error::other("the simulated machine has crashed")
}

impl World {
    /// Counts an operation that changes the disk; `Ok(true)` when it is to fail after having begun.
    fn operation(&mut self) -> io::Result<bool> {
        if self.crashed {
            return Err(gone());
        }
        self.operations += 1;
        match self.fault {
            Some((at, Fault::Crash)) if self.operations >= at => {
                self.crashed = true;
                Ok(true)
            }
            Some((at, Fault::Once)) if self.operations == at => Err(io::Error::other("the simulated disk failed")),
            Some((at, Fault::Full)) if self.operations >= at => {
                self.full = true;
                Ok(false)
            }
            _ => Ok(false),
        }
    }
}

impl SimDisk {
    /// Sets what happens at the `at`th operation from now (1 is the next); replaces what was set before.
    pub fn fail_at(&self, at: u64, fault: Fault) {
        let mut world = self.0.lock();
        world.fault = Some((world.operations + at, fault));
    }

    /// The disk behaves from now on.
    pub fn heal(&self) {
        let mut world = self.0.lock();
        world.fault = None;
        world.full = false;
    }

    /// Operations so far that changed something or synced.
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    pub fn crashed(&self) -> bool {
        self.0.lock().crashed
    }

    /// The disk as it is found after a power cut now.
    pub fn after_crash(&self, seed: u64) -> SimDisk {
        let world = self.0.lock();
        let mut random = Random(seed);
        let mut names = world.durable_names.clone();
        for change in &world.name_changes {
            if random.below(2) == 1 {
                change.apply(&mut names);
            }
        }
        let files = world.files.iter().map(|file| {
            let now = file.after_crash(&mut random);
            Contents { durable: now.clone(), now, ..Contents::default() }
        });
        let survived = World {
            files: files.collect(),
            folders: world.folders.clone(),
            durable_names: names.clone(),
            names,
            ..World::default()
        };
        SimDisk(Arc::new(Mutex::new(survived)))
    }

    /// The disk as another process finds it after this one was killed: nothing is lost, no lock is held.
    pub fn after_kill(&self) -> SimDisk {
        let world = self.0.lock();
        let survived = World {
            files: world.files.clone(),
            folders: world.folders.clone(),
            names: world.names.clone(),
            durable_names: world.durable_names.clone(),
            name_changes: world.name_changes.clone(),
            ..World::default()
        };
        SimDisk(Arc::new(Mutex::new(survived)))
    }

    /// All files with their contents, as programs see them.
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let world = self.0.lock();
        world.names.iter().map(|(path, file)| (path.clone(), world.files[*file].now.clone())).collect()
    }

    /// Flips one bit on the disk.
    pub fn flip(&self, path: &Path, offset: usize, bit: u8) {
        let mut world = self.0.lock();
        let file = world.names[path];
        let file = &mut world.files[file];
        file.now[offset] ^= 1 << bit;
        file.durable.clone_from(&file.now);
    }
}

impl Disk for SimDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        // Folders are made once, long before anything of worth is in them.
        let mut world = self.0.lock();
        if world.crashed {
            return Err(gone());
        }
        world.folders.extend(folder.ancestors().map(Path::to_path_buf));
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let world = self.0.lock();
        if world.crashed {
            return Err(gone());
        }
        if !world.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = world.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.0.lock();
        let crash = world.operation()?;
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if world.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = world.files.len();
        world.files.push(Contents::default());
        world.names.insert(path.to_path_buf(), file);
        world.name_changes.push(NameChange::Link(path.to_path_buf(), file));
        if crash { Err(gone()) } else { Ok(Box::new(SimFile { world: Arc::clone(&self.0), file })) }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let world = self.0.lock();
        if world.crashed {
            return Err(gone());
        }
        let file = *world.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimFile { world: Arc::clone(&self.0), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        let crash = world.operation()?;
        let file = world.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        world.names.insert(to.to_path_buf(), file);
        world.name_changes.push(NameChange::Rename(from.to_path_buf(), to.to_path_buf(), file));
        if crash { Err(gone()) } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        let crash = world.operation()?;
        world.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        world.name_changes.push(NameChange::Remove(path.to_path_buf()));
        if crash { Err(gone()) } else { Ok(()) }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        if world.operation()? {
            return Err(gone());
        }
        let World { name_changes, durable_names, .. } = &mut *world;
        name_changes.retain(|change| {
            let inside = change.folder() == Some(folder);
            if inside {
                change.apply(durable_names);
            }
            !inside
        });
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        let mut world = self.0.lock();
        if !world.locks.insert(path.to_path_buf()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimLock { world: Arc::clone(&self.0), path: path.to_path_buf() }))
    }
}

struct SimLock {
    world: Arc<Mutex<World>>,
    path: PathBuf,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.world.lock().locks.remove(&self.path);
    }
}

struct SimFile {
    world: Arc<Mutex<World>>,
    file: usize,
}

impl DiskFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.world.lock().files[self.file].now.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.world.lock();
        if world.crashed {
            return Err(gone());
        }
        let now = &world.files[self.file].now;
        let start = now.len().min(offset as usize);
        let count = buffer.len().min(now.len() - start);
        buffer[..count].copy_from_slice(&now[start..start + count]);
        Ok(count)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut world = self.world.lock();
        let crash = world.operation()?;
        let full = world.full;
        let file = &mut world.files[self.file];
        let room = file.now.len().saturating_sub(offset as usize);
        // A full disk takes what fits, as write(2) does.
        let taken = if full { bytes.len().min(room) } else { bytes.len() };
        file.write(&bytes[..taken], offset as usize);
        if crash {
            return Err(gone());
        }
        if taken < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn allocate(&self, from: u64, length: u64) -> io::Result<()> {
        let mut world = self.world.lock();
        let crash = world.operation()?;
        if world.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let end = (from + length) as usize;
        let file = &mut world.files[self.file];
        if file.now.len() < end {
            file.resize(end);
        }
        if crash { Err(gone()) } else { Ok(()) }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut world = self.world.lock();
        let crash = world.operation()?;
        world.files[self.file].resize(length as usize);
        if crash { Err(gone()) } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        if world.operation()? {
            return Err(gone());
        }
        world.files[self.file].sync();
        Ok(())
    }
}
