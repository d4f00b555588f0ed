"""Texts that took no part in choosing the vocabulary, and prompts for greedy replies."""

CHINESE = (
    "训练到第三个 epoch 时损失突然变成 NaN，多半是学习率太高，或者半精度的数值溢出。先把学习率降到原来的十分之一，"
    "再打开梯度裁剪；如果显卡支持，改用 bf16，它的指数范围和单精度一样大，不需要损失缩放。",
    "分布式训练卡住而没有任何报错，往往是各个进程执行的集合通信次数不一致：有的进程提前结束了数据加载，"
    "其余进程还在等待。可以设置 TORCH_DISTRIBUTED_DEBUG=DETAIL，看看是哪一次 all_reduce 没有配对。",
    "把模型量化成四比特之后，权重占用的显存大约是半精度的四分之一，但激活值、缓存和优化器状态并不会因此变小。"
    "推理时如果上下文很长，键值缓存反而会成为主要开销，这时应当缩短输入，或者减少并发请求。",
    "分词器和模型的词表大小对不上，通常是新增了特殊符号却忘了调整嵌入矩阵。调用 resize_token_embeddings 之后要重新保存，"
    "否则下次加载时仍会报尺寸不匹配；如果用了 LoRA，还要把嵌入层列进 modules_to_save。",
    "我按照教程装好了环境，可是一运行就提示找不到动态库。后来发现系统里有两套驱动，环境变量指向了旧的那一套。"
    "删掉多余的路径，重新打开终端，问题就解决了。整个过程花了半天时间，希望对后来的人有所帮助。",
    "生成的文字不断重复同一句话，可以提高重复惩罚，或者改用采样；但惩罚太大又会把正确的术语改掉，所以要从小处试起。"
    "另外请检查提示模板：少了结束标记，模型就不知道什么时候该停。",
)
PROMPTS = (
    "The capital of France is",
    "To reduce GPU memory during training, you can",
    "CUDA out of memory means that",
    "def load_model(path):\n    ",
    "import torch\nfrom transformers import AutoModel\n\nmodel =",
    "梯度检查点的作用是",
    "显存不足时，可以",
    "LoRA 的秩 r 表示",
    "1. Set per_device_train_batch_size=1\n2.",
    "RuntimeError: expected scalar type Half but found Float occurs because",
    "Quantization with NF4 stores weights in",
    "A tokenizer without a padding token",
    "Question: What does gradient accumulation do?\nAnswer:",
    "问：为什么训练损失变成 NaN？\n答：",
    "class Trainer:\n    def __init__(self, model, args):\n",
    "pip install transformers fails with",
    "The learning rate should be",
    "分布式训练卡住的常见原因是",
    "```python\nmodel = AutoModelForCausalLM.from_pretrained(",
    "Once upon a time, there was a",
    "Flash attention requires",
    "使用 bf16 训练时需要",
    "Evidence [1]: The batch is too large. Set per_device_train_batch_size=1.\nQuestion: CUDA out of memory\nAnswer:",
    "Evidence [1]: Llama was trained without padding, so pad_token is None.\nAnswer:",
)
