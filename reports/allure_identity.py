"""By what Allure knows a test again in the next run: module, function and parameters, nothing of this machine."""

from __future__ import annotations

from typing import Any

from allure_commons import hookimpl, plugin_manager, utils

_md5: Any = utils.md5
"""As allure-pytest makes its ids."""


def identify(test: str) -> None:
    """Give the running test this name (``scenarios.test_failover#test_it_comes_home``) in Allure.

    allure-pytest makes the name of the path from pytest's root folder, which is another one where the suite is
    installed or pytest is started elsewhere: every history would end there.
    """
    if not plugin_manager.is_registered(_IDENTITY):
        plugin_manager.register(_IDENTITY)
    _IDENTITY.test = test


class _Identity:
    """The running test's name until Allure writes its result."""

    def __init__(self) -> None:
        self.test = ""

    @hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """Called by Allure for each test as it ends, before its file is written."""
        if self.test:
            parameters = sorted(result.parameters, key=lambda parameter: parameter.name)
            result.fullName = self.test
            result.testCaseId = _md5(self.test)
            result.historyId = _md5(self.test, *(parameter.value for parameter in parameters))
            self.test = ""


_IDENTITY = _Identity()
