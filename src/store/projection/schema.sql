-- What the journal says, as tables for people and tools. Written by the cockpit alone: a change made here is lost, and
-- changes nothing. The file can be deleted at any time; the next start builds it again.
-- Amounts and prices are exact decimals as text; columns ending in _real are the same as binary numbers, for sums and plots.
-- Times are Indian Standard Time. Flags are 0 or 1.

CREATE TABLE meta (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    schema          TEXT NOT NULL,     -- the form of these tables
    prefix          TEXT NOT NULL,     -- the installation whose journal this shows
    profile         TEXT NOT NULL,     -- paper or live
    last_seq        INTEGER NOT NULL   -- the last journal record these tables contain
);

CREATE TABLE strategies (
    id                   INTEGER PRIMARY KEY,
    stock_name           TEXT NOT NULL,
    exchange             TEXT NOT NULL,
    strategy_name        TEXT NOT NULL,    -- as the analyser calls it
    derived_name         TEXT,             -- as its legs say
    strategy_type        TEXT NOT NULL,    -- Directional, Neutral, Volatility, Income, Advanced, Unknown
    execution_status     TEXT NOT NULL,    -- pending, marked, deferred, executing, executed, failed, expired
    marked_for_execution INTEGER NOT NULL, -- 1 while marked, deferred or executing
    execution_priority   INTEGER NOT NULL, -- higher goes first
    execution_notes      TEXT,
    executed_at          TEXT,             -- when the execution ended, well or not
    total_score          REAL,             -- 0 to 1
    conviction_level     TEXT,
    probability_of_profit REAL,            -- 0 to 1
    spread_type          TEXT,             -- NET_CREDIT, NET_DEBIT, NEUTRAL
    net_premium          TEXT,             -- rupees for one set, credit positive
    net_premium_real     REAL,
    max_profit           TEXT,             -- rupees for one set, from the legs and the real lot; or unlimited
    max_profit_real      REAL,
    max_loss             TEXT,             -- a positive amount is a loss; or unlimited
    max_loss_real        REAL,
    reported_max_profit  TEXT,             -- the analyser's figures, in whatever unit it used
    reported_max_loss    TEXT,
    breakevens           TEXT,             -- prices, separated by spaces
    spot_price           TEXT,             -- when it was generated
    market_outlook       TEXT,
    generated_on         TEXT,
    valid_until          TEXT,
    source               TEXT NOT NULL,    -- the file it came from
    added_at             TEXT NOT NULL,
    marked_at            TEXT,
    expires_at           TEXT,             -- when a marked strategy stops being one
    queued_at            TEXT,             -- waiting for its turn since
    phase                TEXT,             -- entering, held, unwinding: while executing
    reason               TEXT,             -- why it failed, was deferred, held or has expired
    issues               TEXT              -- what the importer found, one per line
);

CREATE TABLE strategy_details (
    strategy_id   INTEGER NOT NULL,
    leg           INTEGER NOT NULL,    -- 1 is the first
    setup_type    TEXT NOT NULL,       -- BUY or SELL
    instrument    TEXT NOT NULL,       -- CALL_OPTION, PUT_OPTION, FUTURE, EQUITY
    option_type   TEXT,                -- CE or PE
    strike_price  TEXT,
    strike_price_real REAL,
    expiry_date   TEXT,                -- empty until resolved when the strategy is marked
    lots          INTEGER NOT NULL,    -- per set
    lot_size      INTEGER,
    quantity      INTEGER,             -- units per set: lots x lot_size
    entry_price   TEXT,                -- the analyser's price
    contract      TEXT,                -- once marked
    security_id   INTEGER,             -- once marked
    PRIMARY KEY (strategy_id, leg)
) WITHOUT ROWID;

CREATE TABLE orders (
    intent_id       INTEGER PRIMARY KEY,
    correlation_id  TEXT NOT NULL,     -- by which the broker can be asked for it
    broker_order_id TEXT,
    account_id      INTEGER NOT NULL,
    strategy_id     INTEGER,           -- empty: reduces a position opened elsewhere
    leg             INTEGER,           -- of an entry; 1 is the first
    trade_id        INTEGER,           -- the trade it is part of
    purpose         TEXT NOT NULL,     -- entry, exit or stop
    side            TEXT NOT NULL,     -- BUY or SELL
    contract        TEXT NOT NULL,
    stock_name      TEXT NOT NULL,
    option_type     TEXT,
    strike_price    TEXT,
    expiry_date     TEXT,
    product         TEXT NOT NULL,
    order_type      TEXT NOT NULL,     -- LIMIT, MARKET, STOP_LOSS, STOP_LOSS_MARKET
    quantity        INTEGER NOT NULL,
    filled_quantity INTEGER NOT NULL,
    price           TEXT,              -- the limit last asked for
    trigger_price   TEXT,
    average_price   TEXT,
    average_price_real REAL,
    value           TEXT NOT NULL,     -- price x quantity of what filled, rupees
    value_real      REAL NOT NULL,
    status          TEXT NOT NULL,     -- sent, unknown, transit, working, filled, rejected, cancelled, expired, lost, not sent
    modifications   INTEGER NOT NULL,
    reason          TEXT,              -- the broker's words, or why it was not sent
    made_at         TEXT NOT NULL,
    changed_at      TEXT NOT NULL
);
CREATE INDEX orders_of_a_leg ON orders (strategy_id, leg);

