"""A real Chromium for tests: it opens pages without a network, and tells what they asked for, logged and show."""

import base64
import importlib.util
import json
import shutil
from pathlib import Path

import pytest

MISSING = "no chromium and chromedriver found: apt-get install chromium chromium-driver fonts-noto-cjk"
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb")

MEASURED = """
const corners = (element, box) => {
  const m = element.getScreenCTM();
  return [[box.x, box.y], [box.x + box.width, box.y], [box.x, box.y + box.height],
          [box.x + box.width, box.y + box.height]]
    .map(([x, y]) => [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f]);
};
const bounds = points => {
  const [xs, ys] = [points.map(p => p[0]), points.map(p => p[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top];
};
const paper = document.createElement('canvas').getContext('2d');
document.querySelectorAll('.label').forEach(label => label.remove());
return [...document.querySelectorAll('svg.scene')].map(svg => {
  const place = svg.getBoundingClientRect();
  return {
    place: [place.left, place.top, place.width, place.height],
    clips: Object.fromEntries([...svg.querySelectorAll('.clip')].map(clip => [clip.dataset.clip, {
      drawn: bounds([...clip.querySelectorAll('path, image, ellipse, circle')].flatMap(e => corners(e, e.getBBox()))
        .concat(clip.querySelector('path, image, ellipse, circle') ? [] : corners(clip, clip.getBBox()))),
      lines: [...clip.querySelectorAll('.seen text')].map(line => {
        const [x, y, asked] = ['x', 'y', 'textLength'].map(name => Number(line.getAttribute(name)));
        const style = getComputedStyle(line);
        // The editor shows text on a canvas, and a canvas does not kern kana as SVG does.
        paper.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const shaped = paper.measureText(line.textContent).width;
        return {text: line.textContent, x, y, asked, seen: line.getComputedTextLength(), shaped};
      }),
    }])),
    boxes: Object.fromEntries([...svg.querySelectorAll('.box')].map(box => {
      const r = box.getBoundingClientRect();
      return [box.id.split('-').pop(), bounds(corners(box, box.getBBox()))];
    })),
  };
});
"""


class Browser:
    """One browser for many pages."""

    def __init__(self):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for switch in SWITCHES:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))

    def open(self, path, width=1280, height=900, *, dark=False, media=""):
        """Show a file or a local URL, on a screen of this size (px)."""
        phone = width < 600
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [scheme]})
        self.logged(), self.requests()
        self.driver.get(path if str(path).startswith("http:") else Path(path).resolve().as_uri())
        return self

    def run(self, script, *args):
        """What a script gives that is run in the page, past its policy."""
        return self.driver.execute_script(script, *args)

    def measured(self):
        """Of each scene of the page: where it stands, where each clip is drawn, and its lines of text."""
        return self.run(MEASURED)

    def logged(self):
        """What came to the console since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The URLs that were asked for since the page was opened."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def picture(self, scale=1.0):
        """The whole page as PNG."""
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": scale}
        shot = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", shot)["data"])

    def press(self, key):
        """Press a key, named as Selenium's `Keys` names it, such as "TAB"."""
        from selenium.webdriver import ActionChains, Keys

        ActionChains(self.driver).send_keys(getattr(Keys, key)).perform()

    def close(self):
        """End the browser."""
        self.driver.quit()


def open_browser():
    """A browser; where there is none, the test is skipped and says what to install."""
    if importlib.util.find_spec("selenium") is None:
        pytest.skip("selenium is not installed: pip install -e '.[dev]'")
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip(MISSING)
    return Browser()
