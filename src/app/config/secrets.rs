//! Credentials: from the environment, or from `secrets.env` in the config folder. Never from a YAML file, never in a log.

use std::path::Path;

use super::errors::ConfigError;
use crate::net::Secret;
use crate::telemetry;

/// From here on the log leaves it out.
fn hidden(value: String) -> Secret {
    telemetry::keep_secret(&value);
    Secret::new(value)
}

/// What the broker wants to know of us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Goes before the one in `dhan.yaml`.
    pub client_id: Option<String>,
    /// Valid for 24 hours.
    pub access_token: Option<Secret>,
    /// With the key of the one-time codes, a token can be made without a browser.
    pub pin: Option<Secret>,
    pub totp_key: Option<Secret>,
}

const CLIENT_ID: &str = "DHAN_CLIENT_ID";
const ACCESS_TOKEN: &str = "DHAN_ACCESS_TOKEN";
const PIN: &str = "DHAN_PIN";
const TOTP_KEY: &str = "DHAN_TOTP_KEY";
const NAMES: [&str; 4] = [CLIENT_ID, ACCESS_TOKEN, PIN, TOTP_KEY];

/// Keys of YAML files that hold a secret by mistake, and the variable it should be in.
pub const MISPLACED: &[(&str, &str)] = &[
    ("access_token", ACCESS_TOKEN),
    ("access-token", ACCESS_TOKEN),
    ("token", ACCESS_TOKEN),
    ("pin", PIN),
    ("totp", TOTP_KEY),
    ("totp_key", TOTP_KEY),
    ("totp_secret", TOTP_KEY),
];

impl Secrets {
    /// `variable` answers for the environment; it goes before the file.
    pub fn load(file: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let written = read(file)?;
        let value = |name: &str| {
            let set = variable(name).filter(|v| !v.trim().is_empty()).map(|v| v.trim().to_string());
            set.or_else(|| written.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
        };
        Ok(Self {
            client_id: value(CLIENT_ID),
            access_token: value(ACCESS_TOKEN).map(hidden),
            pin: value(PIN).map(hidden),
            totp_key: value(TOTP_KEY).map(hidden),
        })
    }
}

/// `NAME=value` lines; `#` begins a comment line. No message repeats a value.
fn read(file: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let text = match crate::platform::files::read_text(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(ConfigError::Unreadable { file: file.into(), reason: e.to_string() }),
    };
    if open_to_others(file) {
        return Err(ConfigError::SecretsOpen { file: file.into() });
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let wrong = |message: String| ConfigError::Secrets { file: file.into(), line: n + 1, message };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            return Err(wrong("write NAME=value".into()));
        };
        let name = name.trim();
        if !NAMES.contains(&name) {
            return Err(wrong(format!("`{name}` is not known; there are: {}", NAMES.join(", "))));
        }
        if found.iter().any(|(n, _)| n == name) {
            return Err(wrong(format!("{name} stands here twice; keep one")));
        }
        let value = unquoted(value.trim());
        if !value.is_empty() {
            found.push((name.to_string(), value.to_string()));
        }
    }
    Ok(found)
}

fn unquoted(value: &str) -> &str {
    let inside = |mark| value.strip_prefix(mark).and_then(|v| v.strip_suffix(mark));
    inside('"').or(inside('\'')).unwrap_or(value)
}

#[cfg(unix)]
fn open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.env");
        drop(crate::store::files::private_file(&file).unwrap());
        std::fs::write(&file, text).unwrap();
        (folder, file)
    }

    fn load(text: &str) -> Result<Secrets, ConfigError> {
        let (_folder, file) = written(text);
        Secrets::load(&file, &|_| None)
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let (_folder, file) =
            written("# mine\nDHAN_CLIENT_ID=1000000001\nexport DHAN_ACCESS_TOKEN=\"from-the-file\"\nDHAN_PIN=\n");
        let secrets = Secrets::load(&file, &|_| None).unwrap();
        assert_eq!(secrets.client_id.as_deref(), Some("1000000001"));
        assert_eq!(secrets.access_token.unwrap().expose(), "from-the-file");
        assert_eq!(secrets.pin, None);
        let environment = |name: &str| (name == ACCESS_TOKEN).then(|| " from-the-shell\n".to_string());
        assert_eq!(Secrets::load(&file, &environment).unwrap().access_token.unwrap().expose(), "from-the-shell");
    }

    #[test]
    fn a_file_saved_by_a_windows_editor_is_read() {
        let secrets = load("\u{feff}# mine\r\nDHAN_CLIENT_ID=1000000001\r\n\r\nDHAN_PIN='123456'\r\n").unwrap();
        assert_eq!(secrets.client_id.as_deref(), Some("1000000001"));
        assert_eq!(secrets.pin.unwrap().expose(), "123456");
    }

    #[test]
    fn no_message_and_no_log_repeats_a_secret() {
        for text in ["DHAN_TOKEN=hush-hush-hush", "hush-hush-hush", "DHAN_PIN=hush-hush\nDHAN_PIN=hush-hush"] {
            let message = load(text).unwrap_err().to_string();
            assert!(!message.contains("=hush") && message.contains("line "), "{message}");
        }
        let secrets = load("DHAN_TOTP_KEY=JBSWY3DPEHPK3PXP").unwrap();
        assert!(!format!("{secrets:?}").contains("JBSWY3DP"));
        assert!(!telemetry::redact("key JBSWY3DPEHPK3PXP").contains("JBSWY3DP"));
    }

    #[test]
    fn no_file_is_no_mistake() {
        assert_eq!(Secrets::load(Path::new("/nowhere/secrets.env"), &|_| None), Ok(Secrets::default()));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, file) = written("DHAN_PIN=123456");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Secrets::load(&file, &|_| None).unwrap_err();
        assert!(matches!(refused, ConfigError::SecretsOpen { .. }) && refused.to_string().contains("chmod 600"));
    }
}
