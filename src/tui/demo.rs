//! Scenes for tests: desks whose state is folded from records, and the cockpit drawn on them as text.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::keymap::Keymap;
use super::model::Model;
use super::theme::Theme;
use super::update::{LogMove, Msg, update};
use super::view::{LogView, Scene, draw};
use super::widgets::text;
use crate::domain::{
    Bound, Conviction, Money, Price, ScalpSetup, SeenStatus, SetupMode, Side, SignalRefusal, StrategyId, StrategyStatus,
};
use crate::engine::record::{Record, Unplaced};
use crate::view::View;
use crate::view::fixture::scalps::setup;
use crate::view::fixture::{Desk, TestLeg, option, symbol};

/// The lines of a log that never changes.
pub struct FixedLog;

impl LogView for FixedLog {
    fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let lines = [
            "10:42:16.204 fill      #14 leg 1/4  BUY 65 NIFTY 25,600 PE @ 42.10",
            "10:42:16.890 send      #14 leg 3/4  SELL 65 NIFTY 25,700 PE limit 61.30",
        ];
        for (n, line) in (0..area.height).zip(lines) {
            text::put(buf, text::row(area, n), &ratatui::text::Line::styled(line, theme.text), "…");
        }
    }

    fn render_targets(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        for (n, line) in (0..area.height).zip(["EWIDT strikedeck::engine", "EWIDT strikedeck::gateway"]) {
            text::put(buf, text::row(area, n), &ratatui::text::Line::styled(line, theme.text), "…");
        }
    }

    fn scroll(&self, _: LogMove) {}
}

struct Idea {
    symbol: &'static str,
    name: &'static str,
    score: Decimal,
    conviction: Conviction,
    probability: Decimal,
    profit: Bound,
    loss: Bound,
    minutes: i64,
}

fn rupees(amount: i64) -> Bound {
    Bound::Limited(Money(amount.into()))
}

