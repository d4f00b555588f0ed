"""Exceptions and frames in every form in which tracebacks are pasted."""

import pytest

from assistant.reading import Reading, read

PLAIN = """Traceback (most recent call last):
  File "/home/ann/proj/train.py", line 12, in main
    trainer.train()
    ~~~~~~~~~~~~~^^
  File "/usr/lib/python3.11/site-packages/transformers/trainer.py", line 2100, in train
    return inner_training_loop(
  File "/usr/lib/python3.11/site-packages/torch/_tensor.py", line 492, in backward
    torch.autograd.backward(
RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB."""


def main_of(text: str) -> tuple[str, str]:
    main = read(text).main
    assert main is not None
    return main.type, main.message


def user_of(reading: Reading) -> tuple[str, int | None]:
    assert reading.main is not None
    assert reading.main.user_frame is not None
    return reading.main.user_frame.file, reading.main.user_frame.line


def test_plain() -> None:
    reading = read(PLAIN)
    assert main_of(PLAIN) == ("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert user_of(reading) == ("/home/ann/proj/train.py", 12)
    assert reading.main
    assert [frame.library for frame in reading.main.frames] == ["", "transformers", "torch"]
    assert reading.main.frames[0].code == "trainer.train()"
    assert reading.main.frames[0].function == "main"
    assert (reading.kind, reading.lang, reading.prose, reading.config) == ("traceback", "en", "", "")
    assert reading.facts["user_file"] == "~/proj/train.py"
    assert reading.facts["user_line"] == 12
    assert reading.facts["mode"] == "training"
    assert reading.facts["last_library"] == "torch"


@pytest.mark.parametrize(
    "prefix",
    [
        "[rank0]: ",
        "[rank0]:",
        "[default3]:",
        "0: ",
        "(RayTrainWorker pid=4123, ip=10.0.0.1) ",
        "(Worker pid=12) ",
        "2024-05-01 12:30:00,123 - ERROR - __main__ - ",
        "[2024-05-01 12:30:00,123] [ERROR] [engine.py:12:step] ",
        "2024-05-01T12:30:00.123456789Z stderr F ",
        "05/01/2024 12:30:00 - ERROR - trainer - ",
        "[1,0]<stderr>:",
        "trainer-1  | ",
        "node-3: ",
        "worker7@host ~~ ",
        "> ",
        "    ",
        "[stderr] ",
    ],
)
def test_prefixes(prefix: str) -> None:
    text = "\n".join(prefix + line for line in PLAIN.split("\n"))
    reading = read(text)
    assert main_of(text) == ("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert user_of(reading) == ("/home/ann/proj/train.py", 12)
    assert reading.kind == "traceback"


@pytest.mark.parametrize(
    ("sentence", "cause"),
    [
        ("During handling of the above exception, another exception occurred:", True),
        ("The above exception was the direct cause of the following exception:", True),
    ],
)
def test_chained(sentence: str, cause: bool) -> None:
    text = f"""Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/requests/models.py", line 1021, in raise_for_status
    raise HTTPError(http_error_msg, response=self)
requests.exceptions.HTTPError: 401 Client Error

{sentence}

Traceback (most recent call last):
  File "run.py", line 3, in <module>
    load()
OSError: You are trying to access a gated repo."""
    reading = read(text)
    assert main_of(text) == ("OSError", "You are trying to access a gated repo.")
    assert [each.cause for each in reading.exceptions] == [cause, False]
    assert [each.type for each in reading.exceptions] == ["requests.exceptions.HTTPError", "OSError"]
    assert reading.prose == ""


def test_rich() -> None:
    text = """╭─────────────────────────────── Traceback (most recent call last) ────────────────────────────────╮
│ /home/ann/LLaMA-Factory/src/train_bash.py:14 in main                                             │
│                                                                                                  │
│   11                                                                                             │
│   12                                                                                             │
│   13 def main():                                                                                 │
│ ❱ 14 │   run_exp()                                                                               │
│   15                                                                                             │
│                                                                                                  │
│ ╭──────── locals ────────╮                                                                       │
│ │ e = ValueError('x')    │                                                                       │
│ ╰────────────────────────╯                                                                       │
│ /home/ann/miniconda3/envs/llm/lib/python3.10/site-packages/transformers/generation/a_very_long_f │
│ ile.py:1539 in generate                                                                          │
│                                                                                                  │
│   1538 │   │   x                                                                                 │
│ ❱ 1539 │   │   result = self.sample()                                                            │
╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
ValueError: probability tensor contains either `inf`, `nan` or element < 0"""
    reading = read(text)
    assert main_of(text)[0] == "ValueError"
    assert user_of(reading) == ("/home/ann/LLaMA-Factory/src/train_bash.py", 14)
    assert reading.main
    assert reading.main.user_frame
    assert reading.main.user_frame.code == "run_exp()"
    assert reading.main.frames[-1].library == "transformers"
    assert reading.main.frames[-1].line == 1539
    assert (reading.kind, reading.prose) == ("traceback", "")


def test_rich_in_colab() -> None:
    text = """╭─────────────────────────────── Traceback (most recent call last) ────────────────────────────────╮
│ in <cell line: 3>:3                                                                              │
│                                                                                                  │
│ /usr/local/lib/python3.10/dist-packages/torch/nn/modules/module.py:1501 in _call_impl            │
│ ❱ 1501 │   │   │   return forward_call(*args, **kwargs)                                          │
╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
RuntimeError: expected scalar type Half but found Float"""
    reading = read(text)
    assert main_of(text) == ("RuntimeError", "expected scalar type Half but found Float")
    assert reading.main
    assert [frame.library for frame in reading.main.frames] == ["", "torch"]


IPYTHON_OLD = """---------------------------------------------------------------------------
RuntimeError                              Traceback (most recent call last)
<ipython-input-7-0a1b2c3d> in <module>
      1 ids = tok(text, return_tensors="pt")
----> 2 out = model.generate(**ids)
      3 print(out)

~/miniconda3/lib/python3.8/site-packages/transformers/generation/utils.py in generate(self, inputs, **kwargs)
   1430         if x:
-> 1431             return self.greedy_search(
   1432                 input_ids,

RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"""
IPYTHON_NEW = """---------------------------------------------------------------------------
RuntimeError                              Traceback (most recent call last)
Cell In[3], line 2
      1 ids = tok(text, return_tensors="pt")
----> 2 out = model.generate(**ids)

File ~/miniconda3/lib/python3.11/site-packages/torch/utils/_contextlib.py:115, in context_decorator.<locals>.decorate_context(*args, **kwargs)
    112 @functools.wraps(func)
    113 def decorate_context(*args, **kwargs):
    114     with ctx_factory():
--> 115         return func(*args, **kwargs)

File ~/miniconda3/lib/python3.11/site-packages/transformers/generation/utils.py:1431, in GenerationMixin.generate(self, inputs, **kwargs)
-> 1431     return self.greedy_search(

RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"""
IPYTHON_COLAB = """RuntimeError                              Traceback (most recent call last)
[<ipython-input-7-0a1b2c3d>](https://localhost:8080/#) in <cell line: 2>()
      1 ids = tok(text, return_tensors="pt")
----> 2 out = model.generate(**ids)

1 frames
[/usr/local/lib/python3.10/dist-packages/transformers/generation/utils.py](https://localhost:8080/#) in generate(self, inputs, **kwargs)
-> 1431             return self.greedy_search(

RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"""
IPYTHON_INPUT = """RuntimeError                              Traceback (most recent call last)
Input In [7], in <cell line: 2>()
----> 2 out = model.generate(**ids)

File C:\\Users\\ann\\envs\\llm\\lib\\site-packages\\transformers\\generation\\utils.py:1431, in GenerationMixin.generate(self)
-> 1431     return self.greedy_search(

RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"""


@pytest.mark.parametrize("text", [IPYTHON_OLD, IPYTHON_NEW, IPYTHON_COLAB, IPYTHON_INPUT])
def test_ipython(text: str) -> None:
    reading = read(text)
    kind, message = main_of(text)
    assert kind == "RuntimeError"
    assert message.startswith("Expected all tensors to be on the same device")
    assert user_of(reading)[1] == 2
    assert reading.main
    assert reading.main.user_frame
    assert reading.main.user_frame.code == "out = model.generate(**ids)"
    assert reading.main.frames[-1].library == "transformers"
    assert reading.main.frames[-1].line == 1431
    assert reading.main.frames[-1].function.endswith("generate")
    assert reading.facts["notebook"] is True
    assert (reading.kind, reading.prose) == ("traceback", "")


def test_pytest() -> None:
    text = """    def test_it():
>       model(ids)

tests/test_model.py:14:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _
/opt/venv/lib/python3.11/site-packages/torch/nn/functional.py:2233: in embedding
    return torch.embedding(weight, input)
E   IndexError: index out of range in self

/opt/venv/lib/python3.11/site-packages/torch/nn/functional.py:2233: IndexError"""
    assert main_of(text) == ("IndexError", "index out of range in self")


def test_colours_and_progress() -> None:
    text = "\x1b[0;31mRuntimeError\x1b[0m: CUDA error\r\n  1%|▏  | 1/99 [00:01<01:39]\r  2%|▏  | 2/99 [00:02<01:38]\r\n"
    assert main_of(text) == ("RuntimeError", "CUDA error")
    assert "1/99" not in read(text).text
    assert "2/99" in read(text).text
    assert "\x1b" not in read(text).text


def test_progress_overwritten_by_a_traceback() -> None:
    text = " 10%|█ | 1/10 [00:01<00:09]\r 20%|██ | 2/10 [00:02<00:08]" + PLAIN
    assert main_of(text)[0] == "RuntimeError"


def test_ranks_interleaved() -> None:
    first = PLAIN.split("\n")
    second = [
        line.replace("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB.", "ValueError: two")
        for line in first
    ]
    text = "\n".join(f"[rank0]: {a}\n[rank1]: {b}" for a, b in zip(first, second, strict=True))
    reading = read(text)
    assert main_of(text)[0] == "RuntimeError"
    assert [(each.rank, each.type, len(each.frames)) for each in reading.exceptions] == [
        (0, "RuntimeError", 3),
        (1, "ValueError", 3),
    ]
    assert reading.facts["distributed"] is True


def test_the_rank_that_failed_counts_before_those_that_waited() -> None:
    text = """[rank1]: Traceback (most recent call last):
[rank1]:   File "train.py", line 3, in <module>
[rank1]:     trainer.train()
[rank1]: torch.distributed.DistBackendError: NCCL error: remote process exited
[rank0]: Traceback (most recent call last):
[rank0]:   File "train.py", line 3, in <module>
[rank0]:     trainer.train()
[rank0]: IndexError: list index out of range"""
    assert main_of(text)[0] == "IndexError"


def test_cut_off() -> None:
    headless = "\n".join(PLAIN.split("\n")[2:])
    assert main_of(headless)[0] == "RuntimeError"
    assert read(headless).kind == "traceback"
    endless = "\n".join(PLAIN.split("\n")[:-1])
    reading = read(endless)
    assert main_of(endless) == ("", "")
    assert user_of(reading) == ("/home/ann/proj/train.py", 12)
    assert reading.kind == "traceback"
    last_only = PLAIN.split("\n")[-1]
    assert main_of(last_only)[0] == "RuntimeError"
    assert read(last_only).kind == "traceback"


def test_error_above_its_frames() -> None:
    text = 'RuntimeError: expected scalar type Half but found Float\n  File "/x/site-packages/peft/lora.py", line 7, in forward\n    x = 1'
    assert main_of(text) == ("RuntimeError", "expected scalar type Half but found Float")
    assert read(text).facts["last_library"] == "peft"


def test_syntax_error() -> None:
    text = '  File "/home/ann/a.py", line 3\n    model = AutoModel.from_pretrained("x"\n                                     ^\nSyntaxError: \'(\' was never closed'
    assert main_of(text) == ("SyntaxError", "'(' was never closed")
    assert user_of(read(text)) == ("/home/ann/a.py", 3)


def test_exception_group() -> None:
    text = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/app.py", line 9, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app.py", line 4, in work
    |     raise ValueError("bad")
    | ValueError: bad
    +------------------------------------"""
    assert main_of(text) == ("ValueError", "bad")
    assert user_of(read(text)) == ("/srv/app.py", 4)


def test_no_message() -> None:
    text = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    assert x\nAssertionError'
    )
    assert main_of(text) == ("AssertionError", "")
    text = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nmylib.Oops: no\n'
    assert main_of(text) == ("mylib.Oops", "no")
    text = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nException: plain\n'
    )
    assert main_of(text) == ("Exception", "plain")


TORCHRUN = """
E0501 12:00:00.000000 1234 site-packages/torch/distributed/elastic/multiprocessing/api.py:826] failed (exitcode: 1) local_rank: 0 (pid: 99) of binary: /usr/bin/python
Traceback (most recent call last):
  File "/usr/local/bin/torchrun", line 8, in <module>
    sys.exit(main())
  File "/usr/lib/python3.10/site-packages/torch/distributed/launcher/api.py", line 264, in launch_agent
    raise ChildFailedError(
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
train.py FAILED
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2024-05-01_12:00:00
  exitcode  : 1 (pid: 99)
============================================================"""


def test_child_failed_error_is_no_cause() -> None:
    assert main_of(PLAIN + TORCHRUN)[0] == "RuntimeError"
    assert user_of(read(PLAIN + TORCHRUN)) == ("/home/ann/proj/train.py", 12)
    assert main_of(TORCHRUN)[0].endswith("ChildFailedError")


def test_called_process_error_and_keyboard_interrupt_are_no_cause() -> None:
    launched = """
Traceback (most recent call last):
  File "/usr/bin/accelerate", line 8, in <module>
    sys.exit(main())
subprocess.CalledProcessError: Command '['python', 'train.py']' returned non-zero exit status 1."""
    assert main_of(PLAIN + launched)[0] == "RuntimeError"
    interrupted = '\nTraceback (most recent call last):\n  File "b.py", line 1, in <module>\n    wait()\nKeyboardInterrupt\n'
    assert main_of(PLAIN + interrupted)[0] == "RuntimeError"
    assert main_of(interrupted)[0] == "KeyboardInterrupt"


def test_worker_error_inside_the_message() -> None:
    text = """Traceback (most recent call last):
  File "/home/ann/train.py", line 40, in <module>
    for batch in loader:
  File "/opt/lib/python3.10/site-packages/torch/_utils.py", line 694, in reraise
    raise exception
KeyError: Caught KeyError in DataLoader worker process 0.
Original Traceback (most recent call last):
  File "/opt/lib/python3.10/site-packages/torch/utils/data/_utils/worker.py", line 308, in _worker_loop
    data = fetcher.fetch(index)
  File "/home/ann/data.py", line 17, in __getitem__
    return self.rows[i]["labels"]
KeyError: 'labels'"""
    assert main_of(text) == ("KeyError", "'labels'")
    assert user_of(read(text)) == ("/home/ann/data.py", 17)


def test_remote_traceback_tells_where() -> None:
    text = '''multiprocess.pool.RemoteTraceback:
"""
Traceback (most recent call last):
  File "/opt/lib/python3.10/site-packages/datasets/arrow_dataset.py", line 3458, in _map_single
    example = apply_function_on_filtered_inputs(example, i)
  File "/home/ann/prep.py", line 8, in tokenize
    return tok(row["text"])
KeyError: 'text'
"""

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/ann/prep.py", line 20, in <module>
    ds.map(tokenize, num_proc=4)
  File "/opt/lib/python3.10/site-packages/multiprocess/pool.py", line 774, in get
    raise self._value
KeyError: 'text'
'''
    assert main_of(text) == ("KeyError", "'text'")
    assert user_of(read(text)) == ("/home/ann/prep.py", 8)


def test_warnings_with_a_place_are_events() -> None:
    text = "/opt/lib/python3.11/site-packages/peft/x.py:12: UserWarning: Found missing adapter keys while loading\n  warnings.warn(msg)\nwhat now?"
    reading = read(text)
    assert reading.main is None
    assert [event.level for event in reading.events] == ["warning"]
    assert "missing adapter keys" in reading.events[0].text
    assert (reading.kind, reading.prose) == ("log", "what now?")


def test_one_line() -> None:
    folded = " ".join(line.strip() for line in PLAIN.replace("    ~~~~~~~~~~~~~^^\n", "").split("\n"))
    assert main_of(folded) == ("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert user_of(read(folded)) == ("/home/ann/proj/train.py", 12)
    escaped = PLAIN.replace('"', '\\"').replace("\n", "\\n")
    assert main_of(escaped) == ("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert user_of(read(escaped)) == ("/home/ann/proj/train.py", 12)


def test_windows_paths() -> None:
    text = """Traceback (most recent call last):
  File "C:\\Users\\Ann Lee\\proj\\run.py", line 4, in <module>
    import bitsandbytes
  File "D:\\anaconda3\\envs\\llm\\lib\\site-packages\\bitsandbytes\\cextension.py", line 20, in <module>
    raise RuntimeError("x")
  File "D:\\anaconda3\\lib\\importlib\\__init__.py", line 127, in import_module
    return 1
RuntimeError: CUDA Setup failed"""
    reading = read(text)
    assert reading.main
    assert [frame.library for frame in reading.main.frames] == ["", "bitsandbytes", "python"]
    assert reading.facts["os"] == "windows"
    text = text.replace("Ann Lee", "ann")
    assert read(text).facts["user_file"] == "~\\proj\\run.py"


def test_chinese_around_it() -> None:
    text = f"大家好，微调的时候报错了：\n{PLAIN}\n请问怎么解决？显卡是 3090"
    reading = read(text)
    assert main_of(text) == ("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert (reading.kind, reading.lang) == ("traceback", "zh")
    assert reading.prose == "大家好，微调的时候报错了：\n请问怎么解决？显卡是 3090"
    same_line = PLAIN + " 请问这个怎么解决"
    assert main_of(same_line) == ("RuntimeError", "CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert read(same_line).prose == "请问这个怎么解决"
    assert read(same_line).lang == "zh"


@pytest.mark.parametrize(
    ("file", "library"),
    [
        ("/data/LLaMA-Factory/src/llamafactory/train/sft/workflow.py", ""),
        ("/home/a/axolotl/src/axolotl/train.py", ""),
        ("/opt/conda/lib/python3.10/site-packages/torch/nn/modules/module.py", "torch"),
        ("/opt/conda/lib/python3.10/runpy.py", "python"),
        ("<frozen runpy>", "python"),
        ("/workspace/transformers/src/transformers/trainer.py", "transformers"),
        ("/workspace/transformers/examples/pytorch/run_clm.py", ""),
        ("/content/peft/src/peft/peft_model.py", "peft"),
        ("/home/a/torch/train.py", ""),
        (
            "/home/a/.cache/huggingface/modules/transformers_modules/THUDM/chatglm3-6b/abc/modeling_chatglm.py",
            "remote code",
        ),
        ("/usr/local/bin/torchrun", "torchrun"),
        ("C:\\Python311\\Lib\\threading.py", "python"),
        ("D:\\x\\Lib\\site-packages\\peft\\config.py", "peft"),
        ("train.py", ""),
    ],
)
def test_libraries(file: str, library: str) -> None:
    reading = read(
        f'Traceback (most recent call last):\n  File "{file}", line 1, in f\n    g()\nValueError: x'
    )
    assert reading.main
    assert reading.main.frames[0].library == library


def test_installed_wrapper_project_counts_as_user_code() -> None:
    text = """Traceback (most recent call last):
  File "/opt/bin/llamafactory-cli", line 8, in <module>
    sys.exit(main())
  File "/opt/lib/python3.10/site-packages/llamafactory/train/sft/workflow.py", line 95, in run_sft
    trainer.train()
  File "/opt/lib/python3.10/site-packages/transformers/trainer.py", line 1, in train
    x
ValueError: y"""
    assert user_of(read(text))[0].endswith("llamafactory/train/sft/workflow.py")


def test_error_quoted_in_a_question() -> None:
    text = "why do I get ValueError: Attempting to unscale FP16 gradients when training with lora?"
    reading = read(text)
    assert main_of(text)[0] == "ValueError"
    assert reading.kind == "question"
    assert read("训练时报 RuntimeError: expected scalar type Half but found Float 怎么办").main
