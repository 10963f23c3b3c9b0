//! The broker's own safeguards: its exit on loss and its kill switch.

use jiff::civil::date;
use rust_decimal_macros::dec;

use super::desk::{ACCOUNT, Desk, call, position};
use crate::domain::time::from_ist;
use crate::domain::*;
use crate::engine::command::{Command, Reply};
use crate::engine::effect::{AlertLevel, Effect};
use crate::engine::record::Record;
use crate::engine::state::Safeguard;
use crate::engine::{EngineConfig, Event};

impl Desk {
    /// What was asked of the safeguards since the last look.
    fn asked(&mut self) -> Vec<SafeguardAsk> {
        let of = |e: &Effect| if let Effect::Safeguard(ask) = e { Some(*ask) } else { None };
        let asked = self.effects.iter().filter_map(of).collect();
        self.effects.clear();
        asked
    }

    /// The broker does what was asked.
    fn does(&mut self, ask: SafeguardAsk, told: SafeguardTold) {
        self.tell(Event::SafeguardTold { ask, told });
    }

    fn refuses(&mut self, ask: SafeguardAsk, refused: bool) {
        self.tell(Event::SafeguardFailed { ask, reason: "RMS: not today".into(), refused });
    }

    pub(super) fn told_of(&self, words: &str) -> Option<AlertLevel> {
        self.effects.iter().find_map(|e| match e {
            Effect::Alert { level, text } if text.contains(words) => Some(*level),
            _ => None,
        })
    }

    /// The broker's exit, set on request.
    fn with_exit() -> (Self, SafeguardAsk) {
        let mut desk = Self::open();
        desk.ask(Command::BrokerExit { on: true });
        let ask = desk.asked()[0];
        let SafeguardAsk::SetExit(exit) = ask else { panic!("{ask:?}") };
        desk.does(ask, SafeguardTold::Exit(Some(exit)));
        (desk, ask)
    }

    /// Flattened with nothing open, as the broker says.
    fn flattened(config: EngineConfig) -> Self {
        let mut desk = Self::with(config);
        desk.ask(Command::Flatten { include_foreign: false });
        desk.pass(1);
        assert_eq!(desk.asked(), [], "not before it is flat");
        desk.read_books();
        assert!(desk.state().flatten.is_none());
        desk
    }
}

fn with_switch() -> EngineConfig {
    let mut config = EngineConfig::default();
    config.kill_switch.broker_switch = true;
    config
}

#[test]
fn on_request_the_broker_is_asked_to_exit_everything_at_the_day_loss_limit() {
    let mut desk = Desk::open();
    assert!(!desk.ask(Command::BrokerExit { on: true }).is_refused());
    let asked = desk.asked();
    let [ask @ SafeguardAsk::SetExit(exit)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(exit.loss, desk.engine.config.limits.max_daily_loss);
    assert!(exit.intraday && exit.delivery && !exit.kill_switch);
    assert!(exit.profit.0 >= exit.loss.0 * dec!(100), "a profit that is passed already would fire it");
    assert!(desk.journal.iter().any(|(_, r)| *r == Record::SafeguardAsked { ask: *ask }));
    assert_eq!(desk.state().safeguards.exit, Safeguard::Asked(*ask));
    desk.pass(1_000);
    assert_eq!(desk.asked(), [], "asked once");
    desk.does(*ask, SafeguardTold::Exit(Some(*exit)));
    assert_eq!(desk.state().safeguards.exit, Safeguard::Set(*exit));
    assert_eq!(desk.told_of("exits everything in the account by itself"), Some(AlertLevel::Info));
    assert!(desk.ask(Command::BrokerExit { on: true }).is_refused(), "it is set");
    desk.assert_folds();
}

#[test]
fn it_is_not_set_when_the_loss_is_beyond_it_already() {
    let mut desk = Desk::open();
    let mut row = position(call(26_000), Product::Margin, NetQuantity(0));
    row.realised = Money(-desk.engine.config.limits.max_daily_loss.0);
    row.sell_quantity = Quantity(65);
    desk.now = crate::domain::time::after_ms(desk.now, 10);
    desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at: desk.now, positions: vec![row] });
    let Reply::Refused { reason } = desk.ask(Command::BrokerExit { on: true }) else { panic!("taken") };
    assert!(reason.contains("at once") && reason.contains("flatten"), "{reason}");
    assert_eq!(desk.asked(), []);
}

