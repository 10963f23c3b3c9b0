//! Credentials: from the environment, else from `secrets.env` or `.env` in the config folder, else from the system's
//! keyring. Never from a YAML file, never in a log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::errors::ConfigError;
use super::keyring::{Keyring, Vault};
use crate::net::Secret;
use crate::telemetry;

/// From here on the log leaves it out.
fn hidden(value: String) -> Secret {
    telemetry::keep_secret(&value);
    Secret::new(value)
}

/// What the broker wants to know of us, and what others must know to be heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Goes before the one in `dhan.yaml`.
    pub client_id: Option<String>,
    /// Valid for 24 hours.
    pub access_token: Option<Secret>,
    /// With the key of the one-time codes, a token can be made without a browser.
    pub pin: Option<Secret>,
    pub totp_key: Option<Secret>,
    /// An API key, to log in with in a browser. Its secret does nothing without it.
    pub app_id: Option<String>,
    pub app_secret: Option<Secret>,
    /// A partner's key, to log in its client with in a browser.
    pub partner_id: Option<String>,
    pub partner_secret: Option<Secret>,
    /// Who signals must know it.
    pub webhook: Option<Secret>,
    /// Part of the address that the broker posts order updates to.
    pub postback: Option<Secret>,
    /// A Telegram bot of the trader's, and the chat it writes to: alerts.
    pub telegram_token: Option<Secret>,
    pub telegram_chat: Option<String>,
}

const CLIENT_ID: &str = "DHAN_CLIENT_ID";
const ACCESS_TOKEN: &str = "DHAN_ACCESS_TOKEN";
const PIN: &str = "DHAN_PIN";
const TOTP_KEY: &str = "DHAN_TOTP_KEY";
const APP_ID: &str = "DHAN_APP_ID";
const APP_SECRET: &str = "DHAN_APP_SECRET";
const PARTNER_ID: &str = "DHAN_PARTNER_ID";
const PARTNER_SECRET: &str = "DHAN_PARTNER_SECRET";
const WEBHOOK_SECRET: &str = "STRIKEDECK_WEBHOOK_SECRET";
const POSTBACK_SECRET: &str = "STRIKEDECK_POSTBACK_SECRET";
const TELEGRAM_TOKEN: &str = "TELEGRAM_BOT_TOKEN";
const TELEGRAM_CHAT: &str = "TELEGRAM_CHAT_ID";
/// All of them, as they are named in the environment and in files.
pub const NAMES: [&str; 12] = [
    CLIENT_ID,
    ACCESS_TOKEN,
    PIN,
    TOTP_KEY,
    APP_ID,
    APP_SECRET,
    PARTNER_ID,
    PARTNER_SECRET,
    WEBHOOK_SECRET,
    POSTBACK_SECRET,
    TELEGRAM_TOKEN,
    TELEGRAM_CHAT,
];

/// Keys of YAML files that hold a secret by mistake, and the variable it should be in.
pub const MISPLACED: &[(&str, &str)] = &[
    ("access_token", ACCESS_TOKEN),
    ("access-token", ACCESS_TOKEN),
    ("token", ACCESS_TOKEN),
    ("pin", PIN),
    ("totp", TOTP_KEY),
    ("totp_key", TOTP_KEY),
    ("totp_secret", TOTP_KEY),
    ("app_secret", APP_SECRET),
    ("api_secret", APP_SECRET),
    ("partner_secret", PARTNER_SECRET),
    ("webhook_secret", WEBHOOK_SECRET),
    ("secret", WEBHOOK_SECRET),
    ("postback_secret", POSTBACK_SECRET),
    ("bot_token", TELEGRAM_TOKEN),
    ("telegram_token", TELEGRAM_TOKEN),
    ("telegram_bot_token", TELEGRAM_TOKEN),
];

impl Secrets {
    /// `variable` answers for the environment; it goes before the files, and they before the keyring.
    pub fn load(
        folder: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
        keyring: Option<&dyn Vault>,
    ) -> Result<Self, ConfigError> {
        let written = Self::written(folder, variable)?;
        Ok(match keyring {
            Some(keyring) => written.or(Self::in_keyring(keyring)),
            None => written,
        })
    }

