//! What an answer means, or that none came.

use super::call::{Answer, CallId};
use super::core::{Gateway, InFlight, Standing, Ticket};
use super::error_class::ErrorClass;
use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Intent, IntentId, OrderSighting, Quantity, SafeguardAsk, SeenStatus};
use crate::engine::event::{Book, PlaceOutcome};
use crate::engine::{Event, Lane};

impl Gateway {
    /// The broker answered a call. A second answer to the same call says nothing; one that comes after its deadline, or
    /// after the adapter had given up waiting (`AskFirst`), is used like any other.
    pub fn answered(&mut self, id: CallId, answer: Answer, now: Timestamp) -> Vec<Event> {
        if let Answer::Failed { class: ErrorClass::AskFirst, message } = &answer {
            return self.unanswered(id, message, now);
        }
        let Some(call) = self.in_flight.remove(&id) else { return Vec::new() };
        self.judge_link(&call.ticket, &answer, now);
        let log_in = self.judge_token(&answer, call.left, now);
        let answered = match call.ticket.clone() {
            Ticket::Place { intent, lane } => self.place_answered(&intent, lane, &call, answer, now),
            Ticket::Modify { intent, .. } => change_refused(answer, call.overdue)
                .map(|reason| Event::ModifyFailed { intent, reason, unanswered: false })
                .into_iter()
                .collect(),
            Ticket::Cancel { intent, .. } => change_refused(answer, call.overdue)
                .map(|reason| Event::CancelFailed { intent, reason })
                .into_iter()
                .collect(),
            Ticket::Find(intent) => self.find_answered(intent, &call, answer),
            Ticket::Read(book) => self.read_answered(book, &call, answer, now),
            Ticket::Safeguard(ask) => safeguard_answered(ask, call.overdue, answer),
        };
        let mut events: Vec<Event> = log_in.into_iter().chain(answered).collect();
        events.extend(self.lost());
        events
    }

    /// Its deadline passed without an answer.
    pub(super) fn deadline_passed(&mut self, id: CallId, now: Timestamp) -> Vec<Event> {
        let Some(call) = self.in_flight.get(&id) else { return Vec::new() };
        let seconds = (call.deadline.as_millisecond() - call.left.as_millisecond()) / 1_000;
        self.unanswered(id, &format!("the broker did not answer within {seconds} s"), now)
    }

    /// Nobody knows what became of a call: what follows is drawn once, and a definite answer is still welcome.
    fn unanswered(&mut self, id: CallId, why: &str, now: Timestamp) -> Vec<Event> {
        let Some(call) = self.in_flight.get_mut(&id).filter(|c| !c.overdue) else { return Vec::new() };
        call.overdue = true;
        let call = call.clone();
        let reason = format!("its answer was lost: {why}");
        self.judge_link(&call.ticket, &Answer::failed(ErrorClass::AskFirst, ""), now);
        match call.ticket {
            Ticket::Place { intent, lane } => {
                self.place_unanswered(&intent, lane, call.deadline.max(now), &reason, now)
            }
            Ticket::Modify { intent, .. } => vec![Event::ModifyFailed { intent, reason, unanswered: true }],
            Ticket::Cancel { intent, .. } => vec![Event::CancelFailed { intent, reason }],
            Ticket::Find(intent) => {
                self.look_ups.find_over(intent);
                Vec::new()
            }
            Ticket::Read(book) => {
                self.reads.over(book);
                vec![Event::ReadFailed { book, reason }]
            }
            Ticket::Safeguard(ask) => vec![Event::SafeguardFailed { ask, reason, refused: false }],
        }
    }

