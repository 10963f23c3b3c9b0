//! The user's settings: YAML files in the config folder, laid over the defaults that are compiled in.
//!
//! A setting that is not written keeps its default; one that is not known is an error, and so is one that makes no
//! sense. All mistakes of all files are reported at once.

mod checks;
mod errors;
pub mod keyring;
pub mod secrets;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use self::checks::Checks;
pub use self::errors::{ConfigError, ConfigErrors};
pub use self::secrets::{SecretSources, Secrets};
use crate::alerts::AlertPolicy;
use crate::broker::dhan::{DhanSettings, MarketOrders};
use crate::domain::{Money, ScalpSetup};
use crate::engine::EngineConfig;
use crate::engine::config::{
    ExecutionPolicy, ExitPolicy, KillSwitchPolicy, PollPolicy, ProtectionPolicy, RulesPolicy, ScalpPolicy,
};
use crate::exchange_server::Script;
use crate::gateway::GatewayPolicy;
use crate::platform::files::read_text;
use crate::risk::{Limits, ScalpLimits};
use crate::store::JournalOptions;
use crate::tui::looks::{Choice, Colours, SymbolSet};
use crate::web::webhook::WebhookSettings;

/// The files as they are shipped: what `setup` writes for a new user, and the defaults in the user's own format.
pub const SHIPPED: [(&str, &str); 6] = [
    ("risk.yaml", include_str!("../../../config/risk.yaml")),
    ("strategy.yaml", include_str!("../../../config/strategy.yaml")),
    ("dhan.yaml", include_str!("../../../config/dhan.yaml")),
    ("paper.yaml", include_str!("../../../config/paper.yaml")),
    ("cockpit.yaml", include_str!("../../../config/cockpit.yaml")),
    ("alerts.yaml", include_str!("../../../config/alerts.yaml")),
];

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppConfig {
    pub engine: EngineConfig,
    pub dhan: DhanConfig,
    pub paper: PaperConfig,
    pub cockpit: CockpitConfig,
    /// Where signals are taken.
    pub webhook: WebhookSettings,
    pub alerts: AlertPolicy,
    pub secrets: Secrets,
    pub tuning: Tuning,
    /// Where it was read from.
    pub folder: PathBuf,
    /// Worth saying, not in the way: files in the folder that nothing reads.
    pub warnings: Vec<String>,
}

/// How patient the gateway and the links are, and what goes wrong on paper from the start. In no file: these follow from
/// the broker's rules; tests hurry them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuning {
    pub gateway: GatewayPolicy,
    pub links: DhanSettings,
    pub script: Script,
    /// What stands between the client and the paper exchange's REST interface, where an order's way is measured.
    pub proxy: Option<String>,
}

/// `dhan.yaml`: where the broker is reached. Never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DhanConfig {
    /// Empty: not set up.
    pub client_id: String,
    pub rest: String,
    pub auth: String,
    pub feed: String,
    pub order_updates: String,
    pub depth_20: String,
    pub depth_200: String,
    pub instruments: String,
    pub market_orders: MarketOrders,
    pub token: TokenPolicy,
    pub live_checks: LiveChecks,
}

/// How the access token is looked after. Minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenPolicy {
    /// The screen warns when it ends within so long.
    pub warn_min: i64,
    /// A new one is made by itself where that can be done.
    pub auto_renew: bool,
    /// … when it ends within so long.
    pub renew_min: i64,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self { warn_min: 60, auto_renew: true, renew_min: 30 }
    }
}

/// What is asked for before trading live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveChecks {
    /// Our clock may differ from the broker's by so much.
    pub clock_limit_ms: i64,
    /// A page that answers with the address we come from, where the broker does not tell. Empty: none is asked.
    pub address_lookup: String,
}

impl Default for LiveChecks {
    fn default() -> Self {
        Self { clock_limit_ms: 5_000, address_lookup: String::new() }
    }
}

impl Default for DhanConfig {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            rest: "https://api.dhan.co/v2".into(),
            auth: "https://auth.dhan.co".into(),
            feed: "wss://api-feed.dhan.co".into(),
            order_updates: "wss://api-order-update.dhan.co".into(),
            depth_20: "wss://depth-api-feed.dhan.co/twentydepth".into(),
            depth_200: "wss://full-depth-api.dhan.co/twohundreddepth".into(),
            instruments: "https://images.dhan.co/api-data/api-scrip-master-detailed.csv".into(),
            market_orders: MarketOrders::default(),
            token: TokenPolicy::default(),
            live_checks: LiveChecks::default(),
        }
    }
}