    /// What the environment and the files say.
    fn written(folder: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut written = read(&folder.join("secrets.env"), Others::AreMistakes)?;
        written.extend(read(&folder.join(".env"), Others::AreNotOurs)?);
        Ok(Self::from_names(&|name| {
            let set = variable(name).filter(|v| !v.trim().is_empty()).map(|v| v.trim().to_string());
            set.or_else(|| written.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
        }))
    }

    /// One that cannot be read keeps nothing.
    fn in_keyring(keyring: &dyn Vault) -> Self {
        Self::from_names(&|name| keyring.read(name).ok().flatten().map(|s| s.expose().to_string()))
    }

    /// What is not set here is taken from there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            client_id: self.client_id.or(other.client_id),
            access_token: self.access_token.or(other.access_token),
            pin: self.pin.or(other.pin),
            totp_key: self.totp_key.or(other.totp_key),
            app_id: self.app_id.or(other.app_id),
            app_secret: self.app_secret.or(other.app_secret),
            partner_id: self.partner_id.or(other.partner_id),
            partner_secret: self.partner_secret.or(other.partner_secret),
            webhook: self.webhook.or(other.webhook),
            postback: self.postback.or(other.postback),
            telegram_token: self.telegram_token.or(other.telegram_token),
            telegram_chat: self.telegram_chat.or(other.telegram_chat),
        }
    }

    fn from_names(value: &dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            client_id: value(CLIENT_ID),
            access_token: value(ACCESS_TOKEN).map(hidden),
            pin: value(PIN).map(hidden),
            totp_key: value(TOTP_KEY).map(hidden),
            app_id: value(APP_ID),
            app_secret: value(APP_SECRET).map(hidden),
            partner_id: value(PARTNER_ID),
            partner_secret: value(PARTNER_SECRET).map(hidden),
            webhook: value(WEBHOOK_SECRET).map(hidden),
            postback: value(POSTBACK_SECRET).map(hidden),
            telegram_token: value(TELEGRAM_TOKEN).map(hidden),
            telegram_chat: value(TELEGRAM_CHAT),
        }
    }

    /// From lines `NAME=value`, as somebody hands them over. No message repeats a value.
    pub fn from_lines(text: &str) -> Result<Self, ConfigError> {
        let lines = parse(Path::new("standard input"), text, Others::AreMistakes)?;
        Ok(Self::from_names(&|name| lines.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())))
    }

    /// What is set, by name.
    pub fn named(&self) -> Vec<(&'static str, Secret)> {
        let plain = |text: &Option<String>| text.clone().map(Secret::new);
        let all = [
            (CLIENT_ID, plain(&self.client_id)),
            (ACCESS_TOKEN, self.access_token.clone()),
            (PIN, self.pin.clone()),
            (TOTP_KEY, self.totp_key.clone()),
            (APP_ID, plain(&self.app_id)),
            (APP_SECRET, self.app_secret.clone()),
            (PARTNER_ID, plain(&self.partner_id)),
            (PARTNER_SECRET, self.partner_secret.clone()),
            (WEBHOOK_SECRET, self.webhook.clone()),
            (POSTBACK_SECRET, self.postback.clone()),
            (TELEGRAM_TOKEN, self.telegram_token.clone()),
            (TELEGRAM_CHAT, plain(&self.telegram_chat)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Whether a token can be made without a person.
    pub fn can_generate(&self) -> bool {
        self.pin.is_some() && self.totp_key.is_some()
    }
}

/// Where secrets are looked for, to be looked at again while the program runs.
#[derive(Clone)]
pub struct SecretSources {
    folder: PathBuf,
    keyring: Option<Arc<dyn Vault + Send + Sync>>,
}

impl SecretSources {
    /// Everything there is for this config folder. A system without a keyring has none.
    pub fn of(folder: &Path) -> Self {
        let keyring = Keyring::of(folder).ok().map(|k| Arc::new(k) as Arc<dyn Vault + Send + Sync>);
        Self { folder: folder.into(), keyring }
    }

    /// The same with another keyring.
    #[cfg(test)]
    pub fn with_keyring(folder: &Path, keyring: Arc<dyn Vault + Send + Sync>) -> Self {
        Self { folder: folder.into(), keyring: Some(keyring) }
    }

    /// Everything. Waits for the disk and the keyring.
    pub fn read(&self) -> Result<Secrets, ConfigError> {
        Ok(self.written()?.or(self.in_keyring()))
    }

    /// What the environment and the files say. Waits for the disk.
    pub fn written(&self) -> Result<Secrets, ConfigError> {
        Secrets::written(&self.folder, &|name| std::env::var(name).ok())
    }

    /// What the keyring keeps. Waits for it, which may take long: some ask the user.
    pub fn in_keyring(&self) -> Secrets {
        self.keyring.as_ref().map(|k| Secrets::in_keyring(k.as_ref())).unwrap_or_default()
    }
}

/// Writes what is set into `secrets.env`, readable by the user only; other lines stay as they are.
pub fn write_file(folder: &Path, secrets: &Secrets) -> anyhow::Result<PathBuf> {
    let named = secrets.named();
    let keep = |name: &str| !named.iter().any(|(n, _)| *n == name);
    let mut text = others(folder, &keep)?;
    for (name, value) in &named {
        for part in [name, "=", value.expose(), "\n"] {
            text.push_str(part);
        }
    }
    let file = folder.join("secrets.env");
    crate::store::files::private_folder(folder)?;
    crate::store::files::write_private(&file, &text)?;
    Ok(file)
}

/// Takes all secrets out of `secrets.env`; the file goes when nothing else is in it.
pub fn forget_file(folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("secrets.env");
    if !file.exists() {
        return Ok(());
    }
    let left = others(folder, &|_| false)?;
    if left.trim().is_empty() {
        std::fs::remove_file(&file)?;
    } else {
        crate::store::files::write_private(&file, &left)?;
    }
    Ok(())
}

/// The lines of `secrets.env` whose name is to be kept, and comments.
fn others(folder: &Path, keep: &dyn Fn(&str) -> bool) -> anyhow::Result<String> {
    let text = match std::fs::read_to_string(folder.join("secrets.env")) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(e) => return Err(e.into()),
    };
    let name = |line: &str| {
        let line = line.trim();
        line.strip_prefix("export ").unwrap_or(line).split_once('=').map(|(name, _)| name.trim().to_string())
    };
    let kept = text.lines().filter(|l| l.trim().starts_with('#') || name(l).is_none_or(|n| keep(&n)));
    Ok(kept.flat_map(|l| [l, "\n"]).collect())
}

/// Names in a file that are not known here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    AreMistakes,
    /// The file serves other programs too.
    AreNotOurs,
}