CREATE TABLE fills (
    order_id     TEXT NOT NULL,        -- the broker's
    fill_id      TEXT NOT NULL,        -- the exchange's trade number: every fill once
    intent_id    INTEGER,              -- empty: not an order of ours
    strategy_id  INTEGER,
    stock_name   TEXT NOT NULL,
    contract     TEXT NOT NULL,
    product      TEXT NOT NULL,
    action       TEXT NOT NULL,        -- BUY or SELL
    quantity     INTEGER NOT NULL,
    price        TEXT NOT NULL,
    price_real   REAL NOT NULL,
    traded_at    TEXT,                 -- as the broker says
    seen_at      TEXT NOT NULL,
    PRIMARY KEY (order_id, fill_id)
) WITHOUT ROWID;

CREATE TABLE trades (                   -- from flat to flat: what one strategy held of one contract
    id            INTEGER PRIMARY KEY,  -- the intent that opened it
    trading_day   TEXT NOT NULL,        -- of its exit; while it is open, of its entry
    strategy_id   INTEGER,
    strategy_name TEXT,
    setup         TEXT,                 -- of a scalp: its set-up
    signal_id     INTEGER,              -- of a scalp: the signal that opened it
    scalp_state   TEXT,                 -- of a scalp: PENDING, TRADED, SL_PLACED, EXITED
    stock_name    TEXT NOT NULL,
    contract      TEXT NOT NULL,
    option_type   TEXT,
    strike_price  TEXT,
    expiry_date   TEXT,
    product       TEXT NOT NULL,
    state         TEXT NOT NULL,        -- open, closed; closed elsewhere: at a price that is an estimate
    side          TEXT NOT NULL,        -- of the entry: BUY or SELL
    quantity      INTEGER NOT NULL,     -- entered in all
    open_quantity INTEGER NOT NULL,     -- long positive, short negative
    entry_at      TEXT NOT NULL,        -- when the first fill was seen
    entry_price   TEXT,                 -- average
    exit_at       TEXT,
    exit_price    TEXT,                 -- average
    hold_seconds  INTEGER,
    first_stop    TEXT,                 -- where the stop stood first, and last
    stop          TEXT,
    target        TEXT,
    gross         TEXT,                 -- rupees, once it is closed
    gross_real    REAL,
    charges       TEXT,                 -- of its orders so far, by the tariff: the broker's contract note wins
    charges_real  REAL,
    net           TEXT,
    net_real      REAL,
    exit_reason   TEXT,
    broker_answers TEXT NOT NULL,       -- its orders and what became of them, one per line
    unfinished    TEXT                  -- what the next record of it is folded onto; empty once nothing can change
);
CREATE INDEX trades_of_a_day ON trades (trading_day);

CREATE TABLE signals (
    id           INTEGER PRIMARY KEY,
    seen_at      TEXT NOT NULL,         -- when it was in the inbox
    trading_day  TEXT NOT NULL,
    setup        TEXT NOT NULL,
    stock_name   TEXT NOT NULL,
    side         TEXT NOT NULL,         -- BUY: a call is bought, SELL: a put
    timeframe    TEXT NOT NULL,         -- as sent
    price        TEXT NOT NULL,         -- of the underlying, as sent
    sent_at      TEXT NOT NULL,         -- as it says itself
    valid_until  TEXT NOT NULL,
    source       TEXT NOT NULL,         -- the door it came through
    fate         TEXT NOT NULL,         -- waiting, traded, observed, refused
    refusal      TEXT,                  -- which rule
    reason       TEXT,                  -- in words; what would have been bought
    strategy_id  INTEGER,               -- the scalp it became
    approved     INTEGER NOT NULL,      -- the trader's word, where the set-up asks for it
    contract     TEXT,                  -- what was proposed
    lots         INTEGER,
    premium      TEXT
);
CREATE INDEX signals_of_a_day ON signals (trading_day);

CREATE TABLE positions (                -- the broker's book as last read
    contract      TEXT NOT NULL,
    product       TEXT NOT NULL,
    stock_name    TEXT NOT NULL,
    security_id   INTEGER,              -- where a strategy of ours has been mapped to it
    net_quantity  INTEGER NOT NULL,     -- long positive, short negative
    buy_quantity  INTEGER NOT NULL,
    sell_quantity INTEGER NOT NULL,
    buy_average   TEXT NOT NULL,
    sell_average  TEXT NOT NULL,
    realised      TEXT NOT NULL,
    unrealised    TEXT NOT NULL,
    read_at       TEXT,
    PRIMARY KEY (contract, product)
) WITHOUT ROWID;

