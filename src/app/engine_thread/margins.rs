//! What the broker says that strategies would tie up: asked when a command is about to be decided on it, told to the engine
//! with that command. A broker that does not answer in time is not waited for: the engine then goes by its own estimate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::info;

use super::EngineThread;
use crate::app::inputs::{Input, Inputs};
use crate::broker::Broker;
use crate::domain::{Contract, Money, OrderSpec, Quantity, Side, StrategyId};
use crate::engine::command::Command;
use crate::engine::orders_of;

/// An answer, or the want of one, is gone by for this long.
const ANSWER_HOLDS: Duration = Duration::from_secs(10);
/// Strategies of one command that the broker is asked about; those beyond go by the estimate.
const MOST_ASKED: usize = 10;

/// A question for the broker.
#[derive(Clone, Debug)]
pub struct MarginWish {
    pub id: StrategyId,
    pub orders: Vec<OrderSpec>,
    /// Tells its answer from that of an earlier question.
    pub asked_at: Instant,
}

/// What was asked of one strategy, and what came of it.
pub(super) struct Asked {
    /// The legs it was asked of.
    legs: Vec<(Contract, Side, Quantity)>,
    at: Instant,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Awaited,
    Told(Money),
    None,
}

/// Puts questions to the broker, each as a task of its own.
pub async fn ask_margins(broker: Arc<dyn Broker>, mut wishes: mpsc::UnboundedReceiver<MarginWish>, inputs: Inputs) {
    while let Some(MarginWish { id, orders, asked_at }) = wishes.recv().await {
        let (broker, inputs) = (broker.clone(), inputs.clone());
        tokio::spawn(async move {
            let told = broker.margin(&orders).await;
            let margin = told.inspect_err(|e| info!("the broker's margin of #{id} is not known: {e}")).ok();
            inputs.send(Input::Margin { id, asked_at, margin });
        });
    }
}

impl EngineThread {
    /// Asks for the margin of what a command would enter. True if an answer is worth waiting for.
    pub(super) fn ask_margins_of(&mut self, command: &Command) -> bool {
        let wishes = self.margin_wishes(command);
        self.margins.retain(|_, asked| asked.at.elapsed() < ANSWER_HOLDS);
        for wish in wishes {
            let legs = legs_of(&wish.orders);
            if self.margins.get(&wish.id).is_none_or(|asked| asked.legs != legs) {
                self.margins.insert(wish.id, Asked { legs, at: wish.asked_at, answer: Answer::Awaited });
                let _ = self.outlets.margins.send(wish);
            }
        }
        self.awaits_margins(command)
    }

    /// Whether the broker has been asked about a command and has not answered yet.
    pub(super) fn awaits_margins(&self, command: &Command) -> bool {
        let awaited = |id: StrategyId| self.margins.get(&id).is_some_and(|a| a.answer == Answer::Awaited);
        self.entered_by(command).into_iter().any(awaited)
    }

    pub(super) fn margin_told(&mut self, id: StrategyId, asked_at: Instant, margin: Option<Money>) {
        if let Some(asked) = self.margins.get_mut(&id).filter(|asked| asked.at == asked_at) {
            asked.answer = margin.map_or(Answer::None, Answer::Told);
        }
    }

    /// What the engine is told with a command.
    pub(super) fn margins_of(&self, command: &Command) -> Vec<(StrategyId, Money)> {
        let told = |id: StrategyId| match self.margins.get(&id)?.answer {
            Answer::Told(margin) => Some((id, margin)),
            Answer::Awaited | Answer::None => None,
        };
        self.entered_by(command).into_iter().filter_map(told).collect()
    }

    fn entered_by(&self, command: &Command) -> Vec<StrategyId> {
        match command {
            Command::Preview { ids } | Command::Execute { ids } => self.strategies_of(ids),
            _ => Vec::new(),
        }
    }

    fn margin_wishes(&self, command: &Command) -> Vec<MarginWish> {
        let product = self.desk.driver().engine().config.execution.product;
        let wish = |id: StrategyId| {
            let legs = self.legs_of(self.desk.state().strategies.get(&id)?);
            let contracts: BTreeSet<Contract> = legs.iter().map(|l| l.instrument.contract).collect();
            let orders = orders_of(&legs, product, &self.shared.quotes_of(&contracts));
            (!orders.is_empty()).then_some(MarginWish { id, orders, asked_at: Instant::now() })
        };
        self.entered_by(command).into_iter().filter_map(wish).take(MOST_ASKED).collect()
    }
}

fn legs_of(orders: &[OrderSpec]) -> Vec<(Contract, Side, Quantity)> {
    orders.iter().map(|o| (o.contract, o.side, o.quantity)).collect()
}

/// What has been asked, by strategy.
pub(super) type Margins = BTreeMap<StrategyId, Asked>;
