"""Vision-language models: loaded, prompted, fine-tuned by LoRA, or asked as they are."""
