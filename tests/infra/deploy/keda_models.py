"""KEDA's own models of its objects, for a process that can import them: reads stdin, prints what was read."""

import json
import sys

from cloudcoil.models.keda import v1alpha1


def main() -> None:
    """Print objects without the keys that their models do not know. A value that they do not take is an error."""
    read = [getattr(v1alpha1, one["kind"]).model_validate(one) for one in json.load(sys.stdin)]
    json.dump([one.model_dump(mode="json", by_alias=True, exclude_unset=True) for one in read], sys.stdout)


if __name__ == "__main__":
    main()