/// When the built-in exchange is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperClock {
    #[default]
    AlwaysOpen,
    /// The sessions and holidays of the exchange.
    Real,
}

/// `paper.yaml`: the built-in exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaperConfig {
    pub seed: u64,
    pub clock: PaperClock,
    /// An address of this machine; port 0 takes any free one.
    pub listen: String,
    pub starting_cash: Money,
    /// An analyser's file whose stocks are listed too.
    pub spots_from: Option<PathBuf>,
}

impl Default for PaperConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: PaperClock::AlwaysOpen,
            listen: "127.0.0.1:0".into(),
            starting_cash: Money(rust_decimal_macros::dec!(1000000)),
            spots_from: None,
        }
    }
}

/// `cockpit.yaml`: the program itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CockpitConfig {
    /// A level, or targets with levels.
    pub log: String,
    /// Where commands from a shell are taken, on this machine.
    pub control: String,
    pub journal: JournalOptions,
    pub screen: ScreenConfig,
    /// While something is open, the machine does not fall asleep by itself.
    pub keep_awake: bool,
}

impl Default for CockpitConfig {
    fn default() -> Self {
        Self {
            log: "info".into(),
            control: "127.0.0.1:0".into(),
            journal: JournalOptions::default(),
            screen: ScreenConfig::default(),
            keep_awake: true,
        }
    }
}

/// `screen` in `cockpit.yaml`: how the cockpit looks. What the command line says goes before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenConfig {
    pub theme: String,
    pub colours: Choice<Colours>,
    pub symbols: Choice<SymbolSet>,
    /// The wheel moves the cursor; the terminal's own selecting needs Shift then.
    pub mouse: bool,
}

impl Default for ScreenConfig {
    fn default() -> Self {
        Self { theme: "dark".into(), colours: Choice::Auto, symbols: Choice::Auto, mouse: false }
    }
}

/// `risk.yaml`: the limits at the top, and the kill switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct RiskFile {
    limits: Limits,
    kill_switch: KillSwitchPolicy,
    scalping: ScalpLimits,
}

/// `strategy.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StrategyFile {
    execution: ExecutionPolicy,
    exits: ExitPolicy,
    protection: ProtectionPolicy,
    rules: RulesPolicy,
    polls: PollPolicy,
    webhook: WebhookSettings,
    scalping: ScalpingFile,
}

/// `scalping` in `strategy.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ScalpingFile {
    setups: Vec<ScalpSetup>,
}

impl Default for ScalpingFile {
    fn default() -> Self {
        Self { setups: ScalpPolicy::default().setups }
    }
}

impl AppConfig {
    /// Reads the files of `folder` that are there. Secrets come from the environment before `secrets.env`.
    pub fn load(folder: &Path) -> Result<Self, ConfigErrors> {
        let mut read = Self::load_with(folder, &|name| std::env::var(name).ok())?;
        read.folder = folder.into();
        Ok(read)
    }

    /// The same, with what the system's keyring keeps.
    pub fn load_live(folder: &Path) -> Result<Self, ConfigErrors> {
        let mut read = Self::load(folder)?;
        read.secrets = SecretSources::of(folder).read().map_err(|e| ConfigErrors(vec![e]))?;
        Ok(read)
    }

    fn load_with(folder: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let file = |name: &str| folder.join(name);
        let warnings = look_around(folder, &mut errors);
        let risk: RiskFile = read(&file("risk.yaml"), RiskFile::SECTIONS, &mut errors);
        Checks::new(&file("risk.yaml"), &mut errors).risk(&risk);
        let strategy: StrategyFile = read(&file("strategy.yaml"), &[], &mut errors);
        Checks::new(&file("strategy.yaml"), &mut errors).strategy(&strategy);
        let dhan: DhanConfig = read(&file("dhan.yaml"), &[], &mut errors);
        Checks::new(&file("dhan.yaml"), &mut errors).dhan(&dhan);
        let paper: PaperConfig = read(&file("paper.yaml"), &[], &mut errors);
        Checks::new(&file("paper.yaml"), &mut errors).paper(&paper);
        let cockpit: CockpitConfig = read(&file("cockpit.yaml"), &[], &mut errors);
        Checks::new(&file("cockpit.yaml"), &mut errors).cockpit(&cockpit);
        let alerts: AlertPolicy = read(&file("alerts.yaml"), &[], &mut errors);
        Checks::new(&file("alerts.yaml"), &mut errors).alerts(&alerts);
        let secrets = Secrets::load(folder, variable, None).map_err(|e| errors.push(e)).unwrap_or_default();
        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        let engine = EngineConfig {
            limits: risk.limits,
            execution: strategy.execution,
            exits: strategy.exits,
            protection: strategy.protection,
            rules: strategy.rules,
            scalping: ScalpPolicy { setups: strategy.scalping.setups, limits: risk.scalping },
            polls: strategy.polls,
            kill_switch: risk.kill_switch,
        };
        let (tuning, folder, webhook) = (Tuning::default(), PathBuf::new(), strategy.webhook);
        Ok(Self { engine, dhan, paper, cockpit, webhook, alerts, secrets, tuning, folder, warnings })
    }

