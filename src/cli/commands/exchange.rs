//! `exchange`: the built-in exchange alone, for other clients than ours.

use crate::cli::args::{ExchangeArgs, Global};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::machine::Machine;

pub async fn run(
    global: &Global,
    args: &ExchangeArgs,
    machine: &dyn Machine,
    console: &mut Console,
) -> Result<(), Failure> {
    if global.live {
        return Err(Failure::Usage("the built-in exchange has no live mode: leave --live away".into()));
    }
    let exchange = machine.exchange(global, args).await?;
    let line = serde_json::to_string(&exchange.addresses)
        .map_err(|e| Failure::Refused(format!("its addresses could not be written: {e}")))?;
    let told = console.machine_line(&line);
    if told.is_ok() {
        tokio::select! {
            () = console.interrupted().cancelled_owned() => {}
            () = terminated() => {}
        }
    }
    (exchange.stop)().await;
    told
}

/// Whoever started it asks it to end.
#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut asked) => {
            asked.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}
