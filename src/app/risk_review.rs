//! The risk limits, as their owner has looked at them and agreed: live trading asks for that once for every change.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::AppConfig;
use crate::domain::time::Timestamp;
use crate::store::{DataFolder, files};

#[derive(Serialize, Deserialize)]
struct Reviewed {
    limits: String,
    at: Timestamp,
}

fn file(folder: &DataFolder) -> std::path::PathBuf {
    folder.folder().join("risk.reviewed")
}

/// Stands for the limits and the kill switch as they are set: another one after any change that matters.
fn fingerprint(config: &AppConfig) -> anyhow::Result<String> {
    let text = serde_json::to_string(&(&config.engine.limits, &config.engine.kill_switch))?;
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// When these very limits were agreed to; `None`: never.
pub fn reviewed(folder: &DataFolder, config: &AppConfig) -> Option<Timestamp> {
    let kept: Reviewed = serde_json::from_str(&std::fs::read_to_string(file(folder)).ok()?).ok()?;
    (kept.limits == fingerprint(config).ok()?).then_some(kept.at)
}

/// Their owner agrees to them.
pub fn agree(folder: &DataFolder, config: &AppConfig, now: Timestamp) -> anyhow::Result<()> {
    folder.create()?;
    let text = serde_json::to_string(&Reviewed { limits: fingerprint(config)?, at: now })?;
    files::write_private(&file(folder), &text).context("that the limits were reviewed could not be noted")
}

/// The limits as lines `name`, `value`, in the words of `risk.yaml`.
pub fn lines(config: &AppConfig) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for value in [serde_json::to_value(&config.engine.limits), serde_json::to_value(&config.engine.kill_switch)] {
        let Ok(serde_json::Value::Object(fields)) = value else { continue };
        for (name, value) in fields {
            let value = value.as_str().map_or_else(|| value.to_string(), ToString::to_string);
            all.push((name, value));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::Profile;

    #[test]
    fn limits_are_agreed_to_once_and_again_after_every_change() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::locate(Some(data.path()), Profile::Live).unwrap();
        let now = "2026-11-20T04:30:00Z".parse().unwrap();
        let mut config = AppConfig::default();
        assert_eq!(reviewed(&folder, &config), None);
        agree(&folder, &config, now).unwrap();
        assert_eq!(reviewed(&folder, &config), Some(now));
        config.dhan.client_id = "1000000001".into();
        assert_eq!(reviewed(&folder, &config), Some(now), "not a limit");
        config.engine.limits.max_trades_per_day += 1;
        assert_eq!(reviewed(&folder, &config), None);
        config.engine.limits.max_trades_per_day -= 1;
        config.engine.kill_switch.one_press = !config.engine.kill_switch.one_press;
        assert_eq!(reviewed(&folder, &config), None);
        assert!(lines(&config).iter().any(|(name, _)| name == "max_daily_loss"));
    }
}
