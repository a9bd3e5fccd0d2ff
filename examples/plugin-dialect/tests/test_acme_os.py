"""Acme OS keeps what every dialect has to keep."""

from acme_os.device import AcmeModel
from acme_os.dialect import AcmeOs

from trunkline.drivers.switch.conformance.suite import Conformance


class TestAcmeOs(Conformance):
    dialect, device_model = AcmeOs(), AcmeModel()
