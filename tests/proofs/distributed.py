"""Process groups with gloo: one process, or two ranks as threads of it."""

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from tests.conftest import free_port
from tests.proofs import tiny
from tests.proofs.proof import proof


@proof("ddp-unused-parameters", "unused", says="Expected to have finished reduction in the prior iteration")
def layer_without_gradient(fixed: bool) -> None:
    class TwoHeads(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.used(x)

    _alone()
    model = torch.nn.parallel.DistributedDataParallel(TwoHeads(), find_unused_parameters=fixed)
    for _ in range(2):
        model(torch.ones(1, 2)).sum().backward()


@proof("nccl-error", "no-nccl-build", says="Distributed package doesn't have NCCL")
def nccl_on_a_cpu_build(fixed: bool) -> None:
    _alone("gloo" if fixed else "nccl")


@proof("nccl-error", "no-process-group", says="Default process group has not been initialized")
def collective_without_a_group(fixed: bool) -> None:
    if fixed:
        _alone()
    dist.all_reduce(torch.ones(1))


@proof("nccl-error", "no-process-group", says="trying to initialize the default process group twice")
def group_made_twice(fixed: bool) -> None:
    _alone()
    if not (fixed and dist.is_initialized()):
        _alone()


@proof("distributed-start-hangs", "missing-env", says="environment variable RANK expected, but not set")
def started_without_a_launcher(fixed: bool) -> None:
    wanted = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    kept = {name: os.environ.pop(name, None) for name in wanted}
    try:
        os.environ.update(wanted if fixed else {})
        dist.init_process_group("gloo")
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})


@proof("distributed-start-hangs", "ranks-missing", says="waiting for clients. 1/2 clients joined")
def fewer_ranks_than_promised(fixed: bool) -> None:
    world, wait = (1 if fixed else 2), timedelta(seconds=1)
    dist.init_process_group("gloo", init_method=_address(), rank=0, world_size=world, timeout=wait)


@proof("port-in-use", "second-job", says="EADDRINUSE")
def port_of_another_job(fixed: bool) -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = free_port() if fixed else other.getsockname()[1]
        dist.TCPStore("127.0.0.1", port, world_size=1, is_master=True)


@proof("nccl-watchdog-timeout", "too-short-timeout", says="recv operation to complete")
def other_rank_is_slower_than_the_timeout(fixed: bool) -> None:
    def work(rank: int, group: Any) -> None:
        if rank == 0:
            group.recv([torch.zeros(1)], 1, 0).wait()
        else:
            time.sleep(0.5)
            group.send([torch.ones(1)], 0, 0).wait()

    _as_two_ranks(work, wait=timedelta(seconds=10 if fixed else 0.2))


@proof(
    "distributed-ranks-diverge", "rank-dependent-skip", says="Detected mismatch between collectives on ranks"
)
def other_collectives_on_other_ranks(fixed: bool) -> None:
    def work(rank: int, group: Any) -> None:
        if rank == 0 or fixed:
            group.allreduce([torch.ones(1)]).wait()
        else:
            group.broadcast([torch.ones(1)]).wait()

    _as_two_ranks(work, checked=True)


@proof("dataloader-worker", "map-worker", says="has abruptly died during map operation")
def worker_dies_in_map(fixed: bool) -> None:
    def tokenize(row: dict[str, Any]) -> dict[str, Any]:
        if not fixed:
            os._exit(1)
        return {"length": len(row["text"])}

    tiny.text_rows().map(tokenize, num_proc=2)


@proof(
    "deepspeed-config",
    "mismatch-auto",
    says="Please correct the following DeepSpeed config values that mismatch",
)
def file_and_arguments_disagree(fixed: bool) -> None:
    from accelerate import DeepSpeedPlugin

    config = {"train_micro_batch_size_per_gpu": "auto" if fixed else 4, "zero_optimization": {"stage": 2}}
    plugin = DeepSpeedPlugin(hf_ds_config=config)
    plugin.deepspeed_config_process(train_micro_batch_size_per_gpu=8)


def _alone(backend: str = "gloo") -> None:
    dist.init_process_group(backend, init_method=_address(), rank=0, world_size=1)


def _address() -> str:
    return f"tcp://127.0.0.1:{free_port()}"


def _as_two_ranks(
    work: Callable[[int, Any], None], *, checked: bool = False, wait: timedelta = timedelta(seconds=2)
) -> None:
    """Runs `work(rank, group)` as two ranks, and raises what rank 0 raised. `checked` is what
    TORCH_DISTRIBUTED_DEBUG=DETAIL does to a group."""
    store = dist.HashStore()
    errors: dict[int, Exception] = {}
    ended = [threading.Event(), threading.Event()]

    def run(rank: int) -> None:
        try:
            group = dist.ProcessGroupGloo(dist.PrefixStore("group", store), rank, 2, wait)
            if checked:
                helper = dist.ProcessGroupGloo(dist.PrefixStore("helper", store), rank, 2, wait)
                group = torch._C._distributed_c10d._ProcessGroupWrapper(group, helper)
            work(rank, group)
            ended[rank].set()
            ended[1 - rank].wait(5)
        except Exception as error:
            errors[rank] = error
            ended[rank].set()

    other = threading.Thread(target=run, args=(1,))
    other.start()
    run(0)
    other.join()
    if 0 in errors:
        raise errors[0]
