//! Telegram: alerts as messages of a bot of the trader's own (<https://core.telegram.org/bots/api#sendmessage>).

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::Telling;
use crate::engine::effect::AlertLevel;
use crate::net::Secret;
use crate::net::http::{HttpClient, HttpFailure, HttpRequest, HttpSettings, Method};

/// Messages that may wait for the one before; more are left to the inbox.
pub const WAITING: usize = 32;
/// What Telegram asks for when it is asked too often is waited for, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Telegram takes 4096 characters.
const LONGEST: usize = 3_500;

/// Who speaks to whom.
pub struct Telegram {
    client: HttpClient,
    /// With the token in it: never shown.
    url: String,
    chat: String,
}

/// Why a message did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// To be tried again then.
    Later(Duration),
    /// For the trader.
    Refused(String),
}

/// As far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    ok: bool,
    description: String,
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    retry_after: u64,
}

impl Telegram {
    /// `base` is the address of the bot interface; a plain one is for this machine only.
    pub fn new(base: &str, token: &Secret, chat: &str) -> Result<Self, HttpFailure> {
        let settings = HttpSettings { longest_body: 64 * 1024, ..HttpSettings::default() };
        let plain = base.starts_with("http://");
        let client = if plain { HttpClient::plain(&settings) } else { HttpClient::new(&settings) }?;
        let url = format!("{}/bot{}/sendMessage", base.trim_end_matches('/'), token.expose());
        Ok(Self { client, url, chat: chat.to_string() })
    }

    /// Sends one message.
    pub async fn send(&self, telling: &Telling) -> Result<(), Trouble> {
        let sign = match telling.level {
            AlertLevel::Critical => "🔴",
            AlertLevel::Warning => "🟠",
            AlertLevel::Info => "🔵",
        };
        let text: String = format!("{sign} {}", telling.text).chars().take(LONGEST).collect();
        let silent = telling.level < AlertLevel::Critical;
        let body = json!({"chat_id": self.chat, "text": text, "disable_notification": silent}).to_string();
        let request = HttpRequest { method: Method::POST, url: &self.url, headers: &[], body: Some(body.into_bytes()) };
        let answer = self.client.send(request).await.map_err(|e| Trouble::Refused(e.to_string()))?;
        let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            200 if said.ok => Ok(()),
            429 => Err(Trouble::Later(Duration::from_secs(said.parameters.retry_after.max(1)).min(LONGEST_WAIT))),
            status if said.description.is_empty() => Err(Trouble::Refused(format!("it answered {status}"))),
            _ => Err(Trouble::Refused(said.description)),
        }
    }

    /// Sends what comes, one after another. `told` hears of trouble once, until a message has arrived again.
    pub async fn run(self, mut queue: mpsc::Receiver<Telling>, told: impl Fn(String)) {
        let mut failing = false;
        while let Some(telling) = queue.recv().await {
            let mut sent = self.send(&telling).await;
            if let Err(Trouble::Later(wait)) = sent {
                tokio::time::sleep(wait).await;
                sent = self.send(&telling).await;
            }
            let why = match sent {
                Ok(()) => {
                    failing = false;
                    continue;
                }
                Err(Trouble::Later(_)) => "it is asked too often".to_string(),
                Err(Trouble::Refused(why)) => why,
            };
            if !failing {
                told(format!(
                    "Telegram does not take alerts ({why}): look at TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID. They stand in the \
                     inbox, `strikedeck alerts`."
                ));
            }
            failing = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const OK: (&str, &str) = ("200 OK", r#"{"ok":true,"result":{}}"#);
    const UNAUTHORIZED: (&str, &str) =
        ("401 Unauthorized", r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#);
    const BUSY: (&str, &str) = (
        "429 Too Many Requests",
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}"#,
    );

    /// Answers one request after another, then none; keeps what was asked.
    async fn bot(answers: &'static [(&'static str, &'static str)]) -> (Telegram, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let seen = asked.clone();
        tokio::spawn(async move {
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = String::new();
                let mut buffer = [0; 4096];
                // The body is the last line, and ends with the object.
                while !request.ends_with('}') {
                    let n = stream.read(&mut buffer).await.unwrap();
                    request.push_str(&String::from_utf8_lossy(&buffer[..n]));
                }
                seen.lock().unwrap().push(request);
                let length = body.len();
                let text = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        (Telegram::new(&base, &Secret::new("7:abc"), "-100200").unwrap(), asked)
    }

    fn telling(level: AlertLevel, text: &str) -> Telling {
        Telling { level, text: text.into() }
    }

    #[tokio::test]
    async fn a_message_goes_to_the_chat() {
        let (telegram, asked) = bot(&[OK, OK]).await;
        telegram.send(&telling(AlertLevel::Critical, "an exit was \"refused\"")).await.unwrap();
        telegram.send(&telling(AlertLevel::Warning, "slow")).await.unwrap();
        let asked = asked.lock().unwrap();
        assert!(asked[0].starts_with("POST /bot7:abc/sendMessage HTTP/1.1\r\n"), "{}", asked[0]);
        let body = |n: usize| serde_json::from_str::<serde_json::Value>(asked[n].lines().last().unwrap()).unwrap();
        let expected =
            json!({"chat_id": "-100200", "text": "🔴 an exit was \"refused\"", "disable_notification": false});
        assert_eq!(body(0), expected);
        assert_eq!(body(1)["disable_notification"], true);
    }

    #[tokio::test]
    async fn what_telegram_says_is_told_without_the_token() {
        let (telegram, _) = bot(&[UNAUTHORIZED, BUSY]).await;
        let message = telling(AlertLevel::Critical, "x");
        assert_eq!(telegram.send(&message).await, Err(Trouble::Refused("Unauthorized".into())));
        assert_eq!(telegram.send(&message).await, Err(Trouble::Later(Duration::from_secs(7))));
        // Nobody listens any more.
        let Err(Trouble::Refused(why)) = telegram.send(&message).await else { unreachable!() };
        assert!(!why.contains("abc"), "{why}");
    }

    #[tokio::test]
    async fn trouble_is_told_once_until_a_message_arrives_again() {
        let (telegram, asked) = bot(&[UNAUTHORIZED, UNAUTHORIZED, OK, UNAUTHORIZED]).await;
        let (send, queue) = mpsc::channel(WAITING);
        for n in 0..4 {
            send.try_send(telling(AlertLevel::Info, &n.to_string())).unwrap();
        }
        drop(send);
        let told = Mutex::new(Vec::new());
        telegram.run(queue, |text| told.lock().unwrap().push(text)).await;
        assert_eq!(asked.lock().unwrap().len(), 4);
        let told = told.into_inner().unwrap();
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("Unauthorized") && told[0].contains("TELEGRAM_BOT_TOKEN"), "{}", told[0]);
    }
}
