"""What must hold of every entry that we ship."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.diagnosis import compile_patterns
from assistant.diagnosis.diagnose import parts_of
from assistant.reading import read
from corpus import Corpus, load
from corpus.checks import appendix_facts, faults, topic_names
from corpus.code import CodeBlock, code_blocks
from corpus.model import LANGS

HARMLESS = [
    "Loading checkpoint shards: 100%|##########| 4/4 [00:09<00:00, 2.31s/it]",
    "The model trains well and the loss goes down to 0.42 after two epochs.",
    "I would like to write a poem about autumn, can you help me?",
    "All tests pass on Python 3.11 and 3.12.",
    "Our GPU server has 512 GB of memory and four NVMe disks.",
    "Which of these two models is better for summarizing meeting notes?",
    "def add(a, b):\n    return a + b",
    "The tokenizer splits a text into pieces, the model reads their numbers.",
    "Epoch 3/10: 100%|######| 500/500 [02:10<00:00, 3.84it/s, loss=1.27]",
    "Thanks, that solved it!",
    "Please explain what a learning rate is in two sentences.",
    "import numpy as np\nprint(np.arange(10).mean())",
    "The meeting is moved to Thursday at 15:00, room 4.",
    "{'loss': 1.8342, 'grad_norm': 0.91, 'learning_rate': 1.9e-05, 'epoch': 0.4}",
    "Saving model checkpoint to out/checkpoint-500",
    "transformers==5.23.0\ntorch==2.13.0\npeft==0.21.0\naccelerate==1.15.0",
    "INFO: Application startup complete. Uvicorn running on http://127.0.0.1:8000",
    "What is the difference between an encoder and a decoder?",
    "I moved the data to /mnt/data and the training started without problems.",
    "The paper compares LoRA with full fine-tuning on eight tasks.",
    "Can I use this dataset for a commercial product?",
    "git commit -m 'Add evaluation script' && git push",
    "Downloading model.safetensors: 100%|####| 2.47G/2.47G [01:02<00:00, 39.8MB/s]",
    "Our validation accuracy is 91.3 %, the baseline had 88.7 %.",
    "The weather is nice today.",
    "Batch size 8, learning rate 2e-5, three epochs: a common starting point for BERT.",
    "docker run --gpus all -p 8000:8000 my-image:latest",
    "SELECT name, size FROM files WHERE size > 1000 ORDER BY name;",
    "How do I sort a list of dictionaries by a key in Python?",
    "The cat sat on the mat. It was warm there.",
    "***** Running training *****\n  Num examples = 52,002\n  Num Epochs = 3",
    "Seed set to 42",
    "pip install -U transformers\nSuccessfully installed transformers-5.23.0",
    "| step | loss |\n| 10 | 2.1 |\n| 20 | 1.9 |",
    "Let me know when the run is finished, I will have a look at the curves.",
    "const total = items.reduce((sum, item) => sum + item.price, 0);",
    "We rented an A100 for a week; it was idle half of the time.",
    "请帮我写一首关于秋天的诗。",
    "模型训练得很好，两个 epoch 之后 loss 降到了 0.42。",
    "今天天气不错。",
    "谢谢，问题解决了！",
    "这篇论文比较了 LoRA 和全参数微调在八个任务上的效果。",
    "编码器和解码器有什么区别？",
    "学习率是什么？请用两句话解释。",
    "会议改到周四下午三点，四号会议室。",
    "我们的服务器有四块硬盘，内存 512 GB。",
    "这两个模型哪个更适合做会议纪要摘要？",
    "把数据移到 /mnt/data 之后训练正常开始了。",
    "验证集准确率是 91.3%，基线是 88.7%。",
    "怎么按某个键给字典列表排序？",
    "分词器把文本切成小块，模型读入它们的编号。",
    "这个数据集可以用在商业产品里吗？",
    "训练完成，模型保存在 out/checkpoint-500。",
    "我们租了一周 A100，有一半时间是空闲的。",
    "跑完之后告诉我，我看看曲线。",
    "所有测试在 Python 3.11 和 3.12 上都通过了。",
    "批大小 8，学习率 2e-5，三个 epoch，是 BERT 常见的起点。",
    "猫坐在垫子上，那里很暖和。",
    "请把这段话翻译成英文：明天见。",
    "什么是注意力机制？",
    "北京到上海的高铁要多久？",
]
WITHOUT_ENTRY = {"out-of-scope"}
_SECONDS = 240


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load()


def test_no_entry_has_a_fault(corpus: Corpus) -> None:
    assert [str(fault) for fault in faults(corpus, code=True)] == []


def test_each_topic_has_an_entry(corpus: Corpus) -> None:
    covered = {entry.topic for entry in corpus.entries}
    assert set(topic_names()) - covered - WITHOUT_ENTRY == set()


@pytest.fixture(scope="module")
def facts() -> Mapping[str, str]:
    found = appendix_facts()
    if not found:
        pytest.skip("corpus/appendix_facts.toml has not been written yet: nothing to account for")
    return found


def test_each_fact_of_the_appendix_is_carried(corpus: Corpus, facts: Mapping[str, str]) -> None:
    carried = {fact for entry in corpus.entries for fact in entry.facts}
    assert sorted(set(facts) - carried) == []


def test_no_entry_carries_a_fact_that_does_not_exist(corpus: Corpus, facts: Mapping[str, str]) -> None:
    unknown = [(entry.file, fact) for entry in corpus.entries for fact in entry.facts if fact not in facts]
    assert unknown == []


def test_both_languages_have_the_same_points_and_sections(corpus: Corpus) -> None:
    uneven = []
    for entry in corpus.entries:
        for name in ("overview", "more", "versions", "check"):
            if len({bool(getattr(entry, name).steps[lang]) for lang in LANGS}) > 1:
                uneven.append((entry.file, name))
        for point in entry.points:
            for part in (point.why, point.tell, point.fix, point.title):
                if len({bool(part[lang]) for lang in LANGS}) > 1:
                    uneven.append((entry.file, point.id))
    assert uneven == []


def test_signatures_do_not_match_harmless_texts(corpus: Corpus) -> None:
    patterns = compile_patterns(corpus)
    wrong = []
    for text in HARMLESS:
        matched = patterns.matches(parts_of(read(text)))
        wrong += [
            (entry.id, signature.pattern, text)
            for entry in corpus.entries
            for signature in entry.signatures
            if (signature.where, signature.pattern) in matched
        ]
    assert wrong == []


def test_chinese_is_written_in_chinese_and_english_in_english(corpus: Corpus) -> None:
    wrong = []
    for entry in corpus.entries:
        for point in entry.points:
            en, zh = (prose("\n".join(step.text for step in point.why[lang])) for lang in LANGS)
            if chinese(en) > 0.05 or (len(zh) > 30 and not chinese(zh)):
                wrong.append((entry.file, point.id))
    assert wrong == []


def prose(text: str) -> str:
    """A text without code, tables and white space."""
    return "".join(re.sub(r"(?s:```.*?```)|`[^`]*`|^\|.*$", "", text, flags=re.MULTILINE).split())


def chinese(text: str) -> float:
    """The share of Chinese characters."""
    return sum("\u4e00" <= character <= "\u9fff" for character in text) / max(len(text), 1)


def marked_runnable() -> Iterator[CodeBlock]:
    for entry in load().entries:
        yield from (block for block in code_blocks(entry) if block.runs and not block.old)


def run(blocks: list[CodeBlock], folder: str) -> list[str]:
    """Runs blocks one after the other in one process, each with names of its own."""
    program = (
        "import json, sys, traceback\n"
        "for name, code in json.load(sys.stdin):\n"
        "    try:\n"
        "        exec(compile(code, name, 'exec'), {'__name__': name})\n"
        "    except BaseException:\n"
        "        print('FAILED', name, traceback.format_exc(limit=-2), flush=True)\n"
        "print('ENDED')\n"
    )
    items = [(f"{block.entry}.{block.lang}", block.code) for block in blocks]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "HOME": folder}
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(items),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        cwd=folder,
        env={**os.environ, **offline},
        check=False,
    )
    failed = done.stdout.split("FAILED ")[1:]
    return failed if "ENDED" in done.stdout else [*failed, f"stopped: {done.stderr[-500:]}"]


@pytest.mark.slow
def test_blocks_marked_runnable_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    blocks = list(marked_runnable())
    assert blocks, "no block is marked `python run`"
    halves = [blocks[0::2], blocks[1::2]]
    folders = [str(tmp_path_factory.mktemp("run")) for _ in halves]
    with ThreadPoolExecutor(2) as pool:
        failed = [text for part in pool.map(run, halves, folders) for text in part]
    assert failed == []
