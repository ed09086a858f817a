"""What the window needs from below, made once and handed over as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from plugdeck.chain.chain import Chain
from plugdeck.chain.clock import Clock
from plugdeck.chain.preview import Preview
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.settings import Settings
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background
from plugdeck.ui.bridge import ChainBridge
from plugdeck.ui.preview.scaling import resize_picture

HOSTING_MODE = "hosting.mode"


@dataclass(frozen=True, slots=True)
class Services:
    """The layers below the window."""

    settings: Settings
    records: TrustRecords
    background: Background
    supervisor: Supervisor
    hosts: Hosts
    chain: Chain
    preview: Preview
    bridge: ChainBridge

    def close(self) -> None:
        """Ends processes and threads; blocks, so it is called off the GUI thread once the window is gone."""
        self.preview.close()
        self.chain.close()
        self.supervisor.close()


def make_services(settings: Settings, background: Background, clock: Clock | None = None) -> Services:
    """Everything below the window; starts threads and no process. The clock is the chain's."""
    deadline_s = min(max(settings.get("hosting.call_deadline_s", 2.0), 0.1), 600.0)
    supervisor = Supervisor(deadlines=Deadlines(call_s=deadline_s), keeps_spare=True)
    records = TrustRecords()
    hosts = Hosts(supervisor, mode=hosting_mode(settings))
    chain = Chain(hosts, records, clock)
    bridge = ChainBridge(chain)
    preview = Preview(chain, supervisor, resize_picture, bridge.deliver_rendered, bridge.deliver_failure)
    return Services(settings, records, background, supervisor, hosts, chain, preview, bridge)


def hosting_mode(settings: Settings) -> HostingMode:
    """Where plugins run unless it was chosen for one alone; never inside Plugdeck, which is chosen for each."""
    together = settings.get(HOSTING_MODE, "") == HostingMode.TOGETHER
    return HostingMode.TOGETHER if together else HostingMode.INDIVIDUALLY
