"""QLoRA with TRL: everything that can be made without a model is made when this file runs."""

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

MODEL = "Qwen/Qwen2.5-1.5B-Instruct"
COMMON = {"learning_rate": 2e-4, "lr_scheduler_type": "cosine", "warmup_steps": 0.03}

quantization = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_compute_dtype=torch.bfloat16,
    bnb_4bit_use_double_quant=True,
)
lora = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM")
arguments = SFTConfig(
    output_dir="out",
    per_device_train_batch_size=2,
    gradient_accumulation_steps=8,
    num_train_epochs=1,
    max_length=2048,
    packing=True,
    activation_checkpointing=True,
    bf16=True,
    use_cpu=not torch.cuda.is_available(),
    optim="adamw_torch_fused",
    logging_steps=10,
    save_strategy="epoch",
    report_to="none",
    **COMMON,
)
data = Dataset.from_dict({"messages": []})


def train():
    model = AutoModelForCausalLM.from_pretrained(
        MODEL, quantization_config=quantization, dtype=torch.bfloat16, attn_implementation="sdpa"
    )
    trainer = SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=data,
        peft_config=lora,
        processing_class=AutoTokenizer.from_pretrained(MODEL),
    )
    trainer.train()
    trainer.save_model()
