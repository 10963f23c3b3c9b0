//! Where this program keeps its files: the user's data folder, one folder per profile inside it, nothing readable by others.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::profile_name;
use super::journal::{FolderLock, Holder};
use super::{StoreError, files};
use crate::engine::record::Profile;

/// The folders of one profile. Paper and live share nothing but the parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    folder: PathBuf,
    config: PathBuf,
    profile: Profile,
}

impl DataFolder {
    /// The user's own folders, or everything under `data` where that is given.
    ///
    /// On Linux `~/.local/share/strikedeck` and `~/.config/strikedeck` (or what XDG's variables name). On Windows the data
    /// is in `%LOCALAPPDATA%\strikedeck\data`: a journal that is held by one machine must not be copied to others when the
    /// user logs on there; the settings are in `%APPDATA%\strikedeck\config` and may follow the user.
    pub fn locate(data: Option<&Path>, profile: Profile) -> Result<Self, StoreError> {
        if let Some(data) = data {
            return Ok(Self::new(data, &data.join("config"), profile));
        }
        let user = directories::ProjectDirs::from("", "", "strikedeck").ok_or(StoreError::NoHome)?;
        Ok(Self::new(user.data_local_dir(), user.config_dir(), profile))
    }

    fn new(data: &Path, config: &Path, profile: Profile) -> Self {
        Self { folder: data.join(profile_name(profile)), config: config.into(), profile }
    }

    /// Creates the folders that are missing, for their owner's eyes only.
    pub fn create(&self) -> Result<(), StoreError> {
        files::private_folder(&self.folder)?;
        files::private_folder(&self.logs())
    }

    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What belongs to this profile: the journal is opened here.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The user's settings (`risk.yaml`, `keymap.toml`, …). It need not exist.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// The tables for people and tools.
    pub fn projection(&self) -> PathBuf {
        self.folder.join("strikedeck.db")
    }

    /// The books of the built-in exchange.
    pub fn exchange_books(&self) -> PathBuf {
        self.folder.join("exchange.db")
    }

    /// Instrument lists, as they were read today.
    pub fn instruments(&self) -> PathBuf {
        self.folder.join("instruments")
    }

    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    pub fn control_file(&self) -> PathBuf {
        self.folder.join("control.json")
    }

    /// The cockpit that runs on this folder; `None` when none does.
    pub fn holder(&self) -> Option<Holder> {
        FolderLock::holder(&self.folder)
    }

    /// How to talk to the running cockpit; `None` when none runs or its file cannot be read.
    pub fn control(&self) -> Option<Control> {
        self.holder()?;
        serde_json::from_str(&std::fs::read_to_string(self.control_file()).ok()?).ok()
    }
}

/// How a shell on this machine reaches the cockpit. Whoever can read the token is the user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    pub port: u16,
    /// 64 hexadecimal digits, new at every start.
    pub token: String,
    pub pid: u32,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Control {{ port: {}, pid: {}, token: … }}", self.port, self.pid)
    }
}

/// `control.json`, there as long as this value lives.
#[derive(Debug)]
pub struct ControlFile {
    path: PathBuf,
    pub control: Control,
}

impl ControlFile {
    /// Writes the file with a new token for a server listening on `port` of 127.0.0.1. For the holder of the folder.
    pub fn write(folder: &DataFolder, port: u16) -> Result<Self, StoreError> {
        Self::write_token(folder, port, new_token()?)
    }

    /// As [`ControlFile::write`], with a token that the server knows already.
    pub fn write_token(folder: &DataFolder, port: u16, token: String) -> Result<Self, StoreError> {
        let control = Control { port, token, pid: std::process::id() };
        let path = folder.control_file();
        let text = serde_json::to_string(&control)
            .map_err(|e| StoreError::Failed { what: format!("writing {}", path.display()), reason: e.to_string() })?;
        files::write_private(&path, &text)?;
        Ok(Self { path, control })
    }
}

