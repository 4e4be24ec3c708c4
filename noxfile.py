"""The steps of `.ci/run` by the same names, and the tests on every supported Python that is installed.

`nox -s tests` runs the matrix; `nox -s lint types` runs two steps of the gate.
"""

import nox

nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests that need no browser and no type checker; give arguments for pytest after `--`."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *session.posargs)


def step(name: str) -> None:
    """Make a session of a step of the gate."""

    @nox.session(name=name, venv_backend="none")
    def run(session: nox.Session) -> None:
        session.run("bash", ".ci/run", name, external=True)


for name in ("main_job", "story", "lint", "types", "docs", "packages", "newcomer"):
    step(name)
