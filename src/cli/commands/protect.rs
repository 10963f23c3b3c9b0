//! `stop`, `target` and `rules`: what watches over the positions of a strategy.

use serde_json::Value;

use crate::cli::args::{RulesArgs, StopArgs, TargetArgs};
use crate::cli::failure::Failure;
use crate::cli::fields::{items, text};
use crate::cli::shell::Shell;
use crate::domain::{ExitRules, Money};
use crate::engine::command::{Command, RulesWish};

pub async fn stop(shell: &mut Shell<'_>, args: &StopArgs) -> Result<(), Failure> {
    let stop = args.stop.join(" ").parse().map_err(Failure::Usage)?;
    shell.order(Command::SetStop { id: args.id, leg: args.leg, stop }).await
}

pub async fn target(shell: &mut Shell<'_>, args: &TargetArgs) -> Result<(), Failure> {
    shell.order(Command::SetTarget { id: args.id, leg: args.leg, target: args.target.0 }).await
}

pub async fn rules(shell: &mut Shell<'_>, args: &RulesArgs) -> Result<(), Failure> {
    let rules = written(args);
    let wish = match (args.off, args.stated) {
        (true, _) => RulesWish::Off,
        (false, true) => RulesWish::Stated,
        (false, false) if rules.is_empty() => return show(shell, args).await,
        (false, false) => RulesWish::Set(Box::new(rules)),
    };
    shell.order(Command::SetRules { id: args.id, rules: wish }).await
}

fn written(args: &RulesArgs) -> ExitRules {
    ExitRules {
        target: args.target.map(Money),
        target_pct: args.target_pct,
        stop: args.stop.map(Money),
        stop_pct: args.stop_pct,
        stop_premium: args.stop_premium,
        trail_after_pct: args.trail_after,
        trail_by_pct: args.trail_by,
        days_to_expiry: args.days,
        scale: args.scale.clone(),
        short_delta: args.short_delta,
    }
}

async fn show(shell: &mut Shell<'_>, args: &RulesArgs) -> Result<(), Failure> {
    let strategy = shell.desk.show(args.id).await?;
    shell.console.document(&strategy["rules"])?;
    let lines = lines(&strategy);
    if lines.is_empty() {
        return shell.console.say("No exit rules.");
    }
    for line in lines {
        shell.console.say(&line)?;
    }
    Ok(())
}

/// The rules of a strategy, one line each, as `show` says them.
pub fn lines(strategy: &Value) -> Vec<String> {
    let rule = |r: &Value| {
        let parts = [text(r, "rule"), text(r, "waits_for"), text(r, "now"), text(r, "distance")];
        parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    items(strategy, "rules").iter().map(rule).collect()
}
