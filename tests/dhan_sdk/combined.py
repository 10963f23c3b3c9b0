"""Super, forever and conditional orders of the official package."""

from desk import equal, good, refused, until

LOT = 65


def tick(price):
    """To the nearest five paise."""
    return round(round(price * 20) / 20, 2)


def super_orders(checks):
    dhan, last = checks.dhan, checks.call["last_price"]
    low = tick(last * 0.85)
    place = lambda tag: dhan.place_super_order(
        checks.id, "NSE_FNO", "BUY", LOT, "LIMIT", "MARGIN", low, tick(low * 1.2), tick(low * 0.9), 1.0, tag
    )
    order_id = good(place("SDK-SUPER"))["orderId"]
    row = until("the super order", lambda: found(dhan.get_super_order_list(), order_id, "PENDING"))
    equal((row["correlationId"], row["price"], row["legName"]), ("SDK-SUPER", low, "ENTRY_LEG"))
    legs = {leg["legName"]: leg for leg in row["legDetails"]}
    equal((legs["TARGET_LEG"]["price"], legs["STOP_LOSS_LEG"]["price"]), (tick(low * 1.2), tick(low * 0.9)))
    equal((legs["TARGET_LEG"]["transactionType"], legs["STOP_LOSS_LEG"]["trailingJump"]), ("SELL", 1.0))
    good(dhan.modify_super_order(order_id, "LIMIT", "TARGET_LEG", targetPrice=tick(low * 1.3)))
    moved = lambda: leg_at(dhan.get_super_order_list(), order_id, "TARGET_LEG", tick(low * 1.3))
    until("the moved target", moved)
    equal(good(dhan.cancel_super_order(order_id, "ENTRY_LEG"))["orderId"], order_id)
    until("its end", lambda: found(dhan.get_super_order_list(), order_id, "CANCELLED"))


def leg_at(answer, order_id, leg, price):
    row = next(r for r in good(answer) if r["orderId"] == order_id)
    return next((l for l in row["legDetails"] if l["legName"] == leg and l["price"] == price), None)


def found(answer, order_id, *states):
    return next((r for r in good(answer) if r["orderId"] == order_id and r["orderStatus"] in states), None)


def forever_orders(checks):
    dhan, last = checks.dhan, checks.call["last_price"]
    low = tick(last * 0.6)
    single = dhan.place_forever(checks.id, "NSE_FNO", "BUY", "MARGIN", "LIMIT", LOT, low, tick(low - 0.5), tag="SDK-GTT")
    order_id = good(single)["orderId"]
    row = until("the forever order", lambda: found(dhan.get_forever(), order_id, "CONFIRM"))
    equal((row["orderType"], row["price"], row["quantity"]), ("SINGLE", low, LOT))
    good(dhan.modify_forever(order_id, "SINGLE", "LIMIT", row["legName"], 2 * LOT, low, tick(low - 1), 0, "DAY"))
    restated = lambda: next((r for r in good(dhan.get_forever()) if r["orderId"] == order_id and r["quantity"] == 2 * LOT), None)
    until("the restated forever order", restated)
    equal(good(dhan.cancel_forever(order_id))["orderId"], order_id)
    until("its end", lambda: found(dhan.get_forever(), order_id, "CANCELLED") or gone(dhan.get_forever(), order_id))
    refused(dhan.cancel_forever("1"), "DH-906")


def gone(answer, order_id):
    return True if all(r["orderId"] != order_id for r in good(answer)) else None


def conditional_orders(checks):
    dhan, spot = checks.dhan, checks.spot
    condition = lambda value, note: {
        "comparisonType": "PRICE_WITH_VALUE",
        "exchangeSegment": "IDX_I",
        "securityId": "13",
        "operator": "GREATER_THAN",
        "comparingValue": value,
        "expDate": "2099-12-31",
        "frequency": "ONCE",
        "userNote": note,
    }
    order = {
        "transactionType": "BUY",
        "exchangeSegment": "NSE_FNO",
        "productType": "MARGIN",
        "orderType": "LIMIT",
        "securityId": checks.id,
        "quantity": LOT,
        "validity": "DAY",
        "price": str(tick(checks.call["last_price"] * 0.8)),
        "discQuantity": "0",
        "triggerPrice": "0",
    }
    # Far away: it waits, is restated and taken back.
    alert = good(dhan.place_conditional_order(condition(spot * 2, "far"), [order]))
    equal(alert["alertStatus"], "ACTIVE")
    alert_id = alert["alertId"]
    told = good(dhan.get_conditional_order(alert_id))
    equal((told["condition"]["userNote"], told["orders"][0]["quantity"]), ("far", LOT))
    good(dhan.modify_conditional_order(alert_id, condition(spot * 3, "farther"), [order]))
    equal(good(dhan.get_conditional_order(alert_id))["condition"]["userNote"], "farther")
    assert any(a["alertId"] == alert_id for a in good(dhan.get_conditional_orders()))
    good(dhan.cancel_conditional_order(alert_id))
    # Met already: it fires, and its order is placed.
    before = {o["orderId"] for o in good(dhan.get_order_list())}
    near = good(dhan.place_conditional_order(condition(spot / 2, "near"), [order]))["alertId"]
    fired = lambda: next((a for a in good(dhan.get_conditional_orders()) if a["alertId"] == near and a["alertStatus"] == "TRIGGERED"), None)
    until("the trigger", fired)
    placed = until("its order", lambda: next((o for o in good(dhan.get_order_list()) if o["orderId"] not in before), None))
    equal((placed["quantity"], placed["securityId"]), (LOT, checks.id))
    checks.status(placed["orderId"], "PENDING")
    good(dhan.cancel_order(placed["orderId"]))