    fn place_unanswered(
        &mut self,
        intent: &Intent,
        lane: Lane,
        arrives_by: Timestamp,
        reason: &str,
        now: Timestamp,
    ) -> Vec<Event> {
        if self.standings.get(&intent.id) != Some(&Standing::Out) {
            // The order-update link was faster: nothing is unknown.
            return Vec::new();
        }
        #[cfg(test)]
        if self.sabotage.resend_on_timeout {
            self.standings.insert(intent.id, Standing::Waiting);
            self.lanes.push(super::lanes::Job::Place(intent.clone()), lane, now);
            return Vec::new();
        }
        let _ = lane;
        self.unknown(intent, arrives_by, reason, now)
    }

    fn place_answered(
        &mut self,
        intent: &Intent,
        lane: Lane,
        call: &InFlight,
        answer: Answer,
        now: Timestamp,
    ) -> Vec<Event> {
        let (class, message) = match answer {
            Answer::Placed { order_id, status } => return self.placed(intent, order_id, status),
            Answer::Failed { class, message } => (class, message),
            Answer::Done { .. }
            | Answer::Found(_)
            | Answer::Orders(_)
            | Answer::Trades(_)
            | Answer::Positions(_)
            | Answer::Funds(_)
            | Answer::Safeguard(_) => (ErrorClass::AskFirst, "the answer was not to the question".into()),
        };
        let open = matches!(self.standings.get(&intent.id), Some(Standing::Out | Standing::Unknown));
        let outcome = match class {
            ErrorClass::AskFirst => {
                return self.place_unanswered(intent, lane, call.deadline.max(now), &message, now);
            }
            // An order that was seen, or given up as lost, is not unmade by a late no.
            _ if !open => return Vec::new(),
            ErrorClass::TryLater | ErrorClass::NotSent => PlaceOutcome::NotSent { reason: message },
            ErrorClass::Refused => PlaceOutcome::Refused { reason: message },
            ErrorClass::MarketClosed => PlaceOutcome::MarketClosed { reason: message },
            ErrorClass::LogIn | ErrorClass::Blocked => PlaceOutcome::Blocked { reason: message },
        };
        self.standings.insert(intent.id, Standing::Unplaced);
        self.look_ups.stop(intent.id);
        vec![Event::PlaceFailed { intent: intent.id, outcome }]
    }

    fn placed(&mut self, intent: &Intent, order_id: BrokerOrderId, status: SeenStatus) -> Vec<Event> {
        let sighting = OrderSighting {
            correlation: Some(intent.correlation.clone()),
            order_id,
            spec: intent.spec,
            filled: Quantity::ZERO,
            average: None,
            status,
            reason: None,
            updated: None,
        };
        self.found(&sighting);
        vec![Event::OrderSeen { account: self.account, sighting }]
    }