#[test]
fn a_refusal_is_said_and_not_tried_again_until_the_trader_asks() {
    let mut desk = Desk::open();
    desk.ask(Command::BrokerExit { on: true });
    let ask = desk.asked()[0];
    desk.refuses(ask, true);
    assert_eq!(desk.state().safeguards.exit, Safeguard::Refused("RMS: not today".into()));
    assert_eq!(desk.told_of("RMS: not today"), Some(AlertLevel::Critical));
    desk.pass(120_000);
    assert_eq!(desk.asked(), []);
    desk.ask(Command::BrokerExit { on: true });
    assert_eq!(desk.asked(), [ask]);
    desk.assert_folds();
}

#[test]
fn after_a_lost_answer_the_broker_is_asked_how_it_stands_before_it_is_set_again() {
    let mut desk = Desk::open();
    desk.ask(Command::BrokerExit { on: true });
    let ask = desk.asked()[0];
    desk.refuses(ask, false);
    assert_eq!(desk.asked(), [SafeguardAsk::ReadExit]);
    desk.does(SafeguardAsk::ReadExit, SafeguardTold::Exit(None));
    assert_eq!(desk.asked(), [ask], "it had not arrived");
}

#[test]
fn it_is_read_again_after_a_log_in_and_every_minute() {
    let (mut desk, ask) = Desk::with_exit();
    let SafeguardAsk::SetExit(exit) = ask else { panic!() };
    desk.asked();
    desk.pass(1_000);
    assert_eq!(desk.asked(), []);
    desk.tell(Event::LoggedOut { reason: "Invalid Token".into() });
    desk.pass(120_000);
    assert_eq!(desk.asked(), [], "nothing can be asked while logged out");
    desk.tell(Event::LoggedIn);
    assert_eq!(desk.asked(), [SafeguardAsk::ReadExit]);
    let records = desk.journal.len();
    desk.does(SafeguardAsk::ReadExit, SafeguardTold::Exit(Some(exit)));
    assert_eq!(desk.journal.len(), records, "no news is no record");
    desk.pass(60_000);
    assert_eq!(desk.asked(), [SafeguardAsk::ReadExit]);
}

#[test]
fn one_that_has_fired_is_not_set_again_by_itself() {
    let (mut desk, _) = Desk::with_exit();
    desk.does(SafeguardAsk::ReadExit, SafeguardTold::Exit(None));
    assert_eq!(desk.state().safeguards.exit, Safeguard::Gone);
    assert_eq!(desk.told_of("it has fired, or was taken back elsewhere"), Some(AlertLevel::Critical));
    desk.asked();
    desk.pass(120_000);
    assert_eq!(desk.asked(), []);
    desk.ask(Command::BrokerExit { on: true });
    assert!(matches!(desk.asked().as_slice(), [SafeguardAsk::SetExit(_)]));
}

#[test]
fn it_is_taken_back_on_request() {
    let (mut desk, _) = Desk::with_exit();
    desk.asked();
    desk.ask(Command::BrokerExit { on: false });
    assert_eq!(desk.asked(), [SafeguardAsk::LiftExit]);
    desk.does(SafeguardAsk::LiftExit, SafeguardTold::Exit(None));
    assert_eq!(desk.state().safeguards.exit, Safeguard::NotSet);
    desk.pass(120_000);
    assert_eq!(desk.asked(), []);
    assert!(desk.ask(Command::BrokerExit { on: false }).is_refused(), "it is not set");
    desk.assert_folds();
}

#[test]
fn by_the_settings_it_is_set_as_the_market_opens_on_every_day() {
    let mut config = EngineConfig::default();
    config.kill_switch.broker_exit = true;
    let mut desk = Desk::with(config);
    assert!(matches!(desk.asked().as_slice(), [SafeguardAsk::SetExit(_)]), "the market is open");
    desk.market.open = false;
    desk.now = from_ist(date(2026, 11, 21).at(8, 45, 0, 0));
    desk.tell(Event::Wake);
    assert_eq!(desk.state().safeguards.exit, Safeguard::Unasked, "it was good for one session");
    assert_eq!(desk.asked(), []);
    desk.market.open = true;
    desk.pass(1_800_000);
    assert!(matches!(desk.asked().as_slice(), [SafeguardAsk::SetExit(_)]));
}

#[test]
fn without_a_wish_nothing_is_asked() {
    let mut desk = Desk::open();
    desk.pass(120_000);
    desk.tell(Event::LoggedOut { reason: "Invalid Token".into() });
    desk.tell(Event::LoggedIn);
    assert_eq!(desk.asked(), []);
}

