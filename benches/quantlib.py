"""The work of `benches/options.rs`, done with QuantLib's Python package, to put the figures side by side.

By hand:  pip install QuantLib && python3 benches/quantlib.py

One core, the best of several rounds, by QuantLib's shortest way to each answer: the blackFormula functions for prices and
Greeks (its BlackCalculator objects take many times as long to make and to ask from Python), blackFormulaImpliedStdDev (its safe solver) and blackFormulaImpliedStdDevLiRS (its fast one) for volatilities.
Chains are marked without a smile, which QuantLib's Python package has no call for: its time is flattered by that.
"""

import math
import time

import QuantLib as ql

RATE = 0.055
ROOT_TAU = math.sqrt(2.0 * math.pi)
INDICES = [(26_000.0, 50.0), (59_000.0, 100.0), (27_500.0, 50.0), (13_200.0, 25.0), (85_000.0, 100.0)]


def best(work, rounds=60):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def options(count):
    """(type, forward, strike, t, vol): calls and puts of every moneyness, expiry after expiry."""
    made = []
    for n in range(count):
        right = ql.Option.Call if n % 2 == 0 else ql.Option.Put
        strike = 23_400.0 + 50.0 * (n % 105)
        t = (3 + 7 * (n // 105)) / 365.0
        wing = math.log(strike / 26_000.0)
        made.append((right, 26_000.0, strike, t, 0.12 + 2.0 * wing * wing))
    return made


def value(right, forward, strike, t, vol):
    """Price, delta, gamma, theta, vega, rho and the probability of ending in the money."""
    discount = math.exp(-RATE * t)
    deviation = vol * math.sqrt(t)
    asked = (right, strike, forward, deviation)
    price = ql.blackFormula(*asked, discount)
    sign = 1.0 if right == ql.Option.Call else -1.0
    delta = sign * discount * ql.blackFormulaAssetItmProbability(*asked)
    d1 = math.log(forward / strike) / deviation + deviation / 2.0
    density = math.exp(-0.5 * d1 * d1) / ROOT_TAU
    gamma = discount * density / (forward * deviation)
    vega = gamma * forward * forward * vol * t
    theta = (RATE * price - 0.5 * vega * vol / t) / 365.0
    return price, delta, gamma, theta, vega / 100.0, -t * price / 100.0, ql.blackFormulaCashItmProbability(*asked)


def implied(right, forward, strike, t, price, solver):
    discount = math.exp(-RATE * t)
    return solver(right, strike, forward, price, discount) / math.sqrt(t)


def quotes():
    """Prices with at least a tick of time value."""
    found = []
    for right, forward, strike, t, vol in options(6_000):
        discount = math.exp(-RATE * t)
        price = ql.blackFormula(right, strike, forward, vol * math.sqrt(t), discount)
        sign = 1.0 if right == ql.Option.Call else -1.0
        if price - discount * max(sign * (forward - strike), 0.0) >= 0.05:
            found.append((right, forward, strike, t, price))
    return found[:2_000]


def chain(spot, step, t):
    """100 strikes with the middles of both options, quoted to the tick; None without a bid."""
    rows = []
    for n in range(-50, 50):
        strike = (round(spot / step) + n) * step
        wing = math.log(strike / spot) / (0.13 * math.sqrt(t))
        vol = 0.13 - 0.004 * wing + 0.002 * wing * wing
        middles = []
        for right in (ql.Option.Call, ql.Option.Put):
            worth = ql.blackFormula(right, strike, spot * 1.001, vol * math.sqrt(t), math.exp(-RATE * t))
            bid = math.floor(worth / 0.05) * 0.05
            middles.append(bid + 0.025 if bid > 0.0 else None)
        rows.append((strike, *middles))
    return spot, t, rows


def mark(spot, t, rows):
    growth = math.exp(RATE * t)
    pairs = [(k, c, p) for k, c, p in rows if c is not None and p is not None]
    near = sorted(pairs, key=lambda r: abs(r[0] - spot))[:5]
    opinions = sorted(k + growth * (c - p) for k, c, p in near)
    forward = opinions[len(opinions) // 2]
    for strike, call, put in rows:
        for right, middle in ((ql.Option.Call, call), (ql.Option.Put, put)):
            if middle is None:
                continue
            try:
                vol = implied(right, forward, strike, t, middle, ql.blackFormulaImpliedStdDevLiRS)
            except RuntimeError:
                continue
            value(right, forward, strike, t, vol)


def scenarios(legs):
    for move in range(17):
        for tilt in range(9):
            total = 0.0
            for right, forward, strike, t, vol in legs:
                later = max(t - 1.0 / 365.0, 1e-9)
                there = forward * (0.9 + 0.0125 * move)
                deviation = vol * (0.7 + 0.1 * tilt) * math.sqrt(later)
                total += ql.blackFormula(right, strike, there, deviation, math.exp(-RATE * later))


def main():
    chosen = options(2_000)
    seconds = best(lambda: [value(*o) for o in chosen])
    print(f"Greeks           {2_000 / seconds / 1e6:8.3f} M/s")
    asked = quotes()
    for name, solver in (("safe", ql.blackFormulaImpliedStdDev), ("fast", ql.blackFormulaImpliedStdDevLiRS)):
        def all_of_them(solver=solver):
            for right, forward, strike, t, price in asked:
                try:
                    implied(right, forward, strike, t, price, solver)
                except RuntimeError:
                    pass
        seconds = best(all_of_them)
        print(f"IV ({name})        {len(asked) / seconds / 1e6:8.3f} M/s")
    chains = [chain(spot, step, days / 365.0) for spot, step in INDICES for days in (4.0, 32.0)]
    print(f"five chains      {best(lambda: [mark(*c) for c in chains]) * 1e3:8.2f} ms")
    legs = options(50)
    print(f"scenario grid    {best(lambda: scenarios(legs)) * 1e3:8.2f} ms")


if __name__ == "__main__":
    main()
