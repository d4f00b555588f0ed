"""What torch says of itself and its devices. It runs in a process of its own, because importing torch
takes seconds and a broken driver can hang or kill it; each line that it prints stands alone."""

import json
import os
import sys

sys.path[:] = [path for path in sys.path if path]


def _say(**found: object) -> None:
    print(json.dumps(found), flush=True)


def _torch() -> None:
    import torch

    version = torch.version
    _say(
        version=str(torch.__version__),
        cuda=getattr(version, "cuda", None),
        hip=getattr(version, "hip", None),
        xpu=getattr(version, "xpu", None),
        cxx11_abi=bool(getattr(torch._C, "_GLIBCXX_USE_CXX11_ABI", False)),
    )
    mps = getattr(torch.backends, "mps", None)
    if mps is not None and sys.platform == "darwin":
        _say(mps_built=bool(mps.is_built()), mps_available=bool(mps.is_available()))
    if hasattr(torch, "xpu") and getattr(version, "xpu", None):
        _say(xpu_available=bool(torch.xpu.is_available()))
    _say(available=bool(torch.cuda.is_available()), architectures=torch.cuda.get_arch_list())
    if not torch.cuda.is_available():
        if not getattr(version, "cuda", None) and not getattr(version, "hip", None):
            return
        try:
            torch.cuda.init()
        except Exception as error:
            _say(why=f"{error}"[:300])
        return
    _say(devices=[torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())])
    major, minor = torch.cuda.get_device_capability()
    _say(capability=f"{major}.{minor}", bf16=major >= 8 or bool(getattr(version, "hip", None)))
    try:
        _say(works=float((torch.ones(2, device="cuda") + 1).sum()) == 4.0)
    except Exception as error:
        _say(works=False, why=f"{error}"[:300])


def _bitsandbytes() -> None:
    from importlib.util import find_spec

    if find_spec("bitsandbytes") is None:
        return
    os.environ["HF_HUB_OFFLINE"] = "1"  # it would fetch a kernel from the Hub for some CPUs
    try:
        import bitsandbytes
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        packed, state = bitsandbytes.functional.quantize_4bit(
            torch.ones(64, 64, device=device), quant_type="nf4"
        )
        back = bitsandbytes.functional.dequantize_4bit(packed, state)
        _say(bitsandbytes={"works": bool((back - 1).abs().max() < 0.01), "device": device})
    except Exception as error:
        _say(bitsandbytes={"works": False, "error": f"{type(error).__name__}: {error}"[:300]})


try:
    _torch()
except Exception as error:
    _say(error=f"{type(error).__name__}: {error}"[:300])
else:
    _bitsandbytes()
_say(done=True)
