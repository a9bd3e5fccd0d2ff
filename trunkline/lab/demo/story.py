"""The demo's story, told inside the lab kernel: every step says what it did, how long it took, and must succeed."""

from __future__ import annotations

from importlib.resources import files

from trunkline.lab.building import Lab, default_out
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.demo.chapters import before, come, declare, label, leave, prove, refuse
from trunkline.lab.demo.narrator import DemoFailedError, Narrator, say, title
from trunkline.lab.topology_file import load
from trunkline.orchestrator.errors import OrchestratorError

ON_DEMAND, DECLARED = "    networks: on-demand\n", "    networks: declared\n"


def declared(inventory: str) -> str:
    """Give the inventory with its segment's Docker network on every host that may use it.

    Raises:
        DemoFailedError: it is not the inventory that the demo knows.
    """
    if inventory.count(ON_DEMAND) != 1:
        raise DemoFailedError("the inventory of the demo has another shape than expected")
    return inventory.replace(ON_DEMAND, DECLARED)


def tell(story: Narrator) -> None:
    """Tell the main job from a dead VLAN to a clean switch."""
    before(story)
    declare(story, declared(story.plane.inventory))
    come(story)
    prove(story)
    label(story)
    refuse(story)
    leave(story)


def main() -> int:
    """Build the lab, start Trunkline in it, tell the story; 0 when every step did what it says."""
    inventory = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8")
    try:
        title("The lab: two hosts, one switch, all real but the switch's command line")
        with Lab(load("seed"), out=default_out(), say=lambda text: say(f"  {text}")) as lab:
            title("Trunkline: apply the inventory, trust the switch, start workers and agents")
            with ControlPlane(lab, inventory, sweep_seconds=2.0, say=lambda text: say(f"  {text}")) as plane:
                tell(Narrator(plane))
    except (DemoFailedError, OrchestratorError, RuntimeError) as error:
        say(f"\nThe demo failed: {error}")
        return 1
    say("\nAll of it worked. Nothing is left running.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
