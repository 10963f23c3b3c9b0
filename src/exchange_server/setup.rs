//! The files an exchange can be started with: `--profile` (switches) and `--faults` (what goes wrong).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::faults::{FaultSpec, RandomFaults};
use super::switches::Switches;

/// A `--faults` file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// What `chance` is drawn from; without it, the market's own seed.
    pub seed: Option<u64>,
    /// Instead of `--profile`.
    pub profile: Option<Switches>,
    pub faults: Vec<FaultSpec>,
    pub random: Option<RandomFaults>,
}

/// A file that says how the exchange shall behave cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("{path} cannot be read: {what}")]
    Unread { path: PathBuf, what: std::io::Error },
    #[error("{path} is not understood: {what}")]
    NotUnderstood { path: PathBuf, what: String },
    #[error("{path}: a chance lies between 0 and 1, and {found} does not")]
    Chance { path: PathBuf, found: f64 },
}

impl Script {
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let script: Self = read(path)?;
        let chances = script.faults.iter().map(|f| f.chance).chain(script.random.iter().map(|r| r.chance));
        match chances.into_iter().find(|c| !(0.0..=1.0).contains(c)) {
            Some(found) => Err(ScriptError::Chance { path: path.to_path_buf(), found }),
            None => Ok(script),
        }
    }
}

impl Switches {
    /// A `--profile` file.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        read(path)
    }
}

fn read<T: serde::de::DeserializeOwned + Default>(path: &Path) -> Result<T, ScriptError> {
    let path_of = || path.to_path_buf();
    let text = std::fs::read_to_string(path).map_err(|what| ScriptError::Unread { path: path_of(), what })?;
    let nothing = text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
    if nothing {
        return Ok(T::default());
    }
    serde_saphyr::from_str(&text).map_err(|what| ScriptError::NotUnderstood { path: path_of(), what: what.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange_server::faults::Fault;
    use crate::exchange_server::switches::CancelInTransit;

    fn script(text: &str) -> Result<Script, ScriptError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.yaml");
        std::fs::write(&path, text).unwrap();
        Script::read(&path)
    }

    #[test]
    fn a_script_holds_switches_faults_and_chance() {
        let text = "# a bad morning\nseed: 7\nprofile: {cancel_in_transit: accept}\nfaults:\n  - fault: timeout_after\n    \
                    on: [place]\n    times: 1\n  - fault: {latency: {ms: 800}}\n    chance: 0.5\nrandom:\n  chance: \
                    0.01\n  menu: [timeout_before, {server_error: {status: 503, html: true}}]\n";
        let script = script(text).unwrap();
        assert_eq!((script.seed, script.faults.len()), (Some(7), 2));
        assert_eq!(script.profile.unwrap().cancel_in_transit, CancelInTransit::Accept);
        assert_eq!(script.faults[1].fault, Fault::Latency { ms: 800 });
        assert_eq!(script.random.unwrap().menu.len(), 2);
    }

    #[test]
    fn a_mistake_in_a_script_is_told_with_its_place() {
        let told = script("faults:\n  - fault: gremlins\n").unwrap_err().to_string();
        assert!(told.contains("faults.yaml") && told.contains("gremlins"), "{told}");
        let told = script("random: {chance: 3, menu: [timeout_before]}").unwrap_err().to_string();
        assert!(told.contains("between 0 and 1"), "{told}");
        assert_eq!(script("# nothing yet\n").unwrap(), Script::default());
    }
}
