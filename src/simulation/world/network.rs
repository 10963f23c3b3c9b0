//! The network: requests and answers that dawdle, get lost, come twice; notices out of order.

use super::{Happening, World};
use crate::domain::OrderSighting;
use crate::engine::Event;
use crate::exchange::Notice as ExchangeNotice;
use crate::gateway::{Answer, Call, CallId, ErrorClass, Outgoing};
use crate::simulation::broker;
use crate::simulation::checks::Checked;
use crate::simulation::dice::Dice;
use crate::simulation::disturbance::Kind;
use crate::simulation::text::{call_text, seen_text, short};
use crate::simulation::weather::Faults;

/// What becomes of one request and its answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fate {
    request_ms: i64,
    answer_ms: i64,
    /// The adapter gives up at the deadline, whatever comes later.
    gives_up: bool,
    faults: Faulty,
}

/// What goes wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Faulty {
    refused_connection: bool,
    lost: bool,
    slow_ms: i64,
    too_many: bool,
    error_before: bool,
    error_after: bool,
    lost_answer: bool,
    late_ms: i64,
    /// The answer comes again so much later.
    again_ms: Option<i64>,
}

impl Faulty {
    fn draw(f: &Faults, dice: &mut Dice) -> Self {
        let mut lasting = |rate, span| if dice.chance(rate) { dice.between(span) } else { 0 };
        let (slow_ms, late_ms) = (lasting(f.slow_request, f.slow_ms), lasting(f.late_answer, f.late_ms));
        Self {
            refused_connection: dice.chance(f.refused_connection),
            lost: dice.chance(f.lost_request),
            slow_ms,
            too_many: dice.chance(f.too_many),
            error_before: dice.chance(f.server_error / 2),
            error_after: dice.chance(f.server_error / 2),
            lost_answer: dice.chance(f.lost_answer),
            late_ms,
            again_ms: dice.chance(f.doubled_answer).then(|| dice.between((0, 500))),
        }
    }
}

impl World {
    fn fate_of_call(&mut self) -> Fate {
        let (what, mut dice) = self.chance(Kind::Call);
        let f = self.faults;
        let (request_ms, answer_ms) = (dice.between(f.request_ms), dice.between(f.answer_ms));
        let gives_up = dice.chance(200);
        let mut faults = Faulty::draw(&f, &mut dice);
        if faults != Faulty::default() && !self.disturbances.happens(what) {
            faults = Faulty::default();
        }
        Fate { request_ms, answer_ms, gives_up, faults }
    }

    /// A call leaves: what becomes of it?
    pub(super) fn send(&mut self, out: Outgoing) {
        let Outgoing { id, call, deadline } = out;
        self.note(|| format!("call {} {}", id.0, call_text(&call)));
        let (fate, life) = (self.fate_of_call(), self.life);
        let faults = fate.faults;
        if faults.refused_connection {
            self.report.faults += 1;
            let answer = Answer::failed(ErrorClass::NotSent, "connection refused");
            return self.after(fate.answer_ms, Happening::Answered { life, id, answer });
        }
        if fate.gives_up {
            // The adapter does not wait for longer than it is told to, and brings what comes later all the same.
            let answer = Answer::failed(ErrorClass::AskFirst, "no answer");
            self.at(deadline, Happening::Answered { life, id, answer });
        }
        if self.now < self.cut_off_until || faults.lost {
            self.report.faults += 1;
            return;
        }
        self.report.faults += u64::from(faults.slow_ms > 0);
        let ms = fate.request_ms + faults.slow_ms;
        if self.tricks.double_requests && id.0.is_multiple_of(20) {
            self.after(ms + 100, Happening::Arrives { life, id, call: call.clone(), fate });
        }
        self.after(ms, Happening::Arrives { life, id, call, fate });
    }

    pub(super) fn arrives(&mut self, life: u32, id: CallId, call: &Call, fate: Fate) -> Checked {
        let faults = fate.faults;
        let refused = if self.now < self.logged_out_until {
            Some((ErrorClass::LogIn, "Invalid Token"))
        } else if faults.too_many {
            Some((ErrorClass::TryLater, "Too many requests"))
        } else if faults.error_before {
            Some((ErrorClass::AskFirst, "Internal Server Error"))
        } else {
            None
        };
        let answer = if let Some((class, text)) = refused {
            self.report.faults += 1;
            Answer::failed(class, text)
        } else {
            let done = broker::answer(&mut self.exchange, call, self.now);
            self.hear_exchange()?;
            if faults.error_after {
                self.report.faults += 1;
                Answer::failed(ErrorClass::AskFirst, "Bad Gateway")
            } else {
                done
            }
        };
        self.note(|| format!("at the broker {} {}: {}", id.0, call.name(), short(&answer)));
        if self.now < self.cut_off_until || faults.lost_answer {
            self.report.faults += 1;
            return Ok(());
        }
        self.report.faults += u64::from(faults.late_ms > 0);
        let ms = fate.answer_ms + faults.late_ms;
        if let Some(again) = faults.again_ms {
            self.after(ms + again, Happening::Answered { life, id, answer: answer.clone() });
        }
        self.after(ms, Happening::Answered { life, id, answer });
        Ok(())
    }

    /// What the exchange tells by itself: checked, and sent as notices.
    pub(super) fn hear_exchange(&mut self) -> Checked {
        for notice in self.exchange.advance(self.now) {
            let ExchangeNotice::Order(view) = notice else { continue };
            let sighting = view.sighting();
            self.note(|| format!("exchange {}", seen_text(&sighting)));
            self.checks.at_exchange(&sighting, &mut self.report)?;
            let (what, mut dice) = self.chance(Kind::Notice);
            let f = self.faults;
            let (ms, again_ms) = (dice.between(f.notice_ms), dice.between(f.notice_ms));
            let (lost, doubled) = (dice.chance(f.lost_notice), dice.chance(f.doubled_notice));
            let disturbed = (lost || doubled) && self.disturbances.happens(what);
            let sighting = if self.tricks.phantom_fills && dice.chance(50) {
                OrderSighting { filled: sighting.spec.quantity, ..sighting }
            } else {
                sighting
            };
            if !self.link_up || self.now < self.cut_off_until || (lost && disturbed) {
                continue;
            }
            if doubled && disturbed {
                self.after(again_ms, Happening::Noticed(sighting.clone()));
            }
            self.after(ms, Happening::Noticed(sighting));
        }
        Ok(())
    }

    pub(super) fn set_link(&mut self, up: bool) {
        if self.link_up != up {
            self.link_up = up;
            self.note(|| format!("=== order link {}", if up { "up" } else { "down" }));
            self.tell(Event::OrderLink { up });
        }
    }
}
