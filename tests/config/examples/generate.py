"""Batched generation, by a config and by arguments."""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, pipeline

MODEL = "meta-llama/Llama-3.2-1B-Instruct"
factual = GenerationConfig(max_new_tokens=256, do_sample=False, repetition_penalty=1.1)
creative = GenerationConfig(max_new_tokens=512, do_sample=True, temperature=0.8, top_p=0.95, top_k=0)
beams = GenerationConfig(max_new_tokens=64, num_beams=4, early_stopping=True, num_return_sequences=2)


def answer(questions):
    tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype="bfloat16", device_map="auto")
    model = PeftModel.from_pretrained(model, "adapter").merge_and_unload()
    inputs = tokenizer(["What is LoRA?", "What is a token?"], padding=True, return_tensors="pt").to(
        model.device
    )
    with torch.inference_mode():
        texts = model.generate(**inputs, generation_config=factual)
        more = model.generate(**inputs, max_new_tokens=40, stop_strings=["\n\n"], tokenizer=tokenizer)
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer, dtype="auto")
    return texts, more, pipe(questions, max_new_tokens=20)
