"""`aistudios preview --watch`: a page in Chromium follows each save, and the server is for this machine only."""

import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from PIL import Image

from tests.extras import needs
from tests.test_storyboard import AXE
from tests.watching import until, watching

pytestmark = [needs("watchfiles", "preview"), needs("uvicorn", "preview"), pytest.mark.slow]

SCRIPT = """from aistudios_dsl import Project

project = Project("{name}")
for number in range({scenes}):
    project = project.scene(background="#102030").text(f"{words} {{number}}", at="center", color="#ffffff")
"""


def saved(path, words="Hello", name="Video", scenes=8):
    path.write_text(SCRIPT.format(words=words, name=name, scenes=scenes), encoding="utf-8")
    return path


@pytest.fixture
def live(tmp_path, browser):
    """A page that shows a script, and a function that waits until it shows some words."""
    script = saved(tmp_path / "video.py")
    with watching(script) as served:
        browser.open(served.url)

        def shows(words):
            return until(lambda: words in browser.run("return document.body.textContent"))

        shows("Hello 0")
        yield script, browser, shows, served


def page_of(served):
    return httpx.get(served.url, trust_env=False).text


def test_a_save_is_shown_in_place_with_scroll_switches_and_folds_kept(live):
    script, browser, shows, _ = live
    browser.run("window.before = 'no reload'")
    browser.run("document.getElementById('show-safe').click()")
    browser.run("document.querySelector('#clips-5').open = true")
    browser.run("document.querySelector('#scene-5').scrollIntoView(); scrollBy(0, 123)")
    place = "const r = document.querySelector('#scene-5').getBoundingClientRect(); return [r.top, scrollY > 1000]"
    before = browser.run(place)
    saved(script, "Changed")
    shows("Changed 5")
    assert browser.run("return window.before") == "no reload"
    assert browser.run("return document.getElementById('show-safe').checked") is True
    assert browser.run("return document.querySelector('#clips-5').open") is True
    assert browser.run("return document.querySelector('#clips-4').open") is False
    assert browser.run(place) == pytest.approx(before, abs=1)


def test_a_place_is_kept_when_scenes_before_it_get_longer_and_when_the_page_is_loaded_again(live):
    script, browser, shows, _ = live
    browser.run("document.querySelector('#scene-6').scrollIntoView()")
    top = "return Math.round(document.querySelector('#scene-6').getBoundingClientRect().top)"
    before = browser.run(top)
    words = "Far too long for its room, and so there are many findings " * 9
    script.write_text(SCRIPT.format(words=words, name="Longer", scenes=8), encoding="utf-8")
    shows("Longer")
    assert browser.run("return document.querySelectorAll('#scene-0 .finding').length") > 0
    assert browser.run(top) == pytest.approx(before, abs=1)
    browser.driver.refresh()
    shows("Longer")
    until(lambda: abs(browser.run(top) - before) <= 1, 10)


def test_a_link_that_was_followed_still_shows_its_box(live):
    script, browser, shows, _ = live
    browser.run("location.hash = '#s3-clip-1'")
    shown = "return document.querySelectorAll('.box:target').length"
    assert browser.run(shown) == 1
    saved(script, "Changed")
    shows("Changed 3")
    assert browser.run(shown) == 1


def test_fifty_saves_in_a_row_end_on_the_last(live):
    script, browser, shows, served = live
    for number in range(50):
        saved(script, f"Save{number}")
    shows("Save49 0")
    assert "Save49 0" in page_of(served)
    assert "Save48" not in browser.run("return document.body.textContent")


