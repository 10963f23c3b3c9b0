//! Folders and files that only their owner can read.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use super::StoreError;
use crate::platform;

/// Creates a folder and its parents; on unix nobody else may look inside (0700). Parents that exist are left alone.
pub fn private_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|e| StoreError::io("creating", path, &e))
}

/// Opens a file for reading and writing, creating it empty where it is missing; on unix nobody else may read it (0600).
/// On Windows the user's own folders are private already.
pub fn private_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map_err(|e| StoreError::io("opening", path, &e))
}

/// Writes a whole file so that a reader sees the old text or the new, never half of it. (But where Windows cannot give the
/// name to another file because somebody keeps the old one open: then a reader may.)
pub fn write_private(path: &Path, text: &str) -> Result<(), StoreError> {
    use std::io::Write;
    let beside = path.with_extension("new");
    // A left-over of a crash may have other permissions.
    let _ = fs::remove_file(&beside);
    let mut file = private_file(&beside)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| StoreError::io("writing", path, &e))?;
    drop(file);
    platform::files::replace_or_overwrite(&beside, path).map_err(|e| StoreError::io("writing", path, &e))
}