    fn find_answered(&mut self, intent: IntentId, call: &InFlight, answer: Answer) -> Vec<Event> {
        if !call.overdue {
            self.look_ups.find_over(intent);
        }
        match answer {
            Answer::Found(Some(sighting)) => {
                self.found(&sighting);
                vec![Event::OrderSeen { account: self.account, sighting }]
            }
            Answer::Found(None) => {
                self.look_ups.not_found(intent, call.left);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn read_answered(&mut self, book: Book, call: &InFlight, answer: Answer, now: Timestamp) -> Vec<Event> {
        if !call.overdue {
            self.reads.over(book);
        }
        let (account, asked_at) = (self.account, call.left);
        if let Answer::Failed { message, .. } = answer {
            // Said once already when its deadline passed.
            return if call.overdue { Vec::new() } else { vec![Event::ReadFailed { book, reason: message }] };
        }
        if !self.reads.answered(book, asked_at) {
            return Vec::new();
        }
        match (book, answer) {
            (Book::Orders, Answer::Orders(orders)) => {
                let mut events = Vec::new();
                for sighting in &orders {
                    self.count_elsewhere(sighting, now);
                    if self.found(sighting) {
                        events.push(Event::OrderSeen { account, sighting: sighting.clone() });
                    }
                }
                self.look_ups.orders_read(asked_at, &orders);
                events.push(Event::OrdersRead { account, asked_at, orders });
                events
            }
            (Book::Trades, Answer::Trades(trades)) => {
                self.look_ups.trades_read(asked_at, &trades);
                vec![Event::TradesRead { account, asked_at, trades }]
            }
            (Book::Positions, Answer::Positions(positions)) => {
                vec![Event::PositionsRead { account, asked_at, positions }]
            }
            (Book::Funds, Answer::Funds(funds)) => vec![Event::FundsRead { account, asked_at, funds }],
            (book, _) => vec![Event::ReadFailed { book, reason: "the answer was not to the question".into() }],
        }
    }

    fn lost(&mut self) -> Vec<Event> {
        let lost = self.look_ups.take_lost();
        for id in &lost {
            self.standings.insert(*id, Standing::Lost);
        }
        lost.into_iter().map(|intent| Event::PlaceFailed { intent, outcome: PlaceOutcome::Lost }).collect()
    }

    /// Whether the token is taken: said when that changes. An answer to what left before says nothing new.
    fn judge_token(&mut self, answer: &Answer, left: Timestamp, now: Timestamp) -> Option<Event> {
        match (answer, self.logged_out) {
            (Answer::Failed { class: ErrorClass::LogIn, message }, None) => {
                self.logged_out = Some(now);
                Some(Event::LoggedOut { reason: message.clone() })
            }
            (Answer::Failed { .. }, _) | (_, None) => None,
            (_, Some(since)) if left < since => None,
            (_, Some(_)) => {
                self.logged_out = None;
                Some(Event::LoggedIn)
            }
        }
    }

    /// Tells the breaker of the call's category how it went. Exits, cancels and protection have none.
    fn judge_link(&mut self, ticket: &Ticket, answer: &Answer, now: Timestamp) {
        let breaker = match ticket {
            Ticket::Place { lane: Lane::Entry, .. } | Ticket::Modify { lane: Lane::Entry, .. } => {
                &mut self.entry_breaker
            }
            Ticket::Find(_) | Ticket::Read(_) | Ticket::Safeguard(_) => &mut self.query_breaker,
            Ticket::Place { .. } | Ticket::Modify { .. } | Ticket::Cancel { .. } => return,
        };
        match answer {
            Answer::Failed { class: ErrorClass::Refused | ErrorClass::MarketClosed, .. } => breaker.works(),
            Answer::Failed { .. } => breaker.fails(now),
            _ => breaker.works(),
        }
    }
}

/// What the broker said of one of its safeguards. What was only read, and came too late, is old news; a change that was made
/// after all is not.
fn safeguard_answered(ask: SafeguardAsk, overdue: bool, answer: Answer) -> Vec<Event> {
    let failed = |reason, refused| vec![Event::SafeguardFailed { ask, reason, refused }];
    match answer {
        _ if overdue && ask.is_read() => Vec::new(),
        Answer::Safeguard(told) => vec![Event::SafeguardTold { ask, told }],
        _ if overdue => Vec::new(),
        Answer::Failed { class, message } => {
            let refused = match class {
                ErrorClass::Refused | ErrorClass::Blocked | ErrorClass::MarketClosed => true,
                ErrorClass::AskFirst | ErrorClass::TryLater | ErrorClass::NotSent | ErrorClass::LogIn => false,
            };
            failed(message, refused)
        }
        _ => failed("the answer was not to the question".into(), false),
    }
}

/// Why a modification or cancellation was not taken; `None` if it was, or if that was said when its deadline passed.
fn change_refused(answer: Answer, overdue: bool) -> Option<String> {
    let reason = match answer {
        Answer::Done { status: SeenStatus::Rejected, .. } => "the broker refused it".to_owned(),
        Answer::Done { .. } => return None,
        Answer::Failed { message, .. } => message,
        _ => "the answer was not to the question".to_owned(),
    };
    (!overdue).then_some(reason)
}
