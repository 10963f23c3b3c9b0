//! The network: requests and answers that dawdle, get lost, come twice; notices out of order.

use super::{Happening, World};
use crate::domain::OrderSighting;
use crate::engine::Event;
use crate::exchange::Notice as ExchangeNotice;
use crate::gateway::{Answer, Call, CallId, ErrorClass, Outgoing};
use crate::simulation::broker;
use crate::simulation::checks::Checked;
use crate::simulation::text::{call_text, seen_text, short};

impl World {
    /// A call leaves: what becomes of it?
    pub(super) fn send(&mut self, out: Outgoing) {
        let Outgoing { id, call, deadline } = out;
        self.note(|| format!("call {} {}", id.0, call_text(&call)));
        let (f, life) = (self.faults, self.life);
        if self.network.chance(f.refused_connection) {
            self.report.faults += 1;
            let answer = Answer::failed(ErrorClass::NotSent, "connection refused");
            let ms = self.network.between(f.answer_ms);
            return self.after(ms, Happening::Answered { life, id, answer });
        }
        if self.network.chance(200) {
            // The adapter does not wait for longer than it is told to, and brings what comes later all the same.
            let answer = Answer::failed(ErrorClass::AskFirst, "no answer");
            self.at(deadline, Happening::Answered { life, id, answer });
        }
        if self.now < self.cut_off_until || self.network.chance(f.lost_request) {
            self.report.faults += 1;
            if self.network.chance(500) {
                let answer = Answer::failed(ErrorClass::AskFirst, "no answer");
                self.at(deadline, Happening::Answered { life, id, answer });
            }
            return;
        }
        let mut ms = self.network.between(f.request_ms);
        if self.network.chance(f.slow_request) {
            self.report.faults += 1;
            ms += self.network.between(f.slow_ms);
        }
        if self.tricks.double_requests && self.network.chance(50) {
            self.after(ms + 100, Happening::Arrives { life, id, call: call.clone() });
        }
        self.after(ms, Happening::Arrives { life, id, call });
    }

    pub(super) fn arrives(&mut self, life: u32, id: CallId, call: &Call) -> Checked {
        let f = self.faults;
        let logged_out = self.now < self.logged_out_until;
        let refused = if logged_out {
            Some((ErrorClass::LogIn, "Invalid Token"))
        } else if self.network.chance(f.too_many) {
            Some((ErrorClass::TryLater, "Too many requests"))
        } else if self.network.chance(f.server_error / 2) {
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
            if self.network.chance(f.server_error / 2) {
                self.report.faults += 1;
                Answer::failed(ErrorClass::AskFirst, "Bad Gateway")
            } else {
                done
            }
        };
        self.note(|| format!("at the broker {} {}: {}", id.0, call.name(), short(&answer)));
        if self.now < self.cut_off_until || self.network.chance(f.lost_answer) {
            self.report.faults += 1;
            return Ok(());
        }
        let mut ms = self.network.between(f.answer_ms);
        if self.network.chance(f.late_answer) {
            self.report.faults += 1;
            ms += self.network.between(f.late_ms);
        }
        if self.network.chance(f.doubled_answer) {
            let again = ms + self.network.between((0, 500));
            self.after(again, Happening::Answered { life, id, answer: answer.clone() });
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
            let sighting = if self.tricks.phantom_fills && self.network.chance(50) {
                OrderSighting { filled: sighting.spec.quantity, ..sighting }
            } else {
                sighting
            };
            let f = self.faults;
            if !self.link_up || self.now < self.cut_off_until || self.network.chance(f.lost_notice) {
                continue;
            }
            if self.network.chance(f.doubled_notice) {
                let again = self.network.between(f.notice_ms);
                self.after(again, Happening::Noticed(sighting.clone()));
            }
            let ms = self.network.between(f.notice_ms);
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
