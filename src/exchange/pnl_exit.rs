//! The trader's exit on profit or loss: once the day's result of the chosen positions passes a limit, they are exited, their
//! orders cancelled, and if so wished the kill switch is set as soon as the account is flat.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Money, PnlExit, Product};

use super::account::Account;
use super::order::Refusal;
use super::{Event, Exchange};

/// A rule, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PnlRule {
    pub exit: PnlExit,
    /// It has fired: exits are on their way until nothing is left.
    pub fired: bool,
}

impl Exchange {
    /// Sets the account's rule for the session, in place of an earlier one. A limit that is passed already fires at once.
    pub fn set_pnl_exit(&mut self, account: &str, exit: PnlExit, now: Timestamp) -> Result<(), Refusal> {
        self.run_until(now);
        let negative = exit.profit < Money::ZERO || exit.loss < Money::ZERO;
        if negative || (exit.profit == Money::ZERO && exit.loss == Money::ZERO) {
            return Err(Refusal::Input("profitValue and lossValue must be positive amounts".into()));
        }
        if !exit.intraday && !exit.delivery {
            return Err(Refusal::Input("productType is required".into()));
        }
        self.account(account).pnl_exit = Some(PnlRule { exit, fired: false });
        self.unsaved.any = true;
        self.mind_pnl_exits();
        Ok(())
    }

    /// The rule that waits to fire; `None` when there is none, or it has fired.
    pub fn pnl_exit(&self, account: &str) -> Option<PnlExit> {
        let rule = self.accounts.get(account)?.pnl_exit.filter(|rule| !rule.fired)?;
        Some(rule.exit)
    }

    /// Takes the rule back; `false` when there was none.
    pub fn stop_pnl_exit(&mut self, account: &str, now: Timestamp) -> bool {
        self.run_until(now);
        self.unsaved.any = true;
        self.account(account).pnl_exit.take().is_some()
    }

    pub(super) fn minds_pnl(&self) -> bool {
        self.accounts.values().any(|account| account.pnl_exit.is_some())
    }

    /// Looks at every rule; part of every price step while there is one.
    pub(super) fn mind_pnl_exits(&mut self) {
        let rules: Vec<(String, PnlRule)> =
            self.accounts.values().filter_map(|a| Some((a.name.clone(), a.pnl_exit?))).collect();
        for (name, rule) in rules {
            if rule.fired {
                self.go_on_exiting(&name, rule.exit);
            } else if self.is_open() && rule.exit.is_passed(self.result_of(&name, rule.exit)) {
                self.account(&name).pnl_exit = Some(PnlRule { fired: true, ..rule });
                self.exit_products(&name, rule.exit);
            }
        }
    }

    /// The day's result of what a rule covers.
    fn result_of(&self, account: &str, exit: PnlExit) -> Money {
        let rows = self.positions(account);
        rows.iter().filter(|row| exit.covers(row.product)).map(|row| row.realised + row.unrealised).sum()
    }

    fn exit_products(&mut self, account: &str, exit: PnlExit) {
        self.unsaved.any = true;
        let at = self.transit(self.counters.orders);
        let all = [Product::Intraday, Product::Margin, Product::Cnc, Product::Mtf];
        for product in all.into_iter().filter(|product| exit.covers(*product)) {
            self.schedule_event(at, Event::ExitAll(account.to_string(), Some(product)));
        }
    }

    /// After it has fired: again where something is left and nothing works on it, then the kill switch, then the rule is gone.
    fn go_on_exiting(&mut self, account: &str, exit: PnlExit) {
        let working = |o: &&super::order::Order| o.account == account && !o.status.is_final();
        let under_way = self.queue.values().any(|e| matches!(e, Event::ExitAll(name, _) if name == account))
            || self.orders.values().filter(working).any(|o| exit.covers(o.product));
        let Some(book) = self.accounts.get(account).filter(|book| !under_way && !book.kill_switch) else { return };
        if book.positions.iter().any(|p| p.net() != p.held() && exit.covers(p.product)) {
            self.exit_products(account, exit);
            return;
        }
        // Other positions may need orders yet: the switch is set when there are neither.
        if exit.kill_switch && (!book.is_flat() || self.orders.values().any(|o| working(&o))) {
            return;
        }
        self.unsaved.any = true;
        let book: &mut Account = self.account(account);
        book.pnl_exit = None;
        book.kill_switch |= exit.kill_switch;
    }
}
