"""The built-in exchange as a process, and the official package pointed at it: only its base URLs are changed."""

import json
import subprocess
import time
from pathlib import Path

import dhanhq as sdk
from dhanhq import DhanContext, DhanHTTP, DhanLogin, FullDepth, OrderUpdate, Security
from dhanhq.marketfeed import MarketFeed

SHARE = "RELIANCE"

# The package prints what it sends, token and all: only what this script says is shown.
import dhanhq.fulldepth
import dhanhq.marketfeed
import dhanhq.orderupdate

for module in (dhanhq.fulldepth, dhanhq.marketfeed, dhanhq.orderupdate):
    module.print = lambda *_, **__: None


class Desk:
    """A running exchange and a client of the package."""

    def __init__(self, binary, folder):
        self.folder = Path(folder)
        spots = self.folder / "spots.json"
        spots.write_text(json.dumps(analysis()))
        command = [binary, "--data", str(self.folder / "data"), "--spots-from", str(spots), "exchange", "--hold", f"{SHARE}=20"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addresses = json.loads(self.process.stdout.readline())
        self.point_at_it()
        self.context = DhanContext(self.addresses["client_id"], self.addresses["access_token"])
        self.dhan = sdk.dhanhq(self.context)

    def point_at_it(self):
        DhanHTTP.API_BASE_URL = self.addresses["rest"]
        DhanLogin.API_BASE_URL = self.addresses["rest"]
        DhanLogin.AUTH_BASE_URL = self.addresses["rest"].removesuffix("/v2")
        Security.COMPACT_CSV_URL = self.addresses["instruments"]
        Security.DETAILED_CSV_URL = self.addresses["instruments_detailed"]
        MarketFeed.market_feed_wss = self.addresses["feed"]
        FullDepth.depth_20_feed_wss = self.addresses["depth_20"]
        FullDepth.depth_200_feed_wss = self.addresses["depth_200"]

    def order_update(self):
        link = OrderUpdate(self.context)
        link.order_feed_wss = self.addresses["orders"]
        return link

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def analysis():
    """One share with one strategy, in the form of an analyser's file: so it is listed."""
    leg = {"option_type": "CALL", "position": "LONG", "strike": 1420, "premium": 30.0, "quantity": 1}
    strategy = {
        "rank": 1,
        "name": "Long Call",
        "total_score": 0.5,
        "probability_profit": 0.4,
        "max_profit": 1,
        "max_loss": 1,
        "legs": [leg],
    }
    result = {"success": True, "symbol": SHARE, "spot_price": 1423.5, "top_strategies": [strategy]}
    return {"success": True, "symbol_results": {SHARE: result}}


def good(answer):
    """The data of an answer of the package that must be a success."""
    assert answer["status"] == "success", answer
    return answer["data"]


def refused(answer, code, words=""):
    """The answer must be a failure with this code and these words."""
    assert answer["status"] == "failure", answer
    remarks = answer["remarks"]
    assert remarks["error_code"] == code and words in (remarks["error_message"] or ""), answer


def equal(left, right):
    assert left == right, f"{left!r} is not {right!r}"


def until(what, ask, seconds=10.0):
    """Asks again until the answer is not None, a few times a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if found is not None:
            return found
        time.sleep(0.15)
    raise AssertionError(f"{what} did not come within {seconds} s")
