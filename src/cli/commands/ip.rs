//! `ip`: the addresses from which the broker takes orders, and registering one. It is then fixed for seven days.

use serde_json::{Value, json};

use crate::app::Options;
use crate::app::addresses::{Change, FIXED_DAYS, Registered, Registrar, Slot, today};
use crate::cli::args::{Global, IpCommand, IpSetArgs};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::table::{self, Table};

pub async fn run(global: &Global, command: Option<&IpCommand>, console: &mut Console) -> Result<(), Failure> {
    let options = Options { data: global.data.clone(), config: global.config.clone(), ..Options::default() };
    let registrar = Registrar::log_in(&options).await?;
    let mut registered = registrar.registered().await?;
    if let Some(IpCommand::Set(args)) = command {
        set(&registrar, &registered, *args, console).await?;
        registered = registrar.registered().await?;
    }
    show(&registered, console)
}

async fn set(
    registrar: &Registrar,
    registered: &Registered,
    args: IpSetArgs,
    console: &mut Console,
) -> Result<(), Failure> {
    let IpSetArgs { slot, address, yes } = args;
    let slot = Slot::from(slot);
    let change = registered.change(slot, address, today()).map_err(Failure::Refused)?;
    let instead = match &change {
        Change::Nothing | Change::Set => String::new(),
        Change::Replace(old) => format!(" in the place of {old}"),
    };
    if change != Change::Nothing {
        if let Some(seen) = registered.seen.as_deref().filter(|seen| *seen != address.to_string()) {
            console.warn(&format!("this machine comes from {seen} now, not from {address}"))?;
        }
        let question = format!(
            "Register {address} as the {} address{instead} at the broker? It is then fixed for {FIXED_DAYS} days.",
            slot.name()
        );
        console.confirm(&question, yes.yes).await?;
    }
    let said = registrar.register(&change, slot, address).await?;
    console.progress(&said)
}

fn show(registered: &Registered, console: &mut Console) -> Result<(), Failure> {
    let mut table = Table::new([table::text("Place"), table::text("Address"), table::text("Can be changed")]);
    for slot in Slot::ALL {
        let address = registered.address(slot).unwrap_or("none").to_string();
        let from = registered.changeable_from(slot);
        let when = match (registered.address(slot), from) {
            (None, _) => "can be set now".to_string(),
            (Some(_), Some(day)) if today() < day => format!("from {}", day.strftime("%a %d %b %Y")),
            (Some(_), Some(_)) => "now".into(),
            (Some(_), None) => "the broker does not tell".into(),
        };
        table.row([slot.name().to_string(), address, when]);
    }
    console.table(&table)?;
    console.document(&json!({
        "primary": place(registered, Slot::Primary),
        "secondary": place(registered, Slot::Secondary),
        "seen_from": registered.seen,
        "orders_allowed": registered.allows_orders(),
    }))?;
    let from = registered.seen.as_deref().unwrap_or("an address that the broker does not tell");
    console.say(&match registered.allows_orders() {
        Some(true) => format!("We come from {from}: orders are taken from here."),
        Some(false) => format!(
            "We come from {from}: orders are REFUSED from here. Register it (strikedeck ip set primary|secondary \
             ADDRESS), or trade from a registered line."
        ),
        None => format!("We come from {from}: compare it with your line's address."),
    })
}

fn place(registered: &Registered, slot: Slot) -> Value {
    json!({
        "address": registered.address(slot),
        "changeable_from": registered.changeable_from(slot).map(|day| day.to_string()),
    })
}