def test_a_syntax_error_takes_the_place_of_the_picture_until_it_is_mended(live):
    script, browser, shows, _ = live
    browser.run("document.querySelector('#scene-4').scrollIntoView()")
    top = "return Math.round(document.querySelector('#scene-4').getBoundingClientRect().top)"
    before = browser.run(top)
    good = script.read_text(encoding="utf-8")
    script.write_text(good.replace('project = Project("Video")', 'project = Project("Video"'), encoding="utf-8")
    shows("video.py line 3")
    assert browser.run("return document.querySelectorAll('svg').length") == 0
    assert "was never closed" in browser.run("return document.querySelector('.fault pre').textContent")
    script.write_text(good.replace("Hello", "Mended"), encoding="utf-8")
    shows("Mended 4")
    assert browser.run("return document.querySelectorAll('.fault').length") == 0
    assert browser.run(top) == pytest.approx(before, abs=1)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A script to be broken, and the preview that follows it."""
    script = saved(tmp_path_factory.mktemp("broken") / "video.py")
    with watching(script) as running:
        yield script, running


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('project.text("Hi", at="nowhere")', ["line 4", 'project.text("Hi", at="nowhere")', "Hint:"]),
        ('project = project.scene().text("Hi", colour="red")', ["line 4", "did you mean"]),
        ("1 / 0", ["line 4", "ZeroDivisionError"]),
        ("import no_such_module", ["line 4", "No module named 'no_such_module'"]),
        ("raise SystemExit(3)", ["exited with code 3"]),
        ("import os; os._exit(1)", ["ended the process that draws"]),
        ("del project", ["defines no 'project'"]),
        ("project = project.scene().text('{{ a')", ["line 4", "close it with"]),
        ("input('Name? ')", ["line 4", "EOFError"]),
    ],
)
def test_what_is_wrong_in_a_script_is_told_with_its_line_and_a_hint(broken, code, words):
    script, served = broken
    saved(script, code[:9])
    until(lambda: f"{code[:9]} 7" in told(served))
    script.write_text(f"from aistudios_dsl import Project\n\nproject = Project('Video')\n{code}\n", encoding="utf-8")
    until(lambda: 'class="fault"' in told(served))
    assert [word for word in words if word not in told(served)] == []


def told(served):
    return page_of(served).replace("&#39;", "'").replace("&#34;", '"').replace("&quot;", '"')


def test_an_endless_loop_gives_way_to_the_next_save(live):
    script, _, shows, _ = live
    script.write_text("while True:\n    pass\n", encoding="utf-8")
    until(lambda: "Drawing" in live[1].run("return document.getElementById('live').textContent"))
    saved(script, "After")
    shows("After 7")


def test_modules_themes_rows_and_pictures_are_followed_too(tmp_path):
    (tmp_path / "parts").mkdir()
    module, theme = tmp_path / "parts" / "words.py", tmp_path / "brand.toml"
    rows, media, deep = tmp_path / "rows.csv", tmp_path / "media", tmp_path / "deep" / "note.txt"
    module.write_text("WORDS = 'Module one'", encoding="utf-8")
    theme.write_text('[colors]\nink = "#112233"\n', encoding="utf-8")
    rows.write_text("name\nAnn\n", encoding="utf-8")
    media.mkdir()
    script = tmp_path / "video.py"
    script.write_text(
        "from pathlib import Path\nfrom aistudios_dsl import Project, Theme\nfrom parts.words import WORDS\n"
        "here = Path(__file__).parent\n"
        "try:\n    note = (here / 'deep' / 'note.txt').read_text()\nexcept OSError:\n    note = 'No note'\n"
        "project = Project('{{ name }}', theme=Theme.load(here / 'brand.toml')).scene().text(WORDS, color='ink')\n"
        "project = project.text(note).image('https://x.example/a.png', natural=(8, 8), width=80, at=(9, 9))\n",
        encoding="utf-8",
    )
    with watching(script, "--data", rows, "--media", media) as served:

        def shown(words):
            return until(lambda: words in page_of(served))

        shown("Module one")
        shown('fill="#112233"')
        assert "No note" in page_of(served)
        module.write_text("WORDS = 'Module two'", encoding="utf-8")
        shown("Module two")
        theme.write_text('[colors]\nink = "#445566"\n', encoding="utf-8")
        shown('fill="#445566"')
        rows.write_text("name\nZoe\n", encoding="utf-8")
        shown("Zoe")
        Image.new("RGB", (8, 8), "red").save(media / "a.png")
        shown("data:image/png")
        deep.parent.mkdir()
        deep.write_text("A note that was not there", encoding="utf-8")
        shown("A note that was not there")
        new = tmp_path / "words.tmp"
        new.write_text("WORDS = 'Module three'", encoding="utf-8")
        new.replace(module)
        shown("Module three")


def test_a_script_that_writes_a_file_is_not_drawn_for_ever(tmp_path):
    script = tmp_path / "video.py"
    saved(script, scenes=1)
    code = "from pathlib import Path\nimport os\nruns = Path(__file__).with_name('runs.txt')\n"
    code += "many = str(int(runs.read_text()) + 1) if runs in sorted(runs.parent.iterdir()) else '1'\n"
    code += "new = runs.with_suffix('.new')\nnew.write_text(many)\nos.replace(new, runs)\n"
    script.write_text(code + script.read_text(encoding="utf-8"), encoding="utf-8")
    with watching(script) as served:
        until(lambda: "Hello 0" in page_of(served))
        script.write_text(script.read_text(encoding="utf-8").replace("Hello", "Once"), encoding="utf-8")
        until(lambda: "Once 0" in page_of(served))
        runs = (tmp_path / "runs.txt").read_text(encoding="utf-8")
        script.write_text(script.read_text(encoding="utf-8").replace("Once", "Twice"), encoding="utf-8")
        until(lambda: "Twice 0" in page_of(served))
        assert int((tmp_path / "runs.txt").read_text(encoding="utf-8")) == int(runs) + 1


# For this machine only


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with watching(saved(tmp_path_factory.mktemp("served") / "video.py")) as running:
        until(lambda: "Hello 0" in page_of(running))
        yield running


def asked(served, path="/", **headers):
    given = {name.replace("_", "-"): value.format(port=served.port) for name, value in headers.items()}
    return httpx.get(f"{served.url.rstrip('/')}{path}", headers=given, trust_env=False).status_code


@pytest.mark.parametrize("path", ["/", "/changes"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:{port}"},
        {"host": "evil.example"},
        {"host": "127.0.0.1"},
        {"host": "localhost.evil.example:{port}"},
        {"host": "127.0.0.1:{port}.evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "https://localhost:{port}"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    ],
    ids=str,
)
def test_other_hosts_and_origins_are_refused(served, path, headers):
    assert asked(served, path, **headers) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:{port}"},
        {"host": "LOCALHOST:{port}"},
        {"origin": "http://127.0.0.1:{port}"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
    ],
    ids=str,
)
def test_this_machine_is_answered(served, headers):
    assert asked(served, **headers) == 200


def test_only_the_loopback_address_is_listened_on(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=5):
        pass
    for other in ("127.0.0.2", socket.gethostbyname(socket.gethostname())):
        if other != "127.0.0.1":
            with pytest.raises(OSError):  # noqa: PT011 - refused, or no route: each system has its own
                socket.create_connection((other, served.port), timeout=5)


def test_a_page_of_another_site_reads_nothing(served, browser, tmp_path):
    page = tmp_path / "foreign.html"
    page.write_text("<!doctype html><title>Foreign</title>", encoding="utf-8")
    browser.open(page)
    read = browser.driver.execute_async_script(
        "fetch(arguments[0]).then(a => a.text()).then(arguments[1], e => arguments[1]('refused'))", served.url
    )
    assert read == "refused"
    browser.run(
        "document.body.append(Object.assign(document.createElement('iframe'), {src: arguments[0]}))", served.url
    )
    until(lambda: any("frame-ancestors" in line or "refused" in line for line in browser.logged()), 10)


@pytest.mark.parametrize("fault", [False, True])
def test_axe_finds_nothing_serious_in_what_is_served(broken, browser, fault):
    script, running = broken
    saved(script, "Fine", scenes=13)
    if fault:
        script.write_text("project = (", encoding="utf-8")
    until(lambda: ("never closed" if fault else "Fine 12") in page_of(running))
    for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
        browser.open(running.url, width=width, dark=dark)
        browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE})
        report = browser.driver.execute_async_script("axe.run().then(arguments[0])")
        assert len(report["passes"]) > 8
        assert [found["id"] for found in report["violations"] if found["impact"] != "minor"] == []


def test_the_one_script_runs_and_no_other(live):
    _, browser, _, served = live
    assert browser.run("return document.scripts.length") == 1
    assert [url for url in browser.requests() if not url.startswith((served.url, "data:"))] == []
    browser.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hit = 1'}))"
    )
    assert browser.run("return window.hit") is None


# Beginning and end


def test_ctrl_c_ends_the_server_and_its_processes(tmp_path):
    with watching(saved(tmp_path / "video.py")) as running:
        until(lambda: "Hello 0" in page_of(running))
        with httpx.stream("GET", f"{running.url}changes", trust_env=False) as changes:
            next(changes.iter_text())
            children = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(running.process.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
            running.process.send_signal(signal.SIGINT)
            assert running.process.wait(timeout=20) == 0
        assert "Traceback" not in running.process.stderr.read()
    until(lambda: not any(is_running(pid) for pid in children), 10)


def is_running(pid):
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def aistudios(*args):
    command = [sys.executable, "-m", "aistudios_dsl.cli", "preview", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--watch", "-o", "x.html"], 2, "leave out -o"),
        (["--port", "99"], 2, "--port requires --watch"),
        (["--watch", "--port", "70000"], 2, "70000"),
        (["--watch", "--data", "-"], 2, "name a file"),
    ],
)
def test_options_that_do_not_go_together_are_told(tmp_path, args, code, words):
    result = aistudios(saved(tmp_path / "video.py"), *args)
    assert (result.returncode, words in result.stderr) == (code, True), result.stderr


def test_a_script_that_is_not_there_and_a_port_that_is_taken_are_told(tmp_path):
    gone = aistudios(tmp_path / "vidoe.py", "--watch")
    assert (gone.returncode, "there is no file" in gone.stderr) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = aistudios(saved(tmp_path / "video.py"), "--watch", "--port", other.getsockname()[1])
    assert (taken.returncode, "another program may listen there" in taken.stderr) == (1, True)


def test_a_missing_package_is_named_with_what_installs_it(tmp_path):
    code = "import sys; sys.modules['watchfiles'] = None; from aistudios_dsl.cli import main; main()"
    command = [sys.executable, "-c", code, "preview", str(saved(tmp_path / "video.py")), "--watch"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "pip install 'aistudios-dsl[preview]'" in result.stderr
