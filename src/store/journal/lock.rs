//! One cockpit per folder: a lock that the operating system releases with the process, however that ends.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{StoreError, files};

const LOCK: &str = "cockpit.lock";
/// Beside the lock and not in it: on Windows a locked file cannot be read by others.
const PID: &str = "cockpit.pid";

/// Held as long as this process may write to the folder.
#[derive(Debug)]
pub struct FolderLock {
    pid_file: PathBuf,
    /// Unlocked when it is dropped.
    _lock: File,
}

/// Who holds a folder, as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: Option<u32>,
}

impl FolderLock {
    /// Takes the folder for this process, or says who has it.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LOCK);
        let lock = files::private_file(&path)?;
        // Somebody asking who holds the folder holds it for an instant.
        let mut tries = 5;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries > 0 => {
                    tries -= 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse { folder: folder.into(), holder: read_pid(folder) });
                }
                Err(TryLockError::Error(e)) => return Err(StoreError::io("locking", &path, &e)),
            }
        }
        let pid_file = folder.join(PID);
        files::write_private(&pid_file, &format!("{}\n", std::process::id()))?;
        Ok(Self { pid_file, _lock: lock })
    }

    /// Who holds the folder now; `None` when nobody does.
    pub fn holder(folder: &Path) -> Option<Holder> {
        let lock = File::open(folder.join(LOCK)).ok()?;
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(Holder { pid: read_pid(folder) }),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Gone already, or not removable: the lock decides, the number only informs.
        let _ = fs::remove_file(&self.pid_file);
    }
}

fn read_pid(folder: &Path) -> Option<u32> {
    fs::read_to_string(folder.join(PID)).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(FolderLock::holder(folder.path()), None);
        let first = FolderLock::take(folder.path()).unwrap();
        assert_eq!(FolderLock::holder(folder.path()), Some(Holder { pid: Some(std::process::id()) }));
        let refused = FolderLock::take(folder.path()).unwrap_err();
        assert!(matches!(refused, StoreError::InUse { holder: Some(pid), .. } if pid == std::process::id()));
        drop(first);
        assert_eq!(FolderLock::holder(folder.path()), None);
        FolderLock::take(folder.path()).unwrap();
    }
}
