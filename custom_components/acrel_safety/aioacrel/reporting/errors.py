"""What is wrong with a device that reports by itself, for the owner to read."""

from ..errors import LinkError


class NoReportError(LinkError):
    """A meter was to report, and did not in time."""

    key = "gateway_no_report"
