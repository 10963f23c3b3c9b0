//! How much goes wrong: three kinds of weather, each a table of faults.

/// Milliseconds, at least and at most.
pub type Span = (i64, i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Short delays, nothing lost: the rules themselves.
    Calm,
    /// A bad day: answers lost, notices out of order, a crash now and then, a slow disk.
    Rough,
    /// Everything at once, all the time.
    Hostile,
}

impl Weather {
    pub const ALL: [Self; 3] = [Self::Calm, Self::Rough, Self::Hostile];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Rough => "rough",
            Self::Hostile => "hostile",
        }
    }

    pub fn faults(self) -> Faults {
        match self {
            Self::Calm => Faults::NONE,
            Self::Rough => Faults::ROUGH,
            Self::Hostile => Faults::HOSTILE,
        }
    }
}

impl std::str::FromStr for Weather {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|w| w.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no weather: calm, rough or hostile"))
    }
}

/// How often (in a thousand) and how long. Every request meets each of the network's faults by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    pub request_ms: Span,
    pub answer_ms: Span,
    pub notice_ms: Span,
    /// A request dawdles this much longer, at this rate.
    pub slow_request: u32,
    pub slow_ms: Span,
    /// It never arrives, and nobody says so.
    pub lost_request: u32,
    /// The connection is refused: known not to have left.
    pub refused_connection: u32,
    /// Too many requests, says the broker, and does nothing.
    pub too_many: u32,
    /// A server error, before or after doing it.
    pub server_error: u32,
    /// It is done, but the answer never comes, or comes after the deadline, or comes twice.
    pub lost_answer: u32,
    pub late_answer: u32,
    pub late_ms: Span,
    pub doubled_answer: u32,
    /// Order-update notices.
    pub lost_notice: u32,
    pub doubled_notice: u32,
    /// Per second: the order-update link goes down for so long.
    pub link_down: u32,
    pub link_down_ms: Span,
    /// Per second: no quotes for so long.
    pub feed_dead: u32,
    pub feed_dead_ms: Span,
    /// Per second: the broker takes no token for so long.
    pub logged_out: u32,
    pub logged_out_ms: Span,
    /// Per second: the network is gone for so long: nothing arrives, nothing comes.
    pub cut_off: u32,
    pub cut_off_ms: Span,
    pub commit_ms: Span,
    /// A commit fails; half of those are on disk all the same.
    pub failed_commit: u32,
    pub disk_dead_ms: Span,
    /// Per second: the process is killed; per call: right after a call has left.
    pub crash: u32,
    pub crash_after_call: u32,
    pub down_ms: Span,
    /// The exchange rejects an order for no reason of ours.
    pub reject: u32,
    /// Per second: somebody trades on the account by other means.
    pub foreign: u32,
    /// Per second: somebody closes what we hold, or a part of it, by other means.
    pub closing: u32,
}

impl Faults {
    pub const NONE: Self = Self {
        request_ms: (2, 30),
        answer_ms: (2, 30),
        notice_ms: (2, 30),
        slow_request: 0,
        slow_ms: (0, 0),
        lost_request: 0,
        refused_connection: 0,
        too_many: 0,
        server_error: 0,
        lost_answer: 0,
        late_answer: 0,
        late_ms: (0, 0),
        doubled_answer: 0,
        lost_notice: 0,
        doubled_notice: 0,
        link_down: 0,
        link_down_ms: (0, 0),
        feed_dead: 0,
        feed_dead_ms: (0, 0),
        logged_out: 0,
        logged_out_ms: (0, 0),
        cut_off: 0,
        cut_off_ms: (0, 0),
        commit_ms: (1, 4),
        failed_commit: 0,
        disk_dead_ms: (0, 0),
        crash: 0,
        crash_after_call: 0,
        down_ms: (300, 2_000),
        reject: 0,
        foreign: 0,
        closing: 0,
    };

    const ROUGH: Self = Self {
        request_ms: (1, 300),
        answer_ms: (1, 300),
        notice_ms: (1, 1_500),
        slow_request: 5,
        slow_ms: (500, 4_000),
        lost_request: 10,
        refused_connection: 10,
        too_many: 10,
        server_error: 10,
        lost_answer: 10,
        late_answer: 5,
        late_ms: (5_000, 12_000),
        doubled_answer: 10,
        lost_notice: 30,
        doubled_notice: 30,
        link_down: 10,
        link_down_ms: (500, 8_000),
        feed_dead: 10,
        feed_dead_ms: (1_000, 8_000),
        logged_out: 0,
        logged_out_ms: (0, 0),
        cut_off: 4,
        cut_off_ms: (1_000, 12_000),
        commit_ms: (1, 80),
        failed_commit: 0,
        disk_dead_ms: (2_000, 10_000),
        crash: 15,
        crash_after_call: 3,
        down_ms: (200, 4_000),
        reject: 10,
        foreign: 5,
        closing: 3,
    };

    const HOSTILE: Self = Self {
        notice_ms: (1, 5_000),
        slow_request: 30,
        // Past the deadline, but within what "lost" allows for.
        slow_ms: (500, 10_000),
        lost_request: 40,
        refused_connection: 30,
        too_many: 40,
        server_error: 40,
        lost_answer: 40,
        late_answer: 20,
        doubled_answer: 50,
        lost_notice: 200,
        doubled_notice: 100,
        link_down: 40,
        feed_dead: 30,
        logged_out: 4,
        logged_out_ms: (1_000, 6_000),
        cut_off: 10,
        cut_off_ms: (1_000, 25_000),
        commit_ms: (1, 400),
        failed_commit: 8,
        crash: 40,
        crash_after_call: 12,
        down_ms: (50, 8_000),
        reject: 40,
        foreign: 20,
        closing: 10,
        ..Self::ROUGH
    };
}