impl Drop for ControlFile {
    fn drop(&mut self) {
        // Without it a shell finds no cockpit; with a stale one it finds the folder free.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A secret that nobody guesses: 64 hexadecimal digits.
pub fn new_token() -> Result<String, StoreError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| StoreError::Failed {
        what: "asking the system for random numbers".into(),
        reason: e.to_string(),
    })?;
    Ok(bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|d| char::from_digit(u32::from(d), 16)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_and_live_have_nothing_in_common_but_the_settings() {
        let data = Path::new("/data");
        let paper = DataFolder::locate(Some(data), Profile::Paper).unwrap();
        let live = DataFolder::locate(Some(data), Profile::Live).unwrap();
        assert_eq!(paper.folder(), data.join("paper"));
        assert_eq!(live.folder(), data.join("live"));
        assert_eq!(paper.config(), live.config());
        for file in
            [paper.projection(), paper.exchange_books(), paper.instruments(), paper.logs(), paper.control_file()]
        {
            assert!(file.starts_with(paper.folder()));
        }
    }

    #[test]
    fn a_shell_finds_the_cockpit_only_while_it_runs() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::locate(Some(data.path()), Profile::Paper).unwrap();
        folder.create().unwrap();
        let lock = FolderLock::take(folder.folder()).unwrap();
        let file = ControlFile::write(&folder, 4711).unwrap();
        let found = folder.control().unwrap();
        assert_eq!((found.port, found.token.len(), found.pid), (4711, 64, std::process::id()));
        assert!(!format!("{file:?}").contains(&found.token));
        drop(lock);
        assert_eq!(folder.control(), None, "the file of a killed cockpit is not believed");
        let lock = FolderLock::take(folder.folder()).unwrap();
        drop(file);
        assert!(!folder.control_file().exists() && folder.control().is_none());
        drop(lock);
    }

    /// Windows ends ordinary paths at 260 characters, and names its users in any script.
    #[test]
    fn the_folder_may_be_deep_and_its_names_in_any_script() {
        use crate::domain::time::Timestamp;
        use crate::store::{Journal, JournalOptions, Projector};
        let root = tempfile::Builder::new().prefix("Mīra मीरा Ñandú ").tempdir().unwrap();
        let mut data = root.path().to_path_buf();
        while data.as_os_str().len() < 300 {
            data.push("a folder with spaces and an ü, forty-odd");
        }
        let folder = DataFolder::locate(Some(&data), Profile::Paper).unwrap();
        folder.create().unwrap();
        let now: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
        for created in [true, false] {
            let options = JournalOptions::default();
            let (mut journal, opening) = Journal::open(folder.folder(), Profile::Paper, options, now).unwrap();
            assert_eq!(opening.created, created);
            let projector = Projector::start(&folder.projection(), &mut journal).unwrap();
            let file = ControlFile::write(&folder, 4711).unwrap();
            assert_eq!(folder.control().map(|c| c.port), Some(4711));
            drop((file, projector));
            journal.close().unwrap();
        }
    }

    /// The settings roam with the user, the journal stays on the machine where it is held.
    #[test]
    #[cfg(windows)]
    fn on_windows_the_data_is_local_and_the_settings_roam() {
        let folder = DataFolder::locate(None, Profile::Paper).unwrap();
        let shown = |path: &Path| path.display().to_string();
        assert!(shown(folder.folder()).ends_with(r"AppData\Local\strikedeck\data\paper"), "{}", shown(folder.folder()));
        assert!(shown(folder.config()).ends_with(r"AppData\Roaming\strikedeck\config"), "{}", shown(folder.config()));
    }

    #[test]
    #[cfg(unix)]
    fn folders_and_tokens_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::locate(Some(&data.path().join("new")), Profile::Live).unwrap();
        folder.create().unwrap();
        let file = ControlFile::write(&folder, 1).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.folder()), mode(&folder.logs()), mode(&file.path)), (0o700, 0o700, 0o600));
    }
}
