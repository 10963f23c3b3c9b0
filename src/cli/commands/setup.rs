//! `setup`: asks for the login, tries it at the broker, keeps it. Off a terminal it reads `NAME=value` lines.

use serde_json::json;

use crate::app::Options;
use crate::app::config::Secrets;
use crate::app::config::keyring::LASTS;
use crate::app::setup::{ConsentBy, LoggedIn, Place, Setup};
use crate::app::token::when;
use crate::cli::args::{self, Global, SetupArgs, Store, WebhookSecret};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::net::Secret;
use crate::telemetry::keep_secret;

const NEEDS_A_PERSON: &str = "logging in with a browser needs a person at a terminal";

pub async fn run(global: &Global, args: &SetupArgs, console: &mut Console) -> Result<(), Failure> {
    let options = Options { data: global.data.clone(), config: global.config.clone(), ..Options::default() };
    let setup = Setup::open(&options)?;
    if args.forget {
        setup.forget()?;
        for name in Setup::in_the_environment() {
            console.warn(&format!("{name} is set in the environment: only you can take it away there"))?;
        }
        console.document(&json!({ "forgotten": true }))?;
        return console.say("Everything secret that was kept is gone.");
    }
    if args.check {
        let logged_in = setup.check().await?;
        return told(console, &logged_in, None);
    }
    let place = match args.store {
        Some(Store::Keyring) => Place::Keyring,
        Some(Store::File) => Place::File,
        None if LASTS => Place::Keyring,
        None => Place::File,
    };
    if let Some(how) = args.webhook {
        return webhook_secret(&setup, how, place, console);
    }
    let (secrets, logged_in) = match args.consent {
        Some(_) if !console.can_ask() => return Err(Failure::Usage(NEEDS_A_PERSON.into())),
        Some(by) => by_consent(&setup, by, console).await?,
        None if console.can_ask() => at_a_terminal(&setup, console).await?,
        None => from_lines(&setup).await?,
    };
    let kept = setup.keep(&secrets, place)?;
    for name in Setup::in_the_environment() {
        console.warn(&format!("{name} is set in the environment and goes before what is kept"))?;
    }
    told(console, &logged_in, Some(&kept))
}

/// Makes the secret of the webhook, keeps it, and shows it this once, with where it belongs.
fn webhook_secret(setup: &Setup, how: WebhookSecret, place: Place, console: &mut Console) -> Result<(), Failure> {
    if how == WebhookSecret::Make && setup.config.secrets.webhook.is_some() {
        let text = "there is a webhook secret already, and what sends with it would be refused: `strikedeck setup \
                    --webhook renew` makes another all the same";
        return Err(Failure::Refused(text.into()));
    }
    let (secret, kept) = setup.make_webhook_secret(place)?;
    let webhook = &setup.config.webhook;
    let outside = if webhook.public_host.is_empty() { "YOUR-TUNNEL" } else { &webhook.public_host };
    let address = format!("https://{outside}/webhook/{}", secret.expose());
    console.document(&json!({ "webhook_secret": secret.expose(), "kept_in": kept, "webhook_url": address }))?;
    console.say(&format!("Made and kept in {kept}. It is shown this once: {}", secret.expose()))?;
    console.say("In TradingView: the alert, Notifications, Webhook URL; there it is all that a sender needs:")?;
    console.say(&format!("  {address}"))?;
    console.say(&format!(
        "A tunnel to http://{} brings it there. Start the cockpit anew: it then takes signals.",
        webhook.bind
    ))?;
    for name in Setup::in_the_environment() {
        console.warn(&format!("{name} is set in the environment and goes before what is kept"))?;
    }
    Ok(())
}

fn told(console: &mut Console, who: &LoggedIn, kept: Option<&str>) -> Result<(), Failure> {
    console.document(&json!({
        "account_ends_in": who.account,
        "token_ends_at": who.ends.map(|t| t.to_string()),
        "segments": who.segments,
        "market_data": who.market_data,
        "kept_in": kept,
    }))?;
    let until = who.ends.map(|t| format!(", the token is good until {}", when(t))).unwrap_or_default();
    console.say(&format!("Logged in at the broker as …{}{until}.", who.account))?;
    if !who.market_data {
        console.say("The account has no data plan: without one there are no live prices, and so no entries.")?;
    }
    if let Some(kept) = kept {
        console.say(&format!("Kept in {kept}. A cockpit that runs takes it within seconds."))?;
        console.say("Before trading live: strikedeck risk ack, then strikedeck doctor --live.")?;
    }
    Ok(())
}

