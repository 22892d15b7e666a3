"""What torch would compute on here. Asked in a process of its own, since importing torch takes seconds."""

from typing import Any


def describe() -> dict[str, Any]:
    """Device, torch's version, threads, and whether bfloat16 is multiplied in hardware."""
    import torch

    if torch.cuda.is_available():
        device, bf16 = torch.cuda.get_device_name(), torch.cuda.is_bf16_supported()
    else:
        device, bf16 = "cpu", torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return {"device": device, "torch": torch.__version__, "threads": torch.get_num_threads(), "bf16": bf16}
