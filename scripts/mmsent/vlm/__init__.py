"""Vision-language models: loading, prompts, fine-tuning by LoRA, zero-shot prediction."""