/// What comes on standard input, over what the environment says.
async fn from_lines(setup: &Setup) -> Result<(Secrets, LoggedIn), Failure> {
    let reading = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
    let text = reading.await.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?;
    let entered = if text.trim().is_empty() {
        setup.config.secrets.clone()
    } else {
        Secrets::from_lines(&text).map_err(|e| Failure::Usage(e.to_string()))?
    };
    let logged_in = setup.log_in(&entered).await?;
    Ok((entered, logged_in))
}

/// With what is kept, as far as it goes: what is missing is asked for, and only that is kept anew.
async fn by_consent(setup: &Setup, by: args::ConsentBy, console: &mut Console) -> Result<(Secrets, LoggedIn), Failure> {
    let mut known = setup.config.secrets.clone();
    known.client_id = setup.config.client_id().map(ToString::to_string);
    let mut entered = Secrets::default();
    if known.client_id.is_none() {
        entered.client_id = Some(client_id(setup, console).await?);
    }
    let by = match by {
        args::ConsentBy::App => ConsentBy::App,
        args::ConsentBy::Partner => ConsentBy::Partner,
    };
    with_a_browser(setup, by, entered, &known, console).await
}

/// Shows the page to log in at and takes what comes back. A key that is not `known` is asked for.
async fn with_a_browser(
    setup: &Setup,
    by: ConsentBy,
    mut entered: Secrets,
    known: &Secrets,
    console: &mut Console,
) -> Result<(Secrets, LoggedIn), Failure> {
    match by {
        ConsentBy::App if known.app_id.is_none() || known.app_secret.is_none() => {
            entered.app_id = Some(console.ask("API key: ").await?);
            entered.app_secret = Some(secret(console, "API secret (not shown): ").await?);
        }
        ConsentBy::Partner if known.partner_id.is_none() || known.partner_secret.is_none() => {
            entered.partner_id = Some(console.ask("Partner id: ").await?);
            entered.partner_secret = Some(secret(console, "Partner secret (not shown): ").await?);
        }
        ConsentBy::App | ConsentBy::Partner => {}
    }
    let secrets = entered.clone().or(known.clone());
    let page = setup.login_page(&secrets, by).await?;
    console.progress("Open this page in a browser and log in:")?;
    console.progress(&format!("  {page}"))?;
    let came_back = secret(console, "The address the browser ends at, or its tokenId (not shown): ").await?;
    let logged_in = setup.came_back(&secrets, by, &came_back).await?;
    Ok((entered, logged_in))
}

async fn client_id(setup: &Setup, console: &mut Console) -> Result<String, Failure> {
    let known = setup.config.client_id().unwrap_or_default().to_string();
    let hint = if known.is_empty() { String::new() } else { format!(" [{known}]") };
    let typed = console.ask(&format!("Client id at Dhan{hint}: ")).await?;
    let client_id = if typed.is_empty() { known } else { typed };
    if client_id.is_empty() || !client_id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Failure::Refused("the client id is the number that the broker shows: nothing was kept".into()));
    }
    Ok(client_id)
}

async fn at_a_terminal(setup: &Setup, console: &mut Console) -> Result<(Secrets, LoggedIn), Failure> {
    let client_id = client_id(setup, console).await?;
    console.progress("How to log in:")?;
    console.progress("  1  an access token of the broker's page, new every day")?;
    console.progress("  2  PIN and TOTP key: a token is made by itself every day")?;
    console.progress("  3  API key and secret: logging in with a browser")?;
    console.progress("  4  a partner's id and secret: logging in with a browser")?;
    let mut secrets = Secrets { client_id: Some(client_id), ..Secrets::default() };
    let logged_in = match console.ask("1, 2, 3 or 4: ").await?.as_str() {
        "1" => {
            secrets.access_token = Some(secret(console, "Access token (not shown): ").await?);
            setup.log_in(&secrets).await?
        }
        "2" => {
            secrets.pin = Some(secret(console, "PIN, six digits (not shown): ").await?);
            secrets.totp_key = Some(secret(console, "TOTP key, letters and digits 2 to 7 (not shown): ").await?);
            setup.log_in(&secrets).await?
        }
        "3" => return with_a_browser(setup, ConsentBy::App, secrets, &Secrets::default(), console).await,
        "4" => return with_a_browser(setup, ConsentBy::Partner, secrets, &Secrets::default(), console).await,
        _ => return Err(Failure::Refused("nothing was chosen: nothing was kept".into())),
    };
    Ok((secrets, logged_in))
}

async fn secret(console: &mut Console, question: &str) -> Result<Secret, Failure> {
    let secret = console.ask_secret(question).await?;
    if secret.is_empty() {
        return Err(Failure::Refused("nothing was typed: nothing was kept".into()));
    }
    keep_secret(secret.expose());
    Ok(secret)
}
