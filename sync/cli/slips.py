"""Slips in the names of variables."""

import re
from collections import abc

from sync.domain.slip import is_slip
from sync.mapping.variables import FILE
from sync.settings import VARIABLES

#: With these begin the variables that are ours alone.
_OURS = ("SYNC_", "CHARTMOGUL_")
#: What Kubernetes sets for a service, whatever that is called: kubernetes.io/docs/concepts/services-networking/service
_KUBERNETES = re.compile(
    r"_SERVICE_(HOST|PORT)(_|$)|_PORT$|_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$|_HOST$"
)


def near_misses(
    variables: abc.Mapping[str, str], named: abc.Container[str]
) -> abc.Iterator[tuple[str, str]]:
    """Variables that nobody knows and no mapping names, each with the known one that is one slip away."""
    known = [*VARIABLES, *(name + FILE for name in VARIABLES)]
    for name in variables:
        is_named = name in named or name.removesuffix(FILE) in named
        if not name.startswith(_OURS) or name in known or is_named or _KUBERNETES.search(name):
            continue
        if meant := next((one for one in known if is_slip(name, one)), None):
            yield name, meant
