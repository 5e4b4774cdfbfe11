"""In CI (CERTIFY_REQUIRE_TOOLS) nothing is skipped for a missing tool: a skip is a failure there."""

import os

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip into a failure that names its reason."""
    report = yield
    if os.environ.get("CERTIFY_REQUIRE_TOOLS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where every tool is required: {call.excinfo.value}"
    return report