/// `NAME=value` lines; `#` begins a comment line. No message repeats a value.
fn read(file: &Path, others: Others) -> Result<Vec<(String, String)>, ConfigError> {
    let text = match crate::platform::files::read_text(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(ConfigError::Unreadable { file: file.into(), reason: e.to_string() }),
    };
    let found = parse(file, &text, others)?;
    if !(found.is_empty() && others == Others::AreNotOurs) && open_to_others(file) {
        return Err(ConfigError::SecretsOpen { file: file.into() });
    }
    Ok(found)
}

fn parse(file: &Path, text: &str, others: Others) -> Result<Vec<(String, String)>, ConfigError> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let wrong = |message: String| ConfigError::Secrets { file: file.into(), line: n + 1, message };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            if others == Others::AreNotOurs {
                continue;
            }
            return Err(wrong("write NAME=value".into()));
        };
        let name = name.trim();
        if !NAMES.contains(&name) {
            if others == Others::AreNotOurs {
                continue;
            }
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
        let (folder, _file) = written(text);
        Secrets::load(folder.path(), &|_| None, None)
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let (folder, _file) =
            written("# mine\nDHAN_CLIENT_ID=1000000001\nexport DHAN_ACCESS_TOKEN=\"from-the-file\"\nDHAN_PIN=\n");
        let secrets = Secrets::load(folder.path(), &|_| None, None).unwrap();
        assert_eq!(secrets.client_id.as_deref(), Some("1000000001"));
        assert_eq!(secrets.access_token.unwrap().expose(), "from-the-file");
        assert_eq!(secrets.pin, None);
        let environment = |name: &str| (name == ACCESS_TOKEN).then(|| " from-the-shell\n".to_string());
        let set = Secrets::load(folder.path(), &environment, None).unwrap();
        assert_eq!(set.access_token.unwrap().expose(), "from-the-shell");
    }

    #[test]
    fn secrets_env_goes_before_dot_env_and_both_before_the_keyring() {
        let (folder, _file) = written("DHAN_PIN=111111\n");
        let beside = folder.path().join(".env");
        drop(crate::store::files::private_file(&beside).unwrap());
        std::fs::write(&beside, "SOMETHING_ELSE=1\nnonsense\nDHAN_PIN=222222\nDHAN_TOTP_KEY=from-dot-env\n").unwrap();
        let keyring = crate::app::config::keyring::Pretended::default();
        for (name, value) in [(PIN, "333333"), (TOTP_KEY, "from-keyring"), (ACCESS_TOKEN, "a.b.c")] {
            keyring.write(name, &Secret::new(value)).unwrap();
        }
        let secrets = Secrets::load(folder.path(), &|_| None, Some(&keyring)).unwrap();
        let shown = |s: &Option<Secret>| s.as_ref().unwrap().expose().to_string();
        assert_eq!(shown(&secrets.pin), "111111");
        assert_eq!(shown(&secrets.totp_key), "from-dot-env");
        assert_eq!(shown(&secrets.access_token), "a.b.c");
        assert!(secrets.can_generate());
    }

    #[test]
    fn what_is_written_is_read_again_and_what_others_wrote_stays() {
        let (folder, file) = written("# mine\nDHAN_PIN=111111\nDHAN_CLIENT_ID=1000000001\n");
        let new = Secrets { pin: Some(Secret::new("222222")), app_id: Some("key".into()), ..Secrets::default() };
        write_file(folder.path(), &new).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, "# mine\nDHAN_CLIENT_ID=1000000001\nDHAN_PIN=222222\nDHAN_APP_ID=key\n");
        assert!(Secrets::load(folder.path(), &|_| None, None).is_ok(), "still ours alone");
        forget_file(folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\n");
        forget_file(folder.path()).unwrap();
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

    proptest::proptest! {
        /// Every type that holds a secret, and every error that is made of one.
        #[test]
        fn nothing_that_holds_a_secret_shows_it(noise in "[A-Za-z0-9+/_=-]{20,60}") {
            use crate::broker::dhan::{
                ConsentKey, DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, NewToken,
            };
            let secret = || Some(Secret::new(noise.clone()));
            let secrets = Secrets {
                access_token: secret(),
                pin: secret(),
                totp_key: secret(),
                app_secret: secret(),
                webhook: secret(),
                postback: secret(),
                ..Secrets::default()
            };
            let credentials = DhanCredentials { client_id: "1".into(), access_token: Secret::new(noise.clone()) };
            let address = "127.0.0.1:1".parse().unwrap();
            let index = crate::app::reference::Instruments::none().handle();
            let broker =
                DhanBroker::new(DhanEndpoints::local(address), credentials.clone(), DhanSettings::default(), index);
            let key = ConsentKey::App { id: "1".into(), secret: Secret::new(noise.clone()) };
            let config = crate::app::config::AppConfig { secrets: secrets.clone(), ..Default::default() };
            let made = NewToken { token: Secret::new(noise.clone()), expires: None };
            let wrong = [
                format!("DHAN_PIN={noise}\nDHAN_PIN={noise}"),
                format!("{noise} x"),
                format!("DHAN_TOKEN = {noise}"),
            ];
            let errors: Vec<String> = wrong.iter().map(|text| match Secrets::from_lines(text) {
                Err(error) => format!("{error} {error:?}"),
                // Noise with an equals sign is a name that is not known, and is named.
                Ok(_) => String::new(),
            }).collect();
            let names_noise = noise.contains('=');
            let shown = format!("{secrets:?} {credentials:#?} {broker:?} {key:?} {config:#?} {made:?}");
            proptest::prop_assert!(!shown.contains(&noise));
            proptest::prop_assert!(names_noise || errors.iter().all(|e| !e.contains(&noise)), "{:?}", errors);
        }
    }

    #[test]
    fn no_file_is_no_mistake() {
        assert_eq!(Secrets::load(Path::new("/nowhere"), &|_| None, None), Ok(Secrets::default()));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, file) = written("DHAN_PIN=123456");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Secrets::load(folder.path(), &|_| None, None).unwrap_err();
        assert!(matches!(refused, ConfigError::SecretsOpen { .. }) && refused.to_string().contains("chmod 600"));
    }
}