    /// The client id: from the environment or `secrets.env`, else from `dhan.yaml`.
    pub fn client_id(&self) -> Option<&str> {
        let written = Some(self.dhan.client_id.as_str()).filter(|id| !id.is_empty());
        self.secrets.client_id.as_deref().or(written)
    }
}

/// One file over its defaults. A mistake is noted, and the defaults stand in for the rest of the check.
fn read<T: DeserializeOwned + Default>(file: &Path, others: &[&str], errors: &mut Vec<ConfigError>) -> T {
    let text = match read_text(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return T::default(),
        Err(e) => {
            errors.push(ConfigError::Unreadable { file: file.into(), reason: e.to_string() });
            return T::default();
        }
    };
    if let Some(error) = misplaced_secret(file, &text) {
        errors.push(error);
        return T::default();
    }
    serde_saphyr::from_str(&text).unwrap_or_else(|e| {
        errors.push(ConfigError::from_yaml(file, &text, &e, others));
        T::default()
    })
}

/// A secret in a YAML file, found before any message could show the line it stands in.
fn misplaced_secret(file: &Path, text: &str) -> Option<ConfigError> {
    for (n, line) in text.lines().enumerate() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let key = key.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let known = secrets::MISPLACED.iter().find(|(name, _)| *name == key);
        if let Some((_, variable)) = known
            && !value.trim().is_empty()
        {
            return Some(ConfigError::SecretInFile { file: file.into(), line: n + 1, key, variable });
        }
    }
    None
}

/// Files whose name is nearly right are mistakes (a limit in them would not hold); others are mentioned.
fn look_around(folder: &Path, errors: &mut Vec<ConfigError>) -> Vec<String> {
    // Read by other parts of the program.
    const OTHERS: [&str; 4] = ["charges.yaml", "contracts.yaml", "sessions.yaml", "holidays.csv"];
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let mut warnings = Vec::new();
    for name in names {
        let wanted = name.to_ascii_lowercase().replace(".yml", ".yaml");
        let ours = SHIPPED.iter().any(|(n, _)| *n == wanted);
        if ours && wanted != name {
            errors.push(ConfigError::WrongName { file: folder.join(&name), wanted });
        } else if Path::new(&wanted).extension().is_some_and(|e| e == "yaml")
            && !ours
            && !OTHERS.contains(&name.as_str())
        {
            warnings.push(format!("{} is not read by this program", folder.join(&name).display()));
        }
    }
    warnings
}

impl RiskFile {
    /// What stands in it beside the limits.
    const SECTIONS: &[&str] = &["kill_switch", "scalping"];
}

/// Reads the limits as their own type does, and takes the sections out of the stream on the way, so that places in errors
/// stay right and numbers stay text.
impl<'de> Deserialize<'de> for RiskFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Top;
        impl<'de> Visitor<'de> for Top {
            type Value = RiskFile;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the risk limits")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RiskFile, A::Error> {
                let mut sections = Sections::default();
                let limits = Limits::deserialize(MapAccessDeserializer::new(Apart { map, sections: &mut sections }))?;
                let Sections { kill_switch, scalping } = sections;
                let (kill_switch, scalping) = (kill_switch.unwrap_or_default(), scalping.unwrap_or_default());
                Ok(RiskFile { limits, kill_switch, scalping })
            }
        }
        deserializer.deserialize_struct("RiskFile", Self::SECTIONS, Top)
    }
}

#[derive(Default)]
struct Sections {
    kill_switch: Option<KillSwitchPolicy>,
    scalping: Option<ScalpLimits>,
}

struct Apart<'a, A> {
    map: A,
    sections: &'a mut Sections,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Apart<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            match key.as_str() {
                "kill_switch" => self.sections.kill_switch = Some(self.map.next_value()?),
                "scalping" => self.sections.scalping = Some(self.map.next_value()?),
                _ => {
                    let key: serde::de::value::StringDeserializer<A::Error> = key.into_deserializer();
                    return seed.deserialize(key).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
