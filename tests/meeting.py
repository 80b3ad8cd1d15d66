"""What two processes find out together, as JSON lines in a file of each; started as one of a crew:
`python meeting.py FOLDER`.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines.distributed import Crew, LostError, joined
from engines.losses import masked_mse
from engines.networks.norms import SharedBatchNorm, share_norms
from engines.networks.pool import ReplayPool

ROWS = 6


def whole(seed: int, *shape: int) -> Tensor:
    """The same numbers in each process."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def norms(crew: Crew) -> dict[str, Any]:
    """A batch norm with shared moments over a half of the batch, beside PyTorch's over all."""
    x, mine = whole(0, ROWS, 3, 4, 5) * 3 + 7, crew.share(ROWS)
    plain = nn.Sequential(nn.BatchNorm2d(3, affine=True), nn.BatchNorm2d(3, affine=False))
    nn.init.normal_(plain[0].weight, generator=torch.Generator().manual_seed(1))
    shared = nn.Sequential(nn.BatchNorm2d(3, affine=True), nn.BatchNorm2d(3, affine=False))
    shared.load_state_dict(plain.state_dict())
    share_norms(shared)
    target = whole(2, *x.shape)
    all_rows, some = x.clone().requires_grad_(), x[mine].clone().requires_grad_()
    expected, found = plain(all_rows), shared(some)
    (expected - target).square().mean().backward()
    (found - target[mine]).square().mean().backward()
    crew.average(list(shared.parameters()))
    assert all_rows.grad is not None
    assert some.grad is not None
    state = zip(plain.state_dict().values(), shared.state_dict().values(), strict=True)
    grads = zip(plain.parameters(), shared.parameters(), strict=True)
    return {
        "kinds": [type(layer) is SharedBatchNorm for layer in shared],
        "out": apart(expected[mine], found),
        # Each process differentiates the mean of its own rows: half of the whole one's divisor.
        "to x": apart(all_rows.grad[mine] * crew.world, some.grad),
        "to weights": max(apart(a.grad, b.grad) for a, b in grads),
        "remembered": max(apart(a.double(), b.double()) for a, b in state),
        "left alone": apart(plain.eval()(x[mine]), shared.eval()(x[mine])),
    }


def apart(a: Tensor | None, b: Tensor | None) -> float:
    assert a is not None
    assert b is not None
    return float((a - b).detach().abs().max())


def masked(crew: Crew) -> dict[str, float]:
    """A mean over what is known, of which the processes have unequal shares."""
    target = whole(3, ROWS, 2)
    target[0], target[1, 0], target[5, 1] = torch.nan, torch.nan, torch.nan
    result, mine = whole(4, ROWS, 2), crew.share(ROWS)
    own = masked_mse(result[mine], target[mine])
    with torch.no_grad():
        alone = masked_mse(result[mine], target[mine])
    known = ~target.isnan()
    true = (result - target)[known].square().mean()
    there = ~target[mine].isnan()
    local = (result - target)[mine][there].square().mean()
    return {
        "together": abs(crew.mean({"x": own})["x"] - float(true)),
        "alone": apart(alone, local),
        "nothing known": masked_mse(result[mine], torch.full((3, 2), torch.nan)).item(),
    }


def replayed(crew: Crew) -> dict[str, Any]:
    """A pool of earlier pictures, shown the halves of three batches."""
    pool, alone, mine = ReplayPool(5, (1, 2, 2)), ReplayPool(5, (1, 2, 2)), crew.share(ROWS)
    worst = 0.0
    for turn in range(3):
        fresh, luck = whole(10 + turn, ROWS, 1, 2, 2), whole(20 + turn, 2, ROWS).sigmoid()
        found = pool(fresh[mine], luck[0][mine], luck[1][mine])
        worst = max(worst, apart(alone_of(alone, fresh, luck)[mine], found))
    return {"shown": worst, "kept": apart(alone.pictures, pool.pictures)}


def alone_of(pool: ReplayPool, fresh: Tensor, luck: Tensor) -> Tensor:
    shown: Tensor = pool.show(fresh, luck[0], luck[1])
    return shown


def sent(crew: Crew) -> dict[str, Any]:
    """Tensors and words of all kinds, through every way there is."""
    given = {
        "weights": whole(5, 2, 3),
        "half": whole(6, 3).bfloat16(),
        "count": torch.tensor(7),
        "nothing": torch.empty(0, 4),
        "sure": torch.tensor([True, False]),
        "ids": torch.tensor([1, 255], dtype=torch.uint8),
    }
    got = crew.hand_out(given if crew.leads else None)
    gradient = nn.Parameter(torch.zeros(2))
    untouched = nn.Parameter(torch.zeros(1))
    gradient.grad = torch.tensor([1.0, 2.0]) * (1 + crew.rank)
    if crew.leads:
        untouched.grad = torch.tensor([4.0])
    crew.average([gradient, untouched])
    asked: list[int] = []

    def ask() -> bool | None:
        asked.append(len(asked))
        return None if len(asked) < 3 else False

    decided = crew.decide(ask)
    assert untouched.grad is not None
    kept = [torch.equal(v, got[k]) and v.dtype == got[k].dtype for k, v in given.items()]
    words = [f"ü{crew.rank}" * (1 + crew.rank), "", "x" if crew.leads else ""]
    return {
        "kept": kept,
        "names": list(got),
        "nobody": crew.hand_out({} if crew.leads else None),
        "words": [crew.hear(word) for word in words],
        "gradients": [gradient.grad.tolist(), untouched.grad.tolist()],
        "losses": crew.mean({"a": torch.tensor(1.0 + crew.rank), "b": torch.tensor(5)}),
        "decided": [decided, len(asked), crew.decide(lambda: True)],
    }


def left(crew: Crew) -> dict[str, str]:
    """The other's leaving: the follower goes, the leader is told why."""
    if not crew.leads:
        crew.leave("memory")
        os._exit(7)
    try:
        crew.decide(lambda: True)
        crew.mean({"x": torch.tensor(1.0)})
    except LostError as lost:
        return {"reason": lost.reason, "sentence": str(lost)}
    return {}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with joined() as crew:
        found: Mapping[str, Any] = {
            "crew": [crew.rank, crew.world, crew.leads],
            "norms": norms(crew),
            "masked": masked(crew),
            "replayed": replayed(crew),
            "sent": sent(crew),
        }
        (folder / f"{crew.rank}.json").write_text(json.dumps(found))
        (folder / "left.json").write_text(json.dumps(left(crew)))
        os._exit(0)  # One that lost another has nobody to take leave of.


if __name__ == "__main__":
    main(Path(sys.argv[1]))
