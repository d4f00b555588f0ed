"""Settings from the command line, from a dataclass, and by the version of transformers."""

import argparse
from dataclasses import dataclass, field

import transformers
from packaging import version
from transformers import HfArgumentParser, Seq2SeqTrainingArguments, TrainingArguments

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=5e-5)
parser.add_argument("--bf16", action="store_true")
parser.add_argument("--output-dir", default="out")


@dataclass
class More(TrainingArguments):
    cache_folder: str = field(default="cache")


def made(args):
    strategy = (
        "eval_strategy"
        if version.parse(transformers.__version__) >= version.parse("4.41")
        else "evaluation_strategy"
    )
    kwargs = {strategy: "no", "learning_rate": args.lr}
    if args.bf16:
        kwargs["bf16"] = True
    if version.parse(transformers.__version__) < version.parse("5.0"):
        kwargs["no_cuda"] = True
        return TrainingArguments(args.output_dir, no_cuda=True)
    return TrainingArguments(args.output_dir, use_cpu=True, **kwargs)


plain = made(parser.parse_args([]))
more = More(output_dir="out", cache_folder="other", use_cpu=True)
seq2seq = Seq2SeqTrainingArguments("out", predict_with_generate=True, generation_max_length=64, use_cpu=True)
(parsed,) = HfArgumentParser((More,)).parse_args_into_dataclasses(["--output_dir", "out", "--use_cpu"])
