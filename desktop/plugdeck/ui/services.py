"""What the window needs from below, made once by ``app`` and handed over as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from plugdeck.chain.chain import Chain
from plugdeck.chain.preview import Preview
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.settings import Settings
from plugdeck.ui.background import Background
from plugdeck.ui.bridge import ChainBridge


@dataclass(frozen=True, slots=True)
class Services:
    """The layers below the window."""

    settings: Settings
    background: Background
    supervisor: Supervisor
    chain: Chain
    preview: Preview
    bridge: ChainBridge

    def close(self) -> None:
        """Ends processes and threads; blocks, so it is called off the GUI thread once the window is gone."""
        self.preview.close()
        self.chain.close()
        self.supervisor.close()