CREATE TABLE position_lots (            -- what each strategy holds of it, as its fills say; flat ones until the next trading day
    owner           TEXT NOT NULL,      -- the strategy's number, or foreign
    strategy_id     INTEGER,
    contract        TEXT NOT NULL,
    product         TEXT NOT NULL,
    net_quantity    INTEGER NOT NULL,
    bought_quantity INTEGER NOT NULL,
    bought_value    TEXT NOT NULL,
    sold_quantity   INTEGER NOT NULL,
    sold_value      TEXT NOT NULL,
    average_price   TEXT,               -- of what is open
    cash            TEXT NOT NULL,      -- sold minus bought: the profit, once flat, before charges
    cash_real       REAL NOT NULL,
    PRIMARY KEY (owner, contract, product)
) WITHOUT ROWID;

CREATE TABLE foreign_orders (           -- working orders that are not ours
    broker_order_id TEXT PRIMARY KEY,
    side            TEXT NOT NULL,
    contract        TEXT NOT NULL,
    product         TEXT NOT NULL,
    quantity        INTEGER NOT NULL,
    filled_quantity INTEGER NOT NULL,
    price           TEXT,
    trigger_price   TEXT
) WITHOUT ROWID;

CREATE TABLE security_mappings (        -- as frozen when a strategy was marked
    contract      TEXT PRIMARY KEY,
    symbol        TEXT NOT NULL,
    option_type   TEXT,
    strike_price  TEXT,
    expiry_date   TEXT,
    security_id   INTEGER NOT NULL,
    lot_size      INTEGER NOT NULL,
    tick_size     TEXT NOT NULL,
    freeze_quantity INTEGER,
    last_updated  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE funds (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    available     TEXT NOT NULL,
    utilised      TEXT NOT NULL,
    start_of_day  TEXT NOT NULL,
    read_at       TEXT
);

CREATE TABLE trading_sessions (
    trading_day   TEXT PRIMARY KEY,     -- it starts at 08:30
    started_at    TEXT NOT NULL,        -- the first record of the day
    executions    INTEGER NOT NULL,     -- strategies whose execution began
    intents       INTEGER NOT NULL,     -- orders decided, slices counted each
    signals       INTEGER NOT NULL DEFAULT 0, -- taken into the inbox
    trades        INTEGER NOT NULL DEFAULT 0, -- closed on this day
    won           INTEGER NOT NULL DEFAULT 0, -- of those, with a profit after charges
    gross         TEXT NOT NULL DEFAULT '0',
    charges       TEXT NOT NULL DEFAULT '0',
    net           TEXT NOT NULL DEFAULT '0',
    net_real      REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE audit_log (
    seq         INTEGER PRIMARY KEY,    -- the journal record
    at          TEXT NOT NULL,
    category    TEXT NOT NULL,          -- command, signal, strategy, order, trade, position, protection, risk, system
    event       TEXT NOT NULL,          -- asked, refused, order decided, stop set, rule fired, halted, flatten started, armed, ...
    command_id  INTEGER,
    origin      TEXT,                   -- screen, shell, webhook, system
    strategy_id INTEGER,
    intent_id   INTEGER,                -- the order it is about
    trade_id    INTEGER,                -- the trade it is about
    what        TEXT NOT NULL,
    value_before TEXT,                  -- of what it is about, in words
    value_after TEXT,
    reason      TEXT,                   -- or the figures it was decided on
    hash        TEXT NOT NULL           -- SHA-256 over the hash of the row before and this row as JSON (columns that are not empty, by name)
);

-- What is marked, in the order in which it would be executed.
CREATE VIEW v_execution_queue AS
SELECT id, stock_name, strategy_name, strategy_type, execution_status, execution_priority, total_score,
       conviction_level, probability_of_profit, net_premium, max_profit, max_loss, execution_notes,
       marked_at, expires_at, queued_at, phase, reason
FROM strategies
WHERE execution_status IN ('marked', 'deferred', 'executing')
ORDER BY execution_priority DESC, total_score DESC, id;

-- One row per leg: what was recommended, and what its entry orders made of it.
CREATE VIEW v_trade_execution AS
SELECT s.id AS strategy_id, s.stock_name, s.strategy_name, s.execution_status, s.execution_priority, s.executed_at,
       s.total_score, s.conviction_level,
       d.leg, d.setup_type, d.option_type, d.strike_price, d.expiry_date, d.lots, d.lot_size, d.quantity,
       d.entry_price, d.contract, d.security_id,
       COUNT(o.intent_id) AS orders,
       COALESCE(SUM(o.filled_quantity), 0) AS filled_quantity,
       SUM(o.value_real) / NULLIF(SUM(o.filled_quantity), 0) AS average_price_real,
       GROUP_CONCAT(DISTINCT o.status) AS order_status
FROM strategies s
JOIN strategy_details d ON d.strategy_id = s.id
LEFT JOIN orders o ON o.strategy_id = s.id AND o.leg = d.leg AND o.purpose = 'entry'
GROUP BY s.id, d.leg
ORDER BY s.execution_priority DESC, s.total_score DESC, s.id, d.leg;
