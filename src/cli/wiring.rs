//! The one place where the command line meets the app.

use super::args::{ExchangeArgs, Global};
use super::machine::{Check, Exchange, Forced, Headless, Machine, Task};

/// What `main` starts things with.
pub fn machine() -> impl Machine {
    NotWired
}

/// Stands here until the app is wired in: starts nothing, and says so.
struct NotWired;

const REASON: &str = "this build has no cockpit in it yet";

impl Machine for NotWired {
    fn cockpit(&self, _: &Global) -> anyhow::Result<()> {
        anyhow::bail!(REASON)
    }
    fn headless<'a>(&'a self, _: &'a Global) -> Task<'a, Headless> {
        Box::pin(async { anyhow::bail!(REASON) })
    }
    fn exchange<'a>(&'a self, _: &'a Global, _: &'a ExchangeArgs) -> Task<'a, Exchange> {
        Box::pin(async { anyhow::bail!(REASON) })
    }
    fn force_flatten<'a>(&'a self, _: &'a Global, _: bool) -> Task<'a, Forced> {
        Box::pin(async { anyhow::bail!(REASON) })
    }
    fn doctor<'a>(&'a self, _: &'a Global) -> Task<'a, Vec<Check>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