const LEGS: &[TestLeg<'static>] = &[("S", 26400, "CE", dec!(58.20)), ("B", 26500, "CE", dec!(35.90))];

fn ideas() -> Vec<Idea> {
    use Conviction::{High, Low, Medium};
    let idea = |symbol, name, score, conviction, probability, profit, loss, minutes| Idea {
        symbol,
        name,
        score,
        conviction,
        probability,
        profit,
        loss,
        minutes,
    };
    vec![
        idea("NIFTY", "Iron Condor", dec!(0.78), High, dec!(0.71), rupees(2730), rupees(3770), 2),
        idea("BANKNIFTY", "Bull Put Spread", dec!(0.74), High, dec!(0.68), rupees(3420), rupees(5580), 2),
        idea("NIFTY", "Bear Call Spread", dec!(0.69), Medium, dec!(0.64), rupees(2145), rupees(4355), 4),
        idea("SENSEX", "Iron Butterfly", dec!(0.66), High, dec!(0.48), rupees(6140), rupees(3860), 4),
        idea("RELIANCE", "Long Straddle", dec!(0.63), Medium, dec!(0.41), Bound::Unlimited, rupees(18250), 11),
        idea("FINNIFTY", "Bull Call Spread", dec!(0.61), Medium, dec!(0.52), rupees(4980), rupees(4020), 1),
        idea("MIDCPNIFTY", "Put Ratio Spread", dec!(0.58), Low, dec!(0.74), rupees(2310), Bound::Unlimited, 41),
    ]
}

fn add(desk: &mut Desk, idea: &Idea, legs: &[TestLeg<'_>]) -> StrategyId {
    let mut r = desk.recommendation(idea.name, idea.score, legs);
    r.symbol = symbol(idea.symbol);
    r.conviction = Some(idea.conviction);
    r.probability = Some(idea.probability);
    r.generated_at = Some(crate::domain::time::after_ms(desk.now, -idea.minutes * 60_000));
    if let Some(metrics) = &mut r.metrics {
        metrics.max_profit = idea.profit;
        metrics.max_loss = idea.loss;
    }
    desk.add(r)
}

/// Nothing there yet but the market.
pub fn empty() -> Desk {
    let mut desk = Desk::new();
    indices(&mut desk);
    desk
}

fn indices(desk: &mut Desk) {
    desk.index("NIFTY", dec!(25944.35), dec!(25835.80));
    desk.index("BANKNIFTY", dec!(58210.10), dec!(58274.20));
}

/// Pending, marked, executing, failed and blocked strategies; positions, a foreign one, working orders.
pub fn busy() -> Desk {
    let mut desk = empty();
    let ideas = ideas();
    let ids: Vec<StrategyId> = ideas.iter().map(|i| add(&mut desk, i, LEGS)).collect();
    desk.blocked("Covered Call");
    let failed = add(&mut desk, &ideas[5], LEGS);
    desk.mark(failed, 1);
    desk.start(failed);
    let reason = Some("leg 1 was refused: RMS: margin exceeds available".to_string());
    desk.record(Record::StrategyMoved { id: failed, to: StrategyStatus::Failed, reason });

    let condor = [
        ("B", 25600, "PE", dec!(42.10)),
        ("S", 25700, "PE", dec!(61.40)),
        ("S", 26200, "CE", dec!(58.20)),
        ("B", 26300, "CE", dec!(35.90)),
    ];
    desk.executed("Iron Condor", &condor);
    desk.touch(25600, "PE", dec!(38.55), dec!(38.50), dec!(38.60));
    desk.touch(25700, "PE", dec!(52.05), dec!(52.00), dec!(52.15));
    desk.touch(26200, "CE", dec!(33.85), dec!(33.80), dec!(33.95));
    desk.touch(26300, "CE", dec!(34.15), dec!(34.10), dec!(34.25));
    let closed = desk.executed("Bull Put Spread", &[("B", 25400, "PE", dec!(20.00)), ("S", 25500, "PE", dec!(31.00))]);
    desk.exit(closed, Price(dec!(25.00)));

    desk.mark(ids[1], 3);
    desk.mark(ids[2], 5);
    desk.touch(26400, "CE", dec!(59.00), dec!(58.90), dec!(59.20));
    desk.touch(26500, "CE", dec!(36.10), dec!(36.00), dec!(36.20));
    let going = add(&mut desk, &ideas[0], &condor);
    desk.mark(going, 9);
    desk.start(going);
    for (leg, filled) in [(0, 65), (3, 30)] {
        let intent = desk.intend(going, leg);
        desk.see(intent, if filled == 65 { SeenStatus::Filled } else { SeenStatus::Working }, filled);
    }
    let lost = desk.intend(going, 1);
    desk.unplaced(lost, Unplaced::Unknown, "the answer was lost");
    desk.advance(400);
    desk.read();
    desk.broker_has(26000, "CE", 65);
    desk.quote(option("NIFTY", 26000, "CE"), dec!(62.20), None, None);
    // Prices are renewed, so that ages are young.
    indices(&mut desk);
    for (strike, right, last) in
        [(25600, "PE", dec!(38.55)), (25700, "PE", dec!(52.05)), (26200, "CE", dec!(33.85)), (26300, "CE", dec!(34.15))]
    {
        desk.touch(strike, right, last, last - dec!(0.05), last + dec!(0.10));
    }
    desk.advance(38);
    desk.health.feed.last_message = Some(crate::domain::time::after_ms(desk.now, -38));
    desk.health.orders.last_message = Some(crate::domain::time::after_ms(desk.now, -12));
    desk
}

/// The busy desk, halted.
pub fn halted() -> Desk {
    let mut desk = busy();
    desk.record(Record::Halted { reason: "kill switch".into() });
    desk.advance(300);
    desk
}

/// A scalper at work: a scalp whose stop rests, one that has just been bought, some of the day that are over.
pub fn scalping() -> Desk {
    let mut desk = empty();
    let watch = ScalpSetup { symbols: vec![symbol("SENSEX")], ..setup("SENSEX_WATCH", SetupMode::Observe) };
    let scalp = ScalpSetup { index_stop_points: Some(dec!(40)), ..setup("SCALP_ATM", SetupMode::Auto) };
    desk.set_up(vec![scalp, setup("NIFTY_ASK", SetupMode::Confirm), watch]);
    desk.arm_setup("SCALP_ATM", true);
    desk.arm_setup("NIFTY_ASK", true);
    let signal = desk.signal("SCALP_ATM", "NIFTY", Side::Sell, dec!(25902.10));
    let won = desk.scalp(signal, 25900, "PE", dec!(101.20));
    desk.fill_scalp(won, dec!(101.20));
    desk.advance(252_000);
    desk.leave_scalp(won, dec!(131.25), "target");
    let signal = desk.signal("SCALP_ATM", "NIFTY", Side::Buy, dec!(25931.55));
    let lost = desk.scalp(signal, 25950, "CE", dec!(98.40));
    desk.fill_scalp(lost, dec!(98.40));
    desk.advance(31_000);
    desk.leave_scalp(lost, dec!(83.20), "stop");
    let signal = desk.signal("NIFTY_ASK", "NIFTY", Side::Buy, dec!(25938.00));
    desk.advance(20_000);
    desk.refuse_signal(signal, SignalRefusal::NotApproved, "nobody approved it within 20 s");
    let signal = desk.signal("SCALP_ATM", "BANKNIFTY", Side::Buy, dec!(58204.40));
    let held = desk.scalp(signal, 58200, "CE", dec!(412.00));
    desk.fill_scalp(held, dec!(412.00));
    desk.protect_scalp(held, dec!(397.00), dec!(442.00));
    desk.advance(43_000);
    let signal = desk.signal("SCALP_ATM", "BANKNIFTY", Side::Buy, dec!(58930.00));
    let far = "its price of 58930 is more than 1 % away from BANKNIFTY's 58210.10";
    desk.refuse_signal(signal, SignalRefusal::Price, far);
    desk.advance(5_000);
    let signal = desk.signal("SCALP_ATM", "SENSEX", Side::Sell, dec!(85010.00));
    let bought = desk.scalp(signal, 85000, "PE", dec!(236.00));
    desk.fill_scalp(bought, dec!(236.00));
    desk.advance(900);
    desk.read();
    indices(&mut desk);
    desk.quote(option("BANKNIFTY", 58200, "CE"), dec!(418.55), Some(dec!(418.30)), Some(dec!(418.80)));
    desk.quote(option("SENSEX", 85000, "PE"), dec!(235.10), Some(dec!(234.90)), Some(dec!(235.40)));
    desk.quote(option("NIFTY", 25950, "CE"), dec!(103.10), Some(dec!(103.00)), Some(dec!(103.20)));
    desk.advance(38);
    desk.health.feed.last_message = Some(desk.now);
    desk.health.orders.last_message = Some(desk.now);
    desk
}

/// The same with a signal that waits for the trader.
pub fn asking() -> Desk {
    let mut desk = scalping();
    let signal = desk.signal("NIFTY_ASK", "NIFTY", Side::Buy, dec!(25944.00));
    desk.proposes(signal, 25950, dec!(102.35));
    desk.advance(4_000);
    desk.health.feed.last_message = Some(desk.now);
    desk.health.orders.last_message = Some(desk.now);
    desk.read();
    desk
}

/// A screen of the given size that has seen the desk, two seconds after it opened.
pub fn screen(desk: &Desk, size: (u16, u16)) -> Model {
    let mut model = Model::new(Arc::new(Keymap::default()), size);
    show(&mut model, desk);
    update(&mut model, Msg::Tick(2_000));
    model
}

pub fn show(model: &mut Model, desk: &Desk) {
    let view: View = desk.view();
    update(model, Msg::View(Arc::new(view)));
}

/// The models answer what the screen looks at.
pub fn models(model: &mut Model, desk: &Desk) {
    // What they list is known after the first answer: then there is a chain to ask for.
    for _ in 0..2 {
        let analytics = desk.analytics(&model.demand());
        update(model, Msg::Analytics(Arc::new(analytics)));
    }
}

/// The busy desk with the option chain behind it.
pub fn charted() -> Desk {
    let mut desk = busy();
    desk.chain("NIFTY", 25_964.0, 0.13, (25_950, 50, 41));
    desk
}

/// Draws a frame, as the loop does.
pub fn frame(model: &mut Model, theme: &Theme) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    let scene = Scene { model, theme, log: &FixedLog };
    let drawn = draw(&scene, &mut buf);
    update(model, Msg::Drawn(drawn));
    buf
}

pub fn dark() -> Theme {
    Theme::named("dark").unwrap()
}

/// The frame as text, a line per row.
pub fn text_of(model: &mut Model) -> String {
    let buf = frame(model, &dark());
    lines_of(&buf)
}

pub fn lines_of(buf: &Buffer) -> String {
    let rows = (0..buf.area.height).map(|y| {
        let mut row = String::new();
        let mut x = 0;
        while x < buf.area.width {
            let symbol = buf[(x, y)].symbol();
            row.push_str(symbol);
            x += text::width(symbol).max(1);
        }
        row.trim_end().to_string()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Where a text stands on the screen.
pub fn find(buf: &Buffer, wanted: &str) -> Option<(u16, u16)> {
    (0..buf.area.height).find_map(|y| {
        (0..buf.area.width).find_map(|x| {
            let mut cells = (x..).zip(wanted.chars());
            let here = cells.all(|(at, c)| at < buf.area.width && buf[(at, y)].symbol() == c.to_string());
            here.then_some((x, y))
        })
    })
}

/// A preview as the engine would answer it.
pub fn preview(desk: &Desk, id: StrategyId, refusals: &[&str]) -> crate::engine::Preview {
    let view = desk.view();
    let row = view.strategy(id).unwrap();
    let legs = row.legs.iter().map(|l| crate::engine::PreviewLeg {
        contract: l.instrument.unwrap().contract,
        side: l.side,
        quantity: l.quantity.unwrap(),
        slices: 1,
        wave: if l.side == Side::Buy { 1 } else { 2 },
        recommended: l.premium,
        quote: l.quote,
        limit: l.quote.and_then(|q| q.touch(l.side)),
    });
    let mut legs: Vec<_> = legs.collect();
    legs.sort_by_key(|l| l.wave);
    crate::engine::Preview {
        id,
        title: row.title(),
        legs,
        net_premium: Some(Money(dec!(1475.50))),
        recommended_premium: Some(Money(dec!(1449.50))),
        max_loss: row.max_loss(),
        margin: crate::engine::Margin::Broker(Money(dec!(54800))),
        available: Some(Money(dec!(137600))),
        refusals: refusals.iter().map(ToString::to_string).collect(),
        warnings: Vec::new(),
    }
}