#[test]
fn the_brokers_kill_switch_is_set_when_flat_if_configured() {
    let mut desk = Desk::flattened(with_switch());
    assert_eq!(desk.asked(), [SafeguardAsk::SetSwitch]);
    desk.does(SafeguardAsk::SetSwitch, SafeguardTold::Switch(true));
    assert_eq!(desk.state().safeguards.switch, Safeguard::Set(()));
    assert_eq!(desk.told_of("kill switch is set"), Some(AlertLevel::Warning));
    desk.assert_folds();
    assert_eq!(Desk::flattened(EngineConfig::default()).asked(), []);
}

#[test]
fn it_is_not_asked_for_while_something_that_is_not_ours_is_open() {
    let mut desk = Desk::with(with_switch());
    let row = position(call(26_000), Product::Margin, NetQuantity(65));
    desk.ask(Command::Flatten { include_foreign: false });
    for _ in 0..2 {
        desk.pass(10);
        let asked_at = desk.now;
        desk.pass(5);
        desk.tell(Event::OrdersRead { account: ACCOUNT, asked_at, orders: Vec::new() });
        desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions: vec![row.clone()] });
    }
    assert!(desk.state().flatten.is_none());
    assert_eq!(desk.told_of("not ours are open"), Some(AlertLevel::Critical));
    assert!(matches!(desk.state().safeguards.switch, Safeguard::Refused(_)));
    assert_eq!(desk.asked(), []);
}

#[test]
fn arming_lifts_it_first_and_entries_wait_for_the_brokers_word() {
    let mut desk = Desk::flattened(with_switch());
    desk.does(SafeguardAsk::SetSwitch, SafeguardTold::Switch(true));
    desk.asked();
    assert!(!desk.ask(Command::Arm { word: "ARM".into() }).is_refused());
    assert_eq!(desk.asked(), [SafeguardAsk::LiftSwitch]);
    assert!(desk.state().halt.is_some(), "not before it is off");
    assert!(desk.ask(Command::Arm { word: "ARM".into() }).is_refused(), "it is being lifted");
    desk.asked();
    desk.does(SafeguardAsk::LiftSwitch, SafeguardTold::Switch(false));
    assert!(desk.state().halt.is_none());
    desk.pass(120_000);
    assert_eq!(desk.asked(), [], "nor is it set again");
    desk.assert_folds();
}

#[test]
fn where_the_broker_does_not_lift_it_entries_stay_locked() {
    let mut desk = Desk::flattened(with_switch());
    desk.does(SafeguardAsk::SetSwitch, SafeguardTold::Switch(true));
    desk.ask(Command::Arm { word: "ARM".into() });
    desk.refuses(SafeguardAsk::LiftSwitch, true);
    assert_eq!(desk.told_of("lift the broker's kill switch"), Some(AlertLevel::Critical));
    desk.does(SafeguardAsk::ReadSwitch, SafeguardTold::Switch(false));
    assert!(desk.state().halt.is_some(), "only the trader arms");
    assert!(!desk.ask(Command::Arm { word: "ARM".into() }).is_refused());
    assert!(desk.state().halt.is_none());
}

#[test]
fn a_switch_lifted_elsewhere_arms_nothing() {
    let mut desk = Desk::flattened(with_switch());
    desk.does(SafeguardAsk::SetSwitch, SafeguardTold::Switch(true));
    desk.does(SafeguardAsk::ReadSwitch, SafeguardTold::Switch(false));
    assert_eq!(desk.state().safeguards.switch, Safeguard::Gone);
    assert!(desk.state().halt.is_some());
    desk.asked();
    desk.pass(120_000);
    assert_eq!(desk.asked(), [], "nor is it set again");
}

#[test]
fn after_a_restart_the_broker_is_asked_and_nothing_is_armed_by_itself() {
    let mut desk = Desk::flattened(with_switch());
    desk.does(SafeguardAsk::SetSwitch, SafeguardTold::Switch(true));
    desk.ask(Command::Arm { word: "ARM".into() });
    desk.asked();
    desk.reconcile();
    assert_eq!(desk.asked(), [SafeguardAsk::ReadSwitch]);
    desk.does(SafeguardAsk::ReadSwitch, SafeguardTold::Switch(false));
    assert!(desk.state().halt.is_some());
}
