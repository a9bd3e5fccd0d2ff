"""The operator's YAML file -> `models.Inventory`, or every reason why not. Called by cli and sync.

`document` reads the text, `edges` and `readers` check each item's shape, `build` makes the values, `checks`
and `subnets` look at how they fit together, `stored` and `changes` serve the record.
"""

from __future__ import annotations

from trunkline.orchestrator.inventory.build import Builder
from trunkline.orchestrator.inventory.changes import difference
from trunkline.orchestrator.inventory.checks import Declared, check_fabric
from trunkline.orchestrator.inventory.document import InventoryError, Problem, read_document
from trunkline.orchestrator.inventory.edges import schema
from trunkline.orchestrator.inventory.stored import as_plain, dump, restore
from trunkline.orchestrator.inventory.subnets import check_subnets
from trunkline.orchestrator.models import Inventory

__all__ = ["InventoryError", "Problem", "as_plain", "difference", "dump", "load", "restore", "schema"]


def load(text: str, *, source: str) -> Inventory:
    """Read an inventory file.

    Args:
        text: The file's content, YAML 1.2.
        source: The file's name for messages.

    Raises:
        InventoryError: something is wrong; a ConfigError whose text has one line per problem, each naming
            file, line, key and what would be right.
    """
    document, problems = read_document(text, source=source)
    builder = Builder(document)
    inventory = builder.build()
    broken = {problem.path[0] for problem in (*problems, *builder.problems) if problem.path}
    declared = Declared(
        fabric_is_whole=broken.isdisjoint({"switches", "links"}),
        switches=builder.declared("switches"),
        hosts=builder.declared("hosts"),
        segments=builder.declared("segments"),
    )
    problems += builder.problems
    problems += check_fabric(inventory, declared)
    problems += check_subnets(inventory)
    if problems:
        raise InventoryError(document, problems)
    return inventory
